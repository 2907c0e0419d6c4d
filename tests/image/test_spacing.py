"""Millimetres always come with the name of the attribute that says so."""

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from eda_utils.image.spacing import NO_SPACING, format_mm, read_aspect, read_spacing


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
        ({"ImagePlanePixelSpacing": [0.4, 0.4]}, (0.4, 0.4), "ImagePlanePixelSpacing"),
        ({"PixelSpacing": [0.2, 0.2], "Modality": "CT"}, (0.2, 0.2), "PixelSpacing"),
        ({"PixelSpacing": [0.2, 0.2], "Modality": "DX"}, (0.2, 0.2), "PixelSpacing, not said how it was calibrated"),
        (
            {"PixelSpacing": [0.08, 0.08], "ImagerPixelSpacing": [0.1, 0.1]},
            (0.08, 0.08),
            "PixelSpacing, not said how it was calibrated",
        ),
        (
            {"ImagerPixelSpacing": [0.1, 0.1], "EstimatedRadiographicMagnificationFactor": "1.25"},
            (0.1, 0.1),
            "ImagerPixelSpacing, at the detector, magnified 1.25 times",
        ),
        (
            {"ImagerPixelSpacing": [0.2, 0.2], "ObjectPixelSpacingInCenterOfBeam": [0.15, 0.15]},
            (pytest.approx(0.15), pytest.approx(0.15)),
            "ObjectPixelSpacingInCenterOfBeam",
        ),
    ],
)
def test_source_of_the_spacing(attributes, mm, source):
    assert read_spacing(dataset(**attributes)) == (mm, source)


ULTRASOUND = "SequenceOfUltrasoundRegions, PhysicalDelta in cm"
SEVERAL = "no single spacing: ultrasound regions differ"


@pytest.mark.parametrize(
    ("regions", "mm", "source"),
    [
        ([region(0.02, 0.03)], (0.3, 0.2), ULTRASOUND),  # centimetres; rows first
        ([region(0.02, 0.02), region(0.02, -0.02)], (0.2, 0.2), ULTRASOUND),
        ([region(0.02, 0.02), region(0.05, 0.05)], None, SEVERAL),  # B-mode beside another scale
        ([region(0.02, 0.02, units=4)], None, NO_SPACING),  # seconds: an M-mode trace
        ([region(0.02, 0.02), region(0.01, 5, units=4)], (0.2, 0.2), ULTRASOUND),
    ],
)
def test_ultrasound_regions(regions, mm, source):
    spacing = read_spacing(dataset(SequenceOfUltrasoundRegions=Sequence(regions)))
    assert spacing.mm == (None if mm is None else pytest.approx(mm))
    assert spacing.source == source


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
