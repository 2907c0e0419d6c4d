"""Headers as tables: every element of one file, and what differs between several."""

from collections.abc import Sequence

import pandas as pd
from pydicom.datadict import dictionary_has_tag, keyword_for_tag
from pydicom.tag import Tag

from ..core import PARSE_ERRORS, plural, quiet, source_name
from .dataset import ImageSource, read_dataset
from .phi import MASK, identifier_words, is_phi, mask_identifiers

MAX_VALUE_LENGTH = 100
COLUMNS = ["tag", "keyword", "vr", "value", "is_phi"]


def header_table(source: ImageSource, *, redact: bool = True) -> pd.DataFrame:
    """List every data element of a file, sequences included, with identifying values masked.

    Parameters
    ----------
    source : str, Path, bytes or Dataset
    redact : bool
        Mask the values of what PS3.15 lists as identifying, of private and of unknown attributes, and the patient's
        name and number wherever else they occur. ``redact=False`` shows everything.

    Returns
    -------
    DataFrame
        Columns ``tag``, ``keyword`` (the path of a nested element, such as
        ``SequenceOfUltrasoundRegions[0].PhysicalDeltaX``), ``vr``, ``value`` and ``is_phi``; one row per element, File
        Meta Information first.

    Raises
    ------
    MissingError, AccessError, FormatError
        If the file cannot be read as DICOM.

    References
    ----------
    PS3.5 section 7 (data elements), PS3.6 (keywords), PS3.15 Table E.1-1 (what identifies).

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> import eda_utils as eda
    >>> table = eda.header_table(get_testdata_file("CT_small.dcm"))
    >>> table.loc[table.keyword == "PatientName", "value"].item()
    '•••'
    """
    dataset = read_dataset(source)
    with quiet():
        rows = [*_rows(getattr(dataset, "file_meta", {}), "", False), *_rows(dataset, "", False)]
    table = pd.DataFrame(rows, columns=COLUMNS)
    if redact:
        names = table["keyword"].str.endswith(("PatientName", "PatientID"))
        known = identifier_words(table.loc[names, "value"])
        masked = [mask_identifiers(value, known) for value in table["value"]]
        is_hidden = table["is_phi"] & (table["value"] != "")
        table["value"] = pd.Series(masked, dtype=object).where(~is_hidden, MASK)
    return table


def _rows(dataset, prefix, parent_is_phi):
    for tag in sorted(dataset.keys()):
        try:
            element = dataset[tag]
        except PARSE_ERRORS:
            yield str(tag), prefix + _label(tag), "", "(value cannot be read)", True
            continue
        path = prefix + _label(element.tag)
        phi = parent_is_phi or is_phi(element.tag) or not dictionary_has_tag(element.tag)
        yield str(element.tag).replace(" ", ""), path, str(element.VR), _shown(element), phi
        if element.VR == "SQ":
            for number, item in enumerate(element.value or []):
                yield from _rows(item, f"{path}[{number}].", phi)


def _label(tag):
    return keyword_for_tag(tag) or str(Tag(tag)).replace(" ", "")


def _shown(element):
    if element.VR == "SQ":
        return plural(len(element.value or []), "item")
    if isinstance(element.value, (bytes, bytearray)):
        return f"({len(element.value):,} bytes)"
    value = element.value
    text = "" if value is None else "\\".join(map(str, value)) if element.VM > 1 else str(value)
    return text if len(text) <= MAX_VALUE_LENGTH else text[:MAX_VALUE_LENGTH] + "…"


def compare_headers(sources: Sequence[ImageSource], *, redact: bool = True) -> pd.DataFrame:
    """Show only the data elements in which files differ.

    Parameters
    ----------
    sources : list of str, Path or Dataset
    redact : bool
        As in `header_table`; a masked row still appears when its hidden values differ.

    Returns
    -------
    DataFrame
        One row per element that differs, indexed by keyword path; one column per file. Absent elements are missing.

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> import eda_utils as eda
    >>> pair = [get_testdata_file(name) for name in ("CT_small.dcm", "MR_small.dcm")]
    >>> eda.compare_headers(pair).loc["Modality"].tolist()
    ['CT', 'MR']
    """
    datasets = [read_dataset(source) for source in sources]
    names = _unique([source_name(source) for source in sources])
    raw, shown = (
        pd.DataFrame(dict(zip(names, (_values(dataset, hide) for dataset in datasets), strict=True)), dtype=object)
        for hide in (False, redact)
    )
    return shown[raw.nunique(axis=1, dropna=False) > 1].rename_axis(None)


def _values(dataset, redact):
    return header_table(dataset, redact=redact).drop_duplicates("keyword").set_index("keyword")["value"]


def _unique(names):
    """The file name, with a number where several files have the same."""
    seen = [names[: position + 1].count(name) for position, name in enumerate(names)]
    return [name if count == 1 else f"{name} ({count})" for name, count in zip(names, seen, strict=True)]
