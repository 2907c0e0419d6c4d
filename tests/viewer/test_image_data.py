"""What the viewer is told: the values are those of the file, exactly; nothing identifies anybody."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, strategies as st
from parts import for_each, foreign_files
from pydicom import dcmread
from pydicom.data import get_testdata_file
from skimage.measure import block_reduce

import eda_utils as eda
from eda_utils.core.errors import EDAError, RequestError
from eda_utils.image.display import PRESETS, Window
from eda_utils.image.image import load_stages
from eda_utils.viewer.image_data import (
    describe_picture,
    list_pictures,
    load_picture,
    open_picture,
    reduce_image,
    reduction_for,
)

CT = get_testdata_file("CT_small.dcm")


def values_of(facts, arrays):
    """Modality values as the script computes them."""
    sent = arrays["pixels"]
    if facts["rescale"]:
        return sent.astype(float) * facts["rescale"][0] + facts["rescale"][1]
    return arrays["table"][sent.astype(int) - facts["low"]] if "table" in arrays else sent.astype(float)


@pytest.mark.slow
@for_each(foreign_files)
def test_what_is_sent_gives_the_values_of_the_image(path):
    try:
        stored, image = load_picture(path, 0)
    except EDAError:
        return
    facts, arrays = describe_picture(stored, image, max_bytes=2**40)
    json.dumps(facts, allow_nan=False)
    assert (facts["rows"], facts["columns"]) == image.shape[:2]
    if image.is_color:
        np.testing.assert_array_equal(arrays["pixels"], eda.to_display(image))
    else:
        np.testing.assert_array_equal(values_of(facts, arrays), image.pixels)
    if facts["stored"]:
        np.testing.assert_array_equal(arrays["pixels"], stored)


def test_stored_values_go_along_with_any_rescale(make_dicom):
    pixels = np.arange(-300, 300, dtype=np.int16).reshape(20, 30)
    stored, image = load_stages(make_dicom(pixels, RescaleSlope="0.1234567", RescaleIntercept="-0.3"))
    facts, arrays = describe_picture(stored, image)
    assert facts["stored"]
    assert facts["rescale"] == [0.1234567, -0.3]
    assert facts["type"] == "i2"
    np.testing.assert_array_equal(values_of(facts, arrays), image.pixels)


def test_a_modality_lut_goes_along_as_a_table(index):
    path = next(path for path in index["path"] if path.endswith("PAT0011/ST0001/SE0001/IM0001"))
    stored, image = load_stages(path)
    facts, arrays = describe_picture(stored, image)
    assert facts["rescale"] is None
    assert arrays["table"].dtype == "<f8"
    np.testing.assert_array_equal(values_of(facts, arrays), image.pixels)


@pytest.mark.parametrize(
    ("low", "high", "kind"),
    [
        (0, 255, "u1"),
        (-128, 127, "i1"),
        (-5, 4000, "i2"),
        (-1, 255, "i2"),
        (0, 65535, "u2"),
        (-1, 65535, "i4"),
        (0, 2**32 - 1, "u4"),
    ],
)
def test_whole_numbers_travel_in_the_smallest_type(low, high, kind):
    pixels = np.array([[low, high]], np.int64)
    facts, arrays = describe_picture(None, eda.image.Image(pixels, "HU", window=Window(0, 10)))
    assert facts["type"] == kind
    np.testing.assert_array_equal(arrays["pixels"], pixels)


def test_the_menu_holds_the_windows_of_the_file_presets_and_computed_ones():
    stored, image = load_stages(CT)
    image = replace(image, windows=(Window(40, 80, explanation="BRAIN"), Window(300, 1500)))
    image = replace(image, window=image.windows[0])
    menu = describe_picture(stored, image)[0]["menu"]
    groups = [entry["group"] for entry in menu]
    assert groups == ["From the file"] * 2 + ["Presets for CT"] * len(PRESETS) + ["Computed"] * 2
    assert menu[0]["label"] == "BRAIN · 40/80"
    assert [entry["number"] for entry in menu] == list(range(len(menu)))


@pytest.mark.parametrize("window", ["auto", "full", "lung", (12, 34)])
def test_the_viewer_begins_with_the_window_that_was_asked_for(window):
    stored, image = load_stages(CT)
    facts, _ = describe_picture(stored, image, window=window)
    entry = facts["menu"][facts["start"]]
    chosen = eda.image.choose_window(image, window)
    assert (entry["center"], entry["width"], entry["kind"]) == chosen[:3]


def test_presets_are_for_computed_tomography_only():
    stored, image = load_stages(get_testdata_file("MR_small.dcm"))
    assert all("CT" not in entry["group"] for entry in describe_picture(stored, image)[0]["menu"])
    with pytest.raises(RequestError, match="this is no CT"):
        describe_picture(stored, image, window="lung")


@given(st.integers(1, 40), st.integers(1, 40), st.integers(2, 7), st.integers(0, 2**32))
def test_reduction_is_the_mean_of_blocks(rows, columns, factor, seed):
    values = np.random.default_rng(seed).normal(size=(rows, columns))
    sums = block_reduce(values, factor, np.sum)
    sizes = block_reduce(np.ones_like(values), factor, np.sum)
    reduced = reduce_image(eda.image.Image(values, "HU", (0.5, 1.0)), factor)
    np.testing.assert_allclose(reduced.pixels, sums / sizes, rtol=1e-4, atol=1e-5)
    assert reduced.spacing_mm == (0.5 * factor, factor)


def test_padding_does_not_enter_the_means():
    pixels = np.array([[10, 20, -2000, -2000], [30, -2000, -2000, -2000]], np.int16)
    reduced = reduce_image(eda.image.Image(pixels, "HU", padding=pixels == -2000), 2)
    assert reduced.pixels.tolist() == [[20, -2000]]
    assert reduced.padding.tolist() == [[False, True]]
    assert reduced.pixels.dtype == np.int16


def test_colours_and_overlays_are_reduced_too():
    rgb = np.zeros((2, 2, 3), np.uint8)
    rgb[0, 0] = 200, 100, 0
    overlay = np.array([[False, False], [False, True]])
    reduced = reduce_image(eda.image.Image(rgb, "RGB", overlay=overlay), 2)
    assert reduced.pixels.tolist() == [[[50, 25, 0]]]
    assert reduced.overlay.tolist() == [[True]]


def test_only_what_is_too_large_is_reduced():
    image = eda.image.Image(np.zeros((400, 600), np.uint16), "HU", window=Window(0, 10))
    assert reduction_for(image, 480_000) == 1
    assert reduction_for(image, 479_999) == 2
    facts, arrays = describe_picture(None, image, max_bytes=120_000)
    assert facts["factor"] == 2
    assert arrays["pixels"].nbytes <= 120_000


def test_an_index_gives_its_pictures_only(index):
    found = list_pictures(index)
    assert 0 < len(found) < len(index)
    assert not any(path.endswith(("README.TXT", "SR0001.dcm", "DICOMDIR")) for path in found)
    with pytest.raises(RequestError, match="there is no picture in it"):
        list_pictures(index[index["kind"] == "other"])


def test_a_slide_is_shown_as_its_overview(samples):
    _, image = load_picture(samples / "pathology" / "CMU-1-Small-Region.svs", 0)
    assert image.is_color
    assert max(image.shape) <= 1024


def test_a_file_of_many_frames_is_read_once():
    path = get_testdata_file("examples_ybr_color.dcm")
    opened = open_picture(path)
    assert opened.NumberOfFrames == 30
    np.testing.assert_array_equal(load_picture(opened, 9)[1].pixels, eda.load_image(path, frame=9).pixels)


@pytest.mark.parametrize(
    ("attributes", "speed"),
    [
        ({}, 10),
        ({"FrameTime": "40"}, 25),
        ({"CineRate": "15", "FrameTime": "40"}, 15),
        ({"RecommendedDisplayFrameRate": "30", "CineRate": "15"}, 30),
        ({"FrameTime": "0"}, 10),
        ({"CineRate": "5000"}, 60),
    ],
)
def test_the_speed_is_that_of_the_file(make_dicom, attributes, speed):
    stored, image = load_stages(make_dicom(np.zeros((4, 4), np.uint8), **attributes))
    assert describe_picture(stored, image)[0]["speed"] == speed


def test_no_identifier_is_told():
    dataset = dcmread(CT)
    dataset.PatientName, dataset.filename = "Kanarinsky^Lee", "/secret/Kanarinsky.dcm"
    told = json.dumps(describe_picture(*load_stages(dataset))[0])
    secrets = ["Kanarinsky", "secret", dataset.PatientID, dataset.SOPInstanceUID, dataset.StudyDate]
    assert [secret for secret in secrets if str(secret) in told] == []
