"""Rules and words by which identifiers are told."""

import pytest
from pydicom.dataset import Dataset

from eda_utils.privacy.identifiers import action_of, is_dummy, learn_words, tells, walk


@pytest.mark.parametrize(
    ("tag", "vr", "action"),
    [
        (0x00100010, "PN", "Z"),
        (0x00080018, "UI", "U"),
        (0x00280010, "US", None),
        (0x00091001, "LO", "X"),
        (0x60020022, "LO", "X"),
        (0x50000010, "US", "X"),
        (0x00080000, "UL", None),
        (0x00100011, "UN", "X"),  # an edition later than pydicom's dictionary
        (0x00080FFE, "UN", "X"),  # later than any
    ],
)
def test_actions(tag, vr, action):
    assert action_of(tag, vr) == action


@pytest.mark.parametrize(
    ("words", "text", "is_told"),
    [
        ("Doe^Jonathan", "scan of JONATHAN", True),
        ("Doe^Jonathan", "Jonathans knee", True),
        ("Doe^Jane", "janes knee", False),
        ("Doe^Jane", "Jane, knee", True),
        ("Doe^Li", "li is long", False),
        ("1234567", "no. 1234567", True),
        ("1234567", "no. 912345678", False),
        ("0001", "IM0001", False),
        ("ANONYMOUS", "anonymous", False),
        ("Müller^Käthe", "Frau MüLLER", True),
    ],
)
def test_words_are_found_again(words, text, is_told):
    dataset = Dataset()
    dataset.SpecificCharacterSet, dataset.PatientName, dataset.Manufacturer = "ISO_IR 192", words, text
    elements = list(walk(dataset))
    manufacturer = next(element for element in elements if element.name == "Manufacturer")
    assert tells(manufacturer, learn_words(elements)) is is_told


OTHERS = (b"00010101", b"00010101010101.000000+0000", b"http://anonymized.invalid")  # of dicom-anonymizer


@pytest.mark.parametrize(
    "value", [b"", b"  ", b"\0\0", b"0", b"REMOVED", b"Anonymized ", b"19000101", b"ANON-0123456789AB", *OTHERS]
)
def test_dummies(value):
    assert is_dummy(value)


@pytest.mark.parametrize("value", [b"Anonymous^Jane", b"19370101", b"A", b"REMOVED by Jane", b"17", b"00010102"])
def test_no_dummies(value):
    assert not is_dummy(value)
