"""Plots: tables and values in, Axes out; the title is the finding."""

import textwrap
from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from ..core import RequestError, need, plural
from ..dicom import ImageSource, is_phi
from ..image import Image, WindowLike, choose_window, load_image
from .figures import describe, house_style, nothing_to_show
from .style import ACCENT, CHANNELS, COMPUTED_CMAP, INK, MUTED, PALETTE, RULE

HISTOGRAM_BINS = 128
COMPLETENESS_TAGS = (
    *("PatientID", "PatientSex", "PatientAge", "StudyDate", "StudyDescription", "SeriesDescription"),
    *("BodyPartExamined", "ViewPosition", "Laterality", "Manufacturer", "ManufacturerModelName", "PixelSpacing"),
    *("ImagerPixelSpacing", "SliceThickness", "WindowCenter", "RescaleSlope", "BurnedInAnnotation", "KVP"),
)
SHOWN_GROUPS = 8
LONGEST_LABEL = 30
SHOWN_POINTS = 400  # of a group, evenly from the lowest to the highest
LEAST_QUARTILES, LEAST_TO_STAND_OUT = 4, 8  # images of a group
FENCE = 1.5  # distances of the quartiles (Tukey 1977)
SHOWN_UNITS = 4
WIDE_RANGE = 100  # of the highest to the lowest value: then the axis is logarithmic
FAR_OUT = 20  # distances of the quartiles from lowest to highest: then its ends are
UNITLESS = ("share", "bits", "sharpness", "contrast", "frames", "measured", "unique")


def plot_histogram(source: Image | ImageSource, *, window: WindowLike = "auto", ax: plt.Axes | None = None) -> plt.Axes:
    """Plot how often each modality value occurs, with the window shaded and padding left out.

    Parameters
    ----------
    source : Image, str, Path or Dataset
    window
        As in `to_display`.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> import eda_utils as eda
    >>> eda.plot_histogram(get_testdata_file("CT_small.dcm")).get_xlabel()
    'HU'
    """
    image = source if isinstance(source, Image) else load_image(source)
    with house_style():
        ax = ax or plt.figure(figsize=(6, 2.8)).add_subplot()
        title = _color_histogram(image, ax) if image.is_color else _grey_histogram(image, window, ax)
        ax.set(xlabel=image.unit, ylabel="pixels", yscale="log")
        ax.set_title(title)
    return describe(ax, f"Histogram. {title}".replace("\n", " "))


def _grey_histogram(image, window, ax):
    values = image.pixels if image.padding is None else image.pixels[~image.padding]
    values = values[np.isfinite(values)]
    if not values.size:
        return "All pixels are padding"
    ax.hist(values.ravel(), bins=HISTOGRAM_BINS, color=MUTED)
    low, high = choose_window(image, window).limits
    ax.axvspan(*np.clip([low, high], values.min(), values.max()), color=ACCENT, alpha=0.15, lw=0)
    inside = np.mean((values >= low) & (values <= high))
    padded = f"; {image.padding.mean():.0%} padding left out" if image.padding is not None else ""
    told = f"Values from {values.min():,.5g} to {values.max():,.5g}; {inside:.1%} inside the window (shaded){padded}"
    return textwrap.fill(told, 70)


def _color_histogram(image, ax):
    for channel, (name, color) in enumerate(CHANNELS.items()):
        ax.hist(image.pixels[..., channel].ravel(), HISTOGRAM_BINS, histtype="step", color=color, label=name)
    ax.legend(frameon=False)
    means = ", ".join(f"{mean:.0f}" for mean in image.pixels.reshape(-1, 3).mean(axis=0))
    return f"Mean of red, green and blue: {means}"


