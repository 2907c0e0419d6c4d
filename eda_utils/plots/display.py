"""How a picture comes about: the stages from stored value to screen, and the naive picture beside the right one."""

import textwrap

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from ..core import EDAError, Paths, RequestError
from ..dicom import ImageSource
from ..image import (
    WindowLike,
    apply_window,
    choose_window,
    compare_naive,
    display_steps,
    load_stages,
    to_display,
    to_naive,
)
from .figures import PANEL_WIDTH, describe, explain_gap, house_style, panel_grid
from .images import MOST_PANELS, draw, show_image, title_and_caption
from .style import ACCENT, CHANNELS, MUTED

BINS = 96
CAPTIONS, HISTOGRAMS = 0.5, 1.3  # inches


def show_pipeline(source: ImageSource, *, frame: int = 0, window: WindowLike = "auto") -> np.ndarray:
    """Show an image at each stage from stored value to screen, with the histogram of each stage below it.

    Parameters
    ----------
    source : str, Path, bytes or Dataset
        As `load_image` takes it.
    frame : int
        From 0.
    window
        As in `to_display`.

    Returns
    -------
    numpy.ndarray of matplotlib.axes.Axes
        (2, stage): the pictures, stored and modality values drawn from their lowest to their highest; the histograms,
        with the window shaded and padding left out.

    Raises
    ------
    EDAError
        As `load_image` and `to_display`.

    References
    ----------
    PS3.4 N.2.

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> import eda_utils as eda
    >>> axes = eda.plots.show_pipeline(get_testdata_file("CT_small.dcm"))
    >>> [ax.get_xlabel() for ax in axes[1]]
    ['stored value', 'HU, the window is shaded', 'share of white', 'grey on the screen']
    """
    stored, image = load_stages(source, frame)
    steps = {step.step: step for step in display_steps(image, window=window)}
    stages = (_color_stages if image.is_color else _grey_stages)(stored, image, window)
    height = PANEL_WIDTH * min(max(image.shape[0] * image.aspect / image.shape[1], 0.4), 1.6) + CAPTIONS
    with house_style():
        figure = plt.figure(figsize=(PANEL_WIDTH * len(stages), height + HISTOGRAMS))
        axes = figure.subplots(2, len(stages), squeeze=False, height_ratios=[height, HISTOGRAMS])
        for pair, (name, step, picture, values, label, limits) in zip(axes.T, stages, strict=True):
            draw(picture, image.aspect, pair[0])
            clause = steps[step].clause.replace(" ", "\N{NO-BREAK SPACE}")
            title_and_caption(pair[0], name, steps[step].applied + (f" ({clause})" if clause else ""))
            _histogram(pair[1], values, image.padding, label, limits)
        axes[1, 0].set_ylabel("pixels")
    told = "; ".join(f"{stage[0]}: {steps[stage[1]].applied}" for stage in stages)
    describe(axes[0, 0], f"{image.title}, from stored value to screen. {told}")
    return axes


def _grey_stages(stored, image, window):
    chosen = choose_window(image, window)
    shares, shown = apply_window(image.pixels, chosen), to_display(image, window=window)
    return (
        ("Stored values", "bits", to_naive(stored), stored, "stored value", None),
        ("Modality values", "modality", to_naive(image.pixels), image.pixels, image.unit, chosen.limits),
        ("Windowed", "window", to_naive(shares, limits=(0, 1)), shares, "share of white", None),
        ("Displayed", "polarity", shown, shown, "grey on the screen", None),
    )


def _color_stages(stored, image, _):
    """A stage that changes nothing is left out."""
    shown, colors = to_display(image), "red, green, blue"
    stages = [("Stored values", "bits", to_naive(stored), stored, "stored values", None)]
    if stored.ndim == 2:
        stages += [("Looked up", "palette", shown, image.pixels, colors, None)]
    elif not np.array_equal(stored, image.pixels):
        stages += [("Converted", "colour", shown, image.pixels, colors, None)]
    return (*stages, ("Displayed", "screen", shown, shown, f"{colors} on the screen", None))


