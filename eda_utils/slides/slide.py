"""Whole-slide images: where in level-0 pixels, how fine in microns per pixel."""

import math
from pathlib import Path

import numpy as np
import pandas as pd

from ..core import RequestError, plural
from ..image import Image
from .formats import Source, open_source
from .properties import PLAUSIBLE_MPP, describe, read_mpp

THUMBNAIL_SIDE = 1024
MAX_REGION_PIXELS = 2**28
BLOCK_SIDE = 4096  # of what is read at a time to be averaged
MAX_STEP = 256  # pixels of a level that one pixel is averaged from at once, along a side
WHITE = 255
NEAR = 0.01  # a level this near to what is asked for is taken as it is
HARMLESS = "thumbnail"


class Slide:
    """An open whole-slide image: what `open_slide` returns. It closes itself at the end of a ``with`` block.

    Threads can read from one slide at the same time, and a forked process can go on with it.

    Attributes
    ----------
    shape : tuple of int
        Rows and columns of level 0, the finest one.
    mpp : float or None
        Microns per pixel of level 0; None when the file does not say anything plausible (0.05 to 20). It is never
        guessed from "40x".
    mpp_source : str
        Where `mpp` is from.
    levels : DataFrame
        ``rows``, ``columns``, ``downsample`` and ``mpp`` of each level.
    properties : DataFrame
        What the file says about itself, without free text of the vendor.
    associated : DataFrame
        Pictures beside the tissue; a label or macro image can show the patient's name.
    path : Path
    name : str
    tiles : TileReader or None
        The index of tiles, for a TIFF that is read tile by tile.
    source : Source
        The file as it was opened, with its raw facts: they can name a patient.
    """

    def __init__(self, source: Source, path: str | Path, mpp: float | None = None) -> None:
        self.source, self.path, self.tiles = source, Path(path).absolute(), source.tiles
        self.name = self.path.name
        self.shape = tuple(source.sizes[0])
        self.mpp, self.mpp_source = (mpp, "given by the caller") if mpp else read_mpp(source.facts)
        self._downsamples = [_downsample(self.shape, size) for size in source.sizes]
        self._is_closed = False

    def __enter__(self) -> "Slide":
        return self

    def __exit__(self, *_):
        self.close()

    def __repr__(self):
        size = f"{self.shape[0]:,} × {self.shape[1]:,}, {plural(len(self.source.sizes), 'level')}"
        spacing = f"{self.mpp:.4g} µm/px" if self.mpp else "no spacing"
        return f"<Slide {self.name} {size}, {spacing} ({self.mpp_source})>"

    def close(self) -> None:
        """Close the file."""
        readers, self._is_closed = () if self._is_closed else self.source.readers, True
        for reader in readers:
            reader.close()

    @property
    def levels(self) -> pd.DataFrame:
        """Table of the resolution levels, finest first."""
        table = pd.DataFrame(self.source.sizes, columns=["rows", "columns"])
        table["downsample"] = np.round(self._downsamples, 4)
        table["mpp"] = table["downsample"] * self.mpp if self.mpp else np.nan
        return table.rename_axis("level")

    @property
    def properties(self) -> pd.DataFrame:
        """Table of what the file says about itself: a fixed list, because free text can name a patient."""
        return describe(self)

    @property
    def associated(self) -> pd.DataFrame:
        """Table of the pictures beside the tissue, and whether they can show an identifier."""
        found = self.source.associated
        rows = [(name, *found[name], name != HARMLESS) for name in found]
        return pd.DataFrame(rows, columns=["name", "rows", "columns", "possible_phi"])

    def associated_image(self, name: str, *, redact: bool = True) -> np.ndarray:
        """Return a picture beside the tissue.

        Parameters
        ----------
        name : str
            As in the table `associated`.
        redact : bool
            A label or a macro picture can show the patient's name and number: ``redact=False`` says that you want to
            see it all the same.

        Returns
        -------
        numpy.ndarray of uint8
            (row, column, 3) in RGB.

        Raises
        ------
        RequestError
            If there is no such picture, or it can show an identifier and `redact` is left on.
        DecodeError
            If it is damaged.
        """
        if name not in self.source.associated:
            raise RequestError(self.name, "has no such picture beside the tissue", "look at slide.associated")
        if redact and name != HARMLESS:
            raise RequestError(self.name, "this picture can show a patient's name", "say redact=False to see it")
        self._check_open()
        return self.source.picture(name)

    def read_region(self, row: int, col: int, height: int, width: int, *, mpp: float | None = None) -> np.ndarray:
        """Read a rectangle of tissue.

        Parameters
        ----------
        row, col : int
            Upper left corner in level-0 pixels. What lies outside of the slide is white.
        height, width : int
            Of the result, in pixels.
        mpp : float, optional
            Resolution of the result in microns per pixel; level 0 by default. The next finer level is read and
            averaged over the area of each pixel; a level within 1 % of what is asked for is taken as it is. Finer
            than level 0, it is interpolated (bicubic).

        Returns
        -------
        numpy.ndarray of uint8
            (height, width, 3) in RGB on white.

        Raises
        ------
        RequestError
            If the size is not positive, the resolution unknown, or the slide closed.
        DecodeError
            If the file is damaged there.
        """
        self._check_size(height, width)
        self._check_open()
        row, col, height, width = int(row), int(col), int(height), int(width)
        if mpp is None:
            return self._read(0, row, col, height, width)
        downsample = self._wanted(mpp)
        ends = row + height * downsample, col + width * downsample
        if row >= self.shape[0] or col >= self.shape[1] or min(ends) <= 0:
            return np.full((height, width, 3), WHITE, np.uint8)
        level = self._best_level(downsample)
        scale, down = downsample / self._downsamples[level], self._downsamples[level]
        if abs(scale - 1) <= NEAR:
            return self._read(level, round(row / down), round(col / down), height, width)
        top, left = row / down, col / down
        return self._average(level, (top, left, top + height * scale, left + width * scale), (height, width))

    def _check_size(self, height, width):
        if min(height, width) < 1 or height * width > MAX_REGION_PIXELS:
            raise RequestError(self.name, "the region has no pixels or too many", "ask for 1 to 16,384 pixels a side")

    def _check_open(self):
        if self._is_closed:
            raise RequestError(self.name, "is closed", "open it again with open_slide")

    def _wanted(self, mpp):
        if not self.mpp:
            raise RequestError(self.name, "does not say how many microns a pixel is", "open_slide(path, mpp=...)")
        if not 0 < mpp < math.inf:
            raise RequestError("mpp", "microns per pixel are above 0", "try mpp=1")
        return mpp / self.mpp

    def _best_level(self, downsample):
        """The coarsest level that is as fine as what is asked for."""
        fine = [level for level, down in enumerate(self._downsamples) if down <= downsample * (1 + NEAR)]
        return max(fine, key=self._downsamples.__getitem__) if fine else 0

    def _read(self, level, row, col, height, width):
        """Pixels of one level, white where there is nothing; far outside nothing is asked of the file."""
        rows, columns = self.source.sizes[level]
        if row >= rows or col >= columns or row + height <= 0 or col + width <= 0:
            return np.full((height, width, 3), WHITE, np.uint8)
        return self.source.read(level, row, col, height, width)

    def _average(self, level, box, shape):
        """Shrink a box of a level (top, left, bottom, right, in its pixels) to a shape, one block at a time."""
        steps = (box[2] - box[0]) / shape[0], (box[3] - box[1]) / shape[1]
        if max(steps) > MAX_STEP:
            return self._average_twice(level, box, shape, steps)
        sides = [max(1, min(side, int(BLOCK_SIDE / step))) for side, step in zip(shape, steps, strict=True)]
        result = np.empty((*shape, 3), np.uint8)
        for y in range(0, shape[0], sides[0]):
            for x in range(0, shape[1], sides[1]):
                part = result[y : y + sides[0], x : x + sides[1]]
                top, left = box[0] + y * steps[0], box[1] + x * steps[1]
                inner = (top, left, top + part.shape[0] * steps[0], left + part.shape[1] * steps[1])
                part[:] = self._average_block(level, inner, part.shape[:2], max(steps) > 1)
        return result

    def _average_twice(self, level, box, shape, steps):
        """Where one pixel stands for a large part of the slide, that part is not held at once."""
        from PIL import Image as Pillow

        between = tuple(side * math.ceil(step / MAX_STEP) for side, step in zip(shape, steps, strict=True))
        self._check_size(*between)
        picture = Pillow.fromarray(self._average(level, box, between))
        return np.asarray(picture.resize(shape[::-1], Pillow.Resampling.BOX))

    def _average_block(self, level, box, shape, is_coarser):
        from PIL import Image as Pillow

        margin = 0 if is_coarser else 3  # neighbours that the interpolation looks at
        top, left = (math.floor(side + 1e-6) - margin for side in box[:2])
        bottom, right = (math.ceil(side - 1e-6) + margin for side in box[2:])
        picture = Pillow.fromarray(self._read(level, top, left, bottom - top, right - left))
        inner = [max(0, side - corner) for side, corner in zip(box, (top, left) * 2, strict=True)]
        inner[2:] = min(inner[2], bottom - top), min(inner[3], right - left)
        how = Pillow.Resampling.BOX if is_coarser else Pillow.Resampling.BICUBIC
        place = (inner[1], inner[0], inner[3], inner[2])
        return np.asarray(picture.resize(shape[::-1], how, box=place))

    def thumbnail(self, max_side: int = THUMBNAIL_SIDE) -> Image:
        """Return the whole slide as a small picture: the next finer level, averaged.

        Parameters
        ----------
        max_side : int
            Longest side in pixels.

        Returns
        -------
        Image
            (row, column, 3) in RGB, with the spacing of its own pixels.
        """
        self._check_open()
        scale = min(1, max_side / max(self.shape))
        height, width = (max(1, round(side * scale)) for side in self.shape)
        downsample = self.shape[0] / height
        level = self._best_level(downsample)
        size, shape = self.source.sizes[level], (height, width)
        is_same = tuple(size) == shape
        pixels = self._read(level, 0, 0, *shape) if is_same else self._average(level, (0, 0, *size), shape)
        mm = (self.mpp * downsample / 1000, self.mpp * self.shape[1] / width / 1000) if self.mpp else None
        source = f"slide, {self.mpp_source}" if self.mpp else "no plausible microns per pixel in the file"
        how = f"overview reduced {downsample:.3g} times"
        return Image(pixels, "RGB", spacing_mm=mm, spacing_source=source, source=self.name, photometric=how)


