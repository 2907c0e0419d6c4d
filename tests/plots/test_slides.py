"""Figures of slides say what the table says, and keep a place for every slide."""

import pandas as pd
import pytest

import eda_utils as eda
from eda_utils.core.errors import RequestError
from eda_utils.samples.fetch import CANARY


@pytest.fixture(scope="module")
def slides(tmp_path_factory):
    folder = tmp_path_factory.mktemp("slides")
    for name in ("clean", "ink", "glass", "stain", "truncated", "no_mpp"):
        defects = () if name == "clean" else (name,)
        eda.samples.write_phantom_slide(folder / f"{name}.tiff", shape=(2048, 3072), defects=defects)
    for seed in range(3):
        eda.samples.write_phantom_slide(folder / f"more{seed}.tiff", shape=(2048, 3072), seed=seed)
    return eda.quality.measure_slides(folder, progress=False)


@pytest.mark.slow
def test_each_slide_has_a_panel_with_what_is_wrong(slides):
    axes = eda.plots.show_slides(slides)
    told = {ax.get_title(loc="left"): ax.get_xlabel().replace("\n", " ") for ax in axes}
    assert list(told) == slides["file"].tolist()
    assert told["ink.tiff"].endswith("mm² of tissue; ink")
    assert told["clean.tiff"].endswith("nothing found")
    assert told["no_mpp.tiff"] == "without mpp"
    assert axes[0].figure.alt_text.endswith("5 of 9 slides with a warning or an error")


@pytest.mark.slow
def test_outlines_are_drawn_where_there_is_something(slides):
    axes = dict(zip(slides["file"], eda.plots.show_slides(slides), strict=True))
    assert [len(axes[f"{name}.tiff"].collections) for name in ("glass", "clean", "ink")] == [0, 1, 2]


@pytest.mark.slow
def test_a_slide_that_stands_out_is_named(slides):
    ax = eda.plots.slide_stains(slides)
    assert {text.get_text() for text in ax.texts} == {"stain.tiff"}
    assert ax.get_title(loc="left").startswith("1 of 7 slides stand out; the farthest by 1")


def test_the_sample_and_nothing(samples):
    slides = eda.quality.measure_slides(samples / "pathology", progress=False)
    ax = eda.plots.slide_stains(slides)
    assert ax.get_title(loc="left") == "Stains of 1 slide: too few to say which stand out"
    assert CANARY.lower() not in ax.figure.alt_text.lower()
    assert eda.plots.show_slides(slides.iloc[:0])[:0].size == 0
    assert eda.plots.slide_stains(slides.iloc[:0]).texts[0].get_text() == "no slide with enough stain"


def test_too_many(slides):
    with pytest.raises(RequestError, match="slides are too many"):
        eda.plots.show_slides(pd.concat([slides] * 20))
