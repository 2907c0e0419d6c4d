"""Which way leads to the pixels is decided by content; what is no slide is said plainly."""

import subprocess
import sys

import numpy as np
import openslide
import pytest
import tifffile
from PIL import Image as Pillow
from pyramids import openslide_region, random_regions, scene, write_pyramid

from eda_utils import open_slide, quality
from eda_utils.core.errors import EDAError, FormatError, MissingError


def ome(path, pixels, **attributes):
    """An OME-TIFF with its pyramid in SubIFDs."""
    metadata = {"axes": "YXS", **attributes}
    return write_pyramid(path, pixels, subifds=True, ome=True, metadata=metadata, steps=(1, 2, 4))


@pytest.mark.parametrize(
    ("attributes", "mpp"),
    [
        ({"PhysicalSizeX": 0.25, "PhysicalSizeY": 0.25}, 0.25),
        ({"PhysicalSizeX": 250, "PhysicalSizeXUnit": "nm", "PhysicalSizeY": 0.25, "PhysicalSizeYUnit": "µm"}, 0.25),
        (
            {"PhysicalSizeX": 0.00025, "PhysicalSizeXUnit": "mm", "PhysicalSizeY": 0.25},
            0.25,
        ),
        ({"PhysicalSizeX": 250, "PhysicalSizeY": 250}, None),
        ({"PhysicalSizeX": 1, "PhysicalSizeXUnit": "pixel", "PhysicalSizeY": 1, "PhysicalSizeYUnit": "pixel"}, None),
        ({}, None),
    ],
)
def test_ome_tiff_has_its_levels_and_resolution(tmp_path, attributes, mpp):
    pixels = scene(900, 1200)
    path = ome(tmp_path / "a.ome.tif", pixels, **attributes)
    with openslide.OpenSlide(path) as handle:
        assert handle.level_count == 1, "this is why tifffile opens it"
    with open_slide(path) as slide, tifffile.TiffFile(path) as tiff:
        assert slide.mpp == (None if mpp is None else pytest.approx(mpp))
        assert slide.levels["downsample"].tolist() == [1, 2, 4]
        assert np.array_equal(slide.read_region(0, 0, 900, 1200), tiff.series[0].levels[0].asarray())
        assert np.array_equal(slide._read(2, 0, 0, 225, 300), tiff.series[0].levels[2].asarray())


def test_pyramid_in_sub_directories_without_ome(tmp_path):
    path = write_pyramid(tmp_path / "a.tif", scene(800, 800), subifds=True)
    with open_slide(path) as slide:
        assert len(slide.levels) == 3
        assert slide.mpp == pytest.approx(0.5)


@pytest.mark.parametrize("compression", [None, "deflate", "jpeg", "jpeg2000", "zstd"])
def test_strips_are_read_like_tiles(tmp_path, compression):
    """OpenSlide has no way to a TIFF without tiles."""
    how = {"compression": compression, "photometric": "rgb", "rowsperstrip": 64, "resolution": (50800, 50800)}
    tifffile.imwrite(tmp_path / "a.tif", scene(700, 500), resolutionunit="INCH", **how)
    whole = tifffile.imread(tmp_path / "a.tif")
    with open_slide(tmp_path / "a.tif") as slide:
        assert (slide.shape, slide.mpp) == ((700, 500), pytest.approx(0.5))
        assert np.array_equal(slide.read_region(0, 0, 700, 500), whole)
        assert np.array_equal(slide.read_region(111, 222, 99, 88), whole[111:210, 222:310])


def test_levels_of_one_size_are_left_to_openslide(tmp_path):
    """Which of two pages is the level cannot be told."""
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        for seed, kind in ((0, 0), (1, 1), (2, 1)):
            size = 600 if kind == 0 else 300
            writer.write(scene(size, size, seed), tile=(256, 256), photometric="rgb", subfiletype=kind, metadata=None)
    with open_slide(tmp_path / "a.tif") as slide:
        for region in random_regions(slide.shape, 20):
            assert np.array_equal(slide.read_region(*region), openslide_region(tmp_path / "a.tif", *region))


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P", "1"])
@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_pictures(tmp_path, mode, suffix):
    picture = Pillow.fromarray(scene(40, 60)).convert(mode)
    picture.save(tmp_path / f"a.{suffix}")
    with open_slide(tmp_path / f"a.{suffix}") as slide:
        assert np.array_equal(slide.read_region(0, 0, 40, 60), np.asarray(picture.convert("RGB")))
        assert (len(slide.levels), slide.associated.empty) == (1, True)


