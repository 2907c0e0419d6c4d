"""The compiled scanner gives the row that pydicom gives or hands the file over: on real, made and damaged files."""

import os
import random

import numpy as np
import pydicom
import pytest
from hypothesis import event, given, settings, strategies as st
from parts import examples, for_each, foreign_files
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.sequence import Sequence
from pydicom.uid import (
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
    generate_uid,
)

from eda_utils import index_folder
from eda_utils.core.guards import quiet
from eda_utils.index.folder import INDEX_TAGS
from eda_utils.index.rows import read_row, rows_table
from eda_utils.index.scanner import FIRST_BYTES, HeaderScanner

SCANNER = HeaderScanner(INDEX_TAGS)


def assert_same_row(path):
    """Return whether the scanner read the file itself."""
    table, rows = SCANNER.read([str(path)])
    expected = rows_table([read_row(str(path), INDEX_TAGS)], INDEX_TAGS)
    assert table.schema == expected.schema
    assert table.to_pylist() == expected.to_pylist()[: len(rows)]
    return len(rows) == 1


def all_files():
    from pathlib import Path

    tests = Path(pydicom.__file__).parent / "data" / "test_files"
    return [*foreign_files(), *(path for path in sorted(tests.rglob("*")) if path.is_file())]


@pytest.mark.slow
@for_each(all_files)
def test_same_row_as_pydicom(path):
    assert_same_row(path)


@pytest.mark.slow
def test_most_files_are_plain(index):
    """Of the samples a third is odd on purpose: big endian, enhanced, without meta, cut, badly encoded."""
    dicom = index[index["kind"] == "dicom"]
    assert sum(assert_same_row(path) for path in dicom["path"]) > 0.6 * len(dicom)


TEXTS = st.text(st.characters(codec="latin-1", exclude_characters="\\\x00\r\n\x1b"), max_size=20)
VALUES = {
    "PatientName": TEXTS,
    "StudyDescription": TEXTS,
    "Manufacturer": TEXTS,
    "Modality": st.sampled_from(["CT", "MR", "ct", "TOOLONGTOOLONGTOOLONG", ""]),
    "ImageType": st.lists(st.sampled_from(["ORIGINAL", "PRIMARY", "AXIAL", ""]), max_size=4),
    "PatientID": TEXTS,
    "StudyDate": st.sampled_from(["20240131", "2024.01.31", "", "notadate"]),
    "PatientAge": st.sampled_from(["034Y", "34", ""]),
    "InstanceNumber": st.sampled_from(["1", " 7", "-3 ", "", "123456789012"]),
    "SliceThickness": st.sampled_from(["1.5", "1e-3", " 2 ", "", "5"]),
    "PixelSpacing": st.sampled_from([["0.5", "0.5"], ["0.1", "1e5"], ["1"], ""]),
    "WindowCenter": st.sampled_from([40, [40, 600], "", "40.25"]),
    "WindowWidth": st.sampled_from([400, [400, 1500], "", "0.5"]),
    "Rows": st.integers(0, 65535),
    "Columns": st.integers(1, 600),
    "BitsAllocated": st.sampled_from([8, 16]),
    "NumberOfFrames": st.sampled_from(["1", "2", "", "0"]),
    "PixelRepresentation": st.sampled_from([0, 1]),
    "PixelPaddingValue": st.integers(0, 32767),
    "StudyInstanceUID": st.sampled_from(["1.2.3", "1.02.3", "x", ""]),
    "SOPClassUID": st.sampled_from(["1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.88.11"]),
}
SYNTAXES = [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian, RLELossless]
CHARSETS = [None, "ISO_IR 100", "ISO_IR 192", "ISO_IR 144", ["", "ISO 2022 IR 87"], "NONSENSE"]


