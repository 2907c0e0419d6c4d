"""A test over many things tries each of them, and names those that fail."""

import parts
import pytest
from parts import for_each, some_of


@for_each(lambda: [1, 2, 3, 4], name=str)
def odd(number, tmp_path):
    assert tmp_path == "fixture"
    assert number % 2, "even"


def test_every_failure_is_named():
    with pytest.raises(AssertionError) as told:
        odd(tmp_path="fixture")
    told = str(told.value).splitlines()
    assert [line for line in told if line.isdigit()] == ["2", "4"]
    assert sum("test_parts.py:11: AssertionError: even" in line for line in told) == 2


def test_nothing_to_try_is_no_success(monkeypatch):
    monkeypatch.setenv("EDA_TEST_ALL", "1")
    with pytest.raises(pytest.fail.Exception, match="is missing"):
        for_each(list)(odd)()


@pytest.mark.parametrize("count", [0, 1, 24, 25, 26, 400])
def test_a_quick_run_tries_a_few_of_the_whole_range(monkeypatch, count):
    monkeypatch.setattr(parts, "IS_QUICK", False)
    assert some_of(list(range(count))) == list(range(count))
    monkeypatch.setattr(parts, "IS_QUICK", True)
    few = some_of(list(range(count)))
    assert len(few) == count if count <= 25 else 13 <= len(few) <= 25
    assert few[:1] == list(range(count))[:1]
