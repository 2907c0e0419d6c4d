"""What identifies a person is masked, and grouping still works."""

import pandas as pd
import pytest
from hypothesis import given, strategies as st

from eda_utils.dicom.phi import MASK, basic_profile, identifier_words, is_phi, mask_identifiers, redact_table
from eda_utils.samples.fetch import CANARY


@pytest.mark.parametrize(
    ("attribute", "expected"),
    [
        ("PatientName", True),
        ("PatientID", True),
        ("StudyInstanceUID", True),
        ("StudyDescription", True),
        ("ReferringPhysicianName", True),
        (0x00091001, True),  # private
        (0x60000022, False),  # overlay description is not in the table, overlay comments and data are
        (0x60003000, True),
        (0x60224000, True),
        (0x50103000, True),  # curves
        ("Rows", False),
        ("PixelSpacing", False),
        ("Modality", False),
        ("Manufacturer", False),
        ("size_bytes", False),
    ],
)
def test_is_phi(attribute, expected):
    assert is_phi(attribute) is expected


def test_the_profile_knows_every_action():
    assert len(basic_profile()) > 600
    assert {code for action in basic_profile().values() for code in action.replace("*", "").split("/")} == set("XZDU")


def test_redacted_index_shows_no_canary(index):
    redacted = redact_table(index)
    assert CANARY.lower() not in redacted.to_csv().lower()
    assert CANARY.lower() in index.to_csv().lower()


def test_redaction_keeps_groups_gaps_and_years(index):
    redacted = redact_table(index)
    for column in ("PatientID", "StudyInstanceUID", "SeriesInstanceUID"):
        pairs = pd.DataFrame({"raw": index[column], "masked": redacted[column]}).dropna().drop_duplicates()
        assert pairs["raw"].is_unique
        assert pairs["masked"].is_unique
    assert redacted.isna().equals(index.isna())
    assert redacted["StudyDate"].dropna().str.len().max() == 4
    assert redacted["Rows"].equals(index["Rows"])


def test_identifiers_in_paths_are_masked():
    table = pd.DataFrame({"path": ["/d/DOE_JANE/a.dcm"], "PatientName": ["Doe^Jane"], "PatientID": ["4711-22"]})
    assert redact_table(table)["path"].item() == f"/d/DOE_{MASK}/a.dcm"  # words of three letters are left


@given(st.text(), st.sets(st.text(min_size=4), max_size=4))
def test_masked_text_no_longer_holds_the_whole_word(text, words):
    masked = mask_identifiers(f"{text} {' '.join(words)}", words)
    assert not {word for word in words if word.isalnum()} & set(masked.split(" "))


def test_words_of_names():
    assert identifier_words(["Doe^Jane Mary", "77"]) == {"Doe^Jane Mary", "Jane", "Mary"}
