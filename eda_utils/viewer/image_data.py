"""A picture as data for the viewer: values, facts and windows, the same for a widget and for a page."""

import math
import os
from dataclasses import replace

import numpy as np
import pandas as pd

from ..core import RequestError
from ..dicom import ImageSource, attribute, numbers, read_dataset, sniff
from ..image import (
    FALLBACK_PERCENTILES,
    PRESETS,
    Image,
    choose_window,
    default_window,
    frame_header,
    load_stages,
    to_modality,
)
from ..slides import Slide, open_slide

MAX_BYTES = 2**25  # of one frame: 4096 x 4096 pixels of 16 bits
WIDEST_TABLE = 2**17
WHOLE = ("u1", "i1", "u2", "i2", "u4", "i4")  # whole numbers that JavaScript has arrays of
Pictures = ImageSource | Image | Slide | list | tuple | pd.DataFrame
COMPUTED = "Computed"


def list_pictures(source):
    """Return the single pictures that a path, Dataset, Image, Slide, list of these or index stands for.

    Of an index those rows count that are a picture; of a list all items.

    Raises
    ------
    RequestError
        If there is none.
    """
    if hasattr(source, "columns") and hasattr(source, "iterrows"):
        is_picture = source["problem"].isna() & (source["Rows"].notna() | source["kind"].isin(["image", "slide"]))
        found = list(source.loc[is_picture, "path"])
    else:
        found = list(source) if isinstance(source, (list, tuple)) else [source]
    if not found:
        raise RequestError("source", "there is no picture in it", "choose rows that have Rows and Columns")
    return found


def open_picture(source):
    """Read a DICOM file once for all its frames; everything else stays as it is."""
    is_named = isinstance(source, (str, os.PathLike))
    return read_dataset(source, pixels=True) if is_named and sniff(source)[0] == "dicom" else source


def load_picture(source, frame):
    """Return the stored samples, None where they are not known, and the Image of one frame."""
    if isinstance(source, Image):
        return None, source
    if isinstance(source, (str, os.PathLike)) and sniff(source)[0] == "slide":
        with open_slide(source) as slide:
            return None, slide.thumbnail()
    return load_stages(source, frame)


def describe_picture(stored, image, *, window="auto", max_bytes=MAX_BYTES, factor=None, stops=None):
    """Return what the viewer must know of one frame, and no identifier.

    Parameters
    ----------
    stored : numpy.ndarray or None
        Samples as they are in the file.
    image : Image
    window
        As in `to_display`.
    max_bytes : int
        More than that is reduced to the means of blocks of pixels.
    factor : int, optional
        Side of such a block, instead of what `max_bytes` asks for.
    stops : list of int, optional
        The frames that can be chosen, if not all of them.

    Returns
    -------
    facts : dict
        Ready for JSON.
    arrays : dict of numpy.ndarray
        ``pixels``, in memory order; packed bits of the masks; tables.

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> from eda_utils.image import load_stages
    >>> from eda_utils.viewer.image_data import describe_picture
    >>> facts, arrays = describe_picture(*load_stages(get_testdata_file("CT_small.dcm")))
    >>> facts["title"], facts["rescale"], facts["type"], arrays["pixels"].shape
    ('CT, 128 × 128', [1.0, -1024.0], 'u2', (128, 128))
    """
    factor = factor or reduction_for(image, max_bytes)
    shown = reduce_image(image, factor)
    pixels, how = _colours(shown) if image.is_color else _values(None if factor > 1 else stored, shown)
    arrays = {"pixels": pixels, **how.pop("arrays", {}), **_masks(shown)}
    menu, start, tables = _menu(image, window)
    facts = _facts(image) | how | {"menu": menu, "start": start, "stops": stops}
    facts |= {"rows": shown.shape[0], "columns": shown.shape[1], "factor": factor}
    facts |= {"type": pixels.dtype.str[1:], "range": None if image.is_color else _range(shown)}
    return facts, arrays | tables


