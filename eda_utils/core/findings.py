"""The one table for everything that an audit finds: privacy, quality, UIDs, slides, splits."""

from collections.abc import Iterable

import pandas as pd

from .errors import RequestError

FINDING_COLUMNS = ("path", "kind", "severity", "what", "evidence", "advice")
SEVERITIES = ("error", "warning", "note")
TEXT = pd.StringDtype(na_value=float("nan"))  # also where the table is empty
SEVERITY = pd.CategoricalDtype(SEVERITIES, ordered=True)


def findings_table(rows: Iterable[tuple] | pd.DataFrame) -> pd.DataFrame:
    """Make the table of findings, the most severe first.

    Parameters
    ----------
    rows : iterable of tuple, or DataFrame
        Each finding in the order of `FINDING_COLUMNS`: ``path`` of the file, or of the first of a group, empty where
        no file is concerned; ``kind``, the snake_case code of the check; ``severity``, one of `SEVERITIES`; ``what``
        was found; ``evidence`` in numbers, never a header value; ``advice`` what to do. Of a DataFrame, such as
        several findings one below the other, these columns are taken.

    Returns
    -------
    DataFrame
        One row per finding, sorted by severity, kind and path; ``severity`` is an ordered category, the others are
        text. ``path`` opens the file and can hold a name: mask it before it is shown.

    Raises
    ------
    ValueError
        If a cell is missing or a severity is unknown (RequestError).

    Examples
    --------
    >>> from eda_utils.core import findings_table
    >>> rows = [("b.dcm", "no_window", "note", "there is no window", "1 of 2 files", "set one")]
    >>> rows += [("a.dcm", "uid_missing", "error", "a UID is missing", "1 of 2 files", "ask for the file again")]
    >>> findings_table(rows)["kind"].tolist()
    ['uid_missing', 'no_window']
    """
    table = pd.DataFrame(rows if isinstance(rows, pd.DataFrame) else list(rows), columns=list(FINDING_COLUMNS))
    if table.isna().any(axis=None):
        raise RequestError("findings", "a cell is missing", f"give each row {', '.join(FINDING_COLUMNS)}")
    if not table["severity"].isin(SEVERITIES).all():
        raise RequestError("findings", "a severity is unknown", f"give one of {', '.join(SEVERITIES)}")
    table = table.astype({column: SEVERITY if column == "severity" else TEXT for column in FINDING_COLUMNS})
    return table.sort_values(["severity", "kind", "path"], kind="stable", ignore_index=True)


def summarize_findings(findings: pd.DataFrame, index: pd.DataFrame | None = None) -> pd.DataFrame:
    """Say in one row what each check has found, the most severe and most frequent first.

    Parameters
    ----------
    findings : DataFrame
        Such as from `flag_issues`, `quality.check_uids` and `find_duplicates`, also one below the other.
    index : DataFrame, optional
        From `index_folder`: what was looked at, for the share.

    Returns
    -------
    DataFrame
        ``severity kind what``; ``files`` with such a finding, of a finding about a group its first file only; ``share``
        of the index, where it is given; ``example``, the evidence of the first one; ``advice``. No path is in it.

    Raises
    ------
    ValueError
        As `findings_table`.

    Examples
    --------
    >>> from eda_utils import summarize_findings
    >>> from eda_utils.core import findings_table
    >>> rows = [("b.dcm", "no_window", "note", "there is no window", "no Window Center", "set one")]
    >>> rows += [(path, "blank", "error", "all pixels have one value", "1 frame", "look at it") for path in "ab"]
    >>> summarize_findings(findings_table(rows))[["severity", "kind", "files"]].values.tolist()
    [['error', 'blank', 2], ['note', 'no_window', 1]]
    """
    table = findings_table(findings)
    groups = table.groupby(["severity", "kind"], observed=True, sort=False)
    facts = {"files": ("path", "nunique"), "example": ("evidence", "first"), "advice": ("advice", "first")}
    summary = groups.agg(what=("what", lambda texts: "; ".join(texts.unique())), **facts).reset_index()
    summary["what"] = summary["what"].str[:1].str.upper() + summary["what"].str[1:]
    if index is not None:
        summary.insert(4, "share", (summary["files"] / max(index["path"].nunique(), 1)).astype(float))
    ranked = summary.sort_values(["severity", "files"], ascending=[True, False], kind="stable", ignore_index=True)
    return ranked.astype({"files": int})
