"""Pixels in the size and number of channels that a model wants."""

import numpy as np

from ..quality import LUMINANCE


def measured(image):
    """Return values as float32; what was not acquired takes the lowest value that was, colour is from 0 to 1."""
    pixels = image.pixels.astype(np.float32)
    if image.is_color:
        return pixels / (2 ** (8 * image.pixels.dtype.itemsize) - 1)
    if image.padding is not None and image.padding.any() and not image.padding.all():
        pixels[image.padding] = pixels[~image.padding].min()
    return pixels


def to_channels(pixels, channels):
    """Return pixels as (row, column, channel): grey repeated, colour as luminance where one channel is wanted."""
    if pixels.ndim == 2:
        return np.repeat(pixels[..., None], channels, axis=2)
    return pixels if channels == 3 else (pixels @ LUMINANCE.astype(np.float32))[..., None]


def resized(pixels, shape):
    """Return pixels in another shape, each a weighted mean of those it covers (Pillow's bilinear filter widens so)."""
    if pixels.shape[:2] == shape:
        return pixels
    from PIL import Image as Pillow

    same = pixels.shape[2] == 3 and np.array_equal(pixels[..., 0], pixels[..., 2])
    planes = [pixels[..., channel] for channel in range(1 if same else pixels.shape[2])]
    small = [Pillow.fromarray(plane).resize(shape[::-1], Pillow.Resampling.BILINEAR) for plane in planes]
    return np.repeat(np.stack(small, axis=2), pixels.shape[2] // len(small), axis=2)


def to_size(pixels, size):
    """Return pixels cropped or padded around their middle, with the lowest value of each channel."""
    if size is None or pixels.shape[:2] == tuple(size):
        return pixels
    for axis in (0, 1):
        extra = pixels.shape[axis] - size[axis]
        if extra > 0:
            pixels = pixels.take(range(extra // 2, extra // 2 + size[axis]), axis=axis)
    framed = np.empty((*size, pixels.shape[2]), np.float32)
    framed[:] = pixels.min(axis=(0, 1))
    top, left = ((size[axis] - pixels.shape[axis]) // 2 for axis in (0, 1))
    framed[top : top + pixels.shape[0], left : left + pixels.shape[1]] = pixels
    return framed
