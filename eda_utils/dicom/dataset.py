"""Open a DICOM file and ask for attribute values, without surprises from odd files."""

import io
import os
import zlib
from contextlib import suppress
from numbers import Number
from typing import Any

from pydicom import dcmread, uid
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.filereader import _read_file_meta_info as read_file_meta_info, read_preamble
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence

from ..core import HEADER_BYTES, PARSE_ERRORS, EDAError, FormatError, limit_error, open_file, quiet, source_name

NEWER_SYNTAXES = {  # of PS3.6 since 2024; without its name pydicom 3.0 does not know that a syntax is encapsulated
    "1.2.840.10008.1.2.4.110": ("JPEG XL Lossless", "JPEGXLLossless"),
    "1.2.840.10008.1.2.4.111": ("JPEG XL JPEG Recompression", "JPEGXLJPEGRecompression"),
    "1.2.840.10008.1.2.4.112": ("JPEG XL", "JPEGXL"),
    "1.2.840.10008.1.2.8.1": ("Deflated Image Frame Compression", "DeflatedImageFrameCompression"),
}
for _uid, (_name, _keyword) in NEWER_SYNTAXES.items():
    uid.UID_dictionary.setdefault(_uid, (_name, "Transfer Syntax", "", "", _keyword))
ImageSource = str | os.PathLike | bytes | Dataset
PIXEL_KEYWORDS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
UNDEFINED_LENGTH = 0xFFFFFFFF
MOST_LEVELS = 100  # of sequences; pydicom calls itself for each
HEAD_BYTES, PIECE_BYTES = 1024, 2**20
DEFLATED = uid.DeflatedExplicitVRLittleEndian.encode()
# Functional group macros (PS3.3 C.7.6.16.2) in which enhanced objects keep what others keep at the top level
MACROS = {
    "PixelSpacing": "PixelMeasuresSequence",
    "SliceThickness": "PixelMeasuresSequence",
    "RescaleSlope": "PixelValueTransformationSequence",
    "RescaleIntercept": "PixelValueTransformationSequence",
    "RescaleType": "PixelValueTransformationSequence",
    "WindowCenter": "FrameVOILUTSequence",
    "WindowWidth": "FrameVOILUTSequence",
    "WindowCenterWidthExplanation": "FrameVOILUTSequence",
    "VOILUTFunction": "FrameVOILUTSequence",
}


def read_dataset(
    source: ImageSource, *, pixels: bool = False, defer_bytes: int | None = None, most_bytes: int = HEADER_BYTES
) -> Dataset:
    """Read the data set of one DICOM file.

    Files without the 128-byte preamble or without File Meta Information are read too. Nothing true is as large as the
    bounds: 64 MB for a header or an inflated data set, 100 levels of sequences, 8 s.

    Parameters
    ----------
    source : str, Path, bytes or Dataset
        A Dataset is returned as it is.
    pixels : bool
        Whether to read Pixel Data and what follows it as well.
    defer_bytes : int, optional
        Leave values that are longer in the file.
    most_bytes : int
        Of a header, and of a deflated data set once it is inflated.

    Returns
    -------
    pydicom.dataset.Dataset
        With a transfer syntax, if need be the one that reading it revealed, and with an attribute `header_bytes`,
        the position of Pixel Data in the file.

    Raises
    ------
    MissingError, AccessError
        If the file is not there or may not be opened.
    FormatError
        If the content is not DICOM or is cut inside its header.
    LimitError
        If it is beyond a bound.

    References
    ----------
    PS3.10 section 7.

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> from eda_utils.dicom import read_dataset
    >>> read_dataset(get_testdata_file("CT_small.dcm")).Modality
    'CT'
    """
    if isinstance(source, Dataset):
        return source
    name = source_name(source)
    with open_file(source, None if pixels else most_bytes) as file, quiet():
        try:
            _refuse_bomb(file, name, most_bytes)
            if pixels and isinstance(file, io.BufferedReader) and _size(file) > most_bytes:
                read_dataset(source, most_bytes=most_bytes)  # by itself, to bound it
            file.seek(0)
            dataset = dcmread(file, defer_bytes, stop_before_pixels=not pixels, force=True)
            dataset.header_bytes = file.tell()  # reading stopped before Pixel Data, or at what has no end
            is_open = not pixels and file.read(2) not in (b"", b"\xe0\x7f", b"\x7f\xe0")
            _refuse_depth(dataset)
            _refuse_nonsense(dataset, name, _size(file), is_open)
            _complete_transfer_syntax(dataset)
        except EDAError:
            raise
        except RecursionError:
            raise limit_error(name, f"its sequences are nested more than {MOST_LEVELS} levels deep") from None
        except (*PARSE_ERRORS, OSError) as error:
            wrong = f"is not readable as DICOM ({type(error).__name__})"
            raise FormatError(name, wrong, "check that the copy is complete") from None
    return dataset


