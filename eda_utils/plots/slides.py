"""Figures of many slides: overviews with the outlines of tissue and ink, and the colours of their stains."""

import textwrap

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from ..core import EDAError, RequestError, plural
from ..quality import SLIDE_CHECKS, flag_slides, slide_stain_outlier, stain_angles
from ..slides import UNKNOWN_MPP, masks_of, open_slide, read_overview
from .figures import PANEL_WIDTH, describe, explain_gap, flatten_rows, house_style, nothing_to_show, panel_grid
from .images import MOST_PANELS, show_image, title_and_caption
from .style import ACCENT, MUTED, PALETTE

OVERVIEW_SIDE, WIDEST_UM = 640, 64.0
TISSUE_LINE, INK_LINE = "#0072b2", "#d55e00"
SHORT = {check.code: check.code.removeprefix("slide_").replace("_", " ") for check in SLIDE_CHECKS}
MOST_NAMES = 6


def show_slides(slides: pd.DataFrame, *, columns: int = 4) -> np.ndarray:
    """Show the overview of each slide with the outline of its tissue and of ink, and what is wrong with it.

    Parameters
    ----------
    slides : DataFrame
        From `quality.measure_slides`.
    columns : int

    Returns
    -------
    numpy.ndarray of matplotlib.axes.Axes
        A slide that cannot be opened keeps its place, with the reason.

    Raises
    ------
    RequestError
        If there are more slides than one figure can show legibly.

    Examples
    --------
    >>> import eda_utils as eda
    >>> slides = eda.quality.measure_slides("data/samples/pathology", progress=False)
    >>> eda.plots.show_slides(slides)[0].get_title(loc="left")
    'CMU-1-Small-Region.svs'
    """
    if len(slides) > MOST_PANELS:
        raise RequestError("show_slides", f"{len(slides)} slides are too many", "give slides.head(24)")
    found = flag_slides(slides)
    with house_style():
        ratio = np.nanmax([0.3, *np.minimum(slides["rows"] / slides["columns"], 1.3).astype(float)])
        axes = panel_grid(len(slides), columns, height=PANEL_WIDTH * ratio + 0.7)
        rows = zip(axes, slides["path"], slides["file"], slides["tissue_mm2"], strict=True) if len(slides) else ()
        shown = [_show_slide(ax, path, name, area, found) for ax, path, name, area in rows]
        if shown:
            flatten_rows(axes, shown)
    flagged = found.loc[found["severity"] != "note", "path"].nunique()
    told = f"{flagged} of {plural(len(slides), 'slide')} with a warning or an error"
    if shown:
        describe(axes[0], f"Overviews of slides, tissue outlined in blue and ink in orange; {told}")
    return axes


def _show_slide(ax, path, name, area, found):
    kinds = found.loc[(found["path"] == path) & (found["kind"] != "slide_label"), "kind"]
    told = ", ".join(SHORT[kind] for kind in kinds) or "nothing found"
    try:
        with open_slide(path) as slide:
            side_um = max(slide.shape) * (slide.mpp or UNKNOWN_MPP)
            view = read_overview(slide, float(np.clip(side_um / OVERVIEW_SIDE, 1, WIDEST_UM)))
    except EDAError as error:
        explain_gap(ax, name, textwrap.fill(f"{error.wrong}; {error.advice}", 32))
        return False
    tissue, ink = masks_of(view)
    show_image(view.rgb, mpp=view.um_per_px and float(np.mean(view.um_per_px)), ax=ax)
    for mask, color in ((tissue, TISSUE_LINE), (ink, INK_LINE)):
        if mask.pixels.any() and not mask.pixels.all():
            ax.contour(mask.pixels, [0.5], colors=[color], linewidths=0.9)
    title_and_caption(ax, name, f"{f'{area:.3g} mm² of tissue; ' if area == area and area else ''}{told}")
    return True


def slide_stains(slides: pd.DataFrame, *, ax: plt.Axes | None = None) -> plt.Axes:
    """Plot the colour of both stains of every slide; slides far from the others are named.

    Parameters
    ----------
    slides : DataFrame
        From `quality.measure_slides`.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
        Which share of red and of blue light each stain takes away, as components of its unit vector.

    Examples
    --------
    >>> import eda_utils as eda
    >>> slides = eda.quality.measure_slides("data/samples/pathology", progress=False)
    >>> eda.plots.slide_stains(slides).get_xlabel()
    'optical density in red'
    """
    known = slides[slides["hematoxylin"].notna()]
    with house_style():
        ax = ax or plt.figure(figsize=(6.2, 4.4)).add_subplot()
        if known.empty:
            return nothing_to_show(ax, "no slide with enough stain")
        far = known.index.isin(slide_stain_outlier(slides).index)
        for name, color in (("hematoxylin", PALETTE[4]), ("eosin", PALETTE[5])):
            red, _, blue = np.array(known[name].tolist()).T
            ax.scatter(red, blue, s=34, color=color, alpha=0.75, lw=0, label=name)
            ax.scatter(red[far], blue[far], s=110, facecolors="none", edgecolors=ACCENT, lw=1.6)
            for x, y, text in [*zip(red[far], blue[far], known["file"][far], strict=True)][:MOST_NAMES]:
                ax.annotate(text, (x, y), (7, 5), textcoords="offset points", fontsize=8, color=MUTED)
        ax.legend(frameon=False)
        ax.set(xlabel="optical density in red", ylabel="optical density in blue")
        ax.margins(0.12)
        ax.set_title(_stain_title(slides, known, int(far.sum())))
    return describe(ax, f"Stain vectors of {plural(len(known), 'slide')} by red and blue. {ax.get_title(loc='left')}")


def _stain_title(slides, known, far):
    angles = stain_angles(slides)
    if not np.isfinite(angles).any():
        return f"Stains of {plural(len(known), 'slide')}: too few to say which stand out"
    return f"{far} of {plural(len(known), 'slide')} stand out; the farthest by {np.nanmax(angles):.0f}°"