def _histogram(ax, values, padding, label, limits):
    values = values if padding is None else values[~padding]
    values = values[np.isfinite(values)] if values.ndim < 3 else values.reshape(-1, values.shape[-1])
    if values.size:
        bins, is_color = _edges(values), values.ndim == 2
        for channel, color in zip(
            values.T if is_color else [values], CHANNELS.values() if is_color else (MUTED,), strict=False
        ):
            ax.hist(channel, bins, histtype="step" if is_color else "stepfilled", color=color)
        if limits:
            ax.axvspan(*np.clip(limits, values.min(), values.max()), color=ACCENT, alpha=0.15, lw=0)
    notes = [label, "the window is shaded"] if limits else [label]
    notes += [] if padding is None else [f"{padding.mean():.0%} padding left out"]
    ax.set_yscale("log")
    ax.yaxis.set_minor_formatter("")  # matplotlib would write them as mathematics, which we do not parse
    ax.set_xlabel(textwrap.fill(", ".join(notes), 36), fontsize=8)
    ax.tick_params(labelsize=7)
    ax.locator_params(axis="x", nbins=4)


def _edges(values):
    """Between whole numbers, so that no bin is empty only because it holds none of them."""
    low, high = float(values.min()), float(values.max())
    if values.dtype.kind == "f":
        return np.linspace(low, high if high > low else low + 1, BINS + 1)
    return np.arange(low - 0.5, high + 1 + (step := max(1, (high - low) // BINS)), step)


def show_naive_and_right(sources: pd.DataFrame | Paths, *, count: int = 4) -> np.ndarray:
    """Show what `imshow(pixel_array)` makes of images beside the right picture, and say what it ignores.

    Parameters
    ----------
    sources : DataFrame, list of str or Path, str or Path
        From `audit_display`: its worst `count` are shown. Of a list, all are shown.
    count : int

    Returns
    -------
    numpy.ndarray of matplotlib.axes.Axes
        (image, 2): naive and right. A file that cannot be shown keeps its place, with the reason.

    Raises
    ------
    RequestError
        If there are more images than one figure can show legibly.

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> import eda_utils as eda
    >>> naive, right = eda.plots.show_naive_and_right(get_testdata_file("CT_small.dcm"))[0]
    >>> " ".join(naive.get_title(loc="left").split()), " ".join(right.get_title(loc="left").split())
    ('CT, 128 × 128, as imshow draws it', 'CT, 128 × 128, as it is meant')
    """
    if hasattr(sources, "columns"):
        sources = sources.loc[sources["problem"].isna(), "path"].head(count)
    sources = [sources] if not hasattr(sources, "__len__") or isinstance(sources, str) else list(sources)
    if 2 * len(sources) > MOST_PANELS:
        raise RequestError("show_naive_and_right", f"{len(sources)} images are too many", "give fewer of them")
    with house_style():
        axes = panel_grid(2 * len(sources), 4)
        told = [_naive_and_right(*pair) for pair in zip(sources, axes.reshape(-1, 2), strict=True)]
    if told:
        describe(axes[0], "Naive pictures beside the right ones. " + "; ".join(told))
    return axes.reshape(-1, 2)


def _naive_and_right(source, axes):
    try:
        found = compare_naive(source)
    except EDAError as error:
        for ax in axes:
            explain_gap(ax, "not shown", textwrap.fill(f"{error.wrong}; {error.advice}", 32))
        return "a file that cannot be shown"
    name = found.image.title
    given = found.given[:, :, :3] if found.given.ndim == 3 else found.given
    draw(to_naive(given), 1, axes[0])
    told = f"{found.difference:.0f} of 255 greys off on average; ignores {found.missed or 'nothing'}"
    title_and_caption(axes[0], f"{name}, as imshow draws it", told)
    show_image(found.image, title=f"{name}, as it is meant", ax=axes[1])
    return f"{name}: {told}"
