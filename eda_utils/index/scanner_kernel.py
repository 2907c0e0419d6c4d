"""The compiled part of the header scanner: where the elements of a file lie, and nothing about what they mean."""

import numpy as np
from numba import njit

from ..core import VR_CODES

PLAIN, HAND_OVER, READ_ON = 0, 1, 2
UNDEFINED = 0xFFFFFFFF
MAX_DEPTH = 32
MOST_STORED = 65_536  # bytes of the wanted values of one file: memory stays bounded whatever headers hold
SHORT, LONG, SEQUENCE = 1, 2, 3
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
PIXEL_DATA = (0x7FE00008, 0x7FE00009, 0x7FE00010)
CHARSET = 0x00080005
UNUSUAL = (0x52009229, 0x52009230)  # functional groups take the place of what the top level says
# PS3.5 7.1.2: these have two reserved bytes and a length of 32 bits
LONG_VRS = (b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV")


def _kinds():
    """By the letters of a VR: how its elements begin."""
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
    # A stack of its own: files made to harm nest without end, and compiled code that recurses takes the process along
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
def _walk(data, file_size, kinds, wanted, usual, places, lengths, codes):
    """Note where the values of the wanted elements of the top level lie, how long they are, and their VR.

    Returns how it went, and where the header ends.
    """
    size, pos, which, last, explicit, in_meta, syntax = len(data), 132, 0, -1, True, True, -1
    while True:
        if pos + 12 > size:
            is_whole = pos == size == file_size and not in_meta
            return (PLAIN if is_whole else READ_ON if size < file_size else HAND_OVER), pos
        tag, kind, place, length = _element(data, pos, explicit, kinds)
        # File Meta Information is explicit whatever follows (PS3.10 7.1): what comes first behind it is read once more
        if in_meta and tag >> 16 != 2:
            in_meta, explicit = False, syntax == 1
            if syntax < 0 or explicit == (kind == 0):
                return HAND_OVER, pos
            tag, kind, place, length = _element(data, pos, explicit, kinds)
        if tag in PIXEL_DATA:
            return PLAIN, pos
        # Tags ascend (PS3.5 7.1). Explicit without a VR, or implicit with what looks like one: the syntax may be a lie
        if tag <= last or tag in UNUSUAL or tag >> 16 == 0xFFFE or explicit == (kind == 0):
            return HAND_OVER, pos
        while which < len(wanted) and wanted[which] < tag:
            which += 1
        is_wanted = which < len(wanted) and wanted[which] == tag
        start, last, pos = pos, tag, place + length
        if length == UNDEFINED:
            pos = _skip_sequence(data, size, place, explicit, kinds)
            if pos == -2 and size < file_size:
                return READ_ON, start
            if pos < 0 or is_wanted or (explicit and kind != SEQUENCE):
                return HAND_OVER, start
        elif pos > size:
            return (READ_ON if pos <= file_size else HAND_OVER), start
        elif tag == 0x00020000 and length != 4:
            return HAND_OVER, start
        elif tag == 0x00020010:
            syntax = _encoding(data, place, length)
        if is_wanted:
            code = _u16(data, start + 4)
            if explicit and code != usual[which, 0] and code != usual[which, 1]:
                return HAND_OVER, start
            places[which], lengths[which], codes[which] = place, length, code if explicit else 0


@njit(cache=True, nogil=True)
def walk(heads, amounts, sizes, kinds, wanted, usual, status, ends, places, lengths, codes, store, used):
    """Walk through the heads of several files, and append the values that are wanted to `store`.

    Parameters
    ----------
    heads : uint8, (file, byte)
        The first bytes of each file, `amounts` of them.
    sizes : int64, (file,)
        Of the whole files, in bytes.
    kinds, wanted, usual : arrays
        `KINDS`; the tags in order; the letters of the one or two VRs that the standard gives each of them.
    status, ends : int64, (file,)
        Filled: PLAIN, HAND_OVER or READ_ON, and where the header ends.
    places, lengths, codes : int64, (wanted, file)
        Filled: where each value is in `store`, how long it is (0 where there is none), the letters of its VR.
    store : uint8
    used : int
        How much of `store` is filled.

    Returns
    -------
    int
        How much of `store` is filled now.
    """
    for file in range(len(amounts)):
        places[:, file], lengths[:, file], codes[:, file] = 0, 0, 0
        status[file], ends[file] = HAND_OVER, 0
        data = heads[file, : amounts[file]]
        if amounts[file] < 144 or data[128] != 68 or data[129] != 73 or data[130] != 67 or data[131] != 77:  # DICM
            continue
        how, end = _walk(data, sizes[file], kinds, wanted, usual, places[:, file], lengths[:, file], codes[:, file])
        if how == PLAIN and lengths[:, file].sum() > MOST_STORED:
            how = HAND_OVER
        status[file], ends[file] = how, end
        for which in range(len(wanted) if how == PLAIN else 0):
            place, length = places[which, file], lengths[which, file]
            places[which, file] = used
            for at in range(place, place + length):
                store[used] = data[at]
                used += 1
    return used


@njit(cache=True, nogil=True)
def gather(store, places, lengths, offsets, values):
    """Put the values of one column one behind the other, as Arrow wants them."""
    at = 0
    for row in range(len(places)):
        offsets[row] = at
        for place in range(places[row], places[row] + lengths[row]):
            values[at] = store[place]
            at += 1
    offsets[len(places)] = at
