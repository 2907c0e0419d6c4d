"""Figures of shortcuts, drift and scores: tables in, Axes out; the title is the finding."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ..cohort import LEAST_DRIFT
from ..core import plural
from .figures import describe, draw_rows, finish_rows, house_style, nothing_to_show, row_axes
from .style import ACCENT, COMPUTED_CMAP, MUTED, PALETTE, RULE

SHOWN = 20  # rows
CHANCE, SMALL_AREA = 0.5, 0.02


def shortcuts(scan: pd.DataFrame, *, most: int = SHOWN, ax: plt.Axes | None = None) -> plt.Axes:
    """Plot which fields a label follows, the strongest first.

    Parameters
    ----------
    scan : DataFrame
        From `scan_shortcuts`.
    most : int
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> import pandas as pd
    >>> from eda_utils import plots
    >>> from eda_utils.cohort import scan_shortcuts
    >>> index = pd.DataFrame({"path": [f"{n}.png" for n in range(40)], "Mass": [0, 1] * 20})
    >>> index["Manufacturer"] = ["one", "other"] * 20
    >>> plots.shortcuts(scan_shortcuts(index, "Mass")).get_title(loc="left").partition(";")[0].replace("\\n", " ")
    'Mass follows 1 of 1 field, most of all Manufacturer (effect 1.00)'
    """
    rows = scan.head(most)
    with house_style():
        ax = ax or row_axes(len(rows))
        if rows.empty:
            return nothing_to_show(ax, "no field differs between files")
        colors = np.where(rows["is_shortcut"], PALETTE[5], MUTED)
        y = np.arange(len(rows))
        draw_rows(ax, y, 0, rows["effect"], rows["effect"], colors)
        for height, row in zip(y, rows.itertuples(), strict=True):
            p = "p < 0.01" if row.p_adjusted < 0.01 else f"p = {row.p_adjusted:.2f}"
            style = {"textcoords": "offset points", "va": "center", "fontsize": 7.5, "color": MUTED}
            ax.annotate(p, (row.effect, height), (6, 0), **style)
        caption, title = "effect: Cramér's V, or 2 AUC − 1 of numbers; p after correction; colour: told", _follows(scan)
        finish_rows(ax, rows["field"], caption, title)
        ax.set_xlim(0, 1.12)
    return describe(ax, f"Shortcuts. {title}")


def _follows(scan):
    told, label = scan[scan["is_shortcut"]], scan.attrs.get("label", "the label")
    baseline = scan.attrs.get("baseline", {})
    title = f"{label} follows none of {plural(len(scan), 'field')}"
    if len(told):
        first = told.iloc[0]
        title = f"{label} follows {len(told)} of {plural(len(scan), 'field')}, most of all {first['field']}"
        title += f" (effect {first['effect']:.2f})"
    if np.isfinite(baseline.get("auc", np.nan)):
        title += f"; without a pixel AUC {baseline['auc']:.2f} ({baseline['low']:.2f} to {baseline['high']:.2f})"
    return title


def drift(comparison: pd.DataFrame, *, most: int = SHOWN, ax: plt.Axes | None = None) -> plt.Axes:
    """Plot by how much two sets differ in each field, with intervals, those that drift first.

    Parameters
    ----------
    comparison : DataFrame
        From `compare_datasets`.
    most : int
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> import pandas as pd
    >>> from eda_utils import plots
    >>> from eda_utils.cohort import compare_datasets
    >>> a = pd.DataFrame({"path": [f"{n}.dcm" for n in range(40)], "KVP": [80.0, 90.0] * 20})
    >>> plots.drift(compare_datasets(a, a.assign(KVP=[80.0, 99.0] * 20))).get_title(loc="left")[:36]
    '1 of 1 field drifts, most of all KVP'
    """
    rows = comparison.head(most)
    with house_style():
        ax = ax or row_axes(len(rows))
        if rows.empty:
            return nothing_to_show(ax, "no field is in both sets")
        limit = min(max(rows[["difference", "low", "high"]].abs().max(axis=None) * 1.15, 0.6), 3.2)
        ax.axvspan(-0.1, 0.1, color=RULE, alpha=0.5, lw=0)
        ax.axvline(0, color=MUTED, lw=0.8)
        for is_drift, color in ((False, MUTED), (True, PALETTE[5])):
            here = (rows["is_drift"] == is_drift).to_numpy()
            clipped = rows.loc[here, ["difference", "low", "high"]].clip(-limit, limit)
            y = np.flatnonzero(here)
            ax.hlines(y, clipped["low"], clipped["high"], color=color, lw=1.6)
            for kind, marker in (("number", "o"), ("classes", "s")):
                is_kind = (rows.loc[here, "kind"] == kind).to_numpy()
                ax.plot(clipped["difference"][is_kind], y[is_kind], marker, ms=4.5, color=color)
        names = [f"{row.field}{_remark(row)}" for row in rows.itertuples()]
        caption = "standardised difference, B minus A; ● numbers, ■ classes (without sign)\n"
        caption += "grey band: below 0.1; colour: drift"
        title = _drift_title(comparison, limit)
        finish_rows(ax, names, caption, title)
        ax.set_xlim(-limit * 1.03, limit * 1.03)
    return describe(ax, f"Drift. {title}")


def _remark(row):
    """What the difference of means does not tell."""
    if row.new_values:
        return f" ({row.new_values} new)"
    return f" (shape: PSI {row.psi:.2f})" if row.is_drift and abs(row.difference) < LEAST_DRIFT else ""


def _drift_title(comparison, limit):
    told = comparison[comparison["is_drift"]]
    title = f"None of {plural(len(comparison), 'field')} drifts"
    if len(told):
        first = told.iloc[0]
        title = f"{len(told)} of {plural(len(comparison), 'field')} drift{'s' * (len(told) == 1)}, most of all "
        title += f"{first['field']} (difference {abs(first['difference']):.2f} SD)"
    auc = comparison.attrs.get("domain", {}).get("auc", np.nan)
    title += f"; a model tells the sets apart with AUC {auc:.2f}" if np.isfinite(auc) else ""
    is_cut = comparison[["low", "high"]].abs().max(axis=None) > limit
    return title + (f" (beyond {limit:.1f}: drawn at the edge)" if is_cut else "")


def scores(scores: dict[str, tuple[float, float, float]], *, ax: plt.Axes | None = None) -> plt.Axes:
    """Plot areas under the ROC curve with their intervals, beside chance.

    Parameters
    ----------
    scores : dict of str to tuple
        From `auc_interval`, by what was scored.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> from eda_utils import plots
    >>> plots.scores({"images": (0.9, 0.8, 1.0), "patients": (0.6, 0.45, 0.7)}).get_title(loc="left")
    'AUC from 0.90 (images) to 0.60 (patients)'
    """
    table = pd.DataFrame(scores, index=["auc", "low", "high"]).T
    with house_style():
        ax = ax or row_axes(len(table))
        y, color = np.arange(len(table)), np.where(table["low"] > CHANCE, ACCENT, MUTED)
        ax.axvline(CHANCE, color=MUTED, lw=0.8, ls="--")
        draw_rows(ax, y, table["low"], table["auc"], table["high"], color)
        for height, row in zip(y, table.itertuples(), strict=True):
            place = {"xytext": (0, 5), "textcoords": "offset points", "ha": "center", "fontsize": 8}
            ax.annotate(f"{row.auc:.2f}", (row.auc, height), color=MUTED, **place)
        best, worst = table["auc"].idxmax(), table["auc"].idxmin()
        title = f"AUC from {table['auc'].max():.2f} ({best}) to {table['auc'].min():.2f} ({worst})"
        caption = "area under the ROC curve; line: interval of 95 %; dashed, grey: chance"
        finish_rows(ax, table.index, caption, title)
        ax.set_ylim(len(table) - 0.5, -0.8)
        ax.set_xlim(min(0.4, table["low"].min() - 0.03), 1.02)
    return describe(ax, f"Scores. {title}")


def contributions(contributions: ArrayLike, picture: ArrayLike) -> np.ndarray:
    """Show which pixels make the score of a linear model, beside a picture.

    Parameters
    ----------
    contributions : array_like of float
        (row, column): the weight of each pixel times the difference of its means, images with the label minus those
        without. Their sum is by how much the mean score differs.
    picture : array_like
        (row, column), such as the mean of the images.

    Returns
    -------
    numpy.ndarray of matplotlib.axes.Axes
        Two: picture, contributions.

    Examples
    --------
    >>> import numpy as np
    >>> from eda_utils import plots
    >>> contributions = np.zeros((10, 10))
    >>> contributions[2, 7] = 3
    >>> plots.contributions(contributions, np.ones((10, 10)))[1].get_title(loc="left")[:17]
    '100% of the score'
    """
    table = np.asarray(contributions, float)
    most = np.sort(table.ravel())[::-1][: max(1, round(SMALL_AREA * table.size))]
    row, col = np.unravel_index(table.argmax(), table.shape)
    with house_style():
        axes = plt.figure(figsize=(6.4, 3.5)).subplots(1, 2)
        axes[0].imshow(picture)
        axes[0].plot(col, row, "s", ms=16, mew=1.6, mfc="none", color=PALETTE[5])
        shown = axes[1].imshow(table, cmap=COMPUTED_CMAP, interpolation="nearest")
        axes[0].figure.colorbar(shown, ax=axes[1], label="part of the score", shrink=0.75)
        titles = "Mean of the images", f"{most.sum() / table.sum():.0%} of the score\nfrom {SMALL_AREA:.0%} of the area"
        square = f"square: the pixel that counts most,\nrow {row}, column {col}"
        captions = square, "yellow: what tells the label,\nblue: nothing"
        for ax, title, caption in zip(axes, titles, captions, strict=True):
            ax.set_xticks([]), ax.set_yticks([]), ax.set_title(title), ax.set_xlabel(caption, fontsize=8)
    said = titles[1].replace("\n", " ")
    describe(axes[0], f"What makes the score: {said}; most of all row {row}, column {col}.")
    return axes
