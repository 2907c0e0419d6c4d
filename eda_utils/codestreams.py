"""What is written beside the pixels inside of a compressed frame: comments and metadata segments of JPEG."""

import re

JPEG, J2K = b"\xff\xd8", b"\xff\x4f"
SOS, COM, J2K_COM, J2K_TILE = 0xDA, 0xFE, 0x64, 0x90
ALONE = {0x01, *range(0xD0, 0xD9)}  # markers without a length
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


def comment_segments(frame):
    """Return start and end of each segment of a JPEG or JPEG 2000 frame that tells more than decoding needs.

    Looked at is what precedes the first scan or tile. No such segments are JFIF, ICC profile, SPIFF and Adobe's colour
    transform, and comments without text or with no more than the name of a known program.

    Parameters
    ----------
    frame : bytes

    Returns
    -------
    list of tuple of int

    References
    ----------
    ITU-T T.81 B.1.1 and B.2.4.5; ITU-T T.800 A.9.2 (COM).

    Examples
    --------
    >>> from eda_utils.codestreams import comment_segments
    >>> comment_segments(bytes.fromhex("ffd8 fffe0005 414243 ffda"))
    [(2, 9)]
    """
    if frame[:2] not in (JPEG, J2K):
        return []
    found, place = [], 2
    while place + 4 <= len(frame) and frame[place] == 0xFF:
        marker = frame[place + 1]
        if marker in (SOS, J2K_TILE):
            break
        if marker == 0xFF or marker in ALONE:
            place += 1 if marker == 0xFF else 2
            continue
        end = place + 2 + max(int.from_bytes(frame[place + 2 : place + 4]), 2)
        payload = frame[place + 4 : end]
        if _is_beside(marker, payload, frame[:2] == J2K):
            found.append((place, min(end, len(frame))))
        place = end
    return found


def _is_beside(marker, payload, is_j2k):
    if marker == (J2K_COM if is_j2k else COM):
        return re.search(rb"[ -~]{3}", payload) is not None and not ENCODERS.match(payload)
    return not is_j2k and 0xE0 <= marker <= 0xEF and not (marker in NEEDED and payload.startswith(NEEDED[marker]))


def without_comments(frame):
    """Return a frame without these segments: it decodes to the same pixels.

    Examples
    --------
    >>> from eda_utils.codestreams import without_comments
    >>> without_comments(bytes.fromhex("ffd8 fffe0005 414243 ffda")).hex()
    'ffd8ffda'
    """
    for start, end in reversed(comment_segments(frame)):
        frame = frame[:start] + frame[end:]
    return frame


def first_item(data):
    """Return the first fragment with pixels of encapsulated Pixel Data, as far as it is in `data` (PS3.5 A.4)."""
    place = 0
    for _ in range(2):  # the first item is the offset table
        if data[place : place + 4] != b"\xfe\xff\x00\xe0":
            return b""
        length = int.from_bytes(data[place + 4 : place + 8], "little")
        item = data[place + 8 : place + 8 + length]
        place += 8 + length
    return item
