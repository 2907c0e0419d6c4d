"""Tables for programs that take text for a command: in CSV and Excel files it stays text."""

import csv
import re
from functools import partial
from os import PathLike
from typing import IO

import pandas as pd

from .errors import RequestError
from .text import printable

# What begins a formula, also as the full-width letters that some spreadsheets take for the same
LIVE = re.compile(r"'*\s*[=+\-@＝＋－＠]")
BEHIND_SEPARATOR = re.compile(r';(?=[\s"]*[=+\-@＝＋－＠])')  # where Excel expects semicolons between cells
NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*")
EXCEL_ROWS = 2**20 - 1  # below the header
CELL_LETTERS = 2**15 - 1


def inert_text(text):
    """Return text as no spreadsheet or terminal obeys it.

    What looks like a formula gets an apostrophe in front, the sign of spreadsheets for text; characters that control a
    terminal or the direction of writing are spelt out, also ends of lines: behind one, a program that expects another
    separator sees a new cell. Numbers stay as they are.

    Examples
    --------
    >>> from eda_utils.core.export import inert_text
    >>> inert_text("=1+1"), inert_text("-1.5"), inert_text("AXIAL"), inert_text(chr(27) + "[2J")
    ("'=1+1", '-1.5', 'AXIAL', '\\\\x1b[2J')
    """
    text = BEHIND_SEPARATOR.sub(";'", printable(text))
    return f"'{text}" if LIVE.match(text) and not NUMBER.fullmatch(text) else text


def write_csv(table: pd.DataFrame, target: str | PathLike | IO) -> None:
    """Write a table as CSV in UTF-8 with inert texts, each in quotation marks: no separator ends a cell.

    Parameters
    ----------
    table : DataFrame
    target : path or file

    References
    ----------
    OWASP, CSV Injection. RFC 4180.
    """
    _inert(table).to_csv(target, index=False, quoting=csv.QUOTE_NONNUMERIC, errors="backslashreplace")


def write_excel(table: pd.DataFrame, target: str | PathLike | IO) -> None:
    """Write a table as the one sheet of an Excel file, with inert texts; of one too long for a cell the beginning.

    Raises
    ------
    RequestError
        If there are more rows than a sheet can hold.
    """
    if len(table) > EXCEL_ROWS:
        raise RequestError("table", "has more rows than an Excel sheet can hold", "write .parquet or .csv")
    with open(target, "wb") as file:  # whatever its name ends in
        _inert(table, CELL_LETTERS).to_excel(file, index=False, engine="openpyxl")


def _inert(table, most=None):
    table = table.rename(columns=lambda name: inert_text(str(name))[:most])
    for place, (_, column) in enumerate(table.items()):
        if isinstance(column.dtype, pd.CategoricalDtype):
            column = column.astype(object)
        if column.dtype == object or isinstance(column.dtype, pd.StringDtype):
            table.isetitem(place, column.map(partial(_inert_cell, most=most), na_action="ignore"))
    return table


def _inert_cell(cell, most):
    """Several values are shown as Python shows them, which spells out what cannot be printed."""
    return cell if isinstance(cell, (bool, int, float)) else inert_text(str(cell))[:most]
