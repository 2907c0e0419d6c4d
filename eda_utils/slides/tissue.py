"""Where tissue is on a slide, where ink is, and where tiles can be cut."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numba import njit
from numpy.typing import ArrayLike

from ..core import RequestError, need_extra
from .slide import Slide
from .stains import estimate_background, optical_density

MOST_SIDE = 4096  # of an overview: a slide of 30 mm at 8 µm per pixel has 3,750
UNKNOWN_SIDE = 1024  # of an overview where nobody knows how large a pixel is
BRIGHTEST = 99.0  # percentile that stands for glass where there is too little of it
TISSUE_COLOR = 0.035  # optical density by which the channels differ at least
DARK_GREY = 0.8  # optical density: so dark without colour is a black pen
INK_SURE, INK_MAYBE, RED_OVER_GREEN = 0.15, 0.1, 0.9
SMALLEST_TISSUE, SMALLEST_HOLE, SMALLEST_INK = 0.01, 0.001, 0.004  # mm²
UNKNOWN_SMALLEST = 1e-4  # share of the overview


@dataclass(frozen=True)
class Mask:
    """Which parts of a slide are meant, at a low resolution: what `tissue_mask` and `ink_mask` return.

    Attributes
    ----------
    pixels : numpy.ndarray of bool
        (row, column), of the whole slide.
    um_per_px : tuple of float or None
        Microns per pixel of the mask, row then column; None where the slide does not say how large a pixel is.
    downsample : tuple of float
        Level-0 pixels for a pixel of the mask, row then column.
    """

    pixels: np.ndarray
    um_per_px: tuple[float, float] | None
    downsample: tuple[float, float]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """Return the pixels as an array."""
        return np.array(self.pixels, dtype=dtype, copy=copy)

    def __repr__(self):
        area = f"{self.area_mm2:.3g} mm²" if self.um_per_px else "no spacing"
        return "<Mask {:,} × {:,}, {:.1%}, {}>".format(*self.pixels.shape, self.share, area)

    @property
    def share(self) -> float:
        """Share of the slide, 0 to 1."""
        return float(self.pixels.mean())

    @property
    def area_mm2(self) -> float | None:
        """Area in mm², None where the slide does not say how large a pixel is."""
        return float(self.pixels.sum() * np.prod(self.um_per_px) / 1e6) if self.um_per_px else None

    def share_of(self, row: ArrayLike, col: ArrayLike, height: ArrayLike, width: ArrayLike) -> np.ndarray:
        """Return which share of rectangles of level-0 pixels is meant; arguments may be arrays."""
        sums = np.pad(np.cumsum(np.cumsum(self.pixels, axis=0, dtype=float), axis=1), ((1, 0), (1, 0)))
        top, left = (np.asarray(start) / down for start, down in zip((row, col), self.downsample, strict=True))
        high, wide = (np.asarray(size) / down for size, down in zip((height, width), self.downsample, strict=True))
        bottom, right = top + high, left + wide
        found = _at(sums, bottom, right) - _at(sums, top, right) - _at(sums, bottom, left) + _at(sums, top, left)
        return np.clip(found / ((bottom - top) * (right - left)), 0, 1)


def _at(sums, y, x):
    """A table of sums between its own rows and columns."""
    y, x = (np.clip(at, 0, side - 1) for at, side in zip((y, x), sums.shape, strict=True))
    top, left = (np.minimum(at.astype(int), side - 2) for at, side in zip((y, x), sums.shape, strict=True))
    down, right = y - top, x - left
    upper = sums[top, left] * (1 - right) + sums[top, left + 1] * right
    lower = sums[top + 1, left] * (1 - right) + sums[top + 1, left + 1] * right
    return upper * (1 - down) + lower * down


class Overview(NamedTuple):
    """A whole slide at low resolution, and what it takes away of the light of its own glass.

    Attributes
    ----------
    rgb : numpy.ndarray of uint8
        (row, column, 3).
    um_per_px, downsample : tuple of float
        As in `Mask`.
    light : numpy.ndarray of float
        Grey levels of clear glass.
    color : numpy.ndarray of float32
        (row, column): optical density of the most absorbed channel less that of the least.
    grey : numpy.ndarray of float32
        (row, column): optical density that all three channels have.
    pen : numpy.ndarray of float32
        (row, column): how much more red is taken away than hematoxylin, eosin or DAB would for their green.
    """

    rgb: np.ndarray
    um_per_px: tuple[float, float] | None
    downsample: tuple[float, float]
    light: np.ndarray
    color: np.ndarray
    grey: np.ndarray
    pen: np.ndarray


def read_overview(slide: Slide, um_per_px: float = 8.0) -> Overview:
    """Return the whole slide at about so many microns per pixel.

    Parameters
    ----------
    slide : Slide
    um_per_px : float
        Of a slide that does not say how large its pixels are, the longer side gets 1,024 pixels instead. The result is
        coarser on a slide of which a side would exceed 4,096 pixels.

    Returns
    -------
    Overview

    Raises
    ------
    RequestError
        If `um_per_px` is not above 0.
    """
    if not um_per_px > 0:
        raise RequestError("um_per_px", "microns per pixel are above 0", "try um_per_px=8")
    side = round(max(slide.shape) * slide.mpp / um_per_px) if slide.mpp else UNKNOWN_SIDE
    rgb = slide.thumbnail(int(np.clip(side, 1, MOST_SIDE))).pixels
    down = tuple(full / small for full, small in zip(slide.shape, rgb.shape, strict=False))
    light = _light(rgb)
    planes = np.empty((3, *rgb.shape[:2]), np.float32)
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[:, None, None], 3, axis=2)
    _absorb(np.ascontiguousarray(rgb), optical_density(ramp, background=light)[:, 0].T, planes)
    return Overview(rgb, slide.mpp and tuple(side * slide.mpp for side in down), down, light, *planes)


@njit(cache=True, nogil=True)
def _absorb(rgb, tables, planes):
    for row in range(rgb.shape[0]):
        for column in range(rgb.shape[1]):
            red, green = tables[0, rgb[row, column, 0]], tables[1, rgb[row, column, 1]]
            blue = tables[2, rgb[row, column, 2]]
            least = min(red, green, blue)
            planes[0, row, column] = max(red, green, blue) - least
            planes[1, row, column] = least
            planes[2, row, column] = red - RED_OVER_GREEN * green


def _light(rgb):
    """Of a picture full of tissue, the brightest percent of each channel."""
    try:
        return estimate_background(rgb)
    except RequestError:
        return np.maximum(np.percentile(rgb.reshape(-1, 3), BRIGHTEST, axis=0), 1.0)


def tissue_mask(slide: Slide, *, um_per_px: float = 8.0) -> Mask:
    """Find the tissue of a slide, without ink: what takes away some colours of the light more than others.

    Parameters
    ----------
    slide : Slide
    um_per_px : float
        Resolution of the mask.

    Returns
    -------
    Mask
        Pieces smaller than 0.01 mm² are left out. Grey dust, shadows, the edge of the coverslip and bubbles have no
        colour and are no tissue; neither is what nobody stained.

    Raises
    ------
    DecodeError
        If the slide is damaged.

    Examples
    --------
    >>> import eda_utils as eda
    >>> with eda.open_slide("data/samples/pathology/CMU-1-Small-Region.svs") as slide:
    ...     eda.slides.tissue_mask(slide).pixels.shape
    (185, 138)
    """
    return masks_of(read_overview(slide, um_per_px))[0]


def ink_mask(slide: Slide, *, um_per_px: float = 8.0) -> Mask:
    """Find pen marks: colours that no stain of tissue has.

    Parameters
    ----------
    slide : Slide
    um_per_px : float
        Resolution of the mask.

    Returns
    -------
    Mask
        Green, blue and black pens. A red one looks like a strong eosin and is not told.

    Raises
    ------
    DecodeError
        If the slide is damaged.

    Examples
    --------
    >>> import eda_utils as eda
    >>> with eda.open_slide("data/samples/pathology/CMU-1-Small-Region.svs") as slide:
    ...     eda.slides.ink_mask(slide).share < 0.01
    True
    """
    return masks_of(read_overview(slide, um_per_px))[1]


def masks_of(view: Overview) -> tuple[Mask, Mask]:
    """Return tissue and ink of an `Overview`, as two `Mask`."""
    need_extra("slides")
    from scipy.ndimage import binary_dilation

    ink = _find_ink(view)
    tissue = _without_small((view.color > TISSUE_COLOR) & ~ink, SMALLEST_TISSUE, view.um_per_px)
    if ink.any():
        ink |= binary_dilation(ink) & tissue  # a pixel that is half pen and half tissue is not fit to be measured
    holes = _without_small(~tissue & ~ink, SMALLEST_HOLE, view.um_per_px)
    return tuple(Mask(mask, view.um_per_px, view.downsample) for mask in (~(holes | ink), ink))


def _find_ink(view):
    """Hematoxylin, eosin and DAB take away as much green as red or more, pens do not; amounts add up over tissue."""
    from skimage.filters import apply_hysteresis_threshold

    black = (view.grey > DARK_GREY) & (view.color < DARK_GREY / 4)
    sure = (view.pen > INK_SURE) | black
    if not sure.any():
        return sure
    ink = apply_hysteresis_threshold(np.maximum(view.pen, black), INK_MAYBE, INK_SURE)
    return _without_small(ink, SMALLEST_INK, view.um_per_px)


def _without_small(mask, smallest_mm2, um_per_px):
    from skimage.morphology import remove_small_objects

    share = smallest_mm2 * 1e6 / np.prod(um_per_px) if um_per_px else UNKNOWN_SMALLEST * mask.size
    return remove_small_objects(mask, max_size=max(1, int(share)))


def tile_grid(
    slide: Slide,
    *,
    size: int = 256,
    mpp: float = 0.5,
    min_tissue: float = 0.5,
    mask: Mask | None = None,
    ink: Mask | None = None,
) -> pd.DataFrame:
    """List the places of a slide where tiles of tissue can be cut.

    Parameters
    ----------
    slide : Slide
    size : int
        Side of a tile in pixels of the resolution asked for.
    mpp : float
        Microns per pixel of the tiles; of a slide that does not say, level 0 is taken as it is.
    min_tissue : float
        Least share of tissue, 0 to 1; 0 lists all places.
    mask, ink : Mask, optional
        From `tissue_mask` and `ink_mask`, or your own.

    Returns
    -------
    DataFrame
        ``row`` and ``col`` of the upper left corner in level-0 pixels, ``size`` and ``mpp`` as `Slide.read_region`
        takes them (mpp missing: level 0), ``tissue`` and ``ink``: shares of the tile. Only whole tiles.

    Raises
    ------
    RequestError
        If size or resolution are out of range.

    Examples
    --------
    >>> import eda_utils as eda
    >>> with eda.open_slide("data/samples/pathology/CMU-1-Small-Region.svs") as slide:
    ...     grid = eda.slides.tile_grid(slide, min_tissue=0)
    >>> len(grid), grid.columns.tolist()
    (88, ['row', 'col', 'size', 'mpp', 'tissue', 'ink'])
    """
    if size < 1 or not mpp > 0:
        raise RequestError("size or mpp", "is not above 0", "try size=256, mpp=0.5")
    step = size * mpp / slide.mpp if slide.mpp else size
    if mask is None or ink is None:
        found = masks_of(read_overview(slide))
        mask, ink = mask or found[0], ink or found[1]
    corners = [np.arange(int(full / step + 1e-9)) * step for full in slide.shape]
    row, col = (grid.ravel() for grid in np.meshgrid(*corners, indexing="ij"))
    shares = [each.share_of(row, col, step, step) for each in (mask, ink)]
    places = np.rint([row, col]).astype(int)
    table = pd.DataFrame({"row": places[0], "col": places[1], "size": size, "mpp": mpp if slide.mpp else np.nan})
    table["tissue"], table["ink"] = shares
    return table[table["tissue"] >= min_tissue].reset_index(drop=True)
