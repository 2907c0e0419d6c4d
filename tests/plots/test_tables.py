"""Titles are findings computed from the data; empty folders and odd columns are drawn, not raised."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PathCollection

from eda_utils import index_folder, load_image, measure_images, plot_counts, plot_histogram, plots
from eda_utils.core.errors import RequestError
from eda_utils.image.image import Image
from eda_utils.samples.fetch import CANARY

PLOTS = [plots.completeness, plot_counts, plots.geometry]


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
    ax = plots.completeness(index, tags=["Manufacturer", "PatientID"])
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


@pytest.fixture(scope="module")
def stats(index):
    return measure_images(index)


def planted(values, groups, unit="HU"):
    paths = [f"{number}.dcm" for number in range(len(values))]
    stats = pd.DataFrame({"path": paths, "unit": unit, "mean_value": values, "noise_sd": values})
    return stats, pd.DataFrame({"path": paths, "kind": "dicom", "Modality": groups, "PatientID": "1"})


def points(axes):
    return [len(item.get_offsets()) for ax in axes for item in ax.findobj(PathCollection)]


@pytest.mark.slow
def test_every_measured_image_is_a_point(index, stats):
    axes = plots.distributions(stats, index, "entropy_bits")
    assert sum(points(axes)) == stats["entropy_bits"].notna().sum()
    assert len(axes) == 1
    assert axes[0].get_title(loc="left") in axes[0].figure.alt_text


@pytest.mark.slow
def test_units_have_no_axis_in_common(index, stats):
    labels = [ax.get_xlabel() for ax in plots.distributions(stats, index)]
    assert len(labels) == 4
    assert labels[0].startswith("mean_value (stored value)")
    assert "mean_value (HU)" in labels


def test_one_that_stands_out_is_said_and_orange():
    axes = plots.distributions(*planted([*range(10, 20), 500.0, 5.0], ["CT"] * 11 + ["MR"]))
    assert axes[0].get_title(loc="left") == "mean_value of 12 images by Modality: 1 stands out (orange)"
    assert sorted(points(axes)) == [0, 1, 1, 10]


@pytest.mark.parametrize("values", [[1.0], [1.0, 1.0], [-5.0, 0.0, 1e9], [0.001, 1e6], [np.nan, 3.0], [1.0] * 500])
def test_few_equal_and_absurd_values_are_drawn(values, tmp_path):
    axes = plots.distributions(*planted(values, ["CT"] * len(values)))
    axes[0].figure.savefig(tmp_path / "a.png")


def test_many_groups_become_others_and_many_points_fewer():
    axes = plots.distributions(*planted(np.arange(3000.0), [f"D{number % 30}" for number in range(3000)]))
    names = [label.get_text() for label in axes[0].get_yticklabels()]
    assert len(names) == 9
    assert "others (2,200)" in names
    assert max(points(axes)) == 400


@pytest.mark.parametrize("values", [[], [np.nan]])
def test_nothing_measured_is_said(values):
    axes = plots.distributions(*planted(values, ["CT"] * len(values)))
    assert axes[0].figure.alt_text == "Nothing to show: no image has a mean_value"


def test_distributions_are_refused_by_person_and_by_unknown_column():
    with pytest.raises(RequestError) as caught:
        plots.distributions(*planted([1.0], ["CT"]), by="PatientID")
    assert str(caught.value) == "PatientID: identifies a person (PS3.15 Table E.1-1); plot by another attribute."
    with pytest.raises(RequestError):
        plots.distributions(*planted([1.0], ["CT"]), "colour")
