"""Absurd headers and odd folders: only our errors, every file a row, a page without a failure, no name in it."""

import io
import os

import pytest
from absurd import ABSURD, SHAPES, SMALL
from PIL import Image as Pillow

from eda_utils import header_table, headlines, index_folder, plot_histogram, render_report, show_image
from eda_utils.core.errors import EDAError
from eda_utils.index import series_tree

pytestmark = pytest.mark.hostile

SECRET = {"PatientName": "Geheimnis^Bob", "PatientID": "GEHEIMNIS-9"}


@pytest.mark.parametrize("attributes", ABSURD, ids=lambda attributes: next(iter(attributes)))
def test_absurd_headers(make_dicom, attributes):
    check_everything(make_dicom(SMALL, **{"Modality": "CT"} | SECRET | attributes))


@pytest.mark.parametrize("pixels", SHAPES, ids=lambda pixels: str(pixels.shape))
def test_absurd_shapes(make_dicom, pixels):
    check_everything(make_dicom(pixels))


def check_everything(path):
    index = index_folder(path)
    assert len(index) == 1
    assert "unexpected" not in str(index["problem"].item())
    assert "geheimnis" not in (repr(series_tree(index)) + repr(headlines(index))).lower()
    assert len(header_table(path)) > 10
    for draw in (show_image, plot_histogram):
        try:
            draw(path).figure.savefig(io.BytesIO())
        except EDAError as error:
            assert "GEHEIMNIS" not in str(error).upper()  # noqa: PT017


@pytest.fixture
def folder(make_dicom, tmp_path):
    for number, attributes in enumerate(ABSURD):
        make_dicom(SMALL, f"{number}.dcm", **{"Modality": "CT"} | SECRET | attributes)
    for name in ("Geheimnis_Bob.dcm", "new\nline.dcm", "quo'te\".dcm", "no_extension"):
        make_dicom(SMALL, name, **SECRET)
    (tmp_path / "half").write_bytes((tmp_path / "no_extension").read_bytes()[:300])
    for mode, name in (("CMYK", "c.jpg"), ("P", "p.png"), ("LA", "la.png"), ("F", "f.tif"), ("1", "one.png")):
        Pillow.new(mode, (5, 5)).save(tmp_path / name)
    for name, content in (("empty", b""), ("pre", b"\0" * 128 + b"DICM"), ("zeros", b"\0" * 999), ("a.mrxs", b"x")):
        (tmp_path / name).write_bytes(content)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to(tmp_path)
    with open(os.fsencode(tmp_path) + b"/not\xffutf8.dcm", "wb") as file:
        file.write((tmp_path / "no_extension").read_bytes())
    return tmp_path


def test_every_file_is_a_row(folder, tmp_path):
    index = index_folder(folder)
    assert len(index) == sum(1 for entry in os.scandir(folder))
    told = index.set_index(index["path"].str.rsplit("/", n=1).str[-1])["problem"]
    assert told[r"not\xffutf8.dcm"] != told["half"]
    assert told["half"] == "is cut inside its header; copy the file again"


def test_the_page_is_whole(folder, tmp_path_factory):
    page = render_report(folder, tmp_path_factory.mktemp("page") / "r.html", progress=False).read_text("utf-8")
    assert 'class="error"' not in page
    assert "<script>" not in page
    assert "geheimnis" not in page.lower()
