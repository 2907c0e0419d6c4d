"""Images and tiles as a model takes them: one interface, stated steps, and nothing of torch in it."""

import atexit
import os
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pandas as pd

from ..core import EDAError, RequestError, need
from ..image import load_image, to_display
from ..index import is_image
from ..slides import open_slide
from .labels import binary_labels
from .model_arrays import measured, resized, to_channels, to_size

VALUES, ON_ERROR = ("modality", "display"), ("raise", "skip")
OPEN_SLIDES = 4  # of a worker process
MOST_FITTED = 500


class Scale(NamedTuple):
    """Mean and standard deviation per channel, by which values become (value − mean) / sd.

    Attributes
    ----------
    mean, sd : tuple of float
    files : int
        From how many images of the training part they are.
    """

    mean: tuple[float, ...]
    sd: tuple[float, ...]
    files: int


class _Items:
    """What data sets share: an item is an array (channel, row, column), its target and a record of both."""

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, number):
        number = range(len(self))[number]
        target = self.targets[number]
        record = {"path": str(self.paths[number]), "number": number, "problem": ""}
        try:
            pixels, facts = self.read(number)
        except EDAError as error:
            if self.on_error == "raise":
                raise
            return None, None, record | {"problem": str(error)}
        if self.scale:
            pixels = (pixels - np.float32(self.scale.mean)) / np.float32(self.scale.sd)
        array = np.ascontiguousarray(np.moveaxis(pixels, -1, 0), np.float32)
        return array, target.item() if np.ndim(target) == 0 else target, record | facts


class ImageDataset(_Items):
    """The images of an index as arrays for a model; each is read when it is asked for.

    Parameters
    ----------
    index : DataFrame
        From `index_folder`, or a part of what `split_patients` returns. What is no image is left out.
    target : str or list of str, optional
        Columns of labels; several become an array of float32.
    size : (int, int), optional
        Rows and columns of all arrays: pictures are made smaller or larger with their true aspect, and padded.
    spacing_mm : float, optional
        Of all arrays; a picture without spacing is an error. With `size` too, pictures are cropped or padded to it.
    values : str
        "modality": what was measured, no window, and MONOCHROME1 as it is; "display": as a screen shows it, 0 to 1.
    channels : int
        1 or 3; grey is repeated, colour becomes luminance.
    frames : str
        "first", or "all": each frame is an item.
    scale : Scale, optional
        From `fit_scale`.
    on_error : str
        "raise", or "skip": then the array and the target are None and the record says why; `collate_items` leaves it
        out of a batch.

    Raises
    ------
    ValueError
        If an argument makes no sense or a column is not there (RequestError).

    Notes
    -----
    It can be pickled, holds no open file, and gives the same arrays in every process, so that a PyTorch DataLoader
    takes it with any number of workers.

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> import eda_utils as eda
    >>> from eda_utils.cohort import ImageDataset
    >>> array, target, record = ImageDataset(eda.index_folder(get_testdata_file("CT_small.dcm")), size=(64, 96))[0]
    >>> array.shape, array.dtype.name, target, record["unit"]
    ((1, 64, 96), 'float32', -1, 'HU')
    """

    def __init__(
        self,
        index: pd.DataFrame,
        target: str | Sequence[str] | None = None,
        *,
        size: tuple[int, int] | None = None,
        spacing_mm: float | None = None,
        values: str = "modality",
        channels: int = 1,
        frames: str = "first",
        scale: Scale | None = None,
        on_error: str = "raise",
    ) -> None:
        need(index, "path")
        if values not in VALUES or on_error not in ON_ERROR or channels not in (1, 3) or frames not in ("first", "all"):
            raise RequestError("ImageDataset", "an option has another value", "see help(ImageDataset)")
        rows = index[is_image(index)] if {"kind", "problem", "Rows"} <= set(index) else index
        counts = rows["NumberOfFrames"].fillna(1).clip(lower=1).astype(int) if "NumberOfFrames" in rows else 1
        counts = np.broadcast_to(counts if frames == "all" else 1, len(rows))
        self.paths = np.repeat(rows["path"].to_numpy(object), counts)
        self.frames = np.concatenate([np.arange(count) for count in counts]).astype(int) if len(rows) else counts
        self.targets = np.repeat(_targets(rows, target), counts, axis=0)
        self.parts = sorted(rows["part"].astype(str).unique()) if "part" in rows else []
        self.size, self.spacing_mm, self.values, self.channels = size, spacing_mm, values, channels
        self.scale, self.on_error = scale, on_error

    def read(self, number: int) -> tuple[np.ndarray, dict]:
        """Return the array before normalisation, and what its record says."""
        image = load_image(self.paths[number], frame=int(self.frames[number]))
        pixels = to_display(image).astype(np.float32) / 255 if self.values == "display" else measured(image)
        pixels = to_channels(pixels, self.channels)
        height, width = pixels.shape[:2]
        spacing = image.spacing_mm
        if self.spacing_mm is not None:
            if spacing is None:
                raise RequestError(image.source, "has no spacing in its header", "leave it out, or give size= alone")
            shape = (height * spacing[0] / self.spacing_mm, width * spacing[1] / self.spacing_mm)
        else:
            scale = min(self.size[0] / (height * image.aspect), self.size[1] / width) if self.size else 1
            shape = (height * image.aspect * scale, width * scale)
            shape = shape if self.size else (height, width)
        shape = tuple(max(1, round(side)) for side in shape)
        pixels = to_size(resized(pixels, shape), self.size)
        unit = image.unit if self.values == "modality" else "display"
        mm = (float(spacing[0] * height / shape[0]), float(spacing[1] * width / shape[1])) if spacing else (0.0, 0.0)
        return pixels, {"frame": int(self.frames[number]), "unit": unit, "inverted": image.inverted, "spacing_mm": mm}

    def steps(self) -> list[str]:
        """Return what is done to pixels, in order, as a list of sentences."""
        first = {"modality": "modality values, no window", "display": "as displayed, divided by 255"}[self.values]
        how = f"resampled to {self.spacing_mm} mm" if self.spacing_mm else "made to fit with true aspect"
        sized = [how] if self.spacing_mm or self.size else []
        sized += [f"padded or cropped to {self.size[0]} × {self.size[1]}"] if self.size else []
        return [first, f"{self.channels} channel{'s' * (self.channels > 1)}", *sized, *_scale_step(self.scale)]


