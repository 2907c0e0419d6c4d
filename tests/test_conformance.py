"""dciodvfy's verdict as findings, without a value of the file; the tool itself runs where it is installed."""

import shutil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from parts import for_each, foreign_files, program

from eda_utils import conformance
from eda_utils.conformance import flag_conformance, read_message, read_phrases
from eda_utils.errors import RequestError
from eda_utils.samples import CANARY

PHRASES = {
    *("Missing attribute", "Module <GeneralEquipment>", "Value invalid for this VR", "Unrecognized defined term"),
    *("Unrecognized tag - assuming explicit value representation OK", "Dicom dataset read failed", "Seek failed"),
}
LINES = [
    (
        "Error - </Manufacturer(0008,0070)> - Missing attribute for Type 2 Required - Module=<GeneralEquipment>",
        ("Error", "Missing attribute for Type 2 Required", "Manufacturer (0008,0070), module GeneralEquipment"),
    ),
    (
        f'Warning - </(0009,1001,"{CANARY} RIS 1.0")>'
        " - Unrecognized tag - assuming explicit value representation OK [LO]",
        ("Warning", "Unrecognized tag - assuming explicit value representation OK [LO]", "(0009,1001)"),
    ),
    (
        f"Error - </PatientName(0010,0010)[1]> - Value invalid for this VR [PN] = <{CANARY}> - Character invalid",
        ("Error", "Value invalid for this VR [PN]", "PatientName (0010,0010)"),
    ),
    (
        f"Warning - </ViewPosition(0018,5101)> - Unrecognized defined term <{CANARY}> for value 1 of attribute",
        ("Warning", "Unrecognized defined term", "ViewPosition (0018,5101)"),
    ),
    ("Error - Dicom dataset read failed", ("Error", "Dicom dataset read failed", "the file")),
    ("Error - Seek failed - while reading 80 years", ("Error", "Seek failed", "the file")),
    (f"Error - = <{CANARY}>", ("Error", "not conformant", "the file")),
    (f"Error - {CANARY} failed", ("Error", "not conformant", "the file")),
    (
        f"Error - </{CANARY}(0010,0010)> - {CANARY} - Module=<{CANARY}>",
        ("Error", "not conformant", "PatientName (0010,0010)"),
    ),
    ("CRImage", None),
    ("", None),
]


@pytest.mark.parametrize(("line", "expected"), LINES)
def test_lines_are_read_without_values(line, expected):
    assert read_message(line, PHRASES) == expected


@given(st.text())
def test_whatever_it_says_only_phrases_are_told(text):
    found = read_message(f"Error - {text}", PHRASES)
    assert found is None or found[1] in {*PHRASES, "not conformant"}


def test_a_value_that_looks_like_a_message_is_not_told(make_dicom):
    program("dciodvfy")
    forged = f"none\nError - </{CANARY}(0010,0010)> - {CANARY} John - Module=<{CANARY}>\rWarning - {CANARY}"
    path = make_dicom(np.zeros((4, 4), np.uint8), StudyDescription=forged, PatientSex=CANARY, StudyDate=CANARY)
    found = flag_conformance([path]).drop(columns="path")
    assert ("not conformant", "PatientName (0010,0010)") in set(zip(found["what"], found["evidence"], strict=True))
    assert ("Value invalid for this VR [DA]", "StudyDate (0008,0020)") in set(
        zip(found["what"], found["evidence"], strict=True)
    )
    assert CANARY.lower() not in found.to_csv().lower()


@for_each(foreign_files)
def test_no_value_of_a_file_is_shown(path):
    program("dciodvfy")
    found = flag_conformance([path])
    assert CANARY.lower() not in found.drop(columns="path").to_csv().lower()
    assert set(found["severity"]) <= {"warning", "note"}


def test_what_the_tool_finds_is_told_once_per_file(samples):
    program("dciodvfy")
    path = samples / "PAT0001/ST0001/SE0001/IM0001"
    found = flag_conformance([path])
    assert not found.duplicated().any()
    assert ("Value is zero", "PixelSpacing (0028,0030)") in set(zip(found["what"], found["evidence"], strict=True))
    assert len(flag_conformance([path, path])) == 2 * len(found)


@pytest.fixture
def fake(tmp_path, monkeypatch):
    """Put a program in the place of dciodvfy, and a file beside it."""

    def install(script):
        path = tmp_path / "dciodvfy"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        monkeypatch.setattr(shutil, "which", lambda name: str(path))
        read_phrases.cache_clear()
        return path

    return install


def test_both_streams_are_read(fake):
    path = fake(
        ": <<'PHRASES'\nfirst thing\nsecond thing\nPHRASES\n"
        'echo "Error - first thing" >&2; echo "Warning - second thing = <x>"; echo "Error - first thing" >&2'
    )
    found = flag_conformance([path])
    told = found[["kind", "severity", "what"]].to_numpy().tolist()
    assert told == [["nonconformance", "warning", "first thing"], ["nonconformance", "note", "second thing"]]


@pytest.mark.parametrize(
    ("script", "evidence"), [("exec sleep 60", "took more than 0.5 s"), ("kill -6 $$", "was ended by signal 6")]
)
def test_a_tool_that_hangs_or_crashes_is_told(fake, script, evidence):
    found = flag_conformance([fake(script)], timeout=0.5)
    assert found[["kind", "severity", "evidence"]].to_numpy().tolist() == [["conformance_unknown", "note", evidence]]


def test_what_is_no_file_here_is_told(fake):
    fake("exit")
    found = flag_conformance(["s3://bucket/a.dcm", "/gone"])
    assert found["evidence"].tolist() == ["is no file on this machine"] * 2


def test_without_the_tool_the_request_is_refused(monkeypatch):
    monkeypatch.setattr(conformance.shutil, "which", lambda name: None)
    with pytest.raises(RequestError) as caught:
        flag_conformance([])
    assert str(caught.value) == "flag_conformance: needs dciodvfy; install the Debian package dicom3tools."
