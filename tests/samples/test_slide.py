"""The drawn slide opens as a pyramid, and its pixels show tissue and defects where the formulas say."""

import numpy as np
import openslide
import pytest
from hypothesis import given, settings, strategies as st
from skimage.measure import block_reduce

from eda_utils import open_slide
from eda_utils.core.errors import RequestError
from eda_utils.samples import make_phantom_tile, phantom_truth, slide as phantom_slide, write_phantom_slide
from eda_utils.samples.slide import CAST_LIGHT, DEFECTS
from eda_utils.slides.stains import optical_density

SHAPE = (2048, 3072)
MASKS = ("tissue", "ink", "blur", "fold", "bubble", "edge")


@pytest.fixture(scope="module")
def draw(tmp_path_factory):
    """Write a small slide with defects, once for all tests: its pixels, its truth and its path."""
    known = {}

    def write(*defects):
        if defects not in known:
            path = tmp_path_factory.mktemp("phantom") / "slide.tiff"
            write_phantom_slide(path, shape=SHAPE, defects=defects, seed=5, quality=92)
            known[defects] = path, phantom_truth(shape=SHAPE, defects=defects, seed=5)
        path, truth = known[defects]
        with open_slide(path) as slide:
            return slide.read_region(0, 0, *SHAPE), truth, path

    return write


def coarse(pixels):
    """Mean optical density of each 16 × 16 pixels, which are one pixel of the masks."""
    return block_reduce(optical_density(pixels), (16, 16, 1), np.mean)


def inner(mask, steps=2):
    from scipy.ndimage import binary_erosion

    return binary_erosion(mask, iterations=steps)


@pytest.mark.slow
def test_openslide_sees_a_pyramid_with_its_spacing(draw):
    *_, path = draw()
    with openslide.OpenSlide(path) as slide:
        assert slide.level_dimensions == ((3072, 2048), (768, 512))
        assert slide.properties["openslide.vendor"] == "generic-tiff"
        assert float(slide.properties["openslide.mpp-x"]) == pytest.approx(0.5, rel=1e-4)
        fine = np.asarray(slide.read_region((0, 0), 0, (3072, 2048)).convert("RGB"))
        reduced = np.asarray(slide.read_region((0, 0), 1, (768, 512)).convert("RGB"))
    difference = block_reduce(fine, (4, 4, 1), np.mean) - reduced
    assert np.abs(difference).mean() < 3  # all of it, to the last row: only JPEG is between
    assert np.abs(block_reduce(difference, (32, 32, 1), np.mean)).max() < 4


@pytest.mark.slow
def test_tissue_is_where_the_truth_says(draw):
    pixels, truth, _ = draw()
    density = coarse(pixels).sum(axis=-1)
    assert density[inner(truth.tissue)].min() > 0.15
    assert density[inner(~truth.tissue)].max() < 0.1
    assert 0.2 < truth.tissue.mean() < 0.6
    assert pixels[:64, :64].reshape(-1, 3).mean(axis=0) == pytest.approx(truth.light, abs=1)


def test_it_is_made_of_its_stains(draw):
    """Two stains span a plane; out of it there is only the lamp, noise and JPEG."""
    pixels, truth, _ = draw()
    density = coarse(pixels)[inner(truth.tissue)] + np.log10(truth.light / 255)
    normal = np.cross(*truth.stains) / np.linalg.norm(np.cross(*truth.stains))
    assert np.abs(density @ normal).max() < 0.03
    assert (np.linalg.lstsq(truth.stains.T, density.T)[0] > -0.03).all()


@pytest.mark.slow
@pytest.mark.parametrize("defect", ["ink", "bubble", "edge", "fold"])
def test_a_defect_darkens_only_where_it_is(draw, defect):
    pixels, truth, _ = draw(defect)
    clean, *_ = draw()
    more = (coarse(pixels) - coarse(clean)).max(axis=-1)
    mask = getattr(truth, defect)
    assert mask.any()
    assert np.abs(more[inner(~mask)]).max() < 0.05
    if defect != "bubble":
        assert np.quantile(more[inner(mask, 1)], 0.05) > 0.08
    else:  # only its rim is dark
        assert more[mask & ~inner(mask, 2)].mean() > 0.1
        assert more[inner(mask, 4)].max() < 0.05


def test_ink_lies_over_tissue_too(draw):
    _, truth, _ = draw("ink")
    assert (truth.ink & truth.tissue).sum() > 100
    assert (truth.ink & ~truth.tissue).sum() > 100


