"""Each rule on exposure, side and view finds what was planted, and nothing just inside of what is plausible."""

import pytest
from planted import CLASS, CT, flagged

MG = {"Modality": "MG", "SOPClassUID": CLASS + "1.2", "BodyPartExamined": "BREAST", "KVP": 28.0, "ViewPosition": "MLO"}
MG |= {"ImageLaterality": "R"}
KNEE = {"BodyPartExamined": "KNEE", "Laterality": "R", "ViewPosition": "AP"}
MR = {"Modality": "MR", "SOPClassUID": CLASS + "4", "ViewPosition": None, "KVP": None, "MagneticFieldStrength": 3.0}

CASES = [
    ({**CT, "KVP": 120_000.0}, "kilovolts_implausible", "warning", "120,000 kV in CT"),
    ({**MG, "KVP": 110.0}, "kilovolts_implausible", "warning", "110 kV in MG"),
    ({"ExposureTime": 25_000}, "exposure_implausible", "warning", "25,000 ms, none mA"),
    ({"XRayTubeCurrent": 250_000}, "exposure_implausible", "warning", "none ms, 250,000 mA"),
    ({"XRayTubeCurrent": -1}, "exposure_implausible", "warning", "none ms, -1 mA"),
    ({"KVP": 0.0, "ExposureTime": 4}, "exposure_zero", "note", "0 kV, 4 ms, none mA"),
    ({**MR, "MagneticFieldStrength": 15_000.0}, "field_strength_implausible", "warning", "15,000 T"),
    (
        {**KNEE, "ImageLaterality": "L"},
        *("laterality_contradicts", "error", "Laterality R, Image Laterality L"),
    ),
    (
        {**KNEE, "SeriesDescription": "Knee LEFT Kanarinsky"},
        *("laterality_contradicts_description", "error", "the side is R, the text names the other"),
    ),
    ({**MG, "ImageLaterality": None}, "laterality_missing", "warning", "neither Laterality nor Image Laterality"),
    ({**KNEE, "Laterality": None}, "laterality_missing", "warning", "neither Laterality nor Image Laterality"),
    ({"ViewPosition": None}, "view_missing", "note", "no View Position"),
    ({"ViewPosition": "POSTEROANTERIOR"}, "view_unknown", "note", "none of the defined terms"),
]
RIGHT = [
    MG,
    KNEE,
    MR,
    {**CT, "KVP": 150.0, "ExposureTime": 30_000, "XRayTubeCurrent": 1300},
    {
        "Modality": "RTIMAGE",
        "SOPClassUID": CLASS + "481.1",
        "KVP": 6000.0,
        "ViewPosition": None,
    },  # a linear accelerator
    {**KNEE, "ImageLaterality": "B"},
    {**KNEE, "SeriesDescription": "LEFT LATERAL"},
    {**KNEE, "SeriesDescription": "left and right"},
    {**KNEE, "SeriesDescription": "copyright"},
    {**KNEE, "Laterality": None, "ImageLaterality": "U"},
]


@pytest.mark.slow
@pytest.mark.parametrize(("header", "code", "severity", "evidence"), CASES)
def test_what_was_planted_is_found(header, code, severity, evidence):
    assert flagged(header) == [(code, severity, evidence)]


@pytest.mark.slow
@pytest.mark.parametrize("header", RIGHT)
def test_what_is_plausible_is_no_finding(header):
    assert flagged(header) == []
