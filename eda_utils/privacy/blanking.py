"""Pixels without the text that is written in them, and compressed frames without what is written beside the pixels."""

import numpy as np
import pandas as pd
from pydicom.encaps import encapsulate, generate_frames
from pydicom.uid import ExplicitVRLittleEndian

from ..core import PARSE_ERRORS, FormatError, quiet, source_name
from ..dicom import NATIVE_SYNTAXES, UNCOMPRESSED, attribute, comment_segments, count_frames, without_comments
from ..image import load_image, read_frame, to_rgb
from .burned_in import MOST_FRAMES, count_lines, find_text, ultrasound_regions
from .text_shapes import letter_boxes

MOST_BYTES = 2**31  # of all frames, uncompressed
PASSES = 3  # what stood beside text that is blanked can look like text by itself
SEARCHED_FRAMES = 16  # of a cine: the first, the last and evenly between
OFFSET_TABLES = ("ExtendedOffsetTable", "ExtendedOffsetTableLengths")


def blank_text(dataset, *, ocr=False):
    """Blank the text in the pixels of a data set, in every frame, and look at them again.

    Of a cine 16 frames are searched. Text found on any is blanked on all, with single letters of its size, and in
    ultrasound all that lies outside of its regions, with the value that is most frequent in the image. What is changed
    is stored uncompressed; where there is nothing to blank the pixels stay as they are.

    Parameters
    ----------
    dataset : Dataset
        With Pixel Data; it is changed, and says NO in Burned In Annotation if nothing is found any more.
    ocr : bool
        Read three frames too, to find text.

    Returns
    -------
    share : float
        How much of the image is blank now, from 0 to 1.
    remains : str
        How much looks like text all the same, empty if nothing does.

    Raises
    ------
    EDAError
        If the pixels cannot be decoded, or take more than 2 GB uncompressed.

    References
    ----------
    PS3.15 E.3.1 (Clean Pixel Data Option); PS3.3 C.7.6.1 (Burned In Annotation), C.8.5.5 (ultrasound regions).

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> from eda_utils.privacy.blanking import blank_text
    >>> from eda_utils.dicom import read_dataset
    >>> share, remains = blank_text(read_dataset(get_testdata_file("examples_palette.dcm"), pixels=True))
    >>> 0.2 < share < 0.4, remains
    (True, '')
    """
    if "PixelData" not in dataset:
        return 0.0, ""
    lines = _all_lines(dataset, ocr)
    blank = _outside(dataset)
    for _ in range(PASSES):
        blank |= _mask(dataset, lines)
        if not blank.any():
            return 0.0, ""
        _blank(dataset, blank)
        lines = _all_lines(dataset, ocr)
        if lines.empty:
            dataset.BurnedInAnnotation = "NO"
            break
    return float(blank.mean()), "" if lines.empty else count_lines(lines)


def _all_lines(dataset, ocr):
    """By shape on more frames; reading takes longer."""
    found = [find_text(dataset, frames=SEARCHED_FRAMES)[0]]
    found += [find_text(dataset, ocr=True, frames=MOST_FRAMES)[0]] if ocr else []
    return pd.concat(found, ignore_index=True)


def _outside(dataset):
    image = load_image(dataset)
    regions = ultrasound_regions(image.header, *image.shape[:2])
    mask = np.full(image.shape[:2], bool(regions))
    for place in regions:
        mask[place] = False
    return mask


def _mask(dataset, lines):
    """Lines with a margin of half their height, and letters of the same size on the frames that hold them."""
    mask = np.zeros((int(dataset.Rows), int(dataset.Columns)), bool)
    letters = [letter_boxes(load_image(dataset, frame=int(frame)), lines) for frame in lines["frame"].unique()]
    for boxes, margin in ((lines, 0.5), *((found, 0.25) for found in letters)):
        for box in boxes.itertuples():
            more = int(margin * box.height) + 1
            rows = slice(max(box.row - more, 0), box.row + box.height + more)
            mask[rows, max(box.column - more, 0) : box.column + box.width + more] = True
    return mask


