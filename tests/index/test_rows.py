"""A file is one row whatever is in it, by whichever way it was read, and the cells are what pydicom says."""

import io
import re
import struct
import zipfile
from numbers import Number

import numpy as np
import pandas as pd
import pydicom
import pytest
from parts import CORPUS, dicom_files, file_id, foreign_files
from pydicom.data import get_testdata_file
from pydicom.datadict import dictionary_VR, keyword_for_tag, tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian

from eda_utils import index_folder, read_index, write_index
from eda_utils.core.errors import RequestError
from eda_utils.core.guards import quiet
from eda_utils.dicom import redact_table
from eda_utils.dicom.phi import MASK
from eda_utils.index.folder import INDEX_TAGS
from eda_utils.index.rows import read_row, refused_row
from eda_utils.index.schema import FILE_COLUMNS
from eda_utils.samples.fetch import CANARY

LONG_VRS = (b"OB", b"OW", b"SQ", b"UN", b"UT", b"UC", b"UV", b"OV")


def equal_cells(left, right):
    return (
        left == right
        if isinstance(left, tuple) or isinstance(right, tuple)
        else left == right or (pd.isna(left) and pd.isna(right))
    )


def both_ways(source, monkeypatch, **options):
    """The index by pydicom, which must be that of the compiled scanner in small batches."""
    slow = index_folder(source, **options)
    with monkeypatch.context() as patch:
        patch.setattr("eda_utils.index.folder.SCAN_FROM", 0)
        patch.setattr("eda_utils.index.folder.BATCH", 40)
        pd.testing.assert_frame_equal(index_folder(source, **options), slow)
    return slow


# tags="all"


def test_every_attribute_has_the_cells_of_the_default(samples, index):
    whole = index_folder(samples, tags="all")
    pd.testing.assert_frame_equal(whole[FILE_COLUMNS], index[FILE_COLUMNS])
    for name in INDEX_TAGS:
        if name in whole:
            pd.testing.assert_series_equal(whole[name], index[name])
        else:
            assert index[name].isna().all()
    assert len(whole.columns) > 300
    assert whole.columns.is_unique


def own_keywords(path):
    """The keywords of what pydicom finds in a file."""
    with quiet():
        dataset = pydicom.dcmread(path, force=True, stop_before_pixels=True)
    tags = [*dataset.keys(), *dataset.file_meta.keys()]
    return {keyword_for_tag(tag) for tag in tags if tag.element and not tag.is_private} - {""}


@pytest.mark.parametrize("path", [path for path in dicom_files() if path.name != "DICOMDIR"][::5], ids=file_id)
def test_no_attribute_is_left_out(path):
    table = index_folder(path, tags="all")
    assert own_keywords(path) <= set(table.columns)


def test_binary_values_are_their_lengths(make_dicom):
    path = make_dicom(np.zeros((4, 4), np.uint8))
    dataset = pydicom.dcmread(path)
    dataset.add_new("ICCProfile", "OB", b"\1" * 300)
    dataset.add_new("RedPaletteColorLookupTableData", "OW", b"\1" * 512)
    dataset.add_new("VectorGridData", "OF", b"\1" * 8)
    dataset.add_new(0x00090010, "LO", "ACME")
    dataset.add_new(0x00091001, "OB", b"\1" * 6)
    dataset.add_new(0x00091002, "UN", b"\1" * 4)
    dataset.add_new("RequestAttributesSequence", "SQ", [Dataset(), Dataset()])
    dataset.save_as(path)
    row = index_folder(path, tags="all").iloc[0]
    assert row["ICCProfile"] == "300 bytes"
    assert row["RedPaletteColorLookupTableData"] == "512 bytes"
    assert row["0009[ACME]01"] == "6 bytes"
    assert row["0009[ACME]02"] == "4 bytes"
    assert row["RequestAttributesSequence"] == "2 items"


def test_two_blocks_of_one_creator_and_elements_of_nobody(make_dicom):
    """A name stands for one element, so that none takes the place of another."""
    path = make_dicom(np.zeros((4, 4), np.uint8))
    dataset = pydicom.dcmread(path)
    for block in (0x10, 0x12):
        dataset.add_new(0x00090000 | block, "LO", "TWICE")
        dataset.add_new(0x00090000 | block << 8 | 1, "LO", f"in {block:x}")
    dataset.add_new(0x00091102, "LO", "of nobody")
    dataset.add_new(0x00091302, "LO", "of nobody else")
    dataset.save_as(path)
    row = index_folder(path, tags="all").iloc[0]
    found = {name: row[name] for name in row.index if name.startswith("0009")}
    assert found == {
        "0009[TWICE]01": "in 10",
        "00091201": "in 12",
        "00091102": "of nobody",
        "00091302": "of nobody else",
    }


