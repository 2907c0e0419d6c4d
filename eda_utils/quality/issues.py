"""What is wrong with images: by their headers, by their pixels, and where the two contradict each other."""

import pandas as pd

from ..core import findings_table, need
from .rules import acquisition, contradictions, encoding, geometry, patient, pixels

GROUPS = {
    "header": encoding.CHECKS + geometry.CHECKS + acquisition.CHECKS + patient.CHECKS,
    "pixels": pixels.CHECKS,
    "contradiction": contradictions.CHECKS,
}
CHECKS = [(group, check) for group, checks in GROUPS.items() for check in checks]
# What some checks need and an index has only if it is asked for: tags=[*INDEX_TAGS, *QUALITY_TAGS]
QUALITY_TAGS = (
    *("EstimatedRadiographicMagnificationFactor", "DistanceSourceToDetector", "DistanceSourceToPatient"),
    *("SmallestImagePixelValue", "LargestImagePixelValue"),
)
FILE = ("path", "kind", "problem")


def flag_issues(index: pd.DataFrame, stats: pd.DataFrame | None = None) -> pd.DataFrame:
    """Find what is wrong with images: impossible headers, useless pixels, contradictions between both.

    Parameters
    ----------
    index : DataFrame
        From `index_folder`. Looked at are DICOM files with Rows and, for their pixels, pictures; files with a problem
        are in `list_problems`. Relations of UIDs are checked by `quality.check_uids`.
    stats : DataFrame, optional
        From `measure_images`; without it only headers are checked.

    Returns
    -------
    DataFrame
        Findings as `findings_table` describes them, one per file and check; of a series that is mixed, one at its first
        file. ``kind`` is the code of a check in `list_checks`. ``evidence`` has numbers and defined terms of technical
        attributes; no cell but ``path`` can hold an identifier.

    Raises
    ------
    ValueError
        If `index` or `stats` lacks what every check needs (RequestError). A check for which the index lacks columns is
        left out; `list_checks` says which.

    Notes
    -----
    Outliers are judged among images of the same modality, manufacturer, model, view and body part, if there are at
    least 20: by the median and the median absolute deviation, so that they do not hide each other.

    References
    ----------
    Each check names its clause or paper. B. Iglewicz, D. C. Hoaglin, How to Detect and Handle Outliers, ASQC 1993.

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> import eda_utils as eda
    >>> from eda_utils import flag_issues
    >>> index = eda.index_folder(get_testdata_file("CT_small.dcm"))
    >>> flag_issues(index.assign(HighBit=11))[["kind", "evidence"]].values.tolist()
    [['high_bit_wrong', 'High Bit 11, Bits Stored 16']]
    """
    tables = _tables(index, stats)
    columns = {group: set(table.columns) for group, table in tables.items()}
    parts = [check.find(tables[group]) for group, check in CHECKS if columns[group] >= {*check.needs.split()}]
    return findings_table(pd.concat(parts) if parts else [])


def list_checks(index: pd.DataFrame | None = None, stats: pd.DataFrame | None = None) -> pd.DataFrame:
    """List every check of `flag_issues` and, of given tables, what it lacks.

    Parameters
    ----------
    index, stats : DataFrame, optional
        As for `flag_issues`.

    Returns
    -------
    DataFrame
        ``code group severity what clause needs advice``; with `index` also ``lacks``, the columns for want of which a
        check is left out, empty where it runs.

    Examples
    --------
    >>> from eda_utils.quality import list_checks
    >>> list_checks().set_index("code").loc["high_bit_wrong", "clause"]
    'PS3.5 8.1.1; for example PS3.3 C.8.11.3'
    """
    rows = [(check.code, group, check.severity, *check.said, check.needs, check.advice) for group, check in CHECKS]
    table = pd.DataFrame(rows, columns=["code", "group", "severity", "what", "clause", "needs", "advice"])
    if index is None:
        return table
    columns = {group: found.columns for group, found in _tables(index, stats).items()}
    wanted = zip(table["group"], table["needs"].str.split(), strict=True)
    return table.assign(lacks=[" ".join(n for n in needs if n not in columns[group]) for group, needs in wanted])


def _tables(index, stats):
    """What the checks of each group look at; a check that lacks a column is left out."""
    need(index, *FILE, "Rows")
    usable = index[index["problem"].isna() & index["Rows"].notna()].drop_duplicates("path")
    headers = usable[usable["kind"] == "dicom"].reset_index(drop=True)
    if stats is None:
        return {"header": headers, "pixels": headers.drop(columns="problem"), "contradiction": headers}
    need(stats, "path", "problem")
    pictures = usable[usable["kind"].isin(["dicom", "image"])].drop(columns="problem")
    own = stats.columns.intersection(pictures.columns).drop("path")
    joined = pictures.merge(stats.drop(columns=own).drop_duplicates("path"), on="path", how="left")
    dicom = joined[joined["kind"] == "dicom"].reset_index(drop=True)
    return {"header": headers, "pixels": joined, "contradiction": dicom}