def _facts(image):
    window = "" if image.is_color else str(image.window)
    before, _, after = image.caption().partition(window) if window else (image.caption(), "", "")
    names = ("title", "unit", "inverted", "aspect", "spacing_source", "shutter_grey", "frame", "frames")
    facts = {name: getattr(image, name) for name in names}
    return facts | {"caption": [before, after], "mm": image.spacing_mm, "speed": _frames_per_second(image.header)}


def _frames_per_second(header):
    """PS3.3 C.7.6.5: Recommended Display Frame Rate and Cine Rate are in frames a second, Frame Time is in ms."""
    rates = [numbers(attribute(header, keyword)) for keyword in ("RecommendedDisplayFrameRate", "CineRate")]
    time = numbers(attribute(header, "FrameTime"))
    rates += [(1000 / time[0],)] if time and time[0] > 0 else []
    return next((min(max(rate[0], 1), 60) for rate in rates if rate and rate[0] > 0), 10)


def _colours(image):
    excess = max(image.bits_stored - 8, 0)
    pixels = (image.pixels >> excess if excess else image.pixels).astype(np.uint8)
    return pixels, {"grey": False, "depth": image.bits_stored, "stored": False}


def _values(stored, image):
    """The stored values and how they become modality values, where that is known exactly; else modality values."""
    rescale, table = None, None
    is_stored = stored is not None and stored.shape == image.shape and not np.array_equal(stored, image.pixels)
    if is_stored:
        rescale, table = _steps(stored, image)
        is_stored = rescale is not None or table is not None
    pixels = _narrow(stored if is_stored else image.pixels)
    limits = {"low": int(pixels.min()), "high": int(pixels.max())} if pixels.dtype.kind in "iu" else {}
    arrays = {"table": table} if table is not None else {}
    return pixels, {"grey": True, "stored": is_stored, "rescale": rescale, "arrays": arrays} | limits


def _steps(stored, image):
    header = frame_header(image.header, image.frame)
    slope, intercept = (numbers(attribute(header, f"Rescale{name}")) for name in ("Slope", "Intercept"))
    if slope and intercept and np.array_equal(stored.astype(float) * slope[0] + intercept[0], image.pixels):
        return [slope[0], intercept[0]], None
    low, high = int(stored.min()), int(stored.max())
    if stored.dtype.kind not in "iu" or high - low >= WIDEST_TABLE:
        return None, None
    table = to_modality(header, np.arange(low, high + 1).astype(stored.dtype))[0].astype("<f8")
    is_same = np.array_equal(table[np.subtract(stored, low, dtype=np.int64)], image.pixels)
    return None, table if is_same else None


def _narrow(pixels):
    """The smallest type that JavaScript has an array of, in its byte order, without loss."""
    if pixels.dtype.kind in "iu":
        low, high = int(pixels.min()), int(pixels.max())
        holds = [kind for kind in WHOLE if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max]
        return pixels.astype(f"<{holds[0]}" if holds else "<f8")
    return pixels.astype("<f4" if pixels.dtype.itemsize <= 4 else "<f8")


def _range(image):
    known = np.isfinite(image.pixels) if image.padding is None else np.isfinite(image.pixels) & ~image.padding
    values = image.pixels[known]
    return [float(values.min()), float(values.max())] if values.size else [0.0, 1.0]


def _masks(image):
    masks = {name: getattr(image, name) for name in ("padding", "overlay", "shutter")}
    return {name: np.packbits(mask) for name, mask in masks.items() if mask is not None}