@pytest.mark.slow
def test_blur_takes_the_detail_and_leaves_the_colour(draw):
    pixels, truth, _ = draw("blur")
    clean, *_ = draw()
    detail, before = (
        block_reduce(np.abs(np.diff(part[..., 1].astype(float), axis=1, append=0)), (16, 16))
        for part in (pixels, clean)
    )
    ratio = (detail + 1) / (before + 1)
    edge = 40 / 8
    assert np.median(ratio[inner(truth.blur, int(edge))]) < 0.6
    outside = inner(~truth.blur & truth.tissue, int(edge))
    assert np.abs(ratio[outside] - 1).max() < 0.1
    assert pixels[::4].mean() == pytest.approx(clean[::4].mean(), abs=1)


@pytest.mark.slow
def test_light_and_stain_of_the_whole_slide(draw):
    cast, truth, _ = draw("cast")
    assert cast[:64, :64].reshape(-1, 3).mean(axis=0) == pytest.approx(CAST_LIGHT, abs=1)
    assert truth.light == pytest.approx(CAST_LIGHT)
    pale, other, _ = draw("stain")
    usual, same, _ = draw()
    assert pale.mean() > usual.mean() + 6
    assert np.rad2deg(np.arccos((other.stains * same.stains).sum(axis=1))).min() > 8
    bare, empty, _ = draw("glass")
    assert not empty.tissue.any()
    assert np.abs(bare - empty.light).max() < 12


@pytest.mark.slow
def test_spacing_and_cut(draw, tmp_path):
    *_, path = draw("no_mpp")
    with open_slide(path) as slide:
        assert slide.mpp is None
        assert slide.mpp_source == "implausible in the file"
    whole = write_phantom_slide(tmp_path / "whole.tiff", shape=(600, 700))
    cut = write_phantom_slide(tmp_path / "cut.tiff", shape=(600, 700), defects=("truncated",))
    assert cut.read_bytes() == whole.read_bytes()[: int(whole.stat().st_size * 0.6)]
    assert sorted(item.name for item in tmp_path.iterdir()) == ["cut.tiff", "whole.tiff"]


def test_the_masks_follow_the_shape_asked_for():
    truth = phantom_truth(shape=(1001, 1999), mpp=0.25, defects=("ink", "blur", "fold", "bubble", "edge"))
    assert all(getattr(truth, name).shape == (31, 62) for name in MASKS)
    assert np.multiply(truth.um_per_px, (31, 62)) == pytest.approx((1001 * 0.25, 1999 * 0.25))


@pytest.mark.slow
@settings(max_examples=8)
@given(st.integers(1, 700), st.integers(1, 1300), st.sets(st.sampled_from(DEFECTS[:-2])))
def test_any_size_can_be_written(tmp_path_factory, rows, columns, defects):
    path = write_phantom_slide(tmp_path_factory.mktemp("any") / "x.tiff", shape=(rows, columns), defects=tuple(defects))
    with open_slide(path) as slide:
        assert slide.shape == (rows, columns)
        assert slide.read_region(rows - 1, columns - 1, 1, 1).shape == (1, 1, 3)


def test_blocks_meet_without_a_seam():
    """A pixel does not depend on the block that it was drawn in."""
    wide = phantom_slide._draw(SHAPE, 0.5, 5, ("ink",), (1024, 256), (1024, 1024))
    narrow = phantom_slide._draw(SHAPE, 0.5, 5, ("ink",), (1024, 100), (1024, 333))
    assert np.abs(wide[:100, :333].astype(int) - narrow).max() <= 1


@pytest.mark.slow
def test_one_seed_is_one_slide(tmp_path):
    first, again, other = (
        write_phantom_slide(tmp_path / f"{number}.tiff", shape=(300, 400), seed=seed).read_bytes()
        for number, seed in enumerate((1, 1, 2))
    )
    assert first == again
    assert first != other


def test_requests_that_make_no_sense(tmp_path):
    with pytest.raises(RequestError) as caught:
        write_phantom_slide(tmp_path / "x.tiff", defects=("coffee",))
    names = ", ".join(DEFECTS)
    assert str(caught.value) == f"defects: one is not known; give a tuple of {names}."
    with pytest.raises(RequestError, match="defects: one is not known"):
        phantom_truth(defects="ink")
    with pytest.raises(RequestError, match="shape or mpp: is out of range"):
        write_phantom_slide(tmp_path / "x.tiff", shape=(0, 5))
    assert list(tmp_path.iterdir()) == []
    assert make_phantom_tile(64, nuclei=1).rgb.shape == (64, 64, 3)
