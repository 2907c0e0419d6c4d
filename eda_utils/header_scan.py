"""Headers at the speed of the disk: one compiled pass notes where the wanted elements lie.

Whatever is not plain (no preamble, big endian, deflated, an unusual VR, a value that the standard forbids, damage) is
handed over to pydicom, so that a row is the same either way, only slower.
"""

import os
import re
import stat
from contextlib import suppress
from functools import partial

import numpy as np
from numba import njit
from pydicom.datadict import dictionary_VR, tag_for_keyword

from .dataset import quiet, read_dataset
from .errors import EDAError
from .files import VR_CODES
from .values import CHECKED, complaints, has_one_value, is_unreadable, plain_value

PLAIN, HAND_OVER, READ_ON = 0, 1, 2
FIRST_BYTES, MOST_BYTES = 16_384, 2**24
MEMO_SIZE = 4096
UNDEFINED = 0xFFFFFFFF
MAX_DEPTH = 32
SHORT, LONG, SEQUENCE = 1, 2, 3
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
PIXEL_DATA = (0x7FE00008, 0x7FE00009, 0x7FE00010)
CHARSET = 0x00080005
UNUSUAL = (0x52009229, 0x52009230)  # functional groups take the place of what the top level says
# PS3.5 7.1.2: these have two reserved bytes and a length of 32 bits
LONG_VRS = (b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV")
CONTEXT = ("TransferSyntaxUID", "SpecificCharacterSet", "PixelRepresentation")  # what other values depend on
NOT_PLAIN = object()
OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)  # a pipe must not block
UID_BYTES = re.compile(rb"(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*))*\0?")
INTEGER_BYTES = re.compile(rb"[+-]?\d{1,9} ?")
DECIMAL_BYTES = re.compile(rb"[+-]?\d{1,7}(?:\.\d{1,7})? ?(?:\\[+-]?\d{1,7}(?:\.\d{1,7})? ?)*")


def _kinds():
    table = np.zeros(65536, np.uint8)
    for code in VR_CODES:
        table[int.from_bytes(code, "little")] = LONG if code in LONG_VRS else SEQUENCE if code == b"SQ" else SHORT
    return table


KINDS = _kinds()


@njit(cache=True, nogil=True)
def _u16(data, at):
    return np.int64(data[at]) | np.int64(data[at + 1]) << 8


@njit(cache=True, nogil=True)
def _u32(data, at):
    return _u16(data, at) | _u16(data, at + 2) << 16


@njit(cache=True, nogil=True)
def _element(data, pos, explicit, kinds):
    """Tag, kind of VR, where the value begins and its length (PS3.5 7.1.2 and 7.1.3)."""
    tag, kind = _u16(data, pos) << 16 | _u16(data, pos + 2), kinds[_u16(data, pos + 4)]
    if explicit and kind == SHORT:
        return tag, kind, pos + 8, _u16(data, pos + 6)
    if explicit and kind:
        return tag, kind, pos + 12, _u32(data, pos + 8)
    return tag, kind, pos + 8, _u32(data, pos + 4)


@njit(cache=True, nogil=True)
def _skip_sequence(data, size, pos, explicit, kinds):
    """Where a sequence of undefined length ends; -1 if it is not plain, -2 if it goes on behind the buffer."""
    is_item, ends, top = np.zeros(MAX_DEPTH, np.uint8), np.full(MAX_DEPTH, -1, np.int64), 0
    while top >= 0:
        if is_item[top] and ends[top] == pos:
            top -= 1
            continue
        if pos + 12 > size:
            return -2
        tag, kind, place, length = _element(data, pos, explicit, kinds)
        if tag >> 16 == 0xFFFE:  # items and delimiters have no VR (PS3.5 7.5)
            place, length = pos + 8, _u32(data, pos + 4)
        if tag == ITEM and not is_item[top] and top + 2 < MAX_DEPTH:
            top += 1
            is_item[top], ends[top] = 1, -1 if length == UNDEFINED else place + length
        elif tag == (ITEM_END if is_item[top] else SEQUENCE_END) and length == 0 and ends[top] < 0:
            top -= 1
        elif not is_item[top] or tag >> 16 == 0xFFFE or tag == CHARSET or explicit == (kind == 0):
            return -1
        elif length == UNDEFINED:
            if explicit and kind != SEQUENCE:
                return -1
            top += 1
            is_item[top], ends[top] = 0, -1
        else:
            place += length
            if ends[top] >= 0 and place > ends[top]:
                return -1
        pos = place
    return pos


