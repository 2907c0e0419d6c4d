"""The parts of a JPEG stream that a slide is judged by: size, colour, quantisation, tables kept apart."""

import struct

SOI, EOI, SOS, DQT, APP14 = 0xD8, 0xD9, 0xDA, 0xDB, 0xEE
SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # start of frame
BASELINE = 0xC0
J2K_START = b"\xff\x4f\xff\x51"
LUMINANCE_SUM = 3688  # of the table of ITU-T T.81 K.1, which stands for quality 50
ADOBE_RGB = b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00"  # transform 0: not YCbCr


def segments(data):
    """Yield the marker and the payload of each segment up to the scan.

    Parameters
    ----------
    data : bytes

    Yields
    ------
    marker : int
    payload : bytes

    References
    ----------
    ITU-T T.81 B.1.1.

    Examples
    --------
    >>> from eda_utils.pathology.jpeg import ADOBE_RGB, segments
    >>> [(hex(marker), payload[:5]) for marker, payload in segments(b"\\xff\\xd8" + ADOBE_RGB)]
    [('0xee', b'Adobe')]
    """
    place = 2
    while place + 4 <= len(data) and data[place] == 0xFF:
        marker = data[place + 1]
        if marker in (SOS, EOI):
            return
        if marker == 0xFF:  # fill
            place += 1
            continue
        length = int.from_bytes(data[place + 2 : place + 4])
        yield marker, data[place + 4 : place + 2 + length]
        place += 2 + max(length, 2)


def claimed_size(data):
    """Return rows and columns that a JPEG or JPEG 2000 stream claims, (0, 0) if none are found."""
    if data[:2] == b"\xff\xd8":
        frames = (payload for marker, payload in segments(data) if marker in SIZES and len(payload) >= 5)
        return next((struct.unpack_from(">HH", payload, 1) for payload in frames), (0, 0))
    place = data[:1024].find(J2K_START)
    if place < 0 or len(data) < place + 24:
        return 0, 0
    right, bottom, left, top = struct.unpack_from(">IIII", data, place + 8)
    return bottom - top, right - left


def estimate_quality(data):
    """Return the quality from 1 to 100 that libjpeg's scale would give this quantisation table, or None.

    Encoders of scanners may have tables of their own, so that the number is only about right.

    Parameters
    ----------
    data : bytes
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
    >>> from eda_utils.pathology.jpeg import estimate_quality
    >>> estimate_quality(imagecodecs.jpeg8_encode(np.zeros((8, 8), np.uint8), level=80))
    80
    """
    for marker, payload in segments(data):
        if marker == DQT and len(payload) >= 65 and payload[0] == 0:  # 8 bits, the first table: luminance
            scale = 100 * sum(payload[1:65]) / LUMINANCE_SUM
            return max(1, round(100 - scale / 2 if scale <= 100 else 5000 / scale))
    return None


def merge_tables(tile, tables, *, is_rgb=False):
    """Put the tables that a TIFF keeps apart into a tile; nothing is decoded.

    Parameters
    ----------
    tile, tables : bytes
        An abbreviated stream and JPEGTables, which may be empty.
    is_rgb : bool
        Say so in an Adobe segment, because three unnamed components would be taken for YCbCr.

    Returns
    -------
    bytes
        A stream that any decoder opens.

    References
    ----------
    Adobe TIFF technical note 2; ITU-T T.872 6.5.3 (APP14).
    """
    between = tables[2:-2] if tables[-2:] == b"\xff\xd9" else tables[2:]
    marked = any(marker == APP14 for marker, _ in segments(tile))
    return tile[:2] + (ADOBE_RGB if is_rgb and not marked else b"") + between + tile[2:]
