"""Summaries add up and hold no identifier."""

import pytest
from pydicom.data import get_testdata_file

from eda_utils import count_files, index_folder, summarize_folder, summarize_series
from eda_utils.core.errors import RequestError
from eda_utils.index import list_problems, sample_images
from eda_utils.index.summary import relative_paths, study_years
from eda_utils.samples.fetch import CANARY


def test_counts(index):
    facts = summarize_folder(index).set_index("what")["value"]
    number = {name: int(value.replace(",", "")) for name, value in facts.items() if value.replace(",", "").isdigit()}
    assert number["files found"] == len(index) == number["described"] + number["listed with a problem"]
    assert number["whole-slide images"] == 1
    assert number["frames in them"] > number["DICOM images"]


@pytest.mark.parametrize("columns", [["Modality"], ["Manufacturer", "Modality"], ["TransferSyntaxUID"]])
def test_count_files(index, columns):
    table = count_files(index, *columns)
    assert table["files"].sum() == index["problem"].isna().sum()
    assert table["files"].is_monotonic_decreasing
    assert list(table.columns) == [*columns, "files"]


def test_uids_of_the_standard_have_names(index):
    assert "RLE Lossless" in set(count_files(index, "TransferSyntaxUID")["TransferSyntaxUID"])


@pytest.mark.slow
def test_identifying_columns_are_refused(index):
    with pytest.raises(RequestError) as caught:
        count_files(index, "Modality", "InstitutionName")
    expected = "count_files: an identifying attribute was asked for; use pandas on the index itself."
    assert str(caught.value) == expected


def test_problems_name_files_below_the_folder(index):
    table = list_problems(index)
    assert len(table) == 4
    assert table["file"].tolist()[0] == "CD0001/README.TXT"
    assert CANARY.lower() not in table.to_csv().lower()


def test_years(index):
    first, last = study_years(index).split("–")
    assert 1980 < int(first) < int(last) < 2027
    assert study_years(index.head(0)) == ""


def test_sample_shows_every_modality_first(index):
    sample = sample_images(index)
    assert len(sample) == 24
    assert (sample["Rows"] * sample["Columns"]).min() >= 64 * 64
    is_visible = index["Rows"] * index["Columns"] >= 64 * 64
    readable = index[index["problem"].isna() & is_visible & (index["kind"] != "slide")]
    assert set(sample["Modality"].dropna()) == set(readable["Modality"].dropna())
    assert sample_images(index).equals(sample)
    assert sample["path"].is_unique


def test_empty_folder(tmp_path):
    empty = index_folder(tmp_path)
    assert list_problems(empty).empty
    assert sample_images(empty).empty
    assert count_files(empty, "Modality").empty
    assert relative_paths(empty).empty
    assert set(summarize_folder(empty)["value"]) == {"0", "0 B", "not stated"}


def test_series_add_up(index):
    series = summarize_series(index)
    instances = index[(index["kind"] == "dicom") & index["problem"].isna() & index["SOPInstanceUID"].notna()]
    assert series["instances"].sum() == len(instances)
    assert series["size_bytes"].sum() == instances["size_bytes"].sum()
    assert series["images"].sum() == instances["Rows"].notna().sum()
    mammogram = series[series["Modality"] == "MG"]
    assert len(mammogram) == 8
    cine = series[series["frames"] >= 120]
    assert (cine["frames"] > cine["images"]).all()


def test_series_need_their_columns():
    table = index_folder(get_testdata_file("CT_small.dcm"), tags=["Modality"])
    with pytest.raises(RequestError, match="index: has no column PatientID; call index_folder with this tag too"):
        summarize_series(table)


@pytest.mark.parametrize("name", ["headlines", "summarize_folder", "sample_images", "summarize_series", "series_tree"])
def test_an_index_of_few_tags_is_refused_by_name(name):
    from eda_utils import index

    table = index_folder(get_testdata_file("CT_small.dcm"), tags=["Modality"])
    with pytest.raises(RequestError, match=r"index: has no column \w+; call index_folder with this tag too"):
        getattr(index, name)(table)
