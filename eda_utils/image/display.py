"""From modality values to what a screen shows: VOI window or LUT, then polarity."""

from collections.abc import Iterable
from numbers import Integral, Number
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from pydicom.dataset import Dataset

from ..core import PARSE_ERRORS, RequestError
from ..dicom import attribute, items, numbers, texts
from .luts import read_lut

if TYPE_CHECKING:
    from .image import Image

PRESETS = {  # customary centre and width in Hounsfield units
    "abdomen": (40, 400),
    "bone": (400, 1800),
    "brain": (40, 80),
    "lung": (-600, 1500),
    "mediastinum": (50, 350),
    "soft tissue": (50, 400),
}
FALLBACK_PERCENTILES = (0.5, 99.5)
SAMPLE_PIXELS = 1_000_000


class Window(NamedTuple):
    """Which modality values become black and white, by which function, and who said so."""

    center: float
    width: float
    function: str = "LINEAR"
    explanation: str = ""
    source: str = "from the file"
    lut: tuple[int, np.ndarray] | None = None  # (first modality value, outputs from 0 to 1), for a VOI LUT

    def __str__(self):
        named = f" “{self.explanation}”" if self.explanation else ""
        if self.lut:
            return f"VOI LUT{named} {self.source}"
        return f"window {self.center:g}/{self.width:g}{named} {self.source} · {self.function}"

    @property
    def limits(self) -> tuple[float, float]:
        """The modality values at which black and white are reached."""
        if self.lut:
            return self.lut[0], self.lut[0] + len(self.lut[1]) - 1
        if self.function == "LINEAR":
            return self.center - 0.5 - (self.width - 1) / 2, self.center - 0.5 + (self.width - 1) / 2
        return self.center - self.width / 2, self.center + self.width / 2


# As chosen, (centre, width), the number of one in the file, or a name
WindowLike = Window | tuple[float, float] | int | str


def to_display(
    image: "Image", *, window: WindowLike = "auto", overlays: bool = False, shutter: bool = False
) -> np.ndarray:
    """Turn an image into the grey levels or colours that a calibrated screen shows.

    Parameters
    ----------
    image : Image
        From `load_image`: (row, column) modality values, or (row, column, 3) colours.
    window : {"auto", "full"}, preset, (center, width), int or str
        "auto" takes the file's first VOI LUT or window, else a labelled fallback; "full" all values but padding; a
        preset is a name in `PRESETS` (CT only); a pair is used with the function LINEAR; a number (from 0) or an
        explanation picks one of `image.windows`. Colour images have no window.
    overlays : bool
        Draw the file's overlay planes, in white.
    shutter : bool
        Close the file's display shutter.

    Returns
    -------
    numpy.ndarray of uint8
        (row, column), 0 is black; or (row, column, 3) in RGB.

    Raises
    ------
    RequestError
        If the window does not exist or has no valid width.

    References
    ----------
    PS3.3 C.11.2.1.2 (windows), C.11.2.1.1 (VOI LUT), C.7.6.3.1.2 (MONOCHROME1), C.7.6.11 (shutter), C.9.2 (overlays),
    PS3.4 N.2 (the order of the steps).

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> import eda_utils as eda
    >>> picture = eda.to_display(eda.load_image(get_testdata_file("CT_small.dcm")))
    >>> picture.dtype, picture.shape
    (dtype('uint8'), (128, 128))
    """
    picture = _colors(image) if image.is_color else _greys(image, choose_window(image, window))
    if shutter and image.shutter is not None:
        picture[image.shutter] = image.shutter_grey
    if overlays and image.overlay is not None:
        picture[image.overlay] = 255
    return picture


def _colors(image):
    excess = max(image.bits_stored - 8, 0)
    return (image.pixels >> excess if excess else image.pixels).astype(np.uint8)


def _greys(image, window):
    pixels = image.pixels
    if pixels.dtype.kind in "iu":
        low, high = int(pixels.min()), int(pixels.max())
        if high - low < pixels.size:  # cheaper to window every possible value once
            table = _to_bytes(apply_window(np.arange(low, high + 1), window), image.inverted)
            return table[np.subtract(pixels, low, dtype=np.int64)]
    return _to_bytes(apply_window(pixels, window), image.inverted)


def _to_bytes(shares, inverted):
    greys = np.floor(shares * 255 + 0.5).astype(np.uint8)
    return 255 - greys if inverted else greys


def apply_window(values: ArrayLike, window: Window) -> np.ndarray:
    """Map modality values to the range 0 (black of MONOCHROME2) to 1 by one VOI window or LUT.

    Parameters
    ----------
    values : array_like
    window : Window

    Returns
    -------
    numpy.ndarray of float
        Same shape.

    References
    ----------
    PS3.3 C.11.2.1.2.1 (LINEAR), C.11.2.1.3.1 (SIGMOID), C.11.2.1.3.2 (LINEAR_EXACT), C.11.2.1.1 (values outside of a
    LUT take its first or last entry).

    Examples
    --------
    >>> from eda_utils.image import Window, apply_window
    >>> apply_window([-160, 39.5, 239], Window(40, 400)).round(3).tolist()
    [0.0, 0.5, 1.0]
    """
    values = np.nan_to_num(np.asarray(values, dtype=float))
    if window.lut:
        first, outputs = window.lut
        return outputs[np.clip(values - first, 0, len(outputs) - 1).astype(int)]
    center, width = window.center, window.width
    if window.function == "SIGMOID":
        return 1 / (1 + np.exp(np.clip(-4 * (values - center) / width, -80, 80)))
    if window.function == "LINEAR":
        center, width = center - 0.5, width - 1
    if width == 0:
        return (values > center).astype(float)
    return np.clip((values - center) / width + 0.5, 0, 1)


