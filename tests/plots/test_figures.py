"""Figures carry a text for people who cannot see them, also through IPython."""

import base64

import numpy as np
import pytest

from eda_utils.plots.figures import _png_with_alt, describe, panel_grid


@pytest.mark.parametrize(("count", "columns", "rows"), [(0, 4, 1), (1, 4, 1), (4, 4, 1), (5, 4, 2)])
def test_panels(count, columns, rows):
    axes = panel_grid(count, columns)
    assert len(axes) == count
    if count:
        assert axes[0].get_gridspec().nrows == rows


def test_alt_text_and_width_reach_the_page():
    ax = panel_grid(1, 1)[0]
    describe(ax, "A plot of nothing")
    png, facts = _png_with_alt(ax.figure)
    width = int.from_bytes(base64.b64decode(png)[16:20], "big")
    assert facts["alt"] == "A plot of nothing"
    assert facts["width"] == pytest.approx(width * 96 / ax.figure.dpi, abs=1)
    assert np.isfinite(width)