def completeness(
    index: pd.DataFrame, *, by: str = "Modality", tags: Sequence[str] = COMPLETENESS_TAGS, ax: plt.Axes | None = None
) -> plt.Axes:
    """Plot how often each attribute is filled, for each modality or other group.

    Parameters
    ----------
    index : DataFrame
        From `index_folder`; only readable DICOM files count.
    by : str
        Column that makes the groups.
    tags : sequence of str
        Columns to show; those that the index lacks are left out.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    import seaborn as sns

    need(index, by, "SOPInstanceUID")
    dicom = index[index["problem"].isna() & index["SOPInstanceUID"].notna()]  # a DICOMDIR is no instance
    tags = [tag for tag in tags if tag in dicom.columns]
    groups = _top_groups(dicom, by)
    filled = dicom[tags].notna().groupby(groups).mean().reindex(groups.value_counts().index)
    with house_style():
        size = (1.9 + 0.62 * max(len(filled), 4), 0.6 + 0.26 * max(len(tags), 4))
        ax = ax or plt.figure(figsize=size).add_subplot()
        if filled.empty:
            return nothing_to_show(ax, "no DICOM file")
        percent = filled.T.to_numpy(float) * 100
        names = [f"{name}\n{count:,}" for name, count in groups.value_counts().items()]
        style = {"annot": True, "fmt": ".0f", "annot_kws": {"size": 7.5}, "linewidths": 1, "cbar": False}
        sns.heatmap(percent, vmin=0, vmax=100, cmap=COMPUTED_CMAP, xticklabels=names, yticklabels=tags, ax=ax, **style)
        ax.tick_params(length=0, labelsize=8)
        ax.tick_params(axis="x", rotation=0)
        ax.set_xlabel(f"% of files that fill it, by {by}", loc="left", fontsize=8)
        always, never = (dicom[tags].notna().mean() == share for share in (1, 0))
        ax.set_title(f"{always.sum()} of {len(tags)} attributes always filled, {never.sum()} never")
    return describe(ax, f"Header completeness by {by}. {ax.get_title(loc='left')}")


def _top_groups(table, by):
    missing = np.where(table["kind"] == "dicom", "not stated", "not DICOM")
    groups = table[by].astype("string").fillna(pd.Series(missing, table.index)).str.slice(0, LONGEST_LABEL)
    rare = groups.value_counts().index[SHOWN_GROUPS:]
    return groups.where(~groups.isin(rare), "others")


def plot_counts(index: pd.DataFrame, column: str = "Modality", *, ax: plt.Axes | None = None) -> plt.Axes:
    """Plot how many readable files have each value of an attribute.

    Parameters
    ----------
    index : DataFrame
        From `index_folder`.
    column : str
        Not one that identifies a person.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    RequestError
        If the column can identify a person.
    """
    if is_phi(column):
        raise RequestError(column, "identifies a person (PS3.15 Table E.1-1)", "plot another attribute")
    need(index, column)
    usable = index[index["problem"].isna() & (index["kind"] != "other")]
    counts = _top_groups(usable, column).value_counts()[::-1]
    with house_style():
        ax = ax or plt.figure(figsize=(6, 0.8 + 0.3 * max(len(counts), 2))).add_subplot()
        if counts.empty:
            return nothing_to_show(ax, "no readable image")
        bars = ax.barh(counts.index, counts, color=ACCENT, height=0.7)
        ax.bar_label(bars, fmt="{:,.0f}", padding=3, fontsize=8, color=INK)
        ax.set_xticks([]), ax.spines["bottom"].set_visible(False)
        ax.set_xlabel(f"files by {column}", loc="left", fontsize=8)
        top, count = counts.index[-1], counts.iloc[-1]
        ax.set_title(f"Most frequent: {top}, {count:,} of {counts.sum():,} files ({count / counts.sum():.0%})")
    return describe(ax, f"Files by {column}. {ax.get_title(loc='left')}")


def geometry(index: pd.DataFrame, *, ax: plt.Axes | None = None) -> plt.Axes:
    """Plot rows against columns of every image, by modality.

    Parameters
    ----------
    index : DataFrame
        From `index_folder`.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    need(index, "Modality", "Rows", "Columns")
    images = index[index["problem"].isna() & index["Rows"].notna() & index["Columns"].notna()]
    labels = images["Modality"].astype("string").fillna(images["kind"]).str.slice(0, LONGEST_LABEL)
    top = labels.value_counts().index[: len(PALETTE) - 1]
    labels = labels.where(labels.isin(top), "others")
    with house_style():
        ax = ax or plt.figure(figsize=(6, 4)).add_subplot()
        if images.empty:
            return nothing_to_show(ax, "no image")
        names = [name for name in [*top, "others"] if name in set(labels)]
        for name, color in zip(names, PALETTE, strict=False):
            group = images[labels == name].groupby(["Columns", "Rows"]).size().reset_index(name="files")
            sizes = 25 + 30 * np.log2(group["files"].to_numpy())
            ax.scatter(group["Columns"], group["Rows"], s=sizes, color=color, alpha=0.75, label=name)
        ax.set(xlabel="Columns", ylabel="Rows", xscale="log", yscale="log")
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_major_formatter("{x:,.0f}")
            axis.set_minor_formatter("")
        ax.axline((100, 100), (1000, 1000), color=MUTED, lw=0.6, zorder=0)
        ax.legend(frameon=False, fontsize=8)
        square = (images["Rows"] == images["Columns"]).mean()
        distinct = images.groupby(["Rows", "Columns"]).ngroups
        ax.set_title(f"{distinct} different sizes; {square:.0%} of the images are square (on the line)")
    return describe(ax, f"Rows against columns. {ax.get_title(loc='left')}")


