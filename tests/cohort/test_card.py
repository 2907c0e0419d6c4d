"""A card tells a data set, and nobody in it."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from eda_utils import flag_issues, measure_images
from eda_utils.cohort import dataset_card, split_patients
from eda_utils.cohort.card import HIDDEN, hide_small
from eda_utils.quality import find_duplicates
from eda_utils.samples.fetch import CANARY


@given(st.lists(st.integers(0, 30), min_size=1, max_size=8))
def test_no_small_number_can_be_read_or_found_out(counts):
    counts = pd.Series(counts)
    shown = hide_small(counts)
    readable = pd.to_numeric(shown, errors="coerce")
    assert not readable.between(1, 4).any()
    hidden = readable.isna()
    if counts.between(1, 4).any() and (counts >= 5).any():
        assert hidden.sum() >= 2, "one alone is the sum minus the others"


@pytest.mark.slow
def test_card_of_the_samples(index):
    stats = measure_images(index)
    findings = pd.concat([flag_issues(index, stats), find_duplicates(stats, index=index)])
    card = dataset_card(index, stats, findings)
    assert CANARY.lower() not in card.lower()
    for title in ("Composition", "Equipment", "Age and sex", "Pixels", "Known defects", "To be filled"):
        assert f"## {title}" in card
    assert str(index["path"].iloc[0]) not in card
    assert not re.search(r"\d+\.\d+\.\d+\.\d+", card), "no UID"


def cohort():
    rng = np.random.default_rng(0)
    count = 200
    index = pd.DataFrame({"path": [f"/d/{n}.dcm" for n in range(count)], "PatientID": [str(n) for n in range(count)]})
    index["Manufacturer"] = ["ACME|<b>"] * 190 + ["Rare"] * 3 + ["Other"] * 7
    index["PatientSex"], index["PatientAge"] = rng.choice(["F", "M"], count), [f"{n % 90:03}Y" for n in range(count)]
    index["Mass"], index["Hernia"] = (rng.random(count) < 0.3).astype(int), [1, 1] + [0] * 198
    index.attrs["labels"] = ["Mass", "Hernia"]
    return index


def test_small_groups_are_hidden_and_markup_is_text():
    card = dataset_card(split_patients(cohort(), {"train": 0.8, "test": 0.2}, stratify=["Mass"]))
    assert r"| ACME\|&lt;b&gt; | 190 |" in card
    assert f"| Rare | {HIDDEN.replace('<', '&lt;')} |" in card
    assert "| Other | hidden |" in card
    assert re.search(r"\| Hernia \| &lt;5 \| hidden \|", card)
    assert "| train | 160 |" in card
    assert re.search(r"\| Mass \| \d+ \| \d+\.\d% \(", card)


@pytest.mark.parametrize("columns", [["path"], ["path", "PatientSex"], ["path", "Manufacturer"]])
def test_a_table_with_little_in_it_has_a_card(columns):
    assert "because no patient is stated" in dataset_card(cohort()[columns])
