"""Segments of compressed frames that tell more than pixels are found and taken out; nothing else changes."""

import io

import numpy as np
import pytest
from PIL import Image as Pillow
from written import smooth

from eda_utils.codestreams import comment_segments, first_item, without_comments
from eda_utils.samples import CANARY


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


def test_first_item():
    table, frame = b"\xfe\xff\x00\xe0\0\0\0\0", b"\xfe\xff\x00\xe0\4\0\0\0abcd"
    assert first_item(table + frame) == b"abcd"
    assert first_item(table + frame[:10]) == b"ab"
    assert first_item(table) == first_item(b"") == b""
