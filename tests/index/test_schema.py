"""What goes into a table comes out of it: every kind of column, every odd value, however the table was put together."""

from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import example, given, settings, strategies as st
from pydicom.charset import python_encoding

from eda_utils.dicom.attributes import find_attribute
from eda_utils.index.schema import FILE_COLUMNS, arrow_type, decoded_table, in_order, join, to_frame, to_table

TEXTS = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(
    ["", "\x1f", "a\x1fb", "a\\b", "\0", "😀", "NA"]
)
FLOATS = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([1e-300, -0.0, 0.1 + 0.2, 5e-324, 1e308])
INTEGERS = st.integers(-(2**53) + 1, 2**53 - 1).map(float)  # as `plain_value` gives them
DATES = st.dates() | st.sampled_from([date(1, 1, 1), date(9999, 12, 31), date(1969, 12, 31)])
# An attribute of each kind of column, and what its cells can be
ONE_VALUE = {
    "StudyDescription": TEXTS,
    "PatientName": TEXTS,
    "Modality": TEXTS,
    "SOPClassUID": TEXTS,
    "00091001": TEXTS,  # unknown to the standard
    "0019[SIEMENS MR HEADER]0C": INTEGERS,
    "Rows": INTEGERS,
    "SliceThickness": FLOATS,
    "StudyDate": DATES,
}
SEVERAL_VALUES = {
    "ImageType": TEXTS,
    "OtherPatientNames": TEXTS,
    "PixelSpacing": FLOATS,
    "ReferencedFrameNumber": INTEGERS,
    "DateOfLastCalibration": DATES,
}


def cells_of(name):
    if name in ONE_VALUE:
        return st.none() | ONE_VALUE[name]
    return st.none() | st.lists(SEVERAL_VALUES[name], max_size=4).map(tuple)


def columns_of_cells():
    names = st.sampled_from([*ONE_VALUE, *SEVERAL_VALUES])
    return names.flatmap(lambda name: st.tuples(st.just(name), st.lists(cells_of(name), max_size=8)))


def as_rows(cells):
    return [[f"/d/{number}", number, "dicom", "DICOM", None, None, cell] for number, cell in enumerate(cells)]


def plain(cell):
    """A cell of a DataFrame as `plain_value` would give it."""
    if isinstance(cell, tuple):
        return cell
    return None if pd.isna(cell) else cell.date() if isinstance(cell, pd.Timestamp) else cell


def test_the_attributes_are_of_every_kind():
    kinds = {str(arrow_type(name)) for name in [*ONE_VALUE, *SEVERAL_VALUES]}
    assert kinds == {
        *("large_string", "int64", "double", "date32[day]", str(arrow_type("Modality"))),
        *("list<item: string>", "list<item: double>", "list<item: date32[day]>"),
    }
    assert all(find_attribute(name).is_list for name in SEVERAL_VALUES)


@settings(deadline=None)
@given(columns_of_cells())
@example(("ImageType", [(), ("",), ("", ""), None, ("\x1f",), ("a", "b"), ("a\x1fb",)]))
@example(("PixelSpacing", [(1e-300, -0.0), (0.0, 0.0), (), None]))
@example(("DateOfLastCalibration", [(date(1, 1, 1), date(9999, 12, 31)), None]))
@example(("StudyDate", [date(1, 1, 1), date(9999, 12, 31), None]))
@example(("StudyDescription", [None, None]))
@example(("Rows", [None, 2.0**53 - 1]))
def test_cells_come_back(column):
    name, cells = column
    frame = to_frame(to_table(as_rows(cells), [name]))
    back = [plain(cell) for cell in frame[name]]
    assert back == cells
    assert [type(cell) for cell in back if isinstance(cell, (tuple, str, date))] == [
        type(cell) for cell in cells if isinstance(cell, (tuple, str, date))
    ]
    assert frame["size_bytes"].tolist() == list(range(len(cells)))


