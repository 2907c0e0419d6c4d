"""Compressed pixels that end too early, and code streams of another size than their header says."""

from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file

from eda_utils import index_folder
from eda_utils.dicom.dataset import read_dataset
from eda_utils.dicom.encapsulated import CUT_PIXELS, OTHER_SIZE, first_item, stream_complaints
from eda_utils.index.folder import INDEX_TAGS
from eda_utils.index.rows import read_table

WHOLE = (
    "JPEG2000.dcm",
    "MR_small_RLE.dcm",
    "SC_rgb_jpeg.dcm",
    "SC_rgb_jpeg_dcmtk.dcm",
    "MR_small_jpeg_ls_lossless.dcm",
)


def complain(path):
    dataset = read_dataset(path)
    return stream_complaints(str(path), dataset.header_bytes, (dataset.Rows, dataset.Columns))


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 1])
def test_a_file_cut_inside_its_pixels(tmp_path, name, share):
    source = get_testdata_file(name)
    start = read_dataset(source).header_bytes + 40
    content = Path(source).read_bytes()
    path = tmp_path / "cut"
    path.write_bytes(content[: start + int(share * (len(content) - start))])
    expected = [] if share == 1 else [CUT_PIXELS]
    assert complain(path) == expected
    assert index_folder(path)["warning"].dropna().tolist() == expected
    assert read_table([str(path)], INDEX_TAGS)[0]["warning"].to_pylist() == (expected or [None])  # by the scanner


@pytest.mark.parametrize("behind", [b"\0" * 2, b"\xfc\xff\xfc\xffOB\0\0\2\0\0\0\0\0"])
def test_what_follows_the_pixels_is_no_complaint(tmp_path, behind):
    path = tmp_path / "padded"
    path.write_bytes(Path(get_testdata_file("MR_small_RLE.dcm")).read_bytes() + behind)
    assert complain(path) == []


def test_a_code_stream_of_another_size(tmp_path):
    dataset = dcmread(get_testdata_file("JPEG2000.dcm"))
    dataset.Rows += 1
    dataset.save_as(tmp_path / "taller")
    assert complain(tmp_path / "taller") == [OTHER_SIZE]
    assert index_folder(tmp_path)["warning"].tolist() == [OTHER_SIZE]


def test_native_pixels_and_missing_files_are_not_looked_at(make_dicom, tmp_path):
    assert complain(make_dicom(np.zeros((4, 4), np.uint8))) == []
    assert stream_complaints(str(tmp_path / "none"), 0, (1, 1)) == []


def test_first_item():
    table, frame = b"\xfe\xff\x00\xe0\0\0\0\0", b"\xfe\xff\x00\xe0\4\0\0\0abcd"
    assert first_item(table + frame) == b"abcd"
    assert first_item(table + frame[:10]) == b"ab"
    assert first_item(table) == first_item(b"") == b""
