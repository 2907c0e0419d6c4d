"""Text goes, everything else stays: checked against pixels that we wrote ourselves."""

import io
import warnings

import numpy as np
import pytest
from PIL import Image as Pillow
from pydicom import dcmread, dcmwrite
from pydicom.encaps import encapsulate
from pydicom.uid import ExplicitVRBigEndian, JPEGBaseline8Bit, RLELossless
from written import region, smooth, write_text

from eda_utils import load_image
from eda_utils.core.errors import FormatError
from eda_utils.dicom.dataset import read_dataset
from eda_utils.privacy import text_boxes
from eda_utils.privacy.blanking import blank_text, strip_comments
from eda_utils.samples.fetch import CANARY

BIG = {"little_endian": False, "implicit_vr": False, "force_encoding": True}
AROUND = 24  # pixels around the text that may be blanked with it


def written_file(make_dicom, shape=(3, 256, 320), kind=np.uint8, **attributes):
    frames = np.stack([smooth(shape[1:3], seed=number, kind=kind) for number in range(shape[0])])
    frames = frames if len(shape) == 3 else np.repeat(frames[..., None], 3, axis=-1)
    written = np.stack([write_text(frame)[0] for frame in frames])
    rows, columns = write_text(frames[0])[1]
    facts = {"NumberOfFrames": shape[0]} if shape[0] > 1 else {}
    path = make_dicom(written if shape[0] > 1 else written[0], **facts | attributes)
    near = slice(0, rows.stop + AROUND), slice(0, columns.stop + AROUND)
    return read_dataset(path, pixels=True), written, (rows, columns), near


def check(dataset, written, place, near):
    after = dataset.pixel_array.reshape(written.shape)
    assert all(text_boxes(frame).empty for frame in after)
    assert all(len(np.unique(frame[place].reshape(-1, *frame.shape[2:]), axis=0)) == 1 for frame in after)
    is_far = np.ones(written.shape[1:3], bool)
    is_far[near] = False
    assert np.array_equal(after[:, is_far], written[:, is_far])


@pytest.mark.slow
@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.int16])
@pytest.mark.parametrize("frames", [1, 3])
def test_native(make_dicom, kind, frames):
    dataset, *expected = written_file(make_dicom, (frames, 256, 320), kind)
    share, remains = blank_text(dataset)
    assert 0 < share < 0.3
    assert remains == ""
    assert dataset.BurnedInAnnotation == "NO"
    check(dataset, *expected)


@pytest.mark.parametrize("planar", [0, 1])
def test_colour(make_dicom, planar):
    dataset, written, *places = written_file(make_dicom, (2, 256, 320, 3))
    if planar:
        dataset.PlanarConfiguration, dataset.PixelData = 1, np.moveaxis(written, -1, 1).tobytes()
    blank_text(dataset)
    check(dataset, written, *places)


@pytest.mark.parametrize("syntax", [RLELossless, ExplicitVRBigEndian])
def test_other_transfer_syntaxes(make_dicom, syntax, tmp_path):
    dataset, *expected = written_file(make_dicom, (1, 256, 320), np.uint16)
    if syntax == RLELossless:
        dataset.compress(syntax)
    else:
        dataset.PixelData = np.frombuffer(dataset.PixelData, "<u2").astype(">u2").tobytes()
        dataset.file_meta.TransferSyntaxUID = syntax
    dcmwrite(tmp_path / "other", dataset, **BIG if syntax == ExplicitVRBigEndian else {})
    dataset = read_dataset(tmp_path / "other", pixels=True)
    blank_text(dataset)
    assert not dataset.file_meta.TransferSyntaxUID.is_encapsulated
    dataset.save_as(tmp_path / "blanked", enforce_file_format=True)
    check(dcmread(tmp_path / "blanked"), *expected)


def test_without_text_pixels_stay(make_dicom):
    dataset = read_dataset(make_dicom(smooth()), pixels=True)
    before = dataset.PixelData
    assert blank_text(dataset) == (0.0, "")
    assert dataset.PixelData is before
    assert "BurnedInAnnotation" not in dataset


def test_outside_of_ultrasound_regions(make_dicom):
    facts = {"Modality": "US", "SequenceOfUltrasoundRegions": [region(60, 900, 20, 900)]}
    dataset = read_dataset(make_dicom(smooth(), **facts), pixels=True)
    share, remains = blank_text(dataset)
    assert share == pytest.approx(1 - 196 * 300 / (256 * 320))
    assert remains == ""
    after = dataset.pixel_array
    assert np.array_equal(after[60:, 20:], smooth()[60:, 20:])
    assert len(np.unique(after[:60])) == len(np.unique(after[:, :20])) == 1


def test_what_has_no_pixels():
    assert blank_text(dcmread(io.BytesIO(), force=True)) == (0.0, "")


def test_one_bit_a_pixel_is_refused(make_dicom):
    mask = write_text(np.zeros((64, 320), np.uint8))[0] > 127
    dataset = read_dataset(make_dicom(mask.astype(np.uint8)), pixels=True)
    dataset.BitsAllocated = dataset.BitsStored = 1
    dataset.HighBit, dataset.PixelData = 0, np.packbits(mask, bitorder="little").tobytes()
    with pytest.raises(FormatError):
        blank_text(dataset)


@pytest.mark.slow
def test_cines_of_samples_lose_their_text(samples):
    path = samples / "PAT0009/ST0001/SE0001/IM0002.dcm"
    dataset = read_dataset(path, pixels=True)
    _, remains = blank_text(dataset)
    assert remains == ""
    before, after = load_image(path, frame=3).pixels, load_image(dataset, frame=3).pixels
    is_same = (before == after).all(-1)
    assert 0.6 < is_same.mean() < 1
    assert len(np.unique(after[~is_same], axis=0)) == 1
    assert all(text_boxes(load_image(dataset, frame=number)).empty for number in (0, 15, 29))


def jpeg_file(make_dicom, comment):
    frames = []
    for number in range(2):
        buffer = io.BytesIO()
        Pillow.fromarray(smooth(seed=number)).save(buffer, "JPEG", **{"comment": comment} if comment else {})
        frames.append(buffer.getvalue())
    dataset = read_dataset(make_dicom(smooth(), NumberOfFrames=2), pixels=True)
    dataset.file_meta.TransferSyntaxUID, dataset.PixelData = JPEGBaseline8Bit, encapsulate(frames)
    dataset["PixelData"].VR, dataset["PixelData"].is_undefined_length = "OB", True
    return dataset


def test_comments_of_frames_are_stripped(make_dicom, tmp_path):
    dataset, plain = jpeg_file(make_dicom, CANARY), jpeg_file(make_dicom, "")
    assert strip_comments(dataset) == 2
    assert CANARY.encode() not in dataset.PixelData
    assert np.array_equal(load_image(dataset, frame=1).pixels, load_image(plain, frame=1).pixels)
    before = plain.PixelData
    assert strip_comments(plain) == 0
    assert plain.PixelData is before
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        dataset.save_as(tmp_path / "stripped", enforce_file_format=True)
    assert np.array_equal(dcmread(tmp_path / "stripped").pixel_array, plain.pixel_array)


@pytest.mark.parametrize("content", [b"", b"\0" * 30, b"\xfe\xff\x00\xe0\xff\xff\0\0"])
def test_damaged_frames_are_left(make_dicom, content):
    dataset = jpeg_file(make_dicom, CANARY)
    dataset.PixelData = content
    assert strip_comments(dataset) == 0
    assert dataset.PixelData == content
