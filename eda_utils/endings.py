"""Whether a picture file ends where its format says that it does, without decoding it."""

import os

from .files import HEADER_BYTES, open_file, read_at

PNG_START, PNG_END = 8, b"IEND"
MOST_CHUNKS = 100_000  # looked at: for more there is no time
TAIL_BYTES = 2**16
END_OF_IMAGE, START_OF_SCAN = b"\xff\xd9", b"\xff\xda"
GIF_END = b";"
OFFSETS_AND_COUNTS = ((273, 279), (324, 325))  # of strips, of tiles: TIFF 6.0 sections 3 and 15
CUT_PICTURE = "the file is cut inside its pixels"


def is_cut_picture(path, kind):
    """Tell whether the file of a PNG, JPEG, JPEG 2000, GIF or BMP ends before its picture does.

    Parameters
    ----------
    path : str
    kind : str
        The format as `sniff` tells it; of others the answer is no.

    References
    ----------
    ISO/IEC 15948 11.2.5 (IEND); ITU-T T.81 B.2.1 and T.800 A.4.4 (FFD9); GIF89a section 27 (Trailer).

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from eda_utils.endings import is_cut_picture
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "a.gif")
    ...     size = path.write_bytes(b"GIF89a" + bytes(100))
    ...     is_cut_picture(path, "GIF")
    True
    """
    if kind not in _CHECKS:
        return False
    with open_file(path) as file:
        return _CHECKS[kind](file, os.fstat(file.fileno()).st_size)


def _is_cut_png(file, size):
    if read_at(file, 12, size - 12)[4:8] == PNG_END:
        return False
    place = PNG_START
    for _ in range(MOST_CHUNKS):  # others can follow the picture
        head = read_at(file, 8, place)
        place += 12 + int.from_bytes(head[:4], "big")
        if len(head) < 8 or place > size:
            return True
        if head[4:] == PNG_END:
            return False
    return False


def _is_cut_stream(file, size):
    """The marker cannot be among entropy-coded bytes; a thumbnail has its own before the first scan of the picture."""
    if END_OF_IMAGE in read_at(file, TAIL_BYTES, max(size - TAIL_BYTES, TAIL_BYTES)):
        return False
    head = read_at(file, HEADER_BYTES, 0)
    return head.find(END_OF_IMAGE, max(head.rfind(START_OF_SCAN, 0, 2 * TAIL_BYTES), 0)) < 0


def _is_cut_gif(file, size):
    return not read_at(file, TAIL_BYTES, max(size - TAIL_BYTES, 0)).rstrip(b"\0").endswith(GIF_END)


def _is_cut_bmp(file, size):
    """The header of Windows 3 and later; rows are padded to 4 bytes unless they are packed."""
    head = read_at(file, 34, 0)
    start, length, columns, rows, bits, packing = (
        int.from_bytes(head[at:end], "little", signed=True)
        for at, end in ((10, 14), (14, 18), (18, 22), (22, 26), (28, 30), (30, 34))
    )
    return length >= 40 and packing in (0, 3) and start + (columns * bits + 31) // 32 * 4 * abs(rows) > size


def is_cut_tiff(tags, size):
    """Tell whether strips or tiles of a page of a TIFF lie behind the end of the file; `tags` are the page's."""
    for offsets, counts in OFFSETS_AND_COUNTS:
        pairs = zip(tags.get(offsets, ()), tags.get(counts, ()), strict=False)
        if any(start + count > size for start, count in pairs):
            return True
    return False


_CHECKS = {
    "PNG": _is_cut_png,
    "JPEG": _is_cut_stream,
    "JPEG 2000": _is_cut_stream,
    "GIF": _is_cut_gif,
    "BMP": _is_cut_bmp,
}
