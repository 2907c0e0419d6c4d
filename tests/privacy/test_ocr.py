"""Reading is an extra: without it nothing breaks, with it text is read."""

import numpy as np
import pytest
from parts import package
from written import smooth, write_text

from eda_utils.core.errors import RequestError
from eda_utils.privacy import ocr as recognition
from eda_utils.privacy.ocr import read_lines, wants_reading


@pytest.mark.parametrize(("ocr", "is_there", "wanted"), [(None, 0, 0), (None, 1, 1), (False, 1, 0), (True, 1, 1)])
def test_where_it_can_be_unless_told_otherwise(monkeypatch, ocr, is_there, wanted):
    monkeypatch.setattr(recognition, "can_read", lambda: bool(is_there))
    assert wants_reading(ocr) is bool(wanted)


def test_asked_for_and_missing(monkeypatch):
    monkeypatch.setattr(recognition, "can_read", lambda: False)
    with pytest.raises(RequestError) as caught:
        wants_reading(True)
    assert str(caught.value) == 'ocr: rapidocr is not installed; pip install "eda_utils[ocr]", or leave ocr out.'


class Engine:
    """What rapidocr returns."""

    boxes = (((5.2, 3.1), (50.7, 3.1), (50.7, 20), (5.2, 20)),) * 3
    txts = ("DOE JANE", "OOO", "unsure")
    scores = (0.9, 0.95, 0.3)

    def __call__(self, picture):
        assert picture.shape == (40, 60, 3)
        return self


def test_what_is_sure_is_taken(monkeypatch):
    monkeypatch.setattr(recognition, "_engine", Engine)
    assert list(read_lines(np.zeros((40, 60), np.uint8))) == [(3, 5, 17, 46, 0.9, "DOE JANE")]


def test_nothing_read(monkeypatch):
    empty = type("Empty", (), {"boxes": None, "txts": None, "scores": None})
    monkeypatch.setattr(recognition, "_engine", lambda: lambda picture: empty)
    assert list(read_lines(np.zeros((40, 60), np.uint8))) == []


@pytest.mark.slow
def test_planted_text_is_read():
    package("rapidocr")
    pixels, (rows, columns) = write_text(smooth(), "DOE JANE 1951", size=24)
    (top, left, _, width, sure, text), *others = read_lines(pixels)
    assert not others
    assert text.replace(" ", "") == "DOEJANE1951"
    assert abs(top - rows.start) < 12
    assert abs(left + width - columns.stop) < 12
    assert sure > 0.7
