"""Bars and lines come where they were asked for; by default on a terminal only."""

import pytest

from eda_utils.core.progress import progress_bar, tell


@pytest.mark.parametrize(("progress", "shown"), [(True, True), (False, False), (None, False)])
def test_what_is_shown_away_from_a_terminal(capsys, progress, shown):
    assert list(progress_bar("abc", desc="reading", unit=" letters", total=3, progress=progress)) == [*"abc"]
    tell("a line", progress)
    said = capsys.readouterr()
    assert said.out == ""
    assert ("3/3" in said.err, "a line\n" in said.err) == (shown, shown)