@settings(deadline=None)
@given(columns_of_cells(), st.data())
def test_it_does_not_matter_how_a_table_was_put_together(column, data):
    """In batches, as Parquet cuts it, or all at once: the same frame with the same types."""
    name, cells = column
    cut = data.draw(st.integers(0, len(cells)))
    rows = as_rows(cells)
    whole = to_frame(to_table(rows, [name]))
    parts = [to_table(some, [name]) for some in (rows[:cut], rows[cut:], [])]
    pd.testing.assert_frame_equal(to_frame(join(parts)), whole)
    if cells and None not in cells and name in ("Modality", "SOPClassUID"):
        assert whole[name].cat.categories.tolist() == sorted(set(cells))


@settings(deadline=None)
@given(columns_of_cells(), st.data())
def test_coded_columns_say_what_decoded_ones_say(column, data):
    """Whatever comes together and in whatever order, as files that the scanner reads lie between others."""
    name, cells = column
    cut, order = data.draw(st.integers(0, len(cells))), data.draw(st.permutations(range(len(cells))))
    rows = as_rows(cells)
    parts = [to_table(some, [name]) for some in (rows[:cut], rows[cut:])]
    whole = to_frame(to_table([rows[number] for number in order], [name]))
    pd.testing.assert_frame_equal(to_frame(in_order(join(parts), np.array(order, int))), whole)
    mixed = join([parts[0], decoded_table(parts[1])])  # new files beside those of a cache
    pd.testing.assert_frame_equal(to_frame(in_order(mixed, np.array(order, int))), whole)
    assert decoded_table(parts[0]).schema.field(name).type == arrow_type(name)


def test_minus_nought_keeps_its_sign():
    frame = to_frame(to_table(as_rows([-0.0, 1e-300]), ["SliceThickness"]))
    assert np.signbit(frame["SliceThickness"]).tolist() == [True, False]
    frame = to_frame(to_table(as_rows([(-0.0, 1e-300)]), ["PixelSpacing"]))
    assert str(frame["PixelSpacing"][0]) == "(-0.0, 1e-300)"


@settings(deadline=None)
@given(st.binary(max_size=12))
@example(b"\xed\xa0\x80")  # half of a pair in UTF-8
@example(b"\x83\x36\xc7\x30")  # and in GB 18030
def test_no_character_set_gives_a_text_that_cannot_be_stored(raw):
    """Half of a surrogate pair cannot be in a table; pydicom never makes one."""
    for encoding in set(python_encoding.values()):
        assert raw.decode(encoding, "replace").encode("utf-8").decode("utf-8") is not None


def test_tables_with_different_columns_are_joined():
    """As the parts of an index of every tag have."""
    left, right = to_table(as_rows(["CT"]), ["Modality"]), to_table(as_rows([(1.0, 2.0)]), ["PixelSpacing"])
    frame = to_frame(join([left, right, to_table([], ["Rows"])]))
    assert list(frame.columns) == [*FILE_COLUMNS, "Modality", "PixelSpacing", "Rows"]
    assert frame["PixelSpacing"].tolist() == [None, (1.0, 2.0)]
    assert [plain(cell) for cell in frame["Modality"]] == ["CT", None]
    assert str(frame["Rows"].dtype) == "Int64"


def test_an_empty_table_has_the_types_of_a_full_one():
    names = [*ONE_VALUE, *SEVERAL_VALUES]
    empty = to_frame(to_table([], names))
    full = to_frame(to_table([[*as_rows([None])[0][:-1], *[None] * len(names)]], names))
    assert list(empty.columns) == [*FILE_COLUMNS, *names]
    assert empty.dtypes.astype(str).tolist() == full.dtypes.astype(str).tolist()
    assert str(full["StudyDescription"].dtype) == "str" or full["StudyDescription"].dtype == object


@pytest.mark.parametrize("name", ["mean_value", "no keyword at all"])
def test_a_computed_column_without_a_value_is_text(name):
    """Parquet forgets the type of a column in which nothing is."""
    frame = to_frame(pa.table({name: pa.nulls(2)}))
    assert frame[name].isna().all()
    assert isinstance(frame[name].dtype, pd.StringDtype)