def _size(file):
    """Members of archives know their size; going to their end would unpack them."""
    return file.size if hasattr(file, "size") else file.seek(0, io.SEEK_END)


def _refuse_bomb(file, name, most_bytes):
    """Inflate a deflated data set piece by piece (PS3.5 A.5): pydicom would all at once, and 1 MB can become 2 GB."""
    head = file.read(HEAD_BYTES)
    file.seek(0)
    if DEFLATED not in head:
        return
    read_preamble(file, force=True)
    read_file_meta_info(file)
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    while not inflater.eof and (packed := inflater.unconsumed_tail or file.read(PIECE_BYTES)):
        most_bytes -= len(inflater.decompress(packed, PIECE_BYTES))
        if most_bytes < 0:
            raise limit_error(name)
    file.seek(0)


def _refuse_depth(dataset):
    """Those of undefined length, which are read at once; others are read when they are asked for."""
    level = [dataset]
    for _ in range(MOST_LEVELS + 1):
        read = (element for place in level for element in place.values() if not isinstance(element, RawDataElement))
        level = [item for element in read if element.VR == "SQ" for item in element.value]
        if not level:
            return
    raise RecursionError


def _refuse_nonsense(dataset, name, size, is_open):
    groups = {tag.group for tag in (*dataset.keys(), *dataset.file_meta.keys())}
    if not groups & {0x0002, 0x0004, 0x0008, 0x0010, 0x0028}:
        raise FormatError(name, "is not a DICOM file: it has no data elements", "check where it comes from")
    if is_open or _is_cut(dataset, size):
        raise FormatError(name, "is cut inside its header", "copy the file again")


def _is_cut(dataset, size):
    """Whether the file ends inside the value, or inside the tag and length, of an element before Pixel Data.

    pydicom returns what came before without a word.
    """
    if not len(dataset):
        return dataset.header_bytes >= size
    end = _header_end(dataset)
    has_pixels = max(dataset.keys()).group == 0x7FE0
    return bool(end) and not has_pixels and (end > size or end < size <= dataset.header_bytes)


def _header_end(dataset):
    """Return at which byte the last element of a data set just read ends, 0 where that is not known."""
    if attribute(dataset.file_meta, "TransferSyntaxUID") == uid.DeflatedExplicitVRLittleEndian:
        return 0  # positions are those of the inflated stream
    last = dataset.get_item(max(dataset.keys()), keep_deferred=True)
    length, start = getattr(last, "length", UNDEFINED_LENGTH), getattr(last, "value_tell", None)
    return start + length if start and length != UNDEFINED_LENGTH else 0


def _complete_transfer_syntax(dataset):
    """Files without File Meta Information say by their encoding what their transfer syntax is (PS3.5 10)."""
    if attribute(dataset.file_meta, "TransferSyntaxUID"):
        return
    implicit, little = dataset.original_encoding
    explicit = uid.ExplicitVRLittleEndian if little else uid.ExplicitVRBigEndian
    dataset.file_meta.TransferSyntaxUID = uid.ImplicitVRLittleEndian if implicit else explicit


