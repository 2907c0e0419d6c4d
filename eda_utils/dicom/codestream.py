"""JPEG, JPEG-LS and JPEG 2000 without decoding: segments, the size that is stated, what stands beside the pixels."""

import re
import struct

JPEG, JPEG_2000 = b"\xff\xd8", b"\xff\x4f\xff\x51"
END = b"\xff\xd9"  # of both; no entropy-coded bytes look like it
SCAN, TILE, LAST, FILL = 0xDA, 0x90, 0xD9, 0xFF
ALONE = {0x01, *range(0xD0, 0xD9)}  # markers without a length
FRAMES = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}  # F7 is that of JPEG-LS
BASELINE, TABLES, COMMENT, COMMENT_2000 = 0xC0, 0xDB, 0xFE, 0x64
MOST_BEFORE = 4096  # bytes of boxes before a stream of JPEG 2000
LUMINANCE_SUM = 3688  # of the table of ITU-T T.81 K.1, which stands for quality 50
NEEDED = {  # APP8: SPIFF, and the colours of JPEG-LS
    0xE0: (b"JFIF\0", b"LJIF\0"),
    0xE2: b"ICC_PROFILE\0",
    0xE8: b"",
    0xEE: b"Adobe",
}
ENCODERS = re.compile(  # what programs say of themselves
    rb"\W*(?:CREATOR: gd-jpeg|Creator: JasPer|Created by (?:GDCM/)?OpenJPEG|OpenJPH|MITRA_DICOM|Kakadu-|Kdu-|LEAD Tech"
    rb"|Lavc|AppleMark|Intel|PICTools|File written by Adobe|Aware|Compressed by|Optimized by|JPEG Encoder|XV|HIPI)",
    re.IGNORECASE,
)


def segments(stream):
    """Yield the place, the marker and the payload of each segment before the first scan or tile.

    Parameters
    ----------
    stream : bytes

    Yields
    ------
    place, marker : int
    payload : bytes

    References
    ----------
    ITU-T T.81 B.1.1, T.800 A.1.

    Examples
    --------
    >>> from eda_utils.dicom.codestream import segments
    >>> [(place, hex(marker), payload) for place, marker, payload in segments(bytes.fromhex("ffd8 fffe0005 414243"))]
    [(2, '0xfe', b'ABC')]
    """
    place = 2
    while place + 4 <= len(stream) and stream[place] == 0xFF and stream[place + 1] not in (SCAN, TILE, LAST):
        marker = stream[place + 1]
        if marker == FILL:  # any number of them may stand before a marker (T.81 B.1.1.2)
            place += 1
        elif marker in ALONE:
            place += 2
        else:
            # The length counts its own two bytes (T.81 B.1.1.4); a damaged one of 0 must not take us back
            end = place + 2 + max(int.from_bytes(stream[place + 2 : place + 4]), 2)
            yield place, marker, stream[place + 4 : end]
            place = end


def stream_size(stream: bytes) -> tuple[int, int] | None:
    """Return the rows and columns that a stream states about itself, or None.

    References
    ----------
    ITU-T T.81 B.2.2 and T.87 C.2.2 (frame header), T.800 A.5.1 (SIZ).

    Examples
    --------
    >>> from eda_utils.dicom import stream_size
    >>> stream_size(bytes.fromhex("ffd8 fff7 000b 08 0002 0003 01 01 11 00"))
    (2, 3)
    """
    if stream.startswith(JPEG):
        frames = (payload for _, marker, payload in segments(stream) if marker in FRAMES and len(payload) >= 5)
        rows, columns = next((struct.unpack_from(">HH", payload, 1) for payload in frames), (0, 0))
        return (rows, columns) if rows else None  # 0: said behind the scan (T.81 B.2.5)
    start = stream.find(JPEG_2000, 0, MOST_BEFORE)
    if start < 0 or len(stream) < start + 24:
        return None
    # Behind SOC, SIZ, Lsiz and Rsiz: the end of the image on its grid, then where it begins
    right, bottom, left, top = struct.unpack_from(">IIII", stream, start + 8)
    return bottom - top, right - left


