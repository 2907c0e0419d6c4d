"""Each check of the UIDs finds what was planted, nothing in a clean folder, and quotes no identifier."""

import shutil
from collections import defaultdict

import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st
from parts import examples
from pydicom.config import IGNORE
from pydicom.data import get_palette_files, get_testdata_file
from pydicom.uid import UID

from eda_utils import index_folder, quality
from eda_utils.core.errors import RequestError
from eda_utils.core.findings import FINDING_COLUMNS
from eda_utils.quality.uids import DIRECTORY, UIDS
from eda_utils.samples.fetch import CANARY

RAW, RLE = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.5"


def folder(count=4, **columns):
    """The index of a clean series, with some columns as given."""
    clean = {
        **{"path": [f"/data/{number}" for number in range(count)], "size_bytes": 500, "kind": "dicom", "problem": None},
        "SOPInstanceUID": [f"1.2.3.4.{number}" for number in range(count)],
        **{"SeriesInstanceUID": "1.2.3.3", "StudyInstanceUID": "1.2.3.2", "FrameOfReferenceUID": "1.2.3.5"},
        **{"PatientID": CANARY, "Modality": "CT", "SOPClassUID": "1.2.840.10008.5.1.4.1.1.2"},
        **{"TransferSyntaxUID": RAW, "InstanceNumber": range(count), "Rows": 512},
    }
    return pd.DataFrame({**clean, **columns}, index=range(count))


def audit(index):
    """The findings, after a look for identifiers in them."""
    found = quality.check_uids(index)
    assert tuple(found.columns) == FINDING_COLUMNS
    shown = found.drop(columns="path").to_csv().lower()
    values = {str(value).lower() for keyword in (*UIDS, "PatientID") for value in index[keyword].dropna()}
    assert [value for value in {*values, CANARY.lower()} if len(value) > 3 and value in shown] == []
    return found


def told(index):
    return [tuple(row) for row in audit(index)[["path", "kind", "severity", "evidence"]].to_numpy()]


