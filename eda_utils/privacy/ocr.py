"""Reading text in pictures, where rapidocr is installed: its models are in the package, nothing is fetched."""

from functools import cache
from importlib.util import find_spec

import numpy as np

from ..core import RequestError

LEAST_SURE = 0.7
LEAST_CHARACTERS = 2  # different ones: what is round is read as OO


def can_read():
    """Tell whether text can be read on this machine."""
    return find_spec("rapidocr") is not None and find_spec("onnxruntime") is not None


def wants_reading(ocr: bool | None) -> bool:
    """Return whether to read: None is "where it can be".

    Raises
    ------
    RequestError
        If it is asked for and cannot be.
    """
    if ocr and not can_read():
        raise RequestError("ocr", "rapidocr is not installed", 'pip install "eda_utils[ocr]", or leave ocr out')
    return can_read() if ocr is None else bool(ocr)


def read_lines(picture):
    """Yield every line of text in a picture: row, column, height, width, how sure it is from 0 to 1, and the text.

    Parameters
    ----------
    picture : numpy.ndarray
        (row, column) or (row, column, 3) of uint8.
    """
    colors = picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, axis=-1)
    found = _engine()(np.ascontiguousarray(colors[..., ::-1]))
    parts = (found.boxes, found.txts, found.scores)  # None where there is no text
    for corners, text, sure in zip(*(part if part is not None else () for part in parts), strict=True):
        if sure >= LEAST_SURE and len(set(filter(str.isalnum, text))) >= LEAST_CHARACTERS:
            left, top = np.floor(np.min(corners, axis=0)).astype(int).tolist()
            right, bottom = np.ceil(np.max(corners, axis=0)).astype(int).tolist()
            yield max(top, 0), max(left, 0), bottom - max(top, 0), right - max(left, 0), float(sure), text


@cache
def _engine():
    from rapidocr import RapidOCR

    return RapidOCR(params={"Global.log_level": "error"})