def refused(path):
    with pytest.raises(FormatError) as caught:
        open_slide(path)
    return str(caught.value)


@pytest.mark.slow
def test_a_picture_bomb(tmp_path):
    Pillow.new("1", (20_000, 20_000)).save(tmp_path / "a.png")
    text = "a.png: claims more pixels than is safe to unpack; write it as a tiled pyramid TIFF."
    assert refused(tmp_path / "a.png") == text


def test_one_block_that_is_too_large(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", shape=(9000, 9000, 3), dtype=np.uint8, photometric="rgb", rowsperstrip=9000)
    text = "a.tif: holds its image in one block that is too large; write it as a tiled pyramid."
    assert refused(tmp_path / "a.tif") == text


def test_sixteen_bits(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((50, 50), np.uint16))
    assert refused(tmp_path / "a.tif") == "a.tif: has more than 8 bits a sample; open it with load_image."


@pytest.mark.parametrize("name", ["a.mrxs", "a.vms"])
def test_a_slide_without_its_other_files(tmp_path, name):
    """The file of an MRXS that has the suffix is a small JPEG: it must not pass for the slide."""
    Pillow.new("RGB", (300, 200)).save(tmp_path / name, "JPEG")
    text = f"{name}: lacks the folder or the files that belong to it; copy them together."
    assert refused(tmp_path / name) == text


def test_no_slides(tmp_path, samples):
    (tmp_path / "a.svs").write_bytes(b"nothing")
    assert refused(tmp_path / "a.svs") == "a.svs: is not a slide that can be opened; check the format and the copy."
    ct = next(path for path in samples.rglob("*") if path.is_file() and path.read_bytes()[128:132] == b"DICM")
    assert refused(ct) == f"{ct.name}: is DICOM and no whole-slide image; open it with load_image."
    assert refused(tmp_path) == f"{tmp_path.name}: is a folder without a DICOM slide; give the file of the slide."
    with pytest.raises(MissingError):
        open_slide(tmp_path / "gone.svs")


def test_foreign_tiff_files_open_or_are_refused(foreign_tiffs):
    for path in foreign_tiffs:
        try:
            with open_slide(path) as slide:
                slide.thumbnail(64)
        except EDAError:
            pass


@pytest.fixture
def foreign_tiffs(tmp_path):
    """Kinds of TIFF that microscopes and libraries write."""
    stack = np.random.default_rng(0).integers(0, 255, (5, 40, 50), np.uint8)
    tifffile.imwrite(tmp_path / "stack.tif", stack, photometric="minisblack")
    tifffile.imwrite(tmp_path / "imagej.tif", stack.astype(np.uint16), imagej=True)
    tifffile.imwrite(tmp_path / "channels.ome.tif", stack, metadata={"axes": "CYX"})
    tifffile.imwrite(tmp_path / "planar.tif", stack[:3], photometric="rgb", planarconfig="separate")
    tifffile.imwrite(tmp_path / "float.tif", stack[0].astype(np.float32))
    tifffile.imwrite(tmp_path / "white.tif", stack[0], photometric="miniswhite", tile=(16, 16))
    tifffile.imwrite(tmp_path / "alpha.tif", np.dstack([scene(40, 50), stack[0]]), photometric="rgb", tile=(16, 16))
    return sorted(tmp_path.iterdir())


@pytest.mark.slow
def test_nothing_ends_the_process(tmp_path):
    """The same in a process of its own, so that an abort would be seen."""
    from pyramids import tiny_tiff

    for number, value in enumerate([0, 2**16, 2**24, 2**28, 2**31 - 1, 2**32 - 1]):
        for tag in ("TileWidth", "TileLength", "ImageWidth", "ImageLength"):
            tiny_tiff(tmp_path / f"{tag}{number}.tif", **{tag: value})
        tiny_tiff(tmp_path / f"square{number}.tif", TileWidth=value, TileLength=value)
    code = (
        "import sys; from eda_utils import quality, open_slide, EDAError; from pathlib import Path\n"
        "for path in Path(sys.argv[1]).iterdir():\n"
        "    try:\n"
        "        with open_slide(path) as slide: slide.read_region(0, 0, 99, 99)\n"
        "    except EDAError: pass\n"
        "print('alive')"
    )
    answer = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False)
    assert answer.stdout == "alive\n", answer.stderr
    assert not quality.measure_slides(tmp_path)["problem"].isna().any()
