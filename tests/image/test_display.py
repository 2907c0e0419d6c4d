"""The formulas of PS3.3 C.11.2, computed by hand; the whole picture is compared with DCMTK's."""

import io
import subprocess
from dataclasses import replace

import numpy as np
import pydicom
import pytest
from hypothesis import given, strategies as st
from parts import for_each, foreign_files, program
from PIL import Image as Pillow
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import ImplicitVRLittleEndian

from eda_utils import load_image, to_display
from eda_utils.core.errors import EDAError, RequestError
from eda_utils.dicom.formats import sniff
from eda_utils.image.display import PRESETS, Window, apply_window, choose_window
from eda_utils.image.image import Image

FINITE = st.floats(-1e5, 1e5)


def grey(values, **facts):
    return Image(np.asarray(values), facts.pop("unit", "stored value"), window=Window(0, 2, "LINEAR_EXACT"), **facts)


@pytest.mark.parametrize(
    ("window", "values", "expected"),
    [
        # C.11.2.1.2.1, note: width 1 is a threshold; width 2 around 0 maps x <= -1 to black and x > 0 to white
        (Window(2048, 4096), [0, 2047.5, 4095], [0, 0.5, 1]),
        (Window(2048, 1), [2047, 2047.5, 2048], [0, 0, 1]),
        (Window(0, 100), [-50, 49, 50, -0.5], [0, 1, 1, 0.5]),
        # C.11.2.1.3.2
        (Window(0, 100, "LINEAR_EXACT"), [-50, 0, 50, 25], [0, 0.5, 1, 0.75]),
        # C.11.2.1.3.1: 1 / (1 + exp(-4 (x - c) / w))
        (Window(10, 4, "SIGMOID"), [10, 14, 6], [0.5, 1 / (1 + np.exp(-4)), 1 / (1 + np.exp(4))]),
    ],
)
def test_formulas(window, values, expected):
    assert apply_window(values, window) == pytest.approx(expected, abs=1e-6)


@given(FINITE, st.floats(1, 1e5), st.lists(FINITE, min_size=2), st.sampled_from(["LINEAR", "LINEAR_EXACT", "SIGMOID"]))
def test_windows_stay_in_range_and_in_order(center, width, values, function):
    grey_levels = apply_window(np.sort(values), Window(center, width, function))
    assert grey_levels.min() >= 0
    assert grey_levels.max() <= 1
    assert (np.diff(grey_levels) >= 0).all()


def test_voi_lut_clamps_at_both_ends():
    window = Window(12, 4, "LUT", lut=(10, np.array([0, 0.25, 0.5, 1])))
    assert apply_window([0, 10, 11, 13, 99], window).tolist() == [0, 0, 0.25, 1, 1]


def test_monochrome1_is_inverted():
    values = [[-1.0, 0.0, 1.0]]
    assert to_display(grey(values)).tolist() == [[0, 128, 255]]
    assert to_display(grey(values, inverted=True)).tolist() == [[255, 127, 0]]


def test_not_a_number_is_black():
    assert to_display(grey([[np.nan, 1.0]], padding=None), window=(1, 1)).tolist() == [[0, 255]]


@pytest.mark.parametrize(("bits", "value", "shown"), [(8, 200, 200), (16, 0xC800, 200), (12, 0xC80, 200)])
def test_deep_colours_are_reduced(bits, value, shown):
    pixels = np.full((1, 1, 3), value, np.uint16 if bits > 8 else np.uint8)
    assert to_display(Image(pixels, "RGB", bits_stored=bits)).tolist() == [[[shown] * 3]]


def test_requests():
    own = (Window(1, 2, explanation="First"), Window(3, 4, explanation="LUNG SOFT"))
    image = grey([[0, 100]], unit="HU", windows=own, padding=np.array([[True, False]]))
    assert choose_window(image, "auto") == image.window
    assert choose_window(image, 1) == own[1]
    assert choose_window(image, "lung soft") == own[1]
    assert choose_window(image, "Lung")[:2] == PRESETS["lung"]
    assert choose_window(image, (40, 400))[:3] == (40, 400, "LINEAR")
    assert choose_window(grey([[0, 7, 5]]), "full").limits == (0, 7)


