"""The search for parts, against all deals of few groups."""

from itertools import product

import numpy as np
import pytest

from eda_utils.cohort.split_search import search_parts


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("groups", [7, 10])
def test_groups_are_dealt_as_well_as_by_trying_all(groups, seed):
    """Seven are tried in all ways, ten are not."""
    rng = np.random.default_rng(seed)
    size = rng.integers(1, 6, groups)
    counts = np.column_stack([size, rng.binomial(size, 0.4), rng.binomial(size, 0.2)]).astype(float)
    shares = np.array([0.5, 0.3, 0.2])
    wanted = shares[:, None] * counts.sum(axis=0)
    deals = np.array(list(product(range(3), repeat=groups)))
    gaps = np.abs(np.stack([(deals == part) @ counts for part in range(3)], axis=1) - wanted)
    ours = np.abs(_have(search_parts(counts, shares, seed), counts) - wanted)
    assert ours[:, 0].max() <= gaps[..., 0].max(axis=1).min() + size.min()
    assert ours.max() <= gaps.max(axis=(1, 2)).min() + 1


def _have(parts, counts):
    return np.stack([counts[parts == part].sum(axis=0) for part in range(3)])


@pytest.mark.parametrize("shares", [(0.7, 0.15, 0.15), (0.5, 0.25, 0.25)])
@pytest.mark.parametrize(
    "sizes", [(1, 1, 1, 3, 5, 5, 5), (1, 2, 7, 9), (1, 1, 1), (9, 9, 9, 9, 9, 9, 1), (2, 2, 3, 3, 8, 8, 8)]
)
def test_sizes_alone_come_out_best(sizes, shares):
    sizes = np.array(sizes, float)
    wanted = np.array(shares) * sizes.sum()
    deals = np.array([deal for deal in product(range(3), repeat=len(sizes)) if len(set(deal)) == 3])
    gaps = np.abs(np.stack([(deals == part) @ sizes for part in range(3)], axis=1) - wanted)
    ours = np.abs(_have(search_parts(sizes[:, None], np.array(shares)), sizes) - wanted)
    assert ours.max() == pytest.approx(gaps.max(axis=1).min())


def test_many_groups_come_out_even():
    """As of a public set of radiographs: most patients have one image, few have many, findings are rare and cluster."""
    rng = np.random.default_rng(3)
    size = np.minimum(rng.geometric(0.27, 5_000), 60)
    often = np.array([0.3, 0.1, 0.05, 0.03, 0.01, 0.004])
    classes = rng.binomial(size[:, None], often * rng.gamma(0.5, 2, (len(size), 1)).clip(max=3))
    counts = np.column_stack([size, classes]).astype(float)
    shares = np.array([0.7, 0.15, 0.15])
    have = _have(search_parts(counts, shares), counts)
    assert np.abs(have[:, 0] / size.sum() - shares).max() < 1e-3
    assert np.abs(have[:, 1:] / have[:, :1] - classes.sum(axis=0) / size.sum()).max() < 1e-3


def test_no_part_is_empty():
    counts = np.array([[100.0], [1], [1]])
    assert set(search_parts(counts, np.array([0.98, 0.01, 0.01]))) == {0, 1, 2}
