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


def upper_part(data, rows):
    """Return a JPEG stream that ends after its upper rows, so that a decoder stops there; None if that saves little.

    The height in the frame header is lowered. One row of blocks more is kept than is needed, because the colour of a
    row is interpolated from its neighbours. What is returned decodes to the same values as the whole.

    Parameters
    ----------
    data : bytes
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
    >>> from eda_utils.pathology.jpeg import claimed_size, upper_part
    >>> whole = imagecodecs.jpeg8_encode(np.zeros((256, 256, 3), np.uint8))
    >>> claimed_size(upper_part(whole, 20))
    (48, 256)
    """
    place, found = 2, None
    for marker, payload in segments(data):
        if marker in SIZES:
            found = place, payload
        place += 4 + len(payload)
    if not found or data[found[0] : found[0] + 2] != b"\xff\xc0" or len(found[1]) < 6:
        return None
    start, frame = found
    block = 8 * max(
        (frame[7 + 3 * number] & 15 for number in range(frame[5]) if len(frame) > 7 + 3 * number), default=1
    )
    kept = (-(-rows // block) + 1) * block
    is_one_scan = data[place : place + 2] == b"\xff\xda" and data[place + 4 : place + 5] == frame[5:6]
    if not is_one_scan or kept >= 0.8 * int.from_bytes(frame[1:3]):
        return None
    return data[: start + 5] + kept.to_bytes(2) + data[start + 7 :]


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