HOSTILE = [
    f"{CANARY}^Anna",
    "new\nline",
    "]0C",
    "[",
    "a.b[0].c",
    "0019[X]0C",
    "path",
    "quo\"te'",
    "<script>alert(1)</script>",
    "=cmd()",
    "x" * 64,
    "\u00fc\u00df",
    "\t",
    "tab\there",
    "per%cent",
    "a,b;c",
]


@pytest.fixture
def hostile_creators(make_dicom, tmp_path):
    for number, creator in enumerate(HOSTILE):
        path = make_dicom(
            np.zeros((4, 4), np.uint8), f"{number:02}.dcm", PatientName=f"{CANARY}^Anna", PatientID="4711-22"
        )
        dataset = pydicom.dcmread(path)
        dataset.SpecificCharacterSet = "ISO_IR 100"
        dataset.add_new(0x00290011, "LO", creator)
        dataset.add_new(0x00291101, "LO", f"{CANARY} {number}")
        with quiet():
            dataset.save_as(path)
    return tmp_path


def test_hostile_creators_are_only_names(hostile_creators, tmp_path_factory):
    table = index_folder(hostile_creators, tags="all")
    assert table["problem"].isna().all()
    for number, creator in enumerate(HOSTILE):
        name = f"0029[{creator.strip()}]01" if creator.strip() else "00291101"
        assert table[name][number] == f"{CANARY} {number}"
        assert table[name].notna().sum() == 1
    again = read_index(write_index(table, tmp_path_factory.mktemp("index") / "index.parquet"))
    pd.testing.assert_frame_equal(again, table)
    assert read_index(index_folder(hostile_creators, tags="all", output=again_folder(tmp_path_factory))).equals(table)


def again_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("parts") / "new"


def test_redaction_masks_private_values_and_names(hostile_creators):
    """Nobody knows what a vendor keeps there, nor who wrote a patient's name where the creator should be."""
    redacted = redact_table(index_folder(hostile_creators, tags="all"))
    assert CANARY.lower() not in (redacted.to_csv() + str(list(redacted.columns))).lower()
    private = [name for name in redacted.columns if name.startswith("0029")]
    assert len(private) == len(HOSTILE)
    assert {cell for name in private for cell in redacted[name].dropna()} == {MASK}


# tags that are private, nested and plain


@pytest.mark.slow
def test_private_tags_of_a_folder_of_hostile_creators(hostile_creators, monkeypatch):
    tags = [f"0029[{creator}]01" for creator in HOSTILE if creator.strip()] + ["Rows", "00291101"]
    table = both_ways(hostile_creators, monkeypatch, tags=tags)
    assert list(table.columns) == [*FILE_COLUMNS, *tags]
    assert table[tags[:-2]].notna().sum().tolist() == [1] * (len(tags) - 2)
    assert table["00291101"].tolist() == [f"{CANARY} {number}" for number in range(len(HOSTILE))]


