"""A drawn H&E tile of which everything is known: nuclei, amount of each stain, stain vectors and light."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ..core import RequestError, need_extra
from ..slides import stain_matrix

# Between Ruifrok's and Macenko's: neither may find them because they are its own
PHANTOM_STAINS = ((0.62, 0.70, 0.35), (0.14, 0.93, 0.34))
PHANTOM_LIGHT = (246.0, 245.0, 243.0)
DIAMETERS_UM = (6.0, 10.0)
GAP_UM = 1.5  # nuclei never touch
ELONGATION = 1.35
MOST_TRIES = 400  # for one nucleus
DENSITY = {"stroma": 0.28, "fibres": 0.10, "cytoplasm": 0.28, "nucleus": (0.65, 1.0), "eosin in nuclei": 0.06}


class PhantomTile(NamedTuple):
    """What `make_phantom_tile` returns: the picture and everything that it was made of.

    Attributes
    ----------
    rgb : numpy.ndarray of uint8
        (row, column, 3).
    nuclei : DataFrame
        One row a nucleus: ``row``, ``col`` of the centre in pixels, ``area_um2``, ``diameter_um`` (of the circle of the
        same area), ``hematoxylin`` (mean optical density).
    labels : numpy.ndarray of int32
        (row, column): 0, or the number of the nucleus, which is its row in `nuclei` plus 1.
    concentrations : numpy.ndarray of float32
        (row, column, 2): optical density of hematoxylin and of eosin.
    stains : numpy.ndarray
        (2, 3): unit vectors of hematoxylin and eosin.
    light : numpy.ndarray
        (3,): grey levels of clear glass, I0.
    mpp : float
        Microns per pixel.
    """

    rgb: np.ndarray
    nuclei: pd.DataFrame
    labels: np.ndarray
    concentrations: np.ndarray
    stains: np.ndarray
    light: np.ndarray
    mpp: float


def make_phantom_tile(
    side: int = 512,
    *,
    nuclei: int = 140,
    mpp: float = 0.5,
    seed: int = 0,
    stains: str | ArrayLike = PHANTOM_STAINS,
    light: ArrayLike = PHANTOM_LIGHT,
    glass: float = 0.0,
    noise: float = 1.0,
) -> PhantomTile:
    """Draw a tile of H&E-stained tissue by the law of Beer and Lambert, with its truth.

    Parameters
    ----------
    side : int
        Rows and columns in pixels.
    nuclei : int
        Planted nuclei, whole and apart from each other: ellipses of 6 to 10 µm (diameter of the circle of equal area).
    mpp : float
        Microns per pixel.
    seed : int
    stains : str or array_like
        Vectors of hematoxylin and eosin, as in `separate_stains`.
    light : tuple of float
        Grey levels of clear glass, red, green and blue.
    glass : float
        Share of the tile without tissue, 0 to 0.9.
    noise : float
        Standard deviation of the camera in grey levels.

    Returns
    -------
    PhantomTile

    Raises
    ------
    RequestError
        If so many nuclei do not fit, or `mpp` is not between 0.05 and 20.

    References
    ----------
    Beer-Lambert law: intensity = light × 10 ** -(concentrations @ stains), rounded to 8 bits.

    Examples
    --------
    >>> from eda_utils.samples import make_phantom_tile
    >>> tile = make_phantom_tile(seed=1)
    >>> tile.rgb.shape, len(tile.nuclei)
    ((512, 512, 3), 140)
    """
    if not 0.05 <= mpp <= 20:
        raise RequestError("mpp", "is not between 0.05 and 20 microns per pixel", "try mpp=0.5")
    rng = np.random.default_rng(seed)
    labels, truth, concentrations = draw_tissue(side, nuclei, mpp, glass, rng)
    vectors, light = stain_matrix(stains)[:2], np.asarray(light, dtype=float)
    intensity = light * 10 ** -(concentrations.astype(float) @ vectors) + rng.normal(0, noise, (side, side, 3))
    rgb = np.clip(np.rint(intensity), 0, 255).astype(np.uint8)
    truth["hematoxylin"] = _means(concentrations[..., 0], labels, len(truth))
    return PhantomTile(rgb, truth, labels, concentrations, vectors, light, mpp)


def draw_tissue(side, nuclei, mpp, glass, rng):
    """Return which nucleus each pixel belongs to, the table of nuclei, and how much there is of each stain."""
    tissue = _tissue(side, mpp, glass, rng)
    labels, truth = _place_nuclei(tissue > 0.5, nuclei, mpp, rng)
    amounts = stain_amounts(labels, truth["hematoxylin"].to_numpy(), mpp, rng)
    return labels, truth, (tissue[..., None] * amounts).astype(np.float32)


def smooth_noise(shape, sigma, rng):
    """Noise of mean 0 and standard deviation 1, smooth over `sigma` pixels, whose edges fit together."""
    field = _smooth(rng.standard_normal(shape), np.minimum(sigma, np.divide(shape, 4)))
    return (field - field.mean()) / max(field.std(), 1e-9)


def _smooth(field, sigma):
    """A Gaussian filter over edges that fit together, whose time does not grow with its width."""
    need_extra("slides")
    from scipy.fft import irfft2, rfft2
    from scipy.ndimage import fourier_gaussian

    return irfft2(fourier_gaussian(rfft2(field), sigma, n=field.shape[1]), s=field.shape)


def _tissue(side, mpp, glass, rng):
    """1 in tissue and 0 on glass, with an edge some 4 µm wide; none of it depends on where the nuclei are."""
    if not glass:
        return np.ones((side, side))
    field = smooth_noise((side, side), max(side / 10, 20 / mpp), rng)
    slope = np.abs(np.gradient(field)).mean() * 4 / mpp
    return np.clip((field - np.quantile(field, min(glass, 0.9))) / slope + 0.5, 0, 1)


def _place_nuclei(allowed, count, mpp, rng):
    """Throw ellipses until all lie whole on tissue and apart; return the labels and the table of truth."""
    labels = np.zeros(allowed.shape, np.int32)
    (rows, cols, sizes), truth = np.empty((3, count)), []
    for number in range(1, count + 1):
        for _ in range(MOST_TRIES):
            radius = rng.uniform(*DIAMETERS_UM) / 2 / mpp
            longer = radius * np.sqrt(rng.uniform(1, ELONGATION))
            centre = rng.uniform(longer, np.subtract(allowed.shape, 1 + longer))
            placed = slice(number - 1)
            apart = (rows[placed] - centre[0]) ** 2 + (cols[placed] - centre[1]) ** 2
            if (apart > (sizes[placed] + longer + GAP_UM / mpp) ** 2).all():
                where = _ellipse(centre, longer, radius**2 / longer, rng.uniform(0, np.pi))
                if allowed[where].all():
                    break
        else:
            raise RequestError("nuclei", f"only {number - 1} fit", "ask for fewer, or for a larger side")
        labels[where] = number
        rows[number - 1], cols[number - 1], sizes[number - 1] = *centre, longer
        area = np.pi * (radius * mpp) ** 2
        truth.append((*centre, area, 2 * radius * mpp, rng.uniform(*DENSITY["nucleus"])))
    return labels, pd.DataFrame(truth, columns=["row", "col", "area_um2", "diameter_um", "hematoxylin"], dtype=float)


def _ellipse(centre, longer, shorter, angle):
    """Rows and columns of the pixels of an ellipse."""
    corner = np.floor(np.subtract(centre, longer)).astype(int)
    grid = corner[:, None, None] + np.indices([int(np.ceil(2 * longer)) + 2] * 2)
    down, right = grid - np.asarray(centre)[:, None, None]
    along, across = down * np.cos(angle) + right * np.sin(angle), right * np.cos(angle) - down * np.sin(angle)
    return tuple(grid[:, np.hypot(along / longer, across / shorter) <= 1])


def stain_amounts(labels, densities, mpp, rng):
    """Optical density of hematoxylin (chromatin) and eosin (cytoplasm, fibres), (row, column, 2), edges fitting."""
    from scipy.ndimage import map_coordinates

    shape = labels.shape
    fine = _smooth((labels > 0).astype(float), 0.35 / mpp)  # the objective's own blur
    wide = _smooth((labels > 0).astype(float), 3.5 / mpp)
    amount = np.append(0, densities)[labels]
    shade = _smooth(amount, 0.35 / mpp) * (1 + 0.12 * smooth_noise(shape, 0.6 / mpp, rng))
    strands = smooth_noise(shape, (0.8 / mpp, 9 / mpp), rng)
    shift = 7 / mpp * np.stack([smooth_noise(shape, 14 / mpp, rng), smooth_noise(shape, 14 / mpp, rng)])
    fibres = map_coordinates(strands, np.indices(shape) + shift, order=1, mode="grid-wrap")
    patches = 1 + 0.2 * smooth_noise(shape, 20 / mpp, rng)
    eosin = DENSITY["stroma"] * patches + DENSITY["fibres"] * fibres + DENSITY["cytoplasm"] * wide
    eosin = np.maximum(eosin, 0.08) * (1 + 0.1 * smooth_noise(shape, 0.5 / mpp, rng))
    eosin *= 1 - fine * (1 - DENSITY["eosin in nuclei"])
    return np.maximum(np.stack([shade, eosin], axis=-1), 0)


def _means(values, labels, count):
    sizes = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    return np.bincount(labels.ravel(), values.ravel(), count + 1)[1:] / np.maximum(sizes, 1)
