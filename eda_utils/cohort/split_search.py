"""Groups dealt to parts so that sizes and classes come out as asked: greedy, then swapped."""

import numpy as np

ROUNDS, ROUNDS_OF_MANY = 500, 50
SWAP_POOL = 400  # groups whose swaps are tried at once
STARTS, MANY_GROUPS = 8, 2_000  # with few groups there is time to start again
MOST_DEALS = 20_000  # with very few there is time to try all: nine in three parts
SIZE_WEIGHT = 2.0  # of the size of a part, against all its classes together


def search_parts(counts, fractions, seed=0):
    """Choose a part for every group.

    Parameters
    ----------
    counts : numpy.ndarray of float
        (group, 1 + class): files of the group, and files of each class in it.
    fractions : numpy.ndarray of float
        (part): shares wanted.
    seed : int

    Returns
    -------
    numpy.ndarray of int
        (group). No part is empty.

    Notes
    -----
    Minimised is the sum over parts and columns of w (have − wanted)². To place groups of mixed classes exactly is a
    bin-packing problem. Where there are few all deals are tried. Else this is greedy placement of the largest first,
    as of K. Sechidis et al., On the stratification of multi-label data, ECML 2011, and in other orders, improved by
    the best swap until there is none.

    Examples
    --------
    >>> import numpy as np
    >>> from eda_utils.cohort.split_search import search_parts
    >>> counts = np.array([[2, 2], [2, 0], [1, 1], [1, 0.0]])
    >>> parts = search_parts(counts, np.array([0.5, 0.5]))
    >>> [counts[parts == part].sum(axis=0).tolist() for part in (0, 1)]
    [[3.0, 2.0], [3.0, 1.0]]
    """
    counts = np.asarray(counts, float)
    weights = _weights(counts)
    rng = np.random.default_rng(seed)
    if len(fractions) ** len(counts) <= MOST_DEALS:
        return _try_all(counts, fractions, weights, rng)
    best, least = None, np.inf
    for start in range(1 if len(counts) > MANY_GROUPS else STARTS):
        dealt = _greedy(counts, fractions, weights, rng, is_sorted=start % 2 == 0)
        parts = _improve(dealt, counts, fractions, weights, rng)
        parts = _fill_empty(parts, counts, len(fractions))
        cost = _cost(parts, counts, fractions, weights)
        if cost < least - 1e-12:
            best, least = parts, cost
    return best


def _weights(counts):
    """A class counts by its share, rare ones as much as frequent ones."""
    totals = counts.sum(axis=0)
    weights = np.divide(1, totals, out=np.zeros_like(totals), where=totals > 0) ** 2
    weights[1:] /= max(len(totals) - 1, 1)
    weights[0] *= SIZE_WEIGHT
    return weights


def _gap(parts, counts, fractions):
    """(part, column): what a part has beyond what is wanted."""
    have = np.zeros((len(fractions), counts.shape[1]))
    np.add.at(have, parts, counts)
    return have - fractions[:, None] * counts.sum(axis=0)


def _cost(parts, counts, fractions, weights):
    return float((_gap(parts, counts, fractions) ** 2 @ weights).sum())


def _try_all(counts, fractions, weights, rng):
    """Of equally good deals any, by chance; the best one with an empty part only where groups are too few."""
    several = len(fractions)
    deals = np.indices((several,) * len(counts)).reshape(len(counts), -1).T
    deals = deals[rng.permutation(len(deals))]
    have = np.stack([(deals == part) @ counts for part in range(several)], axis=1)  # (deal, part, column)
    gap = have - fractions[:, None] * counts.sum(axis=0)
    cost = (gap**2 @ weights).sum(axis=1)
    is_whole = np.all([(deals == part).any(axis=1) for part in range(several)], axis=0)
    return deals[np.argmin(np.where(is_whole | ~is_whole.any(), cost, np.inf))]


def _greedy(counts, fractions, weights, rng, *, is_sorted=True):
    order = rng.permutation(len(counts))
    if is_sorted:
        order = order[np.argsort(-(counts[order] ** 2 @ weights), kind="stable")]
    gap = -fractions[:, None] * counts.sum(axis=0)
    parts = np.empty(len(counts), int)
    scale = weights / fractions[:, None]  # parts grow alike: else the first groups, which are the odd ones, fill one
    for group in order:
        parts[group] = np.argmin((scale * gap) @ (2 * counts[group]) + scale @ counts[group] ** 2)
        gap[parts[group]] += counts[group]
    return parts


def _improve(parts, counts, fractions, weights, rng):
    """Let the two groups change places by which the cost sinks most, until there are none; to move is to change places
    with nothing, of which each part has some."""
    several, many = len(fractions), len(counts)
    counts = np.vstack([counts, np.zeros((several, counts.shape[1]))])
    nothing = np.arange(several)
    parts = np.append(parts, nothing)
    for _ in range(ROUNDS if many <= MANY_GROUPS else ROUNDS_OF_MANY):
        pool = np.arange(many) if many <= SWAP_POOL else rng.choice(many, SWAP_POOL, replace=False)
        pool = np.append(pool, many + nothing)
        change = _changes(counts[pool], parts[pool], _gap(parts, counts, fractions), weights)
        pair = pool[list(np.unravel_index(np.argmin(change), change.shape))]
        if change.min() > -1e-12:
            break
        parts[pair] = parts[pair[::-1]]
        parts[many:] = nothing
    return parts[:many]


def _changes(counts, parts, gap, weights):
    """(group, group): by how much the cost changes where the two change places."""
    weighted = counts * weights
    products = weighted @ counts.T
    squares = np.diag(products)
    linear = weighted @ gap[parts].T  # of a group, where another one is
    here = np.diag(linear)
    change = squares[:, None] + squares - 2 * products + linear + linear.T - here[:, None] - here
    return np.where(parts[:, None] == parts, 0, 2 * change)


def _fill_empty(parts, counts, several):
    """A part without any group takes the smallest one of the part that has most."""
    parts = parts.copy()
    for _ in range(len(counts)):
        groups = np.bincount(parts, minlength=several)
        if groups.all():
            break
        donors = np.flatnonzero(parts == np.argmax(groups))
        parts[donors[np.argmin(counts[donors, 0])]] = np.argmin(groups)
    return parts
