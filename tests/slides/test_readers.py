"""OpenSlide without its traps: one failed read, a fork, threads."""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from parts import SAMPLES
from pyramids import openslide_region, random_regions

from eda_utils.core.errors import DecodeError, FormatError
from eda_utils.slides.readers import OpenSlideReader, PictureReader

SVS = SAMPLES / "pathology" / "CMU-1-Small-Region.svs"


@pytest.fixture
def damaged(samples, tmp_path):
    """The sample with its first tile overwritten."""
    import tifffile

    path = tmp_path / "damaged.svs"
    path.write_bytes(SVS.read_bytes())
    with tifffile.TiffFile(path) as tiff:
        offset, size = tiff.pages[0].dataoffsets[0], tiff.pages[0].databytecounts[0]
    with open(path, "r+b") as file:
        file.seek(offset)
        file.write(bytes(size))
    return path


def test_a_failed_read_spoils_no_other(damaged):
    reader = OpenSlideReader(damaged)
    for _ in range(2):
        with pytest.raises(DecodeError) as caught:
            reader.read(0, 0, 0, 50, 50)
        assert str(caught.value) == "damaged.svs: is damaged (OpenSlideError); copy the file again."
        assert np.array_equal(reader.read(0, 1000, 1000, 50, 50), openslide_region(SVS, 1000, 1000, 50, 50))
    reader.close()


def test_threads_that_hit_the_damage_do_not_disturb_others(damaged):
    reader = OpenSlideReader(damaged)
    expected = openslide_region(SVS, 1000, 1000, 50, 50)

    def read(number):
        if number % 3 == 0:
            with pytest.raises(DecodeError):
                reader.read(0, 0, 0, 50, 50)
            return True
        return np.array_equal(reader.read(0, 1000, 1000, 50, 50), expected)

    with ThreadPoolExecutor(6) as pool:
        assert all(pool.map(read, range(60)))
    reader.close()


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_both_sides_of_a_fork(samples):
    reader = OpenSlideReader(SVS)
    reader.read(0, 0, 0, 300, 300)
    regions = [*random_regions((2967, 2220), 5)]
    child = os.fork()
    if not child:
        good = all(np.array_equal(reader.read(0, *region), openslide_region(SVS, *region)) for region in regions)
        os._exit(0 if good else 1)
    assert all(np.array_equal(reader.read(0, *region), openslide_region(SVS, *region)) for region in regions)
    assert os.waitpid(child, 0)[1] == 0
    reader.close()


def test_no_slide(tmp_path):
    (tmp_path / "a.svs").write_bytes(b"nothing")
    with pytest.raises(FormatError, match="is not a slide that can be opened"):
        OpenSlideReader(tmp_path / "a.svs")


@pytest.mark.parametrize("shape", [(20, 30), (20, 30, 3)])
def test_a_picture_on_white(shape):
    pixels = np.random.default_rng(0).integers(0, 200, shape, np.uint8)
    reader = PictureReader(pixels)
    field = np.full((220, 230, 3), 255, np.uint8)
    field[100:120, 100:130] = pixels if len(shape) == 3 else pixels[..., None]
    for row, col, height, width in random_regions((60, 60), 50):
        row, col, height, width = row % 80 - 40, col % 80 - 40, height % 40 + 1, width % 40 + 1
        expected = field[100 + row : 100 + row + height, 100 + col : 100 + col + width]
        assert np.array_equal(reader.read(0, row, col, height, width), expected)
