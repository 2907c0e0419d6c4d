"""A few bytes of header do not make us allocate gigabytes, and honest files are let through."""

from functools import partial

import imagecodecs
import numpy as np
import pydicom
import pytest
from parts import dicom_files, for_each
from pydicom.encaps import encapsulate, get_frame
from pydicom.uid import JPEG2000Lossless, JPEGBaseline8Bit, JPEGLossless, JPEGLSLossless, RLELossless

from eda_utils.core.errors import DecodeError, EDAError
from eda_utils.dicom.codestream import stream_size
from eda_utils.dicom.consistency import check_claims
from eda_utils.dicom.dataset import count_frames, read_dataset
from eda_utils.image.frames import read_frame

random = np.random.default_rng(0)
CODE_STREAM = partial(imagecodecs.jpeg2k_encode, codecformat="j2k")
PIXELS = np.arange(40 * 50, dtype=np.uint16).reshape(40, 50)
CUT_STREAM = "image.dcm: its code stream is cut: the end marker is missing; copy the file again."
CUT = "image.dcm: the file is cut inside its Pixel Data (7FE0,0010); copy the file again."
TOO_MANY = "image.dcm: its header claims more pixels than its Pixel Data (7FE0,0010) can hold; check the header."
ANOTHER = (
    "image.dcm: Rows and Columns differ from the size that its code stream states; "
    "check the header, or ask for the original."
)


@pytest.fixture
def make_encapsulated(make_dicom):
    """Write a small image whose pixel data are given code streams."""

    def make(streams, syntax, **attributes):
        dataset = pydicom.dcmread(make_dicom(PIXELS))
        dataset.file_meta.TransferSyntaxUID = syntax
        dataset.PixelData = encapsulate(streams)
        dataset["PixelData"].is_undefined_length = True
        dataset.NumberOfFrames = len(streams)
        for keyword, value in attributes.items():
            setattr(dataset, keyword, value)
        dataset.save_as(dataset.filename)
        return dataset.filename

    return make


def claimed(path, frame=0):
    try:
        return check_claims(read_dataset(path, pixels=True), "image.dcm", frame)
    except DecodeError as error:
        return str(error)


@pytest.mark.slow
@for_each(dicom_files)
def test_what_can_be_decoded_is_let_through(path):
    try:
        dataset = read_dataset(path, pixels=True)
        read_frame(dataset, path.name, count_frames(dataset) - 1)
    except EDAError:
        return
    check_claims(dataset, path.name, count_frames(dataset) - 1)


@for_each(dicom_files)
def test_code_streams_of_real_files(path):
    try:
        dataset = read_dataset(path, pixels=True)
    except EDAError:
        return
    syntax = dataset.file_meta.TransferSyntaxUID
    if "PixelData" in dataset and ("JPEG" in syntax.name or "HT-J2K" in syntax.name):
        stream = get_frame(dataset.PixelData, 0, number_of_frames=count_frames(dataset))
        assert stream_size(stream) == (dataset.Rows, dataset.Columns)


@pytest.mark.parametrize(
    "encode",
    [
        imagecodecs.jpegls_encode,
        CODE_STREAM,
        lambda pixels: imagecodecs.jpeg2k_encode(pixels, codecformat="jp2"),
        lambda pixels: imagecodecs.jpeg8_encode(np.uint8(pixels)),
        lambda pixels: imagecodecs.jpeg_encode(pixels, lossless=True, bitspersample=16),
    ],
)
def test_size_of_a_code_stream(encode):
    stream = encode(PIXELS)
    assert stream_size(stream) == PIXELS.shape
    for end in range(len(stream)):
        assert stream_size(stream[:end]) in (None, PIXELS.shape)


