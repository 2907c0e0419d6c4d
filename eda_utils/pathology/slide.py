"""Whole-slide images: where in level-0 pixels, how fine in microns per pixel."""

import math
from pathlib import Path

import numpy as np
import pandas as pd

from ..dataset import quiet
from ..errors import AccessError, DecodeError, FormatError, RequestError
from ..files import read_head
from ..image import Image

PLAUSIBLE_MPP = (0.05, 20.0)
THUMBNAIL_SIDE = 1024
WHITE = (255, 255, 255)
MAX_REGION_PIXELS = 2**28


class Slide:
    """An open whole-slide image: what `open_slide` returns. It closes itself at the end of a ``with`` block.

    Attributes
    ----------
    shape : tuple of int
        Rows and columns of level 0, the finest one.
    mpp : float or None
        Microns per pixel of level 0; None when the file does not say anything plausible.
    mpp_source : str
        Where `mpp` is from.
    levels : DataFrame
        ``rows``, ``columns``, ``downsample`` and ``mpp`` of each level.
    properties : DataFrame
        What the file says about itself, without free text of the vendor.
    associated : DataFrame
        Pictures beside the tissue; a label or macro image can show the patient's name.
    name : str
    """

    def __init__(self, handle, name, mpp=None):
        self._handle, self.name = handle, name
        columns, rows = handle.dimensions
        self.shape = (rows, columns)
        self.mpp, self.mpp_source = (mpp, "given by the caller") if mpp else _read_mpp(handle.properties)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def __repr__(self):
        levels = len(self.levels)
        size = f"{self.shape[0]:,} × {self.shape[1]:,}, {levels} level{'s' * (levels > 1)}"
        return f"<Slide {self.name} {size}, {self._mpp_text}>"

    @property
    def _mpp_text(self):
        return f"{self.mpp:.4g} µm/px ({self.mpp_source})" if self.mpp else f"no spacing ({self.mpp_source})"

    def close(self):
        """Close the file."""
        self._handle.close()

    @property
    def levels(self):
        """Table of the resolution levels, finest first."""
        table = pd.DataFrame(self._handle.level_dimensions, columns=["columns", "rows"])[["rows", "columns"]]
        table["downsample"] = np.round(self._handle.level_downsamples, 4)
        table["mpp"] = table["downsample"] * self.mpp if self.mpp else np.nan
        return table.rename_axis("level")

    @property
    def properties(self):
        """Table of what the file says about itself: a fixed list, because free text can name a patient."""
        raw = self._handle.properties
        facts = {
            "vendor": raw.get("openslide.vendor", "none"),
            "rows": self.shape[0],
            "columns": self.shape[1],
            "levels": len(self._handle.level_dimensions),
            "microns per pixel": f"{self.mpp:.4g}" if self.mpp else "unknown",
            "microns per pixel from": self.mpp_source,
            "objective power": raw.get("openslide.objective-power", "unknown"),
            "tile columns": raw.get("openslide.level[0].tile-width", "not tiled"),
            "tile rows": raw.get("openslide.level[0].tile-height", "not tiled"),
            "ICC profile": "yes" if getattr(self._handle, "color_profile", None) else "no",
            "pictures beside the tissue": len(self._handle.associated_images),
        }
        return pd.DataFrame({"property": facts.keys(), "value": map(str, facts.values())})

    @property
    def associated(self):
        """Table of the pictures beside the tissue, and whether they can show an identifier."""
        found = self._handle.associated_images
        rows = [(name, found[name].height, found[name].width, name != "thumbnail") for name in found]
        return pd.DataFrame(rows, columns=["name", "rows", "columns", "possible_phi"])

    def read_region(self, row, col, height, width, *, mpp=None):
        """Read a rectangle of tissue.

        Parameters
        ----------
        row, col : int
            Upper left corner in level-0 pixels. What lies outside of the slide is white.
        height, width : int
            Of the result, in pixels.
        mpp : float, optional
            Resolution of the result in microns per pixel; level 0 by default. The next finer level is read and
            averaged down.

        Returns
        -------
        numpy.ndarray of uint8
            (height, width, 3) in RGB on white.

        Raises
        ------
        RequestError
            If the size is not positive or the resolution unknown.
        DecodeError
            If the file is damaged there.
        """
        if min(height, width) < 1 or height * width > MAX_REGION_PIXELS:
            raise RequestError(self.name, "the region has no pixels or too many", "ask for 1 to 16,384 pixels a side")
        downsample = self._downsample(mpp)
        level = self._handle.get_best_level_for_downsample(downsample * 1.01)
        scale = downsample / self._handle.level_downsamples[level]
        size = (max(1, math.ceil(width * scale)), max(1, math.ceil(height * scale)))
        picture = self._read_level(col, row, level, size)
        if picture.size != (width, height):
            from PIL import Image as Pillow

            picture = picture.resize((width, height), Pillow.Resampling.BOX if scale > 1 else Pillow.Resampling.BICUBIC)
        return np.asarray(picture)

    def _downsample(self, mpp):
        if mpp is None:
            return 1.0
        if not self.mpp:
            raise RequestError(self.name, "does not say how many microns a pixel is", "open_slide(path, mpp=...)")
        if not 0 < mpp < math.inf:
            raise RequestError("mpp", "microns per pixel are above 0", "try mpp=1")
        return mpp / self.mpp

    def _read_level(self, col, row, level, size):
        import openslide

        try:
            region = self._handle.read_region((int(col), int(row)), level, size)
        except (openslide.OpenSlideError, OSError) as error:
            raise DecodeError(self.name, f"is damaged ({type(error).__name__})", "copy the file again") from None
        return _on_white(region)

    def thumbnail(self, max_side=THUMBNAIL_SIDE):
        """Return the whole slide as a small picture.

        Parameters
        ----------
        max_side : int
            Longest side in pixels.

        Returns
        -------
        Image
            (row, column, 3) in RGB, with the spacing of its own pixels.
        """
        scale = min(1, max_side / max(self.shape))
        height, width = (max(1, round(side * scale)) for side in self.shape)
        downsample = self.shape[0] / height
        level = self._handle.get_best_level_for_downsample(downsample)
        picture = self._read_level(0, 0, level, self._handle.level_dimensions[level]).resize((width, height))
        mm = (self.mpp * downsample / 1000, self.mpp * self.shape[1] / width / 1000) if self.mpp else None
        source = f"slide, {self.mpp_source}" if self.mpp else "no plausible microns per pixel in the file"
        return Image(
            np.asarray(picture),
            "RGB",
            spacing_mm=mm,
            spacing_source=source,
            source=self.name,
            photometric=f"overview reduced {downsample:.3g} times",
        )