def comment_segments(stream: bytes) -> list[tuple[int, int]]:
    """Return start and end of each segment of a JPEG or JPEG 2000 frame that tells more than decoding needs.

    Looked at is what precedes the first scan or tile. No such segments are JFIF, ICC profile, SPIFF and Adobe's colour
    transform, and comments without text or with no more than the name of a known program.

    Parameters
    ----------
    stream : bytes

    Returns
    -------
    list of tuple of int

    References
    ----------
    ITU-T T.81 B.2.4.5; ITU-T T.800 A.9.2 (COM).

    Examples
    --------
    >>> from eda_utils.dicom import comment_segments
    >>> comment_segments(bytes.fromhex("ffd8 fffe0005 414243 ffda"))
    [(2, 9)]
    """
    is_j2k = stream[:2] == JPEG_2000[:2]
    if not is_j2k and stream[:2] != JPEG:
        return []
    found = segments(stream)
    return [(place, place + 4 + len(said)) for place, marker, said in found if _is_beside(marker, said, is_j2k)]


def _is_beside(marker, payload, is_j2k):
    if marker == (COMMENT_2000 if is_j2k else COMMENT):
        return re.search(rb"[ -~]{3}", payload) is not None and not ENCODERS.match(payload)
    return not is_j2k and 0xE0 <= marker <= 0xEF and not (marker in NEEDED and payload.startswith(NEEDED[marker]))


def without_comments(stream: bytes) -> bytes:
    """Return a frame without these segments: it decodes to the same pixels.

    Examples
    --------
    >>> from eda_utils.dicom import without_comments
    >>> without_comments(bytes.fromhex("ffd8 fffe0005 414243 ffda")).hex()
    'ffd8ffda'
    """
    for start, end in reversed(comment_segments(stream)):
        stream = stream[:start] + stream[end:]
    return stream


def upper_part(stream: bytes, rows: int) -> bytes | None:
    """Return a JPEG stream that ends after its upper rows, so that a decoder stops there; None if that saves little.

    The height in the frame header is lowered. One row of blocks more is kept than is needed, because the colour of a
    row is interpolated from its neighbours. What is returned decodes to the same values as the whole.

    Parameters
    ----------
    stream : bytes
        Baseline, with all components in one scan.
    rows : int

    Returns
    -------
    bytes or None

    References
    ----------
    ITU-T T.81 B.2.2.

    Examples
    --------
    >>> import imagecodecs, numpy as np
    >>> from eda_utils.dicom import stream_size, upper_part
    >>> whole = imagecodecs.jpeg8_encode(np.zeros((256, 256, 3), np.uint8))
    >>> stream_size(upper_part(whole, 20))
    (48, 256)
    """
    parts = list(segments(stream))
    start, marker, frame = next((part for part in parts if part[1] in FRAMES), (0, None, b""))
    if marker != BASELINE or len(frame) < 6:
        return None
    factors = [factor & 15 for factor in frame[7 : 7 + 3 * frame[5] : 3]]  # of each component, how often it is sampled
    block = 8 * max(factors, default=1)  # rows that are decoded together (T.81 A.2.3)
    kept = (-(-rows // block) + 1) * block
    scan = parts[-1][0] + 4 + len(parts[-1][2])
    is_one_scan = stream[scan : scan + 2] == b"\xff\xda" and stream[scan + 4 : scan + 5] == frame[5:6]
    if not is_one_scan or kept >= 0.8 * int.from_bytes(frame[1:3]):
        return None
    return stream[: start + 5] + kept.to_bytes(2) + stream[start + 7 :]


def estimate_quality(stream: bytes) -> int | None:
    """Return the quality from 1 to 100 that libjpeg's scale would give this quantisation table, or None.

    Encoders of scanners may have tables of their own, so that the number is only about right.

    Parameters
    ----------
    stream : bytes
        With a quantisation table: a picture, or JPEGTables of a TIFF.

    Returns
    -------
    int or None

    References
    ----------
    ITU-T T.81 K.1; jpeg_quality_scaling of the Independent JPEG Group's library.

    Examples
    --------
    >>> import imagecodecs, numpy as np
    >>> from eda_utils.dicom import estimate_quality
    >>> estimate_quality(imagecodecs.jpeg8_encode(np.zeros((8, 8), np.uint8), level=80))
    80
    """
    for _, marker, payload in segments(stream):
        if marker == TABLES and len(payload) >= 65 and payload[0] == 0:  # 8 bits, the first table: luminance
            # Turned round: libjpeg scales the table by 200 - 2q percent from quality 50 on, by 5000/q below
            scale = 100 * sum(payload[1:65]) / LUMINANCE_SUM
            return max(1, round(100 - scale / 2 if scale <= 100 else 5000 / scale))
    return None