NESTED = {
    "SequenceOfUltrasoundRegions[0].PhysicalDeltaX": [("SequenceOfUltrasoundRegions", 0), "PhysicalDeltaX"],
    "SequenceOfUltrasoundRegions[1].RegionLocationMinX0": [("SequenceOfUltrasoundRegions", 1), "RegionLocationMinX0"],
    "ViewCodeSequence.CodeMeaning": [("ViewCodeSequence", 0), "CodeMeaning"],
    "00400275[0].ScheduledProcedureStepID": [("RequestAttributesSequence", 0), "ScheduledProcedureStepID"],
    "SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing": [
        ("SharedFunctionalGroupsSequence", 0),
        ("PixelMeasuresSequence", 0),
        "PixelSpacing",
    ],
    "PerFrameFunctionalGroupsSequence[1].FrameContentSequence[0].DimensionIndexValues": [
        ("PerFrameFunctionalGroupsSequence", 1),
        ("FrameContentSequence", 0),
        "DimensionIndexValues",
    ],
    "ReferencedSeriesSequence[0].SeriesInstanceUID": [("ReferencedSeriesSequence", 0), "SeriesInstanceUID"],
    "ReferencedSeriesSequence[99].SeriesInstanceUID": [("ReferencedSeriesSequence", 99), "SeriesInstanceUID"],
}
PRIVATE = {
    "0009[KANARINSKY RIS 1.0]01": (0x0009, "KANARINSKY RIS 1.0", 0x01),
    "0009[GEMS_IDEN_01]01": (0x0009, "GEMS_IDEN_01", 0x01),
    "0019[GEMS_ACQU_01]02": (0x0019, "GEMS_ACQU_01", 0x02),
    "0019[GEMS_ACQU_01]23": (0x0019, "GEMS_ACQU_01", 0x23),
    "0043[GEMS_PARM_01]12": (0x0043, "GEMS_PARM_01", 0x12),
    "0043[GEMS_PARM_01]31": (0x0043, "GEMS_PARM_01", 0x31),
}
PLAIN = ["StudyDate", "PatientName", "00280010", "ImageType", "InstanceNumber", "WindowCenter"]


def find_by_hand(dataset, name):
    """The element that a name stands for, by pydicom's own means; None where there is none."""
    try:
        if name in PRIVATE:
            group, creator, offset = PRIVATE[name]
            return dataset.private_block(group, creator)[offset]
        *steps, keyword = NESTED.get(name, [name])
        for sequence, number in steps:
            dataset = dataset[sequence].value[number]
        return dataset[int(keyword, 16) if keyword.isdigit() else keyword]
    except (KeyError, IndexError, AttributeError, TypeError):
        return None


def as_list(value):
    """A cell, or a value of pydicom, as a list of numbers, dates and texts; None where there is none."""
    if isinstance(value, Sequence):
        return [f"{len(value)} items"]
    values = list(value) if isinstance(value, (list, tuple, MultiValue)) else [value]
    plain = []
    for one in values:
        if isinstance(one, bytes) or pd.isna(one) or one == "":
            return None
        text = f"{one:%Y%m%d}" if isinstance(one, pd.Timestamp) else str(one).strip("\0 ")
        text = re.sub(r"^(\d{4})\.(\d\d)\.(\d\d)$", r"\1\2\3", text)  # dates until 1993
        is_number = isinstance(one, Number) or text.lstrip("-").replace(".", "", 1).isdigit()
        plain.append(float(text) if is_number else text)
    return plain or None


