"""An index on disk: written once, or kept as a cache so that unchanged files are not opened again."""

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ..core import FormatError, MissingError, RequestError, file_facts, tell, write_csv, write_excel
from .schema import decoded_table, join, to_frame

CACHE_VERSION = 3  # raise it when the same file gives another row
SPREADSHEETS = {".csv": write_csv, ".xlsx": write_excel}
SAVE_AFTER = 100_000  # files, so that a killed run has not been for nothing


def check_index_name(path: str | Path) -> Path:
    """Return where an index can be written as a Path, or raise before the work of making one."""
    path = Path(path)
    if path.suffix.lower() not in (".parquet", *SPREADSHEETS):
        raise RequestError(path.name, "is neither .parquet, .csv nor .xlsx", "give a name with one of these endings")
    if not path.absolute().parent.is_dir():
        raise MissingError(path.name, "its folder does not exist", "make the folder first")
    return path


def write_index(index: pd.DataFrame, path: str | Path) -> Path:
    """Write an index as Parquet or, by the end of its name, as CSV or Excel file, readable by its owner only.

    In CSV and Excel what looks like a formula has an apostrophe in front, so that no spreadsheet obeys a header.

    Parameters
    ----------
    index : DataFrame
        As it is, or after `redact_table`.
    path : str or Path
        Ends in .parquet, .csv or .xlsx.

    Returns
    -------
    Path
        The file appears whole or not at all.

    Raises
    ------
    RequestError
        If the name ends in something else, or the index has more rows than an Excel sheet.
    """
    path = check_index_name(path)
    write = SPREADSHEETS.get(path.suffix.lower(), lambda table, draft: table.to_parquet(draft, index=False))
    return _write_whole(path, lambda draft: write(index, draft))


def _write_whole(path, write):
    draft = path.with_name(f".{path.name}.part")
    draft.touch(mode=0o600)
    try:
        write(draft)
        return draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def check_cache_name(cache: str | Path) -> Path:
    """Return where a cache can lie as a Path, or raise before any work is done."""
    path = Path(cache)
    if path.suffix.lower() != ".parquet":
        raise RequestError(path.name, "a cache is a Parquet file", "give a name that ends in .parquet")
    return check_index_name(path)


def refresh(
    cache: Path, paths: list[str], tags: str | Sequence[str], read: Callable, progress: bool | None
) -> pa.Table:
    """Return the table of `paths`, reading only what is new or changed since the cache was written, and write it anew.

    Parameters
    ----------
    cache : Path
        A Parquet file; it need not exist.
    paths : list of str
    tags : list of str or "all"
    read : callable
        Makes the table of a list of paths.
    progress : bool or None

    Returns
    -------
    pyarrow.Table
        In the order of `paths`. The cache holds identifiers and can be read by its owner only.
    """
    known, reason = load_cache(cache, tags)
    if reason:
        tell(f"cache: {cache.name} is rebuilt: {reason}", progress)
    if known is None:
        known = _stamped(read([]), np.array([], np.int64))
    sizes, stamps = file_stamps(paths)
    rows, counts = unchanged(known, paths, sizes, stamps)
    tell("cache: " + ", ".join(f"{count:,} {what}" for what, count in counts.items()), progress)
    fresh = np.flatnonzero(rows < 0)
    if not len(fresh) and not counts["vanished"] and (rows == np.arange(len(rows))).all():
        return known.drop_columns("mtime_ns")
    table, order = known.take(rows[rows >= 0]), [np.flatnonzero(rows >= 0)]
    for start in range(0, max(len(fresh), 1), SAVE_AFTER):
        part = fresh[start : start + SAVE_AFTER]
        order.append(part)
        table = join([table, _stamped(read([paths[number] for number in part]), stamps[part])])
        _save(table, cache, tags)
    return table.take(np.argsort(np.concatenate(order))).drop_columns("mtime_ns")


def _stamped(table, stamps):
    return decoded_table(table).append_column("mtime_ns", pa.array(stamps, pa.int64()))


def _save(table, cache, tags):
    facts = {"eda_cache": str(CACHE_VERSION), "tags": json.dumps(tags)}
    _write_whole(cache, lambda draft: pq.write_table(table.replace_schema_metadata(facts), draft))


