"""Pictures: pixels in, Axes out, always with their scale and how they are made."""

import math
import os
import textwrap
from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ..core import EDAError, RequestError
from ..dicom import ImageSource, sniff
from ..image import Image, WindowLike, load_image, to_display
from ..slides import STAIN_VECTORS, Slide, open_slide, separate_stains
from .figures import describe, explain_gap, flatten_rows, house_style, panel_grid
from .style import COMPUTED_CMAP, MUTED

MAX_SIDE = 1024
MOST_PANELS = 24
Picture = ImageSource | Image | Slide | np.ndarray
SMALL_PANEL = 220  # points
MICROSCOPE_MM = 0.02  # finer pixels than this are of a microscope, and lengths in micrometres


def show_image(
    source: Picture,
    *,
    window: WindowLike = "auto",
    overlays: bool = False,
    shutter: bool = False,
    mpp: float | None = None,
    title: str | None = None,
    ax: plt.Axes | None = None,
) -> plt.Axes:
    """Show an image as a workstation would, with a scale bar and a caption that says how the picture is made.

    Parameters
    ----------
    source : Image, Slide, str, Path, Dataset or array
        A slide is shown as its overview. An array is shown as it is: (row, column, 3) of uint8.
    window, overlays, shutter
        As in `to_display`.
    mpp : float, optional
        Microns per pixel of an array, for its scale bar.
    title : str, optional
        Modality and size by default.
    ax : matplotlib.axes.Axes, optional
        By default a new figure shaped like the image.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    EDAError
        As `load_image` and `to_display`.

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> import eda_utils as eda
    >>> eda.show_image(get_testdata_file("CT_small.dcm")).get_title(loc="left")
    'CT, 128 × 128'
    """
    image = _as_image(source, mpp)
    picture = to_display(image, window=window, overlays=overlays, shutter=shutter)
    caption = image.caption(window, overlays=overlays, shutter=shutter)
    rows, columns = picture.shape[:2]
    with house_style():
        if ax is None:
            ax = axes_for(rows * image.aspect / columns)
        draw(picture, image.aspect, ax)
        is_small = _points(ax) < SMALL_PANEL
        _add_scale_bar(ax, image, 7 if is_small else 8.5)
        title = title or image.title
        title_and_caption(ax, title, caption)
    return describe(ax, f"{title}: {caption}")


def _as_image(source, mpp):
    if isinstance(source, Image):
        return source
    if isinstance(source, Slide):
        return source.thumbnail()
    if isinstance(source, (str, os.PathLike)) and sniff(source)[0] == "slide":
        with open_slide(source) as slide:
            return slide.thumbnail()
    if not isinstance(source, np.ndarray):
        return load_image(source)
    if source.dtype != np.uint8 or source.ndim not in (2, 3):
        advice = "give an Image, or what read_region or to_display returns"
        raise RequestError("array", "is not 8-bit grey or RGB", advice)
    mm = (mpp / 1000, mpp / 1000) if mpp else None
    what = "RGB" if source.ndim == 3 else "grey levels"
    colors = source if source.ndim == 3 else np.repeat(source[..., None], 3, axis=-1)
    return Image(colors, "RGB", mm, "microns per pixel as given" if mm else "no spacing given", photometric=what)


def axes_for(ratio, width=4.6):
    """Return the axes of a new figure for a picture whose height is `ratio` times its width."""
    height = min(max(width * ratio, 1.5), 7.0)
    width = max(min(width, height / ratio) + 0.2, 1.5)
    return plt.figure(figsize=(width, height + 0.8)).add_subplot()


def draw(picture, aspect, ax):
    """Put an 8-bit picture into axes, its pixels `aspect` times as high as wide, without any change of its greys."""
    rows, columns = picture.shape[:2]
    extent = (-0.5, columns - 0.5, rows - 0.5, -0.5)
    ax.imshow(_reduced(picture), cmap="gray", vmin=0, vmax=255, extent=extent, aspect=aspect)
    ax.set_xticks([]), ax.set_yticks([]), ax.set_anchor("NW")
    ax.spines[:].set_visible(False)


def _reduced(picture):
    """Block means: matplotlib draws a large picture slowly and prints it no finer (339 ms against 64 ms)."""
    from PIL import Image as Pillow

    factor = math.ceil(max(picture.shape[:2]) / MAX_SIDE)
    return picture if factor == 1 else np.asarray(Pillow.fromarray(picture).reduce(factor))


def _points(ax):
    """The width that the axes has in the figure, in points, before the shape of the image narrows it."""
    return ax.get_position(original=True).width * ax.figure.get_figwidth() * 72


def title_and_caption(ax, title, caption):
    """Wrap both to the width that the axes has in the figure, so that neighbours do not overlap."""
    points = _points(ax)
    small = points < SMALL_PANEL
    size = 7.5 if small else 8.5
    ax.set_title(textwrap.fill(title, max(int(points / 5.4), 12)), fontsize=9 if small else 10.5)
    text = textwrap.fill(caption, max(int(points / (size * 0.52)), 20))
    ax.set_xlabel(text, fontsize=size, color=MUTED, loc="left")


