"""Every attribute has a name, a name stands for one attribute, and what a name finds is what pydicom holds there."""

from datetime import date

import pytest
from hypothesis import given, settings, strategies as st
from parts import dicom_files, examples, for_each
from pydicom._dicom_dict import DicomDictionary
from pydicom.datadict import dictionary_VM, dictionary_VR, private_dictionaries
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence

from eda_utils.core.errors import RequestError
from eda_utils.core.guards import quiet
from eda_utils.dicom.attributes import NUMERIC_VRS, find_attribute, name_of
from eda_utils.dicom.cells import plain_value
from eda_utils.dicom.dataset import read_dataset

CREATORS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=64).filter(lambda text: "\0" not in text)
PRIVATE_TAGS = st.builds(
    lambda half, element: (2 * half + 1) << 16 | element, st.integers(4, 0x7FFE), st.integers(0, 255)
)


@pytest.mark.parametrize("group", sorted({tag >> 16 for tag in DicomDictionary}), ids="{:04X}".format)
def test_every_attribute_of_the_standard_has_a_name(group):
    for tag in (tag for tag in DicomDictionary if tag >> 16 == group):
        found = find_attribute(name_of(tag))
        assert (found.path, found.tag, found.creator) == ((), tag, None)
        assert (found.vr, found.has_one_value) == (dictionary_VR(tag), dictionary_VM(tag) == "1")
        assert found == find_attribute(f"{tag:08x}") == find_attribute(f"({tag >> 16:04X},{tag & 0xFFFF:04X})")


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_every_number_has_a_name(tag):
    assert find_attribute(name_of(tag)).tag == tag


@settings(deadline=None)
@given(PRIVATE_TAGS, CREATORS)
def test_every_private_attribute_has_a_name(tag, creator):
    """A creator is free text of a file: brackets, dots and line ends are in no way special."""
    found = find_attribute(name_of(tag | 0x1000, creator))
    assert (found.path, found.tag, found.creator) == ((), tag, creator)


@pytest.mark.parametrize(
    "creator", ["A]0C", "[", "]", "a.b", "x[0].y", "0019[B]0C", "].0019[B", "a\nb\r", "\u2028", "Rows", "."]
)
@pytest.mark.parametrize(
    "head", ["", "RequestAttributesSequence[3].", "00081115.00081199[2].", "00081111[0].", "00091011[0]."]
)
def test_odd_creators_behind_sequences(head, creator):
    found = find_attribute(f"{head}0019[{creator}]0C")
    assert (found.tag, found.creator, len(found.path)) == (0x0019000C, creator, head.count("."))


def test_the_dictionary_of_private_attributes_is_used():
    for creator in ("SIEMENS MR HEADER", "GEMS_ACQU_01", "Philips Imaging DD 001"):
        for key, (vr, vm, *_) in private_dictionaries[creator].items():
            if key[4:6] == "xx" and "x" not in key[:4] + key[6:]:
                found = find_attribute(f"{key[:4]}[{creator}]{key[-2:]}")
                assert (found.vr, found.has_one_value) == (vr, vm == "1")


def test_paths():
    found = find_attribute("SequenceOfUltrasoundRegions[1].PhysicalDeltaX")
    assert (found.path, found.tag, found.root, found.vr) == (((0x00186011, 1),), 0x0018602C, 0x00186011, "FD")
    assert find_attribute("(0018,6011)[1].(0018,602C)") == found
    assert find_attribute("SequenceOfUltrasoundRegions.PhysicalDeltaX").path == ((0x00186011, 0),)
    deep = find_attribute("00081115[0].00081199[2].00081155")
    assert deep.path == ((0x00081115, 0), (0x00081199, 2))


NO_SEQUENCE = "tags: {} is not a sequence; give its keyword alone."
NO_KEYWORD = "tags: {} is not a DICOM keyword; {}."
ELSE = "keywords are listed in PS3.6"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Modalty", NO_KEYWORD.format("Modalty", "did you mean Modality")),
        ("", NO_KEYWORD.format("", ELSE)),
        (".Rows", NO_KEYWORD.format("", ELSE)),
        ("0028", NO_KEYWORD.format("0028", ELSE)),
        ("path", NO_KEYWORD.format("path", ELSE)),
        ("0018[X]01", NO_KEYWORD.format("0018[X]01", ELSE)),  # an even group is not private
        ("0019[X]", NO_KEYWORD.format("0019[X]", ELSE)),
        ("0019[X]0C and more", NO_KEYWORD.format("0019[X]0C and more", ELSE)),
        ("a\nb.Rows", NO_KEYWORD.format(r"a\nb", ELSE)),
        ("[0].Rows", NO_KEYWORD.format("", ELSE)),
        ("Rows[0].Columns", NO_SEQUENCE.format("Rows")),
        ("Rows.", NO_SEQUENCE.format("Rows")),
        ("Rows.0019[X]0C", NO_SEQUENCE.format("Rows")),
        (None, "tags: a NoneType is not the name of an attribute; give keywords."),
        (0x00280010, "tags: a int is not the name of an attribute; give keywords."),
    ],
)
def test_what_is_no_name(name, text):
    with pytest.raises(RequestError) as caught:
        find_attribute(name)
    assert str(caught.value) == text


