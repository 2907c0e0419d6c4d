"""Planted shortcuts are found, clean cohorts are left in peace, and no value that identifies is said."""

import numpy as np
import pandas as pd
import pytest
from cohorts import make_cohort

from eda_utils.cohort.scores import rank_auc
from eda_utils.cohort.shortcuts import flag_shortcuts, scan_shortcuts
from eda_utils.core.errors import RequestError
from eda_utils.samples.fetch import CANARY


@pytest.mark.slow
def test_fifty_cohorts():
    """Half of them with a shortcut."""
    is_planted = np.arange(50) % 2
    ranks, told = [], []
    for seed, planted in enumerate(is_planted):
        index, field = make_cohort(seed, shortcut=bool(planted))
        scan = scan_shortcuts(index, "sick", seed=seed)
        ranks.append((1 - scan["p_adjusted"].min()) * 10 + scan["effect"].max())
        told.append(len(flag_shortcuts(scan)) > 0)
        assert not planted or scan.iloc[0]["field"] == field
    told = np.array(told)
    assert rank_auc(is_planted, np.array(ranks)) >= 0.95
    assert told[is_planted == 0].mean() <= 0.05
    assert told[is_planted == 1].mean() >= 0.9


def test_patients_are_the_unit_not_images():
    """One patient with 400 images from one device is no evidence."""
    index, _ = make_cohort(0, patients=40)
    many = index.iloc[[0] * 400].assign(Manufacturer="rare", sick=1)
    both = pd.concat([index.assign(Manufacturer="common"), many.assign(PatientID="0")], ignore_index=True)
    both["path"] = [f"/d/{n}.dcm" for n in range(len(both))]
    scan = scan_shortcuts(both[both["PatientID"].ne("0") | both["Manufacturer"].eq("rare")], "sick")
    assert not scan.set_index("field")["is_shortcut"].get("Manufacturer", False)


@pytest.mark.slow
def test_baseline_says_how_much_is_in_the_header():
    index, _ = make_cohort(1, patients=200)
    baseline = scan_shortcuts(index, "sick").attrs["baseline"]
    assert baseline["low"] < 0.5
    assert baseline["sentence"].endswith("which is no better than chance.")
    index["Manufacturer"] = np.where(index["sick"] == 1, "A", "B")
    baseline = scan_shortcuts(index, "sick").attrs["baseline"]
    assert baseline["auc"] > 0.99
    few = scan_shortcuts(index.groupby("sick").head(8).drop_duplicates("PatientID").reset_index(drop=True), "sick")
    assert "too few patients" in few.attrs["baseline"]["sentence"]


@pytest.mark.slow
def test_demographics_are_told_as_such_and_identifiers_not_at_all():
    index, _ = make_cohort(2, patients=200)
    index["PatientSex"] = np.where(index["sick"] == 1, "F", "M")
    index["InstitutionName"] = np.where(index["sick"] == 1, CANARY, "other")
    scan = scan_shortcuts(index, "sick")
    found = flag_shortcuts(scan).set_index("what")["severity"]
    assert found["sick follows PatientSex"] == "note"
    assert found["sick follows InstitutionName"] == "error"
    assert CANARY not in scan.to_string() + str(scan.attrs)
    assert "PatientID" not in set(scan["field"])


def test_pixel_statistics_are_scanned_too():
    index, _ = make_cohort(3, patients=150)
    stats = pd.DataFrame(
        {"path": index["path"], "noise_sd": index["sick"] * 3 + np.random.default_rng(0).random(len(index))}
    )
    scan = scan_shortcuts(index.drop(columns="noise_sd"), "sick", stats)
    assert scan.iloc[0][["field", "is_shortcut"]].tolist() == ["noise_sd", True]
    assert scan.iloc[0]["auc"] == 1.0


def test_labels_of_text_and_unfit_ones():
    index, _ = make_cohort(4, patients=100)
    index["grade"] = np.where(index["sick"] == 1, "high", "low")
    assert scan_shortcuts(index, "grade").attrs["label"] == "grade"
    with pytest.raises(RequestError, match="ProtocolName: has 12 classes; make a column of two"):
        scan_shortcuts(index, "ProtocolName")
    with pytest.raises(RequestError, match="has fewer than 5 patients"):
        scan_shortcuts(index.assign(sick=0), "sick")
