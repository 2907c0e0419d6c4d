"""What in a data set tells who the patient is, at any depth: the rule for each attribute, and words learnt from it."""

import re
from typing import NamedTuple

from pydicom.datadict import dictionary_VR, keyword_for_tag
from pydicom.dataelem import RawDataElement
from pydicom.tag import Tag

from ..core import PARSE_ERRORS, quiet
from ..dicom import NAMING, attribute, basic_profile, identifier_words, items, texts

DEEPEST = 100  # levels of sequences
REMOVED = "REMOVED"
TEXT_VRS = ("LO", "SH", "ST", "LT", "UT", "UC", "PN", "AE", "UR")
TIME_VRS = ("DA", "TM", "DT")
# PS3.15 E.3.7 and E.3.8; what may be kept only after a person has cleaned it is not among them
CHARACTERISTICS = {0x00100040, 0x00101010, 0x00101020, 0x00101030, 0x00102160, 0x00102203, 0x001021A0, 0x001021C0}
DEVICE = {
    *(0x00081010, 0x0016004E, 0x0016004F, 0x00160050, 0x00160051, 0x00181000, 0x00181002, 0x00181004, 0x00181005),
    *(0x00181007, 0x00181008, 0x00181009, 0x0018100A, 0x0018100B, 0x00185011, 0x0018700A, 0x00189367, 0x00189371),
    *(0x00189373, 0x00321020, 0x00400010, 0x00400242, 0x00500020, 0x300A00B2, 0x300A0216, 0x30080105, 0x3010002D),
}
LEARNT = {*NAMING, "PatientBirthName", "PatientMotherBirthName", "AccessionNumber", "PatientBirthDate"}
STANDARD_SCHEMES = set(  # PS3.16 8: their words are of a dictionary, not of the writer
    "DCM SCT SRT SNM3 LN UCUM FMA NCIt RADLEX UMLS ACR BI UBERON I10 I9C CPT4 ISO3166_1 ISO639_1 RFC5646".split()
)
WELL_KNOWN, REMAPPED = b"1.2.840.10008.", b"2.25."
DUMMY = re.compile(  # ours, and what others write
    rb"(?:(?:ANON(?:YMOUS|YMI[SZ]ED|-[0-9A-F]{12})?|REMOVED|DE-?IDENTIFIED|UNKNOWN|NONE|N/?A|19000101(?:0{6})?"
    rb"|00010101[01.+]*|0{3}[DWMY]|https?://ANONYMI[SZ]ED[.]INVALID"
    rb"|[0. :\\^=]*)\s*)\Z",
    re.IGNORECASE,
)
DATE = re.compile(rb"\s*(\d{4})[.]?(\d\d)[.]?(\d\d)")
DATE_IN_UID = re.compile(rb"\.((?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))\d{0,12}(?=\.|\Z)")


class Element(NamedTuple):
    """One data element of any level.

    Attributes
    ----------
    place : Dataset
        The data set or item that holds it.
    name : str
        Keywords of the sequences and its own; the tag where there is none.
    tag : int
    vr : str
    value : bytes or list or None
        Bytes as they are stored, items of a sequence, None where it cannot be read.
    action : str or None
        What Table E.1-1 asks for, X Z D U or one of their combinations; None for what may stay.
    """

    place: object
    name: str
    tag: int
    vr: str
    value: object
    action: str | None

    @property
    def is_identifying(self):
        """Whether it holds something that should not be there: neither empty nor a dummy."""
        if self.action is None or self.vr == "SQ":
            return self.action is not None and (self.value is None or (bool(self.value) and self.action[-1] in "XZ"))
        if self.vr == "UI":
            return any(not part.startswith((WELL_KNOWN, REMAPPED)) for part in parts(self.value))
        return not is_dummy(self.value)


def walk(dataset):
    """Yield every Element of a data set, sequences before what is in them.

    Values are not converted, as this costs most and what is odd cannot be; words are compared as bytes, in whatever
    character set they are.

    References
    ----------
    PS3.15 Table E.1-1: its actions hold at any depth. What a sequence that is replaced says in words counts too.
    """
    return _walk(dataset, "", 0, False)


