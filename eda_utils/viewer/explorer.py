"""Explore a folder in a notebook: pick patient, study and series; see picture, header and findings together."""

import os
from html import escape

import ipywidgets as widgets
import pandas as pd

from ..core import EDAError, need, plural
from ..dicom import header_table
from .gallery import Gallery, image_gallery
from .image_widget import view_image

LEVELS = ("patient", "study", "series")
STAGES = {"patient": "PatientID", "study": "StudyInstanceUID", "series": "SeriesInstanceUID"}
MOST_ROWS = 60


def explore(index: pd.DataFrame, findings: pd.DataFrame | None = None) -> "ExplorationPanel | Gallery":
    """Look through the images of a folder by patient, study and series, with header and findings of each.

    Parameters
    ----------
    index : DataFrame
        From `index_folder`.
    findings : DataFrame, optional
        From `flag_issues`.

    Returns
    -------
    ExplorationPanel, or Gallery while a page is rendered
        Patients and studies are numbered, header values masked.

    Raises
    ------
    EDAError
        If the folder has no picture.

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> import eda_utils as eda
    >>> panel = eda.explore(eda.index_folder(get_testdata_file("CT_small.dcm")))
    >>> panel.choices["series"].options
    (('Series 1: CT, 1 image', 0),)
    """
    if os.environ.get("EDA_REPORT") == "1":
        return image_gallery(index, findings)
    return ExplorationPanel(index, findings)


class ExplorationPanel(widgets.VBox):
    """What `explore` returns.

    Attributes
    ----------
    choices : dict of ipywidgets.Dropdown
        For patient, study and series.
    viewer : ImageViewer
        Of the images of the series.
    path : str
        Of the image on the screen.
    """

    def __init__(self, index, findings=None):
        self._images = _numbered(index)
        self._findings, self._is_filled = findings, False
        self.choices = {level: widgets.Dropdown(description=level.capitalize()) for level in LEVELS}
        self._search = widgets.Text(placeholder="search the header", description="Header", continuous_update=True)
        self._told, self._header = widgets.HTML(), widgets.HTML()
        self._place = widgets.VBox()
        super().__init__([widgets.HBox([*self.choices.values()]), self._place, self._told, self._search, self._header])
        for level, choice in self.choices.items():
            choice.observe(lambda _, level=level: self._chosen(level), "value")
        self._search.observe(lambda _: self._draw_header(), "value")
        self._fill("patient")

    @property
    def path(self):
        """Of the image on the screen."""
        return self._paths[self.viewer.position]

    def _rows(self, level):
        """The images that the choices above a level leave."""
        rows = self._images
        for above in LEVELS[: LEVELS.index(level)]:
            rows = rows[rows[above] == self.choices[above].value]
        return rows

    def _fill(self, level):
        groups = self._rows(level).groupby(level, sort=True)
        options = [(_label(level, place, rows), int(number)) for place, (number, rows) in enumerate(groups, 1)]
        self._is_filled = False
        self.choices[level].options = options
        self.choices[level].value = options[0][1]
        self._is_filled = True
        self._chosen(level)

    def _chosen(self, level):
        if not self._is_filled:
            return
        if level != LEVELS[-1]:
            self._fill(LEVELS[LEVELS.index(level) + 1])
            return
        rows = self._rows(level)
        self._paths = rows.loc[rows[level] == self.choices[level].value, "path"].tolist()
        self.viewer = view_image(self._paths)
        self.viewer.observe(lambda _: self._draw(), "position")
        self._place.children = [self.viewer]
        self._draw()

    def _draw(self):
        found = [] if self._findings is None else self._findings[self._findings["path"] == self.path].itertuples()
        lines = [f"<li>{escape(each.severity)}: {escape(each.what)} ({escape(each.evidence)})</li>" for each in found]
        self._told.value = f"{plural(len(lines), 'finding')}<ul>{''.join(lines)}</ul>" if lines else ""
        try:
            self._table = header_table(self.path)[["tag", "keyword", "vr", "value"]]
        except EDAError as error:  # a picture of another format
            self._table, self._header.value = None, escape(error.wrong)
        self._draw_header()

    def _draw_header(self):
        if self._table is None:
            return
        texts = self._table.agg(" ".join, axis=1).str.lower()
        is_found = texts.map(lambda text: all(word in text for word in self._search.value.lower().split()))
        count = f"<p>{min(is_found.sum(), MOST_ROWS)} of {plural(len(texts), 'element')}</p>"
        self._header.value = count + self._table[is_found].head(MOST_ROWS).to_html(index=False, border=0)


def _numbered(index):
    """The images, with numbers for their patient, study and series in the order of the table."""
    need(index, *STAGES.values(), "kind", "problem", "Rows", "Modality")
    images = index[index["problem"].isna() & (index["Rows"].notna() | index["kind"].isin(["image", "slide"]))]
    keys = {level: images.groupby(column, dropna=False, sort=False).ngroup() for level, column in STAGES.items()}
    if images.empty:
        view_image(index)  # says so
    return images[["path", "Modality", "StudyDate"]].assign(**keys)


def _label(level, place, rows):
    if level == "patient":
        return f"Patient {place}: {plural(rows['study'].nunique(), 'study')}"
    if level == "study":
        year = rows["StudyDate"].dropna().dt.year
        return f"Study {place}, {year.iloc[0] if len(year) else 'no date'}"
    modality = rows["Modality"].dropna()
    return f"Series {place}: {modality.iloc[0] if len(modality) else 'no modality'}, {plural(len(rows), 'image')}"
