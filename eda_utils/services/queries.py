"""Asking an archive what it holds (C-FIND) and whether it is there (C-ECHO)."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import pandas as pd
from pydicom.config import IGNORE
from pydicom.datadict import dictionary_VR, keyword_dict
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pynetdicom import build_context, sop_class as classes

from ..core import RequestError
from .association import Peer, describe_status, ensure_success, open_association
from .catalogue import LEVELS, value_text

UNIQUE = {level: keywords[0] for level, keywords in LEVELS.items()}
FIELDS = {
    "PATIENT": "PatientID PatientName PatientBirthDate PatientSex",
    "STUDY": "PatientID StudyInstanceUID StudyDate StudyDescription ModalitiesInStudy NumberOfStudyRelatedInstances",
    "SERIES": "StudyInstanceUID SeriesInstanceUID Modality SeriesNumber SeriesDescription",
    "IMAGE": "StudyInstanceUID SeriesInstanceUID SOPInstanceUID SOPClassUID InstanceNumber",
}


def echo(address: Peer, **connection: Any) -> dict:
    """Ask a peer whether it is there and understands DICOM (C-ECHO).

    Parameters
    ----------
    address : str or Archive
        ``AET@host:port``
    **connection
        timeout, calling, tls, max_pdu, log, as in `open_association`.

    Returns
    -------
    dict
        peer, status, milliseconds

    Raises
    ------
    PeerError
        If it is not there, refuses or stalls.

    References
    ----------
    PS3.4 A (Verification Service Class), PS3.7 9.1.5

    Examples
    --------
    >>> from eda_utils import services
    >>> services.echo("NOBODY@127.0.0.1:1")
    Traceback (most recent call last):
    eda_utils.core.errors.PeerError: NOBODY@127.0.0.1:1: cannot be reached; check host and port, and that it runs.
    """
    with open_association(address, [build_context(classes.Verification)], **connection) as association:
        begun = pd.Timestamp.now()
        status = ensure_success(association.send_c_echo(), address, "C-ECHO")
        took = pd.Timestamp.now() - begun
    peer = getattr(address, "address", address)
    return {"peer": str(peer), "status": describe_status(status), "milliseconds": round(took.total_seconds() * 1e3, 1)}


def query(
    address: Peer, level: str = "study", *, fields: Sequence[str] = (), **keys_and_connection: Any
) -> pd.DataFrame:
    """Ask an archive which patients, studies, series or images it holds (C-FIND).

    Parameters
    ----------
    address : str or Archive
        ``AET@host:port``
    level : str
        ``"patient"``, ``"study"``, ``"series"`` or ``"image"``: what a row is.
    fields : list of str
        Keywords of further attributes to be told.
    **keys_and_connection
        DICOM keywords with the value that must match: a text, with ``*`` and ``?`` as wild cards; a date or a pair of
        dates from and to, either of which may be None; a list of UIDs. Small words are the connection's, as in
        `open_association`.

    Returns
    -------
    pandas.DataFrame
        A column for each keyword that was asked for. It holds identifiers: `redact_table` masks them.

    Raises
    ------
    RequestError
        If a level or keyword does not exist.
    PeerError
        If the peer is not there, refuses, stalls or fails.

    References
    ----------
    PS3.4 C.2.2.2 (matching), C.6 (information models)

    Examples
    --------
    >>> import tempfile
    >>> from pydicom.data import get_testdata_file
    >>> from eda_utils import services
    >>> with tempfile.TemporaryDirectory() as folder, services.start_archive(folder) as archive:
    ...     _ = services.send([get_testdata_file("CT_small.dcm")], archive)
    ...     services.query(archive, "series", Modality="C*")["Modality"].tolist()
    ['CT']
    """
    level, keys, connection = check_request(level, fields, keys_and_connection)
    root = "Patient" if level == "PATIENT" else "Study"
    model = getattr(classes, f"{root}RootQueryRetrieveInformationModelFind")
    wanted = list(dict.fromkeys([*FIELDS[level].split(), *fields, *keys]))
    identifier = make_identifier(level, dict.fromkeys(wanted, "") | keys)
    with open_association(address, [build_context(model)], **connection) as association:
        answers = []
        for status, answer in association.send_c_find(identifier, model):
            ensure_success(status, address, "C-FIND")
            answers += [answer] if answer is not None else []
    return answers_table(answers, wanted)


def check_request(level, fields, words):
    """Return the level, the keys to match and the words of the connection, apart."""
    if str(level).upper() not in LEVELS:
        raise RequestError("level", "is none of patient, study, series, image", "give one of them")
    keys = {word: value for word, value in words.items() if word[:1].isupper()}
    for keyword in [*keys, *fields]:
        if keyword not in keyword_dict:
            raise RequestError(keyword, "is no keyword of PS3.6", "look it up; it is written like PatientName")
    return str(level).upper(), keys, {word: value for word, value in words.items() if word not in keys}


def make_identifier(level, keys):
    """Return the Identifier of a C-FIND, C-GET or C-MOVE request."""
    identifier = Dataset()
    identifier.SpecificCharacterSet = "ISO_IR 192"
    identifier.QueryRetrieveLevel = level
    for keyword, value in keys.items():
        text = match_text(keyword, value) or None
        # a wild card or a range is no valid value of its VR
        identifier.add(DataElement(keyword, dictionary_VR(keyword), text, validation_mode=IGNORE))
    return identifier


def match_text(keyword, value):
    """Return the value of a matching key as text (PS3.4 C.2.2.2): dates as range, lists of UIDs with backslashes.

    Examples
    --------
    >>> from datetime import date
    >>> from eda_utils.services.queries import match_text
    >>> match_text("StudyDate", (date(2026, 1, 1), None))
    '20260101-'
    """
    if dictionary_VR(keyword) == "DA" and isinstance(value, (tuple, list)):
        return "-".join(_day(end) for end in value)
    if isinstance(value, (list, tuple, pd.Series)):
        return "\\".join(map(str, value))
    return _day(value) if isinstance(value, date) else str(value)


def _day(value):
    return value.strftime("%Y%m%d") if isinstance(value, date) else str(value or "").replace("-", "")


def answers_table(answers, wanted):
    """Return data sets as a table with the wanted keywords as columns, dates and whole numbers as such."""
    cells = {keyword: [value_text(answer, keyword) or None for answer in answers] for keyword in wanted}
    table = pd.DataFrame(cells, dtype=object)
    for keyword in wanted:
        vr = dictionary_VR(keyword)
        if vr == "DA":
            table[keyword] = pd.to_datetime(table[keyword], format="%Y%m%d", errors="coerce")
        elif vr in ("IS", "US"):
            table[keyword] = pd.to_numeric(table[keyword], errors="coerce").astype("Int64")
        else:
            table[keyword] = table[keyword].astype("str")
    return table
