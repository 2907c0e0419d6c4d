"""One image as modality values, together with how it is to be shown."""

import base64
import html
import io
from dataclasses import dataclass, field

import numpy as np
from pydicom.dataset import Dataset
from pydicom.pixels import apply_modality_lut

from .dataset import PARSE_ERRORS, attribute, numbers, read_dataset, source_name, without_pixels
from .display import Window, choose_window, default_window, read_windows, to_display
from .errors import FormatError
from .files import sniff
from .frames import count_frames, read_frame, read_picture
from .spacing import NO_SPACING, format_mm, read_aspect, read_spacing

PREVIEW_SIDE = 384


@dataclass(frozen=True, eq=False)
class Image:
    """A picture before it is windowed: what `load_image` returns.

    Attributes
    ----------
    pixels : numpy.ndarray
        Modality values, (row, column), or colours, (row, column, 3). The window is not applied.
    unit : str
        "HU", the Rescale Type, "stored value" or "RGB".
    spacing_mm : tuple of float or None
        Between rows and between columns, in mm.
    spacing_source : str
        The attribute that the spacing is from, or "no spacing in header".
    window : Window or None
        What `window="auto"` means for this image; None for colour.
    inverted : bool
        Whether low values are bright (MONOCHROME1).
    header : pydicom.dataset.Dataset
        Without Pixel Data; empty for other formats.
    source : str
        The file's name.
    windows : tuple of Window
        All the file's own windows and VOI LUTs.
    padding : numpy.ndarray of bool or None
        (row, column): pixels outside of what was acquired (Pixel Padding Value).
    aspect : float
        Height of a pixel divided by its width.
    frame, frames : int
        Which frame this is, from 0, and of how many.
    bits_stored : int
    modality_step, photometric : str
        How stored values became modality values, and the Photometric Interpretation.

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> import eda_utils as eda
    >>> eda.load_image(get_testdata_file("CT_small.dcm"))
    <Image CT_small.dcm 128 × 128: rescale 1/-1024 · window ... · MONOCHROME2 · 0.661 mm (PixelSpacing)>
    """

    pixels: np.ndarray
    unit: str
    spacing_mm: tuple[float, float] | None = None
    spacing_source: str = NO_SPACING
    window: Window | None = None
    inverted: bool = False
    header: Dataset = field(default_factory=Dataset)
    source: str = ""
    windows: tuple[Window, ...] = ()
    padding: np.ndarray | None = None
    aspect: float = 1.0
    frame: int = 0
    frames: int = 1
    bits_stored: int = 8
    modality_step: str = "stored values"
    photometric: str = ""

    def __array__(self, dtype=None, copy=None):
        return np.array(self.pixels, dtype=dtype, copy=copy)

    def __repr__(self):
        rows, columns = self.shape[:2]
        return f"<Image {self.source} {rows} × {columns}: {self.caption()}>"

    def _repr_html_(self):
        text = html.escape(self.caption())
        picture = base64.b64encode(to_png(self)).decode()
        return (
            f'<figure style="margin:0"><img alt="{html.escape(self.source)}: {text}" '
            f'src="data:image/png;base64,{picture}"><figcaption><small>{text}</small></figcaption></figure>'
        )

    @property
    def shape(self):
        """Rows, columns and, for colour, 3."""
        return self.pixels.shape

    @property
    def is_color(self):
        """Whether the pixels are RGB."""
        return self.pixels.ndim == 3

    def caption(self, window="auto"):
        """Return one line that says how the picture is made, without any identifier."""
        steps = [f"frame {self.frame + 1} of {self.frames}"] if self.frames > 1 else []
        if not self.is_color:
            steps += [self.modality_step, str(choose_window(self, window))]
        spacing = f"{format_mm(*self.spacing_mm)} ({self.spacing_source})" if self.spacing_mm else self.spacing_source
        return " · ".join([*steps, self.photometric, spacing])


def load_image(source, *, frame=0):
    """Load one frame of an image as the values that the modality measured; no window is applied.

    Parameters
    ----------
    source : str, Path, bytes or Dataset
        A DICOM file with or without extension, or a PNG, JPEG, TIFF, GIF or BMP (its EXIF orientation is applied).
    frame : int
        From 0.

    Returns
    -------
    Image
        (row, column) after the Modality LUT or Rescale Slope and Intercept, or (row, column, 3) in RGB.

    Raises
    ------
    MissingError, AccessError, FormatError
        If the file is not there, may not be opened or is no image.
    NoPixelDataError
        If it is a DICOM object without a picture.
    FrameError
        If there is no such frame.
    DecodeError
        If its pixel data cannot be decoded.

    References
    ----------
    PS3.3 C.11.1 (Modality LUT), C.7.6.3 (Image Pixel), C.7.6.16.2.9 (Pixel Value Transformation of enhanced objects).

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> import eda_utils as eda
    >>> image = eda.load_image(get_testdata_file("CT_small.dcm"))
    >>> image.shape, image.unit, int(image.pixels.min())
    ((128, 128), 'HU', -896)
    """
    if not isinstance(source, Dataset):
        kind, what = sniff(source)
        if kind == "slide":
            raise FormatError(source_name(source), "is a whole-slide image", "open it with open_slide")
        if kind == "other":
            raise FormatError(source_name(source), f"is {what} and no image", "give a DICOM, PNG, JPEG or TIFF file")
        if kind == "image":
            return _load_picture(source, frame)
    return _load_dicom(read_dataset(source, pixels=True), source_name(source), frame)


