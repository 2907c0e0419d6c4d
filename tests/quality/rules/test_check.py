"""What checks are made of: evidence for the rows concerned, and outliers as others compute them."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st
from scipy.stats import median_abs_deviation

from eda_utils.quality.rules.check import GROUP_SIZE, Check, cells, look_up, number, robust_scores, told


def test_evidence_is_written_for_hits_only():
    images = pd.DataFrame({"Rows": pd.array([1, 2, None], "Int64"), "PixelSpacing": [(0.5, 1.0), None, (2.0,)]})
    mask = pd.array([True, None, True], "boolean")
    told_of = told(images, mask, "{Rows} rows, {PixelSpacing} mm, {share} %", share=np.array([12345.678, 2, 0.12345]))
    assert told_of.to_dict() == {0: "1 rows, 0.5\\1 mm, 12,346 %", 2: "none rows, 2 mm, 0.1235 %"}
    assert told(images, images["Rows"] == 2, "same").to_dict() == {1: "same"}
    assert told(images, np.zeros(3, bool), "{Rows}").empty


def test_columns_of_any_type():
    column = pd.Series(["a", None, "b"])
    for dtype in ("category", "string", object):
        assert np.array_equal(look_up(column.astype(dtype), {"a": 1}), [1, np.nan, np.nan], equal_nan=True)
    assert np.array_equal(number(pd.Series([1, None], dtype="Int64")), [1, np.nan], equal_nan=True)
    assert np.array_equal(number(pd.Series([None, None], dtype=object)), [np.nan] * 2, equal_nan=True)
    assert np.array_equal(
        cells(pd.Series([None, (1.0, 2.0, 3.0), 4.0], dtype=object), 2)[1:], [[1, 2], [4, np.nan]], True
    )


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("ab"), st.floats(-1e6, 1e6)), min_size=1, max_size=90))
def test_scores_are_those_of_scipy(pairs):
    table = pd.DataFrame(pairs, columns=["group", "value"])
    scores = robust_scores(table["value"], table[["group"]])
    for name, rows in table.groupby("group"):
        spread = median_abs_deviation(rows["value"], scale="normal")
        expected = (rows["value"] - rows["value"].median()) / spread if spread else rows["value"] * np.nan
        if len(rows) < GROUP_SIZE:
            expected = expected * np.nan
        assert np.allclose(scores[rows.index], expected, rtol=1e-3, equal_nan=True), name


def test_missing_group_cells_are_a_group():
    values, groups = pd.Series([*range(GROUP_SIZE), 99.0]), pd.DataFrame({"ViewPosition": [None] * (GROUP_SIZE + 1)})
    assert robust_scores(values, groups).iloc[-1] > 5


def test_a_check_says_what_its_function_says():
    def some_check(images):
        """Rows (0028,0010) are
        odd (PS3.3 C.7.6.3, type 1)."""

    check = Check(some_check, "note", "Rows", "advice")
    assert (check.code, *check.said) == ("some_check", "Rows (0028,0010) are odd", "PS3.3 C.7.6.3, type 1")


def test_a_template_needs_its_columns():
    with pytest.raises(KeyError):
        told(pd.DataFrame({"Rows": [1]}), [True], "{Columns}")
