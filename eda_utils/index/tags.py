"""Which attributes headers hold, what they mean, where the standard defines them, how often they are filled."""

import csv
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from pydicom.datadict import get_entry, get_private_entry

from ..core import NOT_STATED, RequestError, need, read_part
from ..dicom import identifiers, is_phi, known_attribute, mask_identifiers
from .storage import index_parts

FACTS = ["tag", "keyword", "name", "vr", "vm"]
FILE_META, REGISTRY, PRIVATE_ELEMENTS, UNKNOWN = "PS3.10 7.1", "PS3.6 6", "PS3.5 7.8.1", "not in the standard"


@cache
def standard_sections():
    """Return where the standard defines the meaning of each attribute.

    Returns
    -------
    dict of str to str
        Keyword to section of PS3.3. Of several modules a general one (C.7, C.12, C.11.1, C.11.2) is given, else a
        macro; up to three where only modules for one kind of image each (C.8) define it, with "…" for more.

    References
    ----------
    PS3.3 section 8 (codes), section 10 (macros) and Annex C (modules).

    Examples
    --------
    >>> from eda_utils.index.tags import standard_sections
    >>> standard_sections()["Rows"], standard_sections()["KVP"]
    ('PS3.3 C.7.6.3', 'PS3.3 C.8.1.2, C.8.2.1, C.8.7.2 …')
    """
    lines = read_part(Path(__file__).with_name("data") / "sections.csv").splitlines()
    rows = csv.DictReader(line for line in lines if not line.startswith("#"))
    return {row["keyword"]: f"PS3.3 {row['section']}" for row in rows}


def summarize_tags(index: pd.DataFrame) -> pd.DataFrame:
    """List the attributes of an index with their meaning and how often they are filled.

    Parameters
    ----------
    index : DataFrame
        From `index_folder`; only readable DICOM files count.

    Returns
    -------
    DataFrame
        One row per column of the index that is an attribute, sorted by tag: ``tag``, ``keyword`` (the name of the
        column), ``name``, ``vr``, ``vm``, ``files`` (how many have a value), ``share_filled`` (0 to 1), ``different``
        (how many values there are), ``is_phi`` and ``section`` (where the standard defines it). It holds no values.

    References
    ----------
    PS3.6 section 6 (registry), PS3.3 Annex C (modules), PS3.10 section 7.1 (file meta information), PS3.5 section
    7.8.1 (private elements), PS3.15 Table E.1-1 (what identifies).

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> import eda_utils as eda
    >>> from eda_utils.index import summarize_tags
    >>> tags = summarize_tags(eda.index_folder(get_testdata_file("CT_small.dcm"))).set_index("keyword")
    >>> tags.loc["Rows", ["tag", "vr", "section"]].tolist()
    ['(0028,0010)', 'US', 'PS3.3 C.7.6.3']
    """
    attributes, dicom = _attributes(index), _is_readable(index)
    filled = [index.loc[dicom, column].dropna() for column in attributes.index]
    files = np.array([len(cells) for cells in filled], np.int64)
    return attributes.assign(
        files=files,
        share_filled=files / max(dicom.sum(), 1),
        different=np.array([_count_different(cells) for cells in filled], np.int64),
        is_phi=attributes.index.map(_identifies).astype(bool),
        section=attributes.index.map(_section).astype(object),
    ).reset_index(drop=True)


def summarize_private(index: pd.DataFrame) -> pd.DataFrame:
    """Count the private attributes of an index by the creator who reserved them.

    Parameters
    ----------
    index : DataFrame
        From `index_folder` with ``tags="all"``; only readable DICOM files count.

    Returns
    -------
    DataFrame
        One row per creator and group: ``creator`` ("not stated" where the file names none), ``group``, ``elements``
        (how many), ``files`` (how many have a value in one of them) and ``numbers``, the last two digits of the
        elements. Identifiers of the index that occur in a creator's text are masked.

    References
    ----------
    PS3.5 section 7.8.1: the creator reserves a block of up to 256 elements in a group of odd number.

    Examples
    --------
    >>> import pandas as pd
    >>> from eda_utils.index import summarize_private
    >>> index = pd.DataFrame({"kind": ["dicom"], "problem": [None], "0029[SIEMENS CSA HEADER]10": ["IMAGE NUM 4"]})
    >>> summarize_private(index)[["creator", "group", "elements", "files"]].values.tolist()
    [['SIEMENS CSA HEADER', '0029', 1, 1]]
    """
    need(index, "kind", "problem")
    dicom, known, found = _is_readable(index), _identifiers_in_creators(index), {}
    for column, private in _private_columns(index).items():
        block = mask_identifiers(private.creator, known) or NOT_STATED, f"{private.tag >> 16:04X}"
        numbers, filled = found.setdefault(block, (set(), np.zeros(len(index), bool)))
        numbers.add(f"{private.tag & 0xFF:02X}")
        filled |= (index[column].notna() & dicom).to_numpy()
    blocks = sorted(found.items())
    rows = [(*block, len(numbers), filled.sum(), " ".join(sorted(numbers))) for block, (numbers, filled) in blocks]
    table = pd.DataFrame(rows, columns=["creator", "group", "elements", "files", "numbers"])
    return table.astype({"elements": np.int64, "files": np.int64})