def without_pixels(dataset: Dataset) -> Dataset:
    """Return a copy of a header; the caller's Dataset stays whole, and elements that cannot be read are left out."""
    header = Dataset()
    header.set_original_encoding(*dataset.original_encoding, dataset.original_character_set)
    for tag in [tag for tag in dataset.keys() if tag.group != 0x7FE0]:  # noqa: SIM118 - iterating would convert
        with suppress(*PARSE_ERRORS), quiet():
            header[tag] = dataset.get_item(tag)
    return header


def attribute(dataset: Dataset, keyword: str, default: Any = None, *, frame: int = 0) -> Any:
    """Return the value of an attribute that applies to one frame.

    Parameters
    ----------
    dataset : Dataset
    keyword : str
        A DICOM keyword.
    default
        Returned when the attribute is absent, empty or cannot be converted.
    frame : int
        For enhanced multi-frame objects: the functional groups of this frame, then the shared ones, then the top level.

    References
    ----------
    PS3.3 C.7.6.16.1.1 (Per-Frame Functional Groups take the place of Shared ones for a macro).

    Examples
    --------
    >>> from pydicom.dataset import Dataset
    >>> from eda_utils.dicom import attribute
    >>> attribute(Dataset(), "WindowCenter", 40)
    40
    """
    for place in _places(dataset, MACROS.get(keyword), frame):
        value = _value(place, keyword)
        if value is not None:
            return value
    return default


def _places(dataset, macro, frame):
    if macro:
        for groups, index in (("PerFrameFunctionalGroupsSequence", frame), ("SharedFunctionalGroupsSequence", 0)):
            for group in items(_value(dataset, groups))[index : index + 1]:
                yield from items(_value(group, macro))[:1]
    yield dataset


def _value(dataset, keyword):
    if keyword not in dataset:
        return None
    with quiet():
        try:
            value = dataset[keyword].value
        except (*PARSE_ERRORS, OSError):  # pydicom raises it for a sequence that breaks off
            return None
    return None if value is None or (hasattr(value, "__len__") and len(value) == 0) else value


def numbers(value: object) -> tuple[float, ...]:
    """Return the finite numbers of a single- or multi-valued attribute as a tuple of floats, empty if one is missing.

    Examples
    --------
    >>> from eda_utils.dicom import numbers
    >>> numbers(["0.5", "0.5"]), numbers(None), numbers("")
    ((0.5, 0.5), (), ())
    """
    values = value if isinstance(value, (MultiValue, list, tuple)) else [value]
    try:
        found = tuple(float(item) for item in values if isinstance(item, (Number, str)))
    except ValueError:
        return ()
    is_complete = len(found) == len(values) and all(abs(item) < float("inf") for item in found)
    return found if is_complete else ()


def count_frames(dataset: Dataset) -> int:
    """Return Number of Frames, 1 where it is absent or senseless."""
    frames = numbers(attribute(dataset, "NumberOfFrames", 1)) or (1,)
    return max(int(frames[0]), 1)


def texts(value: object) -> tuple[str, ...]:
    """Return the texts of a single- or multi-valued attribute as a tuple, without padding; empty if it is no text.

    Examples
    --------
    >>> from eda_utils.dicom import texts
    >>> texts("LINEAR "), texts(["A", "B"]), texts(None), texts(7)
    (('LINEAR',), ('A', 'B'), (), ())
    """
    values = value if isinstance(value, (MultiValue, list, tuple)) else [value]
    return tuple(str(text).strip("\0 ") for text in values if isinstance(text, str))


def items(value: object) -> tuple[Dataset, ...]:
    """Return the items of a sequence as a tuple, empty if it is none.

    Examples
    --------
    >>> from pydicom.dataset import Dataset
    >>> from pydicom.sequence import Sequence
    >>> from eda_utils.dicom import items
    >>> len(items(Sequence([Dataset()]))), items(b"1234"), items(None)
    (1, (), ())
    """
    return tuple(value) if isinstance(value, Sequence) else ()
