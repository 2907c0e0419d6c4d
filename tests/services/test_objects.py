"""Secondary captures and segmentations: valid for dciodvfy, equal pixels, in the right study."""

import subprocess

import numpy as np
import pytest
from parts import program
from pydicom import dcmread
from pydicom.data import get_testdata_file

from eda_utils import load_image, services
from eda_utils.core.errors import RequestError

IMAGES = ("CT_small.dcm", "MR_small.dcm", "SC_rgb_jpeg_dcmtk.dcm")


def errors(dataset, path):
    dataset.save_as(path, enforce_file_format=True)
    said = subprocess.run([program("dciodvfy"), str(path)], capture_output=True, text=True, check=False).stderr
    return [line for line in said.splitlines() if line.startswith("Error")]


@pytest.mark.parametrize(("shape", "kind"), [((31, 33), "uint8"), ((5, 7), "uint16"), ((9, 11, 3), "uint8")])
def test_a_capture_is_valid_and_keeps_its_pixels(shape, kind, tmp_path):
    pixels = np.random.default_rng(1).integers(0, np.iinfo(kind).max, shape, kind)
    for like in (None, get_testdata_file("CT_small.dcm")):
        dataset = services.produce_capture(pixels, like=like, SeriesDescription="made here")
        assert errors(dataset, tmp_path / "capture.dcm") == []
        assert np.array_equal(dcmread(tmp_path / "capture.dcm").pixel_array, pixels)


@pytest.mark.parametrize("name", IMAGES)
def test_a_segmentation_is_valid_and_keeps_its_mask(name, tmp_path):
    path = get_testdata_file(name)
    image = dcmread(path)
    mask = np.random.default_rng(2).random((image.Rows, image.Columns)) > 0.6
    dataset = services.produce_segmentation(mask, path, label="bone")
    assert errors(dataset, tmp_path / "mask.dcm") == []
    again = dcmread(tmp_path / "mask.dcm")
    assert np.array_equal(again.pixel_array, mask)
    assert again.StudyInstanceUID == image.StudyInstanceUID
    assert again.SeriesInstanceUID != image.SeriesInstanceUID
    assert (
        again.ReferencedSeriesSequence[0].ReferencedInstanceSequence[0].ReferencedSOPInstanceUID == image.SOPInstanceUID
    )


def test_a_segmentation_is_shown(tmp_path):
    path = get_testdata_file("CT_small.dcm")
    mask = load_image(path).pixels > 100
    services.produce_segmentation(mask, path).save_as(tmp_path / "mask.dcm", enforce_file_format=True)
    assert np.array_equal(load_image(tmp_path / "mask.dcm").pixels, mask)


@pytest.mark.parametrize(
    "pixels", [np.zeros((2, 2)), np.zeros((2, 2, 2), "u1"), np.zeros((0, 2), "u1"), np.zeros(4, "u1")]
)
def test_other_arrays_are_refused(pixels):
    with pytest.raises(RequestError, match=r"pixels: are .* of shape .*; give uint8 or uint16"):
        services.produce_capture(pixels)


def test_colours_have_eight_bits():
    with pytest.raises(RequestError, match="are colours of 16 bits"):
        services.produce_capture(np.zeros((2, 2, 3), "u2"))


def test_a_mask_has_the_size_of_its_image():
    with pytest.raises(RequestError, match=r"mask: has shape \(2, 2\), unlike the .*frame of the image"):
        services.produce_segmentation(np.zeros((2, 2)), get_testdata_file("CT_small.dcm"))