@settings(deadline=None, max_examples=examples(50))
@given(
    st.text(max_size=30)
    | st.lists(st.sampled_from([*".[]()0119,ACx\n", "Rows", "RequestAttributesSequence"])).map("".join)
)
def test_whatever_is_asked_for_only_our_error_comes(name):
    try:
        found = find_attribute(name)
    except RequestError:
        return
    assert 0 <= found.tag < 2**32
    assert all(0 <= item < 10**9 for _, item in found.path)


def test_an_absurd_item_number():
    with pytest.raises(RequestError):
        find_attribute(f"RequestAttributesSequence[{'9' * 5000}].Rows")


# plain_value against a data set of which every place is known


@pytest.fixture(scope="module")
def nested():
    def item(number):
        inner = Dataset()
        inner.ReferencedSOPInstanceUID = f"1.2.{number}"
        inner.private_block(0x0009, "ACME, INC. [v2]", create=True).add_new(0x01, "LO", f"in {number}")
        return inner

    top = Dataset()
    top.ReferencedSeriesSequence = Sequence([Dataset(), Dataset()])
    top.ReferencedSeriesSequence[1].ReferencedInstanceSequence = Sequence([item(0), item(1)])
    top.Rows = 5
    top.add_new(0x00190010, "LO", "FIRST")
    top.add_new(0x00190012, "LO", "SECOND ")
    top.add_new(0x001900FF, "LO", "LAST")
    top.add_new(0x00191001, "LO", "of the first")
    top.add_new(0x00191201, "LO", ["of", "the second"])
    top.add_new(0x0019FF01, "FD", 0.25)
    top.add_new(0x0019FF02, "OB", b"\1\2")
    top.add_new(0x00193301, "LO", "of nobody")
    return top


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ReferencedSeriesSequence[1].ReferencedInstanceSequence[1].ReferencedSOPInstanceUID", "1.2.1"),
        ("ReferencedSeriesSequence[1].ReferencedInstanceSequence.ReferencedSOPInstanceUID", "1.2.0"),
        ("ReferencedSeriesSequence[1].ReferencedInstanceSequence[1].0009[ACME, INC. [v2]]01", "in 1"),
        ("ReferencedSeriesSequence[1].ReferencedInstanceSequence", "2 items"),
        ("ReferencedSeriesSequence[0].ReferencedInstanceSequence", None),
        ("ReferencedSeriesSequence[0].ReferencedInstanceSequence[0].ReferencedSOPInstanceUID", None),
        ("ReferencedSeriesSequence[2].SeriesInstanceUID", None),
        ("ReferencedSeriesSequence[999999999].SeriesInstanceUID", None),
        ("RequestAttributesSequence[0].StudyID", None),
        ("00191001[0].Rows", None),  # unknown to the standard, and no sequence here
        ("0019[FIRST]01", "of the first"),
        ("0019[SECOND]01", "of\\the second"),
        ("0019[LAST]01", "0.25"),
        ("0019[LAST]02", None),  # binary
        ("0019[LAST]03", None),
        ("0019[NOBODY]01", None),
        ("0021[FIRST]01", None),
        ("00193301", "of nobody"),
    ],
)
def test_known_places(nested, name, expected):
    assert plain_value(nested, name) == expected


def everything(dataset, path=""):
    """Yield the name and element of everything in a data set, by pydicom's own means."""
    for tag in list(dataset.keys()):
        with quiet():
            element = dataset[tag]
        creator = dataset.get((tag.group, tag.element >> 8)) if tag.is_private and tag.element >= 0x1000 else None
        yield path + name_of(int(tag), creator and str(creator.value).strip()), element
        for number, item in enumerate(element.value if element.VR == "SQ" else []):
            yield from everything(item, f"{path}{name_of(int(tag))}[{number}].")


def expected_cell(wanted, element):
    """What a table holds of an element of pydicom."""
    if element.VR == "SQ":
        return f"{len(element.value)} items" if len(element.value) else None
    values = list(element.value) if isinstance(element.value, (MultiValue, list)) else [element.value]
    texts = tuple(str(value).strip("\0 ") for value in values)
    if wanted.vr == "UN":
        return "\\".join(texts) or None
    if wanted.vr in NUMERIC_VRS:
        texts = tuple(float(text) for text in texts)
    elif wanted.vr == "DA":
        texts = tuple(date.fromisoformat(text.replace(".", "")) for text in texts)  # dots until 1993
    return texts[0] if wanted.has_one_value else texts


@pytest.mark.slow
@for_each(dicom_files)
def test_every_name_finds_what_pydicom_holds(path):
    with quiet():
        dataset = read_dataset(path)
        for name, element in everything(dataset):
            if element.value in (None, "", []) or isinstance(element.value, bytes):
                continue
            cell = plain_value(dataset, name)
            try:
                assert cell == expected_cell(find_attribute(name), element), name
            except (ValueError, OverflowError):  # not what its VR allows
                assert cell is None
