"""From transmitted light to the amount of each stain (Beer and Lambert)."""

from functools import reduce

import numpy as np
from numpy.typing import ArrayLike

from ..core import RequestError

# Optical density of each stain in red, green and blue; Ruifrok and Johnston 2001, and the defaults of QuPath
STAIN_VECTORS = {
    "H&E": {"hematoxylin": (0.650, 0.704, 0.286), "eosin": (0.072, 0.990, 0.105)},
    "H-DAB": {"hematoxylin": (0.650, 0.704, 0.286), "DAB": (0.268, 0.570, 0.776)},
    "H&E QuPath": {"hematoxylin": (0.65111, 0.70119, 0.29049), "eosin": (0.2159, 0.8012, 0.5581)},
    "H-DAB QuPath": {"hematoxylin": (0.65111, 0.70119, 0.29049), "DAB": (0.26917, 0.56824, 0.77759)},
}
WHITE_LEVEL = 255.0
DARKEST_GLASS, MOST_CAST, NEAR_PEAK = 150, 60, 6  # grey levels, of each channel
LEAST_GLASS, MOST_GLASS = 0.002, 2**18  # share of a picture; pixels that are looked at


def optical_density(rgb: ArrayLike, *, background: ArrayLike = WHITE_LEVEL) -> np.ndarray:
    """Return how much light each pixel absorbs, as -log10(I / I0).

    Parameters
    ----------
    rgb : array_like of uint8
        (row, column, 3).
    background : float or three of them
        I0, the grey levels of clear glass, such as from `estimate_background`.

    Returns
    -------
    numpy.ndarray of float32
        Same shape; 0 is clear glass, and what is brighter than it is negative. Black counts as level 1, so that the
        result stays finite.

    Examples
    --------
    >>> import eda_utils as eda
    >>> import numpy as np
    >>> eda.slides.optical_density(np.array([[[255, 255, 26]]], np.uint8)).round(1).tolist()
    [[[0.0, 0.0, 1.0]]]
    """
    rgb, background = np.asarray(rgb), np.asarray(background, dtype=float)
    if rgb.ndim != 3 or rgb.shape[-1] != 3 or rgb.dtype != np.uint8:
        raise RequestError("rgb", "is not an array (row, column, 3) of 0 to 255", "give what read_region returns")
    if background.shape not in ((), (3,)) or not ((background >= 1) & (background <= 255)).all():
        raise RequestError("background", "is not one or three grey levels of 1 to 255", "see estimate_background")
    levels = np.log10(np.maximum(np.arange(256), 1))[:, None]
    tables = (np.log10(background) - levels + 0.0).astype(np.float32)  # 256 logarithms instead of millions
    if tables.shape[1] == 1:
        return np.take(tables[:, 0], rgb)
    return np.stack([np.take(tables[:, channel], rgb[..., channel]) for channel in range(3)], axis=-1)


