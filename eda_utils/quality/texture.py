"""Where in a picture its values lie: margins, edge and centre, sharpness and noise, writing, and two fingerprints."""

import hashlib

import numpy as np
from numba import njit

GRID = 64  # blocks along a side: the outermost are 1.6 % of it
GRID_ROWS = 512  # of an image with twice as many, every second one is enough for the means of blocks
BANDS, BAND_PIXELS = 16, 2**14  # sharpness and noise: in 16 rows, more where rows are short, fewer columns where long
NORMAL_MEDIAN = 0.6745  # median of the absolute value of a standard normal variable
TEXT_BANDS = 8  # writing is looked for in the upper and in the lower eighth
TEXT_CELLS = (32, 16)  # of a size of which there are so many in a picture
LEAST_CELL = (16, 32)  # pixels: less does not hold a word
STEP, NOISE_STEP = 0.25, 8  # of the range; times the noise
STROKE = 64  # of the width is how wide a stroke can be, 6 pixels at least
HASH_SIDE = 8
MULTIPLIERS = np.array([0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x85EBCA77C2B2AE63], np.uint64)
ROUNDING = 1e-12  # of the mean: what smaller waves are made of


def describe_layout(levels, statistics, to_shown=None):
    """Measure one frame where its pixels lie.

    Parameters
    ----------
    levels : Levels
        With at least one pixel that is no padding.
    statistics : dict
        From `describe_levels`.
    to_shown : callable, optional
        Turns means of modality values, not-a-number for padding, into grey levels from 0 (black) to 1.

    Returns
    -------
    dict
        ``border_share``, ``edge_value``, ``centre_value``, ``sharpness``, ``noise_sd``, ``corner_contrast`` and
        ``perceptual_hash``, as `measure_images` explains them.

    Examples
    --------
    >>> import numpy as np
    >>> from eda_utils.quality.texture import describe_layout
    >>> from eda_utils.quality.histogram import count_levels, describe_levels
    >>> levels = count_levels(np.pad(np.full((60, 60), 7, np.uint8), 20))
    >>> found = describe_layout(levels, describe_levels([levels]))
    >>> [float(found[name]) for name in ("border_share", "edge_value", "centre_value")]
    [0.64, 0.0, 7.0]
    """
    values, is_measured = levels.values, levels.counts > 0
    blocks = block_sums(levels.ranks, np.where(is_measured, values, 0.0)), _block_sizes(levels.ranks, is_measured)
    values = np.where(is_measured, values, np.nan)
    spread, noise = _texture(levels.ranks, values)
    span = statistics["p99_value"] - statistics["p01_value"] or statistics["max_value"] - statistics["min_value"]
    return {
        "border_share": border_share(levels.ranks),
        **_edge_and_centre(*blocks),
        "sharpness": spread / statistics["sd_value"] if statistics["sd_value"] else 0.0,
        "noise_sd": noise,
        "corner_contrast": _writing(levels.ranks, values, max(STEP * span, NOISE_STEP * (noise or 0))),
        "perceptual_hash": perceptual_hash(_shown_blocks(*blocks, to_shown)),
    }