class TileDataset(_Items):
    """Tiles of slides as arrays for a model, with the interface of `ImageDataset`.

    Parameters
    ----------
    grid : DataFrame
        From `tile_grid`, with a column ``path`` of the slide, such as ``tile_grid(slide).assign(path=...)``; those of
        several slides one below the other.
    target : str or list of str, optional
    channels : int
        3, or 1 for luminance.
    scale : Scale, optional
    on_error : str
        As for `ImageDataset`.

    Raises
    ------
    ValueError
        If the grid lacks a column (RequestError).

    Examples
    --------
    >>> import os, tempfile
    >>> import eda_utils as eda
    >>> from eda_utils.cohort import TileDataset
    >>> path = os.path.join(tempfile.mkdtemp(), "slide.tif")
    >>> _ = eda.samples.write_phantom_slide(path, shape=(1024, 1024))
    >>> with eda.open_slide(path) as slide:
    ...     grid = eda.slides.tile_grid(slide, size=64, min_tissue=0).assign(path=path)
    >>> array, target, record = TileDataset(grid)[0]
    >>> array.shape, float(array.max()) <= 1, record["unit"]
    ((3, 64, 64), True, 'display')
    """

    def __init__(
        self,
        grid: pd.DataFrame,
        target: str | Sequence[str] | None = None,
        *,
        channels: int = 3,
        scale: Scale | None = None,
        on_error: str = "raise",
    ) -> None:
        need(grid, "path", "row", "col", "size", "mpp")
        if on_error not in ON_ERROR or channels not in (1, 3):
            raise RequestError("TileDataset", "an option has another value", "see help(TileDataset)")
        self.paths = grid["path"].map(os.fspath).to_numpy(object)
        self.places = grid[["row", "col", "size"]].to_numpy(int)
        self.mpp = grid["mpp"].to_numpy(float)
        self.targets = _targets(grid, target)
        self.parts = sorted(grid["part"].astype(str).unique()) if "part" in grid else []
        self.channels, self.scale, self.on_error, self.values = channels, scale, on_error, "display"

    def read(self, number: int) -> tuple[np.ndarray, dict]:
        """Return the array before normalisation, and what its record says."""
        row, col, size = map(int, self.places[number])
        mpp = float(self.mpp[number])
        slide = _open(os.getpid(), self.paths[number])
        tile = slide.read_region(row, col, size, size, mpp=mpp if np.isfinite(mpp) else None)
        pixels = to_channels(tile.astype(np.float32) / 255, self.channels)
        return pixels, {"row": row, "col": col, "mpp": mpp, "unit": "display"}

    def steps(self) -> list[str]:
        """Return what is done to pixels, in order, as a list of sentences."""
        tile = "RGB of the slide at the microns per pixel of the grid, divided by 255"
        return [tile, f"{self.channels} channel{'s' * (self.channels > 1)}", *_scale_step(self.scale)]


