"""Figures of stained pictures: hues of the pixels with the stain vectors, and nuclei."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ..core import RequestError
from ..slides import STAIN_VECTORS, WHITE_LEVEL, estimate_stains, optical_density, stain_matrix
from .figures import describe, house_style
from .images import show_image, title_and_caption
from .style import COMPUTED_CMAP, INK, PALETTE

CHANNELS = ("red", "green", "blue")
STAINED = 0.15  # length of the density vector
MOST_PIXELS = 200_000
MOST_OUTLINES = 5000
OUTLINE = "#f0e442"  # yellow stands out of pink, purple and brown


def stain_vectors(
    rgb: np.ndarray,
    *,
    stains: str | ArrayLike | None = None,
    reference: str | ArrayLike | None = None,
    names: Sequence[str] | None = None,
    mask: ArrayLike | None = None,
    background: ArrayLike = WHITE_LEVEL,
    ax: plt.Axes | None = None,
) -> plt.Axes:
    """Plot the optical density of the pixels in two colours, with the stain vectors that span them.

    Parameters
    ----------
    rgb : array of uint8
        (row, column, 3).
    stains : str or array_like, optional
        As in `separate_stains`; by default what `estimate_stains` finds.
    reference : str or array_like, optional
        Other vectors to compare with, dashed: a table's, or the truth of a phantom.
    names : list of str, optional
        What to call the stains; hematoxylin and eosin by default.
    mask : array_like of bool, optional
        (row, column): the pixels to show, such as tissue without ink.
    background : float or three of them
        Grey levels of clear glass.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
        The two of red, green and blue in which the vectors lie farthest apart.

    Examples
    --------
    >>> import eda_utils as eda
    >>> tile = eda.samples.make_phantom_tile()
    >>> ax = eda.plots.stain_vectors(tile.rgb, reference=tile.stains, background=tile.light)
    >>> ax.get_ylabel(), ax.get_title(loc="left")[-18:]
    ('optical density, green', 'from the reference')
    """
    if stains is None:
        stains = estimate_stains(rgb, mask=mask, background=background)
    names = names or (list(STAIN_VECTORS[stains]) if isinstance(stains, str) else ["hematoxylin", "eosin"])
    vectors = stain_matrix(stains)[:2]
    pixels = _stained(optical_density(rgb, background=background), mask)
    across, up = _farthest_channels(vectors)
    title = _finding(vectors, reference, names, pixels)
    with house_style():
        ax = ax or plt.figure(figsize=(5, 5.2)).add_subplot()
        ends = vectors * (np.percentile(np.linalg.norm(pixels, axis=1), 98) if len(pixels) else 1.0)
        _draw_cloud(ax, pixels[:, [across, up]], ends[:, [across, up]])
        if reference is not None:
            for vector in stain_matrix(reference)[:2] * np.linalg.norm(ends[0]):
                ax.plot([0, vector[across]], [0, vector[up]], color=INK, lw=1.2, ls=(0, (4, 3)))
        _draw_arrows(ax, ends[:, [across, up]], names)
        ax.set_ylabel(f"optical density, {CHANNELS[up]}")
        dashed = "; dashed: reference" if reference is not None else ""
        title_and_caption(ax, title, f"optical density, {CHANNELS[across]}; lighter: more pixels{dashed}")
    told = f"{len(pixels):,} stained pixels by optical density in {CHANNELS[across]} and {CHANNELS[up]}"
    return describe(ax, f"{told}, with the vectors of the stains. {title}")


def _stained(densities, mask):
    is_stained = np.linalg.norm(densities, axis=-1) > STAINED
    pixels = densities[is_stained if mask is None else is_stained & np.asarray(mask, dtype=bool)]
    return pixels[:: max(1, len(pixels) // MOST_PIXELS)]


def _draw_cloud(ax, pixels, ends):
    shown = np.vstack([np.percentile(pixels, [0.2, 99.8], axis=0), ends]) if len(pixels) else ends
    low, high = np.minimum(shown.min(axis=0), 0), shown.max(axis=0) * 1.15  # room for the names
    inside = pixels[((pixels >= low) & (pixels <= high)).all(axis=1)]
    if len(inside):
        counts = np.maximum(np.ceil(60 * (high - low) / (high - low).max() / (1, np.sqrt(3))), 1).astype(int)
        ax.hexbin(*inside.T, gridsize=tuple(counts), bins="log", mincnt=1, cmap=COMPUTED_CMAP, linewidths=0)
    ax.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect="equal", anchor="NW")


def _draw_arrows(ax, ends, names):
    for end, name, color in zip(ends, names, (PALETTE[4], PALETTE[5]), strict=True):
        ax.annotate("", end, (0, 0), arrowprops={"color": color, "width": 1.8, "headwidth": 8, "shrink": 0})
        box = {"facecolor": "white", "alpha": 0.8, "edgecolor": "none", "pad": 1.5}
        ax.annotate(name, end, (5, 5), textcoords="offset points", color=INK, fontsize=9, bbox=box, clip_on=False)


def _farthest_channels(vectors):
    pairs = [(0, 1), (0, 2), (1, 2)]
    return max(pairs, key=lambda pair: abs(np.linalg.det(vectors[:, pair])))


def _finding(vectors, reference, names, pixels):
    if reference is not None:
        cosines = (vectors * stain_matrix(reference)[:2]).sum(axis=1)
        first, second = np.rad2deg(np.arccos(np.clip(cosines, -1, 1)))
        return f"{names[0]} {first:.1f}° and {names[1]} {second:.1f}° from the reference"
    apart = np.rad2deg(np.arccos(np.clip(vectors[0] @ vectors[1], -1, 1)))
    amounts = pixels @ np.linalg.pinv(vectors)
    between = f"; {(amounts >= 0).all(axis=1).mean():.0%} of the pixels lie between" if len(pixels) else ""
    return f"{names[0]} and {names[1]} are {apart:.0f}° apart{between}"


def show_nuclei(rgb: np.ndarray, nuclei: pd.DataFrame, *, mpp: float, ax: plt.Axes | None = None) -> plt.Axes:
    """Show a stained picture with an ellipse around every nucleus.

    Parameters
    ----------
    rgb : array of uint8
        (row, column, 3).
    nuclei : DataFrame
        From `count_nuclei`, or the truth of a phantom: then they are circles.
    mpp : float
        Microns per pixel.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    RequestError
        If a column is missing, or `mpp` is not positive.

    Examples
    --------
    >>> import eda_utils as eda
    >>> tile = eda.samples.make_phantom_tile()
    >>> nuclei = eda.slides.count_nuclei(tile.rgb, mpp=tile.mpp, stains=tile.stains)
    >>> eda.plots.show_nuclei(tile.rgb, nuclei, mpp=tile.mpp).get_title(loc="left").replace("\\n", " ")
    '140 nuclei, median diameter 7.8 µm, 2,136 per mm²'
    """
    from matplotlib.collections import EllipseCollection

    if not {"row", "col", "diameter_um"} <= set(nuclei):
        raise RequestError("nuclei", "has no row, col or diameter_um", "give what count_nuclei returns")
    if not mpp or mpp <= 0:
        raise RequestError("mpp", "microns per pixel are above 0", "give the value of the slide")
    title = _count(nuclei, np.shape(rgb), mpp)
    with house_style():
        ax = show_image(rgb, mpp=mpp, title=title, ax=ax)
        shown = nuclei.iloc[:: max(1, -(-len(nuclei) // MOST_OUTLINES))]
        longer, angle = np.ones(len(shown)), np.zeros(len(shown))
        if {"elongation", "angle_deg"} <= set(shown):  # the axis of rows points down
            longer, angle = np.sqrt(shown["elongation"].to_numpy()), -shown["angle_deg"].to_numpy()
        size = shown["diameter_um"].to_numpy() / mpp
        style = {"units": "xy", "offsets": shown[["col", "row"]].to_numpy(), "offset_transform": ax.transData}
        outlines = EllipseCollection(size * longer, size / longer, angle, facecolors="none", **style)
        outlines.set(edgecolor=OUTLINE, linewidth=0.9)
        ax.add_collection(outlines)
        title_and_caption(ax, title, "Ellipses: area and axes of each nucleus as measured on the hematoxylin.")
    return describe(ax, f"A stained picture with its nuclei outlined: {title}")


def _count(nuclei, shape, mpp):
    if nuclei.empty:
        return "no nuclei found"
    per_mm2 = len(nuclei) / (shape[0] * shape[1] * mpp**2 / 1e6)
    median = nuclei["diameter_um"].median()
    number = f"{len(nuclei):,} {'nucleus' if len(nuclei) == 1 else 'nuclei'}"
    return f"{number}, median diameter {median:.1f} µm, {per_mm2:,.0f} per mm²"