def block_sums(ranks, values):
    """Return the sum of what each block of a grid of at most 64 × 64 holds.

    Parameters
    ----------
    ranks : numpy.ndarray of unsigned int
        (row, column).
    values : numpy.ndarray of float
        One for each rank.

    Returns
    -------
    numpy.ndarray of float
        Pixel (r, c) of an image of R × C lies in block (r * 64 // R, c * 64 // C). From 1024 rows on, of every second,
        third and so on.
    """
    rows, columns = (min(GRID, side) for side in ranks.shape)
    edges = -(-np.arange(columns + 1) * ranks.shape[1] // columns)
    return _block_sums(ranks, values, rows, edges, _row_step(ranks))


def _row_step(ranks):
    return max(len(ranks) // GRID_ROWS, 1)


def _block_sizes(ranks, is_measured):
    """How many pixels of each block are no padding."""
    if not is_measured.all():
        return block_sums(ranks, is_measured.astype(float))
    steps = (_row_step(ranks), 1)
    blocks = [np.arange(0, side, step) * min(GRID, side) // side for side, step in zip(ranks.shape, steps, strict=True)]
    return np.multiply.outer(*map(np.bincount, blocks))


@njit(cache=True, nogil=True)
def _block_sums(ranks, values, rows, edges, step):
    """Two sums in turn, as each addition waits for the one before."""
    sums = np.zeros((rows, len(edges) - 1))
    for row in range(0, ranks.shape[0], step):
        for block in range(len(edges) - 1):
            even = odd = 0.0
            for column in range(edges[block], edges[block + 1] - 1, 2):
                even += values[ranks[row, column]]
                odd += values[ranks[row, column + 1]]
            if (edges[block + 1] - edges[block]) % 2:
                even += values[ranks[row, edges[block + 1] - 1]]
            sums[row * rows // ranks.shape[0], block] += even + odd
    return sums


def _edge_and_centre(sums, counts):
    """The ring of outermost blocks, and the blocks of the middle half of both sides."""
    is_edge = np.ones(sums.shape, bool)
    is_edge[1:-1, 1:-1] = False
    middle = tuple(slice(side // 4, side - side // 4) for side in sums.shape)
    edge, centre = counts[is_edge].sum(), counts[middle].sum()
    return {
        "edge_value": sums[is_edge].sum() / edge if edge else None,
        "centre_value": sums[middle].sum() / centre if centre else None,
    }


def _shown_blocks(sums, counts, to_shown):
    """Blocks of padding are black, whatever the polarity."""
    means = np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0)
    return np.where(counts > 0, means if to_shown is None else to_shown(means), 0.0)


def border_share(ranks):
    """Return which share of the area outer rows, then outer columns, of one value on each side make up.

    Examples
    --------
    >>> import numpy as np
    >>> from eda_utils.quality.texture import border_share
    >>> border_share(np.array([[5, 5], [1, 2], [3, 4], [3, 5]], np.uint8))
    0.25
    """
    (rows, columns), top, left = ranks.shape, 0, 0
    first, last = ranks[0, 0], ranks[-1, 0]
    while top < rows and (ranks[top] == first).all():
        top += 1
    while top < rows and (ranks[rows - 1] == last).all():
        rows -= 1
    if top < rows:
        first, last = ranks[top, 0], ranks[top, -1]
    while top < rows and left < columns and (ranks[top:rows, left] == first).all():
        left += 1
    while top < rows and left < columns and (ranks[top:rows, columns - 1] == last).all():
        columns -= 1
    return 1 - (rows - top) * (columns - left) / ranks.size


def _texture(ranks, values):
    """Standard deviation of the Laplacian, and of the noise after Immerkær with a median, which edges do not move."""
    if min(ranks.shape) < 3:
        return 0.0, None
    most = max(BANDS, BAND_PIXELS // ranks.shape[1]), BAND_PIXELS // BANDS
    lines = (np.linspace(1, side - 2, count) for side, count in zip(ranks.shape, most, strict=True))
    rows, columns = (np.unique(places.round().astype(int)) for places in lines)
    laplacian, cross = _derivatives(ranks, values, rows, columns)
    is_uneven = np.isfinite(cross) & ((cross != 0) | (laplacian != 0))
    noise = np.median(np.abs(cross[is_uneven])) / (6 * NORMAL_MEDIAN) if is_uneven.any() else 0.0
    inside = laplacian[np.isfinite(laplacian)]
    return (inside.std() if inside.size else 0.0), noise


@njit(cache=True, nogil=True)
def _derivatives(ranks, values, rows, columns):
    """The Laplacian of the four neighbours, and the second derivative along rows of that along columns."""
    laplacian, cross = np.empty((2, len(rows), len(columns)))
    for line, row in enumerate(rows):
        for at, column in enumerate(columns):
            near = far = 0.0
            here = values[ranks[row, column]]
            for step in (-1, 1):
                near += values[ranks[row + step, column]] + values[ranks[row, column + step]]
                far += values[ranks[row - 1, column + step]] + values[ranks[row + 1, column + step]]
            laplacian[line, at] = near - 4 * here
            cross[line, at] = far - 2 * near + 4 * here
    return laplacian, cross


def _writing(ranks, values, step):
    """The largest density of strokes in any cell along the upper and the lower edge, corners included."""
    rows, columns = ranks.shape
    high, wide = np.maximum(LEAST_CELL, np.floor_divide(ranks.shape, TEXT_CELLS)).tolist()
    if rows < 2 * high or columns < wide:
        return None
    tops = np.arange(0, max(rows // TEXT_BANDS - high // 2, 1), high)
    tops = np.concatenate([tops, rows - high - tops])
    lefts = np.arange(0, columns - wide + 1, wide)
    return _most_strokes(ranks, values, step, max(6, columns // STROKE), tops, lefts, (high, wide))


@njit(cache=True, nogil=True)
def _most_strokes(ranks, values, step, reach, tops, lefts, size):
    """Letters are strokes: a steep step up and soon a steep step down in the same row, or the other way round.

    Of each cell eight rows are looked at.
    """
    most, every = 0, size[0] // 8
    for top in tops:
        for left in lefts:
            strokes = 0
            for row in range(top, top + size[0], every):
                up = down = -ranks.size
                for column in range(left, left + size[1] - 1):
                    change = values[ranks[row, column + 1]] - values[ranks[row, column]]
                    if change > step:
                        strokes += column - down <= reach
                        up, down = column, -ranks.size
                    elif change < -step:
                        strokes += column - up <= reach
                        up, down = -ranks.size, column
            most = max(most, strokes)
    return most / (-(-size[0] // every) * size[1])


def exact_hash(*arrays):
    """Return a fingerprint of arrays that only identical ones, of the same shape and type, share.

    Parameters
    ----------
    *arrays : numpy.ndarray

    Returns
    -------
    str
        32 hexadecimal digits: BLAKE2b of what XXH64 leaves of the content.

    Examples
    --------
    >>> import numpy as np
    >>> from eda_utils.quality.texture import exact_hash
    >>> exact_hash(np.zeros((2, 3))) == exact_hash(np.zeros((3, 2)))
    False
    """
    digest = hashlib.blake2b(digest_size=16)
    for array in arrays:
        content = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
        whole = len(content) - len(content) % (8 * len(MULTIPLIERS))
        digest.update(f"{array.shape}{array.dtype.str}".encode())
        digest.update(_lanes(content[:whole].view(np.uint64), MULTIPLIERS))
        digest.update(content[whole:])
    return digest.hexdigest()


@njit(cache=True, nogil=True)
def _lanes(words, multipliers):
    """The inner loop of XXH64, ten times as fast as BLAKE2b: of its four sums, each word changes one."""
    lanes = multipliers.copy()
    for at in range(0, len(words), 4):
        for lane in range(4):
            mixed = lanes[lane] + words[at + lane] * multipliers[1]
            lanes[lane] = (mixed << np.uint64(31) | mixed >> np.uint64(33)) * multipliers[0]
    return lanes


def perceptual_hash(shown):
    """Return 64 bits that hardly change when a picture is scaled, compressed or brightened.

    Parameters
    ----------
    shown : numpy.ndarray of float
        (row, column), from 0 (black) to 1; means of blocks are enough.

    Returns
    -------
    str
        16 hexadecimal digits; the number of bits that differ says how unlike two pictures are. All 0 if it is even.

    References
    ----------
    C. Zauner, Implementation and benchmarking of perceptual image hash functions, Hagenberg 2010, section 3.2: which of
    the lowest frequencies of the cosine transform are above their median.

    Examples
    --------
    >>> import numpy as np
    >>> from eda_utils.quality.texture import perceptual_hash
    >>> perceptual_hash(np.ones((64, 64)))
    '0000000000000000'
    """
    down, across = map(_cosines, shown.shape)
    mean, *waves = (down @ shown @ across.T).ravel()
    largest = np.abs(waves).max()
    if largest <= ROUNDING * abs(mean):
        return "0" * (HASH_SIDE**2 // 4)
    waves = np.array([0, *waves / largest]).round(9)  # those of a symmetrical picture are 0, and not almost 0
    return np.packbits(waves > np.median(waves[1:])).tobytes().hex()


def _cosines(size):
    return np.cos(np.pi / size * np.outer(np.arange(HASH_SIDE), np.arange(size) + 0.5))
