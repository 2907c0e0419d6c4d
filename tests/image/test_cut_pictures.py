"""Whole pictures of every kind pass; cut ones do not, wherever they are cut behind their headers."""

import io

import numpy as np
import pytest
from PIL import Image as Pillow

import eda_utils as eda
from eda_utils.image.raster import CUT_PICTURE

PIXELS = np.random.default_rng(1).integers(0, 256, (40, 50, 3), np.uint8)
OPTIONS = {
    "plain.png": {"format": "PNG"},
    "plain.jpg": {"format": "JPEG"},
    "progressive.jpg": {"format": "JPEG", "progressive": True},
    "exif.jpg": {"format": "JPEG", "exif": b"Exif\0\0" + bytes(100)},
    "plain.gif": {"format": "GIF"},
    "plain.bmp": {"format": "BMP"},
    "plain.jp2": {"format": "JPEG2000"},
    "raw.tif": {"format": "TIFF"},
}


def written(name):
    buffer = io.BytesIO()
    Pillow.fromarray(PIXELS).save(buffer, **OPTIONS[name])
    return buffer.getvalue()


def told(path):
    row = eda.index_folder(path, progress=False).iloc[0]
    return [text for text in (row["problem"], row["warning"]) if isinstance(text, str)]


@pytest.mark.parametrize("name", OPTIONS)
def test_whole_pictures_pass_and_cut_ones_do_not(tmp_path, name):
    content = written(name)
    (tmp_path / name).write_bytes(content)
    assert told(tmp_path / name) == []
    for share in (0.4, 0.7, 0.9, 0.99):
        (tmp_path / name).write_bytes(content[: int(len(content) * share)])
        assert told(tmp_path / name) != [], share
    assert told(tmp_path / name) == [CUT_PICTURE]


@pytest.mark.parametrize("name", ["plain.png", "plain.jpg", "plain.bmp", "plain.gif"])
def test_zeros_behind_a_picture_do_no_harm(tmp_path, name):
    (tmp_path / name).write_bytes(written(name) + bytes(1000))
    assert told(tmp_path / name) == []


@pytest.mark.parametrize("size", [1000, 10**6])
def test_a_film_behind_a_photograph_does_no_harm(tmp_path, size):
    (tmp_path / "a.jpg").write_bytes(written("plain.jpg") + np.random.default_rng(2).bytes(size))
    assert told(tmp_path / "a.jpg") == []


def test_the_thumbnail_of_a_photograph_is_not_its_end(tmp_path):
    small = written("plain.jpg")
    whole = small[:2] + b"\xff\xe1" + (len(small) + 2).to_bytes(2, "big") + small + small[2:]
    (tmp_path / "a.jpg").write_bytes(whole)
    assert told(tmp_path / "a.jpg") == []
    (tmp_path / "a.jpg").write_bytes(whole[:-2])
    assert told(tmp_path / "a.jpg") == [CUT_PICTURE]


def test_the_last_page_of_a_tiff_is_looked_at(tmp_path):
    buffer = io.BytesIO()
    pages = [Pillow.fromarray(PIXELS)] * 3
    pages[0].save(buffer, format="TIFF", save_all=True, append_images=pages[1:])
    (tmp_path / "a.tif").write_bytes(buffer.getvalue())
    assert told(tmp_path / "a.tif") == []
    (tmp_path / "a.tif").write_bytes(buffer.getvalue()[:-10])
    assert told(tmp_path / "a.tif") == [CUT_PICTURE]
