"""The tables of a page as files: what is shown there, masked as it is there, for spreadsheets and programs."""

import re
from pathlib import Path

import pandas as pd

from .page import NUMERAL, clean
from .spreadsheets import write_csv


def write_tables(notebook, folder):
    """Write every table of a notebook that was run as CSV and as JSON.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        With its outputs.
    folder : str or Path
        It is made if it is not there.

    Returns
    -------
    list of Path
        Two for each table, named for the section that it stands in.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for number, (section, table) in enumerate(tables_of(notebook), 1):
        stem = folder / f"{number:02}_{re.sub(r'[^a-z0-9]+', '_', section.lower()).strip('_') or 'table'}"
        write_csv(table, stem.with_suffix(".csv"))
        table.to_json(stem.with_suffix(".json"), orient="records", indent=1, force_ascii=False)
        written += [stem.with_suffix(".csv"), stem.with_suffix(".json")]
    return written


def tables_of(notebook):
    """Return the section and the content of every table of a notebook that was run."""
    found, section = [], ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            section = (re.findall(r"^#{1,3} (.+)$", cell.source, re.MULTILINE) or [section])[-1]
        outputs = (output.get("data", {}).get("text/html", "") for output in cell.get("outputs", []))
        found += [(section, table) for html in outputs if 'class="dataframe"' in html for table in _read(clean(html))]
    return found


def _read(html):
    from bs4 import BeautifulSoup

    for table in BeautifulSoup(html, "html.parser").find_all("table", "dataframe"):
        rows = [[cell.get_text() for cell in row.find_all(["th", "td"])] for row in table.find_all("tr")]
        yield pd.DataFrame(rows[1:], columns=rows[0]).apply(_numbers)


def _numbers(column):
    """As on the page: a column of numerals without units is one of numbers."""
    stated = column[~column.isin(["", "NaN"])]
    is_number = len(stated) and stated.str.fullmatch(NUMERAL).all() and not stated.str.contains(r"[A-Zµ%m]").any()
    return pd.to_numeric(column.str.replace(",", ""), errors="coerce") if is_number else column
