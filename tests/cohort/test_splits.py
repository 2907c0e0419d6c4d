"""No patient and no picture in two parts, whatever the cohort; sizes and labels as near as the groups allow."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from cohorts import make_labels
from hypothesis import example, given, settings, strategies as st
from parts import examples

from eda_utils import cohort
from eda_utils.cohort.splits import balance_parts, find_leaks, split_patients, write_split
from eda_utils.core.errors import RequestError
from eda_utils.quality.duplicates import RANGE, TONES

THREE = {"train": 0.7, "val": 0.15, "test": 0.15}


def index_of(patients, **columns):
    paths = [f"/d/{n}.dcm" for n in range(len(patients))]
    return pd.DataFrame({"path": paths, "PatientID": pd.array(patients, dtype="string"), **columns})


def stats_of(index, pictures, is_near):
    """Pixel statistics in which files with an equal number are copies, some of them only nearly."""
    table = pd.DataFrame({"path": index["path"], "problem": None, "frames": 1})
    table["exact_hash"] = [f"{number:x}{near}" for number, near in zip(pictures, is_near, strict=True)]
    hashes = [number * 0x9E3779B97F4A7C15 % 2**64 ^ near for number, near in zip(pictures, is_near, strict=True)]
    table["perceptual_hash"] = [f"{number:016x}" for number in hashes]
    table[[*RANGE, *TONES]] = 0, 9, 0, 9, 1, 2, 3, 0, 5
    return table


cohorts = st.lists(
    st.tuples(
        st.one_of(st.none(), st.integers(0, 12).map(str)),  # skewed: small numbers are drawn more often
        st.booleans(),
        st.integers(1, 40),
        st.booleans(),
    ),
    min_size=8,
    max_size=80,
)


def linked(patients, pictures):
    """How many groups there are, by merging sets of names until nothing changes."""
    groups = []
    for patient, picture in zip(patients, pictures, strict=True):
        names = {("picture", picture)} | ({("patient", patient)} if patient is not None else set())
        touching = [group for group in groups if group & names]
        groups = [group for group in groups if not group & names] + [names.union(*touching)]
    return len(groups)


@pytest.mark.slow
@settings(max_examples=examples(60))
@given(cohorts, st.integers(0, 3))
def test_nothing_is_on_two_sides(rows, seed):
    patients, labels, pictures, is_near = zip(*rows, strict=True)
    index = index_of(patients, sick=labels)
    stats = stats_of(index, pictures, is_near)
    chosen = {"stratify": ["sick"], "seed": seed, "group": ["PatientID", "path"], "stats": stats}
    if linked(patients, pictures) < 3:
        with pytest.raises(RequestError, match="groups are too few"):
            split_patients(index, THREE, **chosen)
        return
    split = split_patients(index, THREE, **chosen)
    assert split["path"].tolist() == index["path"].tolist()
    assert split.groupby("PatientID")["part"].nunique().le(1).all()
    assert split.groupby(list(pictures))["part"].nunique().max() == 1
    assert set(split["part"]) == set(THREE)
    proof = cohort.check_split(split, stats=stats).set_index("what")["across_parts"]
    assert proof.eq(0).all()
    assert find_leaks(split, stats=stats).empty


@settings(max_examples=examples(60))
@given(st.lists(st.integers(1, 9), min_size=3, max_size=7), st.sampled_from([(0.7, 0.15, 0.15), (0.5, 0.25, 0.25)]))
@example([1, 1, 1, 3, 5, 5, 5], (0.7, 0.15, 0.15))
def test_sizes_are_the_best_there_are(sizes, shares):
    index = index_of(np.repeat(np.arange(len(sizes)), sizes).astype(str))
    fractions = dict(zip(["train", "val", "test"], shares, strict=True))
    split = split_patients(index, fractions)
    wanted = np.array(shares) * len(index)
    ours = np.abs(split["part"].value_counts().reindex([*fractions]).to_numpy() - wanted).max()
    deals = np.array([deal for deal in product(range(3), repeat=len(sizes)) if len(set(deal)) == 3])
    have = np.stack([((deals == part) * np.array(sizes)).sum(axis=1) for part in range(3)], axis=1)
    best = np.abs(have - wanted).max(axis=1).min()
    assert ours <= best + 1e-9, "all deals of so few groups are tried"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:The least populated class in y")
def test_labels_are_as_balanced_as_by_scikit_learn():
    model_selection = pytest.importorskip("sklearn.model_selection")
    labels = ["common", "rare", "sick"]
    better = 0
    for seed in range(20):
        index = make_labels(seed)
        ours = split_patients(index, {"train": 0.8, "test": 0.2}, stratify=labels, seed=seed)
        together = index[labels].astype(str).agg("".join, axis=1)
        folds = model_selection.StratifiedGroupKFold(5, shuffle=True, random_state=seed)
        _, test = next(folds.split(index, together, index["PatientID"]))
        theirs = index.assign(part=np.where(np.isin(np.arange(len(index)), test), "test", "train"))
        deviations = [balance_parts(split, labels)["largest_deviation"][1:].max() for split in (ours, theirs)]
        better += deviations[0] <= deviations[1] + 1e-12
    assert better >= 18


def test_order_of_rows_does_not_matter():
    index = make_labels(3)
    split = split_patients(index, THREE, stratify=["rare"], seed=5)
    shuffled = split_patients(index.sample(frac=1, random_state=1), THREE, stratify=["rare"], seed=5)
    assert shuffled.sort_index()["part"].tolist() == split["part"].tolist()
    assert shuffled.attrs["split"] == split.attrs["split"]
    other = split_patients(index.assign(rare=1 - index["rare"]), THREE, stratify=["rare"], seed=5)
    assert other.attrs["split"]["input_sha256"] != split.attrs["split"]["input_sha256"]


def test_files_without_a_patient_are_refused_unless_told():
    index = index_of(["1", None, "2", "3"])
    expected = (
        'split: 1 of 4 files have no PatientID; leave them out, or add to group= what keeps them apart, at last "path".'
    )
    with pytest.raises(RequestError) as caught:
        split_patients(index, {"train": 0.5, "test": 0.5})
    assert str(caught.value) == expected
    assert len(split_patients(index, {"train": 0.5, "test": 0.5}, group=["PatientID", "path"])) == 4


@pytest.mark.parametrize("fractions", [{"train": 1.0}, {"train": 0.7, "test": 0.7}, {"train": 1.2, "test": -0.2}])
def test_fractions_must_be_parts_of_one(fractions):
    with pytest.raises(RequestError, match="are not two or more parts of 1"):
        split_patients(index_of(list("abc")), fractions)


def test_a_random_split_leaks_and_is_told():
    index = make_labels(0)
    parts = np.random.default_rng(0).permutation(np.arange(len(index)) % 5 == 0)
    split = index.assign(part=np.where(parts, "test", "train"))
    proof = cohort.check_split(split).iloc[0]
    assert proof["across_parts"] > 20
    assert abs(proof["across_parts"] - proof["across_if_random"]) < 15
    leak = find_leaks(split).iloc[0]
    assert (leak["kind"], leak["severity"]) == ("patients_across_parts", "error")


def test_what_is_written_can_be_read_by_its_owner_only(tmp_path):
    split = split_patients(make_labels(1), THREE)
    path = write_split(split, tmp_path / "split.csv")
    assert path.stat().st_mode & 0o77 == 0
    table = pd.read_csv(path)
    assert table["part"].tolist() == split.assign(file=split["path"].str[3:]).sort_values("file")["part"].tolist()
    assert table["input_sha256"].nunique() == 1


@pytest.mark.slow
def test_the_samples_split_without_a_leak(index):
    from eda_utils import measure_images

    usable = index[index["PatientID"].notna() & index["problem"].isna() & index["Modality"].isin(["CR", "MG", "CT"])]
    stats = measure_images(usable)
    split = split_patients(usable, {"train": 0.6, "test": 0.4}, stratify=["Modality"], stats=stats)
    assert cohort.check_split(split, stats=stats)["across_parts"].tolist()[-2:] == [0, 0]
    assert find_leaks(split, stats=stats).empty


def test_a_picture_in_two_groups_of_near_matches_links_both(monkeypatch):
    paths = [f"{number}.png" for number in range(12)]
    found = {"group": [1, 1, 2, 2, 2], "match": "near", "path": [paths[at] for at in (0, 1, 1, 0, 2)]}
    monkeypatch.setattr("eda_utils.cohort.splits.duplicate_groups", lambda *_, **__: pd.DataFrame(found))
    index = pd.DataFrame({"path": paths, "PatientID": range(12)})
    split = split_patients(index, {"train": 0.5, "test": 0.5}, stats=index)
    assert split["split_group"].nunique() == 10
    assert split["part"].head(3).nunique() == 1
