"""Encapsulated Pixel Data as it lies in a file, fragment by fragment: whether it ends, and the size that it states."""

import os

from ..core import EDAError, is_url, open_file, read_at
from .codestream import stream_size

PIXEL_DATA, UNDEFINED = b"\xe0\x7f\x10\0", b"\xff" * 4
ITEM, DELIMITER = bytes.fromhex("feff00e0"), bytes.fromhex("feffdde000000000")
FIRST_BYTES = 4096
MOST_FRAGMENTS = 100_000  # looked at: for more there is no time
CUT_PIXELS = "the file is cut inside its Pixel Data (7FE0,0010)"
OTHER_SIZE = "Rows and Columns differ from the size that its code stream states"


def stream_complaints(path: str, start: int, sides: tuple) -> list[str]:
    """Return what is off about the compressed pixels of a file on disk, without decoding them.

    Parameters
    ----------
    path : str
    start : int
        Where the element Pixel Data (7FE0,0010) begins.
    sides : tuple
        Rows and Columns of the header.

    Returns
    -------
    list of str
        Also empty where something else stands there, or the file cannot be opened any more.

    References
    ----------
    PS3.5 A.4: a table of offsets, fragments, and a delimiter.
    """
    if is_url(path):
        return []
    try:
        with open_file(path) as file:
            return _complaints(file, start, sides)
    except (EDAError, OSError):
        return []


def _complaints(file, start, sides):
    head = read_at(file, FIRST_BYTES, start)
    at = 8 if head[4:8] == UNDEFINED else 12  # some write no VR
    if not head:
        return [CUT_PIXELS]
    if head[:4] != PIXEL_DATA or head[at - 4 : at] != UNDEFINED:
        return []
    first = at + 8 + int.from_bytes(head[at + 4 : at + 8], "little")  # behind the table of offsets
    if first >= len(head):
        head, first = read_at(file, FIRST_BYTES, start + first), 0
    stated = stream_size(head[first + 8 :])
    is_other = stated and None not in sides and stated != tuple(map(int, sides))
    size = os.fstat(file.fileno()).st_size
    is_cut = read_at(file, 8, size - 8) != DELIMITER and _is_cut(file, start + at, size)
    return [CUT_PIXELS] * is_cut + [OTHER_SIZE] * bool(is_other)


def _is_cut(file, place, size):
    """More can follow the pixels, such as padding: go from fragment to fragment."""
    for _ in range(MOST_FRAGMENTS):
        head = read_at(file, 8, place)
        if head == DELIMITER:
            return False
        place += 8 + int.from_bytes(head[4:], "little")
        if head[:4] != ITEM or place > size:
            return True
    return False


def first_item(data: bytes) -> bytes:
    """Return the first fragment with pixels of encapsulated Pixel Data, as far as it is in `data` (PS3.5 A.4)."""
    place = 0
    for _ in range(2):  # the first item is the table of offsets
        if data[place : place + 4] != ITEM:
            return b""
        start = place + 8
        place = start + int.from_bytes(data[place + 4 : start], "little")
    return data[start:place]
