"""What one file tells about its patient: attributes, meta information, preamble, pictures beside a slide."""

from collections import Counter, defaultdict
from pathlib import Path

from pydicom._private_dict import private_dictionaries
from pydicom.dataset import Dataset

from ..core import HEADER_BYTES, EDAError, FormatError, open_file, quiet
from ..dicom import (
    TIFF_SIGNATURES,
    UNCOMPRESSED,
    attribute,
    basic_profile,
    comment_segments,
    first_item,
    read_dataset,
    sniff,
    texts,
)
from .identifiers import CHARACTERISTICS, DATE, TIME_VRS, learn_words, stored_bytes, tells, walk

DEFER_BYTES = 2**20
CODESTREAM_BYTES = 2**18  # of which the first frame's segments are looked at
OLDEST_TOLD = 89  # years; 45 CFR 164.514(b)(2)(i)(C)
DIRECT = {  # beside names: what leads to a person by itself
    *("PatientID", "OtherPatientIDs", "OtherPatientIDsSequence", "PatientBirthDate", "PatientBirthTime"),
    *("PatientAddress", "PatientTelephoneNumbers", "PatientTelecomInformation", "PatientInsurancePlanCodeSequence"),
    *("MilitaryRank", "MedicalRecordLocator", "AccessionNumber", "CountryOfResidence", "RegionOfResidence"),
    *("PatientBirthDateInAlternativeCalendar", "PatientDeathDateInAlternativeCalendar", "ResponsiblePerson"),
}
EXPECTED_META = {*range(0x00020000, 0x00020003), 0x00020010, 0x00020012, 0x00020013}
ACTIVE = (b"MZ", b"\x7fELF", b"#!", b"<", b"%PDF", b"PK\3\4", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe")
OFTEN_BURNED_IN = ("US", "IVUS", "ES", "XC", "GM", "SM", "OP", "OT", "SC", "RF", "BDUS", "EPS", "DOC", "HC")


def audit_file(source):
    """Return what `privacy.audit` says about one file, and the pattern of its patient's names and numbers.

    Parameters
    ----------
    source : str, Path, bytes or Dataset

    Returns
    -------
    evidence : dict of str to str
        One text for each kind.
    pattern : re.Pattern or None

    Raises
    ------
    EDAError
        If it cannot be read.
    """
    kind, what = ("dicom", "DICOM") if hasattr(source, "file_meta") else sniff(source)
    if kind == "dicom":
        return audit_dataset(read_dataset(source, pixels=True, defer_bytes=DEFER_BYTES))
    if kind == "other":
        if what == "an empty file":
            raise FormatError(Path(source).name, "is an empty file", "leave it out")
        return {"not_examined": what}, None
    return (_audit_slide if kind == "slide" else _audit_picture)(source), None


def _audit_slide(source):
    from ..slides import open_slide

    with open_slide(source) as slide:
        pictures = slide.associated
        names = pictures.loc[pictures["possible_phi"], "name"].tolist()
    return {"slide_label": ", ".join(names)} if names else {}


def _audit_picture(source):
    from PIL import Image as Pillow

    try:
        with open_file(source, HEADER_BYTES) as stream, quiet(), Pillow.open(stream) as file:
            held = [name for name in ("comment", "XML:com.adobe.xmp", "photoshop", "Author") if file.info.get(name)]
            held += ["EXIF"] * bool(dict(file.getexif()).keys() - range(0x0100, 0x011E))
    except EDAError:
        raise
    except (OSError, SyntaxError, ValueError, Pillow.DecompressionBombError) as error:
        raise FormatError(Path(source).name, f"is damaged ({type(error).__name__})", "copy it again") from None
    return {"picture_metadata": ", ".join(held)} if held else {}


def audit_dataset(dataset, pattern=None):
    """Return what `audit_file` does, of a data set; `pattern` are words to look for instead of its own."""
    elements = list(walk(dataset))
    pattern = pattern or learn_words(elements)
    found = defaultdict(list)
    for element in elements:
        kind = _kind(element, pattern)
        if kind:
            found[kind].append(_private_name(element) if kind == "private" else element.name)
    for element in walk(getattr(dataset, "file_meta", None) or Dataset()):
        if element.action == "U" and element.is_identifying:
            found["original_uid"].append(element.name)
        elif element.action != "U" and element.tag not in EXPECTED_META and element.value:
            found["file_meta"].append(element.name)
    evidence = {kind: _counted(names) for kind, names in found.items()}
    evidence |= _of_preamble(dataset) | _of_ages(dataset) | _of_codestream(dataset)
    return evidence | read_burned_in(dataset), pattern


def _kind(element, pattern):
    """By which kind of finding an element is told, None where it may stay."""
    tag, is_private = element.tag, element.tag >> 16 & 1
    if element.action is None or element.tag in EXPECTED_META:
        if not element.value or element.vr == "SQ" or not tells(element, pattern):
            return None
        return "uid_with_date" if element.vr == "UI" else "repeated_identifier"
    if is_private:
        is_creator = 0x10 <= tag & 0xFFFF <= 0xFF
        return None if is_creator or element.value in (b"", []) else "private"
    if not element.is_identifying:
        return None
    if element.value is None:
        return "unreadable_attribute"
    if tag >> 16 & 0xFF00 in (0x5000, 0x6000):
        return "overlay"
    if element.tag not in basic_profile() and element.action == "X":
        return "unknown_attribute"
    return _kind_of_listed(element, pattern)


def _kind_of_listed(element, pattern):
    if element.vr == "PN":
        return "person_name"
    if set(element.name.split(".")) & DIRECT:
        return "patient_identifier"
    if element.tag in CHARACTERISTICS:
        return "patient_characteristic"
    if element.vr in TIME_VRS:
        return "date_or_time"
    if element.vr == "UI":
        return "uid_with_date" if tells(element, pattern) else "original_uid"
    if element.vr == "SQ":
        return "identifying_sequence"
    return "repeated_identifier" if tells(element, pattern) else "descriptive_text"


def _private_name(element):
    """By its creator, which is free text: only those that pydicom knows are named."""
    group, block = element.tag >> 16, element.tag >> 8 & 0xFF
    creator = str(attribute(element.place, group << 16 | block, "")).strip() if block >= 0x10 else ""
    return creator if creator in private_dictionaries else "unknown creator"


def _counted(names):
    """How many, and which; a name stands for itself however often and in how many items it occurs."""
    counts = Counter(names)
    told = ", ".join(name if count == 1 else f"{name} ({count:,})" for name, count in counts.items())
    return f"{len(names):,} attribute{'s' * (len(names) != 1)}: {told}"


def _of_preamble(dataset):
    preamble = getattr(dataset, "preamble", None) or b""
    if not preamble.strip(b"\0"):
        return {}
    if preamble.startswith(ACTIVE) or b"<script" in preamble.lower():
        return {"preamble_active": f"{len(preamble.rstrip(bytes(1)))} bytes"}
    return {"preamble_not_zero": "that of a TIFF" if preamble[:4] in TIFF_SIGNATURES else "of unknown meaning"}


def _of_ages(dataset):
    age, years = "".join(texts(attribute(dataset, "PatientAge"))), 0
    if age[-1:] == "Y" and age[:-1].isdigit():
        years = int(age[:-1])
    born, studied = (DATE.match(_raw(dataset, keyword)) for keyword in ("PatientBirthDate", "StudyDate"))
    if born and studied and int(born[1]) > 1900:  # the usual dummy
        years = max(years, int(studied[1]) - int(born[1]) - (studied[2] + studied[3] < born[2] + born[3]))
    return {"age_over_89": "by age, or by the dates of birth and study"} if years > OLDEST_TOLD else {}


def _raw(dataset, keyword):
    return stored_bytes(dataset.get_item(keyword)) if keyword in dataset else b""


def _of_codestream(dataset):
    """Of the first frame, which stands for all."""
    syntax = getattr(getattr(dataset, "file_meta", None), "TransferSyntaxUID", None)
    if syntax in (None, *UNCOMPRESSED) or "PixelData" not in dataset:
        return {}
    count = len(comment_segments(first_item(_beginning(dataset))))
    return {"codestream_comment": f"{count} segment{'s' * (count != 1)}"} if count else {}


def _beginning(dataset):
    """Of the pixels; what was left in the file is read from there, without the rest."""
    element = dataset.get_item("PixelData", keep_deferred=True)
    if element.value is not None:
        return element.value[:CODESTREAM_BYTES]
    with open_file(dataset.filename) as file:
        file.seek(element.value_tell)
        return file.read(CODESTREAM_BYTES)


def read_burned_in(dataset):
    """Return what the header of an image says of text in its pixels: YES, or nothing where there often is some."""
    if "Rows" not in dataset:
        return {}
    stated, modality = (texts(attribute(dataset, name)) for name in ("BurnedInAnnotation", "Modality"))
    if stated == ("YES",):
        return {"burned_in": "declared by the header"}
    if stated != ("NO",) and set(modality) & set(OFTEN_BURNED_IN):
        return {"burned_in_unknown": "Burned In Annotation (0028,0301) is absent"}
    return {}
