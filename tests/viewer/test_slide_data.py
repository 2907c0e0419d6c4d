"""The data of the slide viewer: its tiles are the slide's pixels, its pyramid fits, its overlays are those given."""

import base64
import io
import zlib

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st
from PIL import Image as Pillow
from pyramids import scene, write_pyramid

import eda_utils as eda
from eda_utils.core.errors import RequestError
from eda_utils.viewer.slide_data import (
    TILE,
    base_level,
    cut_pyramid,
    describe_slide,
    encode_jpeg,
    fit_pyramid,
    is_tile,
    pack_overlays,
    plain_slide,
    read_tile,
)


def all_keys(facts, levels):
    return sorted(f"{level}/{row}/{col}" for at in levels for level, row, col in tiles_of(facts, at)[0])


@pytest.fixture(scope="module")
def scan(tmp_path_factory):
    """A slide of odd size, and its pixels."""
    pixels = scene(1501, 1203)
    path = write_pyramid(tmp_path_factory.mktemp("slides") / "scan.tif", pixels, compression=None)
    with eda.open_slide(path) as slide:
        yield slide, pixels


def decoded(data):
    return np.asarray(Pillow.open(io.BytesIO(data)))


def tiles_of(facts, level):
    found = [(level, row, col) for row in range(20) for col in range(20) if is_tile(facts, (level, row, col))]
    return found, max(row for _, row, _ in found) + 1, max(col for *_, col in found) + 1


def test_the_tiles_of_level_0_are_the_slide(scan):
    slide, pixels = scan
    tiles, rows, columns = tiles_of(describe_slide(slide), 0)
    plain = plain_slide(slide)
    read = [[read_tile(plain, 0, row, col) for col in range(columns)] for row in range(rows)]
    assert len(tiles) == rows * columns == 30
    np.testing.assert_array_equal(np.concatenate([np.concatenate(line, axis=1) for line in read]), pixels)


@pytest.mark.parametrize("level", [1, 2, 3])
def test_coarser_tiles_are_the_same_tissue(scan, level):
    slide, pixels = scan
    _, rows, columns = tiles_of(describe_slide(slide), level)
    plain = plain_slide(slide)
    read = [[read_tile(plain, level, row, col) for col in range(columns)] for row in range(rows)]
    shown = np.concatenate([np.concatenate(line, axis=1) for line in read])
    step = 2**level
    assert shown.shape[:2] == tuple(-(-side // step) for side in slide.shape)
    means = pixels[: 1500 // step * step, : 1200 // step * step].astype(float)
    means = means.reshape(1500 // step, step, 1200 // step, step, 3).mean(axis=(1, 3))
    inner = shown[: means.shape[0], : means.shape[1]]
    assert np.abs(inner - means).mean() < 12  # the file's own levels are picked, not averaged


@given(st.integers(1, 200_000), st.integers(1, 200_000), st.floats(1, 64))
def test_the_coarsest_level_is_one_tile(rows, columns, finest):
    class Bare:
        shape, mpp, mpp_source = (rows, columns), None, ""

    facts = describe_slide(Bare, finest=finest)
    last = facts["levels"] - 1
    assert is_tile(facts, (last, 0, 0))
    assert not is_tile(facts, (last, 0, 1))
    assert not is_tile(facts, (last, 1, 0))
    assert not is_tile(facts, (last + 1, 0, 0))
    assert last == 0 or is_tile(facts, (last - 1, 1, 0)) or is_tile(facts, (last - 1, 0, 1))


@pytest.mark.parametrize(
    "tile", [(0, 0), (-1, 0, 0), (0, -1, 0), (0, 6, 0), (0, 0, 5), (99, 0, 0), (0, 0.5, 0), (0, "0", 0)]
)
def test_what_is_no_tile_is_told(scan, tile):
    assert not is_tile(describe_slide(scan[0]), tile)


def test_the_base_begins_with_no_more_than_1024_pixels():
    assert base_level({"rows": 1024, "columns": 10}) == 0
    assert base_level({"rows": 1025, "columns": 10}) == 1
    assert base_level({"rows": 30_000, "columns": 40_000}) == 6


def test_a_pyramid_has_every_tile_of_its_levels(scan):
    slide = scan[0]
    facts, tiles = describe_slide(slide), cut_pyramid(plain_slide(slide), 2, first=1, quality=95)
    expected = [
        f"{level}/{row}/{col}" for at in range(1, facts["levels"]) for level, row, col in tiles_of(facts, at)[0]
    ]
    assert sorted(tiles) == sorted(expected)
    corner = decoded(tiles["1/0/0"]).astype(int)
    assert corner.shape == (TILE, TILE, 3)
    assert np.abs(corner - slide.read_region(0, 0, TILE, TILE, mpp=slide.mpp * 2)).mean() < 4


@pytest.mark.parametrize("budget", [30_000, 120_000, 400_000])
def test_a_page_gets_the_finest_pyramid_that_fits(scan, budget):
    slide = scan[0]
    step, tiles = fit_pyramid(plain_slide(slide), budget)
    size = sum(len(key) + 6 + len(tile) for key, tile in tiles.items())
    assert size <= budget
    assert size > budget * 0.6 or step == 1
    facts = describe_slide(slide, finest=step)
    assert sorted(tiles) == all_keys(facts, range(facts["levels"]))
    assert decoded(base64.b64decode(tiles["0/0/0"])).shape[2] == 3


def test_where_nothing_fits_there_is_nothing(scan):
    assert fit_pyramid(plain_slide(scan[0]), 300)[1] == {}


def test_a_jpeg_is_near_the_pixels():
    pixels = Pillow.fromarray(scene(256, 256)).reduce(4)  # its noise is no tissue
    assert np.abs(decoded(encode_jpeg(np.asarray(pixels))).astype(int) - pixels).mean() < 3


def test_a_mask_and_a_grid_come_as_they_are(scan):
    slide, _ = scan
    random = np.random.default_rng(0)
    mask = eda.slides.Mask(random.random((150, 120)) > 0.5, None, (1501 / 150, 1203 / 120))
    grid = pd.DataFrame({"row": [0, 256], "col": [7, 300], "size": [100, 50], "mpp": [1.0, np.nan]})
    packed = pack_overlays(slide, mask, grid)
    bits = np.unpackbits(np.frombuffer(zlib.decompress(base64.b64decode(packed["mask"]["bits"])), np.uint8))
    np.testing.assert_array_equal(bits[: 150 * 120].reshape(150, 120), mask.pixels)
    planes = np.frombuffer(zlib.decompress(base64.b64decode(packed["grid"]["places"])), np.uint8).reshape(4, -1)
    places = np.ascontiguousarray(planes.T).view("<i4").reshape(-1, 3)
    assert places.tolist() == [[0, 7, 200], [256, 300, 50]]  # 100 pixels of 1 µm are 200 of level 0
    assert pack_overlays(slide, None, None) == {"mask": None, "grid": None}


def test_overlays_of_something_else_are_refused(scan):
    slide, _ = scan
    with pytest.raises(RequestError, match=r"^mask: is no Mask; make one with tissue_mask.$"):
        pack_overlays(slide, np.ones((3, 3), bool), None)
    with pytest.raises(RequestError, match=r"^mask: does not cover this slide; make it from the same slide.$"):
        pack_overlays(slide, eda.slides.Mask(np.ones((3, 3), bool), None, (5.0, 5.0)), None)
    with pytest.raises(RequestError, match=r"^grid: has no column size; make one with tile_grid.$"):
        pack_overlays(slide, None, pd.DataFrame({"row": [0], "col": [0]}))
