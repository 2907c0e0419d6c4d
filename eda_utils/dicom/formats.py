"""What a file is: told by its content and never by its name."""

import os
from operator import attrgetter
from pathlib import Path
from typing import Any

from ..core import HEAD_BYTES, PARSE_ERRORS, VR_CODES, MissingExtraError, is_url, quiet, read_head

SYNTAX = "1.2.840.10008.1.2.4."
# PS3.5 A.4: what JPEG 2000, JPEG-LS near-lossless, HTJ2K and JPEG XL do is the sender's choice
LOSSY = tuple(f"{SYNTAX}{code}" for code in (50, 51, *range(52, 57), *range(59, 65), *range(100, 109)))
IMAGE_SIGNATURES = {
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"\0\0\0\x0cjP  \r\n\x87\n": "JPEG 2000",
}
TIFF_SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
# Formats of several files whose entry file has no signature of its own; OpenSlide decides
SLIDE_SUFFIXES = (".mrxs", ".vms", ".vmu")
TIFF, UNKNOWN_SLIDE = "TIFF", "a file of a slide format that OpenSlide does not recognise"
FOR_OPENSLIDE = (TIFF, UNKNOWN_SLIDE)
GENERIC = "generic-tiff"  # what OpenSlide calls a tiled TIFF of no vendor
OTHER_SIGNATURES = {
    b"%PDF": "a PDF document",
    b"PK\x03\x04": "a zip archive",
    b"\x1f\x8b": "a gzip archive",
    b"NRRD": "an NRRD volume",
    b"\x5c\x01\0\0": "a NIfTI volume",
    b"<?xml": "an XML file",
    b"\x93NUMPY": "a numpy array",
}


def sniff(source: str | Path | bytes) -> tuple[str, str]:
    """Tell by content what a file is.

    Parameters
    ----------
    source : str, Path or bytes

    Returns
    -------
    kind : {"dicom", "image", "slide", "other"}
    what : str
        The format ("DICOM", "PNG", "aperio" ...) or, for "other", what it is in plain words.

    Raises
    ------
    AccessError, FormatError, MissingError
        If the file cannot be opened.

    References
    ----------
    PS3.10 7.1: 128 bytes of preamble, then the four letters DICM. Files without it begin with a data element.

    Examples
    --------
    >>> from eda_utils.dicom import sniff
    >>> sniff("README.md")
    ('other', 'a text file')
    """
    is_named = isinstance(source, (str, os.PathLike))
    head = read_head(source) if is_named else bytes(source[:HEAD_BYTES])
    kind, what = sniff_head(head, source if is_named and not is_url(source) else "")
    if what in FOR_OPENSLIDE and is_named and not is_url(source):
        return _sniff_slide(source) or (kind, what)
    return kind, what


def sniff_head(head: bytes, path: str | Path = "") -> tuple[str, str]:
    """As `sniff`, by the first bytes alone; what is in FOR_OPENSLIDE can be a slide."""
    if head[128:132] == b"DICM" or _starts_with_element(head):
        return "dicom", "DICOM"
    if Path(path).suffix.lower() in SLIDE_SUFFIXES:
        return "other", UNKNOWN_SLIDE
    if head.startswith(TIFF_SIGNATURES):
        return "image", TIFF
    for signature, what in IMAGE_SIGNATURES.items():
        if head.startswith(signature):
            return "image", what
    return "other", _describe_other(head)


def _starts_with_element(head):
    """Whether the bytes begin with a data element of group 0002 or 0008, as in a file without the DICM prefix."""
    if len(head) < 8:
        return False
    for order in ("little", "big"):
        group, element, length = (int.from_bytes(head[i:j], order) for i, j in ((0, 2), (2, 4), (4, 8)))
        if group in (2, 8) and element < 0x3000 and (head[4:6] in VR_CODES or length <= 1024):
            return True
    return False


def _sniff_slide(path):
    try:
        import openslide
    except ModuleNotFoundError:
        return _need_openslide_for(path)
    try:
        vendor = openslide.OpenSlide.detect_format(path)
    except openslide.OpenSlideError:
        return None
    if not vendor or (vendor == GENERIC and is_measured(path)):
        return None
    return "slide", vendor


def _need_openslide_for(path):
    """Without it a TIFF in strips is a picture, as most are; one in tiles may be a slide, and nobody here can tell."""
    if _ask_page(path, attrgetter("is_tiled")):
        wrong = "may be a whole-slide image, and openslide is not installed"
        raise MissingExtraError(Path(path).name, wrong, 'run pip install "eda_utils[slides]"')


def is_measured(path: str | Path) -> bool:
    """Tell whether a TIFF holds values, as `loses_bits` means it; not of one that cannot be read."""
    return _ask_page(path, loses_bits)


def _ask_page(path, question):
    import tifffile

    try:
        with quiet(), tifffile.TiffFile(path) as file:
            return question(file.pages[0])
    except (OSError, ArithmeticError, *PARSE_ERRORS):
        return False  # who opens it, says what is wrong


def loses_bits(page: Any) -> bool:
    """Tell whether the upper 8 bits, all that OpenSlide shows, are not enough: in grey, as of fluorescence."""
    return page.bitspersample != 8 and page.samplesperpixel < 3


def _describe_other(head):
    if not head:
        return "an empty file"
    for signature, what in OTHER_SIGNATURES.items():
        if head.startswith(signature):
            return what
    is_text = b"\0" not in head and sum(byte < 9 for byte in head) == 0
    return "a text file" if is_text else "a file of an unknown format"
