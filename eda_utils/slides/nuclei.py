"""Nuclei of a stained picture: where they are and how large in micrometres."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ..core import RequestError, need_extra
from .properties import PLAUSIBLE_MPP
from .stains import WHITE_LEVEL, separate_stains

COLUMNS = ["row", "col", "area_um2", "diameter_um", "elongation", "angle_deg", "hematoxylin"]
LEAST_DENSITY, LEAST_CONTRAST = 0.2, 0.1  # optical density of hematoxylin in a nucleus, and over its surroundings
SMOOTH_UM, SURROUNDINGS_UM, APART_UM = 0.5, 25.0, 2.0
AREA_UM2 = (12.0, 400.0)


def count_nuclei(
    rgb: ArrayLike,
    *,
    mpp: float,
    stains: str | ArrayLike = "H&E",
    background: ArrayLike = WHITE_LEVEL,
    area_um2: tuple[float, float] = AREA_UM2,
) -> pd.DataFrame:
    """Find the nuclei of a stained picture by a watershed on its hematoxylin.

    Parameters
    ----------
    rgb : array_like of uint8
        (row, column, 3).
    mpp : float
        Microns per pixel, 0.05 to 20; about 0.25 to 1 is useful.
    stains : str or array_like
        As in `separate_stains`, hematoxylin first. Vectors from `estimate_stains` fit better.
    background : float or three of them
        Grey levels of clear glass.
    area_um2 : tuple of float
        Smallest and largest area of what is taken for a nucleus, in µm².

    Returns
    -------
    DataFrame
        One row a nucleus: ``row``, ``col`` of the centre in pixels, ``area_um2``, ``diameter_um`` (of the circle of the
        same area), ``elongation`` (longer over shorter axis), ``angle_deg`` (of the longer axis to
        the horizontal, counter-clockwise) and ``hematoxylin`` (mean optical density). Nuclei at the
        border are counted with the part that is seen.

    Raises
    ------
    RequestError
        If `rgb` is no colour picture, or `mpp` is not plausible.

    Notes
    -----
    It is made for teaching and for a first look. Nuclei that overlap or are pale are missed or merged; for research use
    a trained model such as StarDist.

    Examples
    --------
    >>> import eda_utils as eda
    >>> tile = eda.samples.make_phantom_tile(seed=2)
    >>> len(eda.slides.count_nuclei(tile.rgb, mpp=tile.mpp, stains=tile.stains))
    140
    """
    return measure_nuclei(*label_nuclei(rgb, mpp=mpp, stains=stains, background=background, area_um2=area_um2), mpp)


def label_nuclei(rgb, *, mpp, stains="H&E", background=WHITE_LEVEL, area_um2=AREA_UM2):
    """Return the number of the nucleus in each pixel, or 0, and the density of hematoxylin, both (row, column)."""
    need_extra("slides")
    from scipy.ndimage import gaussian_filter

    if mpp is None or not PLAUSIBLE_MPP[0] <= mpp <= PLAUSIBLE_MPP[1]:
        raise RequestError("mpp", "is not between 0.05 and 20 microns per pixel", "nuclei need a scale: give it")
    density = separate_stains(rgb, stains=stains, background=background)[..., 0]
    if not density.size:
        return np.zeros(density.shape, np.int32), density
    smooth = gaussian_filter(density, SMOOTH_UM / mpp)
    labels = _split(_dark_spots(smooth, mpp, area_um2[0]), mpp)
    sizes = np.bincount(labels.ravel()) * mpp**2
    keep = (sizes >= area_um2[0]) & (sizes <= area_um2[1])
    keep[0] = False
    return (np.cumsum(keep) * keep).astype(np.int32)[labels], density


def _dark_spots(smooth, mpp, least_area):
    """Denser than Otsu's threshold over the tissue, and than the surroundings by a margin; holes filled."""
    from scipy.ndimage import binary_fill_holes, binary_opening, uniform_filter
    from skimage.filters import threshold_otsu

    is_tissue = smooth > LEAST_DENSITY / 4
    if is_tissue.sum() * mpp**2 < least_area:
        return np.zeros(smooth.shape, bool)
    threshold = max(threshold_otsu(smooth[is_tissue]), LEAST_DENSITY)
    surroundings = uniform_filter(smooth, max(3, round(SURROUNDINGS_UM / mpp)))
    spots = (smooth > threshold) & (smooth > surroundings + LEAST_CONTRAST)
    return binary_fill_holes(binary_opening(spots, iterations=max(1, round(0.5 / mpp))))


def _split(spots, mpp):
    """Watershed on the distance to the border, from its peaks that are at least 2 µm deep and apart."""
    from scipy.ndimage import distance_transform_edt, gaussian_filter, label
    from skimage.feature import peak_local_max
    from skimage.segmentation import watershed

    distance = gaussian_filter(distance_transform_edt(spots), 1.0 / mpp)
    apart = max(1, round(APART_UM / mpp))
    peaks = peak_local_max(distance, min_distance=apart, labels=label(spots)[0], exclude_border=False)
    markers = np.zeros(spots.shape, np.int32)
    markers[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
    return watershed(-distance, markers, mask=spots)


def measure_nuclei(labels, density, mpp):
    """Table of the labelled nuclei, numbered from 1 in the order of their labels."""
    need_extra("slides")
    from skimage.measure import regionprops_table

    wanted = ["centroid", "area", "axis_major_length", "axis_minor_length", "orientation", "intensity_mean"]
    if not labels.any():
        return pd.DataFrame(columns=COLUMNS, dtype=float)
    found = regionprops_table(labels, density, properties=wanted)
    table = pd.DataFrame({"row": found["centroid-0"], "col": found["centroid-1"], "area_um2": found["area"] * mpp**2})
    table["diameter_um"] = 2 * np.sqrt(table["area_um2"] / np.pi)
    table["elongation"] = found["axis_major_length"] / np.maximum(found["axis_minor_length"], 1)
    table["angle_deg"] = (np.rad2deg(found["orientation"]) + 90) % 180  # theirs is to the vertical
    return table.assign(hematoxylin=found["intensity_mean"])[COLUMNS]
