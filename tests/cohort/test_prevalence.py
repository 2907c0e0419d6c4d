"""Prevalence and its intervals, against scipy, by simulation and by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st
from scipy.stats import binomtest

from eda_utils.cohort.prevalence import age_years, count_label_pairs, describe_labels, wilson
from eda_utils.core.errors import RequestError


@given(st.integers(1, 500).flatmap(lambda count: st.tuples(st.integers(0, count), st.just(count))))
def test_intervals_are_wilsons(case):
    positives, count = case
    theirs = binomtest(positives, count).proportion_ci(method="wilson")
    np.testing.assert_allclose(wilson(positives / count, count), (theirs.low, theirs.high), atol=1e-9)


@pytest.mark.slow
def test_images_of_one_patient_are_not_independent():
    """In 95 of 100 cohorts the truth must be inside, although each patient has ten images that agree."""
    rng, inside, naive = np.random.default_rng(0), 0, 0
    for _ in range(200):
        sick = rng.random(60) < 0.3
        index = pd.DataFrame({"PatientID": np.repeat(np.arange(60), 10).astype(str), "sick": np.repeat(sick, 10)})
        row = describe_labels(index, ["sick"]).iloc[0]
        inside += row["low"] <= 0.3 <= row["high"]
        row = describe_labels(index.drop(columns="PatientID"), ["sick"]).iloc[0]
        naive += row["low"] <= 0.3 <= row["high"]
    assert 180 <= inside <= 199
    assert naive < 120


def test_groups():
    index = pd.DataFrame(
        {"sick": [1, 0, 1, 1], "PatientAge": ["030Y", "045Y", "012M", None], "PatientSex": [*"FFM", None]}
    )
    table = describe_labels(index, ["sick"], by="PatientAge")
    assert table["group"].tolist() == ["0–19 years", "20–39 years", "40–59 years", "not stated"]
    assert describe_labels(index, ["sick"], by="PatientSex")["files"].sum() == 4
    with pytest.raises(RequestError, match="has too many different values"):
        describe_labels(pd.DataFrame({"sick": 1, "name": [f"n{n}" for n in range(200)]}), ["sick"], by="name")


def test_unknown_labels_are_not_negative():
    row = describe_labels(pd.DataFrame({"sick": [1, 0, -1, None]}), ["sick"]).iloc[0]
    assert (row["files"], row["positives"], row["unknown"]) == (2, 1, 2)
    assert describe_labels(pd.DataFrame({"sick": [-1.0, None]}), ["sick"])["prevalence"].isna().all()


def test_ages():
    assert age_years(pd.Series(["030D", "052W", "018M", "090Y", "x", None])).round(2).tolist()[:4] == [
        0.08,
        1.0,
        1.5,
        90,
    ]


def test_pairs():
    index = pd.DataFrame({"a": [1, 1, 0, 1], "b": [1, 0, 0, 1], "PatientID": ["x", "x", "x", "y"]})
    assert count_label_pairs(index, ["a", "b"]).to_numpy().tolist() == [[3, 2], [2, 2]]
