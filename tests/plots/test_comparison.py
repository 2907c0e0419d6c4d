"""Figures of shortcuts, drift and scores say what is in the tables."""

import numpy as np
import pytest
from cohorts import make_cohort, make_site

from eda_utils import plots
from eda_utils.cohort.drift import compare_datasets
from eda_utils.cohort.shortcuts import scan_shortcuts


def title(ax):
    return " ".join(ax.get_title(loc="left").split())


@pytest.mark.slow
def test_shortcuts():
    index, field = make_cohort(3, shortcut=True)
    ax = plots.shortcuts(scan_shortcuts(index, "sick"))
    assert f"most of all {field} (effect" in title(ax)
    assert ax.get_yticklabels()[0].get_text() == field
    clean, _ = make_cohort(4)
    assert title(plots.shortcuts(scan_shortcuts(clean, "sick"))).startswith("sick follows none of 12 fields; without")


@pytest.mark.slow
def test_drift():
    rng = np.random.default_rng(0)
    ax = plots.drift(compare_datasets(make_site(rng, False), make_site(rng, True)))
    assert title(ax).startswith("10 of 20 fields drift, most of all moved")
    names = [text.get_text() for text in ax.get_yticklabels()]
    assert any(name.startswith("moved9 (shape: PSI") for name in names)
    assert all(name.startswith("moved") for name in names[:10])
    ax = plots.drift(compare_datasets(make_site(rng, False), make_site(rng, False)))
    assert title(ax).startswith("None of 20 fields drifts; a model tells the sets apart with AUC 0.")


def test_scores_and_what_makes_them():
    ax = plots.scores({"a": (0.9, 0.8, 1.0), "b": (0.5, 0.4, 0.6)})
    assert [text.get_text() for text in ax.get_yticklabels()] == ["a", "b"]
    assert "0.90" in ax.figure.alt_text
    parts = np.zeros((10, 10))
    parts[1, 6], parts[5, 5] = 3, 1
    axes = plots.contributions(parts, np.zeros((10, 10)))
    assert "row 1, column 6" in axes[0].get_xlabel()
    assert axes[1].get_title(loc="left").startswith("100% of the score")
