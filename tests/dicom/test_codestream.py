"""Streams of JPEG and JPEG 2000 against Pillow and imagecodecs; what tells more than pixels is found and taken out."""

import io

import imagecodecs
import numpy as np
import pytest
from hypothesis import given, strategies as st
from PIL import Image as Pillow
from pyramids import scene
from written import smooth

from eda_utils.dicom.codestream import (
    comment_segments,
    estimate_quality,
    segments,
    stream_size,
    upper_part,
    without_comments,
)
from eda_utils.samples.fetch import CANARY

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
    assert stream_size(encoded(**options)) == (48, 80)


def test_size_of_jpeg_2000():
    for kind in ("j2k", "jp2"):
        assert stream_size(imagecodecs.jpeg2k_encode(PIXELS, codecformat=kind)) == (48, 80)


@given(st.binary(max_size=200))
def test_noise_is_no_trouble(noise):
    for data in (noise, b"\xff\xd8" + noise, b"\xff\xd8\xff" + noise, b"\xff\x4f\xff\x51" + noise):
        stream_size(data)
        estimate_quality(data)
        list(segments(data))
        upper_part(data, 16)


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


def jpeg(mode="RGB", **options):
    buffer = io.BytesIO()
    Pillow.fromarray(smooth()).convert(mode).save(buffer, "JPEG", **options)
    return buffer.getvalue()


def exif():
    facts = Pillow.Exif()
    facts[0x010E] = CANARY
    return facts


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("options", [{"comment": CANARY}, {"exif": exif()}, {"comment": CANARY, "exif": exif()}])
def test_planted_segments(mode, options):
    frame = jpeg(mode, **options)
    assert CANARY.encode() in frame
    assert len(comment_segments(frame)) == len(options)
    stripped = without_comments(frame)
    assert CANARY.encode() not in stripped
    one, two = (np.asarray(Pillow.open(io.BytesIO(data))) for data in (frame, stripped))
    assert np.array_equal(one, two)


@pytest.mark.parametrize("options", [{}, {"icc_profile": b"profile" * 9}, {"comment": "LEAD Technologies Inc. V1.01"}])
def test_what_decoding_needs_or_says_nothing_stays(options):
    frame = jpeg("CMYK", **options)
    assert comment_segments(frame) == []
    assert without_comments(frame) == frame


def j2k(*comments):
    parts = [b"\xff\x64" + (len(text) + 4).to_bytes(2) + b"\0\1" + text for text in comments]
    return b"\xff\x4f" + b"".join(parts) + b"\xff\x90\0\x0a" + b"\xff\x64not one of the header"


def test_comments_of_jpeg_2000():
    frame = j2k(b"Kakadu-v7.3", CANARY.encode(), b"\0\1")
    assert len(comment_segments(frame)) == 1
    assert without_comments(frame) == j2k(b"Kakadu-v7.3", b"\0\1")


@pytest.mark.parametrize(
    "frame", [b"", b"\xff\xd8", b"\xff\xd8\xff\xfe", b"\xff\xd8\xff\xfe\0\0", b"RLE" * 9, b"\xff" * 99]
)
def test_damaged_streams(frame):
    assert without_comments(frame)[:2] == frame[:2]
