"""What stands in the place of an identifier: UIDs, codes and dates, the same as long as a secret is."""

import hashlib
import hmac
from datetime import date, timedelta
from uuid import UUID

from pydicom.dataelem import DataElement

from .identifiers import CHARACTERISTICS, DATE, DEVICE, REMOVED, TEXT_VRS, TIME_VRS, WELL_KNOWN, parts, tells

PATIENT = (0x00100010, 0x00100020)
AGE = 0x00101010
ACQUISITION_CONTEXT = 0x00400555
DUMMIES = {"DA": "19000101", "TM": "000000", "DT": "19000101000000", "AS": "000D", "CS": REMOVED, "IS": "0", "DS": "0"}
DUMMIES |= dict.fromkeys(TEXT_VRS, REMOVED) | dict.fromkeys(("OB", "OW", "OF", "OD", "OL", "OV", "UN"), bytes(8))
LEAST_DAYS, MORE_DAYS = 365, 3650


def _digest(salt, *words):
    return hmac.new(salt, b"\0".join(words), hashlib.sha256).digest()


def new_uid(salt, uid):
    """Return the UID that takes the place of another one.

    References
    ----------
    PS3.5 B.2: 2.25 and a UUID as a whole number.

    Examples
    --------
    >>> from eda_utils.privacy.pseudonyms import new_uid
    >>> new_uid(b"secret", "1.2.3") == new_uid(b"secret", "1.2.3") != new_uid(b"other", "1.2.3")
    True
    """
    return f"2.25.{UUID(bytes=_digest(salt, b'uid', uid.encode())[:16], version=5).int}"


def pseudonym(salt, patient):
    """Return the code that takes the place of a patient's number and name.

    Examples
    --------
    >>> from eda_utils.privacy.pseudonyms import pseudonym
    >>> len(pseudonym(b"secret", b"4711"))
    17
    """
    return f"ANON-{_digest(salt, b'patient', patient).hex()[:12].upper()}"


def days_back(salt, patient):
    """Return by how many days the dates of a patient are moved: one to eleven years.

    Examples
    --------
    >>> from eda_utils.privacy.pseudonyms import days_back
    >>> 365 <= days_back(b"secret", b"4711") < 4015
    True
    """
    return LEAST_DAYS + int.from_bytes(_digest(salt, b"days", patient)[:8], "big") % MORE_DAYS


def replace_element(element, pattern, patient, salt, retain):
    """Do to an element of a data set, in its place, what Table E.1-1 asks for.

    Of the actions that it leaves to choose from, the last is taken: what is not removed is legal whatever the type.

    Parameters
    ----------
    element : Element
    pattern : re.Pattern or None
        Words of the patient.
    patient : bytes
        By which the patient is told from others.
    salt : bytes
    retain : sequence of str
        As for `deidentify`.

    Returns
    -------
    {"removed", "emptied", "replaced", "kept"} or None
        What was done; None where nothing had to be.
    """
    if element.tag & 0xFFFF == 0:  # Group Length, wrong from now on
        del element.place[element.tag]
        return None
    if element.value is not None and _may_stay(element, retain):
        return "kept" if element.value else None
    action = element.action or (element.vr != "SQ" and tells(element, pattern) and "D")
    value = _changed(element, patient, salt, retain) if action and element.value else None
    # an optional sequence must not be empty, this one must be there (PS3.3 C.7.2.1, C.7.6.14)
    is_optional = element.vr == "SQ" and action == "X/Z" and element.tag != ACQUISITION_CONTEXT
    if element.value is None or is_optional or (action == "X" and value is None):
        del element.place[element.tag]
        return "removed"
    if not action or element.value in (b"", []) or (element.vr == "SQ" and not action.endswith("Z")):
        return None  # what is in a sequence is replaced by itself
    value = _replacement(element, action[-1], patient, salt) if value is None else value
    element.place[element.tag] = DataElement(element.tag, element.vr, value)
    return "emptied" if value in ("", []) else "replaced"


def _may_stay(element, retain):
    is_age = element.tag == AGE and element.value[:3] > b"089" and element.value[3:4] == b"Y"
    return (
        ("characteristics" in retain and element.tag in CHARACTERISTICS and not is_age)
        or ("device" in retain and element.tag in DEVICE)
        or ("uids" in retain and element.vr == "UI" and element.action in ("U", None))
    )


def _changed(element, patient, salt, retain):
    """What an option keeps in another form; None where there is none."""
    if element.tag == AGE and "characteristics" in retain:
        return "090Y"
    if "dates" in retain and element.vr in TIME_VRS and element.tag >> 16 != 0x0010:
        return _moved(element, days_back(salt, patient))
    return None


def _replacement(element, action, patient, salt):
    if element.tag in PATIENT:
        return pseudonym(salt, patient)
    if element.vr == "UI":
        return [_uid(part.decode("latin-1"), salt) for part in parts(element.value)]
    if action == "Z" or element.vr == "SQ":
        return [] if element.vr == "SQ" else ""
    return DUMMIES.get(element.vr, 0)


def _uid(uid, salt):
    return uid if uid.encode().startswith(WELL_KNOWN) else new_uid(salt, uid)


def _moved(element, days):
    """Times stay; what is no date gives None."""
    if element.vr == "TM":
        return [part.decode("latin-1") for part in parts(element.value)]
    try:
        return [_moved_date(part.decode("ascii"), days) for part in parts(element.value)]
    except (ValueError, TypeError, OverflowError):
        return None


def _moved_date(text, days):
    found = DATE.match(text.encode())
    moved = date(*map(int, found.groups())) - timedelta(days=days)
    return f"{moved:%Y%m%d}{text[found.end() :]}"
