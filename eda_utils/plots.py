"""Plots: tables and values in, Axes out; the title is the finding."""

import textwrap

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from .confidentiality import is_phi
from .display import choose_window
from .errors import RequestError
from .figures import describe, house_style, nothing_to_show
from .image import Image, load_image
from .style import ACCENT, COMPUTED_CMAP, INK, MUTED, PALETTE
from .summary import need

HISTOGRAM_BINS = 128
COMPLETENESS_TAGS = (
    *("PatientID", "PatientSex", "PatientAge", "StudyDate", "StudyDescription", "SeriesDescription"),
    *("BodyPartExamined", "ViewPosition", "Laterality", "Manufacturer", "ManufacturerModelName", "PixelSpacing"),
    *("ImagerPixelSpacing", "SliceThickness", "WindowCenter", "RescaleSlope", "BurnedInAnnotation", "KVP"),
)
SHOWN_GROUPS = 8
LONGEST_LABEL = 30


def plot_histogram(source, *, window="auto", ax=None):
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
    for channel, (name, color) in enumerate(
        zip(("red", "green", "blue"), ("#D55E00", "#009E73", "#0072B2"), strict=True)
    ):
        ax.hist(image.pixels[..., channel].ravel(), HISTOGRAM_BINS, histtype="step", color=color, label=name)
    ax.legend(frameon=False)
    means = ", ".join(f"{mean:.0f}" for mean in image.pixels.reshape(-1, 3).mean(axis=0))
    return f"Mean of red, green and blue: {means}"


def plot_completeness(index, *, by="Modality", tags=COMPLETENESS_TAGS, ax=None):
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


def plot_counts(index, column="Modality", *, ax=None):
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


def plot_geometry(index, *, ax=None):
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
