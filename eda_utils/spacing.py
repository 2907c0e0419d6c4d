"""How large a pixel is, and which attribute says so."""

from typing import NamedTuple

from .dataset import attribute, numbers

CENTIMETRES = 3  # Physical Units X Direction, PS3.3 C.8.5.5.1.5
NO_SPACING = "no spacing in header"
MAX_ASPECT = 10


class Spacing(NamedTuple):
    """Distance of neighbouring pixel centres in mm, as (between rows, between columns), and where it is from."""

    mm: tuple[float, float] | None
    source: str


def read_spacing(dataset, *, frame=0):
    """Find the pixel spacing of a frame and name its source.

    Parameters
    ----------
    dataset : Dataset
    frame : int

    Returns
    -------
    Spacing
        `mm` is None when the header has no valid spacing.

    References
    ----------
    PS3.3 10.7.1.3 (row spacing comes first; calibrated or not), C.8.11.4 (Imager Pixel Spacing is at the detector),
    C.8.6.2 (Nominal Scanned Pixel Spacing), C.8.5.5.1 (ultrasound regions).

    Examples
    --------
    >>> from pydicom.dataset import Dataset
    >>> from eda_utils.spacing import read_spacing
    >>> ds = Dataset()
    >>> ds.ImagerPixelSpacing = [0.1, 0.1]
    >>> read_spacing(ds)
    Spacing(mm=(0.1, 0.1), source='ImagerPixelSpacing, at the detector')
    """
    for keyword, source in (
        ("PixelSpacing", _pixel_spacing_source(dataset)),
        ("ImagerPixelSpacing", "ImagerPixelSpacing, at the detector"),
        ("NominalScannedPixelSpacing", "NominalScannedPixelSpacing"),
    ):
        mm = _valid(numbers(attribute(dataset, keyword, frame=frame)))
        if mm:
            return Spacing(mm, source)
    return _ultrasound_spacing(dataset)


def _pixel_spacing_source(dataset):
    """A projection has PixelSpacing at the detector unless it says how it was calibrated (PS3.3 10.7.1.3)."""
    calibration = attribute(dataset, "PixelSpacingCalibrationType")
    if calibration in ("GEOMETRY", "FIDUCIAL"):
        return f"PixelSpacing, calibrated by {calibration.lower()}"
    at_detector = _valid(numbers(attribute(dataset, "ImagerPixelSpacing")))
    same = at_detector and at_detector == _valid(numbers(attribute(dataset, "PixelSpacing")))
    return "PixelSpacing, at the detector" if same else "PixelSpacing"


def _ultrasound_spacing(dataset):
    """Regions may differ (B-mode beside Doppler): a single spacing holds only if all the centimetre regions agree."""
    found = set()
    for region in attribute(dataset, "SequenceOfUltrasoundRegions", []):
        units = {attribute(region, f"PhysicalUnits{axis}Direction") for axis in "XY"}
        deltas = numbers([attribute(region, f"PhysicalDelta{axis}") for axis in "YX"])
        if units == {CENTIMETRES} and deltas:
            found.add(tuple(round(abs(delta) * 10, 9) for delta in deltas))
    mm = _valid(found.pop()) if len(found) == 1 else None
    return Spacing(mm, "SequenceOfUltrasoundRegions" if mm else NO_SPACING)


def _valid(values):
    return values if len(values) == 2 and min(values) > 0 else None


def read_aspect(dataset, spacing):
    """Return the height of a pixel divided by its width, for showing it undistorted; 1 where it is absurd.

    References
    ----------
    PS3.3 C.7.6.3.1.7: Pixel Aspect Ratio is vertical\\horizontal, and absent where a spacing is present.
    """
    ratio = spacing.mm or _valid(numbers(attribute(dataset, "PixelAspectRatio")))
    aspect = ratio[0] / ratio[1] if ratio else 1.0
    return aspect if 1 / MAX_ASPECT <= aspect <= MAX_ASPECT else 1.0


def format_mm(*sizes):
    """Write lengths in mm, or in µm where they are small; equal ones once.

    Examples
    --------
    >>> from eda_utils.spacing import format_mm
    >>> format_mm(0.66, 0.66), format_mm(0.5, 1), format_mm(0.000499)
    ('0.66 mm', '0.5 × 1 mm', '0.499 µm')
    """
    scale, unit = (1000, "µm") if max(sizes) < 0.02 else (1, "mm")
    texts = dict.fromkeys(f"{size * scale:.3g}" for size in sizes)
    return " × ".join(texts) + f" {unit}"
