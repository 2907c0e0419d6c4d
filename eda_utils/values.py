"""One header as plain Python values for a table, and what is off about it."""

import re
from functools import cache

from pydicom.config import IGNORE
from pydicom.datadict import dictionary_VM, dictionary_VR, tag_for_keyword
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence
from pydicom.uid import RE_VALID_UID, UID, ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from .dataset import PARSE_ERRORS, attribute, numbers, quiet

INTEGER_VRS = ("IS", "US", "SS", "UL", "SL", "UV", "SV")
FLOAT_VRS = ("DS", "FD", "FL")
NUMERIC_VRS = (*INTEGER_VRS, *FLOAT_VRS, "US or SS")
NATIVE_SYNTAXES = (ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian)
# What `complaints` looks at
CHECKED = ("Rows", "Columns", "BitsAllocated", "SamplesPerPixel", "NumberOfFrames", "PhotometricInterpretation")


def plain_value(dataset, keyword):
    """Return the value of an attribute as a table holds it.

    Returns
    -------
    float, str, tuple of these, or None
        A tuple where the standard allows several values (VM in PS3.6), the first value elsewhere; None where the
        attribute is absent, empty, binary or not what its VR allows. Sequences say how many items they have.
    """
    tag = tag_for_keyword(keyword)
    value = attribute(getattr(dataset, "file_meta", dataset) if tag >> 16 == 2 else dataset, keyword)
    if value is None or isinstance(value, bytes):
        return None
    if isinstance(value, Sequence):
        return f"{len(value)} items"
    if dictionary_VR(tag) in NUMERIC_VRS:
        values = numbers(value)
    else:
        items = value if isinstance(value, (MultiValue, list, tuple)) else [value]
        values = tuple(str(item).strip("\0 ") for item in items)
    if not values:
        return None
    return values[0] if has_one_value(keyword) else values


@cache
def has_one_value(keyword):
    """Tell whether the standard allows one value only."""
    return dictionary_VM(tag_for_keyword(keyword)) == "1"


def is_unreadable(dataset, keyword):
    """Tell whether there is a value that its VR does not allow, such as 1A frames."""
    with quiet():
        try:
            value = dataset[keyword].value
        except PARSE_ERRORS:
            return True
        is_filled = value is not None and value != "" and not isinstance(value, (bytes, Sequence))
        return is_filled and len(str(value).strip("\0 ")) > 0 and plain_value(dataset, keyword) is None


def complaints(values, sop_class, transfer_syntax, rest_bytes):
    """Return what is off about a header that could be read.

    Parameters
    ----------
    values : tuple
        Of the attributes in `CHECKED`, in their order.
    sop_class, transfer_syntax : str or None
    rest_bytes : int
        How many bytes follow the header.

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
    return [CUT_PIXELS] if needed > rest_bytes else []


CUT_PIXELS = "the file is cut inside its Pixel Data (7FE0,0010)"
MISSING_ROWS = "its SOP Class is an image and Rows (0028,0010) is missing: the header is cut or incomplete"


@cache
def is_image_class(sop_class):
    """Tell by its name whether a SOP Class is an image; a header cut between two elements shows only thus."""
    return sop_class is not None and UID(sop_class, IGNORE).name.endswith("Image Storage")


def uid_name(uid):
    """Return the name of a UID of the standard or the number of another; what is no UID is not shown.

    Examples
    --------
    >>> from eda_utils.values import uid_name
    >>> uid_name("1.2.840.10008.1.2.5"), uid_name("1.2.3"), uid_name("Smith^John")
    ('RLE Lossless', '1.2.3', 'not a UID')
    """
    return UID(uid, IGNORE).name if re.match(RE_VALID_UID, uid) else "not a UID"
