"""Names of attributes: a keyword, a tag, a private element with its creator, or a path into sequences."""

import difflib
import re
from functools import cache, lru_cache
from typing import NamedTuple

from pydicom._dicom_dict import DicomDictionary
from pydicom.datadict import get_private_entry, keyword_for_tag, tag_for_keyword

from ..core import RequestError

INTEGER_VRS = ("IS", "US", "SS", "UL", "SL", "UV", "SV")
FLOAT_VRS = ("DS", "FD", "FL")
NUMERIC_VRS = (*INTEGER_VRS, *FLOAT_VRS, "US or SS")
TAG = re.compile(r"\(?([0-9A-Fa-f]{4}),?([0-9A-Fa-f]{4})\)?")
# At the end of a path; a creator may hold whatever a text may, brackets, dots and line ends too
PRIVATE = re.compile(r"(?:^|(?<=\.))\(?([0-9A-Fa-f]{3}[13579BDFbdf])\[(.*)\],?([0-9A-Fa-f]{2})\)?\Z", re.DOTALL)
STEP = re.compile(r"(.*?)(?:\[([0-9]{1,9})\])?", re.DOTALL)


class Attribute(NamedTuple):
    """Where an attribute lies in a data set, and what the standard says about its values.

    Attributes
    ----------
    path : tuple of (int, int)
        Sequences to go through: the tag of each, and which of its items.
    tag : int
        Of a private attribute with a creator: its group, and the two digits behind its block.
    creator : str or None
    vr : str
        UN where neither the standard nor the dictionary of private attributes knows it.
    has_one_value : bool
        Whether no more than one value is allowed.
    """

    path: tuple
    tag: int
    creator: str | None
    vr: str
    has_one_value: bool

    @property
    def root(self):
        """The tag at the top level of the data set."""
        return self.path[0][0] if self.path else self.tag

    @property
    def is_list(self):
        """Whether a table holds a tuple: several values are allowed, and what they are is known."""
        return not self.has_one_value and self.vr != "UN"


@lru_cache(maxsize=65536)
def find_attribute(name: str) -> Attribute:
    """Return what a name stands for.

    Parameters
    ----------
    name : str
        A keyword (``Rows``), a tag (``00280010`` or ``(0028,0010)``), a private element with its creator
        (``0019[SIEMENS MR HEADER]0C``), or one of these behind sequences
        (``SequenceOfUltrasoundRegions[0].PhysicalDeltaX``).

    Returns
    -------
    Attribute

    Raises
    ------
    RequestError
        If it is none of these.

    References
    ----------
    PS3.6 section 6; PS3.5 section 7.8.1 for private elements and their creators.

    Examples
    --------
    >>> from eda_utils.dicom import find_attribute
    >>> find_attribute("Rows").vr, find_attribute("0019[SIEMENS MR HEADER]0C").creator
    ('US', 'SIEMENS MR HEADER')
    """
    if not isinstance(name, str):
        raise RequestError("tags", f"a {type(name).__name__} is not the name of an attribute", "give keywords")
    private = PRIVATE.search(name)
    head, last = (name[: private.start()], private.group()) if private else (name[: name.rfind(".") + 1], name)
    steps = [STEP.fullmatch(step).groups() for step in head.split(".")[:-1]]
    path = tuple((_sequence(step), int(item or 0)) for step, item in steps)
    if private:
        group, creator, element = private.groups()
        return _private(path, int(group + "00" + element, 16), creator)
    tag = _tag(last.rpartition(".")[2])
    return Attribute(path, tag, None, *_entry(tag))


@cache
def known_attribute(name: str) -> Attribute | None:
    """As `find_attribute`; None for what is no name of an attribute, such as that of a computed column."""
    try:
        return find_attribute(name)
    except RequestError:
        return None


def _tag(name):
    tag = tag_for_keyword(name) if name else None  # some retired elements have no keyword
    if tag is not None:
        return tag
    found = TAG.fullmatch(name)
    if found:
        return int("".join(found.groups()), 16)
    close = difflib.get_close_matches(name, _keywords(), 1)
    hint = f"did you mean {close[0]}" if close else "keywords are listed in PS3.6"
    raise RequestError("tags", f"{name} is not a DICOM keyword", hint)


def _sequence(name):
    tag = _tag(name)
    if _entry(tag)[0] not in ("SQ", "UN"):
        raise RequestError("tags", f"{name} is not a sequence", "give its keyword alone")
    return tag


@cache
def _keywords():
    return [entry[4] for entry in DicomDictionary.values() if entry[4]]


def _entry(tag):
    vr, vm, *_ = DicomDictionary.get(tag, ("UN", "1-n"))
    return vr, vm == "1"


def _private(path, tag, creator):
    try:
        vr, vm, *_ = get_private_entry(tag | 0x1000, creator)
    except KeyError:
        vr, vm = "UN", "1-n"
    return Attribute(path, tag, creator, vr, vm == "1")


def name_of(tag: int, creator: str | None = None) -> str:
    """Return the name by which a table calls an attribute of the top level.

    Examples
    --------
    >>> from eda_utils.dicom import name_of
    >>> name_of(0x00280010), name_of(0x60020010), name_of(0x0019100C, "SIEMENS MR HEADER"), name_of(0x0019100C)
    ('Rows', '60020010', '0019[SIEMENS MR HEADER]0C', '0019100C')
    """
    if creator:
        return f"{tag >> 16:04X}[{creator}]{tag & 0xFF:02X}"
    keyword = keyword_for_tag(tag)
    return keyword if keyword and tag_for_keyword(keyword) == tag else f"{tag:08X}"