@lru_cache(OPEN_SLIDES)
def _open(_process, path):
    """A slide stays open in the process that opened it: handles do not survive a fork."""
    return open_slide(path)


atexit.register(_open.cache_clear)  # while what closes a slide is still there


def _scale_step(scale):
    return [f"minus mean {scale.mean}, divided by sd {scale.sd}, fitted on {scale.files} images"] if scale else []


def _targets(rows, target):
    if target is None:
        return np.full(len(rows), -1)
    table = binary_labels(rows, target).to_numpy(np.float32)
    return table[:, 0] if isinstance(target, str) and table.shape[1] == 1 else table


def fit_scale(dataset: ImageDataset | TileDataset, *, most: int = MOST_FITTED) -> Scale:
    """Fit mean and standard deviation on a data set of the training part only.

    Parameters
    ----------
    dataset : ImageDataset or TileDataset
        Without a scale. What cannot be read is left out.
    most : int
        Images at the most, evenly over the data set.

    Returns
    -------
    Scale

    Raises
    ------
    ValueError
        If there are several parts in it, or one that is not called train or training (RequestError).

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> import eda_utils as eda
    >>> from eda_utils.cohort import ImageDataset, fit_scale
    >>> index = eda.index_folder(get_testdata_file("CT_small.dcm"))
    >>> scale = fit_scale(ImageDataset(index))
    >>> array = ImageDataset(index, scale=scale)[0][0]
    >>> bool(abs(array.mean()) < 1e-3), bool(abs(array.std() - 1) < 1e-3)
    (True, True)
    """
    if dataset.parts and not set(dataset.parts) <= {"train", "training"}:
        raise RequestError("fit_scale", "the data set is not the training part", 'give index[index["part"] == "train"]')
    count, sums, squares, files = 0, 0.0, 0.0, 0
    for number in np.unique(np.linspace(0, len(dataset) - 1, min(most, len(dataset))).astype(int)):
        try:
            pixels = dataset.read(number)[0].astype(float)
        except EDAError:
            continue
        count, files = count + pixels.shape[0] * pixels.shape[1], files + 1
        sums, squares = sums + pixels.sum(axis=(0, 1)), squares + (pixels**2).sum(axis=(0, 1))
    if not files:
        raise RequestError("fit_scale", "no image can be read", "look at the column problem of the index")
    mean = sums / count
    sd = np.sqrt(np.maximum(squares / count - mean**2, 0))
    return Scale(tuple(map(float, mean)), tuple(float(value) or 1.0 for value in sd), files)


def collate_items(items: Sequence[tuple]) -> tuple:
    """Put items into one batch and leave out those that were skipped.

    Parameters
    ----------
    items : list of (array, target, record)
        As a DataLoader gives them to its ``collate_fn``.

    Returns
    -------
    tuple
        Array (item, channel, row, column), array of targets, list of all records; None, None if nothing is left.

    Examples
    --------
    >>> import numpy as np
    >>> from eda_utils.cohort import collate_items
    >>> arrays, targets, records = collate_items([(np.zeros((1, 2, 2)), 1, {}), (None, None, {"problem": "cut"})])
    >>> arrays.shape, targets.tolist(), len(records)
    ((1, 1, 2, 2), [1], 2)
    """
    kept = [item for item in items if item[0] is not None]
    records = [item[2] for item in items]
    if not kept:
        return None, None, records
    return np.stack([item[0] for item in kept]), np.array([item[1] for item in kept]), records
