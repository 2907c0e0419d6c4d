"""Values for a table, and what is off about a header, by hand."""

import pytest
from pydicom.dataset import Dataset

from eda_utils.dicom.cells import MISSING_ROWS, complaints, plain_value, uid_name
from eda_utils.dicom.encapsulated import CUT_PIXELS

CT = "1.2.840.10008.5.1.4.1.1.2"
IMPLICIT, NATIVE, JPEG = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.50"


@pytest.mark.parametrize(
    ("keyword", "value", "expected"),
    [
        ("Rows", 512, 512),
        ("Modality", "CT", "CT"),
        ("WindowCenter", [40, 50], (40, 50)),
        ("WindowCenter", 40, (40,)),
        ("ImageType", ["A", "B"], ("A", "B")),
        ("ReferencedStudySequence", [Dataset(), Dataset()], "2 items"),
        ("PatientID", "", None),
    ],
)
def test_plain_value(keyword, value, expected):
    dataset = Dataset()
    setattr(dataset, keyword, value)
    assert plain_value(dataset, keyword) == expected
    assert plain_value(Dataset(), keyword) is None


@pytest.mark.parametrize(
    ("values", "syntax", "rest", "told"),
    [
        ((10, 10, 16, 1, 1, "MONOCHROME2"), NATIVE, 212, []),
        ((10, 10, 16, 1, 1, "MONOCHROME2"), NATIVE, 211, [CUT_PIXELS]),
        ((10, 10, 16, 1, 1, "MONOCHROME2"), IMPLICIT, 208, []),
        ((10, 10, 16, 1, 1, "MONOCHROME2"), IMPLICIT, 207, [CUT_PIXELS]),
        ((10, 10, 16, None, None, None), NATIVE, 211, [CUT_PIXELS]),
        ((10, 10, 8, 3, 2, "RGB"), NATIVE, 611, [CUT_PIXELS]),
        ((10, 10, 1, 1, 1, "MONOCHROME2"), NATIVE, 25, []),
        ((10, 10, 8, 3, 1, "YBR_FULL_422"), NATIVE, 200, []),  # stored with two thirds of the samples
        ((10, 10, 16, 1, 1, "MONOCHROME2"), JPEG, 20, []),
        ((None, None, None, None, None, None), NATIVE, 20, [MISSING_ROWS]),
    ],
)
def test_complaints(values, syntax, rest, told):
    assert complaints(values, CT, syntax, rest) == told


def test_only_images_need_rows():
    assert complaints((None,) * 6, "1.2.840.10008.5.1.4.1.1.88.11", NATIVE, 0) == []


def test_what_is_no_uid_is_not_shown():
    assert [uid_name(text) for text in (JPEG, "1.2.3", "Name^A")] == ["JPEG Baseline (Process 1)", "1.2.3", "not a UID"]
