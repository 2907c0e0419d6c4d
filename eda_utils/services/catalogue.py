"""The catalogue of an archive: one row per instance in SQLite, and the matching of queries (PS3.4 C.2.2.2)."""

import re
import sqlite3
from pathlib import Path

from pydicom.config import IGNORE
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

FILE = "catalogue.sqlite"
LEVELS = {  # the key that each level of the Study Root model adds, and what it can say
    "PATIENT": ("PatientID", "PatientName", "PatientBirthDate", "PatientSex"),
    "STUDY": (
        *("StudyInstanceUID", "StudyDate", "StudyTime", "AccessionNumber", "StudyID", "StudyDescription"),
        *("ReferringPhysicianName", "PatientAge"),
    ),
    "SERIES": (
        *("SeriesInstanceUID", "Modality", "SeriesNumber", "SeriesDate", "SeriesDescription", "BodyPartExamined"),
        *("ProtocolName", "Manufacturer"),
    ),
    "IMAGE": (
        *("SOPInstanceUID", "SOPClassUID", "InstanceNumber", "Rows", "Columns", "NumberOfFrames"),
        "AvailableTransferSyntaxUID",
    ),
}
KEYWORDS = [keyword for keywords in LEVELS.values() for keyword in keywords]
COUNTED = {  # answered from all instances below
    "ModalitiesInStudy": "group_concat(DISTINCT Modality)",
    "SOPClassesInStudy": "group_concat(DISTINCT SOPClassUID)",
    "NumberOfPatientRelatedStudies": "count(DISTINCT StudyInstanceUID)",
    "NumberOfStudyRelatedSeries": "count(DISTINCT SeriesInstanceUID)",
    **dict.fromkeys(
        ("NumberOfPatientRelatedInstances", "NumberOfStudyRelatedInstances", "NumberOfSeriesRelatedInstances"),
        "count(*)",
    ),
}
BACKSLASHED = ("ModalitiesInStudy", "SOPClassesInStudy")


def open_catalogue(folder):
    """Open the catalogue of a folder, and make it where there is none.

    One connection serves all threads: closing one would write everything to the disk each time.
    """
    connection = sqlite3.connect(Path(folder, FILE), timeout=30, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    columns = ", ".join(f"{keyword} TEXT" for keyword in KEYWORDS)
    table = f"CREATE TABLE IF NOT EXISTS instances ({columns}, name TEXT PRIMARY KEY) WITHOUT ROWID"
    connection.execute(table)
    return connection


def known_names(catalogue):
    """Return the names of the files that are in the catalogue."""
    return {name for (name,) in catalogue.execute("SELECT name FROM instances")}


def add_instance(catalogue, header, name):
    """Add the row of an instance; a row of the same name is replaced."""
    cells = [value_text(header, keyword) for keyword in KEYWORDS[:-1]]
    cells += [str(header.file_meta.TransferSyntaxUID), name]
    with catalogue:
        marks = ", ".join("?" * len(cells))
        catalogue.execute(f"INSERT OR REPLACE INTO instances VALUES ({marks})", cells)


def forget_instances(catalogue, names):
    """Remove the rows of files that are gone."""
    with catalogue:
        catalogue.executemany("DELETE FROM instances WHERE name = ?", [(name,) for name in names])


def value_text(header, keyword):
    """Return a value of a data set as text, several ones with backslashes; empty where there is none."""
    value = header.get(keyword)
    if value is None:
        return ""
    return str(value) if isinstance(value, str) or not hasattr(value, "__iter__") else "\\".join(map(str, value))


def find_matches(catalogue, identifier):
    """Return the data sets that answer an identifier: one for each patient, study, series or image that matches."""
    level = identifier.get("QueryRetrieveLevel", "STUDY")
    unique = LEVELS[level][0]
    asked = [e.keyword for e in identifier if e.keyword in KEYWORDS or e.keyword in COUNTED]
    asked = list(dict.fromkeys([unique, *asked]))
    chosen = ", ".join(COUNTED.get(keyword, f"max({keyword})") for keyword in asked)
    where, values = _conditions(identifier)
    rows = catalogue.execute(f"SELECT {chosen} FROM instances{where} GROUP BY {unique}", values).fetchall()
    return [_answer(level, asked, row) for row in rows]


def find_names(catalogue, identifier):
    """Return the names of the files of all instances that match, with their SOP class and transfer syntax."""
    where, values = _conditions(identifier)
    chosen = "SELECT name, SOPClassUID, AvailableTransferSyntaxUID FROM instances"
    order = "ORDER BY length(InstanceNumber), InstanceNumber"
    return catalogue.execute(f"{chosen}{where} {order}", values).fetchall()


def _answer(level, asked, row):
    answer = Dataset()
    answer.SpecificCharacterSet = "ISO_IR 192"
    answer.QueryRetrieveLevel = level
    for keyword, value in zip(asked, row, strict=True):
        text = value.replace(",", "\\") if keyword in BACKSLASHED else value
        vr = dictionary_VR(keyword)
        value = int(text) if vr == "US" and text else text or None
        answer.add(DataElement(keyword, vr, value, validation_mode=IGNORE))
    return answer


def _conditions(identifier):
    """Return the WHERE of a query, with its values: nothing that was received becomes a part of the SQL."""
    parts, values = [], []
    for element in identifier:
        text = value_text(identifier, element.keyword)
        if element.keyword in KEYWORDS and text.strip():
            part, given = _condition(element.keyword, text)
            parts.append(part)
            values += given
    return (f" WHERE {' AND '.join(parts)}" if parts else ""), values


def _condition(keyword, text):
    vr = dictionary_VR(keyword)
    if vr == "UI":  # list of UID matching, C.2.2.2.2
        uids = text.split("\\")
        return f"{keyword} IN ({', '.join('?' * len(uids))})", uids
    if vr in ("DA", "TM") and "-" in text:  # range matching, C.2.2.2.5
        first, last = text.split("-", 1)
        return f"{keyword} != '' AND {keyword} BETWEEN ? AND ?", [first.strip(), last.strip() or "99999999"]
    if re.search(r"[*?]", text):  # wild card matching, C.2.2.2.4
        pattern = re.sub(r"\[", "[[]", text)
        return f"{_folded(keyword, vr)} GLOB {_folded('?', vr)}", [pattern]
    return f"{_folded(keyword, vr)} = {_folded('?', vr)}", [text]


def _folded(text, vr):
    return f"lower({text})" if vr == "PN" else text  # C.2.2.2.1: names may be matched in either case
