"""Text that is burned into the pixels: where it is in a file, and which files of a folder hold some."""

import re
from functools import partial

import numpy as np
import pandas as pd
from pydicom.dataset import Dataset

from ..core import (
    EDAError,
    NoPixelDataError,
    Paths,
    check_workers,
    findings_table,
    need_extra,
    progress_bar,
    run_guarded,
)
from ..dicom import ImageSource, attribute, items, list_files, numbers, read_dataset, sniff, texts
from ..image import load_image, to_display
from .audit_file import read_burned_in
from .identifiers import learn_words, walk
from .ocr import read_lines, wants_reading
from .text_shapes import text_boxes, without_inner

MOST_FRAMES = 3  # the first, the middle and the last: what the machine writes stays through a cine
READ_FIRST = 1  # added to scores: a line that was read takes the place of its letters
ULTRASOUND = {"US", "IVUS", "BDUS"}
FILM = {"MG", "CR", "DX", "XA", "RF", "RG", "PX", "IO"}  # lead letters of side and view
MOST_MARKER_LINES, MOST_MARKER_GLYPHS, MARKER_SHARE = 2, 5, 1 / 60
VIEWS = "CC|MLO|ML|LM|LMO|XCC[LM]?|AT|FB|SIO|CV|AP|PA|LAT|RL|LL|LEFT|RIGHT"
MARKER = re.compile(rf"[LR]?[ .-]?(?:{VIEWS})?[ .-]?[LR]?", re.IGNORECASE)
DAY = re.compile(
    r"(?<!\d)(?:(?:19|20)\d\d([-/. ]?)[01]\d\1[0-3]\d|[0-3]?\d([-/.])[0-3]?\d\2(?:\d\d)?\d\d"
    r"|[0-3]?\d[-/. ]?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[-/. ]?(?:\d\d)?\d\d)(?!\d)",
    re.IGNORECASE,
)
LOOK = "look at it with show_burned_in, and blank it with deidentify(clean_pixels=True)"
KINDS = {  # kind: severity, what, advice
    "burned_in_identifier": ("error", "the patient's name or number is written in the pixels", LOOK),
    "burned_in": ("error", "Burned In Annotation (0028,0301) is YES", "look at the pixels, and blank what they say"),
    "burned_in_text": ("warning", "text is written in the pixels", LOOK),
    "burned_in_marker": ("note", "letters of side and view are written in the pixels", "see that they are no more"),
    "burned_in_unknown": ("note", "nothing says whether text is burned in, as it often is here", "look at the pixels"),
    "pixels_not_examined": ("warning", "its pixels could not be searched for text", "look at it, or leave it out"),
}
COLUMNS = ("frame", "row", "column", "height", "width", "glyphs", "score", "by", "says", "outside")


