"""What spoils a slide: places out of focus, folds, bubbles, the edge of the coverslip, and light that has a colour."""

import numpy as np
import pandas as pd

from ..core import RequestError
from .slide import Slide
from .stain_vectors import estimate_stains
from .tissue import masks_of, read_overview, tile_grid

OVERVIEW_UM, OVERVIEW_SIDE = (8.0, 16.0), 1250  # µm per pixel; pixels, as far as possible
FOCUS_TILE, FOCUS_TILES = 256, 128  # pixels of level 0; tiles that are looked at
STAIN_UM, STAIN_SIDE, STAIN_DENSITY = 2.0, 32, 0.3  # means of squares outweigh noise and the halved colours of JPEG
NEAR_UM, FAR_UM, UNKNOWN_MPP = 0.5, 4.0, 0.5  # what is compared to tell sharp from soft; assumed where none is known
SQUARES, MOST_STEP = 4, 32  # along a side of a tile; pixels
OUT_OF_FOCUS = 0.05
LEAST_STRUCTURE = 20.0  # square grey levels: in less there is nothing to be sharp
FOLD_UM, LINE_UM = 200.0, 60.0  # folds and lines are narrower
FOLD_SURE, FOLD_MAYBE, FOLD_MEAN = 0.6, 0.45, 0.75  # rise above what is beside it, as a share of the usual colour
LINE_RISE = 0.2  # optical density
FOLD_LONG_UM, FOLD_ELONGATION, SMOOTH_UM = 400.0, 3.0, 16.0
NEAR_INK = 4  # pixels of the overview: where colours of pen and tissue are mixed
BUBBLE_UM, ROUND = (200.0, 6000.0), 0.6  # diameter; share of its bounding box that a disc fills (0.785)
EDGE_SHARE = 0.5  # of the side of the slide, for a line to be the edge of a coverslip


def focus_map(slide: Slide, grid: pd.DataFrame | None = None, *, most: int = FOCUS_TILES) -> pd.DataFrame:
    """Measure how sharp tissue is, tile by tile, at full resolution.

    Parameters
    ----------
    slide : Slide
    grid : DataFrame, optional
        Places from `tile_grid`, of each of which the first 256 × 256 level-0 pixels are read; by default tissue
        without ink, in tiles of that size.
    most : int
        Tiles that are read at most, evenly spread over the grid.

    Returns
    -------
    DataFrame
        The rows of the grid that were read, with ``sharpness``: mean square difference of places 0.5 µm apart, as a
        share of that of places 4 µm apart. It does not depend on contrast; sharp tissue has 0.06 to 0.3, below 0.05 it
        is out of focus; missing where there is no structure.

    Raises
    ------
    DecodeError
        If the slide is damaged there.

    References
    ----------
    B. Lahrmann et al. 2013, Semantic focusing allows fully automated single-layer slide scanning of cervical cytology
    slides, PLoS ONE 8:e61441: differences between neighbours as a measure of focus.

    Examples
    --------
    >>> import eda_utils as eda
    >>> with eda.open_slide("data/samples/pathology/CMU-1-Small-Region.svs") as slide:
    ...     bool(eda.slides.focus_map(slide)["sharpness"].median() > 0.1)
    True
    """
    if grid is None:
        grid = tile_grid(slide, size=FOCUS_TILE, mpp=slide.mpp or UNKNOWN_MPP)
        grid = grid[grid["ink"] == 0]
    if most < 1:
        raise RequestError("most", "at least one tile has to be read", "try most=256")
    chosen, steps = _spread(grid, most), _steps(slide)
    return chosen.assign(sharpness=[_sharpness(tile, steps) for tile in _read_tiles(slide, chosen)])


def _spread(grid, most):
    return grid.iloc[np.unique(np.linspace(0, len(grid) - 1, min(most, len(grid))).round().astype(int))]


def _read_tiles(slide, grid):
    for row, col in grid[["row", "col"]].to_numpy():
        yield slide.read_region(row, col, FOCUS_TILE, FOCUS_TILE)


