"""Stain separation: inverse of Beer and Lambert on known mixtures, and equal to scikit-image where that applies."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.color import rgb_from_hed
from skimage.color import separate_stains as skimage_separate

from eda_utils import load_image, separate_stains
from eda_utils.errors import RequestError
from eda_utils.pathology.stains import STAIN_VECTORS, optical_density, stain_matrix


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
    with pytest.raises(RequestError, match="stains: is not known; choose from H&E, H-DAB, or give two vectors"):
        separate_stains(rgb, stains="PAS")
    with pytest.raises(RequestError, match="the two vectors point the same way"):
        separate_stains(rgb, stains=[(1, 1, 1), (2, 2, 2)])
