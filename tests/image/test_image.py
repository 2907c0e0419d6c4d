"""Every file becomes an honest picture or says in plain words why not."""

import re

import numpy as np
import pydicom
import pytest
from parts import for_each, foreign_files
from PIL import Image as Pillow
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from eda_utils import load_image, to_display
from eda_utils.core.errors import EDAError, FormatError
from eda_utils.image import Image
from eda_utils.image.image import to_png
from eda_utils.samples.fetch import CANARY

CT = get_testdata_file("CT_small.dcm")


@pytest.mark.slow
@for_each(foreign_files)
def test_a_picture_or_a_plain_reason(path):
    try:
        image = load_image(path)
    except EDAError as error:
        assert re.fullmatch(r".+: .+; .+\.", str(error))  # noqa: PT017
        assert error.which == path.name  # noqa: PT017
        return
    shown = to_display(image)
    assert shown.dtype == np.uint8
    assert shown.shape == image.shape
    assert to_png(image).startswith(b"\x89PNG")
    assert CANARY.lower() not in (repr(image) + image._repr_html_() + image.caption()).lower()


def test_hounsfield_units_by_hand():
    dataset = pydicom.dcmread(CT)
    image = load_image(CT)
    expected = dataset.pixel_array.astype(int) * int(dataset.RescaleSlope) + int(dataset.RescaleIntercept)
    assert image.unit == "HU"
    assert image.pixels.dtype.kind == "i"
    assert np.array_equal(image, expected)


def test_a_dataset_is_left_as_it_was():
    dataset = pydicom.dcmread(CT)
    before = dataset.PixelData
    image = load_image(dataset)
    assert dataset.PixelData == before
    assert "PixelData" not in image.header
    assert image.header.PatientName == dataset.PatientName


def test_bytes_are_a_source():
    with open(CT, "rb") as file:
        assert np.array_equal(load_image(file.read()), load_image(CT))


def test_fractional_slope(make_dicom):
    image = load_image(make_dicom(np.array([[0, 2]], np.uint16), RescaleSlope="0.5", RescaleIntercept="0.25"))
    assert image.pixels.tolist() == [[0.25, 1.25]]
    assert image.modality_step == "rescale 0.5/0.25"


def test_rescale_type_names_the_unit(make_dicom):
    image = load_image(
        make_dicom(np.array([[0, 2]], np.uint16), RescaleSlope=2, RescaleIntercept=0, RescaleType="mgml")
    )
    assert image.unit == "mgml"


@pytest.mark.parametrize(
    ("value", "limit", "dtype", "padded"),
    [
        (-2000, None, np.int16, [True, False, False, False]),
        (-2000, 0, np.int16, [True, True, False, False]),
        (0, None, np.int16, [False, True, False, False]),
        (7777, None, np.int16, None),
    ],
)
def test_padding(make_dicom, value, limit, dtype, padded):
    limits = {} if limit is None else {"PixelPaddingRangeLimit": limit}
    path = make_dicom(np.array([[-2000, 0, 50, 100]], dtype), PixelPaddingValue=value, **limits)
    padding = load_image(path).padding
    assert padding is None if padded is None else padding.ravel().tolist() == padded


def test_fallback_window_leaves_padding_out(make_dicom):
    pixels = np.concatenate([np.full(500, -2000), np.arange(500)]).astype(np.int16).reshape(20, 50)
    low, high = load_image(make_dicom(pixels, PixelPaddingValue=-2000)).window.limits
    assert low >= 0
    assert high <= 499


def test_functional_groups_give_slope_window_and_spacing(make_dicom):
    """pydicom#2353: an enhanced object keeps these per frame, and pydicom's own functions do not look there."""
    frames = []
    for number in (1, 2):
        transformation, voi, measures, item = (Dataset() for _ in range(4))
        transformation.RescaleSlope, transformation.RescaleIntercept, transformation.RescaleType = number, -10, "HU"
        voi.WindowCenter, voi.WindowWidth = 100 * number, 50
        measures.PixelSpacing = [number, number]
        item.PixelValueTransformationSequence = Sequence([transformation])
        item.FrameVOILUTSequence, item.PixelMeasuresSequence = Sequence([voi]), Sequence([measures])
        frames.append(item)
    pixels = np.arange(8, dtype=np.int16).reshape(2, 2, 2)
    path = make_dicom(pixels, NumberOfFrames=2, PerFrameFunctionalGroupsSequence=Sequence(frames), Modality="CT")
    second = load_image(path, frame=1)
    assert second.pixels.tolist() == [[-2, 0], [2, 4]]
    assert second.window[:2] == (200, 50)
    assert second.spacing_mm == (2, 2)
    assert second.caption().startswith("frame 2 of 2 · rescale 2/-10 · window 200/50")


