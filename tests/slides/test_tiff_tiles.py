"""Regions of TIFF and SVS decoded tile by tile: OpenSlide's values, sooner; and the map of bytes."""

import os
import shutil
from concurrent.futures import ThreadPoolExecutor

import imagecodecs
import numpy as np
import pytest
import tifffile
from parts import SAMPLES
from pyramids import forget_tiles, openslide_region, random_regions, scene, write_pyramid

from eda_utils import open_slide
from eda_utils.core.errors import DecodeError, RequestError
from eda_utils.slides import byte_map
from eda_utils.slides.tiff_tiles import EXACT

SVS = SAMPLES / "pathology" / "CMU-1-Small-Region.svs"


def spoil(path, page, index, fill=0):
    """Overwrite one tile of a TIFF."""
    with tifffile.TiffFile(path) as tiff:
        offset, size = tiff.pages[page].dataoffsets[index], tiff.pages[page].databytecounts[index]
    with open(path, "r+b") as file:
        file.seek(offset)
        file.write(bytes([fill]) * size)


@pytest.mark.parametrize("seed", range(4))
def test_regions_of_the_sample_equal_openslide(samples, seed):
    with open_slide(SVS) as slide:
        assert slide.tiles
        for region in random_regions(slide.shape, 50, seed):
            assert np.array_equal(slide.read_region(*region), openslide_region(SVS, *region)), region


WAYS = {
    "jpeg": {},
    "jpeg, 4:4:4": {"subsampling": (1, 1)},
    "jpeg in rgb": {"photometric": "rgb"},
    "jpeg, grey": {"photometric": "minisblack"},
    "deflate": {"compression": "deflate"},
    "lzw with predictor": {"compression": "lzw", "predictor": True},
    "packbits": {"compression": "packbits"},
    "none": {"compression": None},
    "tiles of 64 x 128": {"tile": (64, 128)},
}


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_regions_of_a_tiled_tiff_equal_openslide(tmp_path, way):
    pixels = scene(1111, 1333)
    pixels = pixels[..., 0] if "grey" in way else pixels
    path = write_pyramid(tmp_path / "a.tif", pixels, **WAYS[way])
    with open_slide(path) as slide:
        assert slide.tiles, "the quick way is taken"
        for region in random_regions(slide.shape, 40):
            assert np.array_equal(slide.read_region(*region), openslide_region(path, *region)), region


@pytest.mark.slow
@pytest.mark.parametrize("subsampling", [(1, 1), (2, 1), (2, 2)])
def test_tiles_of_which_only_the_upper_part_is_decoded(tmp_path, subsampling, samples):
    """The first of scattered regions; the cache is emptied so that each is the first."""
    path = write_pyramid(tmp_path / "a.tif", scene(1111, 1333), subsampling=subsampling)
    for file in (path, SVS):
        with open_slide(file) as slide:
            for region in random_regions(slide.shape, 60):
                slide.tiles._cache.clear()
                assert np.array_equal(slide.read_region(*region), openslide_region(file, *region)), region


def test_no_more_is_kept_than_said(tmp_path, monkeypatch):
    monkeypatch.setattr("eda_utils.slides.tiff_tiles.CACHE_BYTES", 500_000)
    path = write_pyramid(tmp_path / "a.tif", scene(1111, 1333))
    forget_tiles(path, 0, {3})
    with open_slide(path) as slide:
        for region in random_regions(slide.shape, 40):
            assert np.array_equal(slide.read_region(*region), openslide_region(path, *region))
            kept = slide.tiles._cache._tiles.values()
            assert sum(tile.nbytes for tile in kept) == slide.tiles._cache._bytes <= 500_000


def test_what_was_not_scanned_is_white(tmp_path):
    path = write_pyramid(tmp_path / "a.tif", scene(700, 700), steps=(1,))
    forget_tiles(path, 0, {1, 4})
    with open_slide(path) as slide:
        assert slide.tiles
        assert (slide.read_region(0, 256, 256, 256) == 255).all()
        assert (slide.read_region(300, 300, 20, 20) == 255).all()
        for region in random_regions(slide.shape, 30):
            assert np.array_equal(slide.read_region(*region), openslide_region(path, *region))


def test_a_region_belongs_to_the_caller(samples):
    with open_slide(SVS) as slide:
        for region in ((240, 240, 240, 240), (100, 100, 300, 300)):
            first = slide.read_region(*region)
            kept = first.copy()
            first[:] = 0
            assert np.array_equal(slide.read_region(*region), kept)


