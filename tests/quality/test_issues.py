"""Planted defects are found, clean folders have none, and no finding quotes an identifier."""

from importlib import import_module

import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st
from parts import examples
from planted import CLEAN, DEFECTS, audit, index_of, make_planted, score, stats_of

from eda_utils import index_folder
from eda_utils.core.errors import RequestError
from eda_utils.core.findings import FINDING_COLUMNS
from eda_utils.dicom.attributes import find_attribute
from eda_utils.dicom.phi import is_phi
from eda_utils.index.folder import INDEX_TAGS
from eda_utils.quality.issues import QUALITY_TAGS, flag_issues, list_checks
from eda_utils.quality.measure import measure_images
from eda_utils.samples.fetch import CANARY

TAGS = [*INDEX_TAGS, *QUALITY_TAGS]


def pairs(table):
    return set(zip(table["path"], table["kind"], strict=True))


@pytest.mark.slow
def test_planted_defects(tmp_path):
    """Precision and recall of each check, in a folder with an answer key; benchmarks/quality.py shows the table."""
    key = make_planted(tmp_path)
    table = score(audit(tmp_path), key)
    assert sum(1 for _ in tmp_path.iterdir()) == 300
    assert table["planted"].gt(0).sum() >= 40
    assert set(DEFECTS) <= set(table.index[table["planted"] > 0])
    assert table.loc[table["planted"] > 0, "recall"].eq(1).all(), table[table["recall"] < 1]
    assert table["precision"].eq(1).all(), table[table["precision"].ne(1)]


def test_a_score_counts_what_is_missed_and_what_is_wrong():
    key = pd.DataFrame({"path": ["a", "b", "c"], "kind": ["blank", "blank", "few_grey_levels"]})
    found = pd.DataFrame({"path": ["a", "c", "c", "d"], "kind": ["blank", "blank", "noise_outlier", "noise_outlier"]})
    table = score(found, key)
    assert table.loc["blank"].tolist() == [2, 2, 0, 0.5, 0.5]
    assert table.loc["noise_outlier", ["planted", "told", "side_effects", "precision"]].tolist() == [0, 2, 1, 0.5]
    assert table.loc["few_grey_levels", "recall"] == 0


@pytest.mark.slow
@pytest.mark.parametrize("seed", [7, 8])
def test_a_clean_folder_has_no_findings(tmp_path, seed):
    assert make_planted(tmp_path, clean=True, seed=seed).empty
    assert audit(tmp_path).to_dict("records") == []


def test_every_check_is_tested():
    modules = ("encoding", "geometry", "acquisition", "patient", "pixels", "contradictions")
    cases = [case for name in modules for case in import_module(f"quality.rules.test_{name}").CASES]
    planted = {*DEFECTS, *(cell for case in cases for cell in case if isinstance(cell, str))}
    planted |= {case[1] for case in import_module("quality.rules.test_geometry").MIXED}
    assert set(list_checks()["code"]) - planted == set()


def test_the_list_of_checks():
    checks = list_checks()
    assert len(checks) >= 30
    assert checks["code"].is_unique
    assert checks["code"].str.fullmatch("[a-z0-9_]+").all()
    assert set(checks["group"]) == {"header", "pixels", "contradiction"}
    assert checks["clause"].str.contains(r"PS3\.\d|\d{4}").all()
    assert checks[["what", "advice"]].map(lambda text: text[-1] not in ".;").all(axis=None)
    assert checks["what"].str.len().max() < 120
    columns = {name for needs in checks["needs"] for name in needs.split()}
    assert columns - {*index_of({}).columns, *stats_of({}).columns} == set()


def test_a_check_without_its_columns_is_left_out():
    index, stats = index_of({"HighBit": 15, "KVP": -1.0}), stats_of({"border_share": 0.9})
    assert list(flag_issues(index, stats)["kind"]) == ["high_bit_wrong", "kilovolts_implausible", "constant_border"]
    less = index.drop(columns="HighBit")
    assert list(flag_issues(less, stats)["kind"]) == ["kilovolts_implausible", "constant_border"]
    lacks = list_checks(less).set_index("code")["lacks"]
    assert lacks["high_bit_wrong"] == "HighBit"
    assert lacks["kilovolts_implausible"] == ""
    assert "border_share" in lacks["constant_border"]
    assert set(list_checks(index, stats)["lacks"]) == {""}
    assert flag_issues(index[["path", "kind", "problem", "Rows"]]).empty


@pytest.mark.parametrize("code", list_checks()["code"])
def test_each_check_needs_no_more_than_it_says(code):
    """Where there are only the columns that it names, it runs."""
    check = list_checks().set_index("code").loc[code]
    index, stats = index_of({}, {}), stats_of({}, {})
    kept = {"path", "kind", "problem", "Rows", *check["needs"].split()}
    index, stats = index[[*index.columns.intersection(kept)]], stats[[*stats.columns.intersection(kept)]]
    lacks = list_checks(index, stats).set_index("code")["lacks"]
    assert lacks[code] == ""
    flag_issues(index, stats)


