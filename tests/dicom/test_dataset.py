"""DICOM files open with or without preamble, and damaged ones say what is wrong."""

import contextlib
import io
import os
import subprocess
import sys
from pathlib import Path

import pydicom
import pytest
from hypothesis import given, strategies as st
from parts import dicom_files, for_each
from pydicom.data import get_testdata_file
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence
from pydicom.tag import Tag

from eda_utils.core.errors import EDAError, FormatError, LimitError, MissingError, RequestError
from eda_utils.core.guards import quiet
from eda_utils.dicom.dataset import attribute, items, numbers, read_dataset, texts, without_pixels

CT = get_testdata_file("CT_small.dcm")


@for_each(dicom_files)
def test_same_elements_as_pydicom(path):
    ours = read_dataset(path)
    with quiet():
        theirs = pydicom.dcmread(path, force=True, stop_before_pixels=True)
    assert ours.keys() == theirs.keys()
    assert "TransferSyntaxUID" in ours.file_meta


@pytest.mark.parametrize("name", ["ExplVR_BigEndNoMeta.dcm", "ExplVR_LitEndNoMeta.dcm"])
def test_without_preamble_or_meta(name):
    assert read_dataset(get_testdata_file(name)).SOPClassUID


def test_bytes_and_datasets_are_sources():
    dataset = read_dataset(Path(CT).read_bytes())
    assert dataset.Modality == "CT"
    assert read_dataset(dataset) is dataset


def element_ends(content):
    """Where an element of the top level ends: a file cut there is in itself sound."""
    dataset = pydicom.dcmread(io.BytesIO(content), stop_before_pixels=True)
    raw = [dataset.get_item(tag) for tag in [*dataset.keys()]]
    return {item.value_tell + item.length for item in raw if item.is_raw}


WHOLE = Path(CT).read_bytes()
HEADER_ENDS = element_ends(WHOLE)


@given(st.integers(min_value=400, max_value=max(HEADER_ENDS) - 1))
def test_a_cut_header_never_passes_as_whole(length):
    try:
        read_dataset(WHOLE[:length])
        was_said = False
    except FormatError as error:
        was_said = str(error).startswith(("bytes: is cut inside its header", "bytes: is not readable as DICOM"))
    assert was_said != (length in HEADER_ENDS)


def test_a_text_without_an_end_never_passes_as_whole():
    """pydicom looks for its end, finds none, and returns what came before without a word."""
    text = bytes.fromhex("10000040") + b"UT\0\0" + b"\xff" * 4 + b"x" * 100
    with pytest.raises(FormatError, match="cut inside its header"):
        read_dataset(WHOLE[: min(end for end in HEADER_ENDS if end > 1000)] + text)


def test_pixels_left_in_the_file_stay_there(tmp_path):
    path = tmp_path / "sparse.dcm"
    start = bytes.fromhex("e07f1000") + b"OW\0\0" + (3 * 10**9).to_bytes(4, "little")
    path.write_bytes(WHOLE[: WHOLE.rindex(start[:4])] + start)
    os.truncate(path, path.stat().st_size + 3 * 10**9)
    dataset = read_dataset(path, pixels=True, defer_bytes=2**20)
    assert dataset.get_item("PixelData", keep_deferred=True).value is None


def test_a_header_is_bounded_with_its_pixels_too(tmp_path):
    path = tmp_path / "large.dcm"
    path.write_bytes(WHOLE)
    with pytest.raises(LimitError):
        read_dataset(path, pixels=True, most_bytes=1000)


@given(st.binary(max_size=400))
def test_garbage_raises_only_our_errors(content):
    with contextlib.suppress(EDAError):
        assert len(read_dataset(b"\0" * 128 + b"DICM" + content).file_meta)


def test_errors_are_said_in_full(tmp_path):
    with pytest.raises(MissingError) as caught:
        read_dataset(tmp_path / "gone.dcm")
    assert str(caught.value) == "gone.dcm: there is no such file; check the path."
    (tmp_path / "text.dcm").write_text("hello, this is no DICOM file at all")
    with pytest.raises(FormatError, match=r"text.dcm: is (not|cut)"):
        read_dataset(tmp_path / "text.dcm")
    with pytest.raises(RequestError) as caught:
        read_dataset(3.5)
    assert str(caught.value) == "source: a float is no image; give a path, bytes or a Dataset."


