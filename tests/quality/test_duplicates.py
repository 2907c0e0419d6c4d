"""Copies are found whatever became of them, unlike pictures are not, and groups are those that loops find."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st
from parts import examples
from PIL import Image as Pillow
from planted import index_of, stats_of

from eda_utils import index_folder, load_image, to_display
from eda_utils.core.errors import RequestError
from eda_utils.core.findings import FINDING_COLUMNS
from eda_utils.quality.duplicates import HIERARCHY, MEANING, NEAR_BITS, duplicate_groups, find_duplicates
from eda_utils.quality.measure import measure_images

HASH = 0xF0F0A5C3D2E10F77
EXACT = [{"exact_hash": "1"}, {"exact_hash": "1"}]
NEAR = [{"exact_hash": "1"}, {"exact_hash": "2", "perceptual_hash": f"{HASH ^ 0b1001:016x}"}]
BASES = (HASH, HASH ^ 0xFFFF00, 12345678901234567)
BLANK = {"exact_hash": "3", "min_value": 5.0, "max_value": 5.0, "perceptual_hash": "0" * 16}


def told(measured, headers=None):
    found = find_duplicates(stats_of(*measured), index=None if headers is None else index_of(*headers))
    assert tuple(found.columns) == FINDING_COLUMNS
    return [tuple(row) for row in found[["path", "kind", "severity", "evidence"]].to_numpy()]


@pytest.mark.parametrize(
    ("other", "exact", "near"),
    [
        (dict.fromkeys(HIERARCHY, "1.99"), "patients", "patients"),
        ({"PatientID": "p9"}, "patients", "patients"),
        ({"StudyInstanceUID": "1.99", "SeriesInstanceUID": "1.98"}, "studies", "studies"),
        ({"SeriesInstanceUID": "1.98"}, "series", "series"),
        ({"PatientID": None}, "one series", None),
        ({}, "one series", None),
    ],
)
def test_the_highest_level_says_how_bad_it_is(other, exact, near):
    for measured, match, level, evidence in (
        (EXACT, "exact", exact, "2 images"),
        (NEAR, "near", near, "2 images, whose perceptual hashes differ in at most 2 of 64 bits"),
    ):
        expected = [("/data/0", *MEANING[match, level][:2], evidence)] if level else []
        assert told(measured, [{}, other]) == expected


def test_without_an_index_there_is_no_level():
    assert told(EXACT) == [("/data/0", "duplicate", "warning", "2 images")]
    assert [row[1:3] for row in told(NEAR)] == [("near_duplicate", "note")]
    assert find_duplicates(stats_of(*NEAR), near=False).empty


def test_blank_images_are_counted_and_not_compared():
    assert told([BLANK, BLANK]) == [("/data/0", "blank_not_compared", "note", "2 images")]


def test_pictures_that_are_shown_even_are_no_copies():
    even = [{"exact_hash": str(number), "perceptual_hash": "8000000000000000"} for number in range(3)]
    assert told(even) == []


def test_what_could_not_be_measured_is_left_out():
    assert (
        told([*EXACT, {"problem": "cut", "exact_hash": None, "perceptual_hash": None, "min_value": None}])[0][3]
        == "2 images"
    )


@pytest.mark.parametrize("change", [{"p50_value": 2500.0}, {"edge_value": 900.0}, {"centre_value": 1000.0}])
def test_pictures_with_other_tones_are_no_copies(change):
    assert told([NEAR[0], {**NEAR[1], **change}]) == []


def test_pictures_of_another_shape_are_no_copies():
    other = {"StudyInstanceUID": "1.99"}
    assert len(told(NEAR, [{}, other])) == 1
    assert told(NEAR, [{}, {**other, "Columns": 1500}]) == []
    assert len(told(NEAR, [{}, {**other, "Rows": 1000, "Columns": 800}])) == 1


def test_a_picture_of_a_dicom_file_may_have_other_tones():
    other = {"p50_value": 2500.0, "kind": "image", "StudyInstanceUID": "1.99"}
    measured = [NEAR[0], {**NEAR[1], "p50_value": 2500.0}]
    assert len(told(measured, [{}, other])) == 1
    assert told(measured, [{"kind": "image"}, other]) == []


def test_members_of_groups():
    other = {**NEAR[1], "exact_hash": "2"}
    groups = duplicate_groups(stats_of(*EXACT, other, other, {"exact_hash": "1", "frames": 9}))
    members = groups.assign(path=groups["path"].str[-1]).groupby(["match", "group"])["path"].agg("".join)
    assert members.to_dict() == {("exact", 0): "01", ("exact", 1): "23", ("near", 2): "01234"}
    assert groups.query("match == 'near'")["bits"].tolist() == [0, 0, 2, 2, 0]


def test_the_same_first_frames_of_longer_cines_are_no_copies():
    assert told([{"frames": 20}, {"frames": 30, "perceptual_hash": f"{HASH ^ (2**64 - 1):016x}"}]) == []


@settings(deadline=None, max_examples=examples(60))
@given(st.lists(st.tuples(st.sampled_from(BASES), st.sets(st.integers(0, 63), max_size=6)), max_size=25))
def test_near_groups_are_those_that_loops_find(hashes):
    values = [base ^ sum(1 << bit for bit in bits) for base, bits in hashes]
    leaders = []
    for at, value in enumerate(values):
        near = [first for first in dict.fromkeys(leaders) if (values[first] ^ value).bit_count() <= NEAR_BITS]
        leaders.append(near[0] if near else at)
    expected = [[at for at in range(len(values)) if leaders[at] == first] for first in sorted(set(leaders))]
    rows = [{"exact_hash": str(at), "perceptual_hash": f"{value:016x}"} for at, value in enumerate(values)]
    groups = duplicate_groups(stats_of(*rows)) if rows else pd.DataFrame({"group": [], "path": []})
    found = groups.groupby("group")["path"].agg(lambda paths: [int(path[6:]) for path in paths]).tolist()
    assert sorted(found) == sorted(group for group in expected if len(group) > 1)


FUNDUS = "photos/fundus_left.jpg"
COPIES = {  # how a copy comes about: picture as shown, to a file
    "png": lambda shown, path: shown.save(path / "copy.png"),
    "jpeg": lambda shown, path: shown.save(path / "copy.jpg", quality=75),
    "half": lambda shown, path: shown.resize((shown.width // 2, shown.height // 2)).save(path / "copy.png"),
    "brighter": lambda shown, path: shown.point(lambda grey: 20 + 0.85 * grey).save(path / "copy.png"),
}


@pytest.mark.slow
@pytest.mark.parametrize("made", COPIES)
@pytest.mark.parametrize(
    "name", ["PAT0001/ST0001/SE0001/IM0001", "PAT0005/ST0002/SE0001/IM0001.IMA", "photos/fundus_left.jpg"]
)
def test_copies_of_real_images_are_found(samples, tmp_path, name, made):
    shown = Pillow.fromarray(to_display(load_image(samples / name)))
    COPIES[made](shown, tmp_path)
    index = index_folder([samples / name, tmp_path])
    groups = duplicate_groups(measure_images(index), index=index)
    assert set(groups["path"]) == set(index["path"])


@pytest.mark.slow
def test_samples(samples, index):
    """What is there twice is so on purpose (data/README.md), or is one picture in 8 and in 12 bits."""
    stats = measure_images(index)
    groups = duplicate_groups(stats, index=index)
    names = groups.assign(path=groups["path"].str.removeprefix(f"{samples}/"))
    members = names.groupby(["match", "group"])["path"].agg(list)
    assert [len(paths) for paths in members.loc["exact"]] == [2, 3, 2]
    assert all(len({path[:7] for path in paths}) == 1 for paths in members)
    assert "patients" not in " ".join(find_duplicates(stats, index=index)["kind"])


def test_a_column_that_is_missing_is_named():
    with pytest.raises(RequestError) as caught:
        find_duplicates(stats_of({}).drop(columns="exact_hash"))
    assert "exact_hash" in str(caught.value)
    with pytest.raises(RequestError):
        find_duplicates(stats_of(*EXACT), index=index_of({}, {}).drop(columns="PatientID"))


def test_nothing_measured():
    assert find_duplicates(stats_of({}).iloc[:0]).empty
    assert np.array_equal(duplicate_groups(stats_of({}).iloc[:0]).columns, ["group", "match", "path", "bits"])
