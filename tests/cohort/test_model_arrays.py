"""Sizes and channels, against numpy by hand."""

import numpy as np

from eda_utils.cohort.model_arrays import resized, to_channels, to_size


def test_half_the_size_keeps_the_mean():
    pixels = np.random.default_rng(0).random((64, 96, 1)).astype(np.float32)
    small = resized(pixels, (32, 48))
    assert small.shape == (32, 48, 1)
    np.testing.assert_allclose(small.mean(), pixels.mean(), rtol=1e-2)
    assert resized(pixels, (64, 96)) is pixels


def test_colour_is_resized_channel_by_channel():
    pixels = np.random.default_rng(1).random((20, 30, 3)).astype(np.float32)
    both = resized(pixels, (10, 15))
    for channel in range(3):
        np.testing.assert_array_equal(both[..., channel], resized(pixels[..., channel : channel + 1], (10, 15))[..., 0])


def test_a_picture_is_framed_or_cropped_around_its_middle():
    pixels = np.arange(1, 13, dtype=np.float32).reshape(3, 4, 1)
    assert to_size(pixels, (5, 2))[:, :, 0].tolist() == [[2, 2], [2, 3], [6, 7], [10, 11], [2, 2]]


def test_channels():
    grey, colour = np.ones((2, 2), np.float32), np.ones((2, 2, 3), np.float32)
    assert to_channels(grey, 3).shape == (2, 2, 3)
    np.testing.assert_allclose(to_channels(colour, 1), 1, rtol=1e-6)
