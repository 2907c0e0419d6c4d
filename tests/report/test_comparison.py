"""Pages about cohorts are whole, ask nobody for anything and name nobody."""

import re

import pytest

from eda_utils.core.errors import EDAError
from eda_utils.report.comparison import render_comparison, write_card
from eda_utils.samples.fetch import CANARY


@pytest.mark.slow
@pytest.mark.parametrize("pixels", [False])
def test_comparison_of_two_halves(index, tmp_path, pixels):
    path = render_comparison(index.iloc[::2], index.iloc[1::2], tmp_path / "drift.html", pixels=pixels)
    page = path.read_text(encoding="utf-8")
    assert CANARY.lower() not in page.lower()
    assert page.count('src="data:image/png;base64,') >= 3
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page)
    for title in ("What differs", "Findings", "Every field", "Set A", "Set B"):
        assert title in page
    assert "default-src" in page


def test_card_as_a_page(tmp_path):
    card = "# Data set card\n\n## Composition\n\n| what | value |\n| --- | --- |\n| x&lt;script&gt; | 5 |\n"
    page = write_card(card, tmp_path / "card.html").read_text(encoding="utf-8")
    assert "<table" in page
    assert "x&lt;script&gt;" in page
    for name, said in (("card.doc", "is neither .md nor .html"), ("none/card.md", "its folder does not exist")):
        with pytest.raises(EDAError, match=said):
            write_card(card, tmp_path / name)