@st.composite
def data_sets(draw, depth=2):
    made = Dataset()
    with quiet():
        for keyword in draw(st.sets(st.sampled_from(sorted(VALUES)), max_size=12)):
            setattr(made, keyword, draw(VALUES[keyword]))
        if depth and draw(st.booleans()):
            items = draw(st.lists(data_sets(depth=depth - 1), max_size=2))
            for item in items:
                item.is_undefined_length_sequence_item = draw(st.booleans())
            keyword = draw(
                st.sampled_from(["ReferencedStudySequence", "RequestAttributesSequence", "IconImageSequence"])
            )
            setattr(made, keyword, Sequence(items))
            made[keyword].is_undefined_length = draw(st.booleans())
        if draw(st.booleans()):
            made.add_new(0x00091001, draw(st.sampled_from(["UN", "OB", "LO"])), b"abcd")
            made[0x00091001].value = "abcd" if made[0x00091001].VR == "LO" else b"abcd"
    return made


def encode(made, syntax, charset):
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = syntax
    made.file_meta.MediaStorageSOPClassUID, made.file_meta.MediaStorageSOPInstanceUID = "1.2.3", generate_uid()
    if charset is not None:
        made.SpecificCharacterSet = charset
    made.PixelData = b"\0" * 64 if not syntax.is_compressed else pydicom.encaps.encapsulate([b"\0" * 64])
    made["PixelData"].VR = "OB" if syntax.is_compressed else "OW"
    buffer = DicomBytesIO()
    with quiet():
        made.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


@pytest.mark.slow
@pytest.mark.parametrize("syntax", SYNTAXES, ids=lambda syntax: syntax.name)
@settings(max_examples=examples(100))
@given(data_sets(), st.sampled_from(CHARSETS), st.integers(0, 2**32))
def test_made_files(tmp_path_factory, syntax, made, charset, seed):
    """Three encodings, sequences of both lengths, odd values, character sets; then a few bytes changed."""
    try:
        content = encode(made, syntax, charset)
    except (ValueError, TypeError, AttributeError, UnicodeEncodeError, NotImplementedError, OverflowError):
        return  # pydicom does not write what it reads
    path = tmp_path_factory.getbasetemp() / f"made-{os.getpid()}.dcm"
    path.write_bytes(content)
    event(f"read by the scanner: {assert_same_row(path)}")
    damaged, dice = bytearray(content), random.Random(seed)
    for _ in range(dice.randrange(1, 4)):
        damaged[dice.randrange(132, len(damaged))] = dice.randrange(256)
    path.write_bytes(damaged)
    assert_same_row(path)


def test_a_header_longer_than_the_buffer_is_read_further(make_dicom):
    path = make_dicom(np.zeros((4, 4), np.uint16), ImageComments="x" * 10_000)
    dataset = pydicom.dcmread(path)
    dataset.add_new(0x00091001, "OB", b"\0" * (5 * FIRST_BYTES))
    dataset.save_as(path)
    assert assert_same_row(path)


@pytest.mark.slow
def test_the_table_is_the_same_either_way(samples, monkeypatch):
    from eda_utils.index import folder as module

    slow = index_folder(samples)
    monkeypatch.setattr(module, "SCAN_FROM", 0)
    monkeypatch.setattr(module, "BATCH", 7)
    assert index_folder(samples).equals(slow)
    assert index_folder(samples).dtypes.equals(slow.dtypes)


@pytest.mark.slow
def test_threads_do_not_share_a_scanner(samples, monkeypatch):
    from concurrent.futures import ThreadPoolExecutor

    from eda_utils.index import folder as module

    expected = index_folder(samples)
    monkeypatch.setattr(module, "SCAN_FROM", 0)
    with ThreadPoolExecutor(4) as pool:
        assert all(table.equals(expected) for table in pool.map(index_folder, [samples] * 8))


def test_pipes_and_missing_files_are_left_to_others(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    _, rows = SCANNER.read([str(tmp_path / name) for name in ("pipe", "gone")])
    assert len(rows) == 0