def _menu(image, window):
    """The windows to choose from, the one to begin with, and the tables of those that are VOI LUTs."""
    if image.is_color:
        return [], 0, {}
    known = [("From the file", each) for each in image.windows]
    known += [("Presets for CT", choose_window(image, name)) for name in PRESETS] if image.unit == "HU" else []
    known += [(COMPUTED, each) for each in _computed(image)]
    begin = choose_window(image, window)
    if str(begin) not in [str(each) for _, each in known]:
        known = [("Asked for", begin), *known]
    start = [str(each) for _, each in known].index(str(begin))
    luts = {f"lut{number}": each.lut[1] for number, (_, each) in enumerate(known) if each.lut}
    greys = {name: np.floor(outputs * 255 + 0.5).astype(np.uint8) for name, outputs in luts.items()}
    return [_entry(k, group, each) for k, (group, each) in enumerate(known)], start, greys


def _computed(image):
    """The window of "auto" where the file has none, the one of percentiles, and all values."""
    if not image.windows:
        yield image.window
    percentiles = default_window((), image.pixels, image.padding, 16)
    if image.windows or percentiles[:2] != image.window[:2]:
        yield percentiles._replace(source="({}–{} percentiles)".format(*FALLBACK_PERCENTILES))
    yield choose_window(image, "full")


def _entry(number, group, window):
    label = window.source.strip("()") if group == COMPUTED else window.explanation or ("VOI LUT" if window.lut else "")
    numerals = "" if window.lut else f"{window.center:g}/{window.width:g}"
    return {
        "group": group,
        "label": " · ".join(filter(None, (label, numerals))),
        "text": str(window),
        "center": float(window.center),
        "width": float(window.width),
        "kind": window.function,
        "number": number,
        "first": float(window.lut[0]) if window.lut else None,
        "lut": f"lut{number}" if window.lut else None,
    }


def reduction_for(image, max_bytes):
    """Return the side of the blocks of pixels to take the mean of, so that a frame has no more bytes than allowed."""
    size = image.pixels.size if image.is_color else image.pixels.size * min(image.pixels.itemsize, 2)
    return max(1, math.ceil(math.sqrt(size / max_bytes)))


def reduce_image(image, factor):
    """Return an image of the means of blocks of pixels; whole numbers stay whole, padding is left out of the means.

    Parameters
    ----------
    image : Image
    factor : int
        Side of a block. The last blocks of a row or column may be smaller.

    Returns
    -------
    Image
        Its windows are those of the whole image, its spacing is that of the blocks.

    Examples
    --------
    >>> import numpy as np
    >>> from eda_utils.image import Image
    >>> from eda_utils.viewer.image_data import reduce_image
    >>> reduce_image(Image(np.array([[0, 2, 9], [4, 6, 9]]), "HU"), 2).pixels.tolist()
    [[3, 9]]
    """
    if factor == 1:
        return image
    starts = [np.arange(0, side, factor) for side in image.shape[:2]]

    def over_blocks(ufunc, values, **kind):
        return ufunc.reduceat(ufunc.reduceat(values, starts[0], axis=0, **kind), starts[1], axis=1, **kind)

    means = _means(image, lambda values: over_blocks(np.add, values, dtype=float))
    dtype = image.pixels.dtype if image.pixels.dtype.kind in "iu" else np.float32
    masks = {"padding": np.logical_and, "overlay": np.logical_or, "shutter": np.logical_and}
    held = {name: getattr(image, name) for name in masks if getattr(image, name) is not None}
    smaller = {name: over_blocks(masks[name], mask) for name, mask in held.items()}
    spacing = image.spacing_mm and tuple(side * factor for side in image.spacing_mm)
    whole = np.rint(means) if dtype != np.float32 else means
    return replace(image, pixels=whole.astype(dtype), spacing_mm=spacing, **smaller)


def _means(image, sums):
    everywhere = np.ones(image.shape[:2])
    size = sums(everywhere)
    plain = sums(image.pixels) / (size[..., None] if image.is_color else size)
    if image.padding is None:
        return plain
    known = sums(~image.padding * everywhere)
    return np.where(known > 0, sums(np.where(image.padding, 0, image.pixels)) / np.maximum(known, 1), plain)
