"""The panel leads to every image of a folder, shows its header and findings, and names nobody."""

import pytest

import eda_utils as eda
from eda_utils.core.errors import EDAError
from eda_utils.core.findings import findings_table
from eda_utils.samples.fetch import CANARY
from eda_utils.viewer.gallery import Gallery


@pytest.fixture
def panel(index):
    path = index.loc[index["Modality"] == "CT", "path"].iloc[0]
    return eda.explore(index, findings_table([(path, "kind", "error", "what is <wrong>", "5 of 6", "do it")]))


def texts(panel):
    return " ".join([panel._told.value, panel._header.value, *(str(each.options) for each in panel.choices.values())])


@pytest.mark.slow
def test_every_image_is_reached_once(panel, index):
    found = []
    for patient in [value for _, value in panel.choices["patient"].options]:
        panel.choices["patient"].value = patient
        for study in [value for _, value in panel.choices["study"].options]:
            panel.choices["study"].value = study
            for series in [value for _, value in panel.choices["series"].options]:
                panel.choices["series"].value = series
                found += panel._paths
                assert CANARY.lower() not in texts(panel).lower()
    is_picture = index["problem"].isna() & (index["Rows"].notna() | index["kind"].isin(["image", "slide"]))
    assert sorted(found) == sorted(index.loc[is_picture, "path"])


def choose(panel, index, row):
    for level, column in (("patient", "PatientID"), ("study", "StudyInstanceUID"), ("series", "SeriesInstanceUID")):
        values = panel._images.loc[panel._images["path"] == row.path, level]
        panel.choices[level].value = int(values.iloc[0])
        assert getattr(row, column) is not None
    panel.viewer.position = panel._paths.index(row.path)


def test_findings_and_header_follow_the_picture(panel, index):
    row = next(index[index["Modality"] == "CT"].itertuples())
    choose(panel, index, row)
    assert panel.path == row.path
    assert "error: what is &lt;wrong&gt; (5 of 6)" in panel._told.value
    panel._search.value = "photometric"
    assert panel._header.value.count("<tr") == 2
    assert "MONOCHROME2" in panel._header.value
    other = next(index[index["Modality"] == "MR"].itertuples())
    choose(panel, index, other)
    assert panel._told.value == ""


@pytest.mark.slow
def test_a_page_gets_cards(index, monkeypatch):
    monkeypatch.setenv("EDA_REPORT", "1")
    assert isinstance(eda.explore(index), Gallery)


def test_a_folder_without_pictures(tmp_path):
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(EDAError, match="there is no picture in it"):
        eda.explore(eda.index_folder(tmp_path))
