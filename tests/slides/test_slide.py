"""Slides: level-0 pixels say where, microns per pixel say how fine; OpenSlide is the oracle."""

import re
import subprocess

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from parts import SAMPLES, examples, program
from PIL import Image as Pillow
from pyramids import openslide_region, scene, write_pyramid

from eda_utils import open_slide
from eda_utils.core.errors import FormatError, MissingError, RequestError

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


def shown_by_tool(path):
    """What openslide-show-properties prints."""
    command = [program("openslide-show-properties"), str(path)]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    return dict(re.findall(r"^([\w.\[\]-]+): '(.*)'$", answer.stdout, re.MULTILINE))


def test_properties_as_the_tools_of_openslide_print_them(slide):
    tool, ours = shown_by_tool(SVS), slide.properties.set_index("property")["value"]
    pairs = {
        **{"vendor": "vendor", "objective power": "objective-power", "levels": "level-count"},
        **{"rows": "level[0].height", "columns": "level[0].width", "quickhash-1": "quickhash-1"},
        **{"tile rows": "level[0].tile-height", "tile columns": "level[0].tile-width", "microns per pixel": "mpp-y"},
    }
    for name, key in pairs.items():
        assert ours[name] == tool[f"openslide.{key}"], name
    answer = subprocess.run([program("openslide-quickhash1sum"), SVS], capture_output=True, text=True, check=True)
    assert ours["quickhash-1"] == answer.stdout.split()[0]


@pytest.mark.parametrize("region", [(0, 0, 240, 240), (1000, 900, 333, 222), (2800, 2100, 300, 300)])
def test_regions_as_the_tools_of_openslide_write_them(slide, tmp_path, region):
    row, col, height, width = region
    command = [program("openslide-write-png"), SVS, col, row, 0, width, height, tmp_path / "a.png"]
    subprocess.run([str(part) for part in command], check=True, capture_output=True)
    with Pillow.open(tmp_path / "a.png") as picture:
        white = Pillow.new("RGBA", picture.size, "white")
        expected = np.asarray(Pillow.alpha_composite(white, picture.convert("RGBA")).convert("RGB"))
    assert np.array_equal(slide.read_region(*region), expected)


def test_a_label_takes_a_deliberate_word(slide):
    for name in ("label", "macro"):
        with pytest.raises(RequestError) as caught:
            slide.associated_image(name)
        text = "CMU-1-Small-Region.svs: this picture can show a patient's name; say redact=False to see it."
        assert str(caught.value) == text
        table = slide.associated.set_index("name")
        assert slide.associated_image(name, redact=False).shape == (*table.loc[name, ["rows", "columns"]], 3)
    assert slide.associated_image("thumbnail").shape == (768, 574, 3)
    with pytest.raises(RequestError, match="has no such picture beside the tissue; look at slide"):
        slide.associated_image("tissue")


@settings(deadline=None, max_examples=examples(30))
@given(st.integers(-300, 3200), st.integers(-300, 2500), st.integers(1, 400), st.integers(1, 400))
def test_regions_equal_openslide_on_white(row, col, height, width):
    with open_slide(SVS) as opened:
        region = opened.read_region(row, col, height, width)
    assert np.array_equal(region, openslide_region(SVS, row, col, height, width))


@pytest.fixture(scope="module")
def pyramid(tmp_path_factory):
    """Levels without loss, so that what is averaged can be computed by hand."""
    pixels = scene(1200, 900).astype(float)
    folder = tmp_path_factory.mktemp("pyramid")
    path = write_pyramid(folder / "a.tif", pixels.astype(np.uint8), compression="deflate", steps=(1, 4))
    with open_slide(path) as opened:
        yield opened, pixels.astype(np.uint8)


def test_a_level_near_enough_is_taken_as_it_is(pyramid):
    slide, pixels = pyramid
    assert slide.mpp == pytest.approx(0.5)
    for mpp in (1.99, 2.0, 2.01):
        assert np.array_equal(slide.read_region(400, 200, 50, 60, mpp=mpp), pixels[::4, ::4][100:150, 50:110])
    assert np.array_equal(slide.read_region(37, 41, 50, 60, mpp=0.5), pixels[37:87, 41:101])


def test_between_levels_the_finer_one_is_averaged(pyramid):
    slide, pixels = pyramid
    half = slide.read_region(100, 50, 40, 30, mpp=1.0)
    expected = pixels[100:180, 50:110].reshape(40, 2, 30, 2, 3).mean(axis=(1, 3))
    assert np.abs(half - expected).max() <= 1
    coarse = slide.read_region(0, 0, 50, 40, mpp=4.0)
    expected = pixels[::4, ::4][:100, :80].reshape(50, 2, 40, 2, 3).mean(axis=(1, 3))
    assert np.abs(coarse - expected).max() <= 1


def test_a_region_is_the_same_in_blocks(pyramid, monkeypatch):
    slide, _ = pyramid
    whole = slide.read_region(-50, -70, 190, 170, mpp=1.7)
    finer = slide.read_region(100, 100, 90, 70, mpp=0.3)
    monkeypatch.setattr("eda_utils.slides.slide.BLOCK_SIDE", 37)
    assert np.abs(slide.read_region(-50, -70, 190, 170, mpp=1.7).astype(int) - whole).max() <= 1
    assert np.abs(slide.read_region(100, 100, 90, 70, mpp=0.3).astype(int) - finer).max() <= 1


def test_far_outside_is_white_at_any_resolution(pyramid):
    slide, _ = pyramid
    for row, col in ((10**12, 0), (-(10**12), 5), (0, 10**30)):
        for mpp in (None, 1.0, 7.0):
            assert (slide.read_region(row, col, 9, 9, mpp=mpp) == 255).all()


def test_one_pixel_for_the_whole_slide(pyramid, monkeypatch):
    slide, pixels = pyramid
    monkeypatch.setattr("eda_utils.slides.slide.MAX_STEP", 16)
    assert np.abs(slide.thumbnail(1).pixels - pixels[::4, ::4].mean(axis=(0, 1))).max() <= 2
    with pytest.raises(RequestError, match="the region has no pixels or too many"):
        slide.read_region(0, 0, 5000, 5000, mpp=1e6)


def test_a_thumbnail_is_the_mean_of_its_area(pyramid):
    slide, pixels = pyramid
    image = slide.thumbnail(300)
    assert np.array_equal(image.pixels, pixels[::4, ::4])
    expected = pixels[::4, ::4].reshape(60, 5, 45, 5, 3).mean(axis=(1, 3))
    assert np.abs(slide.thumbnail(60).pixels - expected).max() <= 1


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
