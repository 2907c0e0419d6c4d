"""Stain separation: inverse of Beer and Lambert on known mixtures, and equal to scikit-image where that applies."""

import math

import numpy as np
import pytest
from hypothesis import given, strategies as st
from skimage.color import rgb_from_hed, separate_stains as skimage_separate

from eda_utils import load_image
from eda_utils.core.errors import RequestError
from eda_utils.samples import make_phantom_tile
from eda_utils.slides import estimate_background, recombine_stains, separate_stains
from eda_utils.slides.stains import STAIN_VECTORS, optical_density, stain_matrix


@given(st.floats(0, 1), st.floats(0, 1), st.sampled_from(list(STAIN_VECTORS)))
def test_known_mixture_is_found_again(first, second, stains):
    density = np.array([first, second, 0]) @ stain_matrix(stains)
    rgb = np.round(255 * 10**-density).astype(np.uint8).reshape(1, 1, 3)
    found = separate_stains(np.maximum(rgb, 1), stains=stains).ravel()
    if rgb.min() > 30:  # darker, and a grey level is a large step of density
        assert found[:2] == pytest.approx([first, second], abs=0.03)


def test_matrix_rows_are_unit_and_the_third_is_orthogonal():
    matrix = stain_matrix("H&E")
    assert np.linalg.norm(matrix, axis=1) == pytest.approx([1, 1, 1])
    assert matrix[2] @ matrix[:2].T == pytest.approx([0, 0])


def test_separation_can_be_undone(samples):
    rgb = np.asarray(load_image(samples / "pathology" / "ihc_colon.png"))
    densities = separate_stains(rgb, stains="H-DAB") @ stain_matrix("H-DAB").astype(np.float32)
    again = np.round(255 * 10**-densities)
    assert np.abs(again - np.maximum(rgb, 1)).max() <= 1


@pytest.mark.slow
def test_h_dab_with_the_vectors_of_qupath_is_a_plain_computation(samples):
    """Without numpy's linear algebra: Cramer's rule and math.log10, a pixel at a time."""
    rgb = np.asarray(load_image(samples / "pathology" / "ihc_colon.png"))
    first, second = ((0.65111, 0.70119, 0.29049), (0.26917, 0.56824, 0.77759))
    first, second = ([value / math.hypot(*vector) for value in vector] for vector in (first, second))
    residual = [first[i - 2] * second[i - 1] - first[i - 1] * second[i - 2] for i in range(3)]
    third = [value / math.hypot(*residual) for value in residual]

    def triple(a, b, c):
        return sum(a[i] * (b[i - 2] * c[i - 1] - b[i - 1] * c[i - 2]) for i in range(3))

    whole, found = triple(first, second, third), separate_stains(rgb, stains="H-DAB QuPath")
    colors, first_seen = np.unique(rgb.reshape(-1, 3), axis=0, return_index=True)
    for color, amount_found in zip(colors.tolist(), found.reshape(-1, 3)[first_seen].tolist(), strict=True):
        density = [-math.log10(max(level, 1) / 255) for level in color]
        amounts = triple(density, second, third), triple(first, density, third), triple(first, second, density)
        expected = [amount / whole for amount in amounts]
        assert max(map(abs, np.subtract(amount_found, expected))) < 1e-6


vectors = st.lists(st.tuples(*[st.floats(0.01, 1)] * 3), min_size=2, max_size=3)
levels = st.tuples(*[st.floats(120, 255)] * 3) | st.floats(120, 255)


@given(vectors, levels, st.integers(0, 2**32 - 1))
def test_separation_and_recombination_are_inverse(stains, background, seed):
    unit = np.array([np.divide(vector, np.linalg.norm(vector)) for vector in stains])
    if np.linalg.svd(unit)[1][-1] < 0.02:
        return  # nearly the same hue: amounts without bound
    rgb = np.random.default_rng(seed).integers(1, 256, (3, 4, 3)).astype(np.uint8)
    separated = separate_stains(rgb, stains=stains, background=background)
    assert np.array_equal(recombine_stains(separated, stains=stains, background=background), rgb)


