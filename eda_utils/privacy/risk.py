"""Whether a folder can be passed on, on one card."""

from html import escape
from typing import NamedTuple

import pandas as pd

from ..core import findings_table, plural, summarize_findings
from .audit_folder import KINDS

SAID = {  # of so many files
    "burned_in_identifier": "the patient's name or number in the pixels",
    "person_name": "names of persons",
    "patient_identifier": "numbers or dates that lead to the patient",
    "file_name": "the patient's name or number in the name of file or folder",
    "repeated_identifier": "the patient's name or number again in other attributes",
    "slide_label": "the label of a slide",
    "burned_in": "text in the pixels, as the header says",
    "burned_in_text": "text in the pixels",
    "preamble_active": "the beginning of a program",
    "unreadable": "content that could not be audited",
}
ORDER = {kind: rank for rank, kind in enumerate(SAID)}  # where as many files have it
MOST_SAID = 3
VERDICTS = {
    "error": "Do not send this folder as it is",
    "warning": "Look at this folder before you send it",
    "note": "Nothing grave was found",
}
LIMIT = "an audit finds what it looks for, so look at a sample yourself"


class RiskCard(NamedTuple):
    """What an audit means for who wants to pass a folder on.

    Attributes
    ----------
    sentence : str
    table : DataFrame
        Of `summarize_findings`, worst first: ``severity kind what files share example advice``. No path is in it.
    """

    sentence: str
    table: pd.DataFrame

    def __str__(self):
        rows = [f"{row.severity:8} {row.files:6,}  {row.what}" for row in self.table.itertuples()]
        return "\n".join([self.sentence, *rows])

    def _repr_html_(self):
        columns = ["severity", "files", "what", "advice"]
        return f"<p><strong>{escape(self.sentence)}</strong></p>{self.table[columns].to_html(index=False)}"


def risk_card(findings: pd.DataFrame, index: pd.DataFrame) -> RiskCard:
    """Say in one sentence and one table whether a folder can be passed on.

    Parameters
    ----------
    findings : DataFrame
        From `privacy.audit`, perhaps with `find_burned_in`.
    index : DataFrame
        From `index_folder`: what was looked at; only its column path is used.

    Returns
    -------
    RiskCard
        Printed and in a notebook it shows both. No path, name or number is in it.

    Raises
    ------
    ValueError
        As `findings_table`.

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> import eda_utils as eda
    >>> index = eda.index_folder(get_testdata_file("CT_small.dcm"))
    >>> eda.privacy.risk_card(eda.privacy.audit(index), index).sentence[:86]
    'Do not send this folder as it is: 1 of 1 file holds names of persons, 1 numbers or dat'
    """
    table = summarize_findings(findings_table(findings), index)
    total = plural(index["path"].nunique(), "file")
    if table.empty:
        return RiskCard(f"Nothing that leads to a patient was found in {total}; {LIMIT}.", table)
    worst = table["severity"].iloc[0]
    grave = table[table["severity"] == worst].sort_values("kind", key=lambda kinds: kinds.map(ORDER).fillna(len(ORDER)))
    grave = grave.sort_values("files", ascending=False, kind="stable").head(MOST_SAID)
    said = ", ".join(f"{row.files:,} {_said(row)}" for row in grave.itertuples())
    verb = "holds" if grave["files"].iloc[0] == 1 else "hold"
    said = said.replace(" ", f" of {total} {verb} ", 1)
    ending = f"; {LIMIT}" if worst == "note" else ""
    return RiskCard(f"{VERDICTS[worst]}: {said}{ending}.", table)


def _said(row):
    return SAID.get(row.kind, KINDS[row.kind][1] if row.kind in KINDS else row.what)