COPY = {"SOPInstanceUID": ["1.2.3.4.0", "1.2.3.4.1", "1.2.3.4.1", "1.2.3.4.3"], "InstanceNumber": [1, 2, 2, 3]}
PLANTED = [  # columns, which file is the first, kind, severity, evidence
    (COPY, 1, "instance_copied", "warning", "2 files of the same size"),
    (
        {**COPY, "size_bytes": [500, 500, 100, 500], "TransferSyntaxUID": [RAW, RAW, RLE, RAW]},
        *(1, "instance_copied", "warning", "2 files that differ in size, transfer syntax"),
    ),
    (
        {**COPY, "TransferSyntaxUID": None},
        *(1, "instance_copied", "warning", "2 files of the same size"),
    ),
    (
        {**COPY, "size_bytes": [500, 500, 502, 500]},
        *(1, "instance_uid_reused", "error", "2 files that differ in size"),
    ),
    (
        {"SOPInstanceUID": "1.2.3.4.1", "size_bytes": [9, 8, 7, 9], "TransferSyntaxUID": [RAW, RLE, RLE, RAW]},
        *(0, "instance_uid_reused", "error", "4 files that differ in size, transfer syntax, Instance Number"),
    ),
    (
        {"SOPInstanceUID": ["1.2.3.4.0", *["1.2.3.4.1"] * 3]},
        *(1, "instance_uid_reused", "error", "3 files that differ in Instance Number"),
    ),
    (
        {**COPY, "SeriesInstanceUID": ["1.2.3.3", "1.2.3.3", "1.2.3.30", "1.2.3.3"]},
        *(1, "instance_uid_reused", "error", "2 files that differ in series"),
    ),
    (
        {"StudyInstanceUID": [None, "1.2.3.2", "1.2.3.20", "1.2.3.20"], "SOPClassUID": "1.2.840.10008.5.1.4.39.1"},
        *(1, "series_in_several_studies", "error", "3 files, 2 Study Instance UIDs"),
    ),
    (
        {"PatientID": ["Kanarinsky", "Kanarinsky", "Kanarinska", None]},
        *(0, "study_with_several_patients", "error", "3 files, 2 Patient IDs"),
    ),
    (
        {"Modality": ["CT", "PR", "CT", "SR"]},
        *(0, "series_with_several_modalities", "error", "4 files, 3 modalities"),
    ),
    (
        {"FrameOfReferenceUID": ["", "1.2.3.5", "1.2.3.50", None]},
        *(1, "series_with_several_frames_of_reference", "note", "2 files, 2 Frame of Reference UIDs"),
    ),
    *(
        ({keyword: ["1.2.3.9", None, "", None]}, 1, "uid_missing", "error", "3 of 4 DICOM files")
        for keyword in ("SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID")
    ),
    (
        {"SOPInstanceUID": [f"1.2.3.4.{'9' * count}" for count in (56, 57, 58, 59)]},
        *(1, "uid_invalid", "error", "3 of 4 DICOM files: 3 longer than 64 characters"),
    ),
    (
        {"StudyInstanceUID": "ab12" * 16},
        *(0, "uid_invalid", "error", "4 of 4 DICOM files: 4 with other characters than digits and dots"),
    ),
    (
        {"SOPInstanceUID": ["1.2.0", "1.02.3", "1..2", "0.1.2"]},
        *(1, "uid_invalid", "error", "2 of 4 DICOM files: 2 with an empty component or a leading zero"),
    ),
    (
        {
            "FrameOfReferenceUID": ["1.2", "1.2", f"1.02.{CANARY}", "1.2"],
            "SeriesInstanceUID": ["1.3", "1.3", "1.4", "1.3"],
        },
        *(2, "uid_invalid", "error"),
        "1 of 4 DICOM files: 1 with other characters than digits and dots, 1 with an empty component or a leading zero",
    ),
]


def test_a_clean_folder_has_no_findings():
    assert told(folder()) == []


@pytest.mark.parametrize(("columns", "first", "kind", "severity", "evidence"), PLANTED)
def test_what_was_planted_is_found_once(columns, first, kind, severity, evidence):
    assert told(folder(**columns)) == [(f"/data/{first}", kind, severity, evidence)]


@pytest.mark.parametrize("columns", [case[0] for case in PLANTED])
def test_the_type_of_a_column_does_not_matter(columns):
    index = folder(**columns)
    expected = told(index)
    texts = [*UIDS, "PatientID", "Modality", "SOPClassUID", "TransferSyntaxUID"]
    for dtype in ("category", "string", object):
        assert told(index.astype(dict.fromkeys([*texts, "kind", "problem", "path"], dtype))) == expected
    assert told(index.set_index(pd.Index([7] * len(index)))) == expected


def test_numbers_as_patients():
    numbers = pd.array([11111, 11111, None, 22222], dtype="Int64")
    ((_, kind, _, evidence),) = told(folder(PatientID=numbers, InstanceNumber=numbers))
    assert (kind, evidence) == ("study_with_several_patients", "3 files, 2 Patient IDs")


def unique(count):
    return [f"1.9.{number}" for number in range(count)]


