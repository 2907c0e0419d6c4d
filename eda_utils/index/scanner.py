"""Headers at the speed of the disk: a compiled pass notes where the wanted elements lie, then column by column.

In a batch of files most values of an attribute are the same bytes, and each is decoded once. Whatever is not plain (no
preamble, big endian, deflated, an unusual VR, a value that the standard forbids, damage) is left to pydicom, so that a
row is the same either way, only slower.
"""

import os
import re
import stat
from contextlib import suppress
from datetime import date
from functools import partial

import numpy as np
import pandas as pd
import pyarrow as pa
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag

from ..core import OPEN_FLAGS, quiet
from ..dicom import (
    CHECKED,
    MOST_START,
    NATIVE_SYNTAXES,
    complaints,
    find_attribute,
    is_unreadable,
    name_of,
    plain_value,
    stream_complaints,
)
from .scanner_kernel import KINDS, PLAIN, READ_ON, gather, walk
from .schema import array_of, arrow_type, coded_array, decoded, file_columns

FIRST_BYTES, MOST_BYTES = 16_384, 2**24
SLOTS = 32  # files whose heads are in memory at the same time: they shall stay in the processor's cache
MEMO_SIZE = 4096
SYNTAX, CHARSET, REPRESENTATION = "TransferSyntaxUID", "SpecificCharacterSet", "PixelRepresentation"
TEXT_VRS = ("LO", "LT", "PN", "SH", "ST", "UC", "UT")  # PS3.5 6.1.2.3: those that a character set applies to
NOT_PLAIN, UNKNOWN = object(), object()
HAS_READV = hasattr(os, "readv")  # not on Windows
UID_BYTES = re.compile(rb"(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*))*\0?")
DATE_BYTES = re.compile(rb"\d{8}")
INTEGER_BYTES = re.compile(rb"[+-]?\d{1,9} ?")
DECIMAL_BYTES = re.compile(rb"[+-]?\d{1,7}(?:\.\d{1,7})? ?(?:\\[+-]?\d{1,7}(?:\.\d{1,7})? ?)*")


class HeaderScanner:
    """Reads the wanted attributes of many files; one of its own for each thread.

    Parameters
    ----------
    names : list of str
        As `find_attribute` takes them. Where a private element or an item of a sequence is wanted and its place in
        the header is filled, the file is not plain.
    """

    def __init__(self, names):
        self.names = list(names)
        needed = dict.fromkeys([*names, *CHECKED, SYNTAX, CHARSET, REPRESENTATION, "SOPClassUID"])
        watched = {name: _watched(find_attribute(name)) for name in needed}
        self.tags = sorted({tag for tags in watched.values() for tag in tags})
        self.place = {name: self.tags.index(tags[0]) for name, tags in watched.items()}
        hidden = {tag for name, tags in watched.items() if not _is_top(find_attribute(name)) for tag in tags}
        self.deep = {which for which, tag in enumerate(self.tags) if tag in hidden}
        self.keys = [name_of(tag) for tag in self.tags]
        self.vrs = [find_attribute(f"{tag:08X}").vr for tag in self.tags]
        usual = [[_letters(code) for code in (vr[:2], vr[-2:])] for vr in self.vrs]
        self.tables = KINDS, np.array(self.tags, np.int64), np.array(usual, np.int64)
        self.memos = [{} for _ in self.tags]
        self.heads = np.empty((SLOTS, FIRST_BYTES), np.uint8)
        self.views = [memoryview(head) for head in self.heads]

    def read(self, paths, fetch=None):
        """Read the headers of many files.

        Parameters
        ----------
        paths : list of str
        fetch : callable, optional
            Puts the first bytes of the file at a path into a memoryview; returns how many, and the size of the file.
            By default from the disk.

        Returns
        -------
        table : pyarrow.Table
            Of the plain ones.
        rows : numpy.ndarray of int
            Which of `paths` they are.
        """
        batch = _Batch(self, paths, fetch or fetch_file)
        cells, is_plain = batch.cells()
        table = pa.table({**batch.file_columns(cells), **{name: cells[name] for name in self.names}})
        return table if is_plain.all() else table.filter(pa.array(is_plain)), batch.rows[is_plain]

    def decode(self, which, raw, context):
        """Return the value of an element; `context` is what else its meaning depends on."""
        memo = self.memos[which]
        value = memo.get((raw, context), UNKNOWN)
        if value is UNKNOWN:
            if len(memo) > MEMO_SIZE:  # an attribute that differs from file to file
                memo.clear()
            wanted = self.keys[which], self.tags[which], self.vrs[which]
            value = NOT_PLAIN if which in self.deep else _decode(*wanted, raw, context)
            memo[raw, context] = value
        return value


