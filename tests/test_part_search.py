"""The search for parts, against all deals of few groups."""

from itertools import product

import numpy as np
import pytest

from eda_utils.part_search import search_parts


@pytest.mark.parametrize("seed", range(10))
def test_few_groups_are_dealt_as_well_as_by_trying_all(seed):
    rng = np.random.default_rng(seed)
    size = rng.integers(1, 6, 8)
    counts = np.column_stack([size, rng.binomial(size, 0.4), rng.binomial(size, 0.2)]).astype(float)
    shares = np.array([0.5, 0.3, 0.2])
    gap = [np.abs(_have(deal, counts) - shares[:, None] * counts.sum(axis=0)) for deal in _deals(8)]
    ours = np.abs(_have(search_parts(counts, shares, seed), counts) - shares[:, None] * counts.sum(axis=0))
    assert ours[:, 0].max() <= min(table[:, 0].max() for table in gap) + size.min()
    assert ours.max() <= min(table.max() for table in gap) + 1


def _deals(groups):
    return (np.array(deal) for deal in product(range(3), repeat=groups))


def _have(parts, counts):
    return np.stack([counts[parts == part].sum(axis=0) for part in range(3)])


def test_no_part_is_empty():
    counts = np.array([[100.0], [1], [1]])
    assert set(search_parts(counts, np.array([0.98, 0.01, 0.01]))) == {0, 1, 2}
