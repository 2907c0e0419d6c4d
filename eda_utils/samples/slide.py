"""Drawn slides of any size with planted defects: where all of it lies is known from formulas, not from pixels."""

import os
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..core import RequestError
from ..slides import stain_matrix
from .tile import PHANTOM_LIGHT, PHANTOM_STAINS, draw_tissue

DEFECTS = ("ink", "blur", "fold", "bubble", "edge", "cast", "glass", "stain", "no_mpp", "truncated")
CAST_LIGHT = (236.0, 226.0, 190.0)
OTHER_STAINS, PALE = ((0.48, 0.80, 0.36), (0.30, 0.82, 0.49)), 0.55
PENS = {"green pen": (1.05, 0.22, 0.60), "blue pen": (1.00, 0.52, 0.07)}  # optical density, as of the others
ABSORBERS = {**PENS, "rim": (0.5, 0.5, 0.5), "edge": (0.35, 0.35, 0.35)}
SOFT_UM, OUT_OF_FOCUS_UM = {"blur": 40.0, "cellular": 20.0}, 3.5
TEXTURE, MOST_NUCLEI, NUCLEI_PER_MM2 = 1024, 2500, {"stroma": 900, "cellular": 5200}
TILE, BAND, STEP, REDUCTION, SMALLEST = 256, 256, 8, 4, 1024
CUT_AT = 0.6


class PhantomTruth(NamedTuple):
    """What `phantom_truth` returns: masks (row, column) of the whole slide, and what it is made of.

    Attributes
    ----------
    tissue, ink, blur, fold, bubble, edge : numpy.ndarray of bool
        `blur` and `fold` only where tissue is; `bubble` is the whole disc, `edge` the line of the coverslip.
    um_per_px : tuple of float
        Size of a pixel of the masks, row then column.
    stains : numpy.ndarray
        (2, 3): unit vectors.
    light : numpy.ndarray
        (3,): grey levels of clear glass.
    """

    tissue: np.ndarray
    ink: np.ndarray
    blur: np.ndarray
    fold: np.ndarray
    bubble: np.ndarray
    edge: np.ndarray
    um_per_px: tuple[float, float]
    stains: np.ndarray
    light: np.ndarray


def phantom_truth(
    *,
    shape: tuple[int, int] = (4096, 6144),
    mpp: float = 0.5,
    seed: int = 0,
    defects: tuple[str, ...] = (),
    um_per_px: float = 8.0,
) -> PhantomTruth:
    """Return what `write_phantom_slide` draws with the same arguments, as masks.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns of level 0.
    mpp : float
        Microns per pixel of level 0.
    seed : int
    defects : tuple of str
        As in `write_phantom_slide`.
    um_per_px : float
        Size of a pixel of the masks, changed a little so that a whole number of them fits.

    Returns
    -------
    PhantomTruth

    Examples
    --------
    >>> from eda_utils.samples import phantom_truth
    >>> truth = phantom_truth(defects=("ink",))
    >>> truth.tissue.shape, bool(truth.ink.any()), bool(truth.blur.any())
    ((256, 384), True, False)
    """
    size = np.multiply(_checked(shape, mpp, defects), mpp)
    counts = np.maximum(1, np.rint(size / um_per_px)).astype(int)
    y, x = ((np.arange(count) + 0.5) * length / count for count, length in zip(counts, size, strict=True))
    masks = {name: values > 0 for name, values in _fields(size, seed, defects, y[:, None], x[None]).items()}
    tissue, nothing = masks["tissue"], np.zeros(counts, bool)
    found = {name: masks.get(name, nothing) for name in ("blur", "fold", "bubble", "edge")}
    ink = np.logical_or.reduce([masks.get(name, nothing) for name in PENS])
    light, vectors, _ = _recipe(defects)
    inside = {name: mask & tissue if name in ("blur", "fold") else mask for name, mask in found.items()}
    return PhantomTruth(tissue, ink, **inside, um_per_px=tuple(size / counts), stains=vectors, light=light)


