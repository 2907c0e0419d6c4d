"""Found = described + listed with a problem, always; and the cells say what pydicom says."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pydicom
import pytest
from parts import SAMPLES, dicom_files, for_each
from pydicom.datadict import dictionary_VM

from eda_utils import index_folder, load_image, pick_file
from eda_utils.core.errors import MissingError, RequestError
from eda_utils.core.guards import quiet
from eda_utils.index.folder import INDEX_TAGS
from eda_utils.index.rows import read_row
from eda_utils.index.schema import FILE_COLUMNS
from eda_utils.samples.fetch import CANARY


def test_one_row_per_file(samples, index):
    files = [path for path in samples.absolute().rglob("*") if path.is_file()]
    assert sorted(index["path"]) == sorted(map(str, files))
    assert list(index.columns) == [*FILE_COLUMNS, *INDEX_TAGS]
    assert index["size_bytes"].tolist() == [Path(path).stat().st_size for path in index["path"]]


def test_corpus(corpus):
    index = index_folder(corpus)
    assert len(index) == sum(path.is_file() for path in corpus.rglob("*"))
    assert set(index.loc[index["problem"].notna(), "kind"]) == {"other"}


def test_what_is_wrong_with_the_samples(index):
    told = {
        os.path.relpath(row.path, SAMPLES): row.problem or row.warning
        for row in index[index["problem"].notna() | index["warning"].notna()].itertuples()
        if isinstance(row.problem, str) or isinstance(row.warning, str)
    }
    problems = index.set_index(index["path"].map(lambda path: os.path.relpath(path, SAMPLES)))
    assert len(told) == 4
    assert problems.loc["CD0001/README.TXT", "problem"] == "a text file, not a DICOM file, image or slide"
    cut = "PAT0001/ST0003/SE0001/IM0004"
    assert problems.loc[cut, "problem"] == "is cut inside its header; copy the file again"
    cut = "PAT0010/ST0002/SE0001/IM0003"
    assert problems.loc[cut, "warning"] == "the file is cut inside its Pixel Data (7FE0,0010)"


def test_a_problem_row_has_no_header_values(index):
    broken = index[index["problem"].notna()]
    assert broken[INDEX_TAGS].isna().all(axis=None)


@for_each(dicom_files)
def test_cells_equal_pydicom(path):
    row = dict(zip([*FILE_COLUMNS, *INDEX_TAGS], read_row(str(path), INDEX_TAGS), strict=True))
    with quiet():
        dataset = pydicom.dcmread(path, force=True, stop_before_pixels=True)
    for keyword in ("Modality", "Rows", "Columns", "PhotometricInterpretation", "SOPInstanceUID", "Manufacturer"):
        with quiet():
            expected = dataset.get(keyword)
        assert row[keyword] == expected if expected not in (None, "") else pd.isna(row[keyword])


def test_types(index):
    for keyword in INDEX_TAGS:
        filled = index[keyword].dropna()
        if dictionary_VM(keyword_tag(keyword)) != "1":
            assert filled.map(type).eq(tuple).all(), keyword
    assert index["Rows"].dtype == "Int64"
    assert index["SliceThickness"].dtype == float


def keyword_tag(keyword):
    from pydicom.datadict import tag_for_keyword

    return tag_for_keyword(keyword)


def test_pictures_and_slides_have_sizes(index):
    rows = index[index["kind"].isin(["image", "slide"])].set_index("format")
    assert rows.loc["aperio", ["Rows", "Columns"]].tolist() == [2967, 2220]
    assert rows.loc["aperio", "PixelSpacing"] == pytest.approx((0.000499, 0.000499))
    assert rows["Rows"].notna().all()


def test_chosen_tags(samples):
    table = index_folder(samples / "PAT0002", tags=["Modality", "Laterality"])
    assert list(table.columns) == [*FILE_COLUMNS, "Modality", "Laterality"]


def test_wrong_tag(samples):
    with pytest.raises(RequestError) as caught:
        index_folder(samples, tags=["Modalty"])
    assert str(caught.value) == "tags: Modalty is not a DICOM keyword; did you mean Modality."


def test_missing_and_empty(tmp_path):
    with pytest.raises(MissingError):
        index_folder(tmp_path / "gone")
    assert list(index_folder(tmp_path).columns) == [*FILE_COLUMNS, *INDEX_TAGS]
    assert index_folder(tmp_path).empty


def test_pipes_and_dangling_links_are_rows(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "gone")
    table = index_folder(tmp_path)
    assert table["problem"].tolist() == [
        "is a link to a file that does not exist; check the path",
        "is a pipe, socket or device and not a file; leave it out",
    ]


def test_an_unexpected_error_is_a_row(tmp_path, monkeypatch, samples):
    from eda_utils.index import rows as module

    def broken(path, tags, row, most_bytes):
        raise ZeroDivisionError(f"in '{CANARY}'")

    monkeypatch.setitem(module._READERS, "dicom", broken)
    table = index_folder(samples / "PAT0002")
    assert table["problem"].unique().tolist() == ["unexpected ZeroDivisionError: in '…'"]


def test_odd_values_are_warned_about_and_not_quoted(make_dicom):
    path = make_dicom(np.zeros((2, 2), np.uint8))
    dataset = pydicom.dcmread(path)
    dataset.add_new("SliceThickness", "LO", CANARY)
    dataset.save_as(path)
    row = index_folder(path).iloc[0]
    assert pd.isna(row["SliceThickness"])
    assert CANARY not in str(row["warning"])


def test_pick_file(index):
    assert pydicom.dcmread(pick_file(index, Modality="NM")).Modality == "NM"
    several = next(center for center in index["WindowCenter"].dropna() if len(center) > 1)
    assert len(load_image(pick_file(index, WindowCenter=several)).windows) > 1
    with pytest.raises(MissingError) as caught:
        pick_file(index, Modality="XX")
    assert str(caught.value) == "pick_file: 0 files have Modality=XX; ask for another value or another folder."
    with pytest.raises(RequestError, match=r"the index has no column Colour; see index.columns"):
        pick_file(index, Colour="red")


def test_a_number_that_is_none_is_said(index):
    """A dose file writes 1A into Number of Frames."""
    row = index[index["Modality"] == "RTDOSE"].iloc[0]
    assert pd.isna(row["NumberOfFrames"])
    assert row["warning"] == "NumberOfFrames has a value that its VR does not allow"


@pytest.mark.slow
def test_two_processes_give_the_same_table(samples, monkeypatch):
    from eda_utils.index import folder as module

    alone = index_folder(samples)
    monkeypatch.setattr(module, "BATCH", 25)
    assert index_folder(samples, workers=2).equals(alone)
    with pytest.raises(RequestError, match="workers: there must be at least one process; leave it out or give 1"):
        index_folder(samples, workers=0)
