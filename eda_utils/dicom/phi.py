"""Which attributes can identify a person, and how their values are masked in everything we show."""

import csv
import re
from collections.abc import Collection, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
from pydicom.tag import Tag

from ..core import read_part
from .attributes import find_attribute, known_attribute

MASK = "•••"
NAMING = ("PatientName", "PatientID", "OtherPatientIDs", "OtherPatientNames")  # whose words occur in paths


@cache
def basic_profile() -> dict[int, str]:
    """Return the attributes of the Basic Application Level Confidentiality Profile.

    Returns
    -------
    dict of int to str
        Tag to action code: X remove, Z empty, D dummy value, U replace the UID, and their combinations.

    References
    ----------
    PS3.15 Table E.1-1. Curves (50xx,xxxx) and overlays (60xx,3000 and 4000) are added by `is_phi`.

    Examples
    --------
    >>> from eda_utils.dicom import basic_profile
    >>> basic_profile()[0x00100010]
    'Z'
    """
    lines = read_part(Path(__file__).with_name("data") / "confidentiality.csv").splitlines()
    rows = [row for row in csv.DictReader(lines) if "x" not in row["tag"]]
    return {int(row["tag"], 16): row["action"] for row in rows}


def is_phi(attribute: str | int) -> bool:
    """Tell whether the standard lists an attribute among those that can identify a person.

    Private attributes count, because nobody outside of the vendor knows what they hold.

    Parameters
    ----------
    attribute : str, int or BaseTag
        A tag, or a name as `index_folder` takes it: what lies in a sequence that can identify a person is PHI too. A
        name that is none of these, such as that of a computed column, is not PHI.

    Returns
    -------
    bool

    References
    ----------
    PS3.15 Table E.1-1.

    Examples
    --------
    >>> from eda_utils.dicom import is_phi
    >>> is_phi("PatientName"), is_phi("Rows"), is_phi(0x00091001)
    (True, False, True)
    """
    if isinstance(attribute, str):
        wanted = known_attribute(attribute)
        return wanted is not None and any(map(is_phi, [*(tag for tag, _ in wanted.path), wanted.tag]))
    tag = int(attribute)
    group, element = Tag(tag).group, Tag(tag).element
    repeating = group & 0xFF00 == 0x5000 or (group & 0xFF00 == 0x6000 and element in (0x3000, 0x4000))
    return tag in basic_profile() or group % 2 == 1 or repeating


def redact_table(table: pd.DataFrame) -> pd.DataFrame:
    """Return a copy of a table in which identifiers are replaced and grouping still works.

    UIDs, numbers and names become codes in order of appearance ("PatientID-1"), dates keep their year, free text and
    everything else that can identify a person becomes a mask. Missing cells stay missing, so that completeness can
    still be measured. Identifiers that occur inside the paths are masked too.

    Parameters
    ----------
    table : DataFrame
        With DICOM keywords as columns, such as an index.

    Returns
    -------
    DataFrame
        Same shape and row order.

    References
    ----------
    PS3.15 Annex E. Years alone are also what HIPAA's safe harbour keeps (45 CFR 164.514(b)(2)(i)(C)).

    Examples
    --------
    >>> import pandas as pd
    >>> from eda_utils.dicom import redact_table
    >>> redact_table(pd.DataFrame({"PatientID": ["a7", "b2", "a7"], "Rows": [1, 2, 3]}))["PatientID"].tolist()
    ['PatientID-1', 'PatientID-2', 'PatientID-1']
    """
    redacted = table.copy()
    for column in table.columns:
        if is_phi(str(column)):
            redacted[column] = _redact_column(table[column], str(column))
    known = identifiers(table)
    for column in {"path", "problem", "warning"} & set(table.columns):
        redacted[column] = [mask_identifiers(cell, known) for cell in table[column]]
    return redacted.rename(columns=lambda name: mask_identifiers(name, known))  # private creators are free text


def _redact_column(column, name):
    vr, keyword = find_attribute(name).vr, name.rpartition(".")[2]
    if vr in ("DA", "DT") and keyword != "PatientBirthDate":
        return column.astype(object).where(column.isna(), column.astype(str).str[:4])
    if vr in ("UI", "PN") or keyword.endswith(("ID", "Number")):
        codes = column.astype(str).factorize()[0] + 1
        return column.astype(object).where(column.isna(), [f"{keyword}-{code}" for code in codes])
    return column.astype(object).where(column.isna(), MASK)


def identifiers(table: pd.DataFrame) -> set[str]:
    """Return the words of the names and patient numbers in a table, for masking them elsewhere."""
    columns = [column for column in table.columns if str(column).rpartition(".")[2] in NAMING]
    return identifier_words(value for column in columns for value in table[column].dropna().astype(str).unique())


def identifier_words(values: Iterable[str]) -> set[str]:
    """Return the values and their single words; those of fewer than four letters would mask half of every path."""
    return {word for value in values for word in [value, *re.split(r"[\^= ,_/\\]+", value)] if len(word) >= 4}


def mask_identifiers(text: Any, known: Collection[str]) -> Any:
    """Return `text` with every occurrence of the `known` identifiers masked, whatever their case."""
    if not known or not isinstance(text, str):
        return text
    pattern = "|".join(re.escape(word) for word in sorted(known, key=len, reverse=True))
    return re.sub(rf"(?<![^\W_])(?:{pattern})(?![^\W_])", MASK, text, flags=re.IGNORECASE)
