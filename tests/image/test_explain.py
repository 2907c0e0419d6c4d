"""The explanation is true: whoever follows it by hand gets the picture."""

import re

import numpy as np
import pytest
from parts import for_each, foreign_files
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from eda_utils import load_image, to_display
from eda_utils.core.errors import EDAError, FormatError
from eda_utils.image.explain import STEPS, explain_display
from eda_utils.image.image import load_stages
from eda_utils.samples.fetch import CANARY

CT = get_testdata_file("CT_small.dcm")
WAVELETS = ("YBR_ICT", "YBR_RCT")
NAMES = [step[0] for step in STEPS]


def applied(source, **shown):
    return explain_display(source, **shown).set_index("step")["applied"]


def by_hand(stored, steps):
    """The picture that a person computes who has nothing but the stored values and the table."""
    values = stored.astype(float)
    if slope := re.match(r"rescale (\S+)/([^\s,]+)", steps["modality"]):
        values = values * float(slope[1]) + float(slope[2])
    center, width, function = re.match(
        r"window (\S+)/(\S+) .*(LINEAR|LINEAR_EXACT|SIGMOID)\b", steps["window"]
    ).groups()
    center, width = float(center), float(width)
    if function == "SIGMOID":
        share = 1 / (1 + np.exp(-4 * (values - center) / width))
    elif function == "LINEAR_EXACT":
        share = (values - center) / width + 0.5
    elif width > 1:
        share = (values - (center - 0.5)) / (width - 1) + 0.5
    else:
        share = values > center - 0.5
    grey = np.clip(share, 0, 1) * 255
    return 255 - grey if steps["polarity"].startswith("inverted") else grey


@pytest.mark.slow
@for_each(foreign_files)
def test_whoever_follows_it_gets_the_picture(path):
    try:
        stored, image = load_stages(path)
    except EDAError:
        return
    steps = applied(image)
    assert steps.index.tolist() == NAMES
    assert CANARY.lower() not in explain_display(image).to_string().lower()
    if image.is_color:
        assert stored.ndim == 3 or "looked up" in steps["palette"]
        assert steps["colour"].endswith("to RGB") == (not np.array_equal(stored, image))
        assert steps["colour"].endswith("by the decoder") == (image.header.get("PhotometricInterpretation") in WAVELETS)
    elif "LUT" not in steps["modality"] and "LUT" not in steps["window"].split("from")[0]:
        numbers = [float(word) for word in re.findall(r"-?\d+\.?\d*(?:e-?\d+)?", steps["modality"] + steps["window"])]
        coarse = any(len(f"{abs(number):g}".replace(".", "").strip("0")) >= 6 for number in numbers)  # they are rounded
        assert np.abs(by_hand(stored, steps) - to_display(image)).max() <= (2 if coarse else 0.51)


@pytest.mark.slow
@for_each(foreign_files)
def test_every_row_is_filled(path):
    try:
        table = explain_display(path)
    except EDAError:
        return
    assert list(table.columns) == ["step", "applied", "attributes", "clause"]
    assert (table["applied"].str.len() > 3).all()
    is_dicom = bool(load_image(path).header)
    assert (table["attributes"].str.len() > 0).all() == is_dicom
    assert table["clause"].str.fullmatch(r"PS3\.\d+ [A-Z\d][\d.]*").all() == is_dicom


def test_a_slide_is_refused(samples):
    with pytest.raises(FormatError, match="is a whole-slide image; open it with open_slide"):
        explain_display(samples / "pathology" / "CMU-1-Small-Region.svs")


def test_several_windows_and_a_choice(make_dicom):
    path = make_dicom(np.arange(64, dtype=np.int16).reshape(8, 8), WindowCenter=[40, 50], WindowWidth=[400, 350])
    assert applied(path)["window"] == "window 40/400 from the file · LINEAR, window=0 of 2"
    assert applied(path, window=1)["window"] == "window 50/350 from the file · LINEAR, window=1 of 2"
    assert applied(path, window=(1, 2))["window"] == "window 1/2 chosen · LINEAR"
    assert "none in the file" in applied(make_dicom(np.arange(64, dtype=np.int16).reshape(8, 8)))["window"]


def test_where_an_enhanced_object_keeps_it(make_dicom):
    slope, shared, window, frame = (Dataset() for _ in range(4))
    slope.RescaleSlope, slope.RescaleIntercept, slope.RescaleType = 2, -10, "US"
    window.WindowCenter, window.WindowWidth = 5, 10
    shared.PixelValueTransformationSequence = Sequence([slope])
    frame.FrameVOILUTSequence = Sequence([window])
    groups = {"SharedFunctionalGroupsSequence": [shared], "PerFrameFunctionalGroupsSequence": [frame, frame]}
    path = make_dicom(np.zeros((2, 4, 4), np.uint8), NumberOfFrames=2, **groups)
    table = explain_display(path, frame=1).set_index("step")
    assert table.loc["frame", "applied"] == "2 of 2"
    assert table.loc["modality", "attributes"] == "RescaleSlope, RescaleIntercept (shared by all frames)"
    assert table.loc["window", "attributes"] == "WindowCenter, WindowWidth (of this frame)"


@pytest.mark.parametrize(
    ("attributes", "step", "text"),
    [
        ({}, "modality", "absent, stored values are used"),
        ({"ModalityLUTSequence": [Dataset()]}, "modality", "stored values, the Modality LUT is not valid"),
        ({"RescaleSlope": 2, "RescaleIntercept": 1, "RescaleType": "OD"}, "modality", "rescale 2/1, in OD"),
        ({"PhotometricInterpretation": "MONOCHROME1"}, "polarity", "inverted, low values are bright (MONOCHROME1)"),
        ({"PresentationLUTShape": "INVERSE"}, "polarity", "inverted, low values are bright (INVERSE)"),
        ({}, "polarity", "not inverted, low values are dark"),
        ({"PixelPaddingValue": 5}, "padding", "stated, no pixel has the value"),
        ({"PixelPaddingValue": 0}, "padding", "25.0% of the pixels, left out of fallback windows and histograms"),
        ({"PixelAspectRatio": [4, 3]}, "pixel shape", "1.33 times as high as wide, shown so"),
        ({"PixelSpacing": [0.5, 0.5]}, "spacing", "0.5 mm, from PixelSpacing"),
        ({"BitsStored": 12, "HighBit": 11}, "bits", "12 of 16 bits, unsigned"),
        ({"ShutterShape": "RECTANGULAR", "ShutterLeftVerticalEdge": 2}, "shutter", "left open, would hide 2 pixels"),
        ({"ShutterShape": "CIRCULAR"}, "shutter", "stated, hides nothing"),
    ],
)
def test_what_is_told(make_dicom, attributes, step, text):
    path = make_dicom(np.array([[0, 1], [2, 3]], np.uint16), **attributes)
    assert applied(path)[step] == text


def test_what_is_asked_for_is_told(make_dicom):
    shutter = {"ShutterShape": "RECTANGULAR", "ShutterLeftVerticalEdge": 2}
    path = make_dicom(np.array([[0, 1], [2, 3]], np.uint16), **shutter)
    assert applied(path, shutter=True)["shutter"] == "closed over 2 pixels"


def test_a_dataset_and_bytes_are_sources():
    with open(CT, "rb") as file:
        assert explain_display(file.read()).equals(explain_display(CT))
