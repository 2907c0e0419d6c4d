"""What in a folder tells who the patients are, as findings that show nobody."""

import os
from functools import partial
from pathlib import Path

import pandas as pd

from ..core import (
    HEADER_SECONDS,
    EDAError,
    Paths,
    call_guarded,
    check_workers,
    findings_table,
    is_url,
    plural,
    progress_bar,
    run_apart,
    spelt,
)
from ..dicom import list_files
from .audit_file import audit_file
from .burned_in import KINDS as BURNED_IN, find_burned_in

MEMORY_BYTES = 10**9  # for one file
COPY = "make a copy with deidentify"
KINDS = {  # kind: severity, what, advice
    "unreadable": ("error", "the file could not be audited", "leave it out of what you pass on"),
    "not_examined": ("warning", "is no image, and what it says was not looked at", "leave it out of what you pass on"),
    "person_name": ("error", "names of persons", COPY),
    "patient_identifier": ("error", "numbers and dates that lead to the patient", COPY),
    "file_name": ("error", "name or number of the patient in the names of file or folders", "give it another name"),
    "repeated_identifier": ("error", "name or number of the patient again, in other attributes", COPY),
    "preamble_active": ("error", "the preamble begins like a program or a page", "do not open it with other programs"),
    "slide_label": ("error", "label or overview of the glass slide", "look at it, and remove it from the file"),
    "picture_metadata": ("warning", "metadata beside the picture", "save the pixels alone"),
    "codestream_comment": ("warning", "comments or metadata in the compressed pixels", COPY),
    "age_over_89": ("warning", "an age above 89 years", "keep 90 or more as one group"),
    "descriptive_text": ("warning", "text, numbers and objects that the standard lists", COPY),
    "identifying_sequence": ("warning", "sequences that the standard lists", COPY),
    "date_or_time": ("warning", "dates and times", f'{COPY}; retain="dates" shifts them'),
    "private": ("warning", "private attributes, whose meaning only the vendor knows", COPY),
    "overlay": ("warning", "overlays or curves, which can hold writing", COPY),
    "file_meta": ("warning", "File Meta Information that names places or is private", COPY),
    "unknown_attribute": ("warning", "attributes that no edition known here defines", COPY),
    "unreadable_attribute": ("warning", "sequences that cannot be read, so not judged", COPY),
    "uid_with_date": ("warning", "UIDs that contain a date, or the patient's number", COPY),
    "preamble_not_zero": ("note", "the preamble is not zero", "see whether it is that of a TIFF, which is allowed"),
    "original_uid": ("note", "UIDs that lead back to the archive", COPY),
    "patient_characteristic": ("note", "age, sex, size and the like", 'keep them with retain="characteristics"'),
} | BURNED_IN


def audit(
    source: pd.DataFrame | Paths,
    *,
    pixels: bool = False,
    ocr: bool | None = None,
    workers: int | None = None,
    progress: bool | None = None,
) -> pd.DataFrame:
    """Find what in the files of a folder can tell who the patients are.

    Attributes are looked at on every level, by Table E.1-1 of PS3.15; private ones by their creator. Names, numbers and
    birth dates are learnt from each file and looked for in its other texts, UIDs, and in its name and folders. Text in
    the pixels is looked for when asked: without, ``burned_in`` is what the header says about it.

    Parameters
    ----------
    source : DataFrame, str, Path or list of these
        An index, or what `index_folder` takes: a folder, a file, an archive.
    pixels : bool
        Look for text in the pixels too, as `find_burned_in` does, which costs up to a second an image.
    ocr : bool, optional
        As in `find_burned_in`.
    workers : int, optional
        Processes to read with; one by default, beside this one, as a damaged file can take a reader with it. What
        takes longer than 8 s or (on Linux) more than 1 GB is ``unreadable``.
    progress : bool, optional
        Show a progress bar; by default on a terminal only.

    Returns
    -------
    DataFrame
        Findings as `findings_table` describes them, one per file and kind: ``evidence`` counts and names attributes
        and shows none of their values. A file without findings has none of what is looked for; a file that could not
        be audited has the finding ``unreadable``. Dummy values (empty, ``REMOVED``, ``ANONYMOUS``, UIDs below 2.25) are
        no findings. ``path`` opens the file and can hold a name: mask it before it is shown.

    Raises
    ------
    MissingError, AccessError
        If `source` does not exist or cannot be listed.
    ValueError
        If an index lacks the column path (RequestError).

    References
    ----------
    PS3.15 Table E.1-1; PS3.10 7.1 (preamble, File Meta Information); ages: 45 CFR 164.514(b)(2)(i)(C).

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> import eda_utils as eda
    >>> found = eda.privacy.audit(get_testdata_file("CT_small.dcm"))
    >>> found.loc[found.kind == "person_name", "evidence"].item()
    '1 attribute: PatientName'
    """
    workers, (paths, refused) = check_workers(workers), list_files(source)
    rows = [_row(path, "unreadable", reason) for path, reason in refused.items()]
    bounds = {"workers": workers, "seconds": HEADER_SECONDS, "memory_bytes": MEMORY_BYTES}
    audits = run_apart(partial(_audit_path, root=_root(paths)), paths, **bounds)
    bar = progress_bar(audits, desc="looking for identifiers", unit=" files", total=len(paths), progress=progress)
    for path, found in zip(paths, bar, strict=True):
        rows += [_row(path, "unreadable", found.wrong)] if isinstance(found, EDAError) else found
    found = findings_table(rows)
    return _with_pixels(found, find_burned_in(paths, ocr=ocr, workers=workers, progress=progress)) if pixels else found


def _with_pixels(found, seen):
    """What is seen in the pixels stands for what the header leaves open."""
    seen = seen[~seen["kind"].isin(["burned_in", "burned_in_unknown"])]
    is_settled = (found["kind"] == "burned_in_unknown") & found["path"].isin(seen["path"])
    is_known = found.loc[found["kind"] == "unreadable", "path"]
    return findings_table(pd.concat([found[~is_settled], seen[~seen["path"].isin(is_known)]]))


def _root(paths):
    """The folder above which names are none of the files'."""
    local = [str(Path(path).parent) for path in paths if not is_url(path)]
    return os.path.dirname(os.path.commonpath(local)) if local else ""


def _audit_path(path, root):
    found = call_guarded(audit_file, path)
    if isinstance(found, EDAError):
        return [_row(path, "unreadable", found.wrong)]
    evidence, pattern = found
    inside = os.fsencode(path[len(root) :] if root and path.startswith(root) else path)
    if pattern and (times := len(pattern.findall(inside))):
        evidence = evidence | {"file_name": plural(times, "time")}
    return [_row(path, kind, told) for kind, told in evidence.items()]


def _row(path, kind, evidence):
    severity, what, advice = KINDS[kind]
    return spelt(path), kind, severity, what, evidence, advice
