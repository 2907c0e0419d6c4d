"""One header as plain Python values for a table, and what is off about it."""

import re
from datetime import date
from functools import cache
from typing import Any

from pydicom.config import IGNORE
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence
from pydicom.uid import RE_VALID_UID, UID, DeflatedExplicitVRLittleEndian, UncompressedTransferSyntaxes

from ..core import PARSE_ERRORS, quiet
from .attributes import FLOAT_VRS, NUMERIC_VRS, find_attribute, name_of
from .dataset import MACROS, attribute, numbers
from .encapsulated import CUT_PIXELS

UNCOMPRESSED = tuple(UncompressedTransferSyntaxes)
NATIVE_SYNTAXES = tuple(syntax for syntax in UNCOMPRESSED if syntax != DeflatedExplicitVRLittleEndian)
DATE = re.compile(r"(\d{4})\.?(\d\d)\.?(\d\d)")
LARGEST_INTEGER = 2**53  # up to which floating-point numbers are exact; IS ends at 2**31 (PS3.5 6.2)
MOST_START = 12  # bytes of the tag, VR and length of Pixel Data
# What `complaints` looks at
CHECKED = ("Rows", "Columns", "BitsAllocated", "SamplesPerPixel", "NumberOfFrames", "PhotometricInterpretation")


def plain_value(dataset: Dataset, name: str) -> Any:
    """Return the value of an attribute as a table holds it.

    Parameters
    ----------
    dataset : Dataset
    name : str
        As `find_attribute` takes it.

    Returns
    -------
    float, str, date, tuple of these, or None
        A tuple where the standard allows several values (VM in PS3.6), the first value elsewhere; None where the
        attribute is absent, empty, binary or not what its VR allows. Sequences say how many items they have.
    """
    place, key = _locate(dataset, name)
    value = None if place is None else attribute(place, key)
    if value is None or isinstance(value, bytes):
        return None
    wanted = find_attribute(name)
    if isinstance(value, Sequence):
        return f"{len(value)} items" if wanted.vr in ("SQ", "UN") else None
    return _as_cell(wanted, value)


def _as_cell(wanted, value):
    items = value if isinstance(value, (MultiValue, list, tuple)) else [value]
    if wanted.vr in NUMERIC_VRS:
        values = tuple(number + 0.0 for number in numbers(value))  # no -0.0
        if wanted.vr not in FLOAT_VRS and any(abs(number) >= LARGEST_INTEGER for number in values):
            values = ()
    elif wanted.vr == "DA":
        values = _dates(items)
    else:
        values = tuple(str(item).strip("\0 ") for item in items)
    if wanted.vr == "UN":
        return "\\".join(values) or None
    if not values:
        return None
    return values[0] if wanted.has_one_value else values


def _dates(items):
    """PS3.5 6.2: eight digits; before 1993 with dots."""
    values = []
    for item in items:
        digits = DATE.fullmatch(str(item).strip("\0 "))
        try:
            values.append(date(*map(int, digits.groups())))
        except (AttributeError, ValueError):
            return ()
    return tuple(values)


def _locate(dataset, name):
    """Return the data set or item that holds an attribute, and its key there; None where there is no such item."""
    wanted = find_attribute(name)
    place = getattr(dataset, "file_meta", dataset) if wanted.root >> 16 == 2 else dataset
    for tag, number in wanted.path:
        items = attribute(place, tag)
        if not isinstance(items, Sequence) or number >= len(items):
            return None, None
        place = items[number]
    if wanted.creator is None:
        keyword = name_of(wanted.tag)
        return place, keyword if keyword in MACROS else wanted.tag
    return _in_block(place, wanted.tag, wanted.creator)


def _in_block(place, tag, creator):
    """PS3.5 7.8.1: (gggg,0010-00FF) says who has reserved the block gggg,xx00 to gggg,xxFF."""
    for number in range(0x10, 0x100):
        if str(attribute(place, (tag >> 16) << 16 | number, "")).strip() == creator:
            return place, tag | number << 8
    return None, None


def is_unreadable(dataset: Dataset, name: str) -> bool:
    """Tell whether there is a value that its VR does not allow, such as 1A frames."""
    place, key = _locate(dataset, name)
    if place is None or key not in place:
        return False
    with quiet():
        try:
            value = place[key].value
        except (*PARSE_ERRORS, OSError):
            return True
        is_filled = value is not None and value != "" and not isinstance(value, (bytes, Sequence))
        return is_filled and len(str(value).strip("\0 ")) > 0 and plain_value(dataset, name) is None


def complaints(values: tuple, sop_class: str | None, transfer_syntax: str | None, rest_bytes: int) -> list[str]:
    """Return what is off about a header that could be read.

    Parameters
    ----------
    values : tuple
        Of the attributes in `CHECKED`, in their order.
    sop_class, transfer_syntax : str or None
    rest_bytes : int
        How many bytes follow the header, with the tag, VR and length of Pixel Data.

    Returns
    -------
    list of str

    References
    ----------
    PS3.5 8.1.1: native pixel data has rows × columns × samples × frames × bits. PS3.3 C.7.6.3: Rows is of type 1.
    """
    rows, columns, bits, samples, frames, photometric = values
    if rows is None:
        return [MISSING_ROWS] if is_image_class(sop_class) else []
    if columns is None or bits is None or transfer_syntax not in NATIVE_SYNTAXES or photometric == "YBR_FULL_422":
        return []
    needed = rows * columns * bits / 8 * (1 if samples is None else samples) * (1 if frames is None else frames)
    start = 8 if UID(transfer_syntax).is_implicit_VR else MOST_START  # PS3.5 7.1.2, 7.1.3
    return [CUT_PIXELS] if needed > rest_bytes - start else []


MISSING_ROWS = "its SOP Class is an image and Rows (0028,0010) is missing: the header is cut or incomplete"


@cache
def is_image_class(sop_class):
    """Tell by its name whether a SOP Class is an image; a header cut between two elements shows only thus."""
    return sop_class is not None and UID(sop_class, IGNORE).name.endswith("Image Storage")


def uid_name(uid: str) -> str:
    """Return the name of a UID of the standard or the number of another; what is no UID is not shown.

    Examples
    --------
    >>> from eda_utils.dicom import uid_name
    >>> uid_name("1.2.840.10008.1.2.5"), uid_name("1.2.3"), uid_name("Smith^John")
    ('RLE Lossless', '1.2.3', 'not a UID')
    """
    return UID(uid, IGNORE).name if re.match(RE_VALID_UID, uid) else "not a UID"