def find_burned_in(
    source: pd.DataFrame | Paths, *, ocr: bool | None = None, workers: int | None = None, progress: bool | None = None
) -> pd.DataFrame:
    """Find images with text written in their pixels, by its shape and, where it can be read, by reading it.

    Lines of three letters or more are found by their shape: glyphs of one height in a row on flat ground. With the
    extra `ocr` (rapidocr, on this machine, offline) text is read as well, compared with names and numbers of the
    header, and forgotten: no output holds it. Of several frames the first, the middle and the last are looked at.

    Parameters
    ----------
    source : DataFrame, str, Path or list of these
        An index, or what `index_folder` takes.
    ocr : bool, optional
        Read text too, at about 2 s an image; by default where rapidocr is installed.
    workers : int, optional
        Processes to decode in, beside this one; one by default.
    progress : bool, optional
        Show a progress bar; by default on a terminal only.

    Returns
    -------
    DataFrame
        Findings as `findings_table` describes them. At most one per file of ``burned_in_identifier`` (error: the
        patient's name or number was read), ``burned_in_text`` (warning) and ``burned_in_marker`` (note: nothing but
        letters of side and view, read as such, or few and large as those of films). What the header says where it adds
        to that: ``burned_in``, ``burned_in_unknown``. ``pixels_not_examined`` where pixels cannot be decoded.
        ``evidence`` says how many lines there are and where. Slides are left to `privacy.audit`.

    Raises
    ------
    MissingError, AccessError
        If `source` does not exist or cannot be listed.
    RequestError
        If `ocr` is True and rapidocr is not installed.

    References
    ----------
    PS3.3 C.7.6.1 (Burned In Annotation), C.8.5.5 (Sequence of Ultrasound Regions); PS3.15 E.3.1 (Clean Pixel Data).

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> import eda_utils as eda
    >>> found = eda.privacy.find_burned_in(get_testdata_file("examples_palette.dcm"), ocr=False)
    >>> found["kind"].tolist()
    ['burned_in_text']
    """
    need_extra("privacy")
    ocr = wants_reading(ocr)
    workers, (paths, refused) = check_workers(workers), list_files(source)
    rows = [_row(path, "pixels_not_examined", why) for path, why in refused.items()]
    with progress_bar(desc="looking for text in pixels", unit=" files", total=len(paths), progress=progress) as bar:
        results = run_guarded(partial(examine_text, ocr=ocr), paths, workers=workers)
        for path, found in zip(paths, results, strict=True):
            evidence = {"pixels_not_examined": found.wrong} if isinstance(found, EDAError) else found
            rows += [_row(path, kind, told) for kind, told in evidence.items()]
            bar.update()
    return findings_table(rows)


def _row(path, kind, evidence):
    severity, what, advice = KINDS[kind]
    return path, kind, severity, what, evidence, advice


def examine_text(path, *, ocr):
    """Return the evidence of each kind of finding in one file, empty where there is no image or no text.

    Raises
    ------
    EDAError
        If its pixels cannot be decoded.
    """
    if sniff(path)[0] not in ("dicom", "image"):
        return {}
    source = _opened(path)
    is_dicom = isinstance(source, Dataset)
    stated = read_burned_in(source) if is_dicom else {}
    try:
        lines, shape = find_text(source, ocr=ocr)
    except NoPixelDataError:
        return {}
    if lines.empty:
        return stated
    kind = _kind(lines, shape[0], set(texts(attribute(source, "Modality"))) if is_dicom else set())
    return {kind: _evidence(lines, shape)} | {name: told for name, told in stated.items() if name == "burned_in"}


def _opened(source):
    """Read once what is looked at several times."""
    if isinstance(source, Dataset) or sniff(source)[0] != "dicom":
        return source
    return read_dataset(source, pixels=True)


def find_text(
    source: ImageSource, *, ocr: bool = False, frames: int = MOST_FRAMES
) -> tuple[pd.DataFrame, tuple[int, ...]]:
    """Return where text is in an image.

    Parameters
    ----------
    source : str, Path, bytes or Dataset
    ocr : bool
        Read it too.
    frames : int
        How many frames to look at.

    Returns
    -------
    lines : DataFrame
        One row per line: ``frame`` in which it was found first; ``row column height width`` of its box in pixels;
        ``glyphs`` and ``score`` as `text_boxes` has them, of what was read how sure it is; ``by`` "shape" or "ocr";
        ``says`` "identifier", "date", "marker" or "text" where it was read, else ""; ``outside`` of the ultrasound
        regions, missing where there are none.
    shape : tuple of int
        Rows and columns.

    Raises
    ------
    EDAError
        As `load_image`.
    """
    source = _opened(source)
    first = load_image(source)
    pattern = learn_words(walk(source)) if ocr and isinstance(source, Dataset) else None
    chosen = np.unique(np.linspace(0, first.frames - 1, min(first.frames, frames)).round().astype(int)).tolist()
    found = []
    for number in chosen:
        image = load_image(source, frame=number) if number else first
        found += [part.assign(frame=number) for part in _parts_of_frame(image, pattern, ocr)]
    shape = first.shape[:2]
    lines = without_inner(pd.concat(found)).reindex(columns=list(COLUMNS)).astype({"outside": "boolean"})
    lines.loc[lines["by"] == "ocr", "score"] -= READ_FIRST
    lines["outside"] = _outside(lines, ultrasound_regions(first.header, *shape))
    return lines, shape


