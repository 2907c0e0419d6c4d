"""How a picture is made, step by step: what was applied, what was not and why, by which attributes and clauses."""

from typing import TYPE_CHECKING, NamedTuple

from ..core import printable
from ..dicom import ImageSource, attribute, numbers
from .display import WindowLike, choose_window
from .frames import find_group
from .image import Image, load_image
from .spacing import format_mm

if TYPE_CHECKING:
    import pandas as pd


class Step(NamedTuple):
    """One row of `explain_display`."""

    step: str
    applied: str
    attributes: str
    clause: str


class Shown(NamedTuple):
    """What `to_display` was asked for."""

    window: object
    overlays: bool
    shutter: bool


def explain_display(
    source: Image | ImageSource,
    *,
    frame: int = 0,
    window: WindowLike = "auto",
    overlays: bool = False,
    shutter: bool = False,
) -> "pd.DataFrame":
    """Tell how the picture of a file is made, step by step, also which steps are not needed and why.

    Parameters
    ----------
    source : Image, str, Path, bytes or Dataset
        As `load_image` takes it.
    frame : int
        From 0; an Image already is one frame.
    window, overlays, shutter
        As in `to_display`.

    Returns
    -------
    DataFrame
        One row per step in the order in which they are made: ``step``; ``applied``, what was done with which numbers;
        ``attributes`` that decide it, those that the file has or else those that it lacks; ``clause`` of the standard;
        these two are empty where the file is no DICOM. No identifier is in it.

    Raises
    ------
    EDAError
        As `load_image`.

    References
    ----------
    PS3.4 N.2 (the order of the steps); each row names its own clause.

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> import eda_utils as eda
    >>> steps = eda.explain_display(get_testdata_file("CT_small.dcm")).set_index("step")
    >>> steps.loc["modality", "applied"], steps.loc["modality", "clause"]
    ('rescale 1/-1024, in HU', 'PS3.3 C.11.1')
    """
    import pandas as pd

    image = source if isinstance(source, Image) else load_image(source, frame=frame)
    steps = display_steps(image, window=window, overlays=overlays, shutter=shutter)
    return pd.DataFrame(steps)


def display_steps(
    image: Image, *, window: WindowLike = "auto", overlays: bool = False, shutter: bool = False
) -> list[Step]:
    """Return the steps from the file to the screen.

    Parameters
    ----------
    image : Image
    window, overlays, shutter
        As in `to_display`.

    Returns
    -------
    list of Step
        From what `load_image` noted in the Image, which is what `to_display` uses.
    """
    shown = Shown(window, overlays, shutter)
    return [_step(image, shown, *row) for row in STEPS]


def _step(image, shown, name, tell, keywords, clause):
    applied = "does not apply to colours" if image.is_color and name in GREY_STEPS else tell(image, shown)
    applied = printable(applied)
    if not image.header:  # DICOM does not rule a PNG
        return Step(name, applied, "", "")
    return Step(name, applied, keywords if isinstance(keywords, str) else _found(image, keywords), clause)


def _found(image, keywords):
    """Name the attributes that are there, with the functional group that they are in, or those that are not there."""
    places = {}
    for keyword in keywords:
        if _is_stated(image, keyword):
            places.setdefault(find_group(image.header, keyword, image.frame), []).append(keyword)
    found = [", ".join(names) + (f" ({group})" if group else "") for group, names in places.items()]
    return "; ".join(found) or ", ".join(keywords)


def _is_stated(image, keyword):
    header = image.header
    return keyword in header or keyword in header.file_meta or find_group(header, keyword, image.frame) != ""


def _encoding(image, _):
    return f"decoded from {image.header.file_meta.TransferSyntaxUID.name}" if image.header else image.photometric


def _frame(image, _):
    return f"{image.frame + 1} of {image.frames}" if image.frames > 1 else "the only one"


def _bits(image, _):
    if image.pixels.dtype.kind == "f" and "BitsStored" not in image.header:
        return f"{image.pixels.dtype.itemsize * 8} bits, floating point"
    keywords = ("BitsStored", "BitsAllocated", "PixelRepresentation")
    stored, allocated, signed = (numbers(attribute(image.header, keyword)) for keyword in keywords)
    bits = f"{stored[0]:g}" if stored else f"{image.bits_stored}"
    of = f" of {allocated[0]:g}" if allocated and allocated != stored else ""
    return f"{bits}{of} bit{'s' * (bits != '1')}, {'signed' if signed and signed[0] else 'unsigned'}"


def _planes(image, _):
    if attribute(image.header, "SamplesPerPixel") != 3:
        return "absent, one sample per pixel" if image.header else "absent"
    is_by_plane = attribute(image.header, "PlanarConfiguration") == 1
    return "colour by plane, put together" if is_by_plane else "colour by pixel"


def _color(image, _):
    if not image.header:
        return f"{'RGB' if image.is_color else 'grey'}, no conversion"
    if image.photometric in ("RGB", "MONOCHROME1", "MONOCHROME2"):
        return f"{image.photometric}, no conversion"
    by_decoder = image.photometric.startswith(("YBR_ICT", "YBR_RCT"))  # PS3.5 8.2.4
    return image.photometric + (", by the decoder" if by_decoder else "")


