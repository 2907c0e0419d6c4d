"""Lookup tables by hand from PS3.3 C.11.1.1, C.7.6.3.1.5 and C.7.9.2, and as DCMTK reads them."""

import io
import subprocess

import numpy as np
import pytest
from hypothesis import given, strategies as st
from parts import program
from PIL import Image as Pillow
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian

from eda_utils import load_image, to_display
from eda_utils.image.luts import look_up, read_lut, read_palette

RAMP = np.arange(4096) // 16  # 4,096 entries of 8 bits


def lut(descriptor, data, vr="US"):
    item = Dataset()
    item.add_new("LUTDescriptor", "SS" if min(descriptor) < 0 else "US", descriptor)
    item.add_new("LUTData", vr, data)
    return item


def palette(entries, first, bits, tables, segmented=False):
    """One table for red, green and blue each, as attributes."""
    made, kind = {}, "Segmented" if segmented else ""
    for color, data in zip(("Red", "Green", "Blue"), tables, strict=True):
        made[f"{color}PaletteColorLookupTableDescriptor"] = [entries, first, bits]
        made[f"{kind}{color}PaletteColorLookupTableData"] = data
    return made


def header(**attributes):
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


BIG_ENDIAN = header()
BIG_ENDIAN.file_meta.TransferSyntaxUID = ExplicitVRBigEndian


@given(st.lists(st.integers(-(2**31), 2**31), min_size=1), st.integers(-32768, 65535))
def test_values_outside_take_the_end_entries(values, first):
    table = np.array([3, 1, 4])
    expected = [table[min(max(value - first, 0), 2)] for value in values]
    assert look_up(values, first, table).tolist() == expected


@pytest.mark.parametrize(
    ("item", "options", "first", "table"),
    [
        (lut([3, 7, 16], [1, 2, 65535]), {}, 7, [1, 2, 65535]),
        (lut([2, 0, 16], b"\x01\x00\x00\x01", "OW"), {}, 0, [1, 256]),
        (lut([2, 0, 16], b"\x01\x00\x00\x01", "OW"), {"header": BIG_ENDIAN}, 0, [256, 1]),
        (lut([3, 0, 8], b"\x05\x06\x07\x00", "OW"), {}, 0, [5, 6, 7]),  # bytes, padded
        (lut([1, 5, 16], 9), {}, 5, [9]),
        (lut([2, -3, 16], [1, 2]), {}, -3, [1, 2]),
        (lut([2, 65533, 16], [1, 2]), {"signed": True}, -3, [1, 2]),  # US although the pixels are signed
        (lut([2, 65533, 16], [1, 2]), {}, 65533, [1, 2]),
    ],
)
def test_items(item, options, first, table):
    found = read_lut(item, **{"header": header()} | options)
    assert found[:2] == (first, pytest.approx(np.array(table)))


def test_no_entries_means_all():
    assert len(read_lut(lut([0, 0, 16], list(range(65536))), header())[1]) == 65536


@pytest.mark.parametrize(
    "item",
    [Dataset(), lut([2, 0], [1, 2]), lut([3, 0, 16], [1, 2]), lut([2, 0, 17], [1, 2]), lut([4, 0, 8], b"\1\2", "OW")],
)
def test_what_is_no_table(item):
    with pytest.raises((ValueError, AttributeError)):
        read_lut(item, header())


def test_eight_bit_entries_beyond_256(make_dicom):
    """pydicom 3.0 shows 4095 as 15: it computes in the data type of the entries."""
    item = lut([4096, 0, 8], RAMP.tolist())
    path = make_dicom(np.array([[0, 16, 100, 4095]], np.uint16), VOILUTSequence=Sequence([item]))
    assert to_display(load_image(path)).tolist() == [[0, 1, 6, 255]]


@pytest.mark.parametrize(
    ("entries", "bits", "data", "shown"),
    [
        (2, 16, np.array([0, 0xC800], "<u2").tobytes(), [0, 200]),
        (2, 8, bytes([0, 200]), [0, 200]),
        (2, 8, np.array([0, 200], "<u2").tobytes(), [0, 200]),  # bytes in words
        (4096, 8, RAMP.astype(np.uint8).tobytes(), [6, 255]),
    ],
)
def test_palettes(make_dicom, entries, bits, data, shown):
    pixels = np.array([[0, 1]] if entries == 2 else [[100, 4095]], np.uint16)
    tables = palette(entries, 0, bits, [data] * 3)
    path = make_dicom(pixels, PhotometricInterpretation="PALETTE COLOR", **tables)
    assert to_display(load_image(path))[..., 0].tolist() == [shown]
    answer = subprocess.run([program("dcm2pnm"), str(path)], capture_output=True, check=True)
    if not (bits == 8 and len(data) == 4):  # DCMTK shows bytes in words black
        assert np.array_equal(np.asarray(Pillow.open(io.BytesIO(answer.stdout)))[..., 0], [shown])


def test_segments_by_hand(make_dicom):
    """C.7.9.2: discrete 0, 10; linear of 4 up to 50; then the first two segments again, by their byte offset."""
    again = [2, 2, 0, 0]  # indirect: opcode, number of segments, offset in bytes as two words, least significant first
    red = np.array([0, 2, 0, 10, 1, 4, 50, *again], "<u2").tobytes()
    flat = np.array([0, 1, 7, 1, 11, 7], "<u2").tobytes()
    tables = palette(12, 5, 16, [red, flat, flat], segmented=True)
    path = make_dicom(np.arange(4, 18, dtype=np.uint8)[None], PhotometricInterpretation="PALETTE COLOR", **tables)
    expected = [0, 0, 10, 20, 30, 40, 50, 0, 10, 20, 30, 40, 50, 50]
    rgb = load_image(path).pixels
    assert rgb[0, :, 0].tolist() == expected
    assert set(rgb[..., 1:].ravel()) == {7}


def test_a_palette_must_be_whole():
    with pytest.raises(ValueError, match="another length"):
        read_palette(header(**palette(3, 0, 8, [b"\1\2\3\0", b"\1\2\3\0", b"\1\2"])))
    with pytest.raises(ValueError, match="not valid"):
        read_palette(header())
