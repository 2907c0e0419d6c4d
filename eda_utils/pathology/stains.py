"""From transmitted light to the amount of each stain (Beer and Lambert)."""

import numpy as np

from ..errors import RequestError

# Optical density of each stain in red, green and blue; Ruifrok and Johnston 2001
STAIN_VECTORS = {
    "H&E": {"hematoxylin": (0.650, 0.704, 0.286), "eosin": (0.072, 0.990, 0.105)},
    "H-DAB": {"hematoxylin": (0.650, 0.704, 0.286), "DAB": (0.268, 0.570, 0.776)},
}
WHITE_LEVEL = 255.0


def optical_density(rgb):
    """Return how much light each pixel absorbs, as -log10(I / I0) with I0 = 255.

    Parameters
    ----------
    rgb : array_like of uint8
        (row, column, 3).

    Returns
    -------
    numpy.ndarray of float32
        Same shape; 0 is clear glass. Black counts as level 1, so that the result stays finite.

    Examples
    --------
    >>> from eda_utils.pathology.stains import optical_density
    >>> import numpy as np
    >>> optical_density(np.array([[[255, 255, 26]]], np.uint8)).round(1).tolist()
    [[[0.0, 0.0, 1.0]]]
    """
    rgb = np.asarray(rgb)
    if rgb.ndim != 3 or rgb.shape[-1] != 3 or rgb.dtype != np.uint8:
        raise RequestError("rgb", "is not an array (row, column, 3) of 0 to 255", "give what read_region returns")
    table = -np.log10(np.maximum(np.arange(256), 1) / WHITE_LEVEL).astype(np.float32)
    return np.abs(table)[rgb]


def separate_stains(rgb, *, stains="H&E"):
    """Split a stained picture into the optical density that each stain contributes.

    Parameters
    ----------
    rgb : array_like of uint8
        (row, column, 3).
    stains : {"H&E", "H-DAB"} or array_like
        Or two stain vectors of your own, (2, 3), in optical density.

    Returns
    -------
    numpy.ndarray of float32
        (row, column, 3): first stain, second stain and what neither explains. Values can be slightly negative, where
        the picture is brighter than the model allows; nothing is clipped, so that the separation can be undone.

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
    >>> eda.separate_stains(np.full((2, 2, 3), 255, np.uint8)).max()
    np.float32(0.0)
    """
    densities = optical_density(rgb)
    return (densities @ np.linalg.inv(stain_matrix(stains))).astype(np.float32)


def stain_matrix(stains="H&E"):
    """Return the two stain vectors and their cross product as unit rows, (3, 3)."""
    if isinstance(stains, str) and stains not in STAIN_VECTORS:
        raise RequestError("stains", "is not known", f"choose from {', '.join(STAIN_VECTORS)}, or give two vectors")
    vectors = list(STAIN_VECTORS[stains].values()) if isinstance(stains, str) else stains
    first, second = (np.asarray(vector, dtype=float) / np.linalg.norm(vector) for vector in vectors)
    residual = np.cross(first, second)
    if np.linalg.norm(residual) < 1e-6:
        raise RequestError("stains", "the two vectors point the same way", "give two different stains")
    return np.array([first, second, residual / np.linalg.norm(residual)])
