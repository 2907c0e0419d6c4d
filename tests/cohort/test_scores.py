"""Scores agree with scikit-learn, and their intervals count patients."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from eda_utils.cohort import auc_interval
from eda_utils.core.errors import RequestError


@pytest.fixture
def scored():
    """60 patients with the given number of equal images each, as truth, scores and patients."""
    rng = np.random.default_rng(1)
    truth = np.arange(60) % 2
    return lambda copies: [np.repeat(part, copies) for part in (truth, truth + rng.normal(0, 2, 60), np.arange(60))]


def test_the_middle_is_that_of_scikit_learn(scored):
    truth, scores, patients = scored(3)
    auc, low, high = auc_interval(truth, scores, patients)
    assert auc == pytest.approx(roc_auc_score(truth, scores))
    assert low < auc < high


def test_copies_of_a_patient_make_nothing_surer(scored):
    truth, scores, patients = scored(8)
    wide = np.diff(auc_interval(truth, scores, patients)[1:])
    narrow = np.diff(auc_interval(truth, scores)[1:])
    assert wide > 2 * narrow


@pytest.mark.slow
def test_intervals_hold_the_truth_as_often_as_they_say():
    held = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        truth = np.arange(80) % 2
        low, high = auc_interval(truth, rng.normal(size=80), seed=seed)[1:]
        held += low <= 0.5 <= high
    assert held >= 51  # 57 are expected; the binomial tail below 51 is 0.5 %


@pytest.mark.parametrize("truth", [[1, 1, 1], [0, 1], [0, 1, np.nan]])
def test_what_has_no_area_is_refused(truth):
    with pytest.raises(RequestError, match="needs one score for each 0 or 1, and both"):
        auc_interval(truth, [1, 2, 3])
