"""Each rule on pixels finds what was planted, in modalities where it means something."""

import numpy as np
import pytest
from planted import CLASS, CT, CT_MEASURED, flagged

from eda_utils.dicom.encapsulated import CUT_PIXELS

EVEN = {"min_value": 7.0, "max_value": 7.0, "p01_value": 7.0, "p99_value": 7.0, "unique_values": 1}
FLAT = {"p01_value": 2000.0, "p99_value": 2100.0}
NM = {"Modality": "NM", "SOPClassUID": CLASS + "20", "ViewPosition": None, "KVP": None}
SEG = {"Modality": "SEG", "SOPClassUID": CLASS + "66.4", "ViewPosition": None, "KVP": None}

CASES = [
    ({"warning": CUT_PIXELS}, {"problem": "cut; copy it"}, "pixel_data_cut", "error", "noticed when it was indexed"),
    ({}, {"problem": "its pixels are odd; ask"}, "undecodable", "error", "its pixels are odd"),
    ({}, EVEN, "blank", "error", "frames measured: 1"),
    ({}, {"p01_value": 7.0, "p99_value": 7.0}, "almost_blank", "warning", "percentiles 1 to 99 are equal"),
    ({}, {"unique_values": 8}, "few_grey_levels", "warning", "8 different values"),
    ({}, {"low_share": 0.2, "high_share": 0.1}, "saturated", "warning", "10 % of the area"),
    ({}, {"high_share": 0.1}, "saturated", "warning", "10 % of the area"),
    ({}, {"low_share": 0.1, "edge_value": 4000.0}, "saturated", "warning", "10 % of the area"),
    ({}, FLAT, "low_contrast", "warning", "2.441 % of the range"),
    ({}, {"border_share": 0.5}, "constant_border", "note", "50 % of the area"),
]
RIGHT = [
    ({}, {}),
    (CT, CT_MEASURED),
    (CT, {**CT_MEASURED, "border_share": 0.5}),  # air round a head
    ({}, {"low_share": 0.4}),  # the black background of a radiograph
    ({}, {"high_share": 0.4, "edge_value": 4000.0}),  # and of one in MONOCHROME1
    ({"warning": "2 frames announced"}, {}),
    (NM, FLAT),  # few hot spots
    (NM, {"unique_values": 12}),
    (SEG, {"unique_values": 2, "border_share": 0.8}),
    (SEG, EVEN),
    ({"Rows": 16, "Columns": 400}, FLAT),
    ({}, dict.fromkeys(EVEN)),
]


@pytest.mark.slow
@pytest.mark.parametrize(("header", "measured", "code", "severity", "evidence"), CASES)
def test_what_was_planted_is_found(header, measured, code, severity, evidence):
    assert flagged(header, measured) == [(code, severity, evidence)]


@pytest.mark.slow
@pytest.mark.parametrize(("header", "measured"), RIGHT)
def test_what_is_normal_in_its_modality_is_no_finding(header, measured):
    assert flagged(header, measured) == []


@pytest.mark.slow
@pytest.mark.parametrize(("header", "measured", "code"), [case[:3] for case in CASES[2:]])
def test_a_picture_is_checked_too(header, measured, code):
    of_dicom = {"SOPClassUID", "Modality", "PhotometricInterpretation", "PixelSpacing", "ImagerPixelSpacing"}
    assert [row[0] for row in flagged({**dict.fromkeys(of_dicom), "kind": "image"}, measured)] == [code]


def group(count, **odd):
    """Radiographs of one device with some spread, the last one odd."""
    rng = np.random.default_rng(0)
    rows = [{"noise_sd": rng.normal(20, 1), "sharpness": rng.normal(0.1, 0.005)} for _ in range(count)]
    rows[-1] |= odd
    return [{}] * count, rows


@pytest.mark.parametrize(
    ("odd", "code"), [({"noise_sd": 90.0}, "noise_outlier"), ({"sharpness": 0.01}, "sharpness_outlier")]
)
def test_an_outlier_of_its_kind_is_found(odd, code):
    ((found, severity, evidence),) = flagged(*group(30, **odd))
    assert (found, severity) == (code, "note")
    assert evidence.endswith("robust standard deviations, among at least 20 images")


@pytest.mark.slow
def test_no_outlier_in_a_small_group_or_among_other_views():
    assert flagged(*group(19, noise_sd=90.0)) == []
    headers, rows = group(30, noise_sd=90.0)
    assert flagged([*headers[:-1], {"ViewPosition": "LL"}], rows) == []
    assert flagged(*group(30)) == []