@njit(cache=True, nogil=True)
def _encoding(data, at, length):
    """1 for explicit, 0 for implicit VR little endian, -1 for what is not plain (PS3.5 10)."""
    root = b"1.2.840.10008.1.2"
    if length and data[at + length - 1] == 0:
        length -= 1
    if length < len(root):
        return -1
    for number in range(len(root)):
        if data[at + number] != root[number]:
            return -1
    if length == len(root):
        return 0
    digit = data[at + len(root) + 1] - 48  # .1 explicit, .4.x JPEG and others, .5 RLE
    if length == len(root) + 2:
        return 1 if digit in (1, 5) else -1
    return 1 if digit == 4 and data[at + len(root) + 2] == 46 else -1


@njit(cache=True, nogil=True)
def walk(data, file_size, kinds, wanted, usual, starts, stops, numbers, places):
    """Note where the wanted elements of the top level lie.

    `starts` and `stops` are by wanted element, 0 where it is absent; `numbers` and `places` list those that have a
    value, and where it begins. Returns how it went, where the header ends, and how many have a value.
    """
    starts[:], stops[:], found = 0, 0, 0
    size, pos, which, last, explicit, in_meta, syntax = len(data), 132, 0, -1, True, True, -1
    while True:
        if pos + 12 > size:
            is_whole = pos == size == file_size and not in_meta
            return (PLAIN if is_whole else READ_ON if size < file_size else HAND_OVER), pos, found
        tag, kind, place, length = _element(data, pos, explicit, kinds)
        if in_meta and tag >> 16 != 2:
            in_meta, explicit = False, syntax == 1
            if syntax < 0 or explicit == (kind == 0):
                return HAND_OVER, pos, 0
            tag, kind, place, length = _element(data, pos, explicit, kinds)
        if tag in PIXEL_DATA:
            return PLAIN, pos, found
        if tag <= last or tag in UNUSUAL or tag >> 16 == 0xFFFE or explicit == (kind == 0):
            return HAND_OVER, pos, 0
        while which < len(wanted) and wanted[which] < tag:
            which += 1
        is_wanted = which < len(wanted) and wanted[which] == tag
        start, last, pos = pos, tag, place + length
        if length == UNDEFINED:
            pos = _skip_sequence(data, size, place, explicit, kinds)
            if pos == -2 and size < file_size:
                return READ_ON, start, 0
            if pos < 0 or is_wanted or (explicit and kind != SEQUENCE):
                return HAND_OVER, start, 0
        elif pos > size:
            return (READ_ON if pos <= file_size else HAND_OVER), start, 0
        elif tag == 0x00020000 and length != 4:
            return HAND_OVER, start, 0
        elif tag == 0x00020010:
            syntax = _encoding(data, place, length)
        if is_wanted:
            code = _u16(data, start + 4)
            if explicit and code != usual[which, 0] and code != usual[which, 1]:
                return HAND_OVER, start, 0
            starts[which], stops[which] = start, pos
            if length:
                numbers[found], places[found], found = which, place, found + 1


