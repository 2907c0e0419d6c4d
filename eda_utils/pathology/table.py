"""Many slides as one table."""

import pandas as pd

from ..confidentiality import identifiers, mask_identifiers
from ..errors import EDAError
from ..files import find_files, sniff
from .slide import open_slide

COLUMNS = ["file", "vendor", "rows", "columns", "levels", "mpp", "objective_power", "possible_phi", "problem"]


def slide_table(source):
    """Describe every whole-slide image of a folder in one row, also those that cannot be opened.

    Parameters
    ----------
    source : str, Path, list of these, or DataFrame
        A folder, files, or an index from `index_folder`.

    Returns
    -------
    DataFrame
        ``file`` (the name, patients' names masked), ``vendor``, ``rows`` and ``columns`` of level 0, ``levels``,
        ``mpp`` (microns per pixel, missing if implausible), ``objective_power``, ``possible_phi`` (label or macro
        picture present) and ``problem``.

    Examples
    --------
    >>> import eda_utils as eda
    >>> eda.slide_table([]).columns[0]
    'file'
    """
    known = set()
    if isinstance(source, pd.DataFrame):
        known, paths = identifiers(source), list(source.loc[source["kind"] == "slide", "path"])
    else:
        paths = [path for path in find_files(source) if _is_slide(path)]
    rows = [_describe(path) for path in paths]
    table = pd.DataFrame(rows, columns=COLUMNS)
    table["file"] = [mask_identifiers(name, known) for name in table["file"]]
    return table


def _is_slide(path):
    try:
        return sniff(path)[0] == "slide"
    except EDAError:
        return False


def _describe(path):
    try:
        with open_slide(path) as slide:
            facts = slide.properties.set_index("property")["value"]
            return {
                "file": slide.name,
                "vendor": facts["vendor"],
                "rows": slide.shape[0],
                "columns": slide.shape[1],
                "levels": len(slide.levels),
                "mpp": slide.mpp,
                "objective_power": facts["objective power"],
                "possible_phi": bool(slide.associated["possible_phi"].any()),
                "problem": "",
            }
    except EDAError as error:
        return {"file": error.which, "problem": f"{error.wrong}; {error.advice}"}
