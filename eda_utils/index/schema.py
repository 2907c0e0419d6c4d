"""Rows become columns of the right type: Arrow tables on the way and on disk, a DataFrame at the end."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ..dicom import FLOAT_VRS, NUMERIC_VRS, find_attribute, known_attribute

FILE_COLUMNS = ["path", "size_bytes", "kind", "format", "problem", "warning"]
TEXT = pd.StringDtype(na_value=float("nan"))  # also where every cell is missing
CATEGORY = pa.dictionary(pa.int32(), pa.string())
CODE = pa.uint32()  # of `coded_array`; no category of pandas or Parquet has it
NEVER_MISSING = ("size_bytes", "mtime_ns")
FILE_TYPES = {"size_bytes": pa.int64(), "mtime_ns": pa.int64(), "kind": CATEGORY, "format": CATEGORY}
FEW_UIDS = ("SOPClassUID", "TransferSyntaxUID")  # registered in PS3.6, not made up for every instance
BETWEEN = "\x1f"  # PS3.5 6.1.3 allows no such control character in a value


def arrow_type(name):
    """Return the Arrow type of a column of an index.

    Examples
    --------
    >>> from eda_utils.index.schema import arrow_type
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
    arrays |= {name: coded_array(arrays[name], range(len(rows))) for name in tags}
    return pa.table(arrays)


def coded_array(values, codes):
    """Return different values and, for each cell, which of them it has: most headers of a folder say the same."""
    codes = pa.array(codes, CODE)
    return values.take(codes) if values.type == CATEGORY else pa.DictionaryArray.from_arrays(codes, values)


def decoded(column):
    """Return a column as it was before `coded_array`."""
    if not _is_coded(column):
        return column
    if isinstance(column, pa.ChunkedArray):
        return pa.chunked_array(map(decoded, column.chunks), column.type.value_type)
    return column.dictionary.take(column.indices)


def _is_coded(column):
    return pa.types.is_dictionary(column.type) and column.type.index_type == CODE


def decoded_table(table):
    """Return a table as others can read it: no columns but categories are coded."""
    return pa.table(list(map(decoded, table.columns)), table.column_names)


def in_order(table, order):
    """Return the rows of a joined table in an order; Arrow itself takes no coded lists from several chunks."""
    return pa.table(list(map(_in_one_piece, table.columns)), table.column_names).take(order)


def _in_one_piece(column):
    if not _is_coded(column):
        return column
    starts = np.cumsum([0, *(len(chunk.dictionary) for chunk in column.chunks)])
    codes = [chunk.indices.to_numpy() + start for chunk, start in zip(column.chunks, starts, strict=False)]
    return coded_array(pa.concat_arrays([chunk.dictionary for chunk in column.chunks]), np.concatenate(codes))


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


def to_frame(table: pa.Table) -> pd.DataFrame:
    """Return an Arrow table as a DataFrame: tuples for lists, categories for codes, text, numbers and dates.

    Parameters
    ----------
    table : pyarrow.Table
        Is emptied column by column, so that no more than one column is held twice.

    Returns
    -------
    DataFrame
    """
    names, columns = table.column_names, table.columns[::-1]
    del table
    return pd.DataFrame({name: _series(name, columns.pop()) for name in names}, copy=False)


def _series(name, column):
    if pa.types.is_null(column.type):  # what Parquet keeps of a column without a value
        kind = arrow_type(name) if known_attribute(name) else pa.large_string()
        column = pa.chunked_array([pa.nulls(len(column), kind)])
    if _is_coded(column) and pa.types.is_list(column.type.value_type):
        return pd.Series(_coded_tuples(column), dtype=object)
    column = decoded(column)
    kind = column.type
    if pa.types.is_list(kind):
        return pd.Series(_tuples(column), dtype=object)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return pd.Series(TEXT.__from_arrow__(column), dtype=TEXT)
    if kind == pa.int64() and name not in NEVER_MISSING:
        return pd.Series(pd.Int64Dtype().__from_arrow__(column))
    if pa.types.is_dictionary(kind):
        return pd.Series(_categories(column.unify_dictionaries().combine_chunks()))
    return column.to_pandas(date_as_object=False)


def _categories(coded):
    """Only those that occur, in alphabetical order: the same rows are equal however they were put together."""
    codes, names = coded.indices.fill_null(-1), pd.Index(coded.dictionary.to_pylist(), dtype=TEXT)
    cells = pd.Categorical.from_codes(codes.to_numpy(zero_copy_only=False), names, validate=False)
    cells = cells.remove_unused_categories()
    return cells.reorder_categories(cells.categories.sort_values())


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


def _coded_tuples(column):
    cells = [np.array([], object)]
    for chunk in column.chunks:
        values = np.empty(len(chunk.dictionary), object)
        values[:] = [None if value is None else tuple(value) for value in chunk.dictionary.to_pylist()]
        cells.append(values[chunk.indices.to_numpy()])
    return np.concatenate(cells)


def _converter(kind):
    if kind == pa.float64():
        return float
    return date.fromisoformat if kind == pa.date32() else str


def join(tables: Sequence[pa.Table]) -> pa.Table:
    """Return several tables of an index as one; their columns may differ, and are coded if all tables are alike.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from eda_utils.index import join
    >>> join([pa.table({"Rows": [1]}), pa.table({"Columns": [2]})]).to_pylist()
    [{'Rows': 1, 'Columns': None}, {'Rows': None, 'Columns': 2}]
    """
    if any(table.schema != tables[0].schema for table in tables):
        tables = map(decoded_table, tables)
    return pa.concat_tables(tables, promote_options="default")
