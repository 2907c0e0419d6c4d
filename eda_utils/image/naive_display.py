"""The naive picture, `imshow(pixel_array, cmap="gray")`, and how far it is from the right one."""

import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from ..core import PARSE_ERRORS, EDAError, NoPixelDataError, need, progress_bar
from ..dicom import ImageSource
from .display import to_display
from .image import Image, load_stages

COLUMNS = ("path", "difference", "correlation", "inverted", "missed", "problem")
COMPARED_SIDE = 512


class Comparison(NamedTuple):
    """What `imshow` is given, the Image that it should have shown, and how different the two pictures are."""

    given: np.ndarray
    image: Image
    difference: float
    correlation: float
    missed: str


def audit_display(index: pd.DataFrame, *, progress: bool | None = None) -> pd.DataFrame:
    """Measure how wrong every image of a folder would look if its stored values were shown as they are.

    The naive picture is what `imshow(dataset.pixel_array, cmap="gray")` draws: lowest stored value black, highest
    white, numbers of a palette as greys, of several frames the first; pydicom 3 converts YBR_FULL by itself. The right
    one is `to_display`. Of large images rows and columns are left out, evenly.

    Parameters
    ----------
    index : DataFrame
        From `index_folder`; slides and files without a picture are left out.
    progress : bool, optional
        Show a progress bar; by default on a terminal only.

    Returns
    -------
    DataFrame
        One row per image, the worst first: ``path``; ``difference``, the mean absolute difference in greys of 255;
        ``correlation`` of the two pictures, missing where one is constant; ``inverted``, whether light and dark are
        swapped; ``missed``, the steps that the naive picture ignores; ``problem``, why it could not be compared.
        ``path`` opens the file and can hold a name: mask it before it is shown.

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> import eda_utils as eda
    >>> index = eda.index_folder(get_testdata_file("CT_small.dcm"))
    >>> eda.image.audit_display(index)[["inverted", "missed"]].values.tolist()
    [[False, 'rescale 1/-1024, fallback window']]
    """
    need(index, "path", "kind", "problem")
    usable = index[index["kind"].isin(["dicom", "image"])]
    files = usable[["path", "problem"]].itertuples(index=False)
    files = progress_bar(files, desc="comparing pictures", unit=" files", total=len(usable), progress=progress)
    table = pd.DataFrame([row for path, problem in files for row in _audit(path, problem)], columns=list(COLUMNS))
    types = {"difference": float, "correlation": float, "inverted": bool}
    types |= dict.fromkeys(("path", "missed", "problem"), pd.StringDtype(na_value=np.nan))
    return table.astype(types).sort_values("difference", ascending=False, kind="stable", ignore_index=True)


def _audit(path, problem):
    """One row, or none for what has no picture; nothing that a file holds may end the audit."""
    failed = (path, np.nan, np.nan, False, "")
    if isinstance(problem, str):
        return [(*failed, problem)]
    try:
        found = compare_naive(path)
    except NoPixelDataError:
        return []
    except EDAError as error:
        return [(*failed, f"{error.wrong}; {error.advice}")]
    except (*PARSE_ERRORS, OSError, RuntimeError) as error:
        return [(*failed, type(error).__name__)]
    return [(path, found.difference, found.correlation, found.image.inverted, found.missed, None)]


def compare_naive(source: ImageSource) -> Comparison:
    """Compare the naive picture of a file's first frame with the right one.

    Parameters
    ----------
    source : str, Path, bytes or Dataset

    Returns
    -------
    Comparison

    Raises
    ------
    EDAError
        As `load_image`.
    """
    stored, image = load_stages(source)
    given = image.pixels if stored.ndim == 3 else stored  # pydicom 3 has converted YBR_FULL
    thin = (slice(None, None, math.ceil(max(given.shape[:2]) / COMPARED_SIDE)),) * 2
    naive = to_naive(given[thin], limits=(given.min(), given.max()))
    right = to_display(replace(image, pixels=image.pixels[thin])).astype(float)
    if naive.ndim < right.ndim:
        naive = np.repeat(naive[..., None], right.shape[-1], axis=-1)
    return Comparison(given, image, float(np.abs(naive - right).mean()), _correlation(naive, right), _missed(image))


def _missed(image):
    """A rescale does not change the picture of stored values, but what its greys mean."""
    step, window = image.modality_step, image.window
    steps = {
        f"{image.frames} frames": image.frames > 1,
        "palette": image.photometric.startswith("PALETTE COLOR"),
        "deep colour": image.is_color and image.bits_stored > 8,
        step: step.startswith(("rescale", "modality LUT")) and step != "rescale 1/0",
        "padding": image.padding is not None,
        "VOI LUT": window is not None and window.lut is not None,
        "window": window is not None and window.lut is None and bool(image.windows),
        "fallback window": window is not None and not image.windows,
        "inversion": image.inverted,
        "pixel shape": image.aspect != 1,
    }
    return ", ".join(step for step, is_missed in steps.items() if is_missed)


def _correlation(*pictures):
    greys = [picture.mean(axis=-1).ravel() if picture.ndim == 3 else picture.ravel() for picture in pictures]
    return float(np.corrcoef(*greys)[0, 1]) if all(np.ptp(grey) for grey in greys) else np.nan


def to_naive(values: np.ndarray, limits: tuple[float, float] | None = None) -> np.ndarray:
    """Return what `imshow(values, cmap="gray")` draws.

    Parameters
    ----------
    values : numpy.ndarray
        (row, column), or (row, column, 3), of which matplotlib takes whole numbers as 0 to 255.
    limits : tuple of two numbers, optional
        What becomes black and white; lowest and highest value by default.

    Returns
    -------
    numpy.ndarray of uint8
        Same shape.

    Examples
    --------
    >>> import numpy as np
    >>> from eda_utils.image import to_naive
    >>> to_naive(np.array([[100, 150, 200]])).tolist()
    [[0, 128, 255]]
    """
    if values.ndim == 3:
        return np.clip(values, 0, 255).astype(np.uint8)
    low, high = (float(limit) for limit in limits or (values.min(), values.max()))
    share = (np.nan_to_num(values.astype(float)) - low) / ((high - low) or 1)
    return np.clip(share * 256, 0, 255).astype(np.uint8)
