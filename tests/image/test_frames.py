"""Frames are decoded exactly, and claims of a header are not believed blindly."""

import io
import subprocess

import numpy as np
import pydicom
import pytest
from parts import program
from PIL import Image as Pillow
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence

from eda_utils import load_image, to_display
from eda_utils.core.errors import DecodeError, FrameError, NoPixelDataError
from eda_utils.image.frames import find_group, frame_header, read_frame


def test_each_frame(make_dicom):
    pixels = np.arange(24, dtype=np.uint8).reshape(3, 2, 4)
    path = make_dicom(pixels, NumberOfFrames=3)
    for number in range(3):
        image = load_image(path, frame=number)
        assert np.array_equal(image, pixels[number])
        assert (image.frame, image.frames) == (number, 3)


@pytest.mark.parametrize("frame", [-1, 3])
def test_no_such_frame(make_dicom, frame):
    path = make_dicom(np.zeros((3, 2, 4), np.uint8), NumberOfFrames=3)
    with pytest.raises(FrameError) as caught:
        load_image(path, frame=frame)
    assert str(caught.value) == f"image.dcm: frame {frame} is outside of its 3; give a frame from 0 to 2."


def test_no_picture():
    with pytest.raises(NoPixelDataError) as caught:
        load_image(get_testdata_file("rtplan.dcm"))
    text = "rtplan.dcm: has no Pixel Data (7FE0,0010); look at its header with header_table."
    assert str(caught.value) == text


def test_absurd_size_is_refused_before_memory_is_asked_for(make_dicom):
    path = make_dicom(np.zeros((2, 2), np.uint16), Rows=65535, Columns=65535)
    with pytest.raises(DecodeError) as caught:
        load_image(path)
    assert str(caught.value) == "image.dcm: Rows and Columns claim a frame of more than 2 GB; check the header."


def test_items_are_not_taken_for_samples(make_dicom):
    """Else every value is that of another place; an end that is not needed does no harm (PS3.5 A.4)."""
    stored = np.arange(64, dtype=np.uint16).reshape(8, 8)
    dataset = pydicom.dcmread(make_dicom(stored))
    dataset["PixelData"].is_undefined_length = True
    assert np.array_equal(read_frame(dataset, "a", 0).samples, stored)
    dataset.PixelData = encapsulate([stored.tobytes()])
    dataset["PixelData"].is_undefined_length = True
    with pytest.raises(DecodeError, match="lies in items, which Explicit VR Little Endian does not have"):
        read_frame(dataset, "a", 0)


def test_cut_pixels(make_dicom):
    path = make_dicom(np.zeros((2, 2), np.uint16), Rows=20)
    with pytest.raises(DecodeError) as caught:
        load_image(path)
    assert str(caught.value) == (
        "image.dcm: its Pixel Data does not match its header or is cut (Explicit VR Little Endian); "
        "look at its header, or ask for the original."
    )


def test_big_endian_palette_equals_little_endian(samples, corpus):
    """pydicom 3.0 shows the big endian one black."""
    path = corpus / "robyoung__dicom-test-files" / "data" / "pydicom" / "OBXXXX1A_expb.dcm"
    assert load_image(path).pixels.std() > 0


def item(**attributes):
    made = Dataset()
    for keyword, value in attributes.items():
        setattr(made, keyword, value)
    return made


