"""The compiled walk finds the bytes that pydicom finds, and never reads past what it was given."""

from itertools import pairwise

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings, strategies as st
from parts import dicom_files, for_each
from pydicom.dataelem import RawDataElement

from eda_utils.core.guards import quiet
from eda_utils.dicom.attributes import find_attribute
from eda_utils.index.folder import INDEX_TAGS
from eda_utils.index.scanner_kernel import HAND_OVER, KINDS, LONG, PLAIN, READ_ON, SEQUENCE, SHORT, gather, walk

ATTRIBUTES = sorted((find_attribute(name) for name in INDEX_TAGS), key=lambda wanted: wanted.tag)
TAGS = np.array([wanted.tag for wanted in ATTRIBUTES], np.int64)
USUAL = np.array(
    [[int.from_bytes(part.encode(), "little") for part in (wanted.vr[:2], wanted.vr[-2:])] for wanted in ATTRIBUTES]
)


def walked(content, *, size=None, amount=None):
    """Status, end of the header, and the value of each wanted attribute as bytes."""
    data = np.frombuffer(content, np.uint8)[:amount].reshape(1, -1)
    status, ends = np.zeros(1, np.int64), np.zeros(1, np.int64)
    places, lengths, codes = (np.zeros((len(TAGS), 1), np.int64) for _ in range(3))
    store = np.zeros(data.size + 1, np.uint8)
    facts = np.array([data.size]), np.array([size or len(content)])
    walk(data, *facts, KINDS, TAGS, USUAL, status, ends, places, lengths, codes, store, 0)
    values = [bytes(store[start : start + length]) for start, length in zip(places[:, 0], lengths[:, 0], strict=True)]
    return status[0], ends[0], dict(zip(TAGS.tolist(), values, strict=True))


@pytest.mark.slow
@for_each(dicom_files)
def test_the_bytes_are_those_that_pydicom_finds(path):
    content = path.read_bytes()
    status, end, values = walked(content)
    if status != PLAIN:
        assert status == HAND_OVER, "there is nothing more to read"
        return
    with quiet():
        dataset = pydicom.dcmread(path, stop_before_pixels=True)
    compared = 0
    for tag, value in values.items():
        place = dataset.file_meta if tag >> 16 == 2 else dataset
        if tag >> 16 != 2 and tag in place:
            element = place.get_item(tag)
            if isinstance(element, RawDataElement):  # pydicom converts some at once, which other values depend on
                assert content[element.value_tell : element.value_tell + element.length] == value
                compared += 1
        elif tag not in place:
            assert value == b""
    assert end == dataset_end(path)
    assert compared > 3 or "Rows" not in dataset


def dataset_end(path):
    with open(path, "rb") as file, quiet():
        pydicom.dcmread(file, stop_before_pixels=True)
        return file.tell()


@pytest.mark.slow
def test_a_short_head_is_read_on(samples, index):
    path = index.loc[index["kind"].eq("dicom") & index["format"].eq("DICOM"), "path"]
    plain = [content for content in map(read_bytes, path) if walked(content)[0] == PLAIN]
    assert len(plain) > 10
    for content in plain:
        end = walked(content)[1]
        for amount in (144, 200, end // 2, end - 1):
            assert walked(content, amount=amount)[0] == READ_ON


def read_bytes(path):
    with open(path, "rb") as file:
        return file.read()


def test_kinds_are_those_of_the_standard():
    """PS3.5 Table 7.1-1 and 7.1-2."""
    kinds = {vr: KINDS[int.from_bytes(vr, "little")] for vr in (b"US", b"LO", b"OB", b"UT", b"UN", b"SQ", b"ZZ")}
    assert kinds == {b"US": SHORT, b"LO": SHORT, b"OB": LONG, b"UT": LONG, b"UN": LONG, b"SQ": SEQUENCE, b"ZZ": 0}


@settings(deadline=None)
@given(st.binary(max_size=400), st.integers(0, 2**40))
def test_nothing_makes_it_leave_its_data(noise, size):
    """A wrong position would end the process, not the test."""
    status, end, _ = walked(b"\0" * 128 + b"DICM" + noise, size=size)
    assert status in (PLAIN, HAND_OVER, READ_ON)
    assert 0 <= end <= 132 + len(noise)


@settings(deadline=None)
@given(st.lists(st.binary(max_size=9), max_size=20))
def test_gather(values):
    store = np.frombuffer(b"".join(reversed(values)), np.uint8)
    lengths = np.array([len(value) for value in values], np.int64)
    places = len(store) - np.cumsum(lengths)
    offsets, found = np.zeros(len(values) + 1, np.int32), np.zeros(len(store), np.uint8)
    gather(store, places, lengths, offsets, found)
    assert [bytes(found[a:b]) for a, b in pairwise(offsets)] == values