def _load_dicom(dataset, name, frame):
    stored = read_frame(dataset, name, frame)
    spacing = read_spacing(dataset, frame=frame)
    common = {
        "header": without_pixels(dataset),
        "source": name,
        "frame": frame,
        "frames": count_frames(dataset),
        "spacing_mm": spacing.mm,
        "spacing_source": spacing.source,
        "aspect": read_aspect(dataset, spacing),
    }
    make = _color_image if stored.ndim == 3 else _grey_image
    return make(dataset, stored, common)


def _color_image(dataset, rgb, common):
    photometric = str(attribute(dataset, "PhotometricInterpretation", "unknown"))
    depth = rgb.dtype.itemsize * 8
    # the entries of a palette fill their words; the stored indices say nothing about the colours
    bits = depth if photometric == "PALETTE COLOR" else _bits_stored(dataset, depth)
    shown = photometric if photometric == "RGB" else f"{photometric} to RGB"
    return Image(rgb, "RGB", photometric=shown, bits_stored=bits, **common)


def _grey_image(dataset, stored, common):
    frame = common["frame"]
    values, step = _to_modality(dataset, stored, frame)
    padding = _padding_mask(dataset, stored)
    windows, had_invalid = read_windows(dataset, frame=frame)
    bits = _bits_stored(dataset, stored.dtype.itemsize * 8)
    photometric = str(attribute(dataset, "PhotometricInterpretation", "unknown"))
    return Image(
        values,
        _unit(dataset, step, frame),
        windows=windows,
        window=default_window(windows, values, padding, bits, had_invalid=had_invalid),
        inverted=photometric == "MONOCHROME1" or attribute(dataset, "PresentationLUTShape") == "INVERSE",
        padding=padding,
        bits_stored=bits,
        modality_step=step,
        photometric=photometric,
        **common,
    )


def _bits_stored(dataset, depth):
    bits = numbers(attribute(dataset, "BitsStored", depth))
    return int(bits[0]) if bits and 1 <= bits[0] <= depth else depth


def _to_modality(dataset, stored, frame):
    """Modality values and the words for how they were made; integers stay integers (PS3.3 C.11.1.1.2)."""
    if attribute(dataset, "ModalityLUTSequence"):
        try:
            return apply_modality_lut(stored, dataset), "modality LUT"
        except PARSE_ERRORS:  # an empty item, for example; DCMTK leaves it out too
            return stored, "stored values, the Modality LUT is not valid"
    stated = [numbers(attribute(dataset, f"Rescale{name}", frame=frame)) for name in ("Slope", "Intercept")]
    if not all(stated) or stated[0][0] == 0:
        return stored, "stored values"
    slope, intercept = stated[0][0], stated[1][0]
    if (slope, intercept) == (1, 0):
        return stored, "rescale 1/0"
    is_whole = slope.is_integer() and intercept.is_integer() and stored.dtype.kind in "iu" and stored.itemsize <= 2
    number = np.int32 if is_whole and abs(slope) < 2**14 and abs(intercept) < 2**30 else np.float64
    return stored.astype(number) * number(slope) + number(intercept), f"rescale {slope:g}/{intercept:g}"


def _unit(dataset, step, frame):
    """PS3.3 C.8.2.1.1.4: CT is in Hounsfield units after Rescale unless Rescale Type says otherwise (US)."""
    stated = str(attribute(dataset, "RescaleType", attribute(dataset, "Units", ""), frame=frame)).strip()
    if step.startswith("stored values"):
        return "stored value"
    if stated:
        return "modality value" if stated == "US" else stated
    return "HU" if attribute(dataset, "Modality") == "CT" else "modality value"


def _padding_mask(dataset, stored):
    """PS3.3 C.7.5.1.1.2: one value, or the range between it and Pixel Padding Range Limit."""
    value = numbers(attribute(dataset, "PixelPaddingValue"))
    if not value or stored.dtype.kind not in "iu":
        return None
    limit = numbers(attribute(dataset, "PixelPaddingRangeLimit")) or value
    low, high = sorted((value[0], limit[0]))
    if stored.dtype.kind == "u" and high < 0:  # written as SS although the pixels are US
        low, high = low + 65536, high + 65536
    mask = (stored >= low) & (stored <= high)
    return mask if mask.any() else None


def _load_picture(source, frame):
    pixels, frames, what = read_picture(source, frame)
    common = {"source": source_name(source), "frame": frame, "frames": frames, "photometric": what}
    if pixels.ndim == 3:
        return Image(pixels, "RGB", **common)
    bits = pixels.dtype.itemsize * 8
    return Image(pixels, "stored value", window=default_window((), pixels, None, bits), bits_stored=bits, **common)


def to_png(image, *, window="auto", max_side=PREVIEW_SIDE):
    """Return the displayed picture as PNG bytes with square pixels, no side longer than `max_side`."""
    from PIL import Image as Pillow

    picture = Pillow.fromarray(to_display(image, window=window))
    height, width = picture.height * max(image.aspect, 1), picture.width * max(1 / image.aspect, 1)
    scale = min(1, max_side / max(height, width))
    picture = picture.resize((max(1, round(width * scale)), max(1, round(height * scale))), Pillow.Resampling.BOX)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
