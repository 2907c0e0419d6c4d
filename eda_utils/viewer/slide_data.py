"""A slide as data for its viewer: tiles of a pyramid by powers of two, facts, mask and grid."""

import base64
import io
import math

import numpy as np

from ..core import RequestError
from ..slides import Slide
from .html import squeeze_array

TILE = 256
BASE_SIDE = 1024  # of the coarse picture that comes with the viewer
QUALITY, PAGE_QUALITY = 85, 75
FULL_COLOR, HALF_COLOR = 0, 2  # Pillow's subsampling of chroma: 4:4:4, 4:2:0
MOST_PAGE_PIXELS = 2**25
MOST_TRIALS = 5
BASE64 = 4 / 3
KEY_BYTES = 20  # what a tile costs on a page beside its data


def plain_slide(slide):
    """Return the same slide as if its pixels had one micron: `read_region` then takes a downsample for its mpp."""
    return Slide(slide.source, slide.path, 1.0)


def describe_slide(slide, *, finest=1.0):
    """Return what the viewer must know of a slide, without its name.

    Parameters
    ----------
    slide : Slide
    finest : float
        Level-0 pixels for a pixel of the viewer's own level 0; each of its levels is twice as coarse as the last one.

    Returns
    -------
    dict
        Ready for JSON.

    Examples
    --------
    >>> import eda_utils as eda
    >>> from eda_utils.viewer.slide_data import describe_slide
    >>> with eda.open_slide("data/samples/pathology/CMU-1-Small-Region.svs") as slide:
    ...     facts = describe_slide(slide)
    >>> facts["rows"], facts["columns"], facts["levels"], facts["mpp"]
    (2967, 2220, 5, 0.499)
    """
    sides = [math.ceil(side / finest) for side in slide.shape]
    return {
        "slide": True,
        "rows": slide.shape[0],
        "columns": slide.shape[1],
        "tile": TILE,
        "finest": finest,
        "levels": 1 + max(0, math.ceil(math.log2(max(sides) / TILE))),
        "mpp": slide.mpp,
        "title": "Slide, {:,} × {:,} pixels".format(*slide.shape),
        "spacing": f"{slide.mpp:.4g} µm per pixel ({slide.mpp_source})" if slide.mpp else "no spacing",
    }


def is_tile(facts, tile):
    """Return whether level, row and column are those of a tile that there is."""
    if len(tile) != 3 or not all(isinstance(at, int) for at in tile) or not 0 <= tile[0] < facts["levels"]:
        return False
    counts = _counts((facts["rows"], facts["columns"]), facts["finest"] * 2 ** tile[0])
    return all(0 <= at < count for at, count in zip(tile[1:], counts, strict=True))


def _counts(shape, step):
    return [math.ceil(math.ceil(side / step) / TILE) for side in shape]


def read_tile(plain, level, row, column):
    """Return the pixels of one tile; level 0 is that of the slide, without any change.

    Parameters
    ----------
    plain : Slide
        From `plain_slide`.
    level, row, column : int
        Each level is twice as coarse as the last one; rows and columns count tiles of 256 pixels.

    Returns
    -------
    numpy.ndarray of uint8
        (row, column, 3); the last tiles of a row or column can be smaller.

    Raises
    ------
    DecodeError
        If the file is damaged there.
    """
    step = 2**level
    sides = zip(plain.shape, (row, column), strict=True)
    height, width = (min(TILE, math.ceil(side / step) - TILE * at) for side, at in sides)
    return plain.read_region(row * TILE * step, column * TILE * step, height, width, mpp=step)


def encode_jpeg(pixels, *, quality=QUALITY, subsampling=FULL_COLOR):
    """Return (row, column, 3) pixels as the bytes of a JPEG file."""
    from PIL import Image as Pillow

    file = io.BytesIO()
    Pillow.fromarray(pixels).save(file, "JPEG", quality=quality, subsampling=subsampling)
    return file.getvalue()