@pytest.mark.parametrize("stream", [b"", b"\xff\xd8", b"\xff\xd8\xff\xff\xff", b"\xff\xd8" + b"\xff" * 99, b"\0" * 99])
def test_no_code_stream(stream):
    assert stream_size(stream) is None


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ({}, None),
        ({"Rows": 41}, CUT),
        ({"Rows": 60000, "Columns": 60000}, CUT),
        ({"NumberOfFrames": 2}, CUT),
        ({"NumberOfFrames": 10**9}, CUT),
        ({"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB", "PlanarConfiguration": 0}, CUT),
        ({"BitsAllocated": 32}, CUT),
        ({"Rows": 39}, None),
        ({"Rows": None}, None),  # reading the frame says so
    ],
)
def test_native_pixels_must_be_there(make_dicom, attributes, said):
    assert claimed(make_dicom(PIXELS, **attributes)) == said


def test_chrominance_of_half_the_columns_needs_less(make_dicom):
    half = np.zeros((40, 50, 2), np.uint8)
    attributes = {"SamplesPerPixel": 3, "PlanarConfiguration": 0, "BitsAllocated": 8, "Rows": 40, "Columns": 50}
    path = make_dicom(half.reshape(40, 100), PhotometricInterpretation="YBR_FULL_422", **attributes)
    assert claimed(path) is None
    assert claimed(make_dicom(half.reshape(40, 100), PhotometricInterpretation="RGB", **attributes)) == CUT


@pytest.mark.parametrize(
    ("syntax", "encode"),
    [(JPEGLSLossless, imagecodecs.jpegls_encode), (JPEG2000Lossless, CODE_STREAM)],
)
def test_a_code_stream_of_another_size(make_encapsulated, syntax, encode):
    fine, other = encode(PIXELS), encode(np.zeros((41, 50), np.uint16))
    assert claimed(make_encapsulated([fine], syntax)) is None
    assert claimed(make_encapsulated([other], syntax)) == ANOTHER
    path = make_encapsulated([fine, other], syntax)
    assert claimed(path) is None
    assert claimed(path, 1) == ANOTHER


@pytest.mark.parametrize(
    ("syntax", "encode"),
    [
        (JPEGLSLossless, imagecodecs.jpegls_encode),
        (JPEG2000Lossless, CODE_STREAM),
        (JPEGLossless, lambda pixels: imagecodecs.jpeg_encode(pixels, lossless=True, bitspersample=16)),
    ],
)
def test_a_code_stream_without_its_end(make_encapsulated, syntax, encode):
    stream = encode(random.integers(0, 4096, PIXELS.shape).astype(np.uint16))
    assert claimed(make_encapsulated([stream], syntax)) is None
    assert claimed(make_encapsulated([stream + b"\0" * 100], syntax)) is None
    for end in (-2, -20, len(stream) // 2):
        assert claimed(make_encapsulated([stream[:end]], syntax)) == CUT_STREAM


def test_more_frames_than_bytes(make_encapsulated):
    fine = imagecodecs.jpegls_encode(PIXELS)
    assert claimed(make_encapsulated([fine], JPEGLSLossless, NumberOfFrames=10**6)) == TOO_MANY


def test_run_lengths_stand_for_no_more_than_64_times_their_bytes(make_encapsulated):
    stream = b"\0" * 500
    assert claimed(make_encapsulated([stream], RLELossless, Rows=40, Columns=50)) is None
    assert claimed(make_encapsulated([stream], RLELossless, Rows=400, Columns=500)) == TOO_MANY


def test_an_absurd_ratio(make_encapsulated):
    stream = b"\xff\xd8\xff\xc0" + b"\0" * 100
    how = {"Rows": 20000, "Columns": 20000}
    assert claimed(make_encapsulated([stream], JPEGBaseline8Bit, **how)) == TOO_MANY


def test_an_even_picture_may_be_small(make_encapsulated):
    """Four megapixels in some hundred bytes are no attack."""
    for syntax, encode in ((JPEGLSLossless, imagecodecs.jpegls_encode), (JPEG2000Lossless, CODE_STREAM)):
        stream = encode(np.zeros((2048, 2048), np.uint16))
        assert len(stream) < 2000
        assert claimed(make_encapsulated([stream], syntax, Rows=2048, Columns=2048)) is None
