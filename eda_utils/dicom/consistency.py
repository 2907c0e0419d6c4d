"""What a header claims about its pixels against the bytes that are there, before anything is decoded."""

from math import prod

from pydicom.dataset import Dataset
from pydicom.encaps import get_frame
from pydicom.uid import RLELossless

from ..core import PARSE_ERRORS, DecodeError, quiet
from .cells import UNCOMPRESSED
from .codestream import END, JPEG, JPEG_2000, stream_size
from .dataset import PIXEL_KEYWORDS, attribute, count_frames, numbers
from .encapsulated import CUT_PIXELS, OTHER_SIZE

LEAST_FRAME = 10  # bytes: an item and its shortest content (PS3.5 A.4)
RLE_RATIO = 64  # PS3.5 G.3.1: two bytes stand for at most 128
LARGE, ABSURD_RATIO = 2**28, 100_000  # an even image can be compressed without limit, but large ones are not even
HEAD = 2**16  # bytes of a code stream in which its size is looked for
NEAR_END = 1024


def check_claims(dataset: Dataset, name: str, frame: int) -> None:
    """Raise if the header of a DICOM image claims more pixels than its bytes can hold, or a code stream is cut.

    Some decoders fill up what is missing, others search for it for seconds.

    Parameters
    ----------
    dataset : Dataset
        With Pixel Data.
    name : str
        What errors call the file.
    frame : int
        The one whose code stream is looked at, if pixels are compressed.

    Raises
    ------
    DecodeError

    References
    ----------
    PS3.5 8.1.1 (native: rows × columns × samples × frames × bits), A.4 (encapsulated). ITU-T T.81 B.2.1 and T.800
    A.4.4: a code stream ends with the marker FFD9.
    """
    data = next((dataset[keyword].value for keyword in PIXEL_KEYWORDS if keyword in dataset), None)
    keywords = ("Rows", "Columns", "BitsAllocated", "SamplesPerPixel")
    sizes = [numbers(attribute(dataset, keyword, 1)) for keyword in keywords]
    if not isinstance(data, bytes) or not all(sizes):
        return  # reading the frame says what is missing
    syntax, frames = attribute(dataset.file_meta, "TransferSyntaxUID"), count_frames(dataset)
    claimed = prod(size[0] for size in sizes) / 8
    if syntax in UNCOMPRESSED:
        is_halved = attribute(dataset, "PhotometricInterpretation") == "YBR_FULL_422"  # PS3.3 C.7.6.3.1.2
        if claimed * frames * (2 / 3 if is_halved else 1) > len(data):
            raise DecodeError(name, CUT_PIXELS, "copy the file again")
    else:
        _check_compressed(data, name, frames, claimed, syntax)
        _check_stream(_stream(data, frame, frames), name, (sizes[0][0], sizes[1][0]))


def _check_compressed(data, name, frames, claimed, syntax):
    is_absurd = claimed > (RLE_RATIO if syntax == RLELossless else ABSURD_RATIO) * len(data)
    if frames * LEAST_FRAME > len(data) or (is_absurd and (syntax == RLELossless or claimed > LARGE)):
        wrong = "its header claims more pixels than its Pixel Data (7FE0,0010) can hold"
        raise DecodeError(name, wrong, "check the header")


def _stream(data, frame, frames):
    if frames == 1:  # its beginning and end are enough: the whole would be copied
        start = 16 + int.from_bytes(data[4:8], "little")  # PS3.5 A.4: behind the offset table and the header of an item
        return data[start : start + HEAD] + data[-NEAR_END:]
    try:
        with quiet():
            return get_frame(data, frame, number_of_frames=frames)
    except PARSE_ERRORS:  # decoding says what is wrong
        return b""


def _check_stream(stream, name, size):
    if stream.startswith((JPEG, JPEG_2000)) and END not in stream[-NEAR_END:]:
        raise DecodeError(name, "its code stream is cut: the end marker is missing", "copy the file again")
    found = stream_size(stream)
    if found and found != size:
        raise DecodeError(name, OTHER_SIZE, "check the header, or ask for the original")