def open_slide(path, *, mpp=None):
    """Open a whole-slide image; what OpenSlide does not know is opened as a slide of one level.

    Parameters
    ----------
    path : str or Path
        SVS, NDPI, MRXS, SCN, tiled TIFF, DICOM and others, or a PNG, JPEG or TIFF.
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
        If it is no slide.

    References
    ----------
    Goode et al. 2013, OpenSlide, J Pathol Inform 4:27. doi:10.4103/2153-3539.119005

    Examples
    --------
    >>> import eda_utils as eda
    >>> with eda.open_slide("data/samples/pathology/cmu_small_region.svs") as slide:  # doctest: +SKIP
    ...     slide.shape
    (2967, 2220)
    """
    import openslide

    path = Path(path)
    read_head(path, 1)
    if mpp is not None and not PLAUSIBLE_MPP[0] <= mpp <= PLAUSIBLE_MPP[1]:
        raise RequestError("mpp", "is not between 0.05 and 20 microns per pixel", "give the value of the scanner")
    from PIL import Image as Pillow

    try:
        with quiet():
            handle = openslide.open_slide(path)
    except (openslide.OpenSlideError, Pillow.UnidentifiedImageError, Pillow.DecompressionBombError, SyntaxError):
        raise FormatError(path.name, "is not a slide that can be opened", "check the format and the copy") from None
    except OSError:
        raise AccessError(path.name, "cannot be read", "check its permissions") from None
    return Slide(handle, path.name, mpp)


def _read_mpp(properties):
    """A TIFF that says 72 dpi reads as 353 microns per pixel: only what a scanner can do is believed."""
    values = [properties.get(f"openslide.mpp-{axis}") for axis in "yx"]
    try:
        mpp = sum(map(float, values)) / 2
    except (TypeError, ValueError):
        return None, "not in the file"
    if PLAUSIBLE_MPP[0] <= mpp <= PLAUSIBLE_MPP[1]:
        return mpp, f"{properties.get('openslide.vendor', 'file')} header"
    return None, "implausible in the file"


def _on_white(region):
    from PIL import Image as Pillow

    background = Pillow.new("RGBA", region.size, (*WHITE, 255))
    return Pillow.alpha_composite(background, region.convert("RGBA")).convert("RGB")
