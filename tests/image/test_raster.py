"""Pictures are read as they were written, whatever Pillow knows of their kind, and described without being decoded."""

import contextlib
import io
import struct

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings, strategies as st
from parts import examples
from PIL import Image as Pillow

from eda_utils import index_folder, load_image, measure_images, show_image
from eda_utils.core.errors import DecodeError, EDAError, FrameError
from eda_utils.image.raster import describe_picture, read_picture

RANDOM = np.random.default_rng(7)
GREY = (RANDOM.random((90, 110)) * 200).astype(np.uint8)
ARRAYS = {
    "bytes": GREY,
    "words": GREY.astype(np.uint16) * 300,
    "signed": GREY.astype(np.int16) - 100,
    "floats": GREY.astype(np.float32) / 7,
    "doubles": GREY / 7,
    "long": GREY.astype(np.int64) - 10**6,
    "colour": np.stack([GREY, GREY // 2, GREY // 3], axis=-1),
}
WAYS = {
    "strips": {},
    "tiles": {"tile": (64, 64)},
    "deflated": {"tile": (64, 64), "compression": "deflate"},
    "zstd": {"compression": "zstd"},
    "JPEG 2000": {"compression": "jpeg2000", "compressionargs": {"level": 0}},
}


def tiff(path, pixels, **how):
    photometric = "rgb" if pixels.shape[-1] == 3 else "minisblack"
    tifffile.imwrite(path, pixels, photometric=photometric, **how)
    return path


PAIRS = [(name, way) for name in ARRAYS for way in WAYS if way != "JPEG 2000" or ARRAYS[name].dtype.kind == "u"]


@pytest.mark.parametrize(("name", "way"), PAIRS)
def test_a_tiff_comes_back(name, way, tmp_path):
    pixels = ARRAYS[name]
    path = tiff(tmp_path / "a.tif", pixels, **WAYS[way])
    read, frames, _, has_profile = read_picture(path, 0)
    assert np.array_equal(read, pixels)
    assert (frames, has_profile) == (1, False)
    sizes = (*pixels.shape[:2], 3 if pixels.ndim == 3 else 1, 1)
    assert describe_picture(path, None, path.stat().st_size) == (sizes, False)


@pytest.mark.parametrize("way", ["strips", "tiles", "deflated"])
@pytest.mark.parametrize("name", ["words", "floats", "doubles"])
def test_measurements_are_images_from_index_to_figure(name, way, tmp_path):
    path = tiff(tmp_path / "a.tif", ARRAYS[name], **WAYS[way])
    index = index_folder(tmp_path)
    assert index[["kind", "Rows", "Columns"]].values.tolist() == [["image", 90, 110]]
    assert index["problem"].isna().all()
    assert measure_images(index)["max_value"].tolist() == [float(ARRAYS[name].max())]
    assert np.array_equal(load_image(path).pixels, ARRAYS[name])
    show_image(path)


def test_pages_are_frames(tmp_path):
    pages = np.stack([ARRAYS["doubles"], ARRAYS["doubles"] + 1])
    tifffile.imwrite(tmp_path / "a.tif", pages)
    assert np.array_equal(read_picture(tmp_path / "a.tif", 1)[0], pages[1])
    with pytest.raises(FrameError, match="frame 2 is outside of its 2"):
        read_picture(tmp_path / "a.tif", 2)


def test_white_may_be_nought(tmp_path):
    """Of JPEG 2000, which Pillow does not know in a TIFF."""
    tifffile.imwrite(tmp_path / "a.tif", GREY, photometric="miniswhite", **WAYS["JPEG 2000"])
    assert np.array_equal(read_picture(tmp_path / "a.tif", 0)[0], 255 - GREY)


def test_what_is_no_picture_is_not_called_damaged(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", GREY.astype(np.complex64))
    with pytest.raises(DecodeError) as caught:
        read_picture(tmp_path / "a.tif", 0)
    wrong = "has 1 samples of type complex64 in a pixel, which is no picture"
    assert str(caught.value) == f"a.tif: {wrong}; read it with tifffile and choose what to show."


@pytest.mark.parametrize("part", [0.01, 0.3, 0.7])
@pytest.mark.parametrize("name", ["words", "doubles"])
def test_a_cut_tiff(name, part, tmp_path):
    whole = tiff(tmp_path / "whole.tif", ARRAYS[name]).read_bytes()
    (tmp_path / "cut.tif").write_bytes(whole[: int(len(whole) * part)])
    index = index_folder(tmp_path / "cut.tif")
    assert index[["problem", "warning"]].notna().any(axis=None)
    with pytest.raises(DecodeError, match="is damaged"):
        read_picture(tmp_path / "cut.tif", 0)


def test_a_page_without_a_pixel(tmp_path):
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, 0) for tag in (256, 257))
    (tmp_path / "a.tif").write_bytes(b"II*\0" + struct.pack("<IH", 8, 2) + entries + bytes(4))
    assert index_folder(tmp_path)["problem"].tolist() == ["is damaged (ValueError); copy the file again"]
    with pytest.raises(DecodeError, match="is damaged"):
        read_picture(tmp_path / "a.tif", 0)


@settings(max_examples=examples(100), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(["words", "doubles"]), st.sampled_from(["strips", "deflated", "zstd", "JPEG 2000"]), st.data())
def test_damage_is_told_as_damage(tmp_path, name, way, data):
    if (name, way) not in PAIRS:
        return
    content = bytearray(tiff(tmp_path / "a.tif", ARRAYS[name], **WAYS[way]).read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    for use in (lambda: read_picture(bytes(content), 0), lambda: describe_picture(bytes(content), None, len(content))):
        with contextlib.suppress(EDAError):
            use()


def test_bytes_in_memory():
    buffer = io.BytesIO()
    Pillow.fromarray(GREY).save(buffer, "PNG")
    assert np.array_equal(read_picture(buffer.getvalue(), 0)[0], GREY)
    assert describe_picture(buffer.getvalue(), None, buffer.tell()) == ((90, 110, 1, 1), False)


def test_a_damaged_picture(tmp_path, samples):
    whole = (samples / "photos" / "fundus_left.jpg").read_bytes()
    (tmp_path / "half.jpg").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DecodeError, match=r"half\.jpg: is damaged \(OSError\); copy the file again\."):
        load_image(tmp_path / "half.jpg")


def test_a_bomb_is_refused(tmp_path, monkeypatch):
    Pillow.new("L", (100, 100)).save(tmp_path / "bomb.png")
    monkeypatch.setattr(Pillow, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(DecodeError, match=r"bomb\.png: claims more pixels than is safe to unpack; open it with"):
        load_image(tmp_path / "bomb.png")


def test_what_a_photograph_says(tmp_path):
    exif = Pillow.Exif()
    exif[0x0112] = 6
    profile = {"icc_profile": b"profile"}
    Pillow.new("RGBA", (2, 1)).save(tmp_path / "turned.png", exif=exif, **profile)
    image = load_image(tmp_path / "turned.png")
    assert image.caption() == "PNG RGBA on white, turned as EXIF says · ICC profile not applied · no spacing in header"
