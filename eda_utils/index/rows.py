"""One file becomes one row of an index, whatever the file is and however it is broken."""

from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from threading import get_ident

import numpy as np

from ..core import (
    FIRST_BYTES,
    HEADER_BYTES,
    HEADER_SECONDS,
    EDAError,
    LimitError,
    file_facts,
    is_slow,
    is_url,
    quiet,
    read_head,
    read_url,
    run_guarded,
    spelt,
    without_values,
)
from ..dicom import (
    CHECKED,
    FOR_OPENSLIDE,
    MACROS,
    UNCOMPRESSED,
    attribute,
    complaints,
    find_attribute,
    is_unreadable,
    name_of,
    plain_value,
    read_dataset,
    sniff,
    sniff_head,
    stream_complaints,
)
from ..image import CUT_PICTURE, describe_picture, is_cut_picture
from .schema import in_order, join, to_table

ALL = "all"
FOUND_IN_FILE = ("size_bytes", "kind", "format", "problem", "warning")
REQUESTS = 16  # under way at once
HERE_BYTES = 2**18  # of a header; a larger one can fill a thousand times its size of memory, and is read apart
MEMORY_BYTES = 10**9
NOT_UTF8 = "has a name that is not UTF-8, spelt out here"
SCAN_URLS_FROM = 50  # the scanner asks once for a file, pydicom several times
SCANNERS = 64  # one for each thread and list of tags


def read_row(path, tags):
    """Read one file with pydicom, Pillow or OpenSlide, as its content demands.

    Parameters
    ----------
    path : str
        A path or URL.
    tags : list of str or "all"

    Returns
    -------
    list
        The cells of `FILE_COLUMNS` and then those of `tags`; with "all", one dict of every attribute that is there.
    """
    storable = spelt(path)
    if storable != path and is_url(path):  # spelt out it opens nothing
        return refused_row(path, "has a name that is not UTF-8; rename the file", tags)
    row = describe_file(path, tags, is_apart=is_url(path)) or _describe_apart(path, tags)
    if storable != path and not row.get("problem"):
        row["warning"] = "; ".join(filter(None, (row.get("warning"), NOT_UTF8)))
    return [storable, *map(row.get, FOUND_IN_FILE), *_spread(row.get("values") or {}, tags)]


def describe_file(path, tags, *, is_apart=False):
    """Return what a row says, as a dict; None for a file that only a process of its own may read.

    OpenSlide, or a header that is too large, can take this process with it. What is at a URL is read here: another
    process need not be connected to it.
    """
    row = {"size_bytes": file_facts(path)[0], "kind": "other"}
    try:
        row["kind"], row["format"] = sniff(path) if is_apart else sniff_head(read_head(path), path)
        if not is_apart and row["format"] in FOR_OPENSLIDE and not is_url(path):
            return None
        row |= _READERS[row["kind"]](path, tags, row, HEADER_BYTES if is_apart else HERE_BYTES)
    except EDAError as error:
        if isinstance(error, LimitError) and not is_apart:
            return None
        row["problem"] = f"{error.wrong}; {error.advice}"
    except Exception as error:  # noqa: BLE001 - the per-file guard: one odd file must not end the run
        row["problem"] = f"unexpected {type(error).__name__}: {without_values(error)}"
    return row


def _describe_apart(path, tags):
    try:
        describe = partial(describe_file, tags=tags, is_apart=True)
        (row,) = run_guarded(describe, [path], seconds=HEADER_SECONDS, memory_bytes=MEMORY_BYTES)
    except EDAError as error:  # no process can be started
        row = error
    if not isinstance(row, EDAError):
        return row
    try:
        kind, what = sniff_head(read_head(path), path)
    except EDAError:  # it has just vanished
        kind, what = "other", None
    return {"size_bytes": file_facts(path)[0], "kind": kind, "format": what, "problem": f"{row.wrong}; {row.advice}"}


def _spread(values, tags):
    return [values] if tags == ALL else [values.get(name) for name in tags]


def refused_row(path, reason, tags):
    """Return the row of a file that is not opened at all."""
    return [spelt(path), 0, "other", None, reason, None, *_spread({}, tags)]


def read_table(paths, tags, *, is_small=False):
    """Read several files into an Arrow table, in their order.

    Parameters
    ----------
    paths : list of str
    tags : list of str or "all"
    is_small : bool
        Not worth the start of the compiled scanner.

    Returns
    -------
    table : pyarrow.Table
    handed_over : int
        How many DICOM files were not plain and were read by pydicom.
    """
    if tags == ALL or (is_small and not any(map(is_url, paths[SCAN_URLS_FROM:]))):
        table, plain = rows_table([], tags), np.array([], int)
    else:
        table, plain = _scan(paths, tuple(tags))
    others = np.setdiff1d(np.arange(len(paths)), plain)
    rows = _several(partial(read_row, tags=tags), [paths[number] for number in others])
    if rows:
        order = np.argsort(np.concatenate([plain, others]))
        table = in_order(join([table, rows_table(rows, tags)]), order)
    return table, sum(row[2] == "dicom" for row in rows)