def enhanced():
    """Slope shared by all frames; a window, a VOI LUT and a shutter of each."""
    frames = []
    for number in (1, 2):
        lut = item(LUTDescriptor=[2, 0, 16], LUTData=[0, 65535 // number])
        lut["LUTDescriptor"].VR = lut["LUTData"].VR = "US"
        voi = item(WindowCenter=10 * number, WindowWidth=5, VOILUTFunction="LINEAR_EXACT", VOILUTSequence=[lut])
        shutter = item(ShutterShape="CIRCULAR", CenterOfCircularShutter=[1, 1], RadiusOfCircularShutter=number)
        frames.append(item(FrameVOILUTSequence=[voi], FrameDisplayShutterSequence=[shutter]))
    slope = item(RescaleSlope=3, RescaleIntercept=1, RescaleType="US")
    detector = item(ImagerPixelSpacing=[0.2, 0.2])
    shared = item(PixelValueTransformationSequence=[slope], FramePixelDataPropertiesSequence=[detector])
    return {
        "NumberOfFrames": 2,
        "SharedFunctionalGroupsSequence": Sequence([shared]),
        "PerFrameFunctionalGroupsSequence": Sequence(frames),
        "WindowCenter": 99,  # the groups go before the top level
        "WindowWidth": 99,
    }


def test_the_header_of_a_frame(make_dicom):
    dataset = pydicom.dcmread(make_dicom(np.zeros((2, 2, 2), np.uint8), **enhanced()))
    for frame, center in ((0, 10), (1, 20)):
        header = frame_header(dataset, frame)
        assert (header.WindowCenter, header.RescaleSlope) == (center, 3)
        assert "PerFrameFunctionalGroupsSequence" not in header
    assert dataset.WindowCenter == 99
    assert find_group(dataset, "RescaleSlope", 1) == "shared by all frames"
    assert find_group(dataset, "WindowCenter", 1) == "of this frame"
    assert find_group(dataset, "Rows", 1) == ""
    assert frame_header(dataset, 7).WindowCenter == 99  # there is no group for it


def test_everything_of_a_functional_group_is_used(make_dicom):
    """An enhanced XA: window, VOI LUT, shutter and spacing are where pydicom's functions do not look."""
    image = load_image(make_dicom(np.ones((2, 2, 2), np.uint8), **enhanced()), frame=1)
    assert image.pixels.tolist() == [[4, 4], [4, 4]]
    assert image.windows[0][:3] == (20, 5, "LINEAR_EXACT")
    assert image.windows[1].lut[1].tolist() == pytest.approx([0, 32767 / 65535])
    assert image.shutter is None  # two pixels reach as far as the corner
    assert load_image(make_dicom(np.ones((2, 2, 2), np.uint8), **enhanced())).shutter.tolist() == [[0, 0], [0, 1]]
    assert (image.spacing_mm, image.spacing_source) == ((0.2, 0.2), "ImagerPixelSpacing, at the detector")


@pytest.mark.parametrize(("stored", "high", "sign"), [(12, 11, 0), (12, 15, 0), (12, 13, 0), (12, 15, 1), (12, 12, 1)])
def test_high_bit(make_dicom, stored, high, sign):
    """PS3.5 8.1.1: the other bits mean nothing. Where pixels do not begin at bit 0, pydicom 3.0 returns other bits."""
    values = np.array([[-2048, -1, 7, 2047]] if sign else [[0, 1, 7, 4095]])
    down = high + 1 - stored
    spare = 0xFFFF ^ (((1 << stored) - 1) << down)
    words = ((values & 0xFFF) << down | spare).astype(np.uint16)
    window = {"WindowCenter": 0 if sign else 2048, "WindowWidth": 4096}
    path = make_dicom(words, BitsStored=stored, HighBit=high, PixelRepresentation=sign, **window)
    image = load_image(path)
    assert image.pixels.tolist() == values.tolist()
    answer = subprocess.run([program("dcm2pnm"), "+Wi", "1", str(path)], capture_output=True, check=True)
    expected = np.asarray(Pillow.open(io.BytesIO(answer.stdout))).astype(int)
    assert np.abs(to_display(image) - expected).max() <= 1


@pytest.mark.parametrize("high", [None, 99, 3])
def test_a_senseless_high_bit_is_not_used(make_dicom, high):
    dataset = pydicom.dcmread(make_dicom(np.array([[5, 0xF005]], np.uint16), BitsStored=12))
    dataset.HighBit = high
    assert load_image(dataset).pixels.tolist() == [[5, 5]]


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.uint16, np.int16, np.uint32, np.int32])
def test_every_whole_type(make_dicom, dtype):
    ends = np.iinfo(dtype)
    pixels = np.array([[ends.min, 0, 1, ends.max]], dtype)
    image = load_image(make_dicom(pixels))
    assert np.array_equal(image, pixels)
    assert to_display(image, window="full")[0, [0, -1]].tolist() == [0, 255]