def test_three_stains_of_a_phantom_are_told_apart():
    stains = [(0.65, 0.70, 0.29), (0.07, 0.99, 0.11), (0.27, 0.57, 0.78)]
    amounts = np.random.default_rng(0).uniform(0, 0.7, (50, 50, 3))
    rgb = recombine_stains(amounts, stains=stains)
    assert np.abs(separate_stains(rgb, stains=stains) - amounts).max() < 0.05


def test_the_amounts_of_the_phantom_are_found():
    tile = make_phantom_tile(noise=0)
    found = separate_stains(tile.rgb, stains=tile.stains, background=tile.light)
    bright = tile.rgb.min(axis=-1) > 40
    assert np.abs(found[..., :2] - tile.concentrations)[bright].max() < 0.04
    assert np.abs(found[..., 2])[bright].max() < 0.02


@pytest.mark.parametrize("light", [(246, 245, 243), (236, 226, 190), (255, 255, 255), (200, 210, 205)])
def test_background_is_the_light_of_the_phantom(light):
    tile = make_phantom_tile(glass=0.2, nuclei=60, light=light, seed=2)
    assert estimate_background(tile.rgb) == pytest.approx(light, abs=1)


def test_background_of_the_slide_is_its_glass(samples):
    from eda_utils import open_slide

    with open_slide(next((samples / "pathology").glob("*.svs"))) as slide:
        assert np.abs(estimate_background(slide.thumbnail().pixels) - 244).max() < 4


@pytest.mark.parametrize("rgb", [np.zeros((9, 9, 3), np.uint8), np.zeros((0, 0, 3), np.uint8)])
def test_there_is_no_background_without_glass(rgb):
    with pytest.raises(RequestError) as caught:
        estimate_background(rgb)
    expected = "rgb: shows no clear glass; give the thumbnail of the slide, or background=255."
    assert str(caught.value) == expected


@pytest.mark.parametrize("background", [0, (255, 255), 300, (255, 255, np.nan)])
def test_wrong_backgrounds(background):
    with pytest.raises(RequestError, match="background: is not one or three grey levels of 1 to 255"):
        separate_stains(np.zeros((2, 2, 3), np.uint8), background=background)


def test_equals_scikit_image_but_for_its_scale_and_clipping(samples):
    """scikit-image divides by log(1e-6) and clips; its own matrix is used on both sides, and black left out."""
    rgb = np.asarray(load_image(samples / "pathology" / "ihc_colon.png"))
    theirs = skimage_separate(rgb, np.linalg.inv(rgb_from_hed)) * 6
    ours = np.maximum(optical_density(rgb) @ np.linalg.inv(rgb_from_hed), 0)
    assert np.abs(theirs - ours)[rgb.min(axis=-1) > 0].max() < 1e-5


def test_glass_has_no_density_and_black_stays_finite():
    assert (separate_stains(np.full((2, 2, 3), 255, np.uint8)) == 0).all()
    assert np.isfinite(separate_stains(np.zeros((2, 2, 3), np.uint8))).all()


@pytest.mark.parametrize("rgb", [np.zeros((2, 2), np.uint8), np.zeros((2, 2, 4), np.uint8), np.zeros((2, 2, 3))])
def test_wrong_arrays(rgb):
    with pytest.raises(RequestError) as caught:
        separate_stains(rgb)
    expected = "rgb: is not an array (row, column, 3) of 0 to 255; give what read_region returns."
    assert str(caught.value) == expected


def test_wrong_stains():
    rgb = np.zeros((2, 2, 3), np.uint8)
    with pytest.raises(RequestError, match=r"stains: is not known; choose from H&E, H-DAB, .* or give two vectors"):
        separate_stains(rgb, stains="PAS")
    with pytest.raises(RequestError, match="two vectors point the same way"):
        separate_stains(rgb, stains=[(1, 1, 1), (2, 2, 2)])
    for stains in ([(1, 0, 0)], [(0, 0, 0), (1, 0, 0)], [(np.nan, 0, 1), (1, 0, 0)], [[1, 2], [3, 4]]):
        with pytest.raises(RequestError, match="are not two or three vectors of red, green and blue"):
            separate_stains(rgb, stains=stains)