def rows_table(rows, tags):
    """Return rows as an Arrow table; with "all", the columns are what the files have."""
    if tags != ALL:
        return to_table(rows, tags)
    names = list(dict.fromkeys(name for row in rows for name in row[-1]))
    return to_table([[*row[:-1], *map(row[-1].get, names)] for row in rows], names)


def _several(read, paths):
    """Where every request takes its time, many are under way at once."""
    urls = [path for path in paths if is_url(path)]
    if not urls or not is_slow(urls[0]):
        return list(map(read, paths))
    with ThreadPoolExecutor(REQUESTS) as pool:
        return list(pool.map(read, paths))


def _scan(paths, tags):
    scanner = _scanner(tags, get_ident())
    named = [path if spelt(path) == path else "" for path in paths]
    if not any(map(is_url, paths)):
        return scanner.read(named)
    heads = dict(zip(named, _several(_head, named), strict=True))
    return scanner.read(named, lambda path, view: _copy(*heads[path], view))


@lru_cache(maxsize=SCANNERS)
def _scanner(tags, _thread):
    from .scanner import HeaderScanner

    return HeaderScanner(tags)


def _head(path):
    """The first bytes of a file at a URL, and its size."""
    try:
        return read_url(path, FIRST_BYTES), file_facts(path)[0]
    except EDAError:
        return b"", 0


def _copy(head, size, view):
    view[: len(head)] = head
    return len(head), size


def _read_dicom(path, tags, row, most_bytes):
    with quiet() as notes:
        dataset = read_dataset(path, most_bytes=most_bytes)
        values = _all_values(dataset) if tags == ALL else {name: plain_value(dataset, name) for name in tags}
        checked = [plain_value(dataset, keyword) for keyword in CHECKED]
        kinds = plain_value(dataset, "SOPClassUID"), dataset.file_meta.TransferSyntaxUID
        off = complaints(checked, *kinds, row["size_bytes"] - dataset.header_bytes)
        if checked[0] is not None and kinds[1] not in UNCOMPRESSED:
            off += stream_complaints(path, dataset.header_bytes, checked[:2])
    notes += [f"{name} has a value that its VR does not allow" for name in values if is_unreadable(dataset, name)]
    return {"values": values, "warning": "; ".join([*off, *notes]) or None}


def _all_values(dataset):
    """Every attribute of the top level and what functional groups say in its place; private ones by their creator."""
    values = {keyword: value for keyword in MACROS if (value := plain_value(dataset, keyword)) is not None}
    for place in (dataset.file_meta, dataset):
        for tag in list(place.keys()):
            if tag.element and not tag.is_private_creator:
                name = name_of(int(tag), _creator(place, tag))
                value = plain_value(dataset, name)
                values[name] = _binary(place, tag, find_attribute(name)) if value is None else value
    return values


def _binary(place, tag, wanted):
    """Where a value is no text, its length."""
    value = attribute(place, tag)
    if not isinstance(value, bytes) or not wanted.vr.endswith(("OB", "OW", "OV", "OF", "OD", "OL", "UN")):
        return None
    text = f"{len(value)} bytes"
    return (text,) if wanted.is_list else text


def _creator(place, tag):
    """PS3.5 7.8.1: (gggg,00bb) says who reserved (gggg,bbxx); a name means the first block of this creator."""
    if not tag.is_private:
        return None
    blocks = range(0x10, (tag.element >> 8) + 1)
    creators = [str(attribute(place, tag.group << 16 | block, "")).strip() for block in blocks]
    return creators[-1] if creators and creators[-1] not in creators[:-1] else None


def _read_picture_header(path, _tags, row, most_bytes):
    sizes, is_cut = describe_picture(path, most_bytes, row["size_bytes"])
    is_cut = is_cut or (not is_url(path) and is_cut_picture(path, row["format"]))
    names = "Rows", "Columns", "SamplesPerPixel", "NumberOfFrames"
    return {"values": dict(zip(names, sizes, strict=True)), "warning": CUT_PICTURE if is_cut else None}


def _read_slide_header(path, _tags, _row, _most_bytes):
    from ..slides import open_slide

    with open_slide(path) as slide:
        rows, columns = slide.shape
        mm = (slide.mpp / 1000,) * 2 if slide.mpp else None
    return {"values": {"Rows": rows, "Columns": columns, "SamplesPerPixel": 3, "PixelSpacing": mm}}


def _read_other(_path, _tags, row, _most_bytes):
    return {"problem": f"{row['format']}, not a DICOM file, image or slide"}


_READERS = {"dicom": _read_dicom, "image": _read_picture_header, "slide": _read_slide_header, "other": _read_other}
