"""DICOM byte by byte, so that every byte can be a lie; and whole files that are true, to begin with."""

import struct
from pathlib import Path

from pydicom.data import get_testdata_file

LITTLE, IMPLICIT, BIG = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.2"
DEFLATED, JPEG, JPEG_LS = "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.80"
JPEG_2000, RLE = "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.5"
CT, DIRECTORY = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.1.3.10"
LONG = ("OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV")
UNDEFINED = 0xFFFFFFFF
DELIMITER = bytes.fromhex("feffdde000000000")  # of a sequence
ITEM_END = bytes.fromhex("feff0de000000000")


def element(tag, vr, value=b"", length=None, order="<"):
    """One explicit data element; `length` is what it claims."""
    value = value.encode("latin-1") if isinstance(value, str) else value
    value += (b"\0" if vr in ("UI", "OB", "UN", "SQ") else b" ") * (len(value) % 2)
    length = len(value) if length is None else length
    head = struct.pack(f"{order}HH", tag >> 16, tag & 0xFFFF) + vr.encode()
    return head + struct.pack(*((f"{order}xxI", length) if vr in LONG else (f"{order}H", length & 0xFFFF))) + value


def implicit(tag, value, length=None):
    """One implicit data element."""
    return struct.pack("<HHI", tag >> 16, tag & 0xFFFF, len(value) if length is None else length) + value


def item(value=b"", length=None):
    """An item of a sequence, or a fragment of Pixel Data."""
    return implicit(0xFFFEE000, value, length)


def number(tag, value, order="<"):
    """An element of VR US."""
    return element(tag, "US", struct.pack(f"{order}H", value), order=order)


def file_meta(syntax=LITTLE, sop_class=CT, preamble=bytes(128)):
    """Preamble, prefix and File Meta Information."""
    rest = element(0x00020001, "OB", b"\0\1") + element(0x00020002, "UI", sop_class)
    rest += element(0x00020003, "UI", "1.2.3.4.5") + element(0x00020010, "UI", syntax)
    return preamble + b"DICM" + element(0x00020000, "UL", struct.pack("<I", len(rest))) + rest


def header(*, rows=8, columns=8, more=b"", order="<", bits=16, sop_class=CT):
    """The elements of a small CT image before its pixels; `more` stands where its groups allow (0009 to 0027)."""
    text = [(0x00080016, "UI", sop_class), (0x00080018, "UI", "1.2.3.4.5"), (0x00080060, "CS", "CT")]
    start = b"".join(element(*one, order=order) for one in text)
    end = element(0x0020000D, "UI", "1.2.3.4", order=order) + element(0x0020000E, "UI", "1.2.3.4.9", order=order)
    shape = ((0x00280010, rows), (0x00280011, columns), (0x00280100, bits), (0x00280101, bits), (0x00280102, bits - 1))
    end += number(0x00280002, 1, order) + element(0x00280004, "CS", "MONOCHROME2", order=order)
    end += b"".join(number(*one, order) for one in shape) + number(0x00280103, 0, order)
    return start + more + end


def native(*, more=b"", pixels=bytes(128), preamble=bytes(128), **shape):
    """A whole file of explicit VR little endian."""
    return file_meta(preamble=preamble) + header(more=more, **shape) + element(0x7FE00010, "OW", pixels)


def encapsulated(syntax, fragments, tail=DELIMITER, **shape):
    """A whole file of compressed pixels."""
    pixels = element(0x7FE00010, "OB", b"", UNDEFINED) + item() + b"".join(map(item, fragments)) + tail
    return file_meta(syntax) + header(**shape) + pixels


def real(name):
    """The bytes of one of pydicom's files."""
    return Path(get_testdata_file(name)).read_bytes()