def test_palette_by_hand(make_dicom):
    tables = {
        f"{color}PaletteColorLookupTable{what}": value
        for color, data in (("Red", [0, 65535]), ("Green", [0, 32768]), ("Blue", [0, 0]))
        for what, value in (("Descriptor", [2, 0, 16]), ("Data", np.array(data, "<u2").tobytes()))
    }
    path = make_dicom(np.array([[0, 1]], np.uint8), PhotometricInterpretation="PALETTE COLOR", **tables)
    assert to_display(load_image(path)).tolist() == [[[0, 0, 0], [255, 128, 0]]]


def test_exif_orientation_and_transparency(tmp_path):
    pixels = np.zeros((2, 3, 3), np.uint8)
    pixels[0, 0] = 255
    exif = Pillow.Exif()
    exif[0x0112] = 6  # turn clockwise
    Pillow.fromarray(pixels).save(tmp_path / "turned.png", exif=exif)
    turned = load_image(tmp_path / "turned.png")
    assert turned.shape == (3, 2, 3)
    assert turned.pixels[0, 1].tolist() == [255, 255, 255]
    Pillow.new("RGBA", (1, 1), (0, 0, 0, 0)).save(tmp_path / "clear.png")
    assert load_image(tmp_path / "clear.png").pixels.tolist() == [[[255, 255, 255]]]


def test_sixteen_bit_tiff_keeps_its_values(tmp_path):
    Pillow.fromarray(np.array([[0, 40000]], np.uint16)).save(tmp_path / "deep.tif")
    image = load_image(tmp_path / "deep.tif")
    assert image.pixels.tolist() == [[0, 40000]]
    assert to_display(image, window="full").tolist() == [[0, 255]]


def test_errors_are_said_in_full(samples, tmp_path):
    with pytest.raises(FormatError) as caught:
        load_image(samples / "pathology" / "CMU-1-Small-Region.svs")
    assert str(caught.value) == "CMU-1-Small-Region.svs: is a whole-slide image; open it with open_slide."
    (tmp_path / "notes").write_text("hello")
    with pytest.raises(FormatError) as caught:
        load_image(tmp_path / "notes")
    assert str(caught.value) == "notes: is a text file and no image; give a DICOM, PNG, JPEG or TIFF file."


def test_an_image_is_an_array():
    image = Image(np.eye(3, dtype=np.uint8), "stored value")
    assert np.asarray(image).sum() == 3
    assert np.asarray(image, dtype=float).dtype == float


@pytest.mark.parametrize(
    ("attributes", "unit"),
    [
        ({}, "stored value"),
        ({"RescaleSlope": 1, "RescaleIntercept": 0}, "HU"),
        ({"RescaleSlope": 1, "RescaleIntercept": -1024, "RescaleType": "HU"}, "HU"),
        ({"RescaleSlope": 1, "RescaleIntercept": -1024, "RescaleType": "US"}, "modality value"),
        ({"RescaleSlope": 1, "RescaleIntercept": 0, "Modality": "MR"}, "modality value"),
    ],
)
def test_units(make_dicom, attributes, unit):
    path = make_dicom(np.zeros((2, 2), np.int16), **{"Modality": "CT"} | attributes)
    assert load_image(path).unit == unit


def test_an_empty_modality_lut_is_left_out_and_said(make_dicom):
    image = load_image(make_dicom(np.array([[0, 7]], np.uint16), ModalityLUTSequence=Sequence([Dataset()])))
    assert image.pixels.tolist() == [[0, 7]]
    assert (image.unit, image.modality_step) == ("stored value", "stored values, the Modality LUT is not valid")