def summarize_completeness(index: pd.DataFrame | str | Path, by: str = "Modality") -> pd.DataFrame:
    """Show which share of the files has each attribute filled, for each modality or other group.

    Parameters
    ----------
    index : DataFrame, str or Path
        From `index_folder`; only readable DICOM files count. A folder of parts is read piece by piece.
    by : str
        Column that makes the groups. Identifying attributes are refused.

    Returns
    -------
    DataFrame
        One row per attribute, sorted by tag: ``keyword``, then one column (0 to 1) per group, the largest first; "not
        stated" where a file has no value in `by`.

    Raises
    ------
    ValueError
        If the index has no such column, or if it can identify a person (RequestError).

    Examples
    --------
    >>> import pandas as pd
    >>> from eda_utils.index import summarize_completeness
    >>> index = pd.DataFrame({"kind": "dicom", "problem": None, "Modality": ["CT", "US"], "KVP": [120.0, None]})
    >>> summarize_completeness(index).set_index("keyword").loc["KVP"].to_dict()
    {'CT': 1.0, 'US': 0.0}
    """
    if _identifies(by):
        wrong = "an identifying attribute was asked for"
        raise RequestError("summarize_completeness", wrong, "use pandas on the index itself")
    files, filled, keywords = pd.Series(dtype=np.int64), pd.DataFrame(), pd.Series(dtype=object)
    for part in index_parts(index):
        attributes, groups, dicom = _groups(part, by)
        files = files.add(groups.value_counts(), fill_value=0)
        filled = filled.add(dicom.notna().groupby(groups).sum(), fill_value=0)
        keywords = attributes["keyword"].combine_first(keywords)
    files = files.sort_values(ascending=False, kind="stable")
    order = sorted(keywords.index, key=lambda column: (_facts(column)[0], column))
    shares = filled.reindex(files.index).div(files, axis=0).T.reindex(order).fillna(0.0).astype(float)
    shares.insert(0, "keyword", keywords)
    return shares.rename_axis(columns=None).reset_index(drop=True)


def _groups(index, by):
    attributes = _attributes(index)
    need(index, by)
    dicom = index[_is_readable(index)]
    groups = dicom[by].map(_label, na_action="ignore").astype(object)
    return attributes, groups.where(groups.notna(), NOT_STATED), dicom[attributes.index]


def _is_readable(index):
    return (index["kind"] == "dicom") & index["problem"].isna()


def _count_different(cells):
    try:
        return cells.nunique()
    except TypeError:  # lists cannot be hashed
        return cells.map(repr).nunique()


def _label(value):
    return "\\".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _attributes(index):
    """The facts of the dictionary on each column that is an attribute, sorted by tag."""
    need(index, "kind", "problem")
    facts = {column: _facts(column) for column in index.columns if known_attribute(column)}
    table = pd.DataFrame.from_dict(facts, orient="index", columns=FACTS, dtype=object)
    known = _identifiers_in_creators(index)
    table["keyword"] = [mask_identifiers(keyword, known) for keyword in table["keyword"]]
    return table.sort_values(["tag", "keyword"])


def _facts(column):
    found = known_attribute(column)
    vr, vm, name, *_ = _entry(found)
    digits = f"{found.tag:08X}" if found.creator is None else f"{found.tag >> 16:04X}xx{found.tag & 0xFF:02X}"
    return f"({digits[:4]},{digits[4:]})", column, name, vr, vm


def _entry(found):
    try:
        if found.creator is None:
            return get_entry(found.tag)
        return get_private_entry(found.tag | 0x1000, found.creator)
    except KeyError:
        return "UN", "", "unknown", "", ""


def _identifies(column):
    return known_attribute(column) is not None and (is_phi(column) or _section(column) == UNKNOWN)


def _section(column):
    found = known_attribute(column)
    if found.tag >> 16 & 1:
        return PRIVATE_ELEMENTS
    if found.tag >> 16 == 2:
        return FILE_META
    keyword = _entry(found)[4]
    return standard_sections().get(keyword, REGISTRY if keyword else UNKNOWN)


def _private_columns(index):
    found = {column: known_attribute(column) for column in index.columns}
    return {column: attribute for column, attribute in found.items() if attribute and attribute.creator is not None}


def _identifiers_in_creators(index):
    """The identifiers of an index that occur in its private creators, which are free text."""
    creators = " ".join(attribute.creator for attribute in _private_columns(index).values()).casefold()
    return {word for word in identifiers(index) if word.casefold() in creators} if creators else set()