def cut_pyramid(plain, step, *, first=0, **how):
    """Return all tiles from one resolution upwards, which is read once and then halved.

    Parameters
    ----------
    plain : Slide
        From `plain_slide`.
    step : float
        Level-0 pixels for a pixel of the finest level of the result.
    first : int
        Number of that level.
    **how
        For `encode_jpeg`.

    Returns
    -------
    dict of str to bytes
        ``level/row/column`` to a JPEG.
    """
    from PIL import Image as Pillow

    height, width = (math.ceil(side / step) for side in plain.shape)
    picture = Pillow.fromarray(plain.read_region(0, 0, height, width, mpp=step))
    tiles = {}
    while True:
        pixels = np.asarray(picture)
        for top in range(0, pixels.shape[0], TILE):
            for left in range(0, pixels.shape[1], TILE):
                key = f"{first}/{top // TILE}/{left // TILE}"
                tiles[key] = encode_jpeg(pixels[top : top + TILE, left : left + TILE], **how)
        if max(picture.size) <= TILE:
            return tiles
        picture, first = picture.reduce(2), first + 1


def base_level(facts):
    """Return the finest level of which no side exceeds 1,024 pixels."""
    return max(0, math.ceil(math.log2(max(facts["rows"], facts["columns"]) / BASE_SIDE)))


def fit_pyramid(plain, budget_bytes):
    """Return the finest pyramid that fits into so many bytes of base64 text.

    Returns
    -------
    step : float
        Level-0 pixels for a pixel of its finest level.
    tiles : dict of str to str
        ``level/row/column`` to a JPEG; empty where nothing fits.
    """
    least = max(1.0, math.sqrt(math.prod(plain.shape) / MOST_PAGE_PIXELS))
    step, found = max(least, max(plain.shape) / BASE_SIDE), (math.inf, {})
    for _ in range(MOST_TRIALS):
        tiles = cut_pyramid(plain, step, quality=PAGE_QUALITY, subsampling=HALF_COLOR)
        size = sum(BASE64 * len(tile) + KEY_BYTES for tile in tiles.values())
        if size <= budget_bytes and step < found[0]:
            found = step, tiles
        wanted = max(least, step * math.sqrt(size / budget_bytes) * 1.02)
        if size > budget_bytes:
            wanted = max(wanted, step * 1.04)
        elif wanted > 0.96 * step:
            break
        step = wanted
    return found[0], {key: base64.b64encode(tile).decode() for key, tile in found[1].items()}


def pack_overlays(slide, mask, grid):
    """Return a mask and a grid of tiles as data for the viewer.

    Parameters
    ----------
    slide : Slide
    mask : Mask or None
    grid : DataFrame or None
        From `tile_grid`.

    Returns
    -------
    dict
        ``mask`` and ``grid``, each None where there is none.

    Raises
    ------
    RequestError
        If one of them is no such thing, or of another slide.
    """
    return {
        "mask": None if mask is None else _pack_mask(slide, mask),
        "grid": None if grid is None else _pack_grid(slide, grid),
    }


def _pack_mask(slide, mask):
    if not hasattr(mask, "pixels") or not hasattr(mask, "downsample"):
        raise RequestError("mask", "is no Mask", "make one with tissue_mask")
    sides = zip(mask.pixels.shape, mask.downsample, slide.shape, strict=True)
    if any(abs(side * down - full) > down for side, down, full in sides):
        raise RequestError("mask", "does not cover this slide", "make it from the same slide")
    rows, columns = mask.pixels.shape
    bits = squeeze_array(np.packbits(mask.pixels))
    return {"rows": rows, "columns": columns, "downsample": [float(down) for down in mask.downsample], "bits": bits}


def _pack_grid(slide, grid):
    if missing := {"row", "col", "size"} - set(getattr(grid, "columns", ())):
        raise RequestError("grid", f"has no column {min(missing)}", "make one with tile_grid")
    mpp = grid["mpp"].to_numpy(float, na_value=np.nan) if "mpp" in grid else np.full(len(grid), np.nan)
    scale = np.where(np.isfinite(mpp), mpp / slide.mpp, 1.0) if slide.mpp else 1.0
    places = np.column_stack([grid["row"], grid["col"], np.rint(grid["size"] * scale)]).astype("<i4")
    return {"count": len(grid), "places": squeeze_array(places)}