@pytest.mark.parametrize(("dtype", "keyword"), [(np.float32, "FloatPixelData"), (np.float64, "DoubleFloatPixelData")])
def test_floating_point_pixels(make_dicom, dtype, keyword):
    """PS3.3 C.7.6.24 and C.7.6.25; -1 is padding, what is no number is black."""
    pixels = np.array([[-1, 0.25, 0.5, np.nan]], dtype)
    dataset = pydicom.dcmread(make_dicom(np.zeros((1, 4), np.uint8)))
    for name in ("PixelData", "BitsStored", "HighBit", "PixelRepresentation"):
        delattr(dataset, name)
    dataset.BitsAllocated = pixels.itemsize * 8
    setattr(dataset, keyword, pixels.tobytes())
    setattr(dataset, keyword.replace("Data", "PaddingValue"), -1.0)
    dataset.WindowCenter, dataset.WindowWidth, dataset.VOILUTFunction = 0.375, 0.25, "LINEAR_EXACT"
    image = load_image(dataset)
    assert np.array_equal(image.pixels, pixels, equal_nan=True)
    assert image.padding.tolist() == [[True, False, False, False]]
    assert to_display(image).tolist() == [[0, 0, 255, 0]]


def test_single_bits(make_dicom):
    """PS3.5 8.1.1: packed from the least significant bit, frames without a gap."""
    bits = np.array([1, 0, 0, 1, 1, 1, 0, 1, 0, 0, 1, 0], np.uint8)
    packed = np.packbits(bits, bitorder="little").reshape(1, -1)
    shape = {"Rows": 2, "Columns": 3, "NumberOfFrames": 2, "BitsAllocated": 1, "BitsStored": 1, "HighBit": 0}
    path = make_dicom(packed, **shape)
    assert load_image(path, frame=1).pixels.tolist() == bits[6:].reshape(2, 3).tolist()
    assert to_display(load_image(path)).tolist() == (bits[:6].reshape(2, 3) * 255).tolist()


def test_planes_are_put_together(make_dicom):
    rgb = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    by_plane = make_dicom(np.ascontiguousarray(rgb), PixelData=rgb.transpose(2, 0, 1).tobytes(), PlanarConfiguration=1)
    assert np.array_equal(load_image(by_plane), rgb)


def test_ybr_by_hand(make_dicom):
    """C.7.6.3.1.2: Y 128 with Cr 128 + 50 is R 128 + 1.402 * 50, G 128 - 0.714136 * 50, B 128."""
    ybr = np.array([[[128, 128, 178], [77, 128, 128]]], np.uint8)
    path = make_dicom(ybr, PhotometricInterpretation="YBR_FULL")
    image = load_image(path)
    assert np.abs(image.pixels.astype(int) - [[[198, 92, 128], [77, 77, 77]]]).max() <= 1
    assert image.photometric == "YBR_FULL to RGB"
    assert read_frame(pydicom.dcmread(path), "", 0).samples.tolist() == ybr.tolist()
    # 4:2:2 shares the colours of two pixels: Y1 Y2 Cb Cr
    half = make_dicom(np.zeros((1, 2, 3), np.uint8), PhotometricInterpretation="YBR_FULL_422")
    dataset = pydicom.dcmread(half)
    dataset.PixelData = bytes([128, 77, 128, 178])
    assert np.abs(load_image(dataset).pixels.astype(int) - [[[198, 92, 128], [147, 41, 77]]]).max() <= 1


def test_colours_that_nobody_converts_are_named(make_dicom):
    path = make_dicom(np.zeros((2, 2, 3), np.uint8), PhotometricInterpretation="HSV")
    assert load_image(path).photometric == "HSV, not converted"


@pytest.mark.parametrize("stored", [16, 12])
def test_samples_can_be_changed_and_the_data_set_stays(make_dicom, stored):
    dataset = pydicom.dcmread(make_dicom(np.full((4, 4), 0xF123, np.uint16), BitsStored=stored, HighBit=stored - 1))
    before = bytes(dataset.PixelData)
    samples = read_frame(dataset, "", 0).samples
    assert samples.max() == 0xF123 & 2**stored - 1
    samples[:] = 0
    assert dataset.PixelData == before