class _Batch:
    """The wanted values of several files as bytes, and where they are."""

    def __init__(self, scanner, paths, fetch):
        self.scanner, self.paths, self.fetch = scanner, paths, fetch
        count = len(paths)
        self.status, self.ends, self.sizes = (np.zeros(count, np.int64) for _ in range(3))
        self.places, self.lengths, self.codes = (np.zeros((len(scanner.tags), count), np.int64) for _ in range(3))
        self.store, self.used = np.empty(count * 1024, np.uint8), 0
        for start in range(0, count, SLOTS):
            self._walk(slice(start, min(start + SLOTS, count)), scanner.heads, scanner.views)
        for row in np.flatnonzero(self.status == READ_ON):
            self._read_on(row)
        self.rows = np.flatnonzero(self.status == PLAIN)
        self.plain = self.rows if len(self.rows) < count else slice(None)  # a slice copies nothing

    def _walk(self, rows, heads, views):
        fetched = [self.fetch(path, view) for path, view in zip(self.paths[rows], views, strict=False)]
        amounts, self.sizes[rows] = np.array(fetched, np.int64).reshape(-1, 2).T
        if self.used + amounts.sum() > len(self.store):
            self.store = np.concatenate([self.store, np.empty(len(self.store) + amounts.sum(), np.uint8)])
        notes = (table[..., rows] for table in (self.status, self.ends, self.places, self.lengths, self.codes))
        tables = self.scanner.tables
        self.used = walk(heads, amounts, self.sizes[rows], *tables, *notes, self.store, self.used)
        return amounts

    def _read_on(self, row):
        """The header is longer than its head: read more of the file, not all."""
        amount, before = FIRST_BYTES, 0
        while self.status[row] == READ_ON and amount < MOST_BYTES:
            amount *= 4
            head = np.empty((1, amount), np.uint8)
            fetched = self._walk(slice(row, row + 1), head, [memoryview(head[0])])[0]
            if fetched <= before:  # no more to be had
                return
            before = fetched

    def cells(self):
        """Return an Arrow array for each attribute, and which rows are plain."""
        is_plain, cells = np.ones(len(self.rows), bool), {}
        charset = self._coded(self.scanner.place[CHARSET])
        sign = self._coded(self.scanner.place[REPRESENTATION])
        for name, which in self.scanner.place.items():
            vr, coded = self.scanner.vrs[which], self._coded(which)
            context = charset if vr in TEXT_VRS else sign if " or " in vr else None
            codes, values = self._decoded(which, coded, context)
            odd = [number for number, value in enumerate(values) if value is NOT_PLAIN]
            is_plain &= ~np.isin(codes, odd) if odd else True
            values = [None if value is NOT_PLAIN else value for value in values]
            cells[name] = coded_array(array_of(arrow_type(name), values), codes)
        return cells, is_plain

    def _coded(self, which):
        """The values of an element as numbers, and the different values by number."""
        places, lengths = (table[which][self.plain] for table in (self.places, self.lengths))
        offsets, values = np.empty(len(places) + 1, np.int32), np.empty(lengths.sum(), np.uint8)
        gather(self.store, places, lengths, offsets, values)
        buffers = [None, pa.py_buffer(offsets), pa.py_buffer(values)]
        coded = pa.Array.from_buffers(pa.binary(), len(places), buffers).dictionary_encode()
        return coded.indices.to_numpy(), coded.dictionary.to_pylist()

    def _decoded(self, which, coded, context):
        codes, raws = coded
        decode = partial(self.scanner.decode, which)
        if context is None:
            return codes, [decode(raw, None) if raw else None for raw in raws]
        others, meanings = context
        is_ambiguous = " or " in self.scanner.vrs[which]
        if len(meanings) == 1 and not is_ambiguous:
            return codes, [decode(raw, (meanings[0], 0)) if raw else None for raw in raws]
        letters = self.codes[which][self.plain] if is_ambiguous else np.zeros(len(codes), np.int64)
        codes, different = pd.factorize((codes.astype(np.int64) * len(meanings) + others) << 16 | letters)
        keys = ((key >> 16, key & 0xFFFF) for key in different.tolist())
        pairs = ((raws[key // len(meanings)], meanings[key % len(meanings)], code) for key, code in keys)
        return codes, [decode(raw, (meaning, code)) if raw else None for raw, meaning, code in pairs]

    def file_columns(self, cells):
        """What an index says of the file itself."""
        sizes = self.sizes[self.rows]
        paths = [self.paths[row] for row in self.rows]
        return file_columns(paths, sizes, self._warnings(cells, sizes - self.ends[self.rows]))

    def _warnings(self, cells, rest):
        """`complaints` of the few rows that give a reason; a missing factor counts as 1 there too."""
        cells = {name: decoded(cells[name]) for name in (*CHECKED, SYNTAX, "SOPClassUID")}
        rows, *factors = (cells[name].to_numpy(zero_copy_only=False).astype(float) for name in CHECKED[:5])
        native = pa.compute.is_in(cells[SYNTAX].cast(pa.string()), pa.array(NATIVE_SYNTAXES)).to_numpy(False)
        needed = rows * np.prod(np.nan_to_num(factors, nan=1), axis=0) / 8
        warnings = [None] * len(rest)
        for row in np.flatnonzero(np.isnan(rows) | (native & (needed > rest - MOST_START))).tolist():
            *checked, syntax, sop_class = (column[row].as_py() for column in cells.values())
            warnings[row] = "; ".join(complaints(checked, sop_class, syntax, int(rest[row]))) or None
        for row in np.flatnonzero(~native & ~np.isnan(rows)).tolist() if self.fetch is fetch_file else ():
            number, sides = self.rows[row], (cells["Rows"][row].as_py(), cells["Columns"][row].as_py())
            found = stream_complaints(self.paths[number], int(self.ends[number]), sides)
            warnings[row] = "; ".join(filter(None, (warnings[row], *found))) or None
        return warnings


def fetch_file(path, view):
    """Put the first bytes of a regular file into `view`; return how many there are, and the size of the file."""
    try:
        descriptor = os.open(path, OPEN_FLAGS)
    except (OSError, ValueError):
        return 0, 0
    try:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            return 0, 0
        return (os.readv(descriptor, [view]) if HAS_READV else _read_into(descriptor, view)), facts.st_size
    except OSError:
        return 0, 0
    finally:
        os.close(descriptor)


def _read_into(descriptor, view):
    data = os.read(descriptor, len(view))
    view[: len(data)] = data
    return len(data)


def _letters(vr):
    return int.from_bytes(vr.encode(), "little")


def _is_top(wanted):
    """Whether an attribute of the standard at the top level, whose place and VR are known."""
    return not wanted.path and wanted.creator is None and wanted.vr != "UN"


def _watched(wanted):
    """The tags to look at: of a private attribute all that could reserve its block (PS3.5 7.8.1)."""
    if wanted.creator is None or wanted.path:
        return [wanted.root]
    return [wanted.tag >> 16 << 16 | number for number in range(0x10, 0x100)]


def _decode(name, tag, vr, raw, context):
    """The value of an element: the plain forms here, everything else by pydicom from a file of this one element."""
    values = None
    if vr == "UI" and len(raw) <= 64 and UID_BYTES.fullmatch(raw):
        values = (raw.rstrip(b"\0").decode(),)
    elif vr == "US" and len(raw) == 2:
        values = (float(int.from_bytes(raw, "little")),)
    elif vr == "DA" and DATE_BYTES.fullmatch(raw):
        with suppress(ValueError):  # such as a 31st of April
            values = (date(int(raw[:4]), int(raw[4:6]), int(raw[6:])),)
    elif (vr == "IS" and INTEGER_BYTES.fullmatch(raw)) or (vr == "DS" and DECIMAL_BYTES.fullmatch(raw)):
        values = tuple(float(number) + 0.0 for number in raw.split(b"\\"))
    if values is None:
        return _by_pydicom(name, tag, vr, raw, context)
    return values[0] if find_attribute(name).has_one_value else values


def _by_pydicom(name, tag, vr, raw, context):
    if tag >> 16 == 2 or len(raw) > 0xFFFE:
        return NOT_PLAIN
    with quiet() as notes:
        try:
            dataset = _dataset_of(tag, vr, raw, context)
            value = plain_value(dataset, name)
        except Exception:  # noqa: BLE001 - the guard of `read_row` says what it is
            return NOT_PLAIN
    return NOT_PLAIN if notes or is_unreadable(dataset, name) else value


def _dataset_of(tag, vr, raw, context):
    """One element as read, and what says how to read it: the character set or the sign of pixels (PS3.5 7.1)."""
    (meaning, code), is_ambiguous = context or (b"", 0), " or " in vr
    elements = [(tag, code.to_bytes(2, "little").decode() if code else vr, raw)]
    if meaning:
        elements.append((0x00280103, "US", meaning) if is_ambiguous else (0x00080005, "CS", meaning))
    is_implicit = is_ambiguous and not code  # then Pixel Representation decides
    dataset = Dataset()
    for at, how, value in elements:
        dataset[at] = RawDataElement(Tag(at), None if is_implicit else how, len(value), value, 0, is_implicit, True)
    return dataset