@pytest.mark.parametrize(
    ("window", "text"),
    [
        ("pink", "window: there is no preset or window of that name; choose from " + ", ".join(PRESETS) + "."),
        ("lung", "window: presets are in Hounsfield units and this is no CT; give (center, width)."),
        ((40, 0), "window: the width must be at least 1 (PS3.3 C.11.2.1.2.1); give (center, width)."),
        (7, 'window: this file has 0 of its own; give "auto", "full", a preset or (center, width).'),
        (None, 'window: this file has 0 of its own; give "auto", "full", a preset or (center, width).'),
    ],
)
def test_impossible_requests(window, text):
    with pytest.raises(RequestError) as caught:
        to_display(grey([[0, 1]]), window=window)
    assert str(caught.value) == text


@pytest.mark.parametrize(
    ("attributes", "shown"),
    [
        ({"WindowCenter": 40, "WindowWidth": 400}, "window 40/400 from the file · LINEAR"),
        ({"WindowCenter": [40, 50], "WindowWidth": [400, 350]}, "window 40/400 from the file · LINEAR"),
        ({"WindowCenter": 1, "WindowWidth": 2, "VOILUTFunction": "SIGMOID"}, "window 1/2 from the file · SIGMOID"),
        ({"WindowCenter": 40, "WindowWidth": 0}, "(percentiles 0.5–99.5, the file's is not valid)"),
        ({"WindowCenter": 40, "WindowWidth": 0.5}, "(percentiles 0.5–99.5, the file's is not valid)"),
        ({"WindowCenter": 40}, "(percentiles 0.5–99.5, the file's is not valid)"),
        ({}, "(percentiles 0.5–99.5, none in the file)"),
    ],
)
def test_windows_of_a_file(make_dicom, attributes, shown):
    image = load_image(make_dicom(np.arange(100, dtype=np.int16).reshape(10, 10), **attributes))
    assert shown in str(image.window)


@given(
    st.lists(st.integers(-3000, 3000), min_size=1, max_size=60),
    st.sampled_from([np.int16, np.int32, np.float64]),
    st.booleans(),
)
def test_a_table_of_greys_gives_the_same_picture(values, dtype, inverted):
    """Whole numbers in a narrow range are windowed once each; that must not show."""
    window = Window(40, 400)
    greys = [int(np.floor(share * 255 + 0.5)) for share in apply_window(values, window)]
    image = grey([values], inverted=inverted)
    shown = to_display(replace(image, pixels=image.pixels.astype(dtype)), window=window)[0].tolist()
    assert shown == ([255 - level for level in greys] if inverted else greys)


def test_a_lut_without_vr_in_the_file(make_dicom, tmp_path):
    """Implicit VR: whether LUT Data is US or OW is not written."""
    item = Dataset()
    item.LUTDescriptor, item.LUTData = [4, 10, 16], np.array([0, 16384, 32768, 65535], "<u2").tobytes()
    item["LUTDescriptor"].VR, item["LUTData"].VR = "US", "OW"
    dataset = pydicom.dcmread(
        make_dicom(np.array([[9, 10, 11, 12, 13, 99]], np.uint16), VOILUTSequence=Sequence([item]))
    )
    dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    dataset.save_as(tmp_path / "lut.dcm", implicit_vr=True)
    assert to_display(load_image(tmp_path / "lut.dcm")).tolist() == [[0, 0, 64, 128, 255, 255]]


