"""Figures of labels and splits say what is in the tables."""

import numpy as np
import pandas as pd
from cohorts import make_labels

from eda_utils import plots
from eda_utils.cohort.splits import split_patients

LABELS = ["common", "rare", "sick"]


def title(ax):
    return " ".join(ax.get_title(loc="left").split())


def test_prevalence():
    index = make_labels(0)
    ax = plots.prevalence(index, LABELS)
    shown = [text.get_text() for text in ax.get_yticklabels()]
    assert shown == index[LABELS].mean().sort_values(ascending=False).index.tolist()
    assert title(ax).startswith(f"{shown[0]} is the most frequent of 3 labels: in {index[shown[0]].mean():.1%} of")
    assert ax.figure.alt_text.startswith("Prevalence of labels.")
    ax = plots.prevalence(index.assign(PatientSex=np.where(index["sick"] == 1, "F", "M")), LABELS, by="PatientSex")
    assert "by PatientSex from" in title(ax)
    assert len(ax.get_legend().get_texts()) == 2


def test_pairs():
    index = pd.DataFrame({"a": [1, 1, 0, 0], "b": [1, 0, 0, 0]})
    assert title(plots.label_pairs(index, ["a", "b"])) == "Of files with b, 100% have a too (1 file)"
    assert title(plots.label_pairs(index.assign(b=0), ["a", "b"])) == "No two labels occur together"


def test_split():
    index = make_labels(1)
    good = plots.split(split_patients(index, {"train": 0.8, "test": 0.2}, stratify=LABELS), LABELS)
    assert title(good[0]) == "Nothing is in two parts"
    bad = plots.split(index.assign(part=np.arange(len(index)) % 2), LABELS)
    assert title(bad[0]).startswith("In two parts: ")
    assert "percentage points at most" in title(bad[1])
