"""What a header says never becomes a command of a spreadsheet or a terminal, and stays readable."""

import csv
import io

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from eda_utils import index_folder, write_index
from eda_utils.core.errors import EDAError, RequestError
from eda_utils.core.export import EXCEL_ROWS, inert_text, write_csv, write_excel
from eda_utils.core.text import printable

FORMULAS = [
    *("=1+1", "+1+1", "-1+1", "@SUM(A1)", "=cmd|' /C calc'!A0", '=HYPERLINK("http://x.example")', " =1+1", "\t=1+1"),
    *("\r=1+1", "\n=1+1", "'=1+1", "＝1+1", "x;=1+1", 'x";=1+1;"', "x\r\n=1+1", "-rf", "=1\x00+1"),
]


def is_live(cell):
    """As a spreadsheet sees it: the first letter decides, and a number is a number."""
    if not isinstance(cell, str) or not cell.strip():
        return False
    try:
        float(cell.partition(",")[0])
    except ValueError:
        return cell.lstrip()[0] in "=+-@＝＋－＠"
    return False


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@given(text=st.one_of(st.sampled_from(FORMULAS), st.text("=+-@'\";,\t\r\n a1\x1b\x9b\u202e", max_size=8)))
def test_no_cell_of_a_csv_is_a_formula(separator, text):
    file = io.StringIO()
    write_csv(pd.DataFrame({text: [text], "b": pd.Categorical([text]), "c": [(text,)], "d": [-1.5]}), file)
    rows = list(csv.reader(io.StringIO(file.getvalue()), delimiter=separator))
    if separator == ",":
        assert {len(row) for row in rows} == {4}
        assert rows[1][3] == "-1.5"
    assert not [cell for row in rows for cell in row if is_live(cell)]


@given(text=st.one_of(st.sampled_from(FORMULAS), st.text(max_size=8)))
def test_no_cell_of_an_excel_file_is_a_formula(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("excel") / "a.xlsx"
    write_excel(pd.DataFrame({text: [text], "b": pd.Categorical([text]), "c": [(text,)], "d": [-1.5]}), path)
    cells = [cell for row in openpyxl.load_workbook(path).active for cell in row]
    assert [cell for cell in cells if cell.data_type == "f" or is_live(cell.value)] == []


@given(st.text())
def test_text_stays_readable_and_different_texts_stay_different(text):
    shown = inert_text(text)
    assert printable(shown) == shown
    if text.isalnum() and text.isascii():
        assert shown == text
    assert inert_text(f"={text}") != inert_text(f"'={text}")


@pytest.mark.parametrize("text", ["-1024", "+3.5", "1e-5", "-.5"])
def test_numbers_stay(text):
    assert inert_text(text) == text


def test_odd_headers_and_names_are_exported(make_dicom, tmp_path):
    import numpy as np

    pixels = np.zeros((4, 4), np.uint8)
    make_dicom(pixels, "=1+1.dcm", Manufacturer="=1+1", StationName="\x1b[2J", StudyDescription="a;=1+1")
    make_dicom(pixels, "-new\nline.dcm")
    with open(bytes(tmp_path) + b"/\xff.dcm", "wb") as file:
        file.write(b"x")
    index = index_folder(tmp_path)
    for name in ("i.csv", "i.xlsx"):
        path = write_index(index, tmp_path / name)
        table = pd.read_csv(path) if name == "i.csv" else pd.read_excel(path)
        assert len(table) == 3
        assert not [cell for cell in table.to_numpy().ravel() if is_live(cell)]
        assert "\x1b" not in table.to_csv()


def test_an_error_controls_no_terminal():
    text = str(EDAError("\x1b[2Ja\nb\u202ecd\x9b.dcm", "is wrong", "leave it"))
    assert text == r"\x1b[2Ja\nb\u202ecd\x9b.dcm: is wrong; leave it."


def test_more_rows_than_a_sheet_can_hold(tmp_path):
    with pytest.raises(RequestError) as caught:
        write_excel(pd.DataFrame({"a": range(EXCEL_ROWS + 1)}), tmp_path / "a.xlsx")
    assert str(caught.value) == "table: has more rows than an Excel sheet can hold; write .parquet or .csv."


def test_a_text_longer_than_a_cell_of_excel(tmp_path):
    write_excel(pd.DataFrame({"a": ["=" * 40_000]}), tmp_path / "a.xlsx")
    assert len(pd.read_excel(tmp_path / "a.xlsx")["a"][0]) == 32_767
