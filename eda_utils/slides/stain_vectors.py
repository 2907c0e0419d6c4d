"""Stain vectors from the picture itself, and pictures as if they were stained like another one."""

import numpy as np
from numpy.typing import ArrayLike

from ..core import RequestError, need_extra
from .stains import WHITE_LEVEL, optical_density, recombine_stains, stain_matrix

LEAST_PIXELS, MOST_PIXELS = 100, 2**20
LEAST_DENSITY = 0.25  # length of the vector of a pixel; the hue of paler ones is that of noise and JPEG
EXTREME = 1.0  # percent of the angles that are left out at both ends
STRONGEST = 99.0  # percentile that stands for the maximum of a stain
SPARSITY, ROUNDS, VAHADANE_PIXELS = 0.1, 100, 2**15  # 0.1: Vahadane's
# Macenko's own reference, from the published code; its maxima are natural logarithms
REFERENCE = ((0.5626, 0.7201, 0.4062), (0.2159, 0.8012, 0.5581))
REFERENCE_STRONGEST = np.array([1.9705, 1.0308]) / np.log(10)


def estimate_stains(
    rgb: ArrayLike,
    *,
    method: str = "macenko",
    mask: ArrayLike | None = None,
    background: ArrayLike = WHITE_LEVEL,
    least_density: float = LEAST_DENSITY,
) -> np.ndarray:
    """Find the vectors of hematoxylin and eosin in an H&E-stained picture.

    Parameters
    ----------
    rgb : array_like of uint8
        (row, column, 3). Tissue pooled over a slide is better than one tile.
    method : {"macenko", "vahadane"}
        The extreme hues in the plane that holds most of the densities; or non-negative factors with few stains a pixel,
        which withstands uneven backgrounds better and takes longer.
    mask : array_like of bool, optional
        (row, column): the pixels to use, such as tissue without ink. Ink looks like a strong stain.
    background : float or three of them
        Grey levels of clear glass.
    least_density : float
        Pixels whose optical density (length of the vector) is less are left out.

    Returns
    -------
    numpy.ndarray
        (2, 3): unit vectors of optical density in red, green and blue, hematoxylin first.

    Raises
    ------
    RequestError
        If fewer than 100 pixels are stained, or all in one hue.

    References
    ----------
    Macenko et al. 2009, A method for normalizing histology slides for quantitative analysis, ISBI, 1107-1110.
    Vahadane et al. 2016, Structure-preserving color normalization and sparse stain separation for histological images,
    IEEE Trans Med Imaging 35:1962-1971.

    Examples
    --------
    >>> import eda_utils as eda
    >>> tile = eda.samples.make_phantom_tile()
    >>> bool(abs(eda.slides.estimate_stains(tile.rgb) - tile.stains).max() < 0.07)
    True
    """
    if method not in ("macenko", "vahadane"):
        raise RequestError("method", "is not known", "choose macenko or vahadane")
    densities = _stained_pixels(rgb, mask, background, least_density)
    vectors = _extreme_hues(densities)
    if method == "vahadane":
        vectors = _sparse_factors(densities[:: -(-len(densities) // VAHADANE_PIXELS)], vectors)
    return vectors[np.argsort(-vectors[:, 0])]  # hematoxylin absorbs more red than eosin does


def _stained_pixels(rgb, mask, background, least_density):
    densities = optical_density(rgb, background=background)
    is_stained = (densities**2 @ np.ones(3, np.float32)) > least_density**2
    if mask is not None:
        if np.shape(mask) != is_stained.shape:
            raise RequestError("mask", "has not the rows and columns of the picture", "give one value for each pixel")
        is_stained &= np.asarray(mask, dtype=bool)
    found = densities.reshape(-1, 3).compress(is_stained.ravel(), axis=0).astype(float)
    if len(found) < LEAST_PIXELS:
        wrong = f"has not enough stain, {len(found)} pixels of it"
        raise RequestError("rgb", wrong, f"give tissue, at least {LEAST_PIXELS} stained pixels")
    return found[:: -(-len(found) // MOST_PIXELS)]


def _extreme_hues(densities):
    """Macenko: the plane of the two largest eigenvectors, and in it the first and last percent of the angles."""
    mean = densities.mean(axis=0)
    values, vectors = np.linalg.eigh(densities.T @ densities / len(densities) - np.outer(mean, mean))
    if values[1] < 1e-7:
        raise RequestError("rgb", "is stained in one hue only", "give vectors of your own to separate_stains")
    plane = vectors[:, 1:]
    cosine, sine = mean @ plane / np.linalg.norm(mean @ plane)
    turned = plane @ np.array([[cosine, -sine], [sine, cosine]])  # no angle is near the jump at 180 degrees
    along, across = turned.T.astype(np.float32) @ densities.T.astype(np.float32)
    ends = np.percentile(np.arctan2(across, along), [EXTREME, 100 - EXTREME])
    return (turned @ np.array([np.cos(ends), np.sin(ends)])).T


def _sparse_factors(densities, vectors):
    """Vahadane: least squares with a price on each amount; for two stains the amounts follow without iteration."""
    vectors = np.maximum(vectors, 0) / np.linalg.norm(np.maximum(vectors, 0), axis=1, keepdims=True)
    for _ in range(ROUNDS):
        before, amounts = vectors, _sparse_amounts(densities, vectors)
        gram, pull = amounts.T @ amounts + 1e-9 * np.eye(2), amounts.T @ densities
        for own in (0, 1):  # one vector at a time, never longer than 1: each step lowers the sum that is minimised
            step = vectors[own] + (pull[own] - gram[own] @ vectors) / gram[own, own]
            step = np.maximum(step, 0)
            vectors = np.where(np.arange(2)[:, None] == own, step / max(np.linalg.norm(step), 1), vectors)
        if np.abs(vectors - before).max() < 1e-6:
            break
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)


def _sparse_amounts(densities, vectors, price=SPARSITY):
    """Minimum of |density - amounts @ vectors|² / 2 + price × sum(amounts) with no amount below 0, for unit vectors."""
    pull = densities @ vectors.T - price
    amounts = pull @ np.linalg.inv(vectors @ vectors.T + 1e-9 * np.eye(2))
    first, second = amounts.T < 0
    amounts[first] = np.column_stack([np.zeros(first.sum()), pull[first, 1]])
    amounts[second & ~first] = np.column_stack([pull[second & ~first, 0], np.zeros((second & ~first).sum())])
    return np.maximum(amounts, 0)


def normalize_stains(
    rgb: ArrayLike,
    *,
    method: str = "macenko",
    target: ArrayLike | None = None,
    stains: ArrayLike | None = None,
    mask: ArrayLike | None = None,
    background: ArrayLike = WHITE_LEVEL,
) -> np.ndarray:
    """Give a picture the colours of another one, so that slides of two laboratories can be compared.

    Parameters
    ----------
    rgb : array_like of uint8
        (row, column, 3).
    method : {"macenko", "vahadane", "reinhard"}
        The first two exchange the stain vectors and scale the amounts; the third matches mean and spread in CIELAB,
        whatever the colours come from, and changes glass too.
    target : array_like of uint8, optional
        Picture to resemble; by default the reference of Macenko's published code, which "reinhard" has none of.
    stains : array_like, optional
        Vectors of `rgb` if known, such as from the whole slide: (2, 3).
    mask : array_like of bool, optional
        (row, column): the pixels to learn from, such as tissue without ink. All are changed.
    background : float or three of them
        Grey levels of clear glass in `rgb`; it is 255 in the result, and in `target` it must be.

    Returns
    -------
    numpy.ndarray of uint8
        (row, column, 3).

    Raises
    ------
    RequestError
        As `estimate_stains`.

    References
    ----------
    Macenko et al. 2009; Vahadane et al. 2016 (see `estimate_stains`). Reinhard et al. 2001, Color transfer between
    images, IEEE Comput Graph Appl 21:34-41.

    Examples
    --------
    >>> import eda_utils as eda
    >>> first, second = (eda.samples.make_phantom_tile(seed=1), eda.samples.make_phantom_tile(stains="H&E QuPath"))
    >>> bool(eda.slides.normalize_stains(first.rgb, target=second.rgb).mean() < 255)
    True
    """
    if method == "reinhard":
        return _match_lab(rgb, target, mask)
    if stains is None:
        stains = estimate_stains(rgb, method=method, mask=mask, background=background)
    amounts = _amounts(rgb, stains, background)
    wanted, strongest = REFERENCE, REFERENCE_STRONGEST
    if target is not None:
        wanted = estimate_stains(target, method=method)
        strongest = _strongest(_amounts(target, wanted, WHITE_LEVEL))
    own = _strongest(amounts if mask is None else amounts[np.asarray(mask, dtype=bool)])
    return recombine_stains(amounts * (strongest / np.maximum(own, 1e-6)), stains=wanted)


def _amounts(rgb, stains, background):
    """Least squares: what neither stain explains is left out."""
    densities = optical_density(rgb, background=background)
    return densities @ np.linalg.pinv(stain_matrix(stains)[:2]).astype(np.float32)


def _strongest(amounts):
    return np.percentile(amounts.reshape(-1, 2), STRONGEST, axis=0)


def _match_lab(rgb, target, mask):
    need_extra("slides")
    from skimage.color import lab2rgb, rgb2lab

    optical_density(rgb)  # says what is wrong with it
    if target is None:
        raise RequestError("target", "is missing", "reinhard needs a picture to resemble")
    lab, wanted = rgb2lab(rgb), rgb2lab(target).reshape(-1, 3)
    learned = (lab if mask is None else lab[np.asarray(mask, dtype=bool)]).reshape(-1, 3)
    if not len(learned):
        raise RequestError("mask", "leaves no pixel", "give tissue")
    spread = wanted.std(axis=0) / np.maximum(learned.std(axis=0), 1e-6)
    return np.rint(lab2rgb((lab - learned.mean(axis=0)) * spread + wanted.mean(axis=0)) * 255).astype(np.uint8)