@pytest.mark.slow
@settings(deadline=None, max_examples=examples(30))
@given(st.data())
def test_no_text_of_a_header_is_quoted(data):
    """Whatever attribute an identifier strayed into."""
    texts = [name for name in TAGS if find_attribute(name).vr in ("AS", "CS", "LO", "PN", "SH", "TM", "UI")]
    strayed = data.draw(st.lists(st.sampled_from(texts), max_size=8))
    words = {name: (CANARY,) if find_attribute(name).is_list else CANARY for name in strayed}
    modality = data.draw(st.sampled_from(["CT", "MG", "US", "XA"]))
    found = flag_issues(index_of({"Modality": modality, "HighBit": 3, **words}), stats_of({"border_share": 0.9}))
    shown = found.drop(columns="path").to_csv().lower()
    assert CANARY.lower() not in shown
    assert not any(str(CLEAN[name]).lower() in shown for name in CLEAN if is_phi(name) and len(str(CLEAN[name])) > 3)


@pytest.mark.slow
@settings(deadline=None, max_examples=examples(30))
@given(st.data())
def test_any_number_is_survived(data):
    numbers = [name for name in TAGS if find_attribute(name).vr in ("DS", "FD", "IS", "US", "SS") and name != "Rows"]
    chosen = data.draw(st.lists(st.sampled_from(numbers), max_size=8))
    strange = st.sampled_from([None, 0, -1, 1, 2**31 - 1, 65535])
    cells = {name: data.draw(strange) for name in chosen}
    header = {
        name: value if value is None or not find_attribute(name).is_list else (float(value),)
        for name, value in cells.items()
    }
    measured = {"p99_value": data.draw(strange), "stored_max": data.draw(strange), "edge_value": data.draw(strange)}
    flag_issues(index_of(header, {}), stats_of(measured, {}))


@pytest.mark.slow
def test_the_type_of_a_column_and_the_order_of_rows_do_not_matter():
    index, stats = index_of({"HighBit": 15}, {"Modality": "OT"}, {"PatientSex": "X"}), stats_of({}, {}, {})
    expected = flag_issues(index, stats)
    assert len(expected) == 3
    texts = [name for name in index.select_dtypes(["category", "string"]) if name != "path"]
    for dtype in ("category", "string", object):
        assert flag_issues(index.astype(dict.fromkeys(texts, dtype)), stats).equals(expected)
    assert flag_issues(index[::-1], stats[::-1].set_index(pd.Index([5] * 3))).equals(expected)
    assert flag_issues(pd.concat([index, index]), pd.concat([stats, stats])).equals(expected)


@pytest.mark.slow
def test_files_with_a_problem_and_other_files_are_not_judged():
    index = index_of({"HighBit": 15, "problem": "cut"}, {"HighBit": 15, "Rows": None}, {"HighBit": 15, "kind": "slide"})
    assert flag_issues(index, stats_of({}, {}, {})).empty


def test_empty_tables(tmp_path):
    index = index_folder(tmp_path, tags=TAGS)
    found = flag_issues(index, measure_images(index))
    assert found.empty
    assert tuple(found.columns) == FINDING_COLUMNS


def test_what_is_no_index_is_named():
    with pytest.raises(RequestError) as caught:
        flag_issues(index_of({}).drop(columns="Rows"))
    assert str(caught.value) == "index: has no column Rows; call index_folder with this tag too."


@pytest.fixture(scope="module")
def of_samples(samples):
    return audit(samples)


@pytest.mark.slow
def test_samples(of_samples, samples):
    """What is known to be wrong with them is said in data/README.md."""
    found = of_samples.assign(path=of_samples["path"].str.removeprefix(f"{samples}/"))
    assert ("PAT0010/ST0002/SE0001/IM0003", "pixel_data_cut") in pairs(found)
    assert ("PAT0010/ST0004/SE0001/IM0001.dcm", "age_contradicts_dates") in pairs(found)
    assert "undecodable" not in set(found["kind"])
    assert ("PAT0001/ST0001/SE0001/IM0001", "spacing_invalid") in pairs(found)
    assert (found["kind"] == "name_despite_removal").sum() == 11
    mammograms = found[found["path"].str.contains("PAT000[23]/")]
    assert set(mammograms["severity"]) == {"note"}
    shown = of_samples.drop(columns="path").to_csv().lower()
    assert not any(word in shown for word in (CANARY.lower(), "1.2.840", "1.3.6"))


@pytest.mark.slow
def test_corpus(corpus):
    found = audit(corpus)
    names = found.assign(path=found["path"].str.rsplit("/", n=1).str[-1])
    assert ("TOSHIBA_J2K_SIZ1_PixRep0.dcm", "ct_values_implausible") in pairs(names)
    assert ("GH1261.dcm", "blank") in pairs(names)
