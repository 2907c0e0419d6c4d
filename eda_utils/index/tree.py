"""Patients, studies and series as a tree that opens and closes."""

from dataclasses import dataclass
from html import escape

import pandas as pd

from ..core import need, plural, printable
from .summary import summarize_series

MAX_BRANCHES = 100


@dataclass(frozen=True, repr=False)
class SeriesTree:
    """A tree of labels: printed as indented text, shown in a notebook as nested, collapsible lists.

    Attributes
    ----------
    label : str
    branches : tuple of SeriesTree
    """

    label: str
    branches: tuple["SeriesTree", ...] = ()

    def __repr__(self):
        return "\n".join(self._lines(0))

    def _lines(self, depth):
        yield "  " * depth + printable(self.label)
        for branch in self.branches:
            yield from branch._lines(depth + 1)

    def _repr_html_(self):
        return f'<div class="series-tree">{self._html(is_open=True)}</div>'

    def _html(self, *, is_open=False):
        label = escape(self.label)
        if not self.branches:
            return f'<div style="margin-left:1.2em">{label}</div>'
        inner = "".join(branch._html(is_open=len(self.branches) == 1) for branch in self.branches)
        opened = " open" if is_open else ""
        return f'<details{opened} style="margin-left:1.2em"><summary>{label}</summary>{inner}</details>'


def series_tree(index: pd.DataFrame, *, redact: bool = True) -> SeriesTree:
    """Show how the images of a folder belong to series, studies and patients.

    Parameters
    ----------
    index : DataFrame
        From `index_folder`.
    redact : bool
        Number the patients and studies instead of naming them, and keep only the year of a study.

    Returns
    -------
    SeriesTree
        Its text is indented; in a notebook it opens and closes.

    References
    ----------
    PS3.3 A.1.2: patient, study, series, SOP instance.

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> import eda_utils as eda
    >>> eda.index.series_tree(eda.index_folder(get_testdata_file("CT_small.dcm")))
    1 patient, 1 study, 1 series, 1 image
      Patient 1: 1 study, 1 image
        Study 1, 2004: 1 series
          CT: 1 image, 128 × 128
    """
    need(index, "StudyDate", "StudyDescription", "PatientName")
    series = summarize_series(index)
    first = index.set_index("path").reindex(series["path"])
    series[["date", "study", "name"]] = first[["StudyDate", "StudyDescription", "PatientName"]].to_numpy()
    patients = _groups(series, "PatientID")
    branches = [_patient(number, rows, redact) for number, rows in enumerate(patients, 1)]
    keys = {"patient": "PatientID", "study": "StudyInstanceUID", "series": "SeriesInstanceUID"}
    counts = [(series[key].nunique(), noun) for noun, key in keys.items()]
    top = ", ".join([*(plural(*pair) for pair in counts), plural(series["images"].sum(), "image")])
    return SeriesTree(top, (*_limited(branches, "patients"), *_not_dicom(index)))


def _groups(table, column):
    return [rows for _, rows in table.groupby(column, dropna=False, sort=False)]


def _patient(number, rows, redact):
    studies = _groups(rows, "StudyInstanceUID")
    named = f"Patient {number}" if redact else f"{_text(rows['name'])} ({_text(rows['PatientID'])})"
    if rows["PatientID"].isna().all():
        named = "Without PatientID"
    label = f"{named}: {plural(len(studies), 'study')}, {plural(rows['images'].sum(), 'image')}"
    branches = [_study(position, study, redact) for position, study in enumerate(studies, 1)]
    return SeriesTree(label, tuple(_limited(branches, "studies")))


def _study(number, rows, redact):
    date = _text(rows["date"], "no date")
    named = f"Study {number}, {date[:4]}" if redact else f"{_text(rows['study'], f'Study {number}')}, {date}"
    label = f"{named if date != 'no date' else f'Study {number}, no date'}: {plural(len(rows), 'series')}"
    branches = [_series(row, redact) for row in rows.to_dict("records")]
    return SeriesTree(label, tuple(_limited(branches, "series")))


def _series(row, redact):
    modality = row["Modality"] if isinstance(row["Modality"], str) else "no modality"
    told = "" if redact or not isinstance(row["SeriesDescription"], str) else f" {row['SeriesDescription']}"
    frames = f", {row['frames']} frames" if row["frames"] > row["images"] else ""
    sizes = f", {row['sizes']}" if row["sizes"] else ""
    pictureless = f"{plural(row['instances'], 'instance')} without picture"
    what = plural(row["images"], "image") if row["images"] else pictureless
    return SeriesTree(f"{modality}{told}: {what}{frames}{sizes}")


def _not_dicom(index):
    rest = index[index["kind"].isin(["image", "slide"]) & index["problem"].isna()]
    if len(rest):
        counts = ", ".join(plural(count, kind) for kind, count in rest["kind"].astype(object).value_counts().items())
        yield SeriesTree(f"Not DICOM: {counts}")


def _limited(branches, what):
    hidden = len(branches) - MAX_BRANCHES
    return branches if hidden <= 0 else [*branches[:MAX_BRANCHES], SeriesTree(f"… and {hidden} more {what}")]


def _text(column, default="unknown"):
    values = column.dropna()
    return str(values.iloc[0]) if len(values) else default
