"""Findings with pictures: what was found beside images in which it was found, and copies side by side."""

import textwrap

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from ..core import SEVERITIES, EDAError, RequestError, findings_table, format_bytes, need, plural, summarize_findings
from ..dicom import uid_name
from ..quality import HASH_BITS, HIERARCHY
from .figures import describe, house_style, nothing_to_show, panel_grid
from .images import MOST_PANELS, show_image
from .style import INK, MUTED, PALETTE

COLORS = {"error": PALETTE[5], "warning": "#8a5a00", "note": MUTED}  # legible as text
UNREADABLE = ("undecodable", "pixel_data_cut")  # to decode these again could take long
PICTURE, TEXT_WIDTH, ROW, LOW_ROW, LINE = 1.9, 3.3, 2.5, 1.2, 0.18  # inches
WRAPPED, LONG_LINE, TITLE, PAIR_TITLE, CAPTION = 44, 125, 24, 32, 30  # characters
NO_BREAK = "\N{NO-BREAK SPACE}"
RELATIONS = {
    "PatientID": "another patient",
    "StudyInstanceUID": "the same patient, another study",
    "SeriesInstanceUID": "the same study, another series",
}
SAME_SERIES, NOT_STATED = "the same series", "no patient is stated"


def show_findings(
    findings: pd.DataFrame, index: pd.DataFrame | None = None, *, most: int = 8, examples: int = 3
) -> np.ndarray:
    """Show what was found, the most severe and most frequent kind first, each with a few of the images concerned.

    Parameters
    ----------
    findings : DataFrame
        Such as from `flag_issues`, `quality.check_uids` and `find_duplicates`, also one below the other.
    index : DataFrame, optional
        From `index_folder`: to say of how many files.
    most : int
        How many kinds are shown; the others are named below.
    examples : int
        How many pictures of each kind, spread over its files. Below each is its evidence. Files whose pixels were found
        to be cut or undecodable are not decoded again.

    Returns
    -------
    numpy.ndarray of matplotlib.axes.Axes
        (kind, 1 + examples): text, then pictures.

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> import eda_utils as eda
    >>> index = eda.index_folder(get_testdata_file("CT_small.dcm")).assign(HighBit=11)
    >>> text, picture = eda.plots.show_findings(eda.flag_issues(index), index, examples=1)[0]
    >>> picture.get_xlabel()
    'High Bit 11, Bits Stored 16'
    """
    findings, summary = findings_table(findings), summarize_findings(findings, index)
    kinds = summary.head(most)
    chosen = [_choose_examples(findings, kind, examples, _pictures(findings, index)) for kind in kinds["kind"]]
    with house_style():
        if kinds.empty:
            ax = plt.figure(figsize=(5, 0.8)).add_subplot()
            return np.array([[nothing_to_show(ax, "no check has found anything")]])
        heights = [LOW_ROW if rows.empty else ROW for rows in chosen]
        widths = [TEXT_WIDTH, *[PICTURE] * examples]
        figure = plt.figure(figsize=(sum(widths), sum(heights) + 0.7))
        figure.get_layout_engine().set(h_pad=0.1)
        ratios = {"width_ratios": widths, "height_ratios": heights}
        axes = figure.subplots(len(kinds), len(widths), squeeze=False, **ratios)
        of = f" of {index['path'].nunique():,}" if index is not None else ""
        for row, kind, rows, height in zip(axes, kinds.itertuples(), chosen, heights, strict=True):
            _write_kind(row[0], kind, of, height)
            _draw_examples(row[1:], rows, kind.example)
        title = _write_frame(figure, summary, most)
    told = "; ".join(f"{kind.severity}: {kind.what}, {plural(kind.files, 'file')}" for kind in kinds.itertuples())
    describe(axes[0, 0], f"{title} {told}")
    return axes


def _write_kind(ax, kind, of, height):
    ax.set_axis_off()
    files = f"{kind.files:,}{of} file{'s' * (kind.files != 1 or bool(of))}"
    style = {"transform": ax.transAxes, "va": "top", "wrap": False}
    ax.text(0, 1, f"{kind.severity}: {files}", color=COLORS[kind.severity], fontweight="bold", **style)
    what = textwrap.fill(kind.what, WRAPPED)
    top = 1 - 1.2 * LINE / height
    ax.text(0, top, what, color=INK, linespacing=1.3, **style)
    advice = textwrap.fill(f"→ {kind.advice}", WRAPPED + 4)
    below = top - (what.count("\n") + 1.5) * LINE / height
    ax.text(0, below, f"{advice}\n{kind.kind}", color=MUTED, fontsize=8.5, linespacing=1.4, **style)