def distributions(
    stats: pd.DataFrame, index: pd.DataFrame, column: str = "mean_value", *, by: str = "Modality"
) -> np.ndarray:
    """Plot how a statistic of the pixels is distributed, in groups such as modalities or devices.

    Parameters
    ----------
    stats : DataFrame
        From `measure_images`; what could not be measured is left out.
    index : DataFrame
        From `index_folder`, to which the groups belong.
    column : str
        A numeric column of `stats`.
    by : str
        Column of `index` that makes the groups, at most eight; the rarer ones are one group. None that identifies.

    Returns
    -------
    numpy.ndarray of matplotlib.axes.Axes
        One below the other for each unit, since HU and stored values have no axis in common. A point is an image, the
        line spans the quartiles and the stroke is the median. Orange points of groups of at least 8 lie more than 1.5
        distances of the quartiles outside of them.

    Raises
    ------
    RequestError
        If a column is missing, or can identify a person.

    References
    ----------
    J. W. Tukey, Exploratory Data Analysis, Addison-Wesley 1977.

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> import eda_utils as eda
    >>> index = eda.index_folder(get_testdata_file("CT_small.dcm"))
    >>> eda.plots.distributions(eda.measure_images(index), index)[0].get_xlabel()
    'mean_value (HU)'
    """
    measured = _measured(stats, index, column, by)
    units = measured["unit"].value_counts().index[:SHOWN_UNITS]
    images = measured[measured["unit"].isin(units)]
    counts = [images.loc[images["unit"] == unit, "group"].nunique() for unit in units]
    with house_style():
        figure = plt.figure(figsize=(7, 0.5 + sum(0.62 + 0.3 * count for count in counts or [2])))
        axes = figure.subplots(max(len(units), 1), 1, squeeze=False, height_ratios=[0.6 + n for n in counts] or [1])
        if images.empty:
            return np.array([nothing_to_show(axes[0, 0], f"no image has a {column}")])
        parts = [images[images["unit"] == unit] for unit in units]
        far = sum(_draw_groups(part, column, ax) for part, ax in zip(parts, axes[:, 0], strict=True))
        told = f"{far:,} stand{'s' * (far == 1)} out (orange)" if far else "none stands out"
        axes[0, 0].set_title(textwrap.fill(f"{column} of {plural(len(images), 'image')} by {by}: {told}", 60))
        left = len(measured) - len(images)
        told = "point: image; line: quartiles; stroke: median" + (f"; {left:,} of other units left out" if left else "")
        figure.supxlabel(told, x=0.98, ha="right", fontsize=8, color=MUTED)
    describe(axes[0, 0], f"Distribution of {column}. {axes[0, 0].get_title(loc='left')}")
    return axes[:, 0]


def _measured(stats, index, column, by):
    """One row for each image that has the statistic: group, unit, value."""
    if is_phi(by):
        raise RequestError(by, "identifies a person (PS3.15 Table E.1-1)", "plot by another attribute")
    need(stats, "path", "unit", column)
    need(index, "path", "kind", by)
    files = index[["path", "kind", by]].drop_duplicates("path")
    images = stats[["path", "unit", column]].drop_duplicates("path").merge(files, on="path")
    images[column] = images[column].astype("Float64").to_numpy(float, na_value=np.nan)
    images = images[np.isfinite(images[column])].reset_index(drop=True)
    has_unit = not any(word in column.split("_") for word in UNITLESS)
    units = images["unit"].astype(object).fillna("no unit") if has_unit else ""
    return images.assign(group=_top_groups(images, by).astype(object), unit=units)


def _draw_groups(images, column, ax):
    """Return how many images stand out from their group."""
    unit, far = images["unit"].iloc[0], 0
    names = images["group"].value_counts().index[::-1]
    for row, name in enumerate(names):
        values = np.sort(images.loc[images["group"] == name, column].to_numpy())
        low, median, high = np.percentile(values, [25, 50, 75])
        reach = FENCE * (high - low) if len(values) >= LEAST_TO_STAND_OUT else np.inf
        is_far = (values < low - reach) | (values > high + reach)
        for points, color in ((values[~is_far], ACCENT), (values[is_far], PALETTE[-1])):
            points = points[np.linspace(0, len(points) - 1, min(len(points), SHOWN_POINTS)).astype(int)]
            heights = row + 0.22 * np.sin(np.arange(len(points)) * 2.4)  # the golden angle spreads neighbours
            ax.scatter(points, heights, s=14, color=color, alpha=0.55, linewidths=0)
        if len(values) >= LEAST_QUARTILES:
            ax.hlines(row, low, high, color=INK, lw=1.2)
        ax.vlines(median, row - 0.3, row + 0.3, color=INK, lw=1.6)
        far += int(is_far.sum())
    scale = _scale(ax, images[column])
    ax.set_yticks(range(len(names)), [f"{name} ({(images['group'] == name).sum():,})" for name in names])
    ax.set_ylim(-0.6, len(names) - 0.4)
    ax.grid(axis="y", color=RULE, lw=0.6), ax.set_axisbelow(True)
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel((f"{column} ({unit})" if unit else column) + scale, loc="left", fontsize=8)
    return far


def _scale(ax, values):
    """Logarithmic where linear would press most points together; with negative ones in its ends only."""
    low, q1, q3, high = np.percentile(values, [0, 25, 75, 100])
    width = float(np.median(np.abs(values)))
    told = ""
    if 0 < WIDE_RANGE * low < high:
        told = ", logarithmic"
        ax.set_xscale("log")
    elif width and high - low > FAR_OUT * (q3 - q1):
        told = ", ends logarithmic"
        ax.set_xscale("asinh", linear_width=width)
        ax.set_xticks(sorted({float(f"{value:.2g}") for value in (low, 0, high) if low <= value <= high}))
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:,.5g}")
    ax.xaxis.set_minor_formatter("")
    return told
