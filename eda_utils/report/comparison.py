"""Pages about cohorts: two sets side by side, and the card of a data set."""

from html import escape
from pathlib import Path

import pandas as pd

from .. import plots
from ..cohort import compare_datasets, flag_drift
from ..core import RequestError, summarize_findings
from ..index import index_folder, sample_images, summarize_folder
from ..plots import figure_html, show_montage
from ..quality import measure_images
from .page import checked_target, page_of

PICTURES = 4
TABLE = ["field", "kind", "difference", "low", "high", "psi", "p_adjusted", "new_values"]


def render_comparison(
    a: pd.DataFrame | str | Path,
    b: pd.DataFrame | str | Path,
    output: str | Path = "drift.html",
    *,
    comparison: pd.DataFrame | None = None,
    pixels: bool = True,
    seed: int = 0,
    progress: bool | None = None,
) -> Path:
    """Write a page on how two sets of images differ.

    Parameters
    ----------
    a, b : DataFrame, str or Path
        Indexes from `index_folder`, or what it takes.
    output : str or Path
    comparison : DataFrame, optional
        From `compare_datasets`, where it has been made already.
    pixels : bool
        Measure pixels too, to make it.
    seed : int
    progress : bool, optional

    Returns
    -------
    Path
        One self-contained page without identifiers.

    Raises
    ------
    EDAError
        If a folder does not exist, or a set has fewer than 5 patients.
    """
    path = checked_target(output)
    sides = [side if hasattr(side, "columns") else index_folder(side, progress=progress) for side in (a, b)]
    table = compare_images(*sides, pixels=pixels, seed=seed, progress=progress) if comparison is None else comparison
    path.write_text(_page([*_comparison_cells(table), *_side_cells(sides)], "the comparison of two sets"), "utf-8")
    return path


def compare_images(
    a: pd.DataFrame | str | Path,
    b: pd.DataFrame | str | Path,
    *,
    pixels: bool = True,
    seed: int = 0,
    progress: bool | None = None,
) -> pd.DataFrame:
    """Measure two sets and compare them, as `compare_datasets` does."""
    stats = [measure_images(side, progress=progress) if pixels else None for side in (a, b)]
    return compare_datasets(a, b, stats_a=stats[0], stats_b=stats[1], seed=seed)


def _comparison_cells(table):
    shown = table[TABLE].round(3).assign(drift=table["is_drift"].map({True: "yes", False: ""}))
    yield "# How two sets of images differ", []
    yield f"## What differs\n\n{escape(table.attrs['domain']['sentence'])}", [figure_html(plots.drift(table))]
    yield "## Findings", [_table(summarize_findings(flag_drift(table))[["severity", "what", "example", "advice"]])]
    note = "One image per patient, chosen by chance. Difference in standard deviations, B minus A."
    yield f"## Every field\n\n{note}", [_table(shown[[*TABLE[:7], "drift"]])]


def _side_cells(sides):
    for name, side in zip("AB", sides, strict=True):
        usable = sample_images(side, most=PICTURES) if {"Rows", "kind", "problem"} <= set(side) else side.head(0)
        pictures = [figure_html(show_montage(usable["path"].tolist())[0])] if len(usable) else []
        yield f"## Set {name}", [_table(summarize_folder(side)), *pictures]


def _table(table):
    return table.to_html(index=False)


def _page(cells, name):
    """Markdown, and below it markup that `page_of` cleans."""
    import nbformat.v4 as v4

    notebook = v4.new_notebook()
    for text, outputs in cells:
        notebook.cells.append(v4.new_markdown_cell(text))
        shown = [v4.new_output("display_data", data={"text/html": html}) for html in outputs]
        if shown:
            notebook.cells.append(v4.new_code_cell("", outputs=shown))
    return page_of(notebook, name, as_report=True)


def write_card(card: str, path: str | Path) -> Path:
    """Write the card of a data set as Markdown or as a page.

    Parameters
    ----------
    card : str
        From `dataset_card`, perhaps with more filled in.
    path : str or Path
        Ends in .md or .html.

    Returns
    -------
    Path

    Raises
    ------
    EDAError
        If the name has another ending or its folder does not exist.

    Examples
    --------
    >>> import os, tempfile
    >>> from eda_utils.report import write_card
    >>> write_card("# Data set card", os.path.join(tempfile.mkdtemp(), "card.md")).read_text()
    '# Data set card'
    """
    path = checked_target(path)
    if path.suffix.lower() not in (".md", ".html"):
        raise RequestError(path.name, "is neither .md nor .html", "give a name with one of these endings")
    text = card if path.suffix.lower() == ".md" else _page([(card, [])], "the data set card")
    path.write_text(text, encoding="utf-8")
    return path