def _pictures(findings, index):
    """Paths of findings that can be drawn, as far as is known."""
    paths = findings.loc[findings["path"] != "", "path"]
    if index is not None and "Rows" in index:
        paths = paths[paths.isin(index.loc[index["Rows"].notna() | (index["kind"] == "slide"), "path"])]
    return paths[~paths.isin(findings.loc[findings["kind"].isin(UNREADABLE), "path"])]


def _choose_examples(findings, kind, most, pictures):
    """Findings of a kind, spread over the files that have it."""
    rows = findings[(findings["kind"] == kind) & findings["path"].isin(pictures)].drop_duplicates("path")
    return rows.iloc[np.linspace(0, len(rows) - 1, min(most, len(rows))).astype(int)]


def _draw_examples(axes, rows, evidence):
    """Where there is no picture, the evidence is told in words."""
    for ax, path, caption in zip(axes, rows["path"], rows["evidence"], strict=False):
        _show_with(ax, path, caption)
    for ax in axes[len(rows) :]:
        ax.set_axis_off()
    if rows.empty and len(axes):
        words = textwrap.fill(f"No picture can be shown: {evidence}.", CAPTION)
        axes[0].text(0, 1, words, transform=axes[0].transAxes, va="top", color=MUTED, fontsize=8)


def _show_with(ax, path, caption, title=None):
    """Draw a picture with other words below it than how it is made; a file that cannot be shown says why."""
    try:
        show_image(path, ax=ax)
    except EDAError as error:
        words = (textwrap.fill(text, CAPTION) for text in (f"{error.wrong}; {error.advice}", caption))
        nothing_to_show(ax, "\n\n".join(words))
        return
    said = title or " ".join(ax.get_title(loc="left").split())
    ax.set_title(textwrap.fill(said, PAIR_TITLE if title else TITLE), fontsize=9)
    ax.set_xlabel(textwrap.fill(caption, CAPTION), fontsize=7.5, color=MUTED, loc="left")


def _write_frame(figure, summary, most):
    counts = summary["severity"].value_counts()
    told = ", ".join(plural(counts[name], name) for name in SEVERITIES if counts.get(name))
    title = f"{plural(len(summary), 'kind')} of findings: {told}."
    figure.suptitle(title, x=0.005, ha="left", fontsize=10.5, fontweight="bold", color=INK)
    left = [f"{kind.kind} ({kind.files:,})" for kind in summary.iloc[most:].itertuples()]
    if left:
        text = textwrap.fill(f"Not shown here: {', '.join(left)}.", LONG_LINE)
        figure.supxlabel(text, x=0.005, ha="left", fontsize=8.5, color=MUTED)
    return title


def show_duplicates(groups: pd.DataFrame, index: pd.DataFrame, *, most: int = 6) -> np.ndarray:
    """Show images that are there twice side by side, with what they share and how far apart they are filed.

    Parameters
    ----------
    groups : DataFrame
        From `duplicate_groups`.
    index : DataFrame
        From `index_folder`.
    most : int
        How many groups, those across patients first, then across studies. Of each are shown its first image and the one
        that is filed farthest from it. Images that look the same within one series, as neighbouring slices do, are left
        out.

    Returns
    -------
    numpy.ndarray of matplotlib.axes.Axes
        (group, 2). The title on the right says whose the other one is, without a name or a number.

    Raises
    ------
    RequestError
        If a column is missing, or there are more than 12 groups for a figure.

    References
    ----------
    PS3.3 A.1.2: patient, study, series, instance.

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> import eda_utils as eda
    >>> names = ["MR_small.dcm", "MR_small_bigendian.dcm"]
    >>> index = eda.index_folder([get_testdata_file(name) for name in names])
    >>> groups = eda.quality.duplicate_groups(eda.measure_images(index), index=index)
    >>> [ax.get_title(loc="left") for ax in eda.plots.show_duplicates(groups, index)[0]]
    ['2 images, the same pixels', 'the same series']
    """
    if 2 * most > MOST_PANELS:
        raise RequestError("show_duplicates", f"{most} groups are too many", f"ask for at most {MOST_PANELS // 2}")
    pairs = _farthest_pairs(groups, index)
    with house_style():
        if pairs.empty:
            ax = plt.figure(figsize=(5, 0.8)).add_subplot()
            return np.array([[nothing_to_show(ax, "no image is there twice")]])
        shown = pairs.head(most)
        axes = panel_grid(2 * len(shown), 4, height=3.3).reshape(-1, 2)
        for pair, row in zip(axes, shown.itertuples(), strict=True):
            _draw_pair(pair, row)
        title = _count_pairs(pairs, len(shown))
        axes[0, 0].figure.suptitle(title, x=0.005, ha="left", fontsize=10.5, fontweight="bold", color=INK)
    describe(axes[0, 0], f"{title} " + "; ".join(f"{row.said}, {row.relation}" for row in shown.itertuples()))
    return axes


