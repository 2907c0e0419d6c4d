"""Figures of stains and nuclei say what the data say."""

import numpy as np
import pytest
from matplotlib.collections import EllipseCollection

from eda_utils import load_image, plots
from eda_utils.core.errors import RequestError
from eda_utils.plots import show_nuclei
from eda_utils.samples import make_phantom_tile
from eda_utils.slides import count_nuclei
from eda_utils.slides.stains import stain_matrix


@pytest.fixture(scope="module")
def tile():
    return make_phantom_tile()


def test_vectors_are_drawn_where_they_point(tile):
    ax = plots.stain_vectors(tile.rgb, stains=tile.stains, background=tile.light)
    arrows = [item for item in ax.texts if item.arrow_patch is not None]
    for arrow, vector in zip(arrows, tile.stains, strict=True):
        red, green = arrow.xy
        assert green / red == pytest.approx(vector[1] / vector[0])
    assert ax.get_ylabel() == "optical density, green"
    angle = np.rad2deg(np.arccos(tile.stains[0] @ tile.stains[1]))
    assert ax.get_title(loc="left").startswith(f"hematoxylin and eosin are {angle:.0f}° apart; ")
    assert ax.figure.alt_text.endswith(ax.get_title(loc="left").replace("\n", " "))


def test_distance_to_a_reference_is_told(tile):
    ax = plots.stain_vectors(tile.rgb, stains=tile.stains, reference=tile.stains)
    assert ax.get_title(loc="left").replace("\n", " ") == "hematoxylin 0.0° and eosin 0.0° from the reference"
    assert [line.get_linestyle() for line in ax.lines] == ["--", "--"]


def test_a_table_of_stains_gives_the_names_and_the_colours(samples):
    rgb = np.asarray(load_image(samples / "pathology" / "ihc_colon.png"))
    ax = plots.stain_vectors(rgb, stains="H-DAB")
    assert ax.get_ylabel() == "optical density, blue"  # DAB and hematoxylin differ most there
    assert {"hematoxylin", "DAB"} <= {text.get_text() for text in ax.texts}
    low, high = ax.get_ylim()
    assert all(low <= end[2] <= high for end in stain_matrix("H-DAB")[:2] * 0.3)


def test_glass_alone_has_vectors_only_if_given():
    glass = np.full((40, 40, 3), 250, np.uint8)
    with pytest.raises(RequestError, match="has not enough stain"):
        plots.stain_vectors(glass)
    ax = plots.stain_vectors(glass, stains="H&E")
    assert ax.get_title(loc="left").replace("\n", " ") == "hematoxylin and eosin are 39° apart"


def test_masked_pixels_are_left_out(tile):
    mask = np.zeros(tile.labels.shape, bool)
    mask[:100] = True
    ax = plots.stain_vectors(tile.rgb, stains=tile.stains, mask=mask)
    assert int(ax.figure.alt_text.split()[0].replace(",", "")) <= mask.sum()


def test_an_ellipse_for_every_nucleus(tile):
    for nuclei in (count_nuclei(tile.rgb, mpp=0.5), tile.nuclei):
        ax = show_nuclei(tile.rgb, nuclei, mpp=0.5)
        outlines = ax.findobj(EllipseCollection)[0]
        assert np.array_equal(outlines.get_offsets(), nuclei[["col", "row"]])
        area = np.pi / 4 * outlines.get_widths() * outlines.get_heights() * 0.25
        assert area == pytest.approx(np.pi / 4 * nuclei["diameter_um"] ** 2, rel=1e-6)
        per_mm2 = len(nuclei) / 0.256**2
        expected = f"140 nuclei, median diameter {nuclei['diameter_um'].median():.1f} µm, {per_mm2:,.0f} per mm²"
        assert ax.get_title(loc="left").replace("\n", " ") == expected
        assert expected in ax.figure.alt_text


def test_ellipses_lie_on_the_nuclei_as_drawn(tile):
    """A slanting nucleus: its outline in the figure leans as the pixels do."""
    row, col = np.indices((64, 64)) - 32.0
    along, across = (col - row) / np.sqrt(2), (col + row) / np.sqrt(2)
    rgb = np.full((64, 64, 3), 250, np.uint8)
    rgb[np.hypot(along / 20, across / 7) <= 1] = (60, 50, 130)
    ax = show_nuclei(rgb, count_nuclei(rgb, mpp=0.5), mpp=0.5)
    outline = ax.findobj(EllipseCollection)[0]
    assert np.asarray(outline.get_angles()) == pytest.approx([-45], abs=3)  # from the lower left to the upper right


def test_no_nuclei_is_said():
    glass = np.full((40, 40, 3), 250, np.uint8)
    assert show_nuclei(glass, count_nuclei(glass, mpp=0.5), mpp=0.5).get_title(loc="left") == "no nuclei found"


def test_requests_that_make_no_sense(tile):
    with pytest.raises(RequestError) as caught:
        show_nuclei(tile.rgb, tile.nuclei[["row", "col"]], mpp=0.5)
    assert str(caught.value) == "nuclei: has no row, col or diameter_um; give what count_nuclei returns."
    with pytest.raises(RequestError, match="mpp: microns per pixel are above 0"):
        show_nuclei(tile.rgb, tile.nuclei, mpp=0)