def _palette(image, _):
    descriptor = numbers(attribute(image.header, "RedPaletteColorLookupTableDescriptor"))
    if len(descriptor) != 3:
        return "absent"
    entries = f"{int(descriptor[0]) or 65536:,} entries from stored value {descriptor[1]:g}"
    optional = "left out: supplemental colours are optional (PS3.3 C.8.16.2.1.1.1)"
    return f"{entries} {'looked up' if image.is_color else optional}"


def _profile(image, _):
    return "not applied" if image.has_profile else "absent"


def _modality(image, _):
    if image.modality_step == "stored values":
        return "absent, stored values are used"
    is_named = image.unit not in ("stored value", "modality value")
    return f"{image.modality_step}, in {image.unit}" if is_named else image.modality_step


def _padding(image, _):
    if image.padding is not None:
        return f"{image.padding.mean():.1%} of the pixels, left out of fallback windows and histograms"
    is_stated = image.header and any(_is_stated(image, keyword) for keyword in PADDING)
    return "stated, no pixel has the value" if is_stated else "absent"


def _window(image, shown):
    window = choose_window(image, shown.window)
    number = next((number for number, own in enumerate(image.windows) if own is window), None)
    is_choice = number is not None and len(image.windows) > 1
    return f"{window}, window={number} of {len(image.windows)}" if is_choice else str(window)


def _polarity(image, _):
    if not image.inverted:
        return "not inverted, low values are dark"
    is_one = image.photometric.startswith("MONOCHROME1")
    return f"inverted, low values are bright ({'MONOCHROME1' if is_one else 'INVERSE'})"


def _screen(image, _):
    if not image.is_color:
        return "rounded to 256 greys, for a calibrated screen"
    is_deep = image.bits_stored > 8
    return f"the upper 8 of {image.bits_stored} bits of each colour" if is_deep else "256 levels of each colour"


def _shutter(image, shown):
    if image.shutter is None:
        return "stated, hides nothing" if image.header and _is_stated(image, "ShutterShape") else "absent"
    return f"{'closed over' if shown.shutter else 'left open, would hide'} {image.shutter.sum():,} pixels"


def _overlays(image, shown):
    if image.overlay is None:
        return "absent, or nothing is drawn"
    return f"{'drawn in white on' if shown.overlays else 'not drawn, would cover'} {image.overlay.sum():,} pixels"


def _shape(image, _):
    return f"{image.aspect:.3g} times as high as wide, shown so" if image.aspect != 1 else "square"


def _spacing(image, _):
    return f"{format_mm(*image.spacing_mm)}, from {image.spacing_source}" if image.spacing_mm else image.spacing_source


GREY_STEPS = ("modality", "padding", "window", "polarity")
PADDING = ("PixelPaddingValue", "PixelPaddingRangeLimit", "FloatPixelPaddingValue", "DoubleFloatPixelPaddingValue")
WINDOW = ("VOILUTSequence", "WindowCenter", "WindowWidth", "VOILUTFunction")
SPACING = (
    *("PixelSpacing", "PixelSpacingCalibrationType", "ObjectPixelSpacingInCenterOfBeam", "ImagerPixelSpacing"),
    *("EstimatedRadiographicMagnificationFactor", "NominalScannedPixelSpacing", "SequenceOfUltrasoundRegions"),
)
PALETTE = ("RedPaletteColorLookupTableDescriptor", "SegmentedRedPaletteColorLookupTableData", "PixelPresentation")
STEPS = (  # in the order of PS3.4 N.2
    ("encoding", _encoding, ("TransferSyntaxUID",), "PS3.5 8"),
    ("frame", _frame, ("NumberOfFrames",), "PS3.3 C.7.6.6"),
    ("bits", _bits, ("BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation"), "PS3.5 8.1.1"),
    ("planes", _planes, ("PlanarConfiguration",), "PS3.3 C.7.6.3.1.3"),
    ("colour", _color, ("PhotometricInterpretation",), "PS3.3 C.7.6.3.1.2"),
    ("palette", _palette, PALETTE, "PS3.3 C.7.6.3.1.5"),
    ("colour profile", _profile, ("ICCProfile", "OpticalPathSequence"), "PS3.3 C.11.15"),
    ("modality", _modality, ("ModalityLUTSequence", "RescaleSlope", "RescaleIntercept"), "PS3.3 C.11.1"),
    ("padding", _padding, PADDING, "PS3.3 C.7.5.1.1.2"),
    ("window", _window, WINDOW, "PS3.3 C.11.2"),
    ("polarity", _polarity, ("PhotometricInterpretation", "PresentationLUTShape"), "PS3.3 C.7.6.3.1.2"),
    ("screen", _screen, ("BitsStored",), "PS3.14 6"),
    ("shutter", _shutter, ("ShutterShape",), "PS3.3 C.7.6.11"),
    ("overlays", _overlays, "OverlayData (60xx,3000)", "PS3.3 C.9.2"),
    ("pixel shape", _shape, ("PixelAspectRatio",), "PS3.3 C.7.6.3.1.7"),
    ("spacing", _spacing, SPACING, "PS3.3 10.7.1"),
)
