"""Millimetres always come with the name of the attribute that says so."""

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from eda_utils.spacing import NO_SPACING, format_mm, read_aspect, read_spacing


def dataset(**attributes):
    made = Dataset()
    for keyword, value in attributes.items():
        setattr(made, keyword, value)
    return made


def region(delta_x, delta_y, units=3):
    return dataset(
        PhysicalDeltaX=delta_x,
        PhysicalDeltaY=delta_y,
        PhysicalUnitsXDirection=units,
        PhysicalUnitsYDirection=units,
    )


@pytest.mark.parametrize(
    ("attributes", "mm", "source"),
    [
        ({}, None, NO_SPACING),
        ({"PixelSpacing": [0.5, 0.25]}, (0.5, 0.25), "PixelSpacing"),
        ({"PixelSpacing": [0, 0.25]}, None, NO_SPACING),
        ({"PixelSpacing": "0.5"}, None, NO_SPACING),
        ({"ImagerPixelSpacing": [0.1, 0.1]}, (0.1, 0.1), "ImagerPixelSpacing, at the detector"),
        (
            {"PixelSpacing": [0.1, 0.1], "ImagerPixelSpacing": [0.1, 0.1]},
            (0.1, 0.1),
            "PixelSpacing, at the detector",
        ),
        (
            {"PixelSpacing": [0.08, 0.08], "ImagerPixelSpacing": [0.1, 0.1], "PixelSpacingCalibrationType": "FIDUCIAL"},
            (0.08, 0.08),
            "PixelSpacing, calibrated by fiducial",
        ),
        ({"NominalScannedPixelSpacing": [0.2, 0.2]}, (0.2, 0.2), "NominalScannedPixelSpacing"),
    ],
)
def test_source_of_the_spacing(attributes, mm, source):
    assert read_spacing(dataset(**attributes)) == (mm, source)


@pytest.mark.parametrize(
    ("regions", "mm"),
    [
        ([region(0.02, 0.03)], (0.3, 0.2)),  # centimetres; rows first
        ([region(0.02, 0.02), region(0.02, -0.02)], (0.2, 0.2)),
        ([region(0.02, 0.02), region(0.05, 0.05)], None),  # B-mode beside another scale
        ([region(0.02, 0.02, units=4)], None),  # seconds: an M-mode trace
        ([region(0.02, 0.02), region(0.01, 5, units=4)], (0.2, 0.2)),
    ],
)
def test_ultrasound_regions(regions, mm):
    spacing = read_spacing(dataset(SequenceOfUltrasoundRegions=Sequence(regions)))
    assert spacing.mm == (None if mm is None else pytest.approx(mm))
    assert spacing.source == ("SequenceOfUltrasoundRegions" if mm else NO_SPACING)


@pytest.mark.parametrize(
    ("attributes", "aspect"),
    [({}, 1), ({"PixelSpacing": [0.5, 0.25]}, 2), ({"PixelAspectRatio": [4, 3]}, 4 / 3)],
)
def test_aspect_is_height_over_width(attributes, aspect):
    made = dataset(**attributes)
    assert read_aspect(made, read_spacing(made)) == pytest.approx(aspect)


def test_lengths_are_legible():
    assert format_mm(100.0) == "100 mm"
    assert format_mm(0.3, 0.2) == "0.3 × 0.2 mm"
    assert format_mm(0.000499, 0.000499) == "0.499 µm"
