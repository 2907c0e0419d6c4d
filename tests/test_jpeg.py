"""Segments of a JPEG stream, against Pillow and imagecodecs."""

import io

import imagecodecs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow
from slides import scene

from eda_utils.pathology.jpeg import claimed_size, estimate_quality, merge_tables, segments, upper_part

PIXELS = scene(48, 80)


def encoded(**options):
    buffer = io.BytesIO()
    Pillow.fromarray(PIXELS).save(buffer, "JPEG", **options)
    return buffer.getvalue()


@pytest.mark.parametrize("quality", [20, 30, 50, 75, 90, 100])
def test_quality(quality):
    assert abs(estimate_quality(encoded(quality=quality)) - quality) <= 1


def test_no_table_no_quality():
    assert estimate_quality(b"\xff\xd8\xff\xd9") is None


@pytest.mark.parametrize("options", [{}, {"progressive": True}])
def test_size(options):
    assert claimed_size(encoded(**options)) == (48, 80)


def test_size_of_jpeg_2000():
    for kind in ("j2k", "jp2"):
        assert claimed_size(imagecodecs.jpeg2k_encode(PIXELS, codecformat=kind)) == (48, 80)


@given(st.binary(max_size=200))
def test_noise_is_no_trouble(noise):
    for data in (noise, b"\xff\xd8" + noise, b"\xff\xd8\xff" + noise, b"\xff\x4f\xff\x51" + noise):
        claimed_size(data)
        estimate_quality(data)
        list(segments(data))
        upper_part(data, 16)


def test_tables_are_put_back():
    """A tile without its tables and the tables without the tile make the picture again."""
    whole = encoded(quality=80)
    kept_apart, place = b"", 2
    for marker, payload in segments(whole):
        size = 4 + len(payload)
        if marker in (0xDB, 0xC4):
            kept_apart += whole[place : place + size]
        place += size
    tile = whole
    for marker, payload in segments(whole):
        if marker in (0xDB, 0xC4):
            tile = tile.replace(bytes([0xFF, marker]) + (len(payload) + 2).to_bytes(2) + payload, b"")
    merged = merge_tables(tile, b"\xff\xd8" + kept_apart + b"\xff\xd9")
    assert np.array_equal(imagecodecs.jpeg8_decode(merged), imagecodecs.jpeg8_decode(whole))


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
@pytest.mark.parametrize("restarts", [0, 3])
def test_the_upper_part_has_the_same_values(subsampling, restarts):
    pixels = scene(256, 240)
    buffer = io.BytesIO()
    Pillow.fromarray(pixels).save(buffer, "JPEG", subsampling=subsampling, restart_marker_blocks=restarts)
    whole = imagecodecs.jpeg8_decode(buffer.getvalue())
    for rows in (1, 16, 17, 90, 170):
        part = imagecodecs.jpeg8_decode(upper_part(buffer.getvalue(), rows))
        assert np.array_equal(part[:rows], whole[:rows])


def test_where_the_upper_part_saves_nothing():
    assert upper_part(encoded(), 45) is None
    assert upper_part(encoded(progressive=True), 8) is None
    assert upper_part(encoded()[:40], 8) is None


def test_rgb_is_said_once():
    pixels = np.full((16, 16, 3), (255, 0, 0), np.uint8)
    plain = imagecodecs.jpeg8_encode(pixels, colorspace="RGB", outcolorspace="RGB")
    assert merge_tables(plain, b"", is_rgb=True) == plain
    bare = plain.replace(next(b"\xff\xee\x00\x0e" + data for marker, data in segments(plain) if marker == 0xEE), b"")
    assert np.array_equal(
        imagecodecs.jpeg8_decode(merge_tables(bare, b"", is_rgb=True)), imagecodecs.jpeg8_decode(plain)
    )
