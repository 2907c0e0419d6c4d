"""Nuclei of the phantom: all of them, where they are, as large as they are; and no nuclei where there are none."""

import numpy as np
import pytest
from scipy.spatial import cKDTree

from eda_utils import open_slide
from eda_utils.core.errors import RequestError
from eda_utils.samples import make_phantom_tile
from eda_utils.slides import count_nuclei, estimate_background, estimate_stains
from eda_utils.slides.nuclei import COLUMNS, label_nuclei, measure_nuclei

TILES = {
    "0.5": {},
    "0.25": {"mpp": 0.25, "side": 1024},
    "0.8": {"mpp": 0.8, "side": 320},
    "1": {"mpp": 1, "side": 256},
    "Ruifrok": {"stains": "H&E"},
    "QuPath": {"stains": "H&E QuPath"},
    "yellow light": {"light": (236, 226, 190)},
    "noisy": {"noise": 4},
    "crowded": {"nuclei": 340, "seed": 8},
    "glass": {"glass": 0.3},
}


@pytest.mark.slow
@pytest.mark.parametrize("options", TILES.values(), ids=TILES)
def test_the_planted_nuclei_are_found(options):
    for seed in range(3):
        tile = make_phantom_tile(**{"seed": seed, **options})
        found = count_nuclei(tile.rgb, mpp=tile.mpp, background=tile.light)
        assert abs(len(found) - len(tile.nuclei)) <= 3
        distance, nearest = cKDTree(found[["row", "col"]]).query(tile.nuclei[["row", "col"]])
        near = distance * tile.mpp < 2
        assert near.mean() > 0.97
        matched = found.iloc[nearest[near]].reset_index(drop=True)
        truth = tile.nuclei[near].reset_index(drop=True)
        assert (matched["diameter_um"] - truth["diameter_um"]).abs().median() < 0.6
        assert np.corrcoef(matched["diameter_um"], truth["diameter_um"])[0, 1] > 0.85


def test_estimated_vectors_do_as_well():
    tile = make_phantom_tile(seed=11, light=(236, 226, 190), glass=0.2)
    background = estimate_background(tile.rgb)
    stains = estimate_stains(tile.rgb, background=background)
    found = count_nuclei(tile.rgb, mpp=0.5, stains=stains, background=background)
    assert abs(len(found) - 140) <= 3
    assert found["hematoxylin"].mean() == pytest.approx(tile.nuclei["hematoxylin"].mean(), rel=0.1)


@pytest.mark.parametrize("level", [0, 128, 245, 255])
def test_an_empty_tile_gives_an_empty_table(level):
    for shape in ((64, 64, 3), (1, 1, 3), (0, 5, 3)):
        found = count_nuclei(np.full(shape, level, np.uint8), mpp=0.5)
        assert list(found) == COLUMNS
        assert found.empty


@pytest.mark.parametrize("seed", range(4))
def test_stroma_without_nuclei_has_none(seed):
    assert count_nuclei(make_phantom_tile(nuclei=0, seed=seed).rgb, mpp=0.5).empty


@pytest.mark.slow
def test_sizes_are_in_micrometres():
    """The same tissue in pixels of half the size: the same nuclei."""
    tile = make_phantom_tile(seed=1)
    twice = tile.rgb.repeat(2, axis=0).repeat(2, axis=1)
    coarse, fine = count_nuclei(tile.rgb, mpp=0.5), count_nuclei(twice, mpp=0.25)
    assert abs(len(coarse) - len(fine)) <= 2
    assert fine["diameter_um"].median() == pytest.approx(coarse["diameter_um"].median(), rel=0.05)


def test_measures_of_an_ellipse():
    """Half axes of 20 and 10 pixels, the longer one 30 degrees above the horizontal."""
    row, col = np.indices((80, 80)) - 40.0
    along = col * np.cos(np.pi / 6) - row * np.sin(np.pi / 6)
    across = col * np.sin(np.pi / 6) + row * np.cos(np.pi / 6)
    labels = (np.hypot(along / 20, across / 10) <= 1).astype(np.int32)
    found = measure_nuclei(labels, np.full((80, 80), 0.7), 0.5).iloc[0]
    assert (found["row"], found["col"]) == pytest.approx((40, 40), abs=0.1)
    assert found["area_um2"] == pytest.approx(np.pi * 200 * 0.25, rel=0.02)
    assert found["diameter_um"] == pytest.approx(np.sqrt(200), rel=0.02)
    assert found["elongation"] == pytest.approx(2, rel=0.03)
    assert found["angle_deg"] == pytest.approx(30, abs=1)
    assert found["hematoxylin"] == pytest.approx(0.7)


def test_labels_and_table_agree():
    tile = make_phantom_tile()
    labels, density = label_nuclei(tile.rgb, mpp=0.5)
    found = count_nuclei(tile.rgb, mpp=0.5)
    assert np.array_equal(np.unique(labels), np.arange(len(found) + 1))
    assert found["hematoxylin"].iloc[4] == pytest.approx(density[labels == 5].mean(), rel=1e-4)


@pytest.mark.slow
def test_real_tissue_is_plausible(samples):
    """Epithelium and dermis at 20x: a few thousand a square millimetre, most of 4 to 10 µm."""
    with open_slide(next((samples / "pathology").glob("*.svs"))) as slide:
        for row, col in ((700, 900), (1100, 800), (2300, 900)):
            rgb = slide.read_region(row, col, 512, 512)
            found = count_nuclei(rgb, mpp=slide.mpp, background=244)
            per_mm2 = len(found) / (512 * 512 * slide.mpp**2 / 1e6)
            assert 1000 < per_mm2 < 6000
            assert 4 < found["diameter_um"].median() < 8
            inside, outside = (
                rgb[mask].mean() for mask in (label_nuclei(rgb, mpp=slide.mpp)[0] > 0, rgb[..., 0] < 999)
            )
            assert inside < outside - 40
        assert count_nuclei(slide.read_region(0, 400, 300, 200), mpp=slide.mpp).empty


@pytest.mark.parametrize("mpp", [None, 0, -1, 352.78, float("nan")])
def test_a_scale_is_needed(mpp):
    with pytest.raises(RequestError) as caught:
        count_nuclei(np.zeros((8, 8, 3), np.uint8), mpp=mpp)
    assert str(caught.value) == "mpp: is not between 0.05 and 20 microns per pixel; nuclei need a scale: give it."