def _farthest_pairs(groups, index):
    """One row per group: its first image, the one that is filed farthest from it, and what is said of both."""
    need(groups, "group", "match", "path", "bits")
    need(index, "path", "size_bytes", "format", "TransferSyntaxUID", *HIERARCHY)
    pairs = groups.assign(first=groups.groupby("group")["path"].transform("first"))
    pairs["files"] = groups.groupby("group")["path"].transform("size")
    copies = groups[groups["match"] == "exact"].drop_duplicates("path").set_index("path")["group"]
    is_copy = pairs["path"].map(copies).eq(pairs["first"].map(copies)) & (pairs["match"] == "near")
    pairs = pairs[(pairs["path"] != pairs["first"]) & ~is_copy].reset_index(drop=True)
    files = index.drop_duplicates("path").set_index("path")
    one, other = (files.reindex(pairs[name]).reset_index(drop=True) for name in ("first", "path"))
    stated = one["StudyInstanceUID"].notna() & other["StudyInstanceUID"].notna()
    relation = pd.Series(np.where(stated, SAME_SERIES, NOT_STATED), pairs.index, dtype=object)
    for keyword, text in reversed(RELATIONS.items()):
        relation[one[keyword].notna() & other[keyword].notna() & (one[keyword] != other[keyword])] = text
    order = relation.map([*RELATIONS.values(), NOT_STATED, SAME_SERIES].index)
    pairs = pairs.assign(relation=relation, order=order, one=_encodings(one), other=_encodings(other))
    pairs["said"] = [_said(row) for row in pairs.itertuples()]
    pairs = pairs[(pairs["match"] == "exact") | (pairs["relation"] != SAME_SERIES)]
    return pairs.sort_values(["order", "match", "group", "bits"], kind="stable").drop_duplicates("group")


def _encodings(files):
    """How each file is stored: that is what copies with the same pixels differ in."""
    return [
        f"{uid_name(syntax) if isinstance(syntax, str) else form}, {format_bytes(size).replace(' ', NO_BREAK)}"
        for syntax, form, size in zip(files["TransferSyntaxUID"], files["format"], files["size_bytes"], strict=True)
    ]


def _said(pair):
    same = ", the same pixels" if pair.match == "exact" else f" look alike ({pair.bits} of {HASH_BITS} bits differ)"
    return f"{plural(pair.files, 'image')}{same}"


def _draw_pair(axes, pair):
    _show_with(axes[0], pair.first, pair.one, pair.said)
    _show_with(axes[1], pair.path, pair.other, pair.relation)
    if pair.relation == RELATIONS["PatientID"]:
        axes[1].set_title(axes[1].get_title(loc="left"), color=COLORS["error"], fontsize=9)


def _count_pairs(pairs, shown):
    exact, across = (pairs["match"] == "exact").sum(), (pairs["relation"] == RELATIONS["PatientID"]).sum()
    kinds = f"the same pixels in {exact:,}, alike in {len(pairs) - exact:,}"
    left = f" Shown: {shown}." if shown < len(pairs) else ""
    return f"{plural(len(pairs), 'group')} of copies: {kinds}; {across:,} across patients.{left}"