def _add_scale_bar(ax, image, size):
    """A bar of 1, 2 or 5 times a power of ten, at most a quarter of the width (row spacing does not matter here)."""
    style = {"transform": ax.transAxes, "color": "white", "zorder": 3}
    outline = {"facecolor": "black", "alpha": 0.55, "pad": 1.6, "edgecolor": "none"}
    if not image.spacing_mm:
        ax.text(0.03, 0.03, image.spacing_source, fontsize=size, va="bottom", bbox=outline, **style)
        return
    width_mm = image.spacing_mm[1] * image.shape[1]
    power = 10.0 ** math.floor(math.log10(width_mm / 4))
    length = next(step * power for step in (5, 2, 1) if step * power <= width_mm / 4)
    share = length / width_mm
    label = f"{length * 1000:g} µm" if length < 1 and image.spacing_mm[1] < MICROSCOPE_MM else f"{length:g} mm"
    ax.text(0.03, 0.055, label, fontsize=size, va="bottom", bbox=outline, **style)
    ax.plot([0.03, 0.03 + share], [0.03, 0.03], lw=4, transform=ax.transAxes, color="black", alpha=0.55, zorder=2)
    ax.plot([0.03, 0.03 + share], [0.03, 0.03], lw=2, solid_capstyle="butt", **style)


def show_montage(
    sources: Sequence[Picture] | pd.DataFrame,
    *,
    columns: int = 4,
    window: WindowLike | list = "auto",
    titles: Sequence[str] | None = None,
) -> np.ndarray:
    """Show several images side by side, each with its own window, scale and caption.

    Parameters
    ----------
    sources : list of Image, Slide, str, Path or array, or DataFrame
        An index is shown from its ``path`` column, in its order.
    columns : int
    window
        As in `to_display`, for all of them; or a list with one for each.
    titles : list of str, optional
        One for each; modality and size by default.

    Returns
    -------
    numpy.ndarray of matplotlib.axes.Axes
        A file that cannot be shown keeps its place, with the reason.

    Raises
    ------
    RequestError
        If there are more images than one figure can show legibly, or another number of windows or titles.
    """
    sources = list(sources["path"]) if hasattr(sources, "columns") else list(sources)
    windows = window if isinstance(window, list) else [window] * len(sources)
    titles = titles or [None] * len(sources)
    if len(sources) > MOST_PANELS:
        raise RequestError("show_montage", f"{len(sources)} images are too many", "choose with sample_images(index)")
    if not len(sources) == len(windows) == len(titles):
        raise RequestError("show_montage", "there is not one window or title for each image", "give as many of them")
    with house_style():
        axes = panel_grid(len(sources), columns)
        panels = zip(sources, windows, titles, axes, strict=True)
        shown = [_show_or_explain(*panel) for panel in panels]
    if len(axes):
        flatten_rows(axes, shown)
        named = ": " + "; ".join(ax.get_title(loc="left").replace("\n", " ") for ax in axes) if shown else ""
        describe(axes[0], f"{sum(shown)} of {len(shown)} images side by side{named}")
    return axes


def _show_or_explain(source, window, title, ax):
    try:
        image = _as_image(source, None)
        show_image(image, window="auto" if image.is_color else window, title=title, ax=ax)
    except EDAError as error:
        explain_gap(ax, title or "not shown", textwrap.fill(f"{error.wrong}; {error.advice}", 32))
        return False
    return True


def show_stains(
    rgb: np.ndarray,
    *,
    stains: str = "H&E",
    names: Sequence[str] | None = None,
    mpp: float | None = None,
    background: ArrayLike = 255,
) -> np.ndarray:
    """Show a stained picture beside the optical density of each of its two stains.

    Parameters
    ----------
    rgb : array of uint8
        (row, column, 3).
    stains : str
        As in `separate_stains`.
    names : list of str, optional
        What to call two stains of your own.
    mpp : float, optional
        Microns per pixel, for the scale bar.
    background : float or three of them
        Grey levels of clear glass, as in `separate_stains`.

    Returns
    -------
    numpy.ndarray of matplotlib.axes.Axes
        Picture, first stain, second stain; the stains share one scale.
    """
    densities = separate_stains(rgb, stains=stains, background=background)
    names = names or (list(STAIN_VECTORS[stains]) if isinstance(stains, str) else ["first stain", "second stain"])
    top = float(max(np.percentile(densities[..., :2], 99.5), 0.1))
    with house_style():
        axes = panel_grid(3, 3, height=3.2)
        show_image(rgb, mpp=mpp, title="Picture", ax=axes[0])
        for channel, (name, ax) in enumerate(zip(names, axes[1:], strict=True)):
            drawn = ax.imshow(densities[..., channel], cmap=COMPUTED_CMAP, vmin=0, vmax=top)
            ax.set_axis_off(), ax.set_anchor("NW")
            ax.set_title(f"{name}: mean {densities[..., channel].mean():.2f}", fontsize=8.5)
        ax.figure.colorbar(drawn, ax=list(axes), shrink=0.6, label="optical density")
    describe(axes[0], f"A stained picture and the optical density of {names[0]} and of {names[1]}")
    return axes