@pytest.mark.parametrize("has_pread", [True, False])
def test_threads(samples, monkeypatch, has_pread):
    """Windows has no pread: there threads take turns."""
    if not has_pread:
        monkeypatch.delattr(os, "pread", raising=False)
    regions = [*random_regions((2967, 2220), 120)]
    with open_slide(SVS) as slide, ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda region: slide.read_region(*region), regions))
    with open_slide(SVS) as slide:
        assert all(np.array_equal(slide.read_region(*region), one) for region, one in zip(regions, found, strict=True))


def test_a_damaged_tile_spoils_no_other(tmp_path):
    path = write_pyramid(tmp_path / "a.tif", scene(700, 700), steps=(1,))
    with open_slide(path) as slide:
        whole = slide.read_region(0, 0, 256, 256)
    spoil(path, 0, 0)
    with open_slide(path) as slide:
        assert slide.tiles
        for _ in range(2):
            with pytest.raises(DecodeError) as caught:
                slide.read_region(0, 0, 300, 300)
            assert str(caught.value) == "a.tif: one of its tiles is damaged; copy the file again."
            assert np.array_equal(slide.read_region(300, 300, 50, 50), openslide_region(path, 300, 300, 50, 50))
    assert whole.any()


def test_a_tile_that_claims_to_be_huge(tmp_path):
    """A few bytes of JPEG that would unpack to 12 GB."""
    path = write_pyramid(tmp_path / "a.tif", scene(700, 700), steps=(1,))
    data = bytearray(path.read_bytes())
    with tifffile.TiffFile(path) as tiff:
        offset = tiff.pages[0].dataoffsets[0]
    place = data.index(b"\xff\xc0", offset)
    data[place + 5 : place + 9] = b"\xff\xff\xff\xff"
    path.write_bytes(data)
    with open_slide(path) as slide, pytest.raises(DecodeError, match="one of its tiles is damaged"):
        slide.read_region(0, 0, 256, 256)


def test_a_file_that_shrinks_while_it_is_open(tmp_path):
    path = write_pyramid(tmp_path / "a.tif", scene(700, 700), steps=(1,))
    with open_slide(path) as slide:
        os.truncate(path, 1000)
        with pytest.raises(DecodeError, match=r"a\.tif: is cut inside of a tile; copy the file again"):
            slide.read_region(0, 0, 700, 700)


def test_a_closed_slide(samples):
    slide = open_slide(SVS)
    slide.close()
    slide.close()
    for attempt in (
        lambda: slide.read_region(0, 0, 9, 9),
        slide.thumbnail,
        lambda: slide.associated_image("thumbnail"),
    ):
        with pytest.raises(RequestError) as caught:
            attempt()
        assert str(caught.value) == "CMU-1-Small-Region.svs: is closed; open it again with open_slide."


def test_memory_follows_the_region_and_not_the_slide(tmp_path):
    """60,000 x 60,000 pixels would be 10 GB."""
    tile = imagecodecs.jpeg8_encode(np.full((512, 512, 3), 200, np.uint8))
    path = tmp_path / "large.tif"
    how = {"shape": (60_000, 60_000, 3), "dtype": np.uint8, "tile": (512, 512), "photometric": "ycbcr"}
    tifffile.imwrite(path, (tile for _ in range(118**2)), compression="jpeg", metadata=None, bigtiff=True, **how)
    with open_slide(path) as slide:
        assert slide.shape == (60_000, 60_000)
        assert np.ptp(slide.read_region(30_000, 30_000, 99, 99)) == 0


def test_byte_map_tells_texture_from_glass(tmp_path):
    pixels = np.full((2048, 1024, 3), 240, np.uint8)
    pixels[512:1024, 256:768] = scene(512, 512)
    path = write_pyramid(tmp_path / "a.tif", pixels)
    with open_slide(path) as slide:
        found, tile = byte_map(slide)
    assert tile == (256, 256)
    assert found.shape == (8, 4)
    textured = np.zeros((8, 4), bool)
    textured[2:4, 1:3] = True
    assert found[textured].min() > 3 * found[~textured].max()
    with tifffile.TiffFile(path) as tiff:
        assert found.sum() * 256 * 256 == pytest.approx(sum(tiff.pages[0].databytecounts))


def test_byte_map_where_it_says_nothing(tmp_path, samples):
    raw = write_pyramid(tmp_path / "raw.tif", scene(600, 600), compression=None)
    same = "raw.tif: spends the same number of bytes on every tile; use tissue_mask."
    shutil.copy(samples / "pathology" / "ihc_colon.png", tmp_path / "a.png")
    none = "a.png: has no index of tiles that can be read; use tissue_mask."
    for path, text in ((raw, same), (tmp_path / "a.png", none)):
        with open_slide(path) as slide, pytest.raises(RequestError) as caught:
            byte_map(slide)
        assert str(caught.value) == text


def test_what_is_exact_is_lossless_or_jpeg():
    assert {7, 1, 5, 8} <= EXACT
    assert 34712 not in EXACT