def _walk(dataset, where, depth, is_strict):
    is_coded = set(texts(attribute(dataset, "CodingSchemeDesignator"))) & STANDARD_SCHEMES
    for tag in sorted(dataset.keys()):
        element = dataset.get_item(tag, keep_deferred=True)
        vr = str(element.VR) if element.VR not in (None, "UN") else _known_vr(tag) or "UN"
        name = where + (keyword_for_tag(tag) or str(Tag(tag)).replace(" ", ""))
        action = action_of(tag, vr, is_strict and not is_coded)
        if vr != "SQ":
            yield Element(dataset, name, int(tag), vr, stored_bytes(element), action)
            continue
        found = _items(dataset, tag) if depth < DEEPEST else None
        yield Element(dataset, name, int(tag), vr, found, action or (None if found is not None else "X"))
        inside = is_strict or bool(action and action[-1] in "D*")
        for item in found or ():
            yield from _walk(item, f"{name}.", depth + 1, inside)


def _known_vr(tag):
    """That of PS3.6, the first one where it leaves a choice; empty for what it does not know."""
    try:
        return dictionary_VR(tag).split(" or ")[0]
    except KeyError:
        return ""


def _items(dataset, tag):
    with quiet():
        try:
            value = dataset[tag].value
        except (*PARSE_ERRORS, OSError):
            return None
    return list(items(value)) if value is not None else []


def action_of(tag, vr, is_strict=False):
    """Return the action that Table E.1-1 asks for, None for what may stay.

    Parameters
    ----------
    tag : int
    vr : str
    is_strict : bool
        Inside a sequence whose content is to be replaced: its words, names and dates are.

    Examples
    --------
    >>> from eda_utils.privacy.identifiers import action_of
    >>> action_of(0x00100010, "PN"), action_of(0x00280010, "US"), action_of(0x60020010, "US")
    ('Z', None, 'X')
    """
    group = int(tag) >> 16
    if int(tag) & 0xFFFF == 0:
        return None  # Group Length
    if group & 1 or group & 0xFF00 in (0x5000, 0x6000):  # without its data the rest of an overlay is of no use
        return "X"
    action = basic_profile().get(int(tag))
    if action is None and not _known_vr(tag):
        return "X"
    return action or ("D" if is_strict and vr in (*TEXT_VRS, *TIME_VRS) else None)


def stored_bytes(element):
    """Return the value of an element as it is stored, or close to it."""
    value = element.value
    if isinstance(element, RawDataElement):
        return value if value is not None else b"?" * bool(element.length)  # left in the file: it is long
    if isinstance(value, (bytes, bytearray)):
        return bytes(value)
    several = value if isinstance(value, (list, tuple)) or hasattr(value, "append") else [value]
    return b"\\".join(b"" if one is None else str(one).encode("utf-8", "replace") for one in several)


def parts(value):
    """Return the values of a text without their padding."""
    return [part for part in (part.strip(b" \0") for part in value.split(b"\\")) if part]


def is_dummy(value):
    """Tell whether a value is empty or says nothing about anybody.

    Examples
    --------
    >>> from eda_utils.privacy.identifiers import is_dummy
    >>> is_dummy(b"ANONYMOUS "), is_dummy(b"19000101"), is_dummy(b"Doe^Jane")
    (True, True, False)
    """
    return not value.strip(b" \0") or (len(value) < 40 and DUMMY.match(value.strip(b" \0")) is not None)


def learn_words(elements):
    """Return the pattern of the names, numbers and birth dates in a data set, None where there are none."""
    values = {
        part.decode("latin-1")
        for element in elements
        if element.vr != "SQ" and element.name.rpartition(".")[2] in LEARNT
        for part in parts(element.value)
        if not is_dummy(part)
    }
    words = {word.strip(" \0").encode("latin-1").lower() for word in identifier_words(values)}
    return word_pattern({word for word in words if len(word) >= 4 and not is_dummy(word)})


def word_pattern(words):
    """Numbers stand alone; long words are found inside of others too, short ones are not."""
    if not words:
        return None
    marked = [_marked(word) for word in sorted(words, key=len, reverse=True)]
    return re.compile(b"|".join(marked), re.IGNORECASE)


def _marked(word):
    edge = rb"A-Za-z0-9" if len(word) < 6 else rb"0-9" if word.isdigit() else b""
    escaped = re.escape(word)
    return rb"(?<![" + edge + rb"])" + escaped + rb"(?![" + edge + rb"])" if edge else escaped


def tells(element, pattern):
    """Tell whether an attribute that may stay repeats a word of the patient, or is a UID made of a date."""
    if element.vr == "UI":
        return any(_is_telling_uid(uid, pattern) for uid in parts(element.value))
    return bool(pattern and element.vr in TEXT_VRS and pattern.search(element.value))


def _is_telling_uid(uid, pattern):
    if uid.startswith((WELL_KNOWN, REMAPPED)):
        return False
    return bool(DATE_IN_UID.search(uid) or (pattern and pattern.search(uid)))