def open_slide(path: str | Path, *, mpp: float | None = None) -> Slide:
    """Open a whole-slide image, in the way that its content calls for.

    What OpenSlide knows is opened with it, and tiles of SVS and TIFF are decoded directly, which gives the same values
    sooner. OME-TIFF and other TIFF are opened with tifffile, pictures as a slide of one level.

    Parameters
    ----------
    path : str or Path
        SVS, NDPI, MRXS, SCN, OME-TIFF, TIFF and others, a DICOM slide (its folder or one of its files), PNG or JPEG.
    mpp : float, optional
        Microns per pixel, where the file is wrong or silent.

    Returns
    -------
    Slide

    Raises
    ------
    MissingError, AccessError
        If the file is not there or may not be opened.
    FormatError
        If it is no slide, or its index of tiles cannot be true.
    RequestError
        If `mpp` is not what a scanner can do.

    References
    ----------
    Goode et al. 2013, OpenSlide, J Pathol Inform 4:27. doi:10.4103/2153-3539.119005

    Examples
    --------
    >>> import eda_utils as eda
    >>> with eda.open_slide("data/samples/pathology/CMU-1-Small-Region.svs") as slide:
    ...     slide.shape
    (2967, 2220)
    """
    path = Path(path)
    if mpp is not None and not PLAUSIBLE_MPP[0] <= mpp <= PLAUSIBLE_MPP[1]:
        raise RequestError("mpp", "is not between 0.05 and 20 microns per pixel", "give the value of the scanner")
    return Slide(open_source(path), path, mpp)


def _downsample(shape, size):
    """How much coarser a level is; a whole number where its size is that of level 0 divided and rounded."""
    ratio = (shape[0] / size[0] + shape[1] / size[1]) / 2
    whole = max(1, round(ratio))
    is_whole = all(abs(full / whole - side) < 1 for full, side in zip(shape, size, strict=True))
    return float(whole) if is_whole else ratio
