"""Compressed pixels as they lie in a file, fragment by fragment: whether they end, and the size they state."""

import os

from .errors import EDAError
from .files import open_file, read_at
from .remote import is_url

JPEG_START, JPEG_2000_START = b"\xff\xd8", b"\xff\x4f\xff\x51"
NO_FRAME_HEADER = (0xC4, 0xC8, 0xCC)  # of the markers C0 to CF
JPEG_LS_FRAME, SCAN = 0xF7, 0xDA
PIXEL_DATA, UNDEFINED = b"\xe0\x7f\x10\0", b"\xff" * 4
ITEM, DELIMITER = bytes.fromhex("feff00e0"), bytes.fromhex("feffdde000000000")
FIRST_BYTES = 4096
MOST_FRAGMENTS = 100_000  # looked at: for more there is no time
CUT_PIXELS = "the file is cut inside its Pixel Data (7FE0,0010)"
OTHER_SIZE = "Rows and Columns differ from the size that its code stream states"


def stream_complaints(path, start, sides):
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


def stream_size(stream):
    """Return the rows and columns that a JPEG, JPEG-LS or JPEG 2000 code stream states about itself, or None.

    References
    ----------
    ITU-T T.81 B.2.2 and T.87 C.2.2 (frame header), T.800 A.5.1 (SIZ).

    Examples
    --------
    >>> from eda_utils.fragments import stream_size
    >>> stream_size(bytes.fromhex("ffd8 fff7 000b 08 0002 0003 01 01 11 00"))
    (2, 3)
    """
    if stream.startswith(JPEG_START):
        return _jpeg_size(stream)
    start = stream.find(JPEG_2000_START, 0, 4096)
    if start < 0 or len(stream) < start + 24:
        return None
    width, height, left, top = (int.from_bytes(stream[at : at + 4], "big") for at in range(start + 8, start + 24, 4))
    return height - top, width - left


def _jpeg_size(stream):
    at = 2
    while at + 9 <= len(stream) and stream[at] == 0xFF and stream[at + 1] != SCAN:
        marker = stream[at + 1]
        if marker == JPEG_LS_FRAME or (0xC0 <= marker <= 0xCF and marker not in NO_FRAME_HEADER):
            rows, columns = (int.from_bytes(stream[place : place + 2], "big") for place in (at + 5, at + 7))
            return (rows, columns) if rows else None  # 0: said behind the scan (T.81 B.2.5)
        at += 1 if marker == 0xFF else 2 + int.from_bytes(stream[at + 2 : at + 4], "big")
    return None
