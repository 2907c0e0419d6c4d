"""Figures of labels, boxes and splits: tables in, Axes out; the title is the finding."""

import textwrap
from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from ..cohort import balance_parts, check_split, count_label_pairs, describe_labels
from ..core import plural
from .figures import ROW_HEIGHT, describe, draw_rows, finish_rows, house_style, row_axes
from .style import ACCENT, COMPUTED_CMAP, INK, MUTED, PALETTE, RULE

SHOWN, SHOWN_GROUPS = 20, 6
HALF_TITLE = 38  # characters
BELOW = {"frameon": False, "fontsize": 8, "ncols": 2}
BELOW |= {"loc": "upper left", "bbox_to_anchor": (0, 0), "borderaxespad": 4.4}


def prevalence(
    index: pd.DataFrame, labels: Sequence[str] | None = None, *, by: str | None = None, ax: plt.Axes | None = None
) -> plt.Axes:
    """Plot how often each label is there, with intervals of 95 %.

    Parameters
    ----------
    index : DataFrame
        From `join_labels`.
    labels, by
        As for `describe_labels`; shown are at most 20 labels and 6 groups.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> import pandas as pd
    >>> from eda_utils import plots
    >>> ax = plots.prevalence(pd.DataFrame({"Mass": [1, 0, 0, 0]}), ["Mass"])
    >>> ax.get_title(loc="left").split(":")[0]
    'Mass is the most frequent of 1 label'
    """
    table = describe_labels(index, labels)
    order = table.sort_values("prevalence", ascending=False, kind="stable")["label"].head(SHOWN).tolist()
    groups = describe_labels(index, labels, by=by) if by else table.assign(group="")
    names = groups.groupby("group", sort=False, observed=True)["files"].max().nlargest(SHOWN_GROUPS).index
    names = [name for name in groups["group"].drop_duplicates() if name in names]
    with house_style():
        legend = 1 + len(names) / 2 if by else 0
        ax = ax or row_axes(max(len(order), 2) * (1 + 0.5 * (len(names) - 1)) + legend)
        for number, name in enumerate(names):
            rows = groups[groups["group"] == name].set_index("label").reindex(order)
            offset = (number - (len(names) - 1) / 2) * 0.8 / len(names)
            label, color = f"{name} ({rows['files'].max():,.0f})", PALETTE[number]
            draw_rows(ax, np.arange(len(order)) + offset, rows["low"], rows["prevalence"], rows["high"], color, label)
        title = _prevalence_title(table, by, groups)
        finish_rows(ax, order, "share of files; line: interval of 95 %, patients counted as independent", title)
        ax.xaxis.set_major_formatter(plt.matplotlib.ticker.PercentFormatter(1))
        ax.set_xlim(left=0)
        if by:
            ax.legend(title=f"{by} (files)", title_fontsize=8, alignment="left", **BELOW)
    return describe(ax, f"Prevalence of labels. {title}")


def _prevalence_title(table, by, groups):
    first = table.loc[table["prevalence"].idxmax()]
    title = f"{first['label']} is the most frequent of {plural(len(table), 'label')}: "
    title += f"in {first['prevalence']:.1%} of {plural(int(first['files']), 'file')}"
    if by:
        parts = groups[(groups["label"] == first["label"]) & (groups["patients"] >= 5)]
        if len(parts) > 1:
            ends = parts["prevalence"].min(), parts["prevalence"].max()
            title += f"; by {by} from {ends[0]:.1%} to {ends[1]:.1%}"
    return title


def label_pairs(index: pd.DataFrame, labels: Sequence[str] | None = None, *, ax: plt.Axes | None = None) -> plt.Axes:
    """Plot which labels occur together, as the share of the files with one that have the other too.

    Parameters
    ----------
    index : DataFrame
        From `join_labels`.
    labels : list of str, optional
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> import pandas as pd
    >>> from eda_utils import plots
    >>> index = pd.DataFrame({"Mass": [1, 1, 0], "Nodule": [1, 0, 0]})
    >>> plots.label_pairs(index, ["Mass", "Nodule"]).get_title(loc="left")
    'Of files with Nodule, 100% have Mass too (1 file)'
    """
    counts = count_label_pairs(index, labels)
    order = np.argsort(-np.diag(counts), kind="stable")[:SHOWN]
    counts = counts.iloc[order, order]
    names, table = list(counts), counts.to_numpy(float)
    total = np.diag(table)[:, None]
    shares = np.divide(table, total, out=np.full_like(table, np.nan), where=total > 0)
    np.fill_diagonal(shares, np.nan)
    with house_style():
        side = 1.6 + 0.42 * len(names)
        ax = ax or plt.figure(figsize=(side + 1.2, side)).add_subplot()
        image = ax.imshow(shares, cmap=COMPUTED_CMAP, vmin=0, vmax=max(np.nanmax(shares, initial=0), 0.01))
        for row, column in np.argwhere(np.isfinite(shares) & (shares >= 0.005)):
            color = "white" if image.norm(shares[row, column]) < 0.5 else INK
            ax.text(column, row, f"{100 * shares[row, column]:.0f}", ha="center", va="center", color=color, fontsize=7)
        ax.set_xticks(range(len(names)), names, rotation=60, ha="right", rotation_mode="anchor")
        ax.set_yticks(range(len(names)), [f"{name} ({n:,.0f})" for name, n in zip(names, total[:, 0], strict=True)])
        ax.set_xlabel("… % of these files have this one too", fontsize=8)
        ax.tick_params(length=0), ax.spines[:].set_visible(False)
        title = _pair_title(names, shares, table)
        ax.set_title(textwrap.fill(title, 60))
    return describe(ax, f"Labels that occur together. {title}")