@pytest.mark.slow
@settings(deadline=None, max_examples=examples(50))
@given(
    st.lists(st.tuples(*[st.sampled_from([None, "1.1", "1.2", "1.3"])] * 2), min_size=1, max_size=12),
    st.sampled_from(
        [
            ("StudyInstanceUID", "PatientID", "study_with_several_patients"),
            ("SeriesInstanceUID", "StudyInstanceUID", "series_in_several_studies"),
            ("SeriesInstanceUID", "Modality", "series_with_several_modalities"),
        ]
    ),
)
def test_groups_are_those_that_loops_find(pairs, rule):
    whole, part, kind = rule
    others = {"SeriesInstanceUID": unique(len(pairs)), "StudyInstanceUID": unique(len(pairs)), "PatientID": None}
    index = folder(len(pairs), **{**others, whole: [pair[0] for pair in pairs], part: [pair[1] for pair in pairs]})
    parts, files = defaultdict(set), defaultdict(list)
    for path, (owner, value) in zip(index["path"], pairs, strict=True):
        if owner and value:
            parts[owner].add(value)
            files[owner].append(path)
    mixed = [owner for owner in parts if len(parts[owner]) > 1]
    expected = {(files[owner][0], f"{len(files[owner])} files, {len(parts[owner])} ") for owner in mixed}
    found = [(row[0], row[3][: row[3].index(", ") + 4]) for row in told(index) if row[1] == kind]
    assert set(found) == expected
    assert len(found) == len(expected)


TEXTS = st.text().map(str.strip).filter(bool)  # pydicom's UID strips


@pytest.mark.slow
@settings(deadline=None, max_examples=examples(50))
@given(st.lists(st.one_of(st.from_regex(r"[0-9.]{1,70}", fullmatch=True), TEXTS), min_size=1))
def test_a_uid_is_valid_where_pydicom_says_so(values):
    found = quality.check_uids(folder(len(values), FrameOfReferenceUID=values, SeriesInstanceUID=unique(len(values))))
    invalid = sum(not UID(value, IGNORE).is_valid for value in values)
    told = f"{invalid} of {len(values)} DICOM file"
    assert [text[: len(told)] for text in found["evidence"]] == [told] * (invalid > 0)


def test_only_instances_count(tmp_path):
    """A DICOMDIR has no UIDs, a palette no series; what could not be read or is no DICOM file has neither."""
    palettes = [path for path in get_palette_files() if path.endswith(".dcm")]
    shutil.copy(get_testdata_file("dicomdirtests/DICOMDIR"), tmp_path)
    (tmp_path / "none.txt").write_text("none")
    index = index_folder([get_testdata_file("CT_small.dcm"), *palettes, tmp_path])
    assert (index["kind"] == "dicom").sum() == len(palettes) + 2 > 3
    assert told(index) == []
    assert told(index.assign(problem="cut")) == []
    assert told(folder(kind="slide", SOPInstanceUID=None)) == []
    assert told(folder(SOPClassUID=DIRECTORY, SOPInstanceUID=None)) == []


def test_a_file_that_is_listed_twice_is_no_copy():
    index = index_folder(get_testdata_file("CT_small.dcm"))
    assert told(pd.concat([index, index])) == []


def test_empty_and_unreadable_folders(tmp_path):
    expected = quality.check_uids(folder()).dtypes
    assert quality.check_uids(index_folder(tmp_path)).dtypes.equals(expected)
    (tmp_path / "cut.dcm").write_bytes(bytes(128) + b"DICM")
    assert quality.check_uids(index_folder(tmp_path)).dtypes.equals(expected)
    assert quality.check_uids(index_folder(tmp_path)).empty


def test_samples(index):
    """What is known to be wrong with them is said in samples.csv."""
    counts = audit(index)["kind"].value_counts().to_dict()
    assert counts == {"uid_invalid": 3, "instance_copied": 2, "instance_uid_reused": 1}


@pytest.mark.slow
def test_corpus(corpus):
    found = audit(index_folder(corpus))
    assert found["severity"].is_monotonic_increasing
    lacking = found[found["kind"] == "uid_missing"]
    assert not lacking["path"].str.contains("DICOMDIR|DIRFILE").any()
    assert found["evidence"].str.match(r"[\d,]+ (of [\d,]+ DICOM )?files").all()


def test_a_column_that_is_missing_is_named():
    with pytest.raises(RequestError) as caught:
        quality.check_uids(folder().drop(columns="FrameOfReferenceUID"))
    assert str(caught.value) == "index: has no column FrameOfReferenceUID; call index_folder with this tag too."
