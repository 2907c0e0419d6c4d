"""Slides: level-0 pixels say where, microns per pixel say how fine; OpenSlide is the oracle."""

import numpy as np
import openslide
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from parts import SAMPLES
from PIL import Image as Pillow

from eda_utils import open_slide
from eda_utils.errors import FormatError, MissingError, RequestError

SVS = SAMPLES / "pathology" / "CMU-1-Small-Region.svs"


@pytest.fixture
def slide(samples):
    with open_slide(SVS) as opened:
        yield opened


def test_facts(slide):
    assert slide.shape == (2967, 2220)
    assert slide.mpp == pytest.approx(0.499)
    assert slide.mpp_source == "aperio header"
    assert slide.levels.loc[0, ["rows", "columns", "downsample"]].tolist() == [2967, 2220, 1]
    facts = slide.properties.set_index("property")["value"]
    assert facts[["vendor", "objective power", "rows"]].tolist() == ["aperio", "20", "2967"]
    assert repr(slide) == "<Slide CMU-1-Small-Region.svs 2,967 × 2,220, 1 level, 0.499 µm/px (aperio header)>"


def test_label_and_macro_are_possible_phi(slide):
    table = slide.associated.set_index("name")["possible_phi"]
    assert table.to_dict() == {"label": True, "macro": True, "thumbnail": False}


@settings(deadline=None, max_examples=30)
@given(st.integers(-300, 3200), st.integers(-300, 2500), st.integers(1, 400), st.integers(1, 400))
def test_regions_equal_openslide_on_white(row, col, height, width):
    handle = openslide.OpenSlide(SVS)
    region = handle.read_region((col, row), 0, (width, height))
    white = Pillow.new("RGBA", region.size, "white")
    expected = np.asarray(Pillow.alpha_composite(white, region).convert("RGB"))
    with open_slide(SVS) as opened:
        assert np.array_equal(opened.read_region(row, col, height, width), expected)
    handle.close()


def test_coarser_regions_are_means(slide):
    fine = slide.read_region(1000, 1000, 400, 400).astype(float)
    coarse = slide.read_region(1000, 1000, 100, 100, mpp=slide.mpp * 4)
    means = fine.reshape(100, 4, 100, 4, 3).mean(axis=(1, 3))
    assert np.abs(coarse - means).max() <= 1


def test_outside_is_white(slide):
    assert (slide.read_region(-50, -50, 20, 20) == 255).all()


def test_thumbnail_knows_its_spacing(slide):
    image = slide.thumbnail(max_side=500)
    assert max(image.shape) == 500
    assert image.spacing_mm[0] * image.shape[0] == pytest.approx(2967 * 0.499 / 1000)
    assert image.is_color


def test_resolution_given_by_the_caller(samples):
    with open_slide(SVS, mpp=1.0) as opened:
        assert (opened.mpp, opened.mpp_source) == (1.0, "given by the caller")


@pytest.mark.parametrize(("dpi", "mpp"), [(72, None), (25400 / 0.5, 0.5), (25400, 1.0)])
def test_only_a_plausible_resolution_is_believed(tmp_path, dpi, mpp):
    """72 dpi would be 353 µm per pixel."""
    path = tmp_path / "tiled.tif"
    import tifffile

    resolution = {"resolution": (dpi, dpi), "resolutionunit": "INCH"}
    tifffile.imwrite(path, np.zeros((512, 512, 3), np.uint8), tile=(256, 256), photometric="rgb", **resolution)
    with open_slide(path) as opened:
        assert opened.mpp == (None if mpp is None else pytest.approx(mpp, rel=0.01))
        assert opened.mpp_source == ("implausible in the file" if mpp is None else "generic-tiff header")


def test_a_png_is_a_slide_of_one_level(tmp_path):
    Pillow.new("RGB", (30, 20), "red").save(tmp_path / "a.png")
    with open_slide(tmp_path / "a.png") as opened:
        assert opened.shape == (20, 30)
        assert opened.read_region(0, 0, 2, 2).tolist() == [[[255, 0, 0]] * 2] * 2
        with pytest.raises(RequestError) as caught:
            opened.read_region(0, 0, 2, 2, mpp=1)
    expected = "a.png: does not say how many microns a pixel is; open_slide(path, mpp=...)."
    assert str(caught.value) == expected


@pytest.mark.parametrize("size", [(0, 5), (5, -1), (2**15, 2**15)])
def test_impossible_regions(slide, size):
    with pytest.raises(RequestError, match="the region has no pixels or too many; ask for 1 to 16,384 pixels a side"):
        slide.read_region(0, 0, *size)


def test_not_a_slide(tmp_path):
    (tmp_path / "a.svs").write_bytes(b"nothing")
    with pytest.raises(FormatError) as caught:
        open_slide(tmp_path / "a.svs")
    expected = "a.svs: is not a slide that can be opened; check the format and the copy."
    assert str(caught.value) == expected
    with pytest.raises(MissingError):
        open_slide(tmp_path / "gone.svs")
    with pytest.raises(RequestError, match=r"mpp: is not between 0\.05 and 20 microns per pixel"):
        open_slide(tmp_path / "a.svs", mpp=300)
