"""Drift that is planted is found, and none where there is none."""

import numpy as np
import pandas as pd
import pytest
from cohorts import make_site

from eda_utils.cohort.drift import compare_datasets, flag_drift, list_values
from eda_utils.core.errors import RequestError


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [range(start, start + 5) for start in range(0, 15, 5)])
def test_ten_fields_drift_and_ten_do_not(seeds):
    """benchmarks/cohort.py does the same over 50 seeds."""
    false = 0
    for seed in seeds:
        rng = np.random.default_rng(seed)
        table = compare_datasets(make_site(rng, False), make_site(rng, True), seed=seed).set_index("field")["is_drift"]
        assert table[table.index.str.startswith("moved")].all()
        false += table[table.index.str.startswith("same")].sum()
    assert false <= 1


@pytest.mark.slow
def test_the_same_site_twice_is_not_told_apart():
    rng = np.random.default_rng(7)
    table = compare_datasets(make_site(rng, False), make_site(rng, False))
    assert flag_drift(table).empty
    assert table.attrs["domain"]["sentence"].endswith("they look alike.")
    assert ((table["low"] <= table["difference"]) & (table["difference"] <= table["high"])).mean() > 0.9


def test_standardised_difference_and_divergences_by_hand():
    values = np.arange(100.0)
    a = pd.DataFrame({"path": [f"{n}" for n in range(100)], "KVP": values, "Modality": ["CR", "DX"] * 50})
    b = a.assign(KVP=values + 50, Modality=["CR"] * 20 + ["DX"] * 80)
    table = compare_datasets(a, b).set_index("field")
    assert table.loc["KVP", "difference"] == pytest.approx(50 / values.std())
    share = 0.2 - 0.5
    assert table.loc["Modality", "difference"] == pytest.approx(abs(share) / np.sqrt((0.16 + 0.25) / 2))
    p, q = (np.array([50.5, 50.5]) / 101, np.array([20.5, 80.5]) / 101)
    assert table.loc["Modality", "psi"] == pytest.approx(((q - p) * np.log(q / p)).sum() - 0.02)
    from scipy.spatial.distance import jensenshannon

    assert table.loc["Modality", "js"] == pytest.approx(jensenshannon(p, q, 2), rel=1e-6)


def test_new_values_are_counted_and_named_where_they_may_be():
    a = pd.DataFrame({"path": [f"{n}" for n in range(40)], "Modality": ["CR", "DX"] * 20, "StationName": ["one"] * 40})
    b = a.assign(Modality=["CR", "MG"] * 20, StationName="other")
    table = compare_datasets(a, b).set_index("field")
    assert table.loc["Modality", ["new_values", "lost_values"]].tolist() == [1, 1]
    assert list_values(a, b, "Modality").query("what == 'new'")["value"].tolist() == ["MG"]
    with pytest.raises(RequestError):
        list_values(a, b, "StationName")
    assert "one" not in flag_drift(table.reset_index()).to_string().replace("one ", "")


@pytest.mark.slow
def test_real_folders_compare(index):
    half = index.iloc[::2], index.iloc[1::2]
    table = compare_datasets(*half)
    assert {"Modality", "Rows", "KVP"} <= set(table["field"])
    assert not {"PatientID", "SOPInstanceUID"} & set(table["field"])
    with pytest.raises(RequestError, match="fewer than 5 patients"):
        compare_datasets(index.head(2), index)