def choose_window(image: "Image", window: WindowLike = "auto") -> Window:
    """Return the Window that a request such as "lung" or (40, 400) means for an image."""
    if isinstance(window, Window):
        return window
    if isinstance(window, str):
        return _named_window(image, window)
    if isinstance(window, Integral) and 0 <= window < len(image.windows):
        return image.windows[window]
    if isinstance(window, (tuple, list)) and len(window) == 2 and all(isinstance(v, Number) for v in window):
        if _is_valid(*window, "LINEAR"):
            return Window(*window, source="chosen")
        raise RequestError("window", "the width must be at least 1 (PS3.3 C.11.2.1.2.1)", "give (center, width)")
    wrong = f"this file has {len(image.windows)} of its own"
    raise RequestError("window", wrong, 'give "auto", "full", a preset or (center, width)')


def _named_window(image, name):
    if name == "auto":
        return image.window
    if name == "full":
        return _between(*_range(image.pixels, image.padding, (0, 100)), "full range")
    for own in image.windows:
        if name.casefold() == own.explanation.casefold():
            return own
    if name.casefold() not in PRESETS:
        raise RequestError("window", "there is no preset or window of that name", f"choose from {', '.join(PRESETS)}")
    if image.unit != "HU":
        raise RequestError("window", "presets are in Hounsfield units and this is no CT", "give (center, width)")
    return Window(*PRESETS[name.casefold()], explanation=name, source="preset")


def read_windows(header: Dataset) -> tuple[tuple[Window, ...], bool]:
    """Read the windows and VOI LUTs that a file brings along.

    Parameters
    ----------
    header : Dataset
        That applies to the frame.

    Returns
    -------
    windows : tuple of Window
        Those that are valid, windows before LUTs.
    had_invalid : bool
        Whether the file holds windows or VOI LUTs and none is as the standard says.
    """
    centers, widths = (numbers(attribute(header, f"Window{name}")) for name in ("Center", "Width"))
    function = (*texts(attribute(header, "VOILUTFunction")), "LINEAR")[0].upper()
    explanations = (*texts(attribute(header, "WindowCenterWidthExplanation")), *[""] * len(centers))
    stated = zip(centers, widths, explanations, strict=False)
    windows = [Window(c, w, function, text) for c, w, text in stated if _is_valid(c, w, function)]
    windows += _read_luts(header)
    present = [attribute(header, keyword) is not None for keyword in ("WindowCenter", "VOILUTSequence")]
    return tuple(windows), not windows and any(present)


def _is_valid(center, width, function):
    """PS3.3 C.11.2.1.2.1: LINEAR needs a width of at least 1, the other functions one above 0."""
    smallest = 1 if function == "LINEAR" else np.nextafter(0, 1)
    known = function in ("LINEAR", "LINEAR_EXACT", "SIGMOID")
    return known and np.isfinite(center) and smallest <= width < np.inf


def _read_luts(header):
    for item in items(attribute(header, "VOILUTSequence")):
        try:
            first, table, bits = read_lut(item, header, signed=attribute(header, "PixelRepresentation") == 1)
        except PARSE_ERRORS:
            continue
        text = " ".join(texts(attribute(item, "LUTExplanation")))
        outputs = np.clip(table / (2**bits - 1), 0, 1)
        yield Window(first + len(table) / 2, len(table), "LUT", text, lut=(first, outputs))


def default_window(
    windows: Iterable[Window],
    pixels: np.ndarray,
    padding: np.ndarray | None,
    bits_stored: int,
    *,
    had_invalid: bool = False,
) -> Window:
    """Return the window of "auto": the file's VOI LUT, else its first window, else a labelled fallback."""
    own = sorted(windows, key=lambda window: window.lut is None)
    if own:
        return own[0]
    reason = "the file's is not valid" if had_invalid else "none in the file"
    if bits_stored <= 8 and pixels.dtype.kind == "u":
        return _between(0, 2**bits_stored - 1, f"full {bits_stored}-bit range, {reason}")
    low, high = _range(pixels, padding, FALLBACK_PERCENTILES)
    shown = "–".join(f"{percent:g}" for percent in FALLBACK_PERCENTILES)
    return _between(low, high, f"percentiles {shown}, {reason}")


def _between(low, high, source):
    width = high - low if high > low else 1
    high = low + width  # a constant image is black
    return Window((low + high) / 2, width, "LINEAR_EXACT", source=f"({source})")


def _range(pixels, padding, percentiles):
    values = pixels[~padding] if padding is not None else pixels
    values = values[np.isfinite(values)] if values.dtype.kind == "f" else values.ravel()
    if not values.size:
        return 0.0, 1.0
    if tuple(percentiles) != (0, 100):
        values = values[:: max(1, values.size // SAMPLE_PIXELS)]
    return tuple(float(value) for value in np.percentile(values, percentiles))
