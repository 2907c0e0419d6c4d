"""Groups dealt to parts so that sizes and classes come out as asked: greedy, then moved and swapped."""

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
    the best move and the best swap until there is none.

    Examples
    --------
    >>> import numpy as np
    >>> from eda_utils.part_search import search_parts
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
    where = parts, _gap(parts, counts, fractions), counts, weights
    for _ in range(ROUNDS if len(counts) <= MANY_GROUPS else ROUNDS_OF_MANY):
        if not (_move_best(*where) or _swap_best(*where, rng)):
            break
    return parts


def _move_best(parts, gap, counts, weights):
    """Move the group by which the cost sinks most; tell whether there is one."""
    squares = counts**2 @ weights
    linear = counts @ (gap * weights).T  # (group, part)
    here = np.arange(len(counts))
    change = 2 * (squares[:, None] + linear - linear[here, parts][:, None])
    change[here, parts] = 0
    group, part = np.unravel_index(np.argmin(change), change.shape)
    if change[group, part] > -1e-12:
        return False
    _shift(parts, gap, counts, group, part)
    return True


def _swap_best(parts, gap, counts, weights, rng):
    """Swap the two groups by which the cost sinks most, of a sample where there are many."""
    pool = np.arange(len(counts)) if len(counts) <= SWAP_POOL else rng.choice(len(counts), SWAP_POOL, replace=False)
    here, there = parts[pool][:, None], parts[pool][None]
    difference = counts[pool][None] - counts[pool][:, None]  # what the part of the first gains
    squares = difference**2 @ weights
    linear = np.einsum("abf,pf->abp", difference, gap * weights, optimize=True)
    first = np.take_along_axis(linear, np.broadcast_to(here, squares.shape)[..., None], 2)[..., 0]
    second = np.take_along_axis(linear, np.broadcast_to(there, squares.shape)[..., None], 2)[..., 0]
    change = 2 * (squares + first - second)
    change[here == there] = 0
    one, other = np.unravel_index(np.argmin(change), change.shape)
    if change[one, other] > -1e-12:
        return False
    one, other = pool[one], pool[other]
    was, becomes = parts[one], parts[other]
    _shift(parts, gap, counts, one, becomes)
    _shift(parts, gap, counts, other, was)
    return True


def _shift(parts, gap, counts, group, part):
    gap[parts[group]] -= counts[group]
    gap[part] += counts[group]
    parts[group] = part


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