def write_phantom_slide(
    path: str | Path,
    *,
    shape: tuple[int, int] = (4096, 6144),
    mpp: float = 0.5,
    seed: int = 0,
    defects: tuple[str, ...] = (),
    quality: int = 80,
    subsampling: tuple[int, int] = (1, 1),
) -> Path:
    """Write a drawn H&E slide as a tiled JPEG pyramid, band by band: memory does not grow with the number of rows.

    Parameters
    ----------
    path : str or Path
        A TIFF; BigTIFF if it gets large. Its levels are 4 times coarser each.
    shape : tuple of int
        Rows and columns of level 0.
    mpp : float
        Microns per pixel, 0.05 to 20.
    seed : int
        Of the outline, of the tissue and of where the defects lie.
    defects : tuple of str
        Any of ``ink`` (a green and a blue pen), ``blur`` (a region out of focus), ``fold``, ``bubble``, ``edge`` (of
        the coverslip), ``cast`` (yellowish light), ``glass`` (no tissue), ``stain`` (other vectors, pale), ``no_mpp``
        (says 72 dots per inch), ``truncated`` (the last 40 % of the bytes are missing).
    quality : int
        Of the JPEG tiles.
    subsampling : tuple of int
        How many columns and rows share the colour of one pixel in JPEG. Many scanners write (2, 1) or (2, 2), with
        which the hue of a pixel is that of its neighbours too.

    Returns
    -------
    Path

    Raises
    ------
    RequestError
        If a defect is not known or the size is not positive.

    Examples
    --------
    >>> import eda_utils as eda
    >>> path = eda.samples.write_phantom_slide(getfixture("tmp_path") / "phantom.tiff", shape=(600, 900))
    >>> with eda.open_slide(path) as slide:
    ...     slide.shape, slide.mpp
    ((600, 900), 0.5)
    """
    import tifffile

    path, shape = Path(path), _checked(shape, mpp, defects)
    per_cm = (72 / 2.54, 72 / 2.54) if "no_mpp" in defects else (1e4 / mpp, 1e4 / mpp)
    options = {"dtype": np.uint8, "tile": (TILE, TILE), "photometric": "rgb", "metadata": None}
    options |= {"compression": "jpeg", "compressionargs": {"level": quality}, "subsampling": subsampling}
    options |= {"resolutionunit": "CENTIMETER", "maxworkers": 2, "buffersize": 2**25}
    with tempfile.TemporaryDirectory(dir=path.parent, ignore_cleanup_errors=True) as folder:
        part, bands = Path(folder) / "slide.tiff", _draw_bands(shape, mpp, seed, defects)
        with tifffile.TiffWriter(part, bigtiff=shape[0] * shape[1] > 2**32) as writer:
            for level, (size, coarser) in enumerate(_level_sizes(shape)):
                store = np.memmap(Path(folder) / f"{level}.raw", np.uint8, "w+", shape=(*coarser, 3))
                resolution = tuple(value / REDUCTION**level for value in per_cm)
                tiles = _cut_tiles(_keep_reduced(bands, store))
                writer.write(tiles, shape=(*size, 3), subfiletype=min(level, 1), resolution=resolution, **options)
                bands = _stored_bands(store)
        if "truncated" in defects:
            os.truncate(part, int(part.stat().st_size * CUT_AT))
        del store, bands  # Windows removes no file that is still mapped
        part.replace(path)
    return path


def _checked(shape, mpp, defects):
    if isinstance(defects, str) or not set(defects) <= set(DEFECTS):
        raise RequestError("defects", "one is not known", f"give a tuple of {', '.join(DEFECTS)}")
    if min(shape) < 1 or not 0.05 <= mpp <= 20:
        raise RequestError("shape or mpp", "is out of range", "at least 1 row and column, 0.05 to 20 microns per pixel")
    return tuple(map(int, shape))


