"""The values of an image, each once, with how many pixels have it: every statistic follows from one histogram."""

from typing import NamedTuple

import numpy as np
from numba import njit

PERCENTILES = (1, 25, 50, 75, 99)
LUMINANCE = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601
RED, GREEN, BLUE = np.rint(LUMINANCE * 2**16).astype(int).tolist()
BAND = 0.01  # of the range between the outer percentiles, to either side of the most frequent value


class Levels(NamedTuple):
    """One frame as the numbers of its values.

    Attributes
    ----------
    ranks : numpy.ndarray of unsigned int
        (row, column): for each pixel the position of its value in `values`. Two frames have the same modality values
        if and only if their `ranks` and `values` are the same, however they are stored.
    values : numpy.ndarray of float
        The different modality values, ascending; not-a-number last.
    counts : numpy.ndarray of int
        How many pixels have each; 0 where all of them are padding.
    padding : int
        How many pixels are padding.
    stored : tuple of int or float
        The lowest and the highest stored value outside of padding; empty if there is none.
    """

    ranks: np.ndarray
    values: np.ndarray
    counts: np.ndarray
    padding: int
    stored: tuple


def count_levels(stored, to_modality=None, to_padding=None, *, overwrite=False):
    """Count the values of one frame.

    Parameters
    ----------
    stored : numpy.ndarray
        (row, column), integers of 8 to 64 bits or floats. Up to 16 bits every pixel is visited twice; wider ones are
        sorted, which is as exact and slower.
    to_modality : callable, optional
        Turns an array of stored values into modality values.
    to_padding : callable, optional
        Tells of an array of stored values which are padding, or returns None. What is not finite counts as padding.
    overwrite : bool
        Whether `ranks` may take the place of `stored`: new memory costs more than what is written there.

    Returns
    -------
    Levels

    Examples
    --------
    >>> import numpy as np
    >>> from eda_utils.quality.histogram import count_levels
    >>> levels = count_levels(np.array([[7, 7], [0, 9]], np.uint8), lambda stored: stored - 1000.0)
    >>> levels.values.tolist(), levels.counts.tolist()
    ([-1000.0, -993.0, -991.0], [1, 2, 1])
    """
    stored = _plain(stored)
    is_narrow = stored.dtype.kind in "iu" and stored.itemsize <= 2
    found, numbers, positions = _count_narrow(stored) if is_narrow else _count_wide(stored)
    modality = np.asarray(found if to_modality is None else to_modality(found), float) + 0.0  # no negative zero
    is_padding = ~np.isfinite(modality)
    marked = None if to_padding is None else to_padding(found)
    if marked is not None:
        is_padding |= marked
    values, rank = _ranked(modality)
    counts = np.bincount(rank, numbers * ~is_padding, len(values)).astype(np.int64)
    limits = () if is_padding.all() else tuple(found[~is_padding][[0, -1]].tolist())
    rank = rank.astype(np.min_scalar_type(len(values) - 1))
    if is_narrow:
        table = np.zeros(256**stored.itemsize, rank.dtype)
        table[positions] = rank
        ranks = _look_up(_unsigned(stored), table, overwrite)
    else:
        ranks = rank[positions]
    return Levels(ranks, values, counts, int(numbers[is_padding].sum()), limits)


def _ranked(values):
    """As `numpy.unique`; mostly the values are in order, as slopes are positive."""
    if (values[1:] > values[:-1]).all():
        return values, np.arange(len(values))
    return np.unique(values, return_inverse=True)


def _plain(array):
    """Row after row, in the byte order of this machine."""
    return np.ascontiguousarray(array, array.dtype.newbyteorder("="))


def _unsigned(stored):
    """The same bytes as unsigned integers, which are positions in a table."""
    return stored.view(f"u{stored.itemsize}")


def _count_narrow(stored):
    size = 256**stored.itemsize
    counts = _histogram(_unsigned(stored).ravel(), size)
    places = np.flatnonzero(counts)
    found = places.astype(f"u{stored.itemsize}").view(stored.dtype)
    order = np.argsort(found, kind="stable")
    return found[order], counts[places[order]], places[order]


def _count_wide(stored):
    found, positions, numbers = np.unique(stored, return_inverse=True, return_counts=True)
    return found, numbers, positions.reshape(stored.shape)


@njit(cache=True, nogil=True)
def _histogram(pixels, size):
    """Two tables in turn: in an even area the processor would wait for its own last addition to the same place."""
    counts = np.zeros((2, size), np.uint32)
    for at in range(0, len(pixels) - 1, 2):
        counts[0, pixels[at]] += 1
        counts[1, pixels[at + 1]] += 1
    if len(pixels) % 2:
        counts[0, pixels[-1]] += 1
    return counts[0] + counts[1]


