"""Many slides as one table."""

from functools import partial

import numpy as np
import pandas as pd

from ..core import Client, EDAError, Paths, call_guarded, mapper, progress_bar, run_guarded
from ..dicom import SLIDE_SUFFIXES, identifiers, is_measured, mask_identifiers
from ..index import index_folder, is_slide
from ..slides import has_tiles, measure_slide, open_slide

SECONDS = 300
SLIDE_NAMES = (*SLIDE_SUFFIXES, ".svs", ".ndpi", ".scn", ".bif", ".svslide")  # also when nothing can be read
FACTS = ("vendor", "codec")
COLUMNS = [
    *("path", "file", "files", *FACTS, "rows", "columns", "levels", "mpp", "objective_power", "possible_phi"),
    *("tissue_mm2", "tissue_share", "ink_share", "sharpness", "blurred_share", "hematoxylin", "eosin", "fold_share"),
    *("bubbles", "coverslip_edge", "light", "light_cast", "problem"),
]
TYPES = dict.fromkeys(("rows", "columns", "levels", "bubbles"), "Int64")
TYPES |= dict.fromkeys(("possible_phi", "coverslip_edge"), "boolean")
TYPES |= dict.fromkeys(("mpp", "tissue_mm2", "tissue_share", "ink_share", "fold_share", "light_cast"), float)
TAGS = ["SOPClassUID", "SeriesInstanceUID", "PatientName", "PatientID"]


def measure_slides(
    source: pd.DataFrame | Paths,
    *,
    measure: bool = True,
    most: int | None = None,
    workers: int | None = None,
    client: Client | str | None = None,
    progress: bool | None = None,
) -> pd.DataFrame:
    """Describe every whole-slide image of a folder in one row, also those that cannot be opened.

    Parameters
    ----------
    source : str, Path, list of these, or DataFrame
        A folder, files, or an index from `index_folder`. The files of a DICOM series are one slide.
    measure : bool
        Look at the pixels too: tissue, ink, focus, stains, folds, bubbles, light; some tenths of a second a slide.
    most : int, optional
        Slides that are described at most, evenly spread; all by default.
    workers : int, optional
        Processes on this machine; one by default. One that a slide brings down costs this slide its measurements.
    client : distributed.Client or str, optional
        A Dask cluster, one task a slide. Its workers must see the same files.
    progress : bool, optional
        Show a progress bar; by default on a terminal only.

    Returns
    -------
    DataFrame
        ``path`` (absolute), ``file`` (its name, patients' names masked), ``files`` (how many make up the slide),
        ``vendor``, ``codec``, ``rows`` and ``columns`` of level 0, ``levels``, ``mpp`` (microns per pixel, missing if
        implausible), ``objective_power``, ``possible_phi`` (label or macro picture present), what
        `eda_utils.slides.artifacts.measure_slide` returns, and ``problem``, empty if there is none.

    Raises
    ------
    MissingError, AccessError
        If `source` does not exist or cannot be listed.

    Examples
    --------
    >>> import eda_utils as eda
    >>> eda.quality.measure_slides([]).columns[0]
    'path'
    """
    index = source if isinstance(source, pd.DataFrame) else index_folder(source, tags=TAGS, progress=progress)
    slides = _slides_of(index)
    if most is not None and len(slides) > most:
        slides = slides.iloc[np.linspace(0, len(slides) - 1, max(most, 0)).round().astype(int)]
    describe = partial(describe_slide, measure=measure)
    rows = []
    with progress_bar(desc="looking at slides", unit=" slides", total=len(slides), progress=progress) as bar:
        for path, found in zip(slides.index, _each(describe, list(slides.index), workers, client), strict=True):
            facts = {"problem": _said(found)} if isinstance(found, EDAError) else found
            rows.append({"path": path, "files": slides[path], **facts})
            bar.update()
    table = pd.DataFrame(rows, columns=COLUMNS).astype(TYPES)
    known = identifiers(index)
    table["file"] = [mask_identifiers(path.replace("\\", "/").rpartition("/")[2], known) for path in table["path"]]
    return table


def _slides_of(index):
    """The first file of each slide, and how many files it has."""
    pictures = index["path"].where(index["format"] == "TIFF")
    is_tiled = pictures.map(lambda path: has_tiles(path) and not is_measured(path), na_action="ignore").eq(True)
    is_alone = index["problem"].notna() & index["path"].str.lower().str.endswith(SLIDE_NAMES)
    found = index[is_slide(index) | is_tiled | is_alone]
    series = found["SeriesInstanceUID"] if "SeriesInstanceUID" in found else pd.Series(None, found.index)
    slide = series.astype(object).where(series.notna(), found["path"])
    return found.groupby(slide, sort=False)["path"].agg(["first", "size"]).set_index("first")["size"]


def _each(describe, paths, workers, client):
    """Where OpenSlide or a decoder ends the process, it is not ours."""
    if client is not None:
        with mapper(None, client) as each:
            yield from each(partial(call_guarded, describe), paths)
    else:
        yield from run_guarded(describe, paths, workers=workers or 1, seconds=SECONDS)


def describe_slide(path, *, measure=True):
    """Return the row of one slide in `quality.measure_slides`, without its path; raise what `open_slide` raises."""
    with open_slide(path) as slide:
        facts = slide.properties.set_index("property")["value"]
        power = pd.to_numeric(facts["objective power"], errors="coerce")
        row = {name: facts[name] for name in FACTS} | {"rows": slide.shape[0], "columns": slide.shape[1]}
        row |= {"levels": len(slide.levels), "mpp": slide.mpp, "objective_power": power, "problem": ""}
        row["possible_phi"] = bool(slide.associated["possible_phi"].any())
        try:
            return row | (measure_slide(slide) if measure else {})
        except EDAError as error:  # some of its tiles are damaged: what the header says holds all the same
            return row | {"problem": _said(error)}


def _said(error):
    return f"{error.wrong}; {error.advice}"
