"""Each rule on spacing, orientation and stacks finds what was planted, and nothing just inside of what is plausible."""

import pytest
from hypothesis import given, settings, strategies as st
from parts import examples
from planted import CLASS, CLEAN, CT, flagged

DISTANCES = {"DistanceSourceToDetector": 1200.0, "DistanceSourceToPatient": 1000.0}
FACTOR = "EstimatedRadiographicMagnificationFactor"
TURNED = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)

CASES = [
    ({**CT, "PixelSpacing": None}, "spacing_missing", "warning", "no Pixel Spacing"),
    (
        {"PixelSpacing": None, "ImagerPixelSpacing": None},
        *("detector_spacing_missing", "note", "neither spacing is there"),
    ),
    (
        {"PixelSpacing": (0.0, 0.0), "ImagerPixelSpacing": None},
        *("spacing_invalid", "error", "Pixel Spacing 0\\0 mm, Imager Pixel Spacing none mm"),
    ),
    (
        {"ImagerPixelSpacing": (-0.2, 0.2)},
        *("spacing_invalid", "error", "Pixel Spacing 0.2\\0.2 mm, Imager Pixel Spacing -0.2\\0.2 mm"),
    ),
    ({**CT, "PixelSpacing": (700.0, 700.0)}, "spacing_implausible", "error", "358,400 × 358,400 mm"),
    ({**CT, "PixelSpacing": (0.0007, 0.0007)}, "spacing_implausible", "error", "0.3584 × 0.3584 mm"),
    ({"PixelSpacing": (0.2, 0.1), "ImagerPixelSpacing": (0.2, 0.1)}, "pixels_not_square", "note", "2 times"),
    ({"PixelSpacing": (0.25, 0.25)}, "magnification_implausible", "warning", "a magnification of 0.8"),
    ({"PixelSpacing": (0.05, 0.05)}, "magnification_implausible", "warning", "a magnification of 4"),
    (
        {**DISTANCES, FACTOR: 1.5},
        *("magnification_contradicts_distances", "warning", "stated 1.5, of the distances 1.2"),
    ),
    ({FACTOR: 0.99}, "magnification_contradicts_distances", "warning", "stated 0.99, of the distances none"),
    (
        {**CT, "ImageOrientationPatient": (1.0, 0.0, 0.0, 0.5, 1.0, 0.0)},
        *("orientation_invalid", "error", "lengths 1 and 1.118, scalar product 0.5"),
    ),
]
RIGHT = [
    CT,
    {"PixelSpacing": (0.15, 0.15)},
    {"PixelSpacing": (0.201, 0.201)},  # rounded
    {"PixelSpacing": None},
    {"Rows": 1, "PixelSpacing": (0.0, 0.2), "ImagerPixelSpacing": None},
    {"Modality": "US", "SOPClassUID": CLASS + "6.1", "PixelSpacing": None, "ImagerPixelSpacing": None},
    {**DISTANCES, FACTOR: 1.2},
    {**CT, "ImageOrientationPatient": (0.99, 0.14, 0.0, -0.14, 0.99, 0.0)},  # two decimals
]
SLICE, SCOUT = {**CT, "SeriesDescription": "chest"}, {**CT, "SeriesDescription": "3 plane loc"}
MIXED = [
    ([SLICE, SLICE, {**SLICE, "Rows": 500}], "series_mixed_size", "3 files, 500 to 512 rows, 512 to 512 columns"),
    ([SLICE, {**SLICE, "PixelSpacing": (0.8, 0.8)}], "series_mixed_spacing", "2 files, 0.7 to 0.8 mm between rows"),
    (
        [SLICE, {**SLICE, "ImageOrientationPatient": TURNED}],
        *("series_mixed_orientation", "2 files, direction cosines up to 1 apart"),
    ),
    (
        [{"Manufacturer": "Phantom"}, {"Manufacturer": "Kanarinsky"}],
        *("series_mixed_device", "2 files of several manufacturers or models"),
    ),
]
NOT_MIXED = [
    [SLICE, {**SLICE, "PixelSpacing": (0.7001, 0.7001)}],
    [SLICE, {**SLICE, "Rows": 500, "SeriesInstanceUID": "1.9"}],
    [SLICE, {**SLICE, "Rows": None}],
    [
        {**CT, "SeriesDescription": "3 plane loc"},
        {**CT, "ImageOrientationPatient": TURNED, "SeriesDescription": "3 plane LOC"},
    ],
    [SLICE, {**SLICE, "ImageOrientationPatient": TURNED, "ImageType": ("ORIGINAL", "PRIMARY", "LOCALIZER")}],
    [SLICE, {**SLICE, "SeriesInstanceUID": None, "Rows": 500}],
    [CLEAN, {"Rows": 1500}],  # radiographs of one series have their own sizes
    [{"Manufacturer": "Phantom"}, {"Manufacturer": None}],
]


@pytest.mark.slow
@pytest.mark.parametrize(("header", "code", "severity", "evidence"), CASES)
def test_what_was_planted_is_found(header, code, severity, evidence):
    assert flagged(header) == [(code, severity, evidence)]


@pytest.mark.slow
@pytest.mark.parametrize("header", RIGHT)
def test_what_is_plausible_is_no_finding(header):
    assert flagged(header) == []


@pytest.mark.parametrize(("headers", "code", "evidence"), MIXED)
def test_a_mixed_series_is_found_once(headers, code, evidence):
    ((found, _, told),) = flagged(headers)
    assert (found, told) == (code, evidence)


@pytest.mark.parametrize("headers", NOT_MIXED)
def test_a_series_that_is_none_or_has_reason_is_no_finding(headers):
    assert flagged(headers) == []


@pytest.mark.slow
@settings(deadline=None, max_examples=examples(50))
@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([500, 512, 600])), min_size=1, max_size=10))
def test_mixed_series_are_those_that_loops_find(slices):
    headers = [{**SLICE, "SeriesInstanceUID": f"1.{ord(name)}", "Rows": rows} for name, rows in slices]
    sizes = {name: {rows for other, rows in slices if other == name} for name, _ in slices}
    found = [row[0] for row in flagged(headers)]
    assert found == ["series_mixed_size"] * sum(len(rows) > 1 for rows in sizes.values())