@pytest.fixture(scope="module")
def mixed_index(samples):
    """Of everything that lies here, with tags of all kinds."""
    return index_folder(
        [path for path in foreign_files() if path.name != "README.md"], tags=[*PLAIN, *NESTED, *PRIVATE]
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", [*PLAIN, *NESTED, *PRIVATE])
def test_cells_are_what_pydicom_says(mixed_index, name):
    """Where an enhanced object has a window in its functional groups, ours is that one: PS3.3 C.7.6.16.1.1."""
    compared = 0
    for path, kind, problem, cell in zip(*(mixed_index[key] for key in ("path", "kind", "problem", name)), strict=True):
        if kind == "dicom" and not isinstance(problem, str):
            with quiet():
                dataset = pydicom.dcmread(path, force=True, stop_before_pixels=True)
                if name == "WindowCenter" and "PerFrameFunctionalGroupsSequence" in dataset:
                    continue
                element = find_by_hand(dataset, name)
                expected = as_list(None if element is None else element.value)
            if expected == [0] and name == "StudyDate":  # 00000000 is no date
                expected = None
            assert as_list(cell) == expected, path
            compared += expected is not None
        else:
            assert as_list(cell) is None
    assert compared or not CORPUS.is_dir() or name == "ReferencedSeriesSequence[99].SeriesInstanceUID"


@pytest.mark.slow
@pytest.mark.parametrize(
    "tags", [[*PLAIN, *NESTED], [*PLAIN, *PRIVATE], [*PRIVATE, *NESTED, *PLAIN, "60000010", "00091001"]]
)
def test_both_ways_agree_on_such_tags(corpus, samples, monkeypatch, tags):
    both_ways([corpus, samples], monkeypatch, tags=tags)


# hostile files


def element(tag, vr, value):
    value += b"\0" * (len(value) % 2)
    length = b"\0\0" + struct.pack("<I", len(value)) if vr in LONG_VRS else struct.pack("<H", len(value))
    return struct.pack("<HH", tag >> 16, tag & 0xFFFF) + vr + length + value


def item(*elements):
    body = b"".join(elements)
    return struct.pack("<HHI", 0xFFFE, 0xE000, len(body)) + body


def file_with(tag, vr, value):
    """A CT image of 2 x 2 in explicit VR, of which one element is something else."""
    meta = {0x00020002: (b"UI", b"1.2.840.10008.5.1.4.1.1.2"), 0x00020010: (b"UI", ExplicitVRLittleEndian.encode())}
    top = {
        0x00080016: (b"UI", b"1.2.840.10008.5.1.4.1.1.2"),
        0x00280100: (b"US", b"\x08\0"),
        0x7FE00010: (b"OB", bytes(4)),
    }
    top |= {0x00280010: (b"US", b"\2\0"), 0x00280011: (b"US", b"\2\0")}
    (meta if tag >> 16 == 2 else top)[tag] = vr, value
    head, body = (b"".join(element(tag, *part[tag]) for tag in sorted(part)) for part in (meta, top))
    return bytes(128) + b"DICM" + element(0x00020000, b"UL", struct.pack("<I", len(head))) + head + body


WRONG = {
    "SQ": (b"SQ", item(element(0x00080060, b"CS", b"CT")) * 2),
    "broken SQ": (b"SQ", b"1 "),
    "OB": (b"OB", b"\xff" * 8),
    "UN": (b"UN", b"\xff" * 8),
    "UT": (b"UT", f"{CANARY}\\Anna".encode()),
    "LO": (b"LO", f"{CANARY}\\Anna".encode()),
    "PN": (b"PN", f"{CANARY}^Anna".encode()),
    "DS": (b"DS", b"1\\2\\3"),
    "IS": (b"IS", b"99999999999999999999999"),
    "FD": (b"FD", struct.pack("<dd", float("nan"), float("inf"))),
    "AT": (b"AT", b"\x28\0\x10\0"),
    "US": (b"US", b"\1\0\2\0\3\0"),
    "DA": (b"DA", b"99999999"),
    "UI": (b"UI", b"1.2.3"),
    "empty": (b"SH", b""),
    "unknown": (b"XX", b"\1\2"),
    "zeros": (b"\0\0", b"\1\2"),
}


@pytest.fixture(scope="module")
def wrong_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wrong")
    for keyword in INDEX_TAGS:
        for name, (vr, value) in WRONG.items():
            (folder / f"{keyword} as {name}").write_bytes(file_with(tag_for_keyword(keyword), vr, value))
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("tags", [None, "all"])
def test_an_attribute_of_a_wrong_kind_is_a_row(wrong_folder, monkeypatch, tags):
    table = index_folder(wrong_folder, tags="all") if tags else both_ways(wrong_folder, monkeypatch)
    assert len(table) == len(INDEX_TAGS) * len(WRONG)
    assert (table["kind"] == "dicom").all()
    told = table["problem"].fillna("") + table["warning"].fillna("")
    assert not told.str.contains(CANARY).any()
    for path, problem in zip(table["path"], table["problem"], strict=True):
        if str(problem).startswith("unexpected"):
            assert path.endswith("as broken SQ")
    assert table["problem"].isna().mean() > 0.7


@pytest.mark.parametrize(
    ("name", "expected", "warning"),
    [
        (
            "Rows as SQ",
            None,
            "its SOP Class is an image and Rows (0028,0010) is missing: the header is cut or incomplete",
        ),
        ("Rows as DS", 1, None),  # the first of several values, as the standard allows one
        ("SliceThickness as FD", None, "SliceThickness has a value that its VR does not allow"),
        ("StudyDate as DA", None, "StudyDate has a value that its VR does not allow"),
        ("PatientID as OB", None, None),
        ("PatientID as US", "1", None),
        ("SOPInstanceUID as SQ", None, None),
    ],
)
def test_a_wrong_kind_is_told_as_it_is_or_warned_about(wrong_folder, name, expected, warning):
    row = index_folder(wrong_folder / name).iloc[0]
    cell = row[name.partition(" ")[0]]
    assert cell == expected if expected is not None else pd.isna(cell)
    assert row["warning"] == warning if warning else pd.isna(row["warning"])
    assert pd.isna(row["problem"])


@pytest.mark.slow
@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1"])
def test_damaged_bytes_end_no_run(syntax, tmp_path, monkeypatch):
    """One byte of a header changed, at every place."""
    dataset = Dataset()
    dataset.SOPClassUID, dataset.Modality, dataset.Rows, dataset.Columns = "1.2.840.10008.5.1.4.1.1.2", "CT", 2, 2
    dataset.PixelSpacing, dataset.StudyDate, dataset.ImageType = [0.5, 0.5], "20240131", ["ORIGINAL", "PRIMARY"]
    dataset.RequestAttributesSequence = Sequence([Dataset()])
    dataset.RequestAttributesSequence[0].StudyID = "7"
    dataset.add_new(0x00090010, "LO", "ACME")
    dataset.add_new(0x00091001, "LO", "value")
    dataset.file_meta = pydicom.dataset.FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID, dataset.file_meta.MediaStorageSOPClassUID = syntax, dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    for place in range(132, len(buffer.getvalue())):
        content = bytearray(buffer.getvalue())
        content[place] ^= 0xFF
        (tmp_path / f"{place:04}").write_bytes(content)
    table = both_ways(
        tmp_path, monkeypatch, tags=["Rows", "0009[ACME]01", "RequestAttributesSequence[0].StudyID", "ImageType"]
    )
    assert len(table) == len(buffer.getvalue()) - 132
    assert (table["problem"].notna() | (table["kind"] == "dicom")).all()
    assert len(index_folder(tmp_path, tags="all")) == len(table)


# rows on disk instead of in memory


@pytest.mark.slow
def test_parts_hold_the_rows_of_the_table(samples, tmp_path, monkeypatch):
    """In their order, with their types; and what is refused as well."""
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        for name in ("a", "b::c"):
            archive.write(get_testdata_file("CT_small.dcm"), name)
    sources = [samples, tmp_path / "x.zip"]
    expected = index_folder(sources)
    monkeypatch.setattr("eda_utils.index.folder.PART", 7)
    found = index_folder(sources, output=tmp_path / "new" / "parts")
    assert found == tmp_path / "new" / "parts"
    pd.testing.assert_frame_equal(read_index(found), expected)
    assert expected["problem"].iloc[-1].startswith("has :: in its name")
    assert len([*found.iterdir()]) == -(-(len(expected) - 1) // 7) + 1
    assert {path.stat().st_mode & 0o777 for path in found.iterdir()} == {0o600}
    columns = ["path", "Rows"]
    pd.testing.assert_frame_equal(read_index(found, columns=columns), expected[columns])


@pytest.mark.parametrize(
    ("name", "options", "text"),
    [
        ("full", {}, "full: is not empty; give a new folder."),
        ("full/file", {}, "file: cannot be a folder for an index; give a folder that can be written."),
        ("new", {"cache": "c.parquet"}, "cache: keeps a table in memory, which output avoids; give one of them."),
    ],
)
def test_where_parts_cannot_be(tmp_path, name, options, text):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    with pytest.raises(RequestError) as caught:
        index_folder(tmp_path, output=tmp_path / name, **options)
    assert str(caught.value) == text
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "full"]


# single rows


def test_the_cells_of_a_row_are_in_the_order_of_the_tags(samples):
    path = get_testdata_file("CT_small.dcm")
    row = dict(zip([*FILE_COLUMNS, "Rows", "Modality"], read_row(path, ["Rows", "Modality"]), strict=True))
    swapped = dict(zip([*FILE_COLUMNS, "Modality", "Rows"], read_row(path, ["Modality", "Rows"]), strict=True))
    assert row == swapped
    assert row["Modality"]
    assert isinstance(read_row(path, "all")[-1], dict)


def test_a_file_that_is_not_opened_has_a_row_too():
    assert refused_row("/d/not\udcffutf8", "why", ["Rows"]) == [r"/d/not\xffutf8", 0, "other", None, "why", None, None]
    assert refused_row("/d/a", "why", "all") == ["/d/a", 0, "other", None, "why", None, {}]


def test_every_vr_of_the_default_is_covered():
    """So that the files above are wrong, and each in another way."""
    assert {dictionary_VR(tag_for_keyword(keyword)) for keyword in INDEX_TAGS} >= {
        "UI",
        "DA",
        "TM",
        "LO",
        "PN",
        "DS",
        "IS",
        "US",
        "CS",
    }
