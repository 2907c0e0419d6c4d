"""Stain vectors: those of the phantom, those of the published steps, or a plain reason; colours that become others'."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from parts import examples

from eda_utils import open_slide
from eda_utils.core.errors import EDAError, RequestError
from eda_utils.samples import make_phantom_tile, phantom_truth, write_phantom_slide
from eda_utils.slides import estimate_background, estimate_stains, normalize_stains, separate_stains
from eda_utils.slides.stain_vectors import REFERENCE, _sparse_amounts
from eda_utils.slides.stains import optical_density

METHODS = ("macenko", "vahadane")
PHANTOMS = {
    "usual": {},
    "Ruifrok": {"stains": "H&E"},
    "QuPath": {"stains": "H&E QuPath"},
    "glass": {"glass": 0.5, "nuclei": 60},
    "fine": {"mpp": 0.25, "nuclei": 30},
    "coarse": {"mpp": 1, "side": 256, "nuclei": 60},
    "few nuclei": {"nuclei": 20},
    "yellow light": {"light": (236, 226, 190)},
}


def degrees(found, truth):
    truth = np.asarray(truth) / np.linalg.norm(truth, axis=1, keepdims=True)
    return np.rad2deg(np.arccos(np.clip((found * truth).sum(axis=1), -1, 1)))


@pytest.fixture(scope="module")
def tiles(samples):
    """Three pieces of the real slide, and one phantom."""
    with open_slide(next((samples / "pathology").glob("*.svs"))) as slide:
        real = [slide.read_region(row, col, 512, 512) for row, col in ((700, 900), (1100, 800), (2300, 900))]
    return [*real, make_phantom_tile().rgb]


@pytest.mark.slow
@pytest.mark.parametrize("options", PHANTOMS.values(), ids=PHANTOMS)
@pytest.mark.parametrize("method", METHODS)
def test_vectors_of_the_phantom_within_4_degrees(method, options):
    for seed in range(3):
        tile = make_phantom_tile(**options, seed=seed)
        found = estimate_stains(tile.rgb, method=method, background=tile.light)
        assert degrees(found, tile.stains).max() < 4
        assert np.linalg.norm(found, axis=1) == pytest.approx([1, 1])


@pytest.mark.slow
@pytest.mark.parametrize("defects", [(), ("stain",), ("cast",), ("ink",)], ids=str)
@pytest.mark.parametrize("method", METHODS)
def test_vectors_of_a_phantom_slide_within_4_degrees(tmp_path, method, defects):
    """Through JPEG, with the light taken from the glass, and ink left out."""
    options = {"shape": (2048, 3072), "seed": 4, "defects": defects}
    truth = phantom_truth(**options, um_per_px=1)
    with open_slide(write_phantom_slide(tmp_path / "slide.tiff", **options)) as slide:
        rgb = slide.read_region(0, 0, *truth.tissue.shape, mpp=1)
    mask, background = truth.tissue & ~truth.ink, estimate_background(rgb)
    assert degrees(estimate_stains(rgb, method=method, mask=mask, background=background), truth.stains).max() < 4


def published(rgb, white=255, alpha=1, beta=0.15):
    """The steps of Macenko's published code (HEnorm, MATLAB), and the pixels that it uses."""
    density = -np.log(np.maximum(rgb.reshape(-1, 3), 1) / white)
    used = ~(density < beta).any(axis=1)
    kept = density[used]
    plane = np.linalg.eigh(np.cov(kept.T))[1][:, [2, 1]]
    plane = plane * np.where(plane.mean(axis=0) < 0, -1, 1)
    angle = np.arctan2(kept @ plane[:, 1], kept @ plane[:, 0])
    ends = np.percentile(angle, [alpha, 100 - alpha])
    return sorted((np.column_stack([np.cos(ends), np.sin(ends)]) @ plane.T).tolist(), reverse=True), used


def test_macenko_is_as_published(tiles):
    for rgb in tiles:
        expected, used = published(rgb)
        found = estimate_stains(rgb, mask=used.reshape(rgb.shape[:2]), least_density=0)
        assert found == pytest.approx(np.array(expected), abs=2e-4)


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_real_tissue_is_purple_and_pink(tiles, method):
    for rgb in tiles[:3]:
        found = estimate_stains(rgb, method=method, background=244)
        assert degrees(found, REFERENCE).max() < 20
        assert found[0, 0] > found[1, 0]


