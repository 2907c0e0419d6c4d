"""One frame of a file as the values that are stored in it, decoded."""

import numpy as np
from pydicom.dataelem import DataElement
from pydicom.pixels import apply_color_lut, pixel_array
from pydicom.uid import ExplicitVRBigEndian

from . import decoders
from .dataset import PARSE_ERRORS, attribute, numbers, quiet, source_name, without_pixels
from .errors import DecodeError, FrameError, NoPixelDataError
from .files import open_file

PIXEL_KEYWORDS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
MAX_FRAME_BYTES = 2**31


def count_frames(dataset):
    """Return Number of Frames, 1 where it is absent or senseless."""
    frames = numbers(attribute(dataset, "NumberOfFrames", 1)) or (1,)
    return max(int(frames[0]), 1)


def read_frame(dataset, name, frame):
    """Decode one frame of a DICOM data set.

    Parameters
    ----------
    dataset : Dataset
        With Pixel Data.
    name : str
        What errors call the file.
    frame : int
        From 0.

    Returns
    -------
    numpy.ndarray
        Stored values, (row, column), or RGB, (row, column, 3); palette colours are looked up, YBR is converted.

    Raises
    ------
    NoPixelDataError, FrameError, DecodeError

    References
    ----------
    PS3.3 C.7.6.3 (Image Pixel), C.7.9 (Palette Color Lookup Table), PS3.5 section 8 (encoding).
    """
    if not any(keyword in dataset for keyword in PIXEL_KEYWORDS):
        raise NoPixelDataError(name, "has no Pixel Data (7FE0,0010)", "look at its header with header_table")
    _check_frame(name, frame, count_frames(dataset))
    _check_claims(dataset, name)
    decoders.register()
    try:
        with quiet():
            stored = pixel_array(dataset, index=frame)
            if attribute(dataset, "PhotometricInterpretation") == "PALETTE COLOR":
                return apply_color_lut(stored, _native_palette(dataset))[..., :3]
            return stored
    except (*PARSE_ERRORS, RuntimeError, OSError) as error:
        raise DecodeError(name, _reason(dataset, error), "look at its header, or ask for the original") from None


def _check_frame(name, frame, frames):
    if not 0 <= frame < frames:
        raise FrameError(name, f"frame {frame} is outside of its {frames}", f"give a frame from 0 to {frames - 1}")


def _check_claims(dataset, name):
    """Refuse to allocate what a few bytes of header ask for."""
    keywords = ("Rows", "Columns", "BitsAllocated")
    sizes = [numbers(attribute(dataset, keyword)) for keyword in keywords]
    if not all(sizes):
        raise DecodeError(name, "lacks Rows, Columns or Bits Allocated", "ask for the original")
    samples = numbers(attribute(dataset, "SamplesPerPixel", 1)) or (1,)
    if np.prod([*(size[0] for size in sizes), samples[0]]) / 8 > MAX_FRAME_BYTES:
        raise DecodeError(name, "Rows and Columns claim a frame of more than 2 GB", "check the header")


def _native_palette(dataset):
    """pydicom 3.0 reads a 16-bit palette of a big endian file in the byte order of this machine."""
    if dataset.file_meta.TransferSyntaxUID != ExplicitVRBigEndian:
        return dataset
    swapped = without_pixels(dataset)
    for keyword in (f"{color}PaletteColorLookupTableData" for color in ("Red", "Green", "Blue")):
        data = attribute(dataset, keyword)
        if data and numbers(attribute(dataset, "RedPaletteColorLookupTableDescriptor"))[2] > 8:
            swapped[keyword] = DataElement(keyword, "OW", np.frombuffer(data, ">u2").astype("<u2").tobytes())
    return swapped


def _reason(dataset, error):
    syntax = dataset.file_meta.get("TransferSyntaxUID") if hasattr(dataset, "file_meta") else None
    if syntax is None:
        return "has no Transfer Syntax UID (0002,0010)"
    if isinstance(error, NotImplementedError):
        return f"there is no decoder for its transfer syntax ({syntax.name})"
    if isinstance(error, RuntimeError):
        return f"its Pixel Data could not be decoded ({syntax.name})"
    return f"its Pixel Data does not match its header or is cut ({syntax.name})"


def read_picture(source, frame):
    """Read one frame of a PNG, JPEG, TIFF, GIF or BMP, upright as its EXIF orientation says.

    Parameters
    ----------
    source : str, Path or bytes
    frame : int

    Returns
    -------
    pixels : numpy.ndarray
        (row, column), or (row, column, 3) in RGB on white where the picture is transparent.
    frames : int
    what : str
        Format and mode, such as "PNG RGB".

    Raises
    ------
    FrameError, DecodeError
    """
    from PIL import Image as Pillow
    from PIL import ImageOps

    name, stream = source_name(source), open_file(source)
    try:
        with stream, quiet(), Pillow.open(stream) as file:
            frames = getattr(file, "n_frames", 1)
            _check_frame(name, frame, frames)
            file.seek(frame)
            return _picture_array(ImageOps.exif_transpose(file)), frames, f"{file.format} {file.mode}"
    except Pillow.DecompressionBombError:
        raise DecodeError(name, "claims more pixels than is safe to unpack", "open it with open_slide") from None
    except FrameError:
        raise
    except (OSError, SyntaxError, *PARSE_ERRORS) as error:
        raise DecodeError(name, f"is damaged ({type(error).__name__})", "copy the file again") from None


def _picture_array(file):
    from PIL import Image as Pillow

    if file.mode in ("L", "I", "F") or file.mode.startswith("I;16"):
        return np.asarray(file)
    if file.mode == "1":
        return np.asarray(file.convert("L"))
    white = Pillow.new("RGBA", file.size, "white")
    return np.asarray(Pillow.alpha_composite(white, file.convert("RGBA")).convert("RGB"))
