"""Each contradiction between header and pixels finds what was planted, and nothing where both agree."""

import numpy as np
import pytest
from planted import CLASS, CT, CT_MEASURED, flagged
from pydicom.uid import JPEGBaseline8Bit

MG = {"Modality": "MG", "SOPClassUID": CLASS + "1.2", "KVP": 28.0, "ViewPosition": "MLO", "ImageLaterality": "R"}
AIR = {"background_share": 0.7, "p50_value": 25.0, "edge_value": 25.0}
US = {"Modality": "US", "SOPClassUID": CLASS + "6.1", "BitsAllocated": 8, "BitsStored": 8, "HighBit": 7}
US |= {"ViewPosition": None, "KVP": None, "WindowCenter": None, "WindowWidth": None}
COLOR = {**US, "PhotometricInterpretation": "RGB", "SamplesPerPixel": 3, "PlanarConfiguration": 0}
SM = {**COLOR, "Modality": "SM", "SOPClassUID": CLASS + "77.1.6", "BurnedInAnnotation": "NO"}
IN_8_BITS = {"max_value": 255.0, "p99_value": 250.0, "stored_max": 255.0, "bits_used": 8}
RAW_CT = {**CT, "RescaleIntercept": 0.0, "PixelRepresentation": 0}

CASES = [
    (
        *({"TransferSyntaxUID": JPEGBaseline8Bit, "LossyImageCompression": "00"}, {}),
        *("loss_denied", "error", "a transfer syntax that is always lossy"),
    ),
    ({}, {"stored_max": 4100.0}, "bits_stored_exceeded", "error", "12 bits stored, values 0 to 4100"),
    (
        *({"BitsStored": 16, "HighBit": 15}, {}),
        *("bits_stored_unused", "note", "16 bits stored, 12 used"),
    ),
    (
        *({"SmallestImagePixelValue": 0, "LargestImagePixelValue": 900}, {}),
        *("extreme_values_wrong", "note", "stated 0 to 900, measured 0 to 4095"),
    ),
    (
        *({**MG, "PhotometricInterpretation": "MONOCHROME1"}, AIR),
        *("polarity_contradicts_pixels", "error"),
        "70 % of the area is brighter than 99.87 % of the range as MONOCHROME1",
    ),
    (
        *({**MG, "PhotometricInterpretation": "MONOCHROME2"}, {**AIR, "p50_value": 3800.0}),
        *("polarity_contradicts_pixels", "error"),
        "70 % of the area is brighter than 97.42 % of the range as MONOCHROME2",
    ),
    (
        *({**US, "BurnedInAnnotation": "NO"}, {**IN_8_BITS, "corner_contrast": 0.2}),
        *("writing_contradicts_annotation", "note", "strokes in 20 % of the pixels of one place"),
    ),
    (
        COLOR,
        {**IN_8_BITS, "unit": "luminance", "planes_equal": True},
        "grey_as_color",
        "note",
        "in all measured frames",
    ),
    (
        *({"WindowCenter": (9000.0,), "WindowWidth": (100.0,)}, {}),
        *("window_outside_pixels", "warning", "windows 9000 / 100, values 0 to 4095"),
    ),
    (
        *(RAW_CT, {**CT_MEASURED, "min_value": 0.0, "p01_value": 0.0, "p50_value": 900.0}),
        *("ct_not_hounsfield", "error", "values 0 to 2000, median 900"),
    ),
    (
        *(CT, {**CT_MEASURED, "background_share": 0.6, "p50_value": 24.0}),
        *("ct_not_hounsfield", "error", "values -1024 to 2000, median 24"),
    ),
    (
        *(CT, {**CT_MEASURED, "max_value": 65000.0, "p99_value": 64000.0}),
        *("ct_values_implausible", "error", "percentiles 1 and 99: -1010 and 64,000 HU"),
    ),
    (
        *(CT, {**CT_MEASURED, "min_value": -2000.0, "low_share": 0.2}),
        *("padding_undeclared", "warning", "20 % are -2000 HU"),
    ),
]
RIGHT = [
    (CT, CT_MEASURED),
    (MG, AIR),
    ({**MG, "PhotometricInterpretation": "MONOCHROME1"}, {**AIR, "p50_value": 3800.0, "edge_value": 3800.0}),
    ({"BitsStored": 14, "HighBit": 13}, {}),
    (CT, {**CT_MEASURED, "bits_used": 11}),  # as scanners do
    ({"SmallestImagePixelValue": 0, "LargestImagePixelValue": 4095}, {}),
    ({"SmallestImagePixelValue": 10, "LargestImagePixelValue": 4090}, {}),  # moved by lossy compression
    (US, {**IN_8_BITS, "corner_contrast": 0.2}),  # nothing was claimed
    (SM, {**IN_8_BITS, "unit": "luminance", "corner_contrast": 0.2}),  # tissue
    (COLOR, {**IN_8_BITS, "unit": "luminance"}),
    ({"WindowCenter": (9000.0, 2000.0), "WindowWidth": (100.0, 900.0)}, {}),
    (CT, {**CT_MEASURED, "background_share": 0.6, "p50_value": -1000.0}),
    ({**CT, "ImageType": ("ORIGINAL", "PRIMARY", "LOCALIZER")}, {**CT_MEASURED, "min_value": 0.0, "p50_value": 300.0}),
]


@pytest.mark.slow
@pytest.mark.parametrize(("header", "measured", "code", "severity", "evidence"), CASES)
def test_what_was_planted_is_found(header, measured, code, severity, evidence):
    found = flagged(header, measured)
    assert (code, severity, evidence) in found
    assert [row[0] for row in found] == [code]


@pytest.mark.slow
@pytest.mark.parametrize(("header", "measured"), RIGHT)
def test_what_agrees_is_no_finding(header, measured):
    assert flagged(header, measured) == []


def test_what_claims_no_hounsfield_units_contradicts_nothing():
    found = flagged({**RAW_CT, "RescaleType": "US"}, {**CT_MEASURED, "unit": "modality value", "min_value": 0.0})
    assert [row[0] for row in found] == ["ct_unit_not_hounsfield"]


def negatives(count, odd):
    rng = np.random.default_rng(0)
    rows = [{"edge_value": rng.normal(300, 100), "centre_value": rng.normal(2000, 200)} for _ in range(count)]
    kinds = ["MONOCHROME1" if number in odd else "MONOCHROME2" for number in range(count)]
    return [{"PhotometricInterpretation": kind} for kind in kinds], rows


@pytest.mark.slow
@pytest.mark.parametrize("odd", [[3], [0, 5, 9, 12, 20]])
def test_negatives_among_others_of_their_kind_are_found(odd):
    found = flagged(*negatives(30, odd))
    assert [row[:2] for row in found] == [("polarity_outlier", "warning")] * len(odd)


@pytest.mark.slow
def test_no_negative_in_a_small_group_or_where_all_are_alike():
    assert flagged(*negatives(19, [3])) == []
    assert flagged(*negatives(30, [])) == []
    assert flagged(*negatives(30, range(30))) == []
