"""One frame of a file: the header that applies to it and the values that are stored for it, decoded."""

from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
from pydicom.dataset import Dataset
from pydicom.pixels import as_pixel_options
from pydicom.pixels.processing import convert_color_space

from ..core import PARSE_ERRORS, DecodeError, NoPixelDataError, check_frame, quiet
from ..dicom import PIXEL_KEYWORDS, UNCOMPRESSED, attribute, count_frames, items, numbers
from . import decoders
from .luts import look_up, read_palette

MAX_FRAME_BYTES = 2**31
FUNCTIONAL_GROUPS = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")
ITEM_TAGS = (b"\xfe\xff\x00\xe0", b"\xff\xfe\xe0\x00")  # (FFFE,E000) in either byte order
BECOME_RGB = ("PALETTE COLOR", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT")


class Frame(NamedTuple):
    """What is stored for one frame."""

    samples: np.ndarray  # (row, column) or (row, column, 3)
    color_space: str  # Photometric Interpretation of the samples: a decoder may have changed that of the file
    words: np.ndarray  # the samples with the bits around them, in which retired overlays are


def frame_header(header: Dataset, frame: int) -> Dataset:
    """Return the header that applies to one frame.

    Enhanced objects keep in functional groups what others keep at the top level; here it comes back to the top.

    References
    ----------
    PS3.3 C.7.6.16.1.1: a macro is either among the Shared Functional Groups or among those of each frame.
    """
    flat = Dataset()
    flat.set_original_encoding(*header.original_encoding, header.original_character_set)
    flat.file_meta = header.file_meta
    flat.update({tag: header.get_item(tag) for tag in header.keys()})  # noqa: SIM118 - iterating would convert
    for _, macro in _macros(header, frame):
        flat.update({tag: macro.get_item(tag) for tag in macro.keys()})  # noqa: SIM118
    for groups in FUNCTIONAL_GROUPS:
        flat.pop(groups, None)
    return flat


def find_group(header, keyword, frame):
    """Return in which functional group a frame has an attribute: "shared by all frames", "of this frame" or ""."""
    return next((where for where, macro in reversed([*_macros(header, frame)]) if keyword in macro), "")


def _macros(header, frame):
    places = zip(FUNCTIONAL_GROUPS, (0, frame), ("shared by all frames", "of this frame"), strict=True)
    for groups, index, where in places:
        for group in items(attribute(header, groups))[index : index + 1]:
            found = [items(attribute(group, tag)) for tag in group.keys()]  # noqa: SIM118
            yield from ((where, macro[0]) for macro in found if macro)


def read_frame(dataset: Dataset, name: str, frame: int) -> Frame:
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
    Frame

    Raises
    ------
    NoPixelDataError, FrameError, DecodeError

    References
    ----------
    PS3.3 C.7.6.3 (Image Pixel), PS3.5 section 8 (encoding).
    """
    if not any(keyword in dataset for keyword in PIXEL_KEYWORDS):
        raise NoPixelDataError(name, "has no Pixel Data (7FE0,0010)", "look at its header with header_table")
    check_frame(name, frame, count_frames(dataset))
    _check_claims(dataset, name)
    with _decoding(dataset, name):
        return _decode(dataset, frame)


def _decode(dataset, frame):
    syntax = dataset.file_meta.TransferSyntaxUID
    decoder = decoders.find_decoder(syntax)  # first, as an unknown UID has no answer to what follows
    if not numbers(attribute(dataset, "NumberOfFrames", 1)):  # pydicom would give up
        dataset = frame_header(dataset, frame)
        dataset.NumberOfFrames = 1
    if dataset.BitsAllocated == 1 and syntax.is_little_endian and not syntax.is_encapsulated:
        bits = _unpack(dataset, frame)
        return Frame(bits, dataset.PhotometricInterpretation, bits)
    options = as_pixel_options(dataset, correct_unused_bits=syntax.is_encapsulated)
    shifts = None if syntax.is_encapsulated else _spare_bits(dataset)
    if shifts:
        options["view_only"] = True  # the shifted samples are new: one copy is enough
    words, facts = decoder.as_array(dataset, index=frame, raw=True, **options)
    return Frame(_shifted(words, *shifts) if shifts else words, facts["photometric_interpretation"], words)


def _unpack(dataset, frame):
    """PS3.5 8.1.1: frames of bits follow each other without a gap; pydicom 3.0 loses those that begin inside a byte."""
    size = dataset.Rows * dataset.Columns
    first, skipped = divmod(frame * size, 8)
    packed = np.frombuffer(dataset.PixelData, np.uint8, count=-(-(skipped + size) // 8), offset=first)
    return np.unpackbits(packed, bitorder="little")[skipped : skipped + size].reshape(dataset.Rows, dataset.Columns)


def _spare_bits(dataset):
    """PS3.5 8.1.1: samples end at High Bit, which old files do not put at Bits Stored - 1; other bits mean nothing.

    Return by how much to shift to the left, then to the right; None where there are no other bits.
    """
    sizes = [numbers(attribute(dataset, keyword, 0)) for keyword in ("BitsAllocated", "BitsStored", "HighBit")]
    allocated, stored, high = (int(size[0]) if size else 0 for size in sizes)
    if "PixelData" not in dataset or not 0 < stored < allocated:
        return None
    top = high if stored <= high + 1 <= allocated else stored - 1
    return allocated - 1 - top, allocated - stored


def _shifted(words, left, right):
    samples = words << left
    samples >>= right
    return samples


def to_rgb(dataset: Dataset, name: str, frame: Frame) -> np.ndarray:
    """Turn the samples of a colour frame into RGB; grey ones stay as they are.

    Parameters
    ----------
    dataset : Dataset
    name : str
        What errors call the file.
    frame : Frame

    Returns
    -------
    numpy.ndarray
        (row, column, 3), or (row, column) for grey.

    Raises
    ------
    DecodeError
        If a palette is not valid.

    References
    ----------
    PS3.3 C.7.6.3.1.2 (YBR_FULL), C.7.6.3.1.5 (palette).
    """
    with _decoding(dataset, name):
        if frame.color_space == "PALETTE COLOR":
            return look_up(frame.samples, *read_palette(dataset))
        if frame.color_space in ("YBR_FULL", "YBR_FULL_422"):
            return convert_color_space(frame.samples, "YBR_FULL", "RGB")
    return frame.samples


@contextmanager
def _decoding(dataset, name):
    try:
        with quiet():
            yield
    except (*PARSE_ERRORS, RuntimeError, OSError) as error:
        raise DecodeError(name, _reason(dataset, error), "look at its header, or ask for the original") from None


def _check_claims(dataset, name):
    """Refuse to allocate what a few bytes of header ask for."""
    sizes = [numbers(attribute(dataset, keyword)) for keyword in ("Rows", "Columns", "BitsAllocated")]
    if not all(sizes):
        raise DecodeError(name, "lacks Rows, Columns or Bits Allocated", "ask for the original")
    samples = numbers(attribute(dataset, "SamplesPerPixel", 1)) or (1,)
    if np.prod([*(size[0] for size in sizes), samples[0]]) / 8 > MAX_FRAME_BYTES:
        raise DecodeError(name, "Rows and Columns claim a frame of more than 2 GB", "check the header")
    _check_syntax(dataset, name)


def _check_syntax(dataset, name):
    """PS3.5 A.4: items hold frames of compressed syntaxes only; taken for samples they would shift the picture."""
    syntax, pixels = attribute(getattr(dataset, "file_meta", Dataset()), "TransferSyntaxUID"), dataset.get("PixelData")
    if syntax not in UNCOMPRESSED or not pixels:
        return
    if dataset["PixelData"].is_undefined_length and bytes(pixels[:4]) in ITEM_TAGS:
        wrong = f"its Pixel Data (7FE0,0010) lies in items, which {syntax.name} does not have"
        raise DecodeError(name, wrong, "check its Transfer Syntax UID (0002,0010), or ask for the original")


def _reason(dataset, error):
    syntax = dataset.file_meta.get("TransferSyntaxUID") if hasattr(dataset, "file_meta") else None
    if syntax is None:
        return "has no Transfer Syntax UID (0002,0010)"
    if isinstance(error, NotImplementedError):
        return f"there is no decoder for its transfer syntax ({syntax.name})"
    if isinstance(error, RuntimeError):
        return f"its Pixel Data could not be decoded ({syntax.name})"
    return f"its Pixel Data does not match its header or is cut ({syntax.name})"
