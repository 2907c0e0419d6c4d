"""One image as modality values, together with how it is to be shown."""

import base64
import html
import io
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from pydicom.dataset import Dataset

from ..core import FormatError, printable, source_name
from ..dicom import ImageSource, attribute, count_frames, items, read_dataset, sniff, without_pixels
from .display import Window, WindowLike, choose_window, default_window, read_windows, to_display
from .frames import BECOME_RGB, frame_header, read_frame, to_rgb
from .modality import bits_of, padding_mask, to_modality, unit_of
from .overlays import read_overlays, read_shutter, shutter_grey
from .raster import read_picture
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
        How stored values became modality values, and the Photometric Interpretation and what became of it.
    overlay : numpy.ndarray of bool or None
        (row, column): where the overlay planes draw.
    shutter : numpy.ndarray of bool or None
        (row, column): what the display shutter hides, in the grey `shutter_grey` from 0 to 255.
    has_profile : bool
        Whether there is an ICC profile. It is not applied.

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
    overlay: np.ndarray | None = None
    shutter: np.ndarray | None = None
    shutter_grey: int = 0
    has_profile: bool = False

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.pixels, dtype=dtype, copy=copy)

    def __repr__(self):
        rows, columns = self.shape[:2]
        return f"<Image {printable(self.source)} {rows} × {columns}: {self.caption()}>"

    def _repr_html_(self):
        text = html.escape(self.caption())
        picture = base64.b64encode(to_png(self)).decode()
        return (
            f'<figure style="margin:0"><img alt="{html.escape(self.title)}: {text}" '
            f'src="data:image/png;base64,{picture}"><figcaption><small>{text}</small></figcaption></figure>'
        )

    @property
    def shape(self) -> tuple[int, ...]:
        """Rows, columns and, for colour, 3."""
        return self.pixels.shape

    @property
    def is_color(self) -> bool:
        """Whether the pixels are RGB."""
        return self.pixels.ndim == 3

    @property
    def title(self) -> str:
        """Modality or format, and size: never a name of the file or the patient."""
        what = str(self.header.get("Modality") or self.photometric.split(" ")[0] or "Array")
        return "{}, {:,} × {:,}".format(printable(what), *self.shape[:2])

    def caption(self, window: WindowLike = "auto", *, overlays: bool = False, shutter: bool = False) -> str:
        """Return one line that says how the picture is made, without any identifier."""
        steps = [
            f"frame {self.frame + 1} of {self.frames}" if self.frames > 1 else "",
            "" if self.is_color else self.modality_step,
            "" if self.is_color else str(choose_window(self, window)),
            self.photometric,
            "ICC profile not applied" if self.has_profile else "",
            "" if self.overlay is None else f"overlay {'drawn' if overlays else 'not drawn'}",
            "" if self.shutter is None else f"shutter {'closed' if shutter else 'left open'}",
            f"{format_mm(*self.spacing_mm)} ({self.spacing_source})" if self.spacing_mm else self.spacing_source,
        ]
        return printable(" · ".join(filter(None, steps)))


def load_image(source: ImageSource, *, frame: int = 0) -> Image:
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
    return load_stages(source, frame)[1]


def load_stages(source: ImageSource, frame: int = 0) -> tuple[np.ndarray, Image]:
    """Load an image together with the samples that are stored in the file, before palette, colour space and rescale.

    Parameters
    ----------
    source, frame
        As in `load_image`.

    Returns
    -------
    stored : numpy.ndarray
        (row, column) or (row, column, 3).
    image : Image

    Raises
    ------
    EDAError
        As `load_image`.
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
    pixels = to_rgb(dataset, name, stored)
    whole = without_pixels(dataset)
    whole.file_meta = dataset.file_meta
    header = frame_header(whole, frame)
    spacing = read_spacing(header)
    aspect = read_aspect(header, spacing)
    facts = (_color_facts if pixels.ndim == 3 else _grey_facts)(header, pixels) | {
        "overlay": read_overlays(header, stored.words, frame),
        "shutter": read_shutter(header, pixels.shape[:2], aspect),
        "shutter_grey": shutter_grey(header),
    }
    facts |= {"spacing_mm": spacing.mm, "spacing_source": spacing.source, "aspect": aspect}
    return stored.samples, Image(header=whole, source=name, frame=frame, frames=count_frames(header), **facts)


def _color_facts(header, rgb):
    photometric = str(attribute(header, "PhotometricInterpretation", "unknown"))
    depth = rgb.dtype.itemsize * 8
    became = "" if photometric == "RGB" else " to RGB" if photometric in BECOME_RGB else ", not converted"
    return {
        "pixels": rgb,
        "unit": "RGB",
        "photometric": photometric + became,
        # the entries of a palette fill their words; the stored indices say nothing about the colours
        "bits_stored": depth if photometric == "PALETTE COLOR" else bits_of(header, depth),
        "has_profile": any("ICCProfile" in item for item in (header, *items(attribute(header, "OpticalPathSequence")))),
    }


def _grey_facts(header, stored):
    values, step = to_modality(header, stored)
    padding = padding_mask(header, stored)
    windows, had_invalid = read_windows(header)
    bits = bits_of(header, stored.dtype.itemsize * 8)
    photometric = str(attribute(header, "PhotometricInterpretation", "unknown"))
    has_colors = attribute(header, "PixelPresentation") in ("COLOR", "MIXED")  # PS3.3 C.8.16.2.1.1.1
    return {
        "pixels": values,
        "unit": unit_of(header, step),
        "modality_step": step,
        "windows": windows,
        "window": default_window(windows, values, padding, bits, had_invalid=had_invalid),
        "inverted": photometric == "MONOCHROME1" or attribute(header, "PresentationLUTShape") == "INVERSE",
        "padding": padding,
        "bits_stored": bits,
        "photometric": f"{photometric} without its supplemental colours" if has_colors else photometric,
    }


def _load_picture(source, frame):
    pixels, frames, what, has_profile = read_picture(source, frame)
    common = {"source": source_name(source), "frame": frame, "frames": frames, "photometric": what}
    if pixels.ndim == 3:
        return pixels, Image(pixels, "RGB", has_profile=has_profile, **common)
    bits = pixels.dtype.itemsize * 8
    window = default_window((), pixels, None, bits)
    return pixels, Image(pixels, "stored value", window=window, bits_stored=bits, **common)


def to_png(image: Image, *, window: WindowLike = "auto", max_side: int = PREVIEW_SIDE) -> bytes:
    """Return the displayed picture as PNG bytes with square pixels, no side longer than `max_side`."""
    from PIL import Image as Pillow

    picture = Pillow.fromarray(to_display(image, window=window))
    height, width = picture.height * max(image.aspect, 1), picture.width * max(1 / image.aspect, 1)
    scale = min(1, max_side / max(height, width))
    picture = picture.resize((max(1, round(width * scale)), max(1, round(height * scale))), Pillow.Resampling.BOX)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