def _blank(dataset, mask):
    name, bits = source_name(dataset), int(dataset.BitsAllocated)
    samples = int(attribute(dataset, "SamplesPerPixel", 1))
    size = mask.size * samples * max(bits // 8, 1) * count_frames(dataset)
    if bits not in (8, 16, 32) or size > MOST_BYTES:
        wrong = "has text in pixels that cannot be blanked (1 bit a pixel, or more than 2 GB uncompressed)"
        raise FormatError(name, wrong, "leave it out of what you pass on")
    syntax, photometric = dataset.file_meta.TransferSyntaxUID, attribute(dataset, "PhotometricInterpretation")
    if syntax in NATIVE_SYNTAXES and photometric != "YBR_FULL_422":
        _blank_native(dataset, mask, samples, np.dtype(f"u{bits // 8}").newbyteorder("<>"[not syntax.is_little_endian]))
    else:
        _blank_decoded(dataset, mask, name)


def _blank_native(dataset, mask, samples, kind):
    """In place, so that all other bits stay."""
    data, frames = bytearray(dataset.PixelData), count_frames(dataset)
    words = np.frombuffer(data, kind, count=frames * mask.size * samples)
    is_planar = samples > 1 and attribute(dataset, "PlanarConfiguration") == 1
    if is_planar:
        words = np.moveaxis(words.reshape(frames, samples, *mask.shape), 1, -1)
    words = words.reshape(frames, *mask.shape, samples) if not is_planar else words
    value = _most_frequent(words[0])
    for frame in words:
        frame[mask] = value
    dataset.PixelData = bytes(data)


def _blank_decoded(dataset, mask, name):
    data, value = bytearray(), None
    for number in range(count_frames(dataset)):
        frame = read_frame(dataset, name, number)
        is_ybr = frame.color_space.startswith("YBR")  # uncompressed, many modules allow only RGB (PS3.3 C.8.5.6.1.2)
        shown = to_rgb(dataset, name, frame) if is_ybr else frame.samples
        pixels = np.array(shown.reshape(*mask.shape, -1))
        value = _most_frequent(pixels) if value is None else value
        pixels[mask] = value
        data += pixels.astype(pixels.dtype.newbyteorder("<")).tobytes()
    bits = pixels.dtype.itemsize * 8
    dataset.PhotometricInterpretation = "RGB" if is_ybr else frame.color_space
    dataset.BitsAllocated = bits
    if pixels.shape[-1] > 1:
        dataset.PlanarConfiguration = 0
    for keyword in OFFSET_TABLES:
        dataset.pop(keyword, None)
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.PixelData = bytes(data) + b"\0" * (len(data) % 2)
    dataset["PixelData"].VR = "OB" if bits == 8 else "OW"
    dataset["PixelData"].is_undefined_length = False


def _most_frequent(pixels):
    """Of each sample of an image: its ground."""
    found = (np.unique(pixels[..., plane], return_counts=True) for plane in range(pixels.shape[-1]))
    return np.array([values[counts.argmax()] for values, counts in found], pixels.dtype)


def strip_comments(dataset):
    """Take comments and metadata segments out of the compressed frames of a data set; the pixels stay the same.

    Parameters
    ----------
    dataset : Dataset
        It is changed if there are any.

    Returns
    -------
    int
        In how many frames there were some.

    References
    ----------
    PS3.5 A.4 (encapsulation). What is kept is said in `codestream.comment_segments`.
    """
    if "PixelData" not in dataset or dataset.file_meta.TransferSyntaxUID in UNCOMPRESSED:
        return 0
    try:
        with quiet():
            frames = list(generate_frames(dataset.PixelData, number_of_frames=count_frames(dataset)))
            changed = sum(bool(comment_segments(frame)) for frame in frames)
            if changed:
                dataset.PixelData = encapsulate([without_comments(frame) for frame in frames])
    except PARSE_ERRORS:  # it cannot be decoded either, and is looked at once more by the audit of the copy
        return 0
    if changed:
        dataset["PixelData"].is_undefined_length = True
        for keyword in OFFSET_TABLES:
            dataset.pop(keyword, None)
    return changed