def _steps(slide):
    return [int(np.clip(round(um / (slide.mpp or UNKNOWN_MPP)), 1, MOST_STEP)) for um in (NEAR_UM, FAR_UM)]


def _sharpness(tile, steps):
    """Green is what both hematoxylin and eosin take away; of squares, as a tile can be sharp in one half only."""
    side, green = FOCUS_TILE // SQUARES, tile[..., 1].astype(np.float32)
    squares = green.reshape(SQUARES, side, SQUARES, side).swapaxes(1, 2)
    near, far = (_change(squares, step) + _change(squares.swapaxes(2, 3), step) for step in steps)
    has_structure = far > LEAST_STRUCTURE
    return float((near[has_structure] / far[has_structure]).mean()) if has_structure.any() else np.nan


def _change(squares, step):
    """Mean square difference of places so far apart in a row, in every second row of each square."""
    return ((squares[..., ::2, step:] - squares[..., ::2, :-step]) ** 2).mean(axis=(2, 3))


def measure_slide(slide: Slide) -> dict:
    """Measure everything that can spoil a slide.

    Parameters
    ----------
    slide : Slide

    Returns
    -------
    dict
        ``tissue_mm2`` (None without spacing) and ``tissue_share`` of the slide; ``ink_share`` of the slide;
        the median ``sharpness`` and the ``blurred_share`` of the tissue that is out of focus; ``hematoxylin`` and
        ``eosin``, stain vectors after Macenko, None without stain; ``fold_share`` of the tissue; ``bubbles``, how many;
        ``coverslip_edge``, whether there is one; ``light``, the grey levels of clear glass, and ``light_cast``, by
        which share its channels differ.

    Raises
    ------
    DecodeError
        If the slide is damaged.

    Examples
    --------
    >>> import eda_utils as eda
    >>> from eda_utils.slides import measure_slide
    >>> with eda.open_slide("data/samples/pathology/CMU-1-Small-Region.svs") as slide:
    ...     found = measure_slide(slide)
    >>> found["bubbles"], found["coverslip_edge"], found["blurred_share"]
    (0, False, 0.0)
    """
    size_um = max(slide.shape) * (slide.mpp or UNKNOWN_MPP)
    view = read_overview(slide, float(np.clip(size_um / OVERVIEW_SIDE, *OVERVIEW_UM)))
    tissue, ink = masks_of(view)
    grid = tile_grid(slide, size=FOCUS_TILE, mpp=slide.mpp or UNKNOWN_MPP, mask=tissue, ink=ink)
    bubbles, edges = find_lines(view, ink.pixels)
    return {
        "tissue_mm2": tissue.area_mm2,
        "tissue_share": tissue.share,
        "ink_share": ink.share,
        **_measure_tiles(slide, grid[grid["ink"] == 0], view.light),
        "fold_share": float(find_folds(view, tissue.pixels, ink.pixels).sum() / max(tissue.pixels.sum(), 1)),
        "bubbles": len(bubbles),
        "coverslip_edge": bool(edges),
        "light": tuple(float(level) for level in view.light.round(1)),
        "light_cast": float(np.ptp(view.light) / view.light.max()),
    }


def _measure_tiles(slide, grid, light):
    """Focus and stains of tiles at full resolution, each read once."""
    tiles, steps = _read_tiles(slide, _spread(grid, FOCUS_TILES)), _steps(slide)
    sharpness, samples = [], [np.empty((0, STAIN_SIDE, 3), np.uint8)]
    for tile in tiles:
        sharpness.append(_sharpness(tile, steps))
        samples.append(_sample(tile, slide))
    found = pd.Series(sharpness, dtype=float).dropna()
    row = {"sharpness": float(found.median()), "blurred_share": float((found < OUT_OF_FOCUS).mean())}
    try:
        vectors = estimate_stains(np.concatenate(samples), background=light, least_density=STAIN_DENSITY)
    except RequestError:
        return row | {"hematoxylin": None, "eosin": None}
    return row | dict(zip(("hematoxylin", "eosin"), map(tuple, vectors.round(4).tolist()), strict=True))


