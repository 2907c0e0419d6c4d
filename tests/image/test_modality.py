"""From stored values to modality values: the formulas of PS3.3 C.11.1 by hand, padding of every pixel type."""

import io
import subprocess

import numpy as np
import pytest
from parts import program
from PIL import Image as Pillow
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian

from eda_utils import load_image, to_display
from eda_utils.image.modality import bits_of, padding_mask, to_modality, unit_of

XA, XRF = "1.2.840.10008.5.1.4.1.1.12.1", "1.2.840.10008.5.1.4.1.1.12.2"


def header(**attributes):
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    for keyword, value in attributes.items():
        setattr(made, keyword, value)
    return made


def modality_lut(first=10, entries=(100, 200, 300), kind="OD"):
    item = Dataset()
    item.LUTDescriptor, item.LUTData, item.ModalityLUTType = [len(entries), first, 16], list(entries), kind
    item["LUTDescriptor"].VR = item["LUTData"].VR = "US"
    return Sequence([item])


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.uint16, np.int16, np.uint32, np.int32, np.float32, np.float64])
def test_rescale_of_every_type(dtype):
    stored = np.array([[0, 1, 100]], dtype)
    values, step = to_modality(header(RescaleSlope=-2, RescaleIntercept=5), stored)
    assert values.tolist() == [[5, 3, -195]]
    assert step == "rescale -2/5"


def test_whole_numbers_stay_whole_and_do_not_overflow():
    values, _ = to_modality(header(RescaleSlope=16383, RescaleIntercept=-1024), np.array([65535], np.uint16))
    assert values.dtype == np.int32
    assert values.tolist() == [65535 * 16383 - 1024]
    values, _ = to_modality(header(RescaleSlope=2, RescaleIntercept=0), np.array([2**32 - 1], np.uint32))
    assert values.tolist() == [2**33 - 2]


def test_lut_goes_before_rescale():
    stored = np.array([9, 10, 11, 12, 255], np.uint8)
    made = header(ModalityLUTSequence=modality_lut(), RescaleSlope=2, RescaleIntercept=0)
    values, step = to_modality(made, stored)
    assert values.tolist() == [100, 100, 200, 300, 300]
    assert (step, unit_of(made, step)) == ("modality LUT", "OD")


@pytest.mark.parametrize("attributes", [{"RescaleSlope": 2}, {"RescaleSlope": 0, "RescaleIntercept": 1}, {}])
def test_half_a_rescale_is_none(attributes):
    stored = np.array([1, 2], np.uint8)
    values, step = to_modality(header(**attributes), stored)
    assert values is stored
    assert step == "stored values"


@pytest.mark.parametrize("sop_class", [XA, XRF])
def test_angiograms_are_shown_without_their_lut(make_dicom, sop_class):
    """PS3.4 N.2.5: it leads back to the beam intensity. DCMTK leaves it out too."""
    pixels = np.array([[0, 10, 11, 12, 20, 30, 40, 255]], np.uint8)
    path = make_dicom(pixels, SOPClassUID=sop_class, ModalityLUTSequence=modality_lut(), Modality="XA")
    image = load_image(path)
    assert image.pixels.tolist() == pixels.tolist()
    assert image.modality_step == "stored values, the Modality LUT of an angiogram is not for display"
    answer = subprocess.run([program("dcm2pnm"), "+Wm", str(path)], capture_output=True, check=True)
    assert np.array_equal(to_display(image, window="full"), Pillow.open(io.BytesIO(answer.stdout)))


@pytest.mark.parametrize(
    ("dtype", "attributes", "padded"),
    [
        (np.uint16, {"PixelPaddingValue": 0}, [True, False, False]),
        (np.uint16, {"PixelPaddingValue": 0, "PixelPaddingRangeLimit": 5}, [True, True, False]),
        (np.uint16, {"PixelPaddingValue": 5, "PixelPaddingRangeLimit": 0}, [True, True, False]),
        (np.uint16, {"PixelPaddingValue": -65527}, [False, False, True]),  # 9, written as SS
        (np.uint16, {"FloatPixelPaddingValue": 5.0}, None),
        (np.float32, {"FloatPixelPaddingValue": 5.0}, [False, True, False]),
        (np.float32, {"FloatPixelPaddingValue": -1.0, "FloatPixelPaddingRangeLimit": 5.0}, [True, True, False]),
        (np.float32, {"PixelPaddingValue": 5}, None),
        (np.float64, {"DoubleFloatPixelPaddingValue": 9.0}, [False, False, True]),
        (np.float64, {"FloatPixelPaddingValue": 9.0}, None),
    ],
)
def test_padding(dtype, attributes, padded):
    mask = padding_mask(header(**attributes), np.array([0, 5, 9], dtype))
    assert mask is None if padded is None else mask.tolist() == padded


@pytest.mark.parametrize(("stated", "bits"), [(12, 12), (0, 16), (17, 16), ([8, 8], 8), (None, 16)])
def test_bits_are_not_believed_blindly(stated, bits):
    assert bits_of(header(BitsStored=stated) if stated is not None else header(), 16) == bits