@pytest.mark.parametrize(
    ("function", "shown"),
    [
        # C.11.2.1.2.1: ((x - 99.5) / 49 + 0.5) * 255
        ("LINEAR", [0, 5, 130, 255]),
        # C.11.2.1.3.2: ((x - 100) / 50 + 0.5) * 255
        ("LINEAR_EXACT", [0, 5, 128, 250]),
        # C.11.2.1.3.1: 255 / (1 + exp(-4 (x - 100) / 50))
        ("SIGMOID", [30, 33, 128, 222]),
    ],
)
def test_functions_of_a_file_to_the_last_grey(make_dicom, function, shown):
    values = np.array([[75, 76, 100, 124]], np.uint16)
    window = {"WindowCenter": 100, "WindowWidth": 50, "VOILUTFunction": function}
    image = load_image(make_dicom(values, **window))
    assert image.window.function == function
    assert to_display(image).tolist() == [shown]
    for low_is_bright in ({"PresentationLUTShape": "INVERSE"}, {"PhotometricInterpretation": "MONOCHROME1"}):
        image = load_image(make_dicom(values, **window, **low_is_bright))
        assert to_display(image).tolist() == [[255 - grey for grey in shown]]


def test_an_invalid_voi_lut_is_said(make_dicom):
    image = load_image(make_dicom(np.arange(100, dtype=np.uint16).reshape(10, 10), VOILUTSequence=[Dataset()]))
    assert image.windows == ()
    assert "the file's is not valid" in str(image.window)


def test_overlays_and_shutter_are_a_choice():
    mask = np.array([[True, False]])
    image = grey([[0.0, 0.0]], overlay=mask, shutter=~mask, shutter_grey=9)
    assert to_display(image).tolist() == [[128, 128]]
    assert to_display(image, overlays=True).tolist() == [[255, 128]]
    assert to_display(image, shutter=True).tolist() == [[128, 9]]
    colors = Image(np.full((1, 2, 3), 7, np.uint8), "RGB", overlay=mask)
    assert to_display(colors, overlays=True).tolist() == [[[255] * 3, [7] * 3]]
    assert to_display(colors).tolist() == colors.pixels.tolist()


def test_voi_lut_comes_before_the_window(make_dicom):
    item = Dataset()
    item.LUTDescriptor, item.LUTExplanation, item.LUTData = [4, 10, 16], "bones", [0, 16384, 32768, 65535]
    item["LUTDescriptor"].VR = item["LUTData"].VR = "US"
    path = make_dicom(
        np.array([[9, 10, 11, 12, 13, 99]], np.uint16), VOILUTSequence=Sequence([item]), WindowCenter=1, WindowWidth=2
    )
    image = load_image(path)
    assert str(image.window) == "VOI LUT “bones” from the file"
    assert [str(window)[:6] for window in image.windows] == ["window", "VOI LU"]
    assert to_display(image).tolist() == [[0, 0, 64, 128, 255, 255]]


# Where we differ from DCMTK, and why
EXPLAINED = {
    "CT1_UNC.explicit_big_endian.dcm": 'window="full" leaves Pixel Padding Value (C.7.5.1.1.2) out, DCMTK counts it',
    "CT1_UNC.fragmented_no_bot_jpeg_ls.80.dcm": "the same",
    "GH610.dcm": "Rescale Slope 5.9e-08: DCMTK loses it in its tables",
}


def pictures():
    return [path for path in foreign_files() if sniff(path)[0] == "dicom" and path.name not in EXPLAINED]


def from_dcmtk(path, image):
    window = ["+Wi", "1"] if image.windows and not image.windows[0].lut else ["+Wl", "1"] if image.windows else ["+Wm"]
    arguments = ["+F", "1", "--no-overlays", *([] if image.is_color else window), str(path)]
    for tool in ("dcm2pnm", "dcmj2pnm", "dcml2pnm"):
        answer = subprocess.run([program(tool), *arguments], capture_output=True, check=False)
        if answer.stdout:
            return np.asarray(Pillow.open(io.BytesIO(answer.stdout)))
    return None


@pytest.mark.slow
@for_each(pictures)
def test_same_picture_as_dcmtk(path):
    """At most 1 grey level, or 3 in a colour, wherever DCMTK can show the file (it knows no JPEG 2000)."""
    try:
        image = load_image(path)
    except EDAError:
        return
    expected = from_dcmtk(path, image)
    if expected is not None:
        shown = to_display(image, window=0 if image.windows and not image.is_color else "full")
        assert shown.shape == expected.shape
        assert np.abs(shown.astype(int) - expected).max() <= (3 if image.is_color else 1)