def _parts_of_frame(image, pattern, ocr):
    yield text_boxes(image).assign(by="shape", says="")
    if ocr:
        read = [(*box, len(text), sure, _meaning(text, pattern)) for *box, sure, text in read_lines(to_display(image))]
        names = ["row", "column", "height", "width", "glyphs", "score", "says"]
        table = pd.DataFrame(read, columns=names)
        yield table.assign(by="ocr", score=table["score"].astype(float) + READ_FIRST)


def _meaning(text, pattern):
    together = re.sub(r"\W+", "", text)
    if pattern and any(pattern.search(form.encode("latin-1", "replace")) for form in (text, together)):
        return "identifier"
    if DAY.search(text):
        return "date"
    return "marker" if MARKER.fullmatch(text.strip()) else "text"


def count_lines(lines: pd.DataFrame) -> str:
    """Say how many lines of `find_text` there are."""
    outside = f", {lines['outside'].sum()} outside of the ultrasound regions" if lines["outside"].notna().any() else ""
    return f"{len(lines)} line{'s' * (len(lines) != 1)} of text{outside}"


def ultrasound_regions(header: Dataset, rows: int, columns: int) -> list[tuple[slice, slice]]:
    """Return where an ultrasound image holds data, as pairs of slices; none for other modalities.

    Regions can exceed the image: they are clipped to it.

    References
    ----------
    PS3.3 C.8.5.5.1.1 (Region Location Min x0, y0, Max x1, y1: the first and the last column and row).
    """
    if not ULTRASOUND & set(texts(attribute(header, "Modality"))):
        return []
    found = []
    for region in items(attribute(header, "SequenceOfUltrasoundRegions")):
        edges = [numbers(attribute(region, f"RegionLocation{edge}")) for edge in ("MinY0", "MaxY1", "MinX0", "MaxX1")]
        if all(edges):
            top, bottom, left, right = (int(edge[0]) for edge in edges)
            place = slice(max(top, 0), min(bottom + 1, rows)), slice(max(left, 0), min(right + 1, columns))
            found += [place] if all(part.start < part.stop for part in place) else []
    return found


def _outside(lines, regions):
    if not regions:
        return pd.NA
    row, column = lines["row"] + lines["height"] / 2, lines["column"] + lines["width"] / 2
    inside = [row.between(y.start, y.stop) & column.between(x.start, x.stop) for y, x in regions]
    return ~np.logical_or.reduce(inside)


def _kind(lines, rows, modality):
    if (lines["says"] == "identifier").any():
        return "burned_in_identifier"
    if (lines["says"] == "marker").all():
        return "burned_in_marker"
    unread = lines[lines["says"] != "marker"]
    is_large = (unread["by"] == "shape").all() and (unread["height"] > MARKER_SHARE * rows).all()
    is_short = len(unread) <= MOST_MARKER_LINES and (unread["glyphs"] <= MOST_MARKER_GLYPHS).all()
    return "burned_in_marker" if is_large and is_short and modality & FILM else "burned_in_text"


def _evidence(lines, shape):
    places = lines.apply(_place, axis=1, shape=shape).value_counts()
    told = [count_lines(lines), ", ".join(f"{place} {count}" for place, count in places.head(4).items())]
    read = lines[lines["by"] == "ocr"]["says"].value_counts()
    meant = {"identifier": "with the patient's name or number", "date": "with a date", "marker": "of side or view"}
    known = [f"{read[kind]} {what}" for kind, what in meant.items() if kind in read]
    told += [f"{read.sum()} read" + (f", of them {', '.join(known)}" if known else "")] if len(read) else []
    return "; ".join(told)


def _place(line, shape):
    """In thirds of the image."""
    row, column = line["row"] + line["height"] / 2, line["column"] + line["width"] / 2
    down = ("top", "", "bottom")[min(int(3 * row / shape[0]), 2)]
    across = ("left", "", "right")[min(int(3 * column / shape[1]), 2)]
    return f"{down} {across}".strip() or "centre"
