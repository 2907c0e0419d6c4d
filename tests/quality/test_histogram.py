"""Every statistic that is read off the histogram is the one that numpy computes from the pixels."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from PIL import Image as Pillow

from eda_utils.quality.histogram import PERCENTILES, bits_needed, count_levels, describe_levels, luminance

INTEGERS = [np.uint8, np.int8, np.uint16, np.int16, np.uint32, np.int32]
SHAPES = array_shapes(min_dims=2, max_dims=2, max_side=12)
integers = st.sampled_from(INTEGERS).flatmap(lambda kind: arrays(kind, SHAPES))
few_integers = st.sampled_from(INTEGERS).flatmap(lambda kind: arrays(kind, SHAPES, elements=st.integers(0, 3)))
floats = arrays(np.float32, SHAPES, elements=st.floats(-1e6, 1e6, width=32))
slopes = st.sampled_from([1, -1, 2, 0.5, 0.1, -0.3, 1.25, 1e-4])


def entropy(values):
    shares = np.unique(values, return_counts=True)[1] / values.size
    return -np.sum(shares * np.log2(shares))


def check(found, values, stored):
    scale = max(np.abs(values).max(), 1)
    expected = {
        "min_value": values.min(),
        "max_value": values.max(),
        "mean_value": values.mean(),
        "sd_value": values.std(),
        **{f"p{percent:02}_value": np.percentile(values, percent) for percent in PERCENTILES},
    }
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=1e-9, abs=1e-9 * scale), name
    assert found["entropy_bits"] == pytest.approx(entropy(values), abs=1e-9)
    assert found["low_share"] == pytest.approx((values == values.min()).mean())
    assert found["high_share"] == pytest.approx((values == values.max()).mean())
    assert found["unique_values"] == len(np.unique(values))
    assert (found["stored_min"], found["stored_max"]) == (stored.min(), stored.max())


@settings(deadline=None)  # the first call compiles
@given(st.one_of(integers, few_integers), slopes, st.sampled_from([0, -1024, 0.5, 1e5]))
def test_integers_after_rescale(stored, slope, intercept):
    levels = count_levels(stored, lambda found: found.astype(float) * slope + intercept)
    values = stored.astype(float) * slope + intercept
    check(describe_levels([levels]), values, stored)
    assert np.array_equal(levels.values[levels.ranks], values)
    assert (np.diff(levels.values) > 0).all()


@settings(deadline=None)  # the first call compiles
@given(st.one_of(integers, few_integers), st.integers(0, 3))
def test_padding_is_left_out(stored, value):
    is_padding = stored == value
    found = describe_levels([count_levels(stored, to_padding=lambda found: found == value)])
    assert found["padding_share"] == pytest.approx(is_padding.mean())
    if is_padding.all():
        assert list(found) == ["padding_share"]
    else:
        check(found, stored[~is_padding].astype(float), stored[~is_padding])


@settings(deadline=None)  # the first call compiles
@given(floats)
def test_floats(stored):
    levels = count_levels(stored)
    check(describe_levels([levels]), stored.astype(float), stored)
    assert np.array_equal(levels.values[levels.ranks], stored)


def test_what_is_not_finite_is_left_out():
    stored = np.array([[np.nan, 1, 3], [np.inf, -np.inf, np.nan]], np.float32)
    found = describe_levels([count_levels(stored)])
    assert (found["min_value"], found["max_value"], found["unique_values"]) == (1, 3, 2)
    assert found["padding_share"] == pytest.approx(4 / 6)
    assert found["bits_used"] is None


@settings(deadline=None)  # the first call compiles
@given(st.lists(few_integers, min_size=2, max_size=4))
def test_frames_are_one_population(frames):
    found = describe_levels([count_levels(frame) for frame in frames])
    values = np.concatenate([frame.ravel().astype(float) for frame in frames])
    check(found, values, values)


def test_a_lookup_table_may_merge_and_turn_values():
    levels = count_levels(np.array([[0, 1], [2, 3]], np.uint8), lambda found: np.array([9, 9, 5, 7])[found])
    assert levels.values.tolist() == [5, 7, 9]
    assert levels.counts.tolist() == [1, 1, 2]
    assert levels.ranks.tolist() == [[2, 2], [0, 1]]


@settings(deadline=None)  # the first call compiles
@given(integers)
def test_ranks_do_not_depend_on_how_values_are_stored(stored):
    """The same modality values, once as they are and once shifted and turned."""
    plain = count_levels(stored)
    other = count_levels(-stored.astype(np.int64), lambda found: -found)
    swapped = count_levels(np.asfortranarray(stored.astype(stored.dtype.newbyteorder(">"))))
    for levels in (other, swapped):
        assert np.array_equal(levels.ranks, plain.ranks)
        assert np.array_equal(levels.values, plain.values)
        assert levels.ranks.dtype == plain.ranks.dtype


@settings(deadline=None)  # the first call compiles
@given(integers)
def test_overwriting_gives_the_same(stored):
    plain, other = count_levels(stored), count_levels(stored.copy(), overwrite=True)
    assert np.array_equal(other.ranks, plain.ranks)
    assert np.array_equal(plain.values[plain.ranks], stored)


@settings(deadline=None)  # the first call compiles
@given(arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3))))
def test_luminance_is_pillows(rgb):
    assert np.array_equal(luminance(rgb), np.asarray(Pillow.fromarray(rgb).convert("L")))


@pytest.mark.parametrize("kind", ["<u2", ">u2"])
def test_luminance_of_sixteen_bits(kind):
    rgb = np.array([[[65535, 65535, 65535], [0, 40000, 0]]], kind)
    assert luminance(rgb).tolist() == [[65535, round(40000 * 0.587)]]


@given(st.integers(-(2**31), 2**32), st.integers(-(2**31), 2**32))
def test_bits_are_as_few_as_can_be(one, other):
    low, high = sorted((one, other))
    bits = bits_needed(low, high)

    def fits(bits):
        limits = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if low < 0 else (0, 2**bits - 1)
        return limits[0] <= low and high <= limits[1]

    assert fits(bits)
    assert bits == (low < 0) or not fits(bits - 1)


def test_background_is_what_is_near_the_most_frequent_value():
    values = np.repeat(np.arange(0, 1001, 10), 2).astype(np.uint16)
    stored = np.concatenate([values, np.full(100, 500, np.uint16), np.full(20, 505, np.uint16)])[None]
    found = describe_levels([count_levels(stored)])
    span = found["p99_value"] - found["p01_value"]
    expected = (np.abs(stored.astype(float) - 500) <= 0.01 * span).mean()
    assert found["background_share"] == pytest.approx(expected)
    assert 0.3 < expected < 0.5
