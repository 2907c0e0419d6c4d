"""What a TIFF claims, checked before a library believes it: OpenSlide ends the process if it cannot hold a tile."""

import os
import struct
from pathlib import Path

from ..core import AccessError, FormatError, MissingError, is_url, open_file
from ..dicom import TIFF_SIGNATURES

# TIFF 6.0 section 2 and BigTIFF: bytes of one value of each field type
TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
INTEGERS = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
WIDTH, LENGTH, PLANAR, SAMPLES = 256, 257, 284, 277
TILE_WIDTH, TILE_LENGTH, TILE_OFFSETS, TILE_BYTE_COUNTS, SUB_IFDS = 322, 323, 324, 325, 330
MAX_TILE_PIXELS = 2**26
MAX_DIRECTORIES = 10_000
ADVICE = "copy the file again"


def is_tiff(head):
    """Tell whether bytes begin a TIFF or BigTIFF."""
    return head.startswith(TIFF_SIGNATURES)


def check_tiff(path):
    """Refuse a TIFF whose directories cannot be true.

    Every entry must lie inside of the file, directories must not form a loop, a tile must have a size that memory
    can hold, and there must be as many tiles as the image needs, all of them inside of the file.

    Parameters
    ----------
    path : Path

    Raises
    ------
    FormatError

    References
    ----------
    TIFF revision 6.0, sections 2 and 15.

    Examples
    --------
    >>> from pathlib import Path
    >>> from eda_utils.slides.tiff_check import check_tiff
    >>> check_tiff(Path("data/samples/pathology/CMU-1-Small-Region.svs"))
    """
    with open_file(path) as file:
        size = os.fstat(file.fileno()).st_size
        try:
            for entries in _directories(file, size, path.name):
                _check_tiles(entries, file, size, path.name)
        except (struct.error, OverflowError):
            raise FormatError(path.name, "is cut inside of a TIFF directory", ADVICE) from None


def has_tiles(path: str | Path) -> bool:
    """Tell whether a TIFF is cut into tiles, as one that is not meant to be opened whole; also of one that breaks off.

    False of a URL, which no reader of slides takes, and where nothing can be opened.

    Examples
    --------
    >>> from eda_utils.slides import has_tiles
    >>> has_tiles("data/samples/pathology/CMU-1-Small-Region.svs")
    True
    """
    if is_url(path):
        return False
    try:
        with open_file(path) as file:
            return any(TILE_WIDTH in entries for entries in _directories(file, os.fstat(file.fileno()).st_size, ""))
    except (AccessError, MissingError):
        return False
    except (FormatError, struct.error, OverflowError):
        return True


def _directories(file, size, name):
    """Yield each directory as tag to (order, type, count, position of the values)."""
    order, is_big, offset = _header(file, size)
    seen, nested = set(), []
    while offset or nested:
        is_nested = not offset
        offset = offset or nested.pop()
        if offset >= size:
            raise FormatError(name, "is cut: a TIFF directory lies beyond its end", ADVICE)
        if (offset in seen and not is_nested) or len(seen) + len(nested) >= MAX_DIRECTORIES:
            raise FormatError(name, "its TIFF directories form a loop or are too many", ADVICE)
        seen.add(offset)
        entries, following = _directory(file, offset, order, is_big)
        for _, kind, count, place in entries.values():
            if place + count * TYPE_BYTES.get(kind, 0) > size:
                raise FormatError(name, "is cut: an entry of its TIFF directory lies beyond its end", ADVICE)
        yield entries
        nested = [place for place in (*nested, *_integers(file, entries.get(SUB_IFDS))) if place not in seen]
        offset = 0 if is_nested else following  # those of nested ones are listed one by one


def _header(file, size):
    head = file.read(16)
    order = "<" if head[:2] == b"II" else ">"
    is_big = struct.unpack_from(order + "H", head, 2)[0] == 43
    first = struct.unpack_from(order + ("Q" if is_big else "I"), head, 8 if is_big else 4)[0]
    if not is_big and 2**32 <= struct.unpack_from(order + "Q", head, 4)[0] < size:
        return order, is_big, 0  # an NDPI above 4 GB, with offsets of its own kind: OpenSlide knows them
    return order, is_big, first


def _directory(file, offset, order, is_big):
    count_code, entry_code, inline = ("Q", "HHQ", 8) if is_big else ("H", "HHI", 4)
    file.seek(offset)
    count = struct.unpack(order + count_code, file.read(struct.calcsize(order + count_code)))[0]
    step = struct.calcsize(order + entry_code) + inline
    start, raw = file.tell(), file.read(min(count, 4096) * step)
    entries = {}
    for number in range(count):
        tag, kind, values = struct.unpack_from(order + entry_code, raw, number * step)
        place = number * step + step - inline
        is_inline = values * TYPE_BYTES.get(kind, 0) <= inline
        pointer = struct.unpack_from(order + ("Q" if is_big else "I"), raw, place)[0]
        entries[tag] = (order, kind, values, start + place if is_inline else pointer)
    file.seek(start + count * step)
    return entries, struct.unpack(order + ("Q" if is_big else "I"), file.read(inline))[0]


def _integers(file, entry):
    if entry is None or entry[1] not in INTEGERS:
        return ()
    order, kind, count, place = entry
    file.seek(place)
    return struct.unpack(f"{order}{count}{INTEGERS[kind]}", file.read(count * TYPE_BYTES[kind]))


def _check_tiles(entries, file, size, name):
    if TILE_WIDTH not in entries and TILE_LENGTH not in entries:
        return
    tags = (WIDTH, LENGTH, TILE_WIDTH, TILE_LENGTH)
    columns, rows, tile_columns, tile_rows = ([*_integers(file, entries.get(tag)), 0][0] for tag in tags)
    if min(columns, rows, tile_columns, tile_rows) < 1 or tile_columns * tile_rows > MAX_TILE_PIXELS:
        raise FormatError(name, "its image or its tiles have an impossible size", ADVICE)
    planes = [*_integers(file, entries.get(SAMPLES)), 1][0] if _integers(file, entries.get(PLANAR)) == (2,) else 1
    needed = -(-columns // tile_columns) * -(-rows // tile_rows) * planes
    if min(entries[tag][2] if tag in entries else 0 for tag in (TILE_OFFSETS, TILE_BYTE_COUNTS)) < needed:
        raise FormatError(name, "lists fewer tiles than its image needs", ADVICE)
    places = zip(*(_integers(file, entries[tag]) for tag in (TILE_OFFSETS, TILE_BYTE_COUNTS)), strict=False)
    if any(length and offset + length > size for offset, length in places):
        raise FormatError(name, "is cut: some of its tiles lie beyond its end", ADVICE)