class HeaderScanner:
    """Reads the wanted attributes of many files; one of its own for each thread.

    Parameters
    ----------
    keywords : list of str

    Attributes
    ----------
    plain, handed_over : int
        How many files were read here, and how many were left to pydicom.
    """

    def __init__(self, keywords):
        names = dict.fromkeys([*keywords, *CONTEXT, *CHECKED, "SOPClassUID"])
        self.names = sorted(names, key=tag_for_keyword)
        place = {name: number for number, name in enumerate(self.names)}
        self.output = [place[name] for name in keywords]
        self.context = [place[name] for name in CONTEXT]
        self.checked = [place[name] for name in (*CHECKED, "SOPClassUID", "TransferSyntaxUID")]
        vrs = [dictionary_VR(tag_for_keyword(name)) for name in self.names]
        self.ambiguous = [number for number, vr in enumerate(vrs) if " or " in vr]
        usual = [[int.from_bytes(code.encode(), "little") for code in (vr[:2], vr[-2:])] for vr in vrs]
        blank = (np.zeros(len(vrs), np.int64) for _ in range(4))
        self.arrays = (
            KINDS,
            np.array([*map(tag_for_keyword, self.names)], np.int64),
            np.array(usual, np.int64),
            *blank,
        )
        self.decoders = [partial(_decode, name, vr) for name, vr in zip(self.names, vrs, strict=True)]
        self.memos, self.plain, self.handed_over = {}, 0, 0

    def read(self, path):
        """Return size, values and warning of a plain DICOM file, or None for a file that pydicom must read."""
        row = None
        with suppress(OSError):
            descriptor = os.open(path, OPEN_FLAGS)
            try:
                row = self._read(descriptor)
            finally:
                os.close(descriptor)
        self.plain, self.handed_over = self.plain + (row is not None), self.handed_over + (row is None)
        return row

    def _read(self, descriptor):
        facts, data, amount = os.fstat(descriptor), b"", FIRST_BYTES
        while stat.S_ISREG(facts.st_mode) and len(data) < MOST_BYTES:
            data += os.read(descriptor, amount)
            if data[128:132] != b"DICM":
                return None
            status, end, found = walk(np.frombuffer(data, np.uint8), facts.st_size, *self.arrays)
            if status != READ_ON:
                return self._row(data, facts.st_size, end, found) if status == PLAIN else None
            amount *= 4
        return None

    def _row(self, data, size, end, found):
        *_, starts, stops, numbers, places = self.arrays
        context = [data[starts[number] : stops[number]] for number in self.context]
        codes = [data[starts[number] + 4 : starts[number] + 6] for number in self.ambiguous]
        key = (*context, *codes)
        memos = self.memos.get(key) or self._new_memos(key)
        values = [None] * len(starts)
        present = numbers[:found]
        for number, place, stop in zip(present.tolist(), places[:found].tolist(), stops[present].tolist(), strict=True):
            try:
                values[number] = memos[number][data[place:stop]]
            except KeyError:
                element = data[starts[number] : stop]
                values[number] = self._learn(memos[number], number, data[place:stop], element, context)
        if NOT_PLAIN in values:
            return None
        *checked, sop_class, syntax = (values[number] for number in self.checked)
        warning = "; ".join(complaints(checked, sop_class, syntax, size - end)) or None
        return size, [values[number] for number in self.output], warning

    def _new_memos(self, context):
        """Decoded values by raw bytes, a dict for each attribute; they hold for one encoding and character set."""
        self.memos[context] = [{} for _ in self.names]
        return self.memos[context]

    def _learn(self, memo, number, raw, element, context):
        if len(memo) > MEMO_SIZE:  # an attribute that differs from file to file
            memo.clear()
        memo[raw] = value = self.decoders[number](raw, element, context)
        return value


def _decode(name, vr, raw, element, context):
    """The value of an element: the plain forms here, everything else by pydicom from a file of this one element."""
    values = None
    if vr == "UI" and len(raw) <= 64 and UID_BYTES.fullmatch(raw):
        values = (raw.rstrip(b"\0").decode(),)
    elif vr == "US" and len(raw) == 2:
        values = (float(int.from_bytes(raw, "little")),)
    elif (vr == "IS" and INTEGER_BYTES.fullmatch(raw)) or (vr == "DS" and DECIMAL_BYTES.fullmatch(raw)):
        values = tuple(map(float, raw.split(b"\\")))
    if values is None:
        return _by_pydicom(name, element, context)
    return values[0] if has_one_value(name) else values


def _by_pydicom(name, element, context):
    meta, *others = dict.fromkeys(sorted({*context, element} - {b""}, key=_tag_order))
    content = b"\0" * 128 + b"DICM" + meta + b"".join(others)
    with quiet() as notes:
        try:
            dataset = read_dataset(content)
        except EDAError:
            return NOT_PLAIN
        value = plain_value(dataset, name)
    return NOT_PLAIN if notes or is_unreadable(dataset, name) else value


def _tag_order(element):
    return int.from_bytes(element[:2], "little"), int.from_bytes(element[2:4], "little")
