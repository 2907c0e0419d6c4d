"""From stored values to what the modality measured: rescale or Modality LUT, unit, padding."""

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import UID, XRayAngiographicImageStorage, XRayRadiofluoroscopicImageStorage

from ..core import PARSE_ERRORS
from ..dicom import attribute, items, numbers, texts
from .luts import look_up, read_lut

# Their Modality LUT leads back to the beam intensity; it is not meant for the display (PS3.4 N.2.5)
ANGIOGRAMS = (
    *(XRayAngiographicImageStorage, XRayRadiofluoroscopicImageStorage),
    UID("1.2.840.10008.5.1.4.1.1.12.3"),  # retired: biplane
)
UNIT_KEYWORDS = ("ModalityLUTType", "RescaleType", "Units")
PADDING_KEYWORDS = {  # by the kind and size of stored values
    "f4": ("FloatPixelPaddingValue", "FloatPixelPaddingRangeLimit"),
    "f8": ("DoubleFloatPixelPaddingValue", "DoubleFloatPixelPaddingRangeLimit"),
}


def to_modality(header: Dataset, stored: np.ndarray) -> tuple[np.ndarray, str]:
    """Turn stored values into modality values; integers stay integers where they can.

    Parameters
    ----------
    header : Dataset
        That applies to the frame.
    stored : numpy.ndarray

    Returns
    -------
    values : numpy.ndarray
        Same shape.
    step : str
        What was done.

    References
    ----------
    PS3.3 C.11.1 (Modality LUT before Rescale), C.7.6.16.2.9 (enhanced objects).

    Examples
    --------
    >>> import numpy as np
    >>> from pydicom.dataset import Dataset
    >>> from eda_utils.image import to_modality
    >>> header = Dataset()
    >>> header.RescaleSlope, header.RescaleIntercept = 2, -1024
    >>> to_modality(header, np.array([0, 512], np.uint16))
    (array([-1024,     0], dtype=int32), 'rescale 2/-1024')
    """
    has_lut = items(attribute(header, "ModalityLUTSequence"))
    slope, intercept = (numbers(attribute(header, f"Rescale{name}")) for name in ("Slope", "Intercept"))
    if (has_lut or slope) and attribute(header, "SOPClassUID") in ANGIOGRAMS:
        return stored, "stored values, the Modality LUT of an angiogram is not for display"
    if has_lut:
        return _through_lut(header, stored)
    if not slope or not intercept or slope[0] == 0:
        return stored, "stored values"
    return _rescaled(stored, slope[0], intercept[0]), f"rescale {slope[0]:g}/{intercept[0]:g}"


def _through_lut(header, stored):
    try:
        first, table, _ = read_lut(header.ModalityLUTSequence[0], header, signed=stored.dtype.kind == "i")
    except PARSE_ERRORS:  # an empty item, for example; DCMTK leaves it out too
        return stored, "stored values, the Modality LUT is not valid"
    return look_up(stored, first, table), "modality LUT"


def _rescaled(stored, slope, intercept):
    if (slope, intercept) == (1, 0):
        return stored
    is_whole = slope.is_integer() and intercept.is_integer() and stored.dtype.kind in "iu" and stored.itemsize <= 2
    number = np.int32 if is_whole and abs(slope) < 2**14 and abs(intercept) < 2**30 else np.float64
    return stored.astype(number) * number(slope) + number(intercept)


def unit_of(header: Dataset, step: str) -> str:
    """Return the unit of modality values, "stored value" where nothing was applied.

    References
    ----------
    PS3.3 C.8.2.1.1.4: CT is in Hounsfield units after Rescale unless Rescale Type says otherwise (US: unspecified).
    """
    if step.startswith("stored values"):
        return "stored value"
    place = header.ModalityLUTSequence[0] if step == "modality LUT" else header
    stated = next((text for keyword in UNIT_KEYWORDS for text in texts(attribute(place, keyword)) if text), "")
    if stated:
        return "modality value" if stated == "US" else stated
    return "HU" if attribute(header, "Modality") == "CT" else "modality value"


def bits_of(header, depth):
    """Return Bits Stored, or the depth of the data type where it is missing or senseless."""
    bits = numbers(attribute(header, "BitsStored", depth))
    return int(bits[0]) if bits and 1 <= bits[0] <= depth else depth


def padding_mask(header: Dataset, stored: np.ndarray) -> np.ndarray | None:
    """Mark the pixels outside of what was acquired; None where there are none.

    References
    ----------
    PS3.3 C.7.5.1.1.2: one value, or the range between it and Pixel Padding Range Limit.
    """
    keywords = PADDING_KEYWORDS.get(stored.dtype.str[1:], ("PixelPaddingValue", "PixelPaddingRangeLimit"))
    value = numbers(attribute(header, keywords[0]))
    if not value:
        return None
    low, high = sorted((value[0], (numbers(attribute(header, keywords[1])) or value)[0]))
    if stored.dtype.kind == "u" and high < 0:  # written as SS although the pixels are US
        low, high = low + 65536, high + 65536
    mask = (stored >= low) & (stored <= high)
    return mask if mask.any() else None
