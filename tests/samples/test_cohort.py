"""What is planted in a drawn cohort is there, and nothing else."""

import numpy as np
import pandas as pd
import pydicom
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

import eda_utils as eda
from eda_utils.core.errors import RequestError
from eda_utils.samples.cohort import SITES, UNKNOWN, UNLABELLED


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    """Write a cohort and read it back: its labelled images, with arrays of 32 × 32."""

    def read(**options):
        folder = eda.samples.write_phantom_cohort(tmp_path_factory.mktemp("cohort"), **options)
        joined = eda.cohort.join_labels(eda.index_folder(folder / "images", progress=False), folder / "labels.csv")
        joined = joined[joined["nodule"].notna()]
        arrays = eda.cohort.collate_items(list(eda.cohort.ImageDataset(joined, size=(32, 32))))[0]
        return joined.astype({"nodule": int, "coin": int}), arrays.reshape(len(arrays), -1) / 1000

    return read


@pytest.fixture(scope="module")
def usual(cohort):
    """The cohort of the notebook, smaller."""
    return cohort(patients=120)


def auc(index, arrays, label, is_train):
    model = LogisticRegression(C=0.1, max_iter=2000).fit(arrays[is_train], index[label][is_train])
    return roc_auc_score(index[label][~is_train], model.decision_function(arrays[~is_train]))


def parts(index, seed=0):
    split = eda.cohort.split_patients(index, {"train": 0.5, "test": 0.5}, stratify=["nodule", "coin"], seed=seed)
    return (split["part"] == "train").to_numpy()


def test_the_same_seed_gives_the_same_files(tmp_path):
    first, second = (eda.samples.write_phantom_cohort(tmp_path / name, patients=3) for name in "ab")
    names = sorted(path.relative_to(first) for path in first.rglob("*.*"))
    assert len(names) >= 10
    assert all((first / name).read_bytes() == (second / name).read_bytes() for name in names)
    other = eda.samples.write_phantom_cohort(tmp_path / "c", patients=3, seed=1)
    assert (first / "labels.csv").read_bytes() != (other / "labels.csv").read_bytes()


def test_labels_lack_what_is_said(tmp_path):
    folder = eda.samples.write_phantom_cohort(tmp_path, patients=5, site="B")
    unmatched = eda.cohort.list_unmatched(eda.index_folder(folder / "images", progress=False), folder / "labels.csv")
    assert unmatched["side"].value_counts().to_dict() == {"file": UNLABELLED, "label": UNKNOWN}


@pytest.mark.slow
def test_patients_have_one_label_and_a_few_images_that_have_no_issue_but_the_letter(usual):
    index, _ = usual
    people = index.groupby("PatientID")
    assert (people[["nodule", "coin"]].nunique() == 1).all(axis=None)
    assert set(people.size()[3:]) == {3, 4, 5}
    issues = eda.flag_issues(index, eda.measure_images(index, progress=False))
    assert not (issues["severity"] == "error").any()
    dataset = pydicom.dcmread(index["path"].iloc[0])
    assert dataset.PatientName == ""
    assert dataset.PatientID.startswith("A0")


@pytest.mark.slow
def test_the_letter_is_where_the_scanner_puts_it(usual):
    index, arrays = usual
    corner = arrays.reshape(-1, 32, 32)[:, 3:6, 26].mean(axis=1)
    has_letter = index["ManufacturerModelName"] == "Bedside 2"
    assert corner[has_letter].min() > corner[~has_letter].max()


@pytest.mark.slow
def test_the_shortcut_is_as_strong_as_asked(cohort):
    for share in (0.5, 0.85):
        index, _ = cohort(patients=400, shortcut=share, seed=3)
        people = index.drop_duplicates("PatientID")
        follows = (people["ManufacturerModelName"] == "Bedside 2") == (people["nodule"] == 1)
        assert follows.mean() == pytest.approx(share, abs=0.07)  # 3 standard errors


@pytest.mark.slow
def test_images_of_a_patient_leak(usual):
    index, arrays = usual
    random = np.random.default_rng(0).permutation(len(index)) < len(index) / 2
    assert auc(index, arrays, "coin", random) > 0.7
    grouped = np.mean([auc(index, arrays, "coin", parts(index, seed)) for seed in range(3)])
    assert grouped == pytest.approx(0.5, abs=0.15)


@pytest.mark.slow
def test_the_scan_finds_the_shortcut_and_nothing_else(usual, cohort):
    index, _ = usual
    found = eda.cohort.scan_shortcuts(index, "nodule")
    told = set(found.loc[found["is_shortcut"], "field"])
    assert told == {"Manufacturer", "ManufacturerModelName", "KVP", "BurnedInAnnotation"} & set(index)
    assert not eda.cohort.scan_shortcuts(index, "coin")["is_shortcut"].any()
    assert not eda.cohort.scan_shortcuts(cohort(patients=120, shortcut=0.5)[0], "nodule")["is_shortcut"].any()


@pytest.mark.slow
def test_nodules_are_brighter_than_lung(cohort):
    index, arrays = cohort(patients=60, signature=0)
    pictures = pd.Series(arrays.reshape(-1, 32, 32)[:, 13, 10])
    sick = (index["nodule"] == 1).to_numpy()
    assert pictures[sick].mean() > pictures[~sick].mean() + 0.05


def test_sites_are_known(tmp_path):
    assert len({scanner[1] for scanners in SITES.values() for scanner in scanners}) == 4
    with pytest.raises(RequestError, match=r"site: is not known; choose from A, B\."):
        eda.samples.write_phantom_cohort(tmp_path, site="C")