def _level_sizes(shape):
    """The size of each level and of the next one, until the longer side is at most 1,024."""
    sizes = [shape]
    while max(sizes[-1]) > SMALLEST and min(sizes[-1]) >= 2 * REDUCTION:
        sizes.append(tuple(side // REDUCTION for side in sizes[-1]))
    return zip(sizes, [*sizes[1:], (1, 1)], strict=True)


def _keep_reduced(bands, store):
    """Hand the bands on, and leave the mean of each 4 × 4 pixels in the store of the next level."""
    from PIL import Image as Pillow

    row = 0
    for band in bands:  # kept before it is handed on: the writer does not come back after the last tile
        small = np.asarray(Pillow.fromarray(band).reduce(REDUCTION))
        rows = min(len(band) // REDUCTION, len(store) - row)
        if rows > 0 and store.shape[1] > 1:
            store[row : row + rows] = small[:rows, : store.shape[1]]
            row += rows
        yield band


def _stored_bands(store):
    for row in range(0, len(store), BAND):
        yield store[row : row + BAND]


def _cut_tiles(bands):
    for band in bands:
        for col in range(0, band.shape[1], TILE):
            tile = band[:, col : col + TILE]
            missing = [(0, TILE - side) for side in tile.shape[:2]]
            yield np.pad(tile, [*missing, (0, 0)], mode="edge") if np.any(missing) else tile


def _recipe(defects):
    """Light, stain vectors and strength of the stain."""
    light = CAST_LIGHT if "cast" in defects else PHANTOM_LIGHT
    vectors, strength = (OTHER_STAINS, PALE) if "stain" in defects else (PHANTOM_STAINS, 1.0)
    return np.array(light), stain_matrix(vectors)[:2], strength


def _draw_bands(shape, mpp, seed, defects):
    """256 rows at a time, (row, column, 3) of uint8."""
    for row in range(0, shape[0], BAND):
        height = min(BAND, shape[0] - row)
        widths = [(col, min(TEXTURE, shape[1] - col)) for col in range(0, shape[1], TEXTURE)]
        yield np.hstack([_draw(shape, mpp, seed, defects, (row, height), (col, width)) for col, width in widths])


def _draw(shape, mpp, seed, defects, rows, columns):
    """A block: formulas at every 8th pixel, enlarged linearly, weigh textures that repeat each 1,024 pixels."""
    (row, height), (_, width) = rows, columns
    y, x = ((start + 0.5 + np.arange(0, size + STEP, STEP)) * mpp for start, size in (rows, columns))
    fields = _fields(np.multiply(shape, mpp), seed, defects, y[:, None], x[None])
    weights = {name: _weight(values, SOFT_UM.get(name, 5), height, width) for name, values in fields.items()}
    light, vectors, strength = _recipe(defects)
    crop = np.s_[row % TEXTURE : row % TEXTURE + height, :width]
    density = np.zeros((height, width, 3), np.float32)
    if np.any(weights["tissue"]):
        thickness = weights["tissue"] * np.float32(strength) * (1 + weights.get("fold", np.float32(0)))
        density = _stained(weights, crop, (mpp, seed, vectors.tobytes())) * thickness[..., None]
    for name, color in ABSORBERS.items():
        if np.any(weights.get(name, 0)):
            density = density + weights[name][..., None] * np.float32(color)
    picture = np.float32(light) * np.exp(density * np.float32(-np.log(10))) + _noise(seed)[crop]
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)


def _stained(weights, crop, recipe):
    """Optical density of whole tissue: both textures mixed, and where the focus is lost the same from out of focus."""
    sharp = _mixed(*(texture[crop] for texture in _textures(*recipe, False)), weights["cellular"])
    if not np.any(weights.get("blur", 0)):
        return sharp
    soft = _mixed(*(texture[crop] for texture in _textures(*recipe, True)), weights["cellular"])
    return _mixed(sharp, soft, weights["blur"])


def _mixed(first, second, weight):
    if np.ndim(weight) == 0:
        return second if weight else first
    return first + (second - first) * weight[..., None]


def _weight(values, softness, height, width):
    """0 outside to 1 inside, in each pixel; one number where the whole block is either."""
    if np.abs(values).min() > softness / 2 and (values > 0).all() == (values > 0).any():
        return np.float32(values.flat[0] > 0)
    values = (values / softness + 0.5).astype(np.float32)
    steps = np.arange(STEP, dtype=np.float32)[:, None] / STEP
    for size in (height, width):
        between = values[:-1, None] + steps * np.diff(values, axis=0)[:, None]
        values = between.reshape(-1, values.shape[1])[:size].T
    return np.clip(np.ascontiguousarray(values), 0, 1)


@lru_cache(maxsize=4)
def _textures(mpp, seed, vectors, is_blurred):
    """Optical density of a square of stroma and of cellular tissue, whose edges fit together."""
    from scipy.ndimage import gaussian_filter

    if is_blurred:  # light is averaged, not density
        sharp, sigma = _textures(mpp, seed, vectors, False), OUT_OF_FOCUS_UM / mpp
        return [-np.log10(gaussian_filter(10**-texture, (sigma, sigma, 0), mode="wrap")) for texture in sharp]
    area = (TEXTURE * mpp / 1000) ** 2
    counts = [min(int(density * area), MOST_NUCLEI) for density in NUCLEI_PER_MM2.values()]
    drawn = [draw_tissue(TEXTURE, count, mpp, 0, np.random.default_rng([seed, count])) for count in counts]
    return [(stains @ np.frombuffer(vectors).reshape(2, 3)).astype(np.float32) for _, _, stains in drawn]


@lru_cache(maxsize=2)
def _noise(seed):
    return np.random.default_rng(seed).standard_normal((TEXTURE, TEXTURE, 3), dtype=np.float32)


def _fields(size, seed, defects, y, x):
    """Distance to the border of everything drawn, in µm and roughly, positive inside; `y` and `x` in µm."""
    rng, unit = np.random.default_rng([seed, 6]), min(size)
    middle = size * rng.uniform(0.47, 0.53, 2)
    fields = {"tissue": _outline(size, middle, y, x, rng), "cellular": _patches(unit, y, x, rng)}
    if "glass" in defects:
        fields["tissue"] = np.full(np.broadcast_shapes(y.shape, x.shape), -unit)
    if "ink" in defects:
        half, start = min(250, 0.02 * unit), rng.uniform(0.2, 0.35)
        wave = y - size[0] * start - 0.04 * unit * np.sin(x * 14 / unit)
        beyond = np.maximum(0, np.abs(x - 0.28 * size[1]) - 0.24 * size[1])
        ring = np.hypot(y - 0.72 * size[0], x - 0.78 * size[1]) - rng.uniform(0.11, 0.15) * unit
        fields |= {"green pen": half - np.hypot(wave, beyond), "blue pen": half - np.abs(ring)}
    if "blur" in defects:
        at, radius = middle + unit * rng.uniform(-0.08, 0.08, 2), rng.uniform(0.16, 0.22) * unit
        fields["blur"] = radius - np.hypot(y - at[0], (x - at[1]) * 0.8)
    if "fold" in defects:
        at, half = middle[0] + rng.uniform(-0.1, 0.1) * unit, min(60, 0.02 * unit)
        fields["fold"] = half - np.abs(y - at - 0.3 * (x - middle[1]) - 0.02 * unit * np.sin(x * 20 / unit))
    if "bubble" in defects:
        at, radius = middle + unit * rng.uniform(-0.2, 0.2, 2), min(1500, rng.uniform(0.07, 0.1) * unit)
        fields["bubble"] = radius - np.hypot(y - at[0], x - at[1])
        fields["rim"] = min(12, 0.006 * unit) - np.abs(fields["bubble"])
    if "edge" in defects:
        fields["edge"] = min(15, 0.008 * unit) - np.abs(x - rng.uniform(0.05, 0.08) * size[1] - 0.03 * y)
    return fields


def _outline(size, middle, y, x, rng):
    """A section with a wavy border, two holes and a loose piece."""
    down, right = (y - middle[0]) / size[0], (x - middle[1]) / size[1]
    angle, border = np.arctan2(down, right), 0.36
    for waves, phase in zip((2, 3, 5, 8, 13), rng.uniform(0, 2 * np.pi, 5), strict=True):
        border = border + 0.05 / waves**0.7 * np.sin(waves * angle + phase)
    inside = (border - np.hypot(down, right)) * min(size)
    for _ in range(2):
        at = middle + size * rng.uniform(-0.2, 0.2, 2)
        inside = np.minimum(inside, np.hypot(y - at[0], x - at[1]) - rng.uniform(0.02, 0.035) * min(size))
    piece = 0.05 * min(size) - np.hypot(y - 0.9 * size[0], x - 0.12 * size[1])
    return np.maximum(inside, piece) + 4 * np.sin(y / 31 + np.sin(x / 23)) + 4 * np.sin(x / 27 + np.sin(y / 37))


def _patches(unit, y, x, rng):
    """Where cells are many: nests of some 0.3 mm."""
    length, phases = min(300, unit / 5), rng.uniform(0, 2 * np.pi, 4)
    across = np.sin(y / length + phases[0] + 1.7 * np.sin(x / length / 1.9 + phases[1]))
    along = np.sin(x / length * 1.2 + phases[2] + 1.5 * np.sin(y / length / 2.3 + phases[3]))
    return (across + along - 0.3) * length / 2
