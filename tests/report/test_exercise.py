"""Exercises answer back and never raise, but in our own tests."""

import numpy as np
import pytest

from eda_utils import check


@pytest.mark.parametrize(
    ("answer", "test", "verdict"),
    [
        (..., 4, "Not answered yet: replace the three dots and run the cell again."),
        (4, 4, "Correct."),
        (5, 4, "Not yet. Hint: two and two"),
        (4, lambda value: value > 3, "Correct."),
        ("four", lambda value: value > 3, "Not yet. Hint: two and two"),
        (np.array([1, 2]), lambda value: value.sum() == 3, "Correct."),
        (np.array([1, 2]), 3, "Not yet. Hint: two and two"),
    ],
)
def test_verdicts(capsys, monkeypatch, answer, test, verdict):
    monkeypatch.delenv("EDA_STRICT", raising=False)
    check(answer, test, "two and two")
    assert capsys.readouterr().out.strip() == verdict


@pytest.mark.parametrize(("answer", "hint"), [({1, 2}, "50 %"), (5, "an answer of another type is asked for")])
def test_a_hint_can_say_how_much_is_right(capsys, monkeypatch, answer, hint):
    monkeypatch.delenv("EDA_STRICT", raising=False)
    check(answer, {1, 2, 3, 4}, lambda found: f"{len(found & {1, 2, 3, 4}) / 4:.0%}".replace("%", " %"))
    assert capsys.readouterr().out == f"Not yet. Hint: {hint}\n"


@pytest.mark.parametrize("answer", [..., 5])
def test_strict(monkeypatch, answer):
    monkeypatch.setenv("EDA_STRICT", "1")
    with pytest.raises(AssertionError):
        check(answer, 4, "two and two")
    check(4, 4, "two and two")