def _pair_title(names, shares, table):
    if not np.nansum(shares):
        return "No two labels occur together"
    row, column = np.unravel_index(np.nanargmax(shares), shares.shape)
    files = plural(int(table[row, column]), "file")
    return f"Of files with {names[row]}, {shares[row, column]:.0%} have {names[column]} too ({files})"


def split(split: pd.DataFrame, labels: Sequence[str], *, stats: pd.DataFrame | None = None) -> np.ndarray:
    """Plot the proof of a split: what is in two parts, beside a random split, and how alike the parts are.

    Parameters
    ----------
    split : DataFrame
        From `split_patients`, or any index with a column ``part``.
    labels : list of str
        Whose shares are compared.
    stats : DataFrame, optional
        From `measure_images`, to show copies too.

    Returns
    -------
    numpy.ndarray of matplotlib.axes.Axes
        Two: leaks, balance.

    Examples
    --------
    >>> import pandas as pd
    >>> from eda_utils import plots
    >>> index = pd.DataFrame({"path": list("abcd"), "PatientID": [1, 1, 2, 2], "Mass": [0, 1, 0, 1]})
    >>> axes = plots.split(index.assign(part=["train", "train", "test", "test"]), ["Mass"])
    >>> axes[0].get_title(loc="left")
    'Nothing is in two parts'
    """
    proof, balance = check_split(split, stats=stats), balance_parts(split, labels)
    with house_style():
        rows = max(len(proof) * 2, min(len(balance), SHOWN + 1), 4)
        axes = plt.figure(figsize=(9, 1.2 + ROW_HEIGHT * rows)).subplots(1, 2)
        leaks = _draw_leaks(axes[0], proof)
        balanced = _draw_balance(axes[1], balance)
    describe(axes[0], f"Split. {leaks}. {balanced}.")
    return axes


def _draw_leaks(ax, proof):
    y = np.arange(len(proof))
    sides = ((-0.2, "across_parts", ACCENT, "this split"), (0.2, "across_if_random", MUTED, "random split of images"))
    for offset, column, color, label in sides:
        bars = ax.barh(y + offset, proof[column], 0.36, color=color, label=label)
        ax.bar_label(bars, [f"{value:,.0f}" for value in proof[column]], padding=3, fontsize=8, color=INK)
    ax.set_yticks(y, [f"{row.what}\n(of {row.groups:,})" for row in proof.itertuples()])
    ax.set_ylim(max(len(proof), 3) - 0.4, -0.6), ax.margins(x=0.15)
    ax.set_xlabel("in more than one part", fontsize=8)
    ax.legend(**BELOW)
    across = proof[proof["across_parts"] > 0]
    told = ", ".join(f"{row.across_parts:,} {row.what}" for row in across.itertuples())
    title = f"In two parts: {told}" if told else "Nothing is in two parts"
    ax.set_title(textwrap.fill(title, HALF_TITLE))
    return title


def _draw_balance(ax, balance):
    labels = balance.iloc[1:].sort_values("all", ascending=False, kind="stable").head(SHOWN)
    parts = [name for name in balance if name not in ("label", "all", "largest_deviation")]
    y = np.arange(len(labels))
    ax.plot(labels["all"], y, "|", ms=15, mew=2, color=RULE, label="all files")
    for number, part in enumerate(parts[: len(PALETTE)]):
        name = f"{part} ({balance[part].iloc[0]:.1%} of files)"
        offset = (number - (len(parts) - 1) / 2) * 0.2
        ax.plot(labels[part], y + offset, "o", ms=4, color=PALETTE[number], label=name)
    title = _balance_title(labels)
    finish_rows(ax, labels["label"], "share of the files of each part", title, HALF_TITLE)
    ax.xaxis.set_major_formatter(plt.matplotlib.ticker.PercentFormatter(1))
    ax.set_xlim(left=0)
    ax.legend(**BELOW)
    return title


def _balance_title(labels):
    if labels.empty:
        return "No label is compared"
    worst = labels.loc[labels["largest_deviation"].idxmax()]
    return f"Shares differ by {100 * worst['largest_deviation']:.2g} percentage points at most ({worst['label']})"
