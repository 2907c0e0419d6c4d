"""Pictures that are not DICOM: PNG, JPEG, TIFF, GIF, BMP. Pillow reads them, and tifffile what of TIFF it does not.

Whether a file ends where its format says that it does is told without decoding it.
"""

import math
import os
import struct
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from ..core import (
    HEADER_BYTES,
    READ_ERRORS,
    DecodeError,
    EDAError,
    check_frame,
    open_file,
    quiet,
    read_at,
    source_name,
)
from ..dicom import END, TIFF_SIGNATURES

EXIF_ORIENTATION = 0x0112
MOST_BYTES = 2**31
MIN_IS_WHITE = 0  # TIFF 6.0 section 3, PhotometricInterpretation
PNG_START, PNG_END = 8, b"IEND"
MOST_CHUNKS = 100_000  # looked at: for more there is no time
TAIL_BYTES = 2**16
START_OF_SCAN = b"\xff\xda"
GIF_END = b";"
OFFSETS_AND_COUNTS = ((273, 279), (324, 325))  # of strips, of tiles: TIFF 6.0 sections 3 and 15
CUT_PICTURE = "the file is cut inside its pixels"


def read_picture(source: str | Path | bytes, frame: int) -> tuple[np.ndarray, int, str, bool]:
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
        Format, mode and whether it was turned, such as "PNG RGB".
    has_profile : bool
        Whether there is an ICC profile.

    Raises
    ------
    FrameError, DecodeError
    """
    from PIL import Image as Pillow, ImageOps

    name = source_name(source)
    with _naming(name), quiet():
        with open_file(source, HEADER_BYTES) as head, _opened(head) as file:
            is_known = file is not None  # Pillow looks for the next marker however far that is
        with open_file(source) as stream:
            if not is_known:
                return _read_page(stream, name, frame)
            with Pillow.open(stream) as file:
                frames = getattr(file, "n_frames", 1)
                check_frame(name, frame, frames)
                file.seek(frame)
                pixels = _picture_array(ImageOps.exif_transpose(file))
                return pixels, frames, _what(file), "icc_profile" in file.info


def describe_picture(source: str | Path | bytes, most_bytes: int, size: int) -> tuple[tuple[int, int, int, int], bool]:
    """Return rows, columns, samples and frames of a picture, and whether strips or tiles of a TIFF lie behind its end.

    Parameters
    ----------
    source : str, Path or bytes
    most_bytes : int
        How much of it may be read.
    size : int
        Bytes of the file.

    Raises
    ------
    DecodeError
    """
    with _naming(source_name(source)), quiet(), open_file(source, most_bytes) as stream, _opened(stream) as file:
        if file is None:
            return _describe_pages(stream, size)
        columns, rows = file.size
        samples, frames = len(file.getbands()), getattr(file, "n_frames", 1)
        is_cut = False
        for frame in {0, frames - 1} if file.format == "TIFF" else ():
            file.seek(frame)
            is_cut |= is_cut_tiff(file.tag_v2, size)
        return (rows, columns, samples, frames), is_cut


@contextmanager
def _naming(name):
    from PIL import Image as Pillow

    try:
        yield
    except Pillow.DecompressionBombError:
        raise DecodeError(name, "claims more pixels than is safe to unpack", "open it with open_slide") from None
    except EDAError:
        raise
    except READ_ERRORS as error:
        raise DecodeError(name, f"is damaged ({type(error).__name__})", "copy the file again") from None


@contextmanager
def _opened(stream):
    """Yield the picture as Pillow opens it, or None for a TIFF that Pillow does not know, such as of 64-bit numbers."""
    from PIL import Image as Pillow

    try:
        file = Pillow.open(stream)
    except Pillow.UnidentifiedImageError:
        stream.seek(0)
        if stream.read(4) not in TIFF_SIGNATURES:
            raise
        yield None
    else:
        with file:
            yield file


def _what(file):
    turned = ", turned as EXIF says" if file.getexif().get(EXIF_ORIENTATION, 1) != 1 else ""
    return f"{file.format} {file.mode}{' on white' if file.has_transparency_data else ''}{turned}"


def _picture_array(file):
    from PIL import Image as Pillow

    if file.mode in ("L", "I", "F") or file.mode.startswith("I;16"):
        return np.asarray(file)
    if file.mode == "1":
        return np.asarray(file.convert("L"))
    white = Pillow.new("RGBA", file.size, "white")
    return np.asarray(Pillow.alpha_composite(white, file.convert("RGBA")).convert("RGB"))


def _describe_pages(stream, size):
    import tifffile

    stream.seek(0)
    with tifffile.TiffFile(stream) as file:
        first, *_ = pages = file.pages[0], file.pages[-1]
        is_cut = any(is_cut_tiff({tag.code: tag.value for tag in page.tags}, size) for page in pages)
        return (*_shape(first), first.samplesperpixel, len(file.pages)), is_cut


def _shape(page):
    if not page.imagelength * page.imagewidth:
        raise ValueError("a page without a pixel")
    return page.imagelength, page.imagewidth


def _read_page(stream, name, frame):
    import tifffile

    with tifffile.TiffFile(stream) as file:
        check_frame(name, frame, len(file.pages))
        page = file.pages[frame]
        if math.prod(_shape(page)) * page.samplesperpixel * page.bitspersample / 8 > MOST_BYTES:
            raise DecodeError(name, "claims more pixels than is safe to unpack", "open it with open_slide")
        pixels = page.asarray()
        if page.photometric == MIN_IS_WHITE and pixels.dtype.kind == "u":
            pixels = np.iinfo(pixels.dtype).max - pixels
        return _grey_or_rgb(pixels, page, name), len(file.pages), f"TIFF {page.dtype}", 34675 in page.tags


def _grey_or_rgb(pixels, page, name):
    """Colours in 8 bits, as Pillow gives them."""
    if pixels.ndim == 3 and page.planarconfig == 2:
        pixels = np.moveaxis(pixels, 0, -1)
    is_colour = pixels.ndim == 3 and pixels.shape[-1] in (3, 4) and pixels.dtype.kind == "u"
    if pixels.dtype.kind not in "buif" or not (is_colour or pixels.ndim == 2):
        wrong = f"has {page.samplesperpixel} samples of type {page.dtype} in a pixel, which is no picture"
        raise DecodeError(name, wrong, "read it with tifffile and choose what to show")
    if is_colour:
        return (pixels[..., :3] >> (pixels.dtype.itemsize * 8 - 8)).astype(np.uint8)
    return pixels.astype(np.uint8) * 255 if pixels.dtype == bool else pixels


def is_cut_picture(path: str, kind: str) -> bool:
    """Tell whether the file of a PNG, JPEG, JPEG 2000, GIF or BMP ends before its picture does.

    Parameters
    ----------
    path : str
    kind : str
        The format as `sniff` tells it; of others the answer is no.

    References
    ----------
    ISO/IEC 15948 11.2.5 (IEND); ITU-T T.81 B.2.1 and T.800 A.4.4 (FFD9); GIF89a section 27 (Trailer).

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from eda_utils.image import is_cut_picture
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "a.gif")
    ...     size = path.write_bytes(b"GIF89a" + bytes(100))
    ...     is_cut_picture(path, "GIF")
    True
    """
    if kind not in _CHECKS:
        return False
    with open_file(path) as file:
        return _CHECKS[kind](file, os.fstat(file.fileno()).st_size)


def _is_cut_png(file, size):
    if read_at(file, 12, size - 12)[4:8] == PNG_END:
        return False
    place = PNG_START
    for _ in range(MOST_CHUNKS):  # others can follow the picture
        head = read_at(file, 8, place)
        place += 12 + int.from_bytes(head[:4], "big")
        if len(head) < 8 or place > size:
            return True
        if head[4:] == PNG_END:
            return False
    return False


def _is_cut_stream(file, size):
    """The marker cannot be among entropy-coded bytes; a thumbnail has its own before the first scan of the picture."""
    if END in read_at(file, TAIL_BYTES, max(size - TAIL_BYTES, TAIL_BYTES)):
        return False
    head = read_at(file, HEADER_BYTES, 0)
    return head.find(END, max(head.rfind(START_OF_SCAN, 0, 2 * TAIL_BYTES), 0)) < 0


def _is_cut_gif(file, size):
    return not read_at(file, TAIL_BYTES, max(size - TAIL_BYTES, 0)).rstrip(b"\0").endswith(GIF_END)


def _is_cut_bmp(file, size):
    """The header of Windows 3 and later; rows are padded to 4 bytes unless they are packed."""
    head = read_at(file, 24, 10).ljust(24, b"\0")
    start, length, columns, rows, bits, packing = struct.unpack("<4i2xhi", head)
    return length >= 40 and packing in (0, 3) and start + (columns * bits + 31) // 32 * 4 * abs(rows) > size


def is_cut_tiff(tags, size):
    """Tell whether strips or tiles of a page of a TIFF lie behind the end of the file; `tags` are the page's."""
    for offsets, counts in OFFSETS_AND_COUNTS:
        pairs = zip(tags.get(offsets, ()), tags.get(counts, ()), strict=False)
        if any(start + count > size for start, count in pairs):
            return True
    return False


_CHECKS = {
    "PNG": _is_cut_png,
    "JPEG": _is_cut_stream,
    "JPEG 2000": _is_cut_stream,
    "GIF": _is_cut_gif,
    "BMP": _is_cut_bmp,
}
