"""How large a pixel is, and which attribute says so."""

from typing import NamedTuple

from pydicom.dataset import Dataset

from ..dicom import attribute, items, numbers

CENTIMETRES = 3  # Physical Units X Direction, PS3.3 C.8.5.5.1.5
NO_SPACING = "no spacing in header"
MAX_ASPECT = 10
PROJECTIONS = ("CR", "DX", "IO", "MG", "PX", "RF", "XA")


class Spacing(NamedTuple):
    """Distance of neighbouring pixel centres in mm, as (between rows, between columns), and where it is from."""

    mm: tuple[float, float] | None
    source: str


def read_spacing(header):
    """Find the pixel spacing and name its source.

    Parameters
    ----------
    header : Dataset
        That applies to the frame.

    Returns
    -------
    Spacing
        `mm` is None when the header has no valid spacing.

    References
    ----------
    PS3.3 10.7.1 (row spacing comes first; calibrated or not), C.8.19.6.9 (in the centre of the beam), C.8.11.4 (Imager
    Pixel Spacing is at the detector), C.8.8.2 (RT), C.8.6.2 (Nominal Scanned), C.8.5.5.1 (ultrasound regions).

    Examples
    --------
    >>> from pydicom.dataset import Dataset
    >>> from eda_utils.image.spacing import read_spacing
    >>> ds = Dataset()
    >>> ds.ImagerPixelSpacing = [0.1, 0.1]
    >>> read_spacing(ds)
    Spacing(mm=(0.1, 0.1), source='ImagerPixelSpacing, at the detector')
    """
    for keyword, describe in SOURCES.items():
        mm = _valid(numbers(attribute(header, keyword)))
        if mm:
            return Spacing(mm, f"{keyword}{describe(header)}")
    return _ultrasound_spacing(header)


def _pixel_spacing(header):
    """A projection has PixelSpacing at the detector unless it says how it was calibrated (PS3.3 10.7.1)."""
    calibration = attribute(header, "PixelSpacingCalibrationType")
    if calibration in ("GEOMETRY", "FIDUCIAL"):
        return f", calibrated by {calibration.lower()}"
    at_detector = _valid(numbers(attribute(header, "ImagerPixelSpacing")))
    if at_detector and at_detector == _valid(numbers(attribute(header, "PixelSpacing"))):
        return _at_detector(header)
    is_projection = at_detector or attribute(header, "Modality") in PROJECTIONS
    return ", not said how it was calibrated" if is_projection else ""


def _at_detector(header):
    """What lies nearer to the tube is magnified; the factor is an estimate for the middle of the body (C.8.7.5)."""
    factor = numbers(attribute(header, "EstimatedRadiographicMagnificationFactor"))
    return ", at the detector" + (f", magnified {factor[0]:.3g} times" if factor and factor[0] > 0 else "")


SOURCES = {  # in the patient before at the detector
    "PixelSpacing": _pixel_spacing,
    "ObjectPixelSpacingInCenterOfBeam": lambda _: "",
    "ImagerPixelSpacing": _at_detector,
    "ImagePlanePixelSpacing": lambda _: "",
    "NominalScannedPixelSpacing": lambda _: "",
}


def _ultrasound_spacing(header):
    """Regions may differ (B-mode beside Doppler): a single spacing holds only if all the centimetre regions agree."""
    found = set()
    for region in items(attribute(header, "SequenceOfUltrasoundRegions")):
        units = {numbers(attribute(region, f"PhysicalUnits{axis}Direction")) for axis in "XY"}
        deltas = numbers([attribute(region, f"PhysicalDelta{axis}") for axis in "YX"])
        if units == {(CENTIMETRES,)} and deltas:
            found.add(tuple(round(abs(delta) * 10, 9) for delta in deltas))
    mm = _valid(found.pop()) if len(found) == 1 else None
    if mm:
        return Spacing(mm, "SequenceOfUltrasoundRegions, PhysicalDelta in cm")
    return Spacing(None, "no single spacing: ultrasound regions differ" if found else NO_SPACING)


def _valid(values):
    return values if len(values) == 2 and min(values) > 0 else None


def read_aspect(header: Dataset, spacing: Spacing) -> float:
    """Return the height of a pixel divided by its width, for showing it undistorted; 1 where it is absurd.

    References
    ----------
    PS3.3 C.7.6.3.1.7: Pixel Aspect Ratio is vertical\\horizontal, and absent where a spacing is present.
    """
    ratio = spacing.mm or _valid(numbers(attribute(header, "PixelAspectRatio")))
    aspect = ratio[0] / ratio[1] if ratio else 1.0
    return aspect if 1 / MAX_ASPECT <= aspect <= MAX_ASPECT else 1.0


def format_mm(*sizes):
    """Write lengths in mm, or in µm where they are small; equal ones once.

    Examples
    --------
    >>> from eda_utils.image.spacing import format_mm
    >>> format_mm(0.66, 0.66), format_mm(0.5, 1), format_mm(0.000499)
    ('0.66 mm', '0.5 × 1 mm', '0.499 µm')
    """
    scale, unit = (1000, "µm") if max(sizes) < 0.02 else (1, "mm")
    texts = dict.fromkeys(f"{size * scale:.3g}" for size in sizes)
    return " × ".join(texts) + f" {unit}"
