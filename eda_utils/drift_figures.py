"""Figures of shortcuts and of drift: tables in, Axes out; the title is the finding."""

import numpy as np

from .drift import LEAST_EFFECT
from .figures import describe, draw_rows, finish_rows, house_style, nothing_to_show, row_axes
from .style import MUTED, PALETTE, RULE
from .text import plural

SHOWN = 20  # rows


def plot_shortcuts(scan, *, most=SHOWN, ax=None):
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
    >>> from eda_utils.drift_figures import plot_shortcuts
    >>> from eda_utils.shortcuts import scan_shortcuts
    >>> index = pd.DataFrame({"path": [f"{n}.png" for n in range(40)], "Mass": [0, 1] * 20})
    >>> index["Manufacturer"] = ["one", "other"] * 20
    >>> plot_shortcuts(scan_shortcuts(index, "Mass")).get_title(loc="left").partition(";")[0].replace("\\n", " ")
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
            ax.annotate(
                p, (row.effect, height), (6, 0), textcoords="offset points", va="center", fontsize=7.5, color=MUTED
            )
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


def plot_drift(comparison, *, most=SHOWN, ax=None):
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
    >>> from eda_utils.drift_figures import plot_drift
    >>> from eda_utils.drift import compare_datasets
    >>> a = pd.DataFrame({"path": [f"{n}.dcm" for n in range(40)], "KVP": [80.0, 90.0] * 20})
    >>> plot_drift(compare_datasets(a, a.assign(KVP=[80.0, 99.0] * 20))).get_title(loc="left")[:36]
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
    return f" (shape: PSI {row.psi:.2f})" if row.is_drift and abs(row.difference) < LEAST_EFFECT else ""


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
