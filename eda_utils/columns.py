"""Rows become columns of the right type: Arrow tables on the way and on disk, a DataFrame at the end."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from .attributes import FLOAT_VRS, NUMERIC_VRS, find_attribute
from .errors import RequestError

FILE_COLUMNS = ["path", "size_bytes", "kind", "format", "problem", "warning"]
TEXT = pd.StringDtype(na_value=float("nan"))  # also where every cell is missing
CATEGORY = pa.dictionary(pa.int32(), pa.string())
NEVER_MISSING = ("size_bytes", "mtime_ns")
FILE_TYPES = {"size_bytes": pa.int64(), "mtime_ns": pa.int64(), "kind": CATEGORY, "format": CATEGORY}
FEW_UIDS = ("SOPClassUID", "TransferSyntaxUID")  # registered in PS3.6, not made up for every instance
BETWEEN = "\x1f"  # PS3.5 6.1.3 allows no such control character in a value


def arrow_type(name):
    """Return the Arrow type of a column of an index.

    Examples
    --------
    >>> from eda_utils.columns import arrow_type
    >>> str(arrow_type("Rows")), str(arrow_type("StudyDate")), str(arrow_type("PixelSpacing"))
    ('int64', 'date32[day]', 'list<item: double>')
    """
    if name in (*FILE_COLUMNS, *FILE_TYPES):
        return FILE_TYPES.get(name, pa.large_string())
    wanted = find_attribute(name)
    single = _type_of_vr(wanted.vr)
    if wanted.is_list:
        return pa.list_(pa.float64() if single == pa.int64() else single)
    is_code = wanted.vr == "CS" or name in FEW_UIDS
    return CATEGORY if is_code else pa.large_string() if single == pa.string() else single


def _type_of_vr(vr):
    if vr in FLOAT_VRS:
        return pa.float64()
    if vr in NUMERIC_VRS:
        return pa.int64()
    return pa.date32() if vr == "DA" else pa.string()


def to_table(rows, tags):
    """Return rows as an Arrow table.

    Parameters
    ----------
    rows : list of list
        The cells of `FILE_COLUMNS`, then of `tags`.
    tags : list of str

    Returns
    -------
    pyarrow.Table
    """
    names = [*FILE_COLUMNS, *tags]
    columns = zip(*rows, strict=True) if rows else [()] * len(names)
    arrays = {name: array_of(arrow_type(name), cells) for name, cells in zip(names, columns, strict=True)}
    return pa.table(arrays)


def array_of(kind, cells):
    """Return cells of an index as an Arrow array of one of the types of `arrow_type`."""
    if pa.types.is_list(kind):
        return _lists(kind, cells)
    if pa.types.is_dictionary(kind):
        return pa.array(cells, pa.string()).dictionary_encode()
    if kind == pa.int64():
        floats = np.array(cells, float)  # None becomes not-a-number
        missing = np.isnan(floats)
        return pa.array(np.where(missing, 0, floats).round().astype(np.int64), mask=missing)
    return pa.array(cells, kind)


def file_columns(paths, sizes, warnings):
    """Return the columns that an index has about the files themselves, of plain DICOM files."""
    same = {"kind": "dicom", "format": "DICOM", "problem": None}
    columns = {"path": paths, "size_bytes": sizes, "warning": warnings}
    columns |= {name: [value] * len(paths) for name, value in same.items()}
    return {name: array_of(arrow_type(name), columns[name]) for name in FILE_COLUMNS}


def _lists(kind, cells):
    """Few different values, many rows: each is converted once."""
    different = {}
    codes = [different.setdefault(cell, len(different)) for cell in cells]
    return pa.array(list(different), kind).take(pa.array(codes, pa.int32()))


def to_frame(table):
    """Return an Arrow table as a DataFrame: tuples for lists, categories for codes, text, numbers and dates.

    Parameters
    ----------
    table : pyarrow.Table
        Is emptied column by column, so that no more than two columns are held twice.

    Returns
    -------
    DataFrame
    """
    names, columns = table.column_names, table.columns[::-1]
    del table
    with ThreadPoolExecutor(2) as pool:  # Arrow works outside of the interpreter's lock
        series = pool.map(_series, names, (columns.pop() for _ in names))
        return pd.DataFrame(dict(zip(names, series, strict=True)), copy=False)


def _series(name, column):
    if pa.types.is_null(column.type):  # what Parquet keeps of a column without a value
        column = pa.chunked_array([pa.nulls(len(column), _known_type(name))])
    kind = column.type
    if pa.types.is_list(kind):
        return pd.Series(_tuples(column), dtype=object)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return pd.Series(TEXT.__from_arrow__(column), dtype=TEXT)
    if kind == pa.int64() and name not in NEVER_MISSING:
        return pd.Series(pd.Int64Dtype().__from_arrow__(column))
    series = column.to_pandas(date_as_object=False)
    return _canonical(series) if pa.types.is_dictionary(kind) else series


def _known_type(name):
    try:
        return arrow_type(name)
    except RequestError:  # a computed column
        return pa.large_string()


def _canonical(series):
    """Only categories that occur, in alphabetical order: the same rows are equal however they were put together."""
    used = series.cat.remove_unused_categories()
    return used.cat.reorder_categories(sorted(used.cat.categories))


def _tuples(column):
    """As `_lists`: the values are told apart as texts, which Arrow does fast, and each is converted once."""
    texts = pc.binary_join(column.cast(pa.list_(pa.string())), BETWEEN)
    parts = pc.add(pc.count_substring(texts, BETWEEN), 1)
    if pc.any(pc.not_equal(parts, pc.list_value_length(column))).as_py():
        return [None if cell is None else tuple(cell) for cell in column.to_pylist()]
    coded = texts.dictionary_encode().unify_dictionaries().to_pandas().array
    convert = _converter(column.type.value_type)
    values = [tuple(map(convert, text.split(BETWEEN))) for text in coded.categories]
    cells = np.empty(len(values) + 1, object)  # the code of a missing cell is -1, the last one
    cells[:-1] = values
    return cells[coded.codes]


def _converter(kind):
    if kind == pa.float64():
        return float
    return date.fromisoformat if kind == pa.date32() else str


def join(tables):
    """Return several tables of an index as one; their columns may differ.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from eda_utils.columns import join
    >>> join([pa.table({"Rows": [1]}), pa.table({"Columns": [2]})]).to_pylist()
    [{'Rows': 1, 'Columns': None}, {'Rows': None, 'Columns': 2}]
    """
    return pa.concat_tables(tables, promote_options="default").unify_dictionaries()