USE = """
import logging, sys
{setup}
import eda_utils as eda
for path in sys.argv[2:]:
    try:
        eda.load_image(path), eda.header_table(path), eda.show_image(path)
    except eda.EDAError as error:
        print(error)
index = eda.index_folder(sys.argv[1])
eda.show_montage(index)
print(eda.measure_images(index, progress=False)["problem"].notna().sum())
"""


@pytest.mark.slow
@pytest.mark.parametrize("setup", ["", "logging.basicConfig()"])
def test_a_decoder_that_fails_is_not_heard_on_the_terminal(tmp_path, setup):
    """Pillow cannot decode the first, nobody the second, and the third names a character set that there is not."""
    twelve_bit = Path(get_testdata_file("JPGExtended.dcm"))
    damaged = tmp_path / "damaged.dcm"
    damaged.write_bytes(twelve_bit.read_bytes().replace(b"\xff\xd8", b"\xff\xd7"))
    (tmp_path / "odd.dcm").write_bytes(Path(CT).read_bytes().replace(b"ISO_IR 100", b"ISO-IR 100"))
    (tmp_path / "fine.dcm").write_bytes(twelve_bit.read_bytes())
    command = [sys.executable, "-c", USE.format(setup=setup), tmp_path, twelve_bit, damaged, tmp_path / "odd.dcm"]
    environment = os.environ | {"MPLBACKEND": "agg"}
    answer = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert answer.stderr == ""
    told, count = answer.stdout.splitlines()
    assert told.startswith("damaged.dcm: its Pixel Data could not be decoded")
    assert count == "1"


def enhanced():
    """Two frames: the first has its own slope, both share the spacing, the top level has a window."""
    dataset, shared, own = Dataset(), Dataset(), Dataset()
    measures, transformation = Dataset(), Dataset()
    measures.PixelSpacing = [0.5, 0.25]
    transformation.RescaleSlope = 3
    shared.PixelMeasuresSequence = Sequence([measures])
    own.PixelValueTransformationSequence = Sequence([transformation])
    dataset.SharedFunctionalGroupsSequence = Sequence([shared])
    dataset.PerFrameFunctionalGroupsSequence = Sequence([own, Dataset()])
    dataset.RescaleSlope, dataset.WindowCenter = 7, 40
    return dataset


def test_functional_groups_come_before_the_top_level():
    dataset = enhanced()
    assert attribute(dataset, "RescaleSlope", frame=0) == 3
    assert attribute(dataset, "RescaleSlope", frame=1) == 7
    assert list(attribute(dataset, "PixelSpacing", frame=1)) == [0.5, 0.25]
    assert attribute(dataset, "WindowCenter", frame=0) == 40
    assert attribute(dataset, "Modality", "none") == "none"


def test_an_odd_value_counts_as_absent():
    dataset = Dataset()
    dataset[0x00280010] = RawDataElement(Tag(0x00280010), "US", 1, b"x", 0, False, True)
    assert attribute(dataset, "Rows", 5) == 5


@pytest.mark.parametrize(("value", "expected"), [("1\\x", ()), (["1", "2.5"], (1, 2.5)), (float("nan"), ()), (3, (3,))])
def test_numbers(value, expected):
    assert numbers(value) == expected


def test_a_copy_without_pixels_reads_the_same(samples):
    """The character set comes along: this patient is also written in kanji."""
    original = read_dataset(samples / "PAT0006" / "ST0002" / "SE0001" / "IM0001.dcm", pixels=True)
    header = without_pixels(original)
    assert "PixelData" in original
    assert "PixelData" not in header
    assert str(header.PatientName) == str(original.PatientName)
    assert len(str(header.PatientName).split("=")) == 3


def test_texts_and_items():
    assert texts(MultiValue(str, ["a ", "b"])) == ("a", "b")
    assert texts(b"ab") == texts(1.5) == texts(Sequence([Dataset()])) == ()
    assert items(None) == items("abc") == items(Dataset()) == ()
