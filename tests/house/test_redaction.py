"""No identifier of any sample in what is shown by default: texts, widgets, figures, errors, logs, files."""

import logging
import re

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from parts import leaks

import eda_utils as eda
from eda_utils.cli.app import main
from eda_utils.core.errors import EDAError
from eda_utils.samples.fetch import CANARY

OF_FILE = {
    "load_image": eda.load_image,
    "header_table": eda.header_table,
    "explain_display": eda.explain_display,
    "show_image": eda.show_image,
    "show_pipeline": eda.plots.show_pipeline,
    "plot_histogram": eda.plot_histogram,
    "viewer.image_html": eda.viewer.image_html,
    "view_image": eda.view_image,
    "no such frame": lambda path: eda.load_image(path, frame=10**6),
    "no such window": lambda path: eda.to_display(eda.load_image(path), window="no such"),
    "no slide": lambda path: eda.open_slide(path),
}
SLOW = ("show_pipeline", "plot_histogram", "viewer.image_html", "view_image")  # on one image of each kind
OF_FOLDER = {
    "redact_table": lambda path: eda.dicom.redact_table(eda.index_folder(path, tags="all")),
    "series_tree": lambda path: eda.index.series_tree(eda.index_folder(path)),
    "headlines": lambda path: eda.headlines(eda.index_folder(path)),
    "summarize_series": lambda path: eda.dicom.redact_table(eda.summarize_series(eda.index_folder(path))),
    "summarize_folder": lambda path: eda.summarize_folder(eda.index_folder(path)),
    "summarize_tags": lambda path: eda.index.summarize_tags(eda.index_folder(path, tags="all")),
    "summarize_private": lambda path: eda.index.summarize_private(eda.index_folder(path, tags="all")),
    "list_problems": lambda path: eda.index.list_problems(eda.index_folder(path)),
    "image_gallery": lambda path: eda.viewer.image_gallery(eda.index_folder(path)),
    "audit_display": lambda path: eda.image.audit_display(eda.index_folder(path)).drop(columns="path"),
    "privacy.audit": lambda path: eda.privacy.audit(path).drop(columns="path"),
    "quality.check_uids": lambda path: eda.quality.check_uids(eda.index_folder(path)).drop(columns="path"),
    "flag_issues": lambda path: eda.flag_issues(eda.index_folder(path)).drop(columns="path"),
    "quality.measure_slides": eda.quality.measure_slides,
}


def everything(thing):
    """All that a person or a page can see of it."""
    if isinstance(thing, pd.DataFrame):
        return thing.to_csv() + thing.to_html()
    texts = [repr(thing), str(thing)]
    for name in ("_repr_html_", "_repr_markdown_"):
        texts += [getattr(thing, name)()] if hasattr(thing, name) else []
    if hasattr(thing, "get_figure"):
        figure = thing.get_figure()
        texts += [figure.alt_text] if hasattr(figure, "alt_text") else []
        texts += [text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text"))]
    if hasattr(thing, "get_state"):
        texts.append(repr(thing.get_state()))
    return "\n".join(texts)


@pytest.fixture
def nothing_leaks(secrets, caplog, capfd):
    """Give a function that searches what a call shows; what it logs and prints is searched in the end."""
    caplog.set_level(logging.DEBUG)

    def search(call, path):
        try:
            text = everything(call(path))
        except EDAError as error:
            text = f"{error!r} {error}"
        plt.close("all")
        assert leaks(text.replace(str(path), ""), [CANARY, *secrets]) == [], path

    yield search
    out, err = capfd.readouterr()
    assert leaks(out + err + caplog.text, [CANARY, *secrets]) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", OF_FILE)
def test_no_identifier_is_shown_of_a_file(name, index, nothing_leaks):
    kinds = index.drop_duplicates(["Modality", "PhotometricInterpretation", "format"])
    for path in (kinds if name in SLOW else index)["path"]:
        nothing_leaks(OF_FILE[name], path)


@pytest.mark.slow
@pytest.mark.parametrize("name", OF_FOLDER)
def test_no_identifier_is_shown_of_a_folder(name, samples, nothing_leaks):
    nothing_leaks(OF_FOLDER[name], samples)


COMMANDS = [
    ["index", "{samples}", "-o", "{folder}/i.csv"],
    ["index", "{samples}", "-o", "{folder}/i.xlsx", "-t", "all"],
    ["measure", "{samples}", "-o", "{folder}/s.csv"],
    ["audit", "{samples}", "-o", "{folder}/f.csv"],
    ["slides", "{samples}", "-o", "{folder}/w.csv"],
    ["deidentify", "{samples}", "{folder}/copies"],
    ["doctor", "{samples}"],
]


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command[:1] + command[4:]))
def test_no_command_shows_or_writes_an_identifier(command, samples, secrets, tmp_path, capfd, caplog):
    caplog.set_level(logging.DEBUG)
    assert main([part.format(samples=samples, folder=tmp_path) for part in command]) in (0, 1)
    out, err = capfd.readouterr()
    assert leaks(out + err + caplog.text, [CANARY, *secrets]) == []
    for path in tmp_path.rglob("*.*"):
        text = pd.read_excel(path).to_csv() if path.suffix == ".xlsx" else path.read_bytes().decode("latin-1")
        long = [secret for secret in secrets if len(secret) >= 8]  # shorter ones occur in pixels by chance
        assert leaks(text, [CANARY, *long]) == [], path.name


def test_what_is_searched_for_is_found(index, secrets):
    """A search that finds nothing must be able to find something."""
    assert len(secrets) > 200
    assert leaks(index.to_csv(), [CANARY, *secrets])
    named = index[index["PatientName"].notna()]["path"].iloc[0]
    assert leaks(eda.header_table(named, redact=False).to_csv(), secrets)


OF_INDEX = (eda.index.series_tree, eda.headlines, eda.viewer.image_gallery)
TEXTS = (eda.header_table, eda.compare_headers, eda.load_image, eda.explain_display, *OF_INDEX)


@pytest.mark.parametrize("call", TEXTS)
def test_no_header_controls_a_terminal(call, make_dicom):
    odd = dict.fromkeys(("Manufacturer", "SeriesDescription", "Modality", "RescaleType"), "CT\x1b[2J\x9b\x07")
    path = make_dicom(np.zeros((8, 8), np.uint8), RescaleSlope=1, RescaleIntercept=0, **odd)
    index = eda.index_folder(path)
    shown = call(index if call in OF_INDEX else [path, path] if call is eda.compare_headers else path)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", repr(shown) + str(shown))