def _sample(tile, slide):
    from PIL import Image as Pillow

    factor = int(np.clip(round(STAIN_UM / (slide.mpp or UNKNOWN_MPP)), 1, FOCUS_TILE // STAIN_SIDE))
    means = np.asarray(Pillow.fromarray(tile).reduce(factor))
    return means[:: len(means) // STAIN_SIDE, :: len(means) // STAIN_SIDE][:STAIN_SIDE, :STAIN_SIDE]


def find_folds(view, tissue, ink):
    """Find where tissue lies double: long narrow bands that take away much more light than what is beside them.

    Parameters
    ----------
    view : Overview
    tissue, ink : numpy.ndarray of bool
        (row, column). What is beside ink is left out.

    Returns
    -------
    numpy.ndarray of bool
        (row, column).
    """
    from scipy.ndimage import binary_dilation, gaussian_filter
    from skimage.filters import apply_hysteresis_threshold
    from skimage.measure import label, regionprops

    if not tissue.any():
        return tissue.copy()
    um = _um(view)
    usual = np.median(view.color[tissue])  # of the colour: a dark line without any is no fold
    rise = _narrow(gaussian_filter(np.where(tissue, view.color, usual), SMOOTH_UM / um), FOLD_UM / um) / usual
    is_beside_ink = binary_dilation(ink, iterations=NEAR_INK) if ink.any() else ink
    bands = label(apply_hysteresis_threshold(rise, FOLD_MAYBE, FOLD_SURE) & ~is_beside_ink)
    for band in regionprops(_without_short(bands, FOLD_LONG_UM / 2 / um), intensity_image=rise):
        length, width = band.axis_major_length * um, max(band.axis_minor_length * um, 1)
        is_round = length < FOLD_ELONGATION * width and band.solidity > 0.5
        if length < FOLD_LONG_UM or is_round or band.intensity_mean < FOLD_MEAN:
            bands[bands == band.label] = 0
    return (bands > 0) & tissue


def find_lines(view, ink):
    """Find dark lines without colour: rings are bubbles, long straight ones the edge of a coverslip.

    Parameters
    ----------
    view : Overview
    ink : numpy.ndarray of bool
        (row, column): left out.

    Returns
    -------
    bubbles, edges : list of tuple
        Bounding boxes (top, left, bottom, right) in pixels of the overview.
    """
    from skimage.measure import label, regionprops

    um = _um(view)
    lines = (_narrow(view.grey, LINE_UM / um) > LINE_RISE) & ~ink
    bubbles, edges = [], []
    for line in regionprops(_without_short(label(lines, connectivity=2), BUBBLE_UM[0] / um)):
        height, width = line.bbox[2] - line.bbox[0], line.bbox[3] - line.bbox[1]
        longest = max(height / lines.shape[0], width / lines.shape[1])
        if longest > EDGE_SHARE and line.area < max(height, width) * LINE_UM / um:
            edges.append(line.bbox)
        elif BUBBLE_UM[0] / um < min(line.image.shape) <= max(line.image.shape) < BUBBLE_UM[1] / um and _is_ring(line):
            bubbles.append(line.bbox)
    return bubbles, edges


def _is_ring(line):
    height, width = line.image.shape
    is_round = 0.7 < height / width < 1.4
    return is_round and line.area_filled > 2.5 * line.area and ROUND < line.area_filled / line.image.size < 0.9


def _narrow(values, width):
    """How far values rise above all that is wider: the white top-hat."""
    from scipy.ndimage import white_tophat

    return white_tophat(values, size=max(3, round(width) | 1))


def _without_short(labels, least):
    """Set to 0 in place what has no side of so many pixels; to look at each piece takes long."""
    from scipy.ndimage import find_objects

    sides = [max(part.stop - part.start for part in place) for place in find_objects(labels)]
    labels *= np.array([0, *(side >= least for side in sides)], bool)[labels]
    return labels


def _um(view):
    """Microns per pixel of an overview; of one without spacing what they would be at 20x and 8 µm."""
    return float(np.mean(view.um_per_px)) if view.um_per_px else UNKNOWN_MPP * float(np.mean(view.downsample))
