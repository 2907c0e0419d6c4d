"""Scores and p values against scipy, scikit-learn and the definition of a p value."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st
from scipy.stats import chi2_contingency, mannwhitneyu

from eda_utils.cohort.associations import choose_units, design_of, field_scores, header_auc, permutation_test
from eda_utils.cohort.scores import rank_auc


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=4, max_size=60))
def test_auc_is_that_of_mann_and_whitney(rows):
    truth, values = (np.array(side, float) for side in zip(*rows, strict=True))
    if 0 < truth.sum() < len(truth):
        wanted = mannwhitneyu(values[truth == 1], values[truth == 0]).statistic / truth.sum() / (1 - truth).sum()
        assert rank_auc(truth, values) == pytest.approx(wanted)
    else:
        assert np.isnan(rank_auc(truth, values))


def test_score_of_classes_is_that_of_chi_squared():
    rng = np.random.default_rng(0)
    truth, field = (rng.random(200) < 0.4).astype(float), pd.Series(rng.choice([*"abc"], 200))
    chi2 = chi2_contingency(pd.crosstab(truth, field), correction=False).statistic * 199 / 200
    wanted = ((chi2 / 2) ** (1 / 3) - 1 + 1 / 9) / np.sqrt(1 / 9)
    assert field_scores(design_of(field.to_frame("f")), truth[None]).loc["f", 0] == pytest.approx(wanted, abs=1e-4)


@pytest.mark.slow
def test_p_values_are_uniform_where_nothing_is():
    adjusted, single = [], []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        fields = pd.DataFrame({f"n{n}": rng.normal(size=80) for n in range(8)})
        tested = permutation_test(design_of(fields), (rng.random(80) < 0.4).astype(float), seed)
        adjusted.append(tested["p_adjusted"].min())
        single += tested["p"].tolist()
    assert np.mean(np.array(adjusted) < 0.1) < 0.25
    assert 0.4 < np.mean(single) < 0.6


def test_where_no_field_differs_there_is_nothing_to_test():
    design = design_of(pd.DataFrame({"KVP": [80.0] * 12}))
    truth = np.repeat([0.0, 1.0], 6)
    assert permutation_test(design, truth).empty
    assert np.isnan(header_auc(design, truth)[0])


def test_one_image_per_patient_whose_truth_is_known():
    index = pd.DataFrame({"PatientID": ["a", "a", "b", None, None]})
    rows = choose_units(index, np.array([np.nan, 1.0, 0.0, 1.0, 1.0]))
    assert rows.tolist() == [1, 2, 3, 4]


def test_a_model_of_the_header_knows_what_is_in_it():
    rng = np.random.default_rng(0)
    truth = (rng.random(200) < 0.5).astype(float)
    fields = pd.DataFrame({"noise": rng.normal(size=200), "marker": np.where(truth == 1, "L", "R")})
    assert header_auc(design_of(fields), truth)[0] > 0.99
    auc, low, high = header_auc(design_of(fields[["noise"]]), truth)
    assert low < 0.5 < high or abs(auc - 0.5) < 0.1
    assert np.isnan(header_auc(design_of(fields.head(12)), truth[:12])[0])
