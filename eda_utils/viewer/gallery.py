"""Images of a folder as cards that filter and open: picture, header and findings of a file together."""

from dataclasses import dataclass
from html import escape

import pandas as pd

from ..core import EDAError, need, plural, printable
from ..dicom import header_table, identifiers, mask_identifiers
from ..index import is_image, relative_paths, sample_images
from .html import image_html

GALLERY_BYTES = 6_000_000
MOST_ELEMENTS, MOST_HEADERS = 400, 100
FILTERS = '{"modality": "Modality", "equipment": "Equipment", "finding": "Finding"}'


@dataclass(frozen=True, repr=False)
class Gallery:
    """Cards of images: printed as a list, shown in a notebook or on a page as pictures.

    Attributes
    ----------
    names : tuple of str
    cards : tuple of str
        HTML.
    of : int
        How many images there are in the folder.
    """

    names: tuple[str, ...]
    cards: tuple[str, ...]
    of: int

    def __repr__(self):
        return "\n".join([self._count(), *map(printable, self.names)])

    def _count(self):
        return f"{len(self.names):,} of {plural(self.of, 'image')}"

    def _repr_html_(self):
        count = f"<p>{self._count()}, chosen so that modalities, equipment and series take turns.</p>"
        return f"{count}<div class=\"eda-gallery\" data-filters='{FILTERS}'>{''.join(self.cards)}</div>"


def image_gallery(
    index: pd.DataFrame, findings: pd.DataFrame | None = None, *, most: int = 24, budget_bytes: int = GALLERY_BYTES
) -> Gallery:
    """Show images of a folder as cards with picture, header and findings.

    Parameters
    ----------
    index : DataFrame
        From `index_folder`.
    findings : DataFrame, optional
        From `flag_issues`: each card lists those of its file.
    most : int
        How many images, chosen by `sample_images`; of more than a hundred the headers are left out.
    budget_bytes : int
        Of all pixel data together; pictures are reduced to fit.

    Returns
    -------
    Gallery
        On a page of `render_notebook` it filters by modality, equipment and finding, and a click opens the viewer.
        Identifiers are masked.

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> import eda_utils as eda
    >>> eda.viewer.image_gallery(eda.index_folder(get_testdata_file("CT_small.dcm")))
    1 of 1 image
    1. CT, 128 × 128
    """
    need(index, "kind", "problem", "Modality", "Manufacturer", "ManufacturerModelName", "Rows", "Columns")
    shown = sample_images(index, most=most)
    found = {} if findings is None else dict(list(findings.groupby("path")))
    known, places = identifiers(index), relative_paths(index)
    rows = list(zip(shown.to_dict("records"), places.loc[shown.index], strict=True))
    names = [f"{number}. {_name(row)}" for number, (row, _) in enumerate(rows, 1)]
    budget = budget_bytes // max(len(rows), 1)
    header = _header if len(rows) <= MOST_HEADERS else _file
    cards = [
        _card(name, row, found.get(row["path"]), budget, header(row, mask_identifiers(place, known)))
        for name, (row, place) in zip(names, rows, strict=True)
    ]
    return Gallery(tuple(names), tuple(cards), int(is_image(index).sum()))


def _name(row):
    what = row["Modality"] if isinstance(row["Modality"], str) else row["format"]
    return f"{what}, {int(row['Rows']):,} × {int(row['Columns']):,}"


def _card(name, row, findings, budget, header):
    kinds = [] if findings is None else list(dict.fromkeys(findings["kind"]))
    makers = [str(row[key]) for key in ("Manufacturer", "ManufacturerModelName") if isinstance(row[key], str)]
    facts = {
        "modality": row["Modality"] if isinstance(row["Modality"], str) else "not stated",
        "equipment": " ".join(makers) or "not stated",
        "finding": "|".join(kinds) or "none",
    }
    data = " ".join(f'data-{key}="{escape(value)}"' for key, value in facts.items())
    number = name.partition(".")[0]
    return (
        f'<section class="eda-card" id="image-{number}" {data}><p class="eda-name">{escape(name)}</p>'
        f"{image_html(row['path'], budget_bytes=budget)}{_findings(findings)}{header}</section>"
    )


def _findings(findings):
    if findings is None or findings.empty:
        return ""
    items = (
        f"<li>{escape(finding.severity)}: {escape(finding.what)} <small>({escape(finding.evidence)})</small></li>"
        for finding in findings.itertuples()
    )
    return f"<details><summary>{plural(len(findings), 'finding')}</summary><ul>{''.join(items)}</ul></details>"


def _header(row, place):
    if row["kind"] != "dicom":
        return _file(row, place)
    try:
        table = header_table(row["path"])[["tag", "keyword", "vr", "value"]]
    except EDAError as error:
        return f"<p>{escape(error.wrong)}</p>"
    rest = len(table) - MOST_ELEMENTS
    more = f"<p>and {rest:,} more elements</p>" if rest > 0 else ""
    html = table.head(MOST_ELEMENTS).to_html(index=False, border=0, classes="header")
    summary = f"<summary>Header, {plural(len(table), 'element')}</summary><p><small>{escape(place)}</small></p>"
    return f"<details>{summary}{html}{more}</details>"


def _file(_row, place):
    return f"<details><summary>File</summary><p><small>{escape(place)}</small></p></details>"