@pytest.mark.parametrize("method", METHODS)
def test_ink_is_kept_out_by_a_mask(method):
    tile = make_phantom_tile()
    inked, ink = tile.rgb.copy(), np.zeros(tile.labels.shape, bool)
    ink[:, 150:300] = True
    inked[ink] = (30, 140, 70)
    assert degrees(estimate_stains(inked, method=method), tile.stains).max() > 8
    assert degrees(estimate_stains(inked, method=method, mask=~ink), tile.stains).max() < 4


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("rgb", [np.full((64, 64, 3), level, np.uint8) for level in (255, 245, 0)], ids=str)
def test_glass_and_black_have_a_plain_reason(method, rgb):
    with pytest.raises(RequestError) as caught:
        estimate_stains(rgb, method=method)
    text = str(caught.value)
    expected = {
        "rgb: has not enough stain, 0 pixels of it; give tissue, at least 100 stained pixels.",
        "rgb: is stained in one hue only; give vectors of your own to separate_stains.",
    }
    assert text in expected


@settings(max_examples=examples(40))
@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(0, 255), st.sampled_from(METHODS))
def test_no_tile_makes_it_crash(seed, side, darkest, method):
    rgb = np.random.default_rng(seed).integers(darkest, 256, (side, side, 3)).astype(np.uint8)
    try:
        found = estimate_stains(rgb, method=method)
    except EDAError:
        return
    assert np.isfinite(found).all()
    assert found.shape == (2, 3)


def test_one_hue_only():
    shade = np.linspace(0.2, 1, 400).reshape(20, 20, 1)
    rgb = np.round(255 * 10 ** -(shade * [0.6, 0.7, 0.3])).astype(np.uint8)
    try:
        found = estimate_stains(rgb)
    except RequestError:
        return
    assert degrees(found, [(0.6, 0.7, 0.3)] * 2).max() < 3


def test_sparse_amounts_are_the_minimum(tiles):
    """Against scipy's general minimiser with bounds."""
    from scipy.optimize import minimize

    vectors = np.array(REFERENCE) / np.linalg.norm(REFERENCE, axis=1, keepdims=True)
    densities = optical_density(tiles[0])[::60, ::60].reshape(-1, 3).astype(float)
    for density, found in zip(densities, _sparse_amounts(densities, vectors), strict=True):
        best = minimize(
            lambda x, d=density: ((d - x @ vectors) ** 2).sum() / 2 + 0.1 * x.sum(), [0.1, 0.1], bounds=[(0, 5)] * 2
        )
        assert found == pytest.approx(best.x, abs=2e-3)


@pytest.mark.slow
@pytest.mark.parametrize("method", [*METHODS, "reinhard"])
def test_a_picture_normalised_to_itself_stays(tiles, method):
    for rgb in tiles:
        change = np.abs(normalize_stains(rgb, method=method, target=rgb).astype(float) - rgb)
        assert np.median(change) <= 6  # what neither stain explains is lost
        assert change.mean() < 12


@pytest.mark.parametrize("method", [*METHODS, "reinhard"])
def test_a_stain_becomes_the_other(method):
    """The same tissue in other stains and another light: the colours afterwards are the target's."""
    target, other = (
        make_phantom_tile(light=(255, 255, 255)),
        make_phantom_tile(stains=[(0.5, 0.8, 0.3), (0.3, 0.8, 0.5)]),
    )
    before = np.abs(other.rgb.astype(float) - target.rgb).mean()
    found = normalize_stains(other.rgb, method=method, target=target.rgb, background=other.light)
    after = np.abs(found.astype(float) - target.rgb).mean()
    assert after < before / (1.5 if method == "reinhard" else 3)


def test_the_usual_target_is_macenkos_reference(tiles):
    for rgb in tiles[:3]:
        found = normalize_stains(rgb, background=244)
        amounts = separate_stains(found, stains=REFERENCE)
        assert np.abs(amounts[..., 2])[found.min(axis=-1) > 20].max() < 0.1
        assert np.percentile(amounts[..., 0], 99) == pytest.approx(1.9705 / np.log(10), abs=0.05)


def test_known_vectors_are_used_as_they_are():
    tile = make_phantom_tile(nuclei=0, side=64)
    found = normalize_stains(tile.rgb, stains=tile.stains, target=make_phantom_tile().rgb)
    assert found.shape == (64, 64, 3)


def test_requests_that_make_no_sense(tiles):
    with pytest.raises(RequestError) as caught:
        estimate_stains(tiles[0], method="magic")
    assert str(caught.value) == "method: is not known; choose macenko or vahadane."
    with pytest.raises(RequestError, match="mask: has not the rows and columns of the picture"):
        estimate_stains(tiles[0], mask=np.ones((3, 3)))
    with pytest.raises(RequestError, match="target: is missing; reinhard needs a picture to resemble"):
        normalize_stains(tiles[0], method="reinhard")
    with pytest.raises(RequestError, match="mask: leaves no pixel"):
        normalize_stains(tiles[0], method="reinhard", target=tiles[1], mask=np.zeros(tiles[0].shape[:2]))
    with pytest.raises(RequestError, match="method: is not known"):
        normalize_stains(tiles[0], method="magic")
