"""Findings are shown with the images that have them, copies beside each other, and no name with either."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.image import AxesImage

from eda_utils import flag_issues, index_folder, measure_images, quality
from eda_utils.core.errors import RequestError
from eda_utils.core.findings import findings_table
from eda_utils.plots.findings import show_duplicates, show_findings
from eda_utils.quality import duplicate_groups, find_duplicates
from eda_utils.samples.fetch import CANARY


@pytest.fixture(scope="module")
def stats(index):
    return measure_images(index)


@pytest.fixture(scope="module")
def findings(index, stats):
    return pd.concat([flag_issues(index, stats), quality.check_uids(index), find_duplicates(stats, index=index)])


def texts(figure):
    return " ".join(item.get_text() for item in figure.findobj(lambda artist: hasattr(artist, "get_text")))


def pictures(axes):
    return [len(ax.findobj(AxesImage)) for ax in np.ravel(axes)]


def row(path, kind="blank", severity="error", evidence="evidence"):
    return path, kind, severity, "what was found", evidence, "what to do"


def title(ax):
    return " ".join(ax.get_title(loc="left").split())


@pytest.mark.slow
def test_findings_of_the_samples(index, findings):
    axes = show_findings(findings, index)
    assert axes.shape == (8, 4)
    said = texts(axes[0, 0].figure)
    assert CANARY.lower() not in (said + axes[0, 0].figure.alt_text).lower()
    assert "error: 11 of 60 files" in said
    named = {kind for kind in findings["kind"] if kind in said}
    assert named == set(findings["kind"]), "each kind is drawn or named as left out"


def test_the_file_that_cannot_be_decoded_is_said_in_words(make_dicom):
    path = make_dicom(np.zeros((64, 64), np.uint16), Rows=500)
    index = index_folder(path)
    findings = flag_issues(index, measure_images(index))
    concerned = findings[findings["kind"] == "pixel_data_cut"]
    assert len(concerned) == 1
    axes = show_findings(concerned, index)
    assert pictures(axes) == [0, 0, 0, 0]
    assert "No picture can be shown: " in " ".join(texts(axes[0, 0].figure).split())


def test_examples_are_spread_and_carry_their_evidence(make_dicom):
    paths = [str(make_dicom(np.full((8, 8), number, np.uint8), f"{number}.dcm")) for number in range(9)]
    table = findings_table([row(path, evidence=f"file {number}") for number, path in enumerate(paths)])
    axes = show_findings(table, examples=3)
    assert [ax.get_xlabel() for ax in axes[0, 1:]] == ["file 0", "file 4", "file 8"]
    assert pictures(axes) == [0, 1, 1, 1]


def test_what_has_no_picture_keeps_its_row(tmp_path):
    (tmp_path / "text.dcm").write_text("no image")
    table = findings_table([row(str(tmp_path / "text.dcm")), row("", "whole_folder"), row("gone.dcm", "lost")])
    axes = show_findings(table)
    assert pictures(axes) == [0] * 12
    assert "gone.dcm" not in texts(axes[0, 0].figure), "a file name can hold a name"


@pytest.mark.parametrize("index_given", [True, False])
def test_no_finding_is_said(index, index_given):
    axes = show_findings(findings_table([]), index if index_given else None)
    assert axes[0, 0].figure.alt_text == "Nothing to show: no check has found anything"


@pytest.mark.slow
def test_copies_in_the_samples(index, stats):
    axes = show_duplicates(duplicate_groups(stats, index=index), index)
    figure = axes[0, 0].figure
    assert pictures(axes) == [1] * 8
    assert figure.get_suptitle() == "4 groups of copies: the same pixels in 3, alike in 1; 0 across patients."
    assert [title(right) for right in axes[:, 1]] == ["the same patient, another study"] + ["the same series"] * 3
    assert CANARY.lower() not in (texts(figure) + figure.alt_text).lower()


RELATIONS = [
    ({"PatientID": "B", "StudyInstanceUID": "1.3", "SeriesInstanceUID": "1.4"}, "another patient"),
    ({"StudyInstanceUID": "1.3", "SeriesInstanceUID": "1.4"}, "the same patient, another study"),
    ({"SeriesInstanceUID": "1.4"}, "the same study, another series"),
    ({}, "the same series"),
]


@pytest.mark.parametrize(("second", "relation"), RELATIONS)
def test_how_far_apart_copies_are(make_dicom, tmp_path, second, relation):
    first = {"PatientID": "A", "StudyInstanceUID": "1.1", "SeriesInstanceUID": "1.2"}
    pixels = np.random.default_rng(0).integers(0, 255, (64, 64), np.uint8)
    make_dicom(pixels, "a.dcm", **first)
    make_dicom(pixels, "b.dcm", **(first | second))
    index = index_folder(tmp_path)
    groups = duplicate_groups(measure_images(index), index=index)
    axes = show_duplicates(groups, index)
    assert [title(ax) for ax in axes[0]] == ["2 images, the same pixels", relation]


def test_worst_pair_comes_first_and_the_rest_is_counted(make_dicom, tmp_path):
    random = np.random.default_rng(1)
    for number in range(4):
        pixels = random.integers(0, 255, (64, 64), np.uint8)
        for copy in "ab":
            patient = copy if number == 3 else "same"
            make_dicom(pixels, f"{number}{copy}.dcm", PatientID=patient, StudyInstanceUID="1.1")
    index = index_folder(tmp_path)
    groups = duplicate_groups(measure_images(index), near=False)
    axes = show_duplicates(groups, index, most=2)
    assert [title(right) for right in axes[:, 1]] == ["another patient", "the same study, another series"]
    assert axes[0, 0].figure.get_suptitle().endswith("1 across patients. Shown: 2.")


def test_pictures_without_a_patient(tmp_path):
    from PIL import Image

    picture = Image.fromarray(np.random.default_rng(2).integers(0, 255, (64, 64, 3), np.uint8))
    picture.save(tmp_path / "a.png"), picture.save(tmp_path / "b.tif")
    index = index_folder(tmp_path)
    axes = show_duplicates(duplicate_groups(measure_images(index), index=index), index)
    assert title(axes[0, 1]) == "no patient is stated"
    assert axes[0, 0].get_xlabel().startswith("PNG")


def test_neighbouring_slices_are_no_copies(index):
    groups = pd.DataFrame({"group": 0, "match": "near", "path": index["path"].head(2), "bits": [0, 2]})
    same = index.assign(PatientID="A", StudyInstanceUID="1.1", SeriesInstanceUID="1.2")
    assert show_duplicates(groups, same)[0, 0].figure.alt_text == "Nothing to show: no image is there twice"


def test_no_copies_and_too_many(index, stats):
    none = duplicate_groups(stats.head(0))
    assert show_duplicates(none, index)[0, 0].figure.alt_text == "Nothing to show: no image is there twice"
    with pytest.raises(RequestError) as caught:
        show_duplicates(none, index, most=13)
    assert str(caught.value) == "show_duplicates: 13 groups are too many; ask for at most 12."
