"""Lookup tables as DICOM writes them: for modality values, for values of interest, for colours."""

import numpy as np
from pydicom.pixels import apply_color_lut

from ..dicom import attribute, numbers

COLORS = ("Red", "Green", "Blue")


def look_up(values, first, table):
    """Replace values by the entries of a table; values before its first input or after its last take the end entries.

    Parameters
    ----------
    values : array of int
    first : int
        The value that the first entry is for.
    table : array
        (entry,), or (entry, 3) for colours.

    Returns
    -------
    numpy.ndarray
        Shape of `values`, and a last axis for colours.

    References
    ----------
    PS3.3 C.11.1.1 (Modality LUT), C.11.2.1.1 (VOI LUT), C.7.6.3.1.5 (palette): the same rule for all of them.

    Examples
    --------
    >>> import numpy as np
    >>> from eda_utils.image.luts import look_up
    >>> look_up([-5, 10, 11, 99], 10, np.array([0, 7])).tolist()
    [0, 0, 7, 7]
    """
    return table[np.clip(np.asarray(values, np.int64) - first, 0, len(table) - 1)]


def read_lut(item, header, *, signed=False):
    """Read one item of a Modality LUT Sequence or VOI LUT Sequence.

    pydicom's `apply_voi` and `apply_modality_lut` compute with the data type of the entries or of the pixels, so that a
    table of 4,096 entries of 8 bits, for example, overflows (pydicom 3.0).

    Parameters
    ----------
    item : Dataset
    header : Dataset
        With the transfer syntax, in whose byte order LUT Data of VR OW is.
    signed : bool
        Whether the pixels are signed: then the first input value is, too.

    Returns
    -------
    first : int
        The value that the first entry is for.
    table : numpy.ndarray of uint8 or uint16
    bits : int
        Of an entry.

    Raises
    ------
    ValueError
        If the table is not as the standard says.
    """
    entries, first, bits = _descriptor(item, "LUTDescriptor", signed)
    data = attribute(item, "LUTData")
    table = _words(data, entries, header) if isinstance(data, bytes) else np.array(numbers(data), np.uint16)
    if len(table) != entries:
        raise ValueError("LUT Data has another length than LUT Descriptor says")
    return first, table, bits


def _descriptor(place, keyword, signed):
    """PS3.3 C.11.1.1.1: number of entries, where 0 means 2^16; first input, US or SS as the pixels are; bits."""
    values = [int(value) for value in numbers(attribute(place, keyword))]
    if len(values) != 3 or not 1 <= values[2] <= 16:
        raise ValueError(f"{keyword} is not valid")
    entries, first, bits = values
    return entries or 65536, first - 65536 if signed and first > 32767 else first, bits


def _words(data, entries, header):
    """Entries of 8 bits are in bytes where there are too few bytes for words."""
    if len(data) >= 2 * entries:
        order = "<" if header.file_meta.TransferSyntaxUID.is_little_endian else ">"
        return np.frombuffer(data, f"{order}u2", entries).astype(np.uint16)
    return np.frombuffer(data, np.uint8)[:entries]


def read_palette(header):
    """Read the palette of a PALETTE COLOR image, written out or in segments.

    Parameters
    ----------
    header : Dataset
        With its transfer syntax.

    Returns
    -------
    first : int
        The stored value that the first entry is for.
    table : numpy.ndarray of uint8 or uint16
        (entry, 3): red, green, blue.

    Raises
    ------
    ValueError
        If there is no palette or it is not as the standard says.

    References
    ----------
    PS3.3 C.7.6.3.1.5 and C.7.6.3.1.6 (descriptor and data), C.7.9.2 (segments).
    """
    keyword = "RedPaletteColorLookupTable"
    signed = attribute(header, "PixelRepresentation") == 1
    entries, first, bits = _descriptor(header, f"{keyword}Descriptor", signed)
    if attribute(header, f"{keyword}Data") is None:
        return first, apply_color_lut(np.arange(first, first + entries), header)[:, :3]
    planes = [_words(attribute(header, f"{color}{keyword[3:]}Data", b""), entries, header) for color in COLORS]
    if {len(plane) for plane in planes} != {entries}:
        raise ValueError("a palette has another length than its descriptor says")
    table = np.stack(planes, axis=-1)
    return first, table.astype(np.uint8) if bits == 8 and table.max() < 256 else table