def _look_up(pixels, table, overwrite):
    can_stay = overwrite and pixels.flags.writeable and pixels.dtype == table.dtype
    found = pixels if can_stay else np.empty(pixels.shape, table.dtype)
    _fill(found.ravel(), pixels.ravel(), table)
    return found


@njit(cache=True, nogil=True)
def _fill(found, pixels, table):
    for at in range(len(pixels)):
        found[at] = table[pixels[at]]


def luminance(rgb: np.ndarray) -> np.ndarray:
    """Return 0.299 R + 0.587 G + 0.114 B in whole levels (ITU-R BT.601), as Pillow does.

    Parameters
    ----------
    rgb : numpy.ndarray of uint8 or uint16
        (row, column, 3).

    Returns
    -------
    numpy.ndarray
        (row, column), the same type.

    Examples
    --------
    >>> import numpy as np
    >>> from eda_utils.quality import luminance
    >>> luminance(np.array([[[255, 0, 0], [9, 9, 9]]], np.uint8)).tolist()
    [[76, 9]]
    """
    return _luminance(_plain(rgb))


@njit(cache=True, nogil=True)
def _luminance(rgb):
    grey = np.empty(rgb.shape[:2], rgb.dtype)
    for row in range(rgb.shape[0]):
        for column in range(rgb.shape[1]):
            red, green, blue = rgb[row, column]
            grey[row, column] = (RED * np.int64(red) + GREEN * np.int64(green) + BLUE * np.int64(blue) + 2**15) >> 16
    return grey


def describe_levels(frames):
    """Return the statistics of the modality values of one or more frames without padding.

    Parameters
    ----------
    frames : list of Levels
        Their `ranks` are not needed.

    Returns
    -------
    dict
        The columns of `measure_images` from ``min_value`` to ``background_share``; without a pixel outside of padding
        only ``padding_share``.

    Examples
    --------
    >>> import numpy as np
    >>> from eda_utils.quality.histogram import count_levels, describe_levels
    >>> found = describe_levels([count_levels(np.array([[0, 1], [2, 1]], np.uint8))])
    >>> [float(found[name]) for name in ("mean_value", "p50_value", "entropy_bits", "bits_used")]
    [1.0, 1.0, 1.5, 2.0]
    """
    values, counts = _merge(frames)
    total, padded = int(counts.sum()), sum(levels.padding for levels in frames)
    padding = {"padding_share": padded / (total + padded)}
    if not total:
        return padding
    stored = [limit for levels in frames for limit in levels.stored]
    limits = {"stored_min": min(stored), "stored_max": max(stored), "bits_used": bits_needed(min(stored), max(stored))}
    return _moments(values, counts / total, counts) | padding | limits | _shares(values, counts, total)


def _merge(frames):
    """The histogram of all frames: values that occur, and how often."""
    if len(frames) == 1:
        values, counts = frames[0].values, frames[0].counts
    else:
        values, rank = np.unique(np.concatenate([levels.values for levels in frames]), return_inverse=True)
        counts = np.bincount(rank, np.concatenate([levels.counts for levels in frames])).astype(np.int64)
    return values[counts > 0], counts[counts > 0]


def _moments(values, shares, counts):
    mean = values[0] + shares @ (values - values[0])  # exact for an even image
    return {
        "min_value": values[0],
        "max_value": values[-1],
        "mean_value": mean,
        "sd_value": np.sqrt(shares @ (values - mean) ** 2) if len(values) > 1 else 0.0,
        **{f"p{percent:02}_value": at for percent, at in zip(PERCENTILES, _percentiles(values, counts), strict=True)},
        "entropy_bits": abs(shares @ np.log2(shares)),
        "unique_values": len(values),
    }


def _percentiles(values, counts):
    """By linear interpolation between neighbours in order, as numpy does."""
    ends = np.cumsum(counts)
    place = np.array(PERCENTILES) / 100 * (ends[-1] - 1)
    below = np.floor(place)
    low, high = (values[np.searchsorted(ends, at, "right")] for at in (below, np.minimum(below + 1, ends[-1] - 1)))
    return low + (high - low) * (place - below)


def _shares(values, counts, total):
    most = values[np.argmax(counts)]
    low, *_, high = _percentiles(values, counts)
    near = counts[np.abs(values - most) <= BAND * (high - low)].sum()
    shares = np.array([counts[0], counts[-1], near]) / total
    return dict(zip(("low_share", "high_share", "background_share"), shares, strict=True))


def bits_needed(low, high):
    """Return how many bits whole numbers between two limits need, one of them for the sign if there is one.

    Examples
    --------
    >>> from eda_utils.quality.histogram import bits_needed
    >>> bits_needed(0, 4095), bits_needed(-1024, 3071), bits_needed(0.5, 2.0)
    (12, 13, None)
    """
    if isinstance(low, float):
        return None
    return high.bit_length() if low >= 0 else max(~low, high).bit_length() + 1