def load_cache(path, tags):
    """Return the table of an earlier run, or None with the reason when it cannot be trusted.

    Returns
    -------
    known : pyarrow.Table or None
        An index with the column ``mtime_ns``.
    reason : str
        Why there is none; empty where there was no file.
    """
    if not path.exists():
        return None, ""
    try:
        known = pq.read_table(path)
    except (OSError, ValueError):  # Arrow's own exceptions are ValueErrors
        return None, "it is damaged"
    facts = known.schema.metadata or {}
    if facts.get(b"eda_cache") != str(CACHE_VERSION).encode() or "mtime_ns" not in known.column_names:
        return None, "another version wrote it"
    if facts.get(b"tags") != json.dumps(tags).encode():
        return None, "it holds other tags"
    return known, ""


def file_stamps(paths):
    """Return size and a number that changes with the file; -1 where it cannot be had, which matches nothing."""
    facts = []
    for path in paths:
        try:
            found = os.stat(path)
        except OSError:
            facts.append(file_facts(path))
        else:
            facts.append((found.st_size, found.st_mtime_ns))
    sizes, stamps = np.array(facts, np.int64).reshape(-1, 2).T
    return sizes, stamps


def unchanged(known, paths, sizes, stamps):
    """Find the rows of files that are as they were.

    Returns
    -------
    rows : numpy.ndarray of int
        For each path its row in `known`, -1 where it is new or changed.
    counts : dict of str to int
        How many are unchanged, changed, new and vanished.
    """
    rows = pc.index_in(pa.array(paths, pa.large_string()), known.column("path")).fill_null(-1).to_numpy()
    found = rows >= 0
    # what could not be opened has no format and is tried again: permissions leave no trace
    facts = known.select(["size_bytes", "mtime_ns"]).append_column("opened", known.column("format").is_valid())
    old_sizes, old_stamps, opened = (column.to_numpy()[rows] if len(known) else rows for column in facts.columns)
    is_same = found & (stamps >= 0) & (old_sizes == sizes) & (old_stamps == stamps) & (opened > 0)
    fates = {"unchanged": is_same, "changed": found & ~is_same, "new": ~found}
    counts = {fate: int(paths.sum()) for fate, paths in fates.items()} | {"vanished": len(known) - int(found.sum())}
    return np.where(is_same, rows, -1), counts


def check_parts_folder(output):
    """Return an empty folder for the parts of an index as a Path, made if need be; or raise RequestError."""
    folder = Path(output).absolute()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        is_empty = not any(folder.iterdir())
    except OSError:
        wrong = "cannot be a folder for an index"
        raise RequestError(folder.name, wrong, "give a folder that can be written") from None
    if not is_empty:
        raise RequestError(folder.name, "is not empty", "give a new folder")
    return folder


def write_part(table, folder, number):
    """Write one part of an index that is larger than memory."""
    name = f"part-{number:06}.parquet" if isinstance(number, int) else f"part-{number}.parquet"
    if len(table):
        _write_whole(folder / name, lambda draft: pq.write_table(decoded_table(table), draft))


def read_index(path: str | Path, *, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Read an index that `index_folder` or `write_index` wrote, with the types that it had.

    Parameters
    ----------
    path : str or Path
        A Parquet file, or a folder of them.
    columns : list of str, optional
        All by default.

    Returns
    -------
    DataFrame

    Raises
    ------
    MissingError, FormatError
        If there is no such file, or it is no index.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from pydicom.data import get_testdata_file
    >>> import eda_utils as eda
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     index = eda.index_folder(get_testdata_file("CT_small.dcm"))
    ...     path = eda.write_index(index, Path(folder) / "index.parquet")
    ...     eda.read_index(path).equals(index)
    True
    """
    return to_frame(join([*_parts(path, columns)]))


def index_parts(index, columns=None):
    """Yield an index piece by piece: a DataFrame as it is, the files of a folder one after the other."""
    if isinstance(index, pd.DataFrame):
        yield index
        return
    for table in _parts(index, columns):
        yield to_frame(table)


def _parts(path, columns):
    path = Path(path)
    files = sorted(path.glob("part-*.parquet")) if path.is_dir() else [path]
    if not files or not files[0].exists():
        raise MissingError(path.name, "there is no index", "make one with index_folder")
    for file in files:
        try:
            names = pq.read_schema(file).names
            yield pq.read_table(file, columns=columns and [name for name in columns if name in names])
        except (OSError, ValueError):
            raise FormatError(file.name, "is no Parquet file", "make it again with index_folder") from None
