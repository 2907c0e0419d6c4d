"""Titles are findings computed from the data; empty folders and odd columns are drawn, not raised."""

import numpy as np
import pytest

from eda_utils import index_folder, load_image, plot_completeness, plot_counts, plot_geometry, plot_histogram
from eda_utils.errors import RequestError
from eda_utils.image import Image
from eda_utils.samples import CANARY

PLOTS = [plot_completeness, plot_counts, plot_geometry]


@pytest.mark.parametrize("plot", PLOTS)
def test_alt_text_and_no_canary(index, plot):
    ax = plot(index)
    words = " ".join(item.get_text() for item in ax.figure.findobj(lambda artist: hasattr(artist, "get_text")))
    assert CANARY.lower() not in (words + ax.figure.alt_text).lower()
    assert ax.get_title(loc="left") in ax.figure.alt_text


@pytest.mark.parametrize("plot", PLOTS)
def test_empty_folder(tmp_path, plot):
    assert plot(index_folder(tmp_path)).figure.alt_text.startswith("Nothing to show")


@pytest.mark.parametrize("plot", PLOTS)
def test_draws_into_given_axes(index, plot):
    import matplotlib.pyplot as plt

    _, ax = plt.subplots()
    assert plot(index, ax=ax) is ax


def test_counts_are_right(index):
    ax = plot_counts(index)
    names, bars = [label.get_text() for label in ax.get_yticklabels()], [bar.get_width() for bar in ax.patches]
    drawn = dict(zip(names, bars, strict=True))
    assert drawn["MG"] == 8
    assert sum(drawn.values()) == index["problem"].isna().sum()
    assert ax.get_title(loc="left").startswith("Most frequent: CT, ")


def test_identifying_columns_are_refused(index):
    with pytest.raises(RequestError) as caught:
        plot_counts(index, "PatientID")
    assert str(caught.value) == "PatientID: identifies a person (PS3.15 Table E.1-1); plot another attribute."


def test_completeness_is_a_percentage(index):
    ax = plot_completeness(index, tags=["Manufacturer", "PatientID"])
    names = [label.get_text().split("\n")[0] for label in ax.get_xticklabels()]
    cells = ax.collections[0].get_array().reshape(2, -1)
    ct = index[(index["Modality"] == "CT") & index["problem"].isna()]
    assert cells[0][names.index("CT")] == pytest.approx(ct["Manufacturer"].notna().mean() * 100)
    assert "1 of 2 attributes always filled, 0 never" in ax.get_title(loc="left")


def test_histogram_says_what_it_leaves_out():
    pixels = np.array([[-2000] * 2 + list(range(8))])
    image = Image(pixels, "HU", padding=pixels == -2000)
    title = plot_histogram(image, window=(4, 5)).get_title(loc="left").replace("\n", " ")
    assert title == "Values from 0 to 7; 50.0% inside the window (shaded); 20% padding left out"


def test_histogram_of_colours(samples):
    image = load_image(samples / "pathology" / "ihc_colon.png")
    means = image.pixels.reshape(-1, 3).mean(axis=0)
    title = plot_histogram(image).get_title(loc="left")
    assert title == "Mean of red, green and blue: " + ", ".join(f"{mean:.0f}" for mean in means)


def test_histogram_of_nothing():
    image = Image(np.zeros((2, 2)), "HU", padding=np.ones((2, 2), bool))
    assert plot_histogram(image).get_title(loc="left") == "All pixels are padding"


@pytest.mark.parametrize("plot", PLOTS)
def test_an_index_of_few_tags_is_refused_by_name(samples, plot):
    with pytest.raises(RequestError, match="index: has no column"):
        plot(index_folder(samples / "PAT0002", tags=["Laterality"]))
