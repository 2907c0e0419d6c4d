"""Defects of slides are found where they were drawn, and only there."""

import numpy as np
import pytest

import eda_utils as eda
from eda_utils.core.errors import RequestError
from eda_utils.slides.artifacts import FOCUS_TILE, OUT_OF_FOCUS, find_folds, find_lines, measure_slide
from eda_utils.slides.tissue import Mask, masks_of, read_overview

SHAPE = (4096, 6144)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawn")

    def draw(seed, *defects):
        path = folder / f"{seed}{'-'.join(defects)}.tiff"
        if not path.exists():
            eda.samples.write_phantom_slide(path, shape=SHAPE, seed=seed, defects=defects)
        return path, eda.samples.phantom_truth(shape=SHAPE, seed=seed, defects=defects)

    return draw


@pytest.mark.slow
def test_blurred_tiles_are_less_sharp_than_all_others(drawn):
    """The area under the ROC curve, and the fixed limit."""
    from scipy.stats import mannwhitneyu

    path, truth = drawn(2, "blur")
    with eda.open_slide(path) as slide:
        tiles = eda.slides.focus_map(slide, most=10_000)
    down = tuple(full / small for full, small in zip(SHAPE, truth.blur.shape, strict=True))
    places = tiles["row"].to_numpy(), tiles["col"].to_numpy(), FOCUS_TILE, FOCUS_TILE
    blurred = Mask(truth.blur, truth.um_per_px, down).share_of(*places)
    soft, sharp = (tiles["sharpness"][mask] for mask in (blurred > 0.5, blurred <= 0.5))
    assert mannwhitneyu(sharp, soft).statistic / (len(sharp) * len(soft)) > 0.99
    assert (tiles["sharpness"][blurred > 0.95] < OUT_OF_FOCUS).all()
    assert (tiles["sharpness"][blurred == 0] > OUT_OF_FOCUS).all()


def test_sharpness_of_the_real_slide_falls_with_each_blur(samples):
    from PIL import Image, ImageFilter

    from eda_utils.slides.artifacts import _sharpness

    with eda.open_slide(next((samples / "pathology").glob("*.svs"))) as slide:
        tile = Image.fromarray(slide.read_region(1700, 900, 256, 256))
        assert eda.slides.focus_map(slide)["sharpness"].min() > OUT_OF_FOCUS
    blurs = [np.asarray(tile.filter(ImageFilter.GaussianBlur(sigma))) for sigma in (0, 1, 2, 4)]
    found = [_sharpness(blurred, [1, 8]) for blurred in blurs]
    assert found == sorted(found, reverse=True)
    assert found[0] > OUT_OF_FOCUS > found[2]


def test_nothing_is_sharp_or_soft_without_structure():
    from eda_utils.slides.artifacts import _sharpness

    assert np.isnan(_sharpness(np.full((256, 256, 3), 240, np.uint8), [1, 8]))


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_folds_lie_where_they_were_drawn(drawn, seed):
    path, truth = drawn(seed, "fold")
    with eda.open_slide(path) as slide:
        view = read_overview(slide)
    found = find_folds(view, *(mask.pixels for mask in masks_of(view)))
    assert (found & truth.fold).sum() / truth.fold.sum() > 0.6
    assert (found & truth.fold).sum() / found.sum() > 0.6


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_bubble_and_an_edge(drawn, seed):
    path, truth = drawn(seed, "bubble", "edge")
    with eda.open_slide(path) as slide:
        view = read_overview(slide)
    (bubble,), (edge,) = find_lines(view, masks_of(view)[1].pixels)
    rows, columns = np.nonzero(truth.bubble)
    assert bubble == pytest.approx((rows.min(), columns.min(), rows.max() + 1, columns.max() + 1), abs=4)
    assert edge[2] - edge[0] > 0.9 * len(view.rgb)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_a_clean_slide_has_no_defect(drawn, seed):
    with eda.open_slide(drawn(seed)[0]) as slide:
        found = measure_slide(slide)
    assert found["ink_share"] == found["blurred_share"] == found["fold_share"] == found["bubbles"] == 0
    assert not found["coverslip_edge"]
    assert found["light"] == pytest.approx((246, 245, 243), abs=1)


@pytest.mark.slow
@pytest.mark.parametrize("defect", [(), ("stain",), ("cast",), ("ink",)])
def test_stain_vectors_of_a_slide(drawn, defect):
    path, truth = drawn(1, *defect)
    with eda.open_slide(path) as slide:
        row = measure_slide(slide)
    found = np.array([row["hematoxylin"], row["eosin"]])
    assert np.degrees(np.arccos(np.clip((found * truth.stains).sum(axis=1), -1, 1))).max() < 4


@pytest.mark.slow
def test_glass_is_measured_too(drawn):
    with eda.open_slide(drawn(1, "glass")[0]) as slide:
        found = measure_slide(slide)
        assert eda.slides.focus_map(slide).empty
    assert found["tissue_mm2"] == 0
    assert np.isnan(found["blurred_share"])
    assert found["hematoxylin"] is None


@pytest.mark.slow
def test_wrong_request(drawn):
    with eda.open_slide(drawn(1)[0]) as slide, pytest.raises(RequestError, match="most: at least one tile"):
        eda.slides.focus_map(slide, most=0)
