"""An index on disk: written once, or kept as a cache so that unchanged files are not opened again."""

import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from .errors import MissingError, RequestError
from .values import has_one_value

CACHE_VERSION = 1  # raise it when the same file gives another row
SAVE_AFTER = 100_000  # files, so that a killed run has not been for nothing


def check_index_name(path):
    """Return where an index can be written as a Path, or raise before the work of making one."""
    path = Path(path)
    if path.suffix.lower() not in (".parquet", ".csv"):
        raise RequestError(path.name, "is neither .parquet nor .csv", "give a name with one of these endings")
    if not path.absolute().parent.is_dir():
        raise MissingError(path.name, "its folder does not exist", "make the folder first")
    return path


def write_index(index, path):
    """Write an index as Parquet or, when the name ends in .csv, as CSV, readable by its owner only.

    Parameters
    ----------
    index : DataFrame
        As it is, or after `redact_table`.
    path : str or Path
        Ends in .parquet or .csv.

    Returns
    -------
    Path
        The file appears whole or not at all.

    Raises
    ------
    RequestError
        If the name ends in neither .parquet nor .csv.
    """
    path = check_index_name(path)
    draft = path.with_name(f".{path.name}.part")
    draft.touch(mode=0o600)
    try:
        if path.suffix.lower() == ".csv":
            index.to_csv(draft, index=False)
        else:
            index.to_parquet(draft, index=False)
        return draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def check_cache_name(cache):
    """Return where a cache can lie as a Path, or raise before any work is done."""
    path = Path(cache)
    if path.suffix.lower() != ".parquet":
        raise RequestError(path.name, "a cache is a Parquet file", "give a name that ends in .parquet")
    return check_index_name(path)


def refresh(cache, paths, tags, read, progress):
    """Return the index of `paths`, reading only what is new or changed since the cache was written, and write it anew.

    Parameters
    ----------
    cache : Path
        A Parquet file; it need not exist.
    paths : list of str
    tags : list of str
    read : callable
        Makes the table of a list of paths.
    progress : bool or None

    Returns
    -------
    DataFrame
        In the order of `paths`. The cache holds identifiers and can be read by its owner only.
    """
    known, reason = load_cache(cache, tags)
    if reason:
        say(f"{cache.name} is rebuilt: {reason}", progress)
    if known is None:
        known = read([]).assign(mtime_ns=np.array([], np.int64))
    sizes, mtimes = modification_times(paths)
    rows, counts = unchanged(known, paths, sizes, mtimes)
    say(", ".join(f"{count:,} {what}" for what, count in counts.items()), progress)
    table, order = known.iloc[rows[rows >= 0]], [np.flatnonzero(rows >= 0)]
    fresh = np.flatnonzero(rows < 0)
    for start in range(0, len(fresh), SAVE_AFTER):
        part = fresh[start : start + SAVE_AFTER]
        order.append(part)
        new = read([paths[number] for number in part]).assign(mtime_ns=mtimes[part])
        table = pd.concat([table, new], ignore_index=True) if len(table) else new
        _save(table, cache, tags)
    if counts["vanished"] and not len(fresh):
        _save(table, cache, tags)
    return table.iloc[np.argsort(np.concatenate(order))].drop(columns="mtime_ns").reset_index(drop=True)


def _save(table, cache, tags):
    table = table.copy(deep=False)
    table.attrs = {"eda_cache": CACHE_VERSION, "tags": list(tags)}
    write_index(table, cache)


def load_cache(path, tags):
    """Return the table of an earlier run, or None with the reason when it cannot be trusted.

    Returns
    -------
    known : DataFrame or None
        An index with the column ``mtime_ns``.
    reason : str
        Why there is none; empty where there was no file.
    """
    if not path.exists():
        return None, ""
    try:
        known = pd.read_parquet(path)
    except (OSError, ValueError, KeyError):
        return None, "it is damaged"
    if known.attrs.get("eda_cache") != CACHE_VERSION:
        return None, "another version wrote it"
    if known.attrs.get("tags") != list(tags):
        return None, "it holds other tags"
    known.attrs = {}
    for column in [tag for tag in tags if not has_one_value(tag)]:  # Parquet knows lists, an index has tuples
        cells = [tuple(cell.tolist()) if isinstance(cell, np.ndarray) else None for cell in known[column]]
        known[column] = pd.Series(cells, index=known.index, dtype=object)
    return known, ""


def modification_times(paths):
    """Return size and modification time in ns of each file; -1 where it cannot be had, which matches nothing."""
    stamps = np.full((len(paths), 2), -1, np.int64)
    for number, path in enumerate(paths):
        try:
            facts = os.stat(path)
        except OSError:
            continue
        stamps[number] = facts.st_size, facts.st_mtime_ns
    return stamps[:, 0], stamps[:, 1]


def unchanged(known, paths, sizes, mtimes):
    """Find the rows of files that are as they were.

    Returns
    -------
    rows : numpy.ndarray of int
        For each path its row in `known`, -1 where it is new or changed.
    counts : dict of str to int
        How many are unchanged, changed, new and vanished.
    """
    rows = pd.Index(known["path"]).get_indexer(paths)
    found = rows >= 0
    matched = known.iloc[rows[found]]
    is_same = np.zeros(len(paths), bool)
    is_same[found] = (
        (matched["size_bytes"].to_numpy() == sizes[found])
        & (matched["mtime_ns"].to_numpy() == mtimes[found])
        & matched["format"].notna().to_numpy()  # what could not be opened is tried again: permissions leave no trace
        & (mtimes[found] >= 0)
    )
    counts = {
        "unchanged": int(is_same.sum()),
        "changed": int((found & ~is_same).sum()),
        "new": int((~found).sum()),
        "vanished": len(known) - int(found.sum()),
    }
    return np.where(is_same, rows, -1), counts


def say(text, progress):
    """Write one line to a person: on a terminal, or where progress was asked for."""
    if progress or (progress is None and sys.stderr.isatty()):
        print(f"cache: {text}", file=sys.stderr)  # noqa: T201