def estimate_background(rgb: ArrayLike) -> np.ndarray:
    """Return the grey levels of clear glass, I0: the most frequent bright and almost colourless value.

    Parameters
    ----------
    rgb : array_like of uint8
        (row, column, 3), such as the thumbnail of a slide.

    Returns
    -------
    numpy.ndarray
        (3,). Pure white is where nothing was scanned and does not count.

    Raises
    ------
    RequestError
        If hardly any pixel can be glass.

    Examples
    --------
    >>> import eda_utils as eda
    >>> eda.slides.estimate_background(eda.samples.make_phantom_tile(glass=0.3, nuclei=90).rgb).tolist()
    [246.0, 245.0, 243.0]
    """
    pixels = np.asarray(rgb).reshape(-1, 3)
    pixels = pixels[:: -(-len(pixels) // MOST_GLASS) or 1]
    lowest, highest = (reduce(pick, pixels.T) for pick in (np.minimum, np.maximum))
    glass = pixels[(lowest >= DARKEST_GLASS) & (highest - lowest <= MOST_CAST) & (lowest < 255)]
    if len(glass) < max(LEAST_GLASS * len(pixels), 1):
        if (lowest == 255).sum() > LEAST_GLASS * len(pixels):  # a camera for which glass is too bright
            return np.full(3, 255.0)
        raise RequestError("rgb", "shows no clear glass", "give the thumbnail of the slide, or background=255")
    peaks = [np.bincount(glass[:, channel], minlength=256).argmax() for channel in range(3)]
    return np.median(glass[(np.abs(glass.astype(int) - peaks) <= NEAR_PEAK).all(axis=1)], axis=0)


def separate_stains(
    rgb: ArrayLike, *, stains: str | ArrayLike = "H&E", background: ArrayLike = WHITE_LEVEL
) -> np.ndarray:
    """Split a stained picture into the optical density that each stain contributes.

    Parameters
    ----------
    rgb : array_like of uint8
        (row, column, 3).
    stains : {"H&E", "H-DAB", "H&E QuPath", "H-DAB QuPath"} or array_like
        Or stain vectors of your own in optical density, (2, 3) or (3, 3), such as from `estimate_stains`.
    background : float or three of them
        Grey levels of clear glass.

    Returns
    -------
    numpy.ndarray of float32
        (row, column, 3): first stain, second stain and the third, or what neither explains. Values can be slightly
        negative, where the picture is brighter than the model allows; nothing is clipped, so that the separation can be
        undone by `recombine_stains`.

    Raises
    ------
    RequestError
        If `rgb` is no colour picture or the stains are not known.

    References
    ----------
    Ruifrok and Johnston 2001, Quantification of histochemical staining by color deconvolution, Anal Quant Cytol
    Histol 23:291-299.

    Examples
    --------
    >>> import numpy as np
    >>> import eda_utils as eda
    >>> eda.slides.separate_stains(np.full((2, 2, 3), 255, np.uint8)).max()
    np.float32(0.0)
    """
    densities = optical_density(rgb, background=background)
    unmixing = np.linalg.inv(stain_matrix(stains)).astype(np.float32)
    return (densities.reshape(-1, 3) @ unmixing).reshape(densities.shape)


def recombine_stains(
    densities: ArrayLike, *, stains: str | ArrayLike = "H&E", background: ArrayLike = WHITE_LEVEL
) -> np.ndarray:
    """Make the picture again of which `separate_stains` gave the densities, or of some of them.

    Parameters
    ----------
    densities : array_like
        (row, column, 3) as from `separate_stains`, or (row, column, 2): then nothing is left over.
    stains : str or array_like
        As in `separate_stains`; other vectors than those of the separation give the picture other colours.
    background : float or three of them
        Grey levels of clear glass.

    Returns
    -------
    numpy.ndarray of uint8
        (row, column, 3) in RGB.

    Examples
    --------
    >>> import eda_utils as eda
    >>> rgb = eda.samples.make_phantom_tile().rgb
    >>> bool((eda.slides.recombine_stains(eda.slides.separate_stains(rgb)) == rgb).all())
    True
    """
    densities = np.asarray(densities, dtype=np.float32)
    vectors = stain_matrix(stains)[: densities.shape[-1]].astype(np.float32)
    light = densities.reshape(-1, vectors.shape[0]) @ vectors
    rgb = np.float32(background) * np.exp(light * np.float32(-np.log(10)))
    return np.clip(np.rint(rgb), 0, 255).astype(np.uint8).reshape(*densities.shape[:-1], 3)


def stain_matrix(stains: str | ArrayLike = "H&E") -> np.ndarray:
    """Return the stain vectors as unit rows, (3, 3): two and their cross product, or three."""
    if isinstance(stains, str) and stains not in STAIN_VECTORS:
        raise RequestError("stains", "is not known", f"choose from {', '.join(STAIN_VECTORS)}, or give two vectors")
    vectors = np.array(list(STAIN_VECTORS[stains].values()) if isinstance(stains, str) else stains, dtype=float)
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    if vectors.shape not in ((2, 3), (3, 3)) or not (np.isfinite(lengths) & (lengths > 0)).all():
        raise RequestError("stains", "are not two or three vectors of red, green and blue", "give (2, 3) numbers")
    vectors = vectors / lengths
    if len(vectors) == 2:
        residual = np.cross(*vectors)
        vectors = np.vstack([vectors, residual / max(np.linalg.norm(residual), 1e-12)])
    if abs(np.linalg.det(vectors)) < 1e-6:
        raise RequestError("stains", "two vectors point the same way, or all three lie in a plane", "give other stains")
    return vectors
