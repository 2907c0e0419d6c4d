"""Copies of DICOM files without what identifies a person."""

import os
import secrets
from collections import Counter
from collections.abc import Sequence
from contextlib import closing, contextmanager, suppress
from functools import partial
from io import BytesIO
from itertools import count
from pathlib import Path

import pandas as pd
from pydicom.dataset import Dataset, FileMetaDataset

from ..core import (
    PARSE_ERRORS,
    TEXT,
    EDAError,
    FormatError,
    Paths,
    RequestError,
    call_guarded,
    check_workers,
    is_url,
    progress_bar,
    quiet,
    run_apart,
    source_name,
    spelt,
    write_csv,
)
from ..dicom import UNDEFINED_LENGTH, attribute, list_files, read_dataset, sniff, texts
from .audit_file import audit_dataset
from .blanking import blank_text, strip_comments
from .identifiers import learn_words, stored_bytes, walk
from .ocr import wants_reading
from .pseudonyms import new_uid, replace_element

SECONDS = 60  # for one file
OPTIONS = {  # what may stay: its code (PS3.16 CID 7050)
    "dates": ("113107", "Retain Longitudinal Temporal Information Modified Dates Option"),
    "characteristics": ("113108", "Retain Patient Characteristics Option"),
    "device": ("113109", "Retain Device Identity Option"),
    "uids": ("113110", "Retain UIDs Option"),
}
PROFILES = {"basic": ("113100", "Basic Application Confidentiality Profile")}
COUNTED = ("removed", "emptied", "replaced", "kept")
COLUMNS = ("path", "copied_to", "problem", *COUNTED, "blanked_share", "remains")
CLEAN_PIXELS = ("113101", "Clean Pixel Data Option")
CLEANING_SECONDS = 300
PATIENT = ("PatientID", "PatientName")
CROSSWALK = ("PatientID", "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")
DIRECTORY = "1.2.840.10008.1.3.10"
UNFINISHED = ".part"


def deidentify(
    source: pd.DataFrame | Paths,
    destination: str | Path,
    *,
    profile: str = "basic",
    retain: Sequence[str] = (),
    clean_pixels: bool = False,
    ocr: bool | None = None,
    crosswalk: str | Path | None = None,
    salt: bytes | str | None = None,
    workers: int | None = None,
    progress: bool | None = None,
) -> pd.DataFrame:
    """Copy DICOM files to a new folder without what identifies a person, and look at every copy again.

    Every attribute that PS3.15 lists is removed, emptied or replaced on every level; private and unknown ones and
    overlays are removed, as are texts in which the patient's name or number stands. File Meta Information is new, the
    preamble zero; comments in compressed frames are taken out. Pixels stay as they are, with what is written in them,
    unless `clean_pixels` is set. Originals are not touched.

    Parameters
    ----------
    source : DataFrame, str, Path or list of these
        An index, or what `index_folder` takes.
    destination : str or Path
        A folder that is new or empty, not inside of `source` nor around it. Copies are named by their new UIDs.
    profile : {"basic"}
        The Basic Application Level Confidentiality Profile.
    retain : sequence of str
        Options of the profile: "dates" moves all dates of a patient by the same number of days and keeps times,
        "characteristics" keeps age (up to 90 years), sex, size, weight and the like, "device" the identity of the
        device, "uids" the UIDs.
    clean_pixels : bool
        Blank text in the pixels and, in ultrasound, what lies outside of its regions, as `blank_text` does. A file that
        is changed is stored uncompressed. Takes seconds an image; with rapidocr installed text is read as well.
    ocr : bool, optional
        Read text that is to be blanked too, as in `find_burned_in`.
    crosswalk : str or Path, optional
        A new CSV file, outside of `destination`, for old and new numbers and UIDs: it undoes the work, and only you
        can read it (mode 0600). There is none by default.
    salt : bytes or str, optional
        A secret that makes the same UIDs, pseudonyms and dates in another run; by default a new one that is forgotten.
    workers : int, optional
        Processes; one by default, beside this one. What takes more than 60 s or (on Linux) 4 GB is given up.
    progress : bool, optional
        Show a progress bar; by default on a terminal only.

    Returns
    -------
    DataFrame
        One row per file: ``path``; ``copied_to``, the copy; ``problem``, why there is none; how many attributes were
        ``removed``, ``emptied``, ``replaced`` and ``kept`` because `retain` says so; ``blanked_share`` of the image;
        ``remains``, what `privacy.audit` finds in the copy. What cannot be read, is no DICOM file, or lists others
        (DICOMDIR) is not copied. ``path`` can hold a name.

    Raises
    ------
    MissingError, AccessError
        If `source` does not exist or cannot be listed.
    RequestError
        If the destination is not empty or not apart, or an option is unknown.

    References
    ----------
    PS3.15 E.1 and Table E.1-1, E.3.1, E.3.6 to E.3.9; PS3.5 B.2 (UIDs below 2.25).

    Examples
    --------
    >>> import tempfile
    >>> from pydicom.data import get_testdata_file
    >>> import eda_utils as eda
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     done = eda.privacy.deidentify(get_testdata_file("CT_small.dcm"), f"{folder}/copy")
    ...     print(eda.load_image(done["copied_to"].item()).header.PatientIdentityRemoved, repr(done["remains"].item()))
    YES ''
    """
    retain = _checked_options(profile, retain)
    reading = {"ocr": wants_reading(ocr)} if clean_pixels else {}
    workers, (paths, refused) = check_workers(workers), list_files(source)
    rows = [{"path": path, "problem": reason} for path, reason in refused.items()]
    folder = _checked_folder(destination, paths, source)
    table = crosswalk and _open_crosswalk(crosswalk, folder)
    folder.mkdir(parents=True, exist_ok=True)
    salt = salt.encode() if isinstance(salt, str) else salt or secrets.token_bytes(32)
    means = {"folder": str(folder), "salt": salt, "retain": retain} | reading
    seconds = CLEANING_SECONDS if clean_pixels else SECONDS
    copying = run_apart(partial(_copy_file, **means), paths, workers=workers, seconds=seconds)
    with _tidied(folder), closing(copying):
        copied, known = _collect(copying, paths, bool(table), progress)
    if table:
        with table:
            write_csv(pd.DataFrame(sorted(known), columns=["attribute", "original", "replacement"]), table)
    return _to_table(rows + copied)


@contextmanager
def _tidied(folder):
    try:
        yield
    finally:
        for unfinished in folder.glob(f"*{UNFINISHED}"):  # its process was ended
            unfinished.unlink(missing_ok=True)


def _collect(copying, paths, is_kept, progress):
    """The rows, and what a crosswalk holds."""
    rows, known = [], set()
    bar = progress_bar(copying, desc="de-identifying", unit=" files", total=len(paths), progress=progress)
    for path, done in zip(paths, bar, strict=True):
        row, pairs = (_refused(path, done), []) if isinstance(done, EDAError) else done
        rows.append(row)
        known.update(pairs if is_kept else [])
    return rows, known


def _checked_options(profile, retain):
    if profile not in PROFILES:
        raise RequestError("profile", "is unknown", "give basic")
    retain = (retain,) if isinstance(retain, str) else tuple(retain)
    if set(retain) - set(OPTIONS):
        raise RequestError("retain", "an option is unknown", f"give some of {', '.join(OPTIONS)}")
    return retain


def _checked_folder(destination, paths, source):
    folder = Path(os.path.abspath(Path(destination).expanduser()))
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise RequestError("destination", "is there and not empty", "give a new folder")
    real = os.path.realpath(folder)
    if any(os.path.realpath(path).startswith(f"{real}{os.sep}") for path in paths if not is_url(path)):
        raise RequestError("destination", "holds files to copy", "give a folder elsewhere")
    if any(Path(real).is_relative_to(root) for root in _roots(source)):
        raise RequestError("destination", "lies inside of the folder to copy", "give a folder elsewhere")
    return folder


def _roots(source):
    """The folders of a source; a later run would take copies inside of them for originals."""
    given = [] if isinstance(source, pd.DataFrame) else [source] if isinstance(source, (str, os.PathLike)) else source
    return [os.path.realpath(Path(item).expanduser()) for item in given if Path(item).expanduser().is_dir()]


def _open_crosswalk(path, folder):
    """At once: when all is done it would be too late to find that it cannot be written."""
    path = Path(path).expanduser().absolute()
    if path.is_relative_to(folder):
        raise RequestError("crosswalk", "lies beside the copies", "keep it apart from them")
    try:
        return open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", newline="", encoding="utf-8")
    except OSError as error:
        raise RequestError("crosswalk", f"cannot be made ({error.strerror})", "give the name of a new file") from None


def _to_table(rows):
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    types = dict.fromkeys(("path", "copied_to", "problem", "remains"), TEXT) | dict.fromkeys(COUNTED, "Int64")
    types["blanked_share"] = float
    return table.astype(types)


def _refused(path, error):
    return {"path": spelt(path), "problem": f"{error.wrong}; {error.advice}"}


def _copy_file(path, **means):
    done = call_guarded(partial(make_copy, **means), path)
    if isinstance(done, EDAError):
        return _refused(path, done), []
    row, pairs = done
    return {"path": spelt(path), **row}, pairs


def make_copy(path, folder, salt, retain=(), ocr=None):
    """Write the copy of one file; return a row of `deidentify` without the path, and pairs for the crosswalk.

    `ocr` is None where pixels stay, else whether to read what is to be blanked.

    Raises
    ------
    EDAError
        If it cannot be read or written again.
    """
    kind, what = sniff(path)
    if kind != "dicom":
        raise FormatError(source_name(path), f"is no DICOM file ({what})", "pass it on only after you have seen it")
    dataset = read_dataset(path, pixels=True)
    _refuse_what_cannot_be_copied(dataset, source_name(path))
    blanked, seen = (None, "") if ocr is None else blank_text(dataset, ocr=ocr)
    strip_comments(dataset)
    elements = list(walk(dataset))
    pattern, patient = learn_words(elements), _patient(dataset)
    before = _identity(dataset)
    counts = _replace_all(elements, pattern, patient, salt, retain)
    _state(dataset, path, salt, retain, [CLEAN_PIXELS] if ocr is not None and not seen else [])
    content = _to_bytes(dataset, source_name(path))
    evidence, _ = audit_dataset(read_dataset(content, pixels=True), pattern)
    copy = _write_new(Path(folder), dataset.SOPInstanceUID, content)
    found = [*evidence.items(), *([("burned_in_text", seen)] if seen else [])]
    remains = "; ".join(f"{kind}: {told}" for kind, told in found)
    pairs = [(keyword, before[keyword], new) for keyword, new in _identity(dataset).items() if before.get(keyword)]
    facts = {"copied_to": str(copy), **{name: counts[name] for name in COUNTED}, "blanked_share": blanked}
    return {**facts, "remains": remains}, pairs


def _refuse_what_cannot_be_copied(dataset, name):
    meta = attribute(dataset.file_meta, "MediaStorageSOPClassUID")
    dataset_class = attribute(dataset, "SOPClassUID", meta)
    if dataset_class == DIRECTORY or 0x00041220 in dataset:
        raise FormatError(name, "is a DICOMDIR, which lists the originals", "make a new one of the copies")
    if not dataset_class:
        raise FormatError(name, "has no SOP Class UID (0008,0016)", "ask the source for a file that has one")
    dataset.SOPClassUID = dataset_class
    pixels = dataset.get_item("PixelData") if "PixelData" in dataset else None
    if pixels is not None and pixels.is_raw and pixels.length not in (UNDEFINED_LENGTH, len(pixels.value or b"")):
        raise FormatError(name, "is cut inside its pixel data", "copy the file again")


def _patient(dataset):
    """By number, else by name, else by study: what belongs together stays together."""
    stored = (stored_bytes(dataset.get_item(name)) for name in (*PATIENT, "StudyInstanceUID") if name in dataset)
    return next((value.strip(b" \0") for value in stored if value.strip(b" \0")), b"")


def _identity(dataset):
    return {name: "".join(texts(attribute(dataset, name))) for name in CROSSWALK}


def _replace_all(elements, pattern, patient, salt, retain):
    counts, gone = Counter(), set()
    with quiet():
        for element in elements:
            if gone and any(element.name.startswith(name) for name in gone):
                continue
            done = replace_element(element, pattern, patient, salt, retain)
            counts[done] += 1
            if done in ("removed", "emptied") and element.vr == "SQ":
                gone.add(f"{element.name}.")
    return counts


def _state(dataset, path, salt, retain, options):
    """Say what was done (PS3.3 C.7.1.1, C.12.1), with new File Meta Information."""
    for tag in [tag for tag in dataset.keys() if tag.group < 8]:  # noqa: SIM118
        del dataset[tag]
    if not attribute(dataset, "SOPInstanceUID"):
        dataset.SOPInstanceUID = new_uid(salt, str(path))
    dataset.PatientIdentityRemoved = "YES"
    dataset.DeidentificationMethod = ["eda_utils: PS3.15 Table E.1-1, edition 2026c", *retain]
    codes = [PROFILES["basic"], *options, *(OPTIONS[name] for name in retain)]
    dataset.DeidentificationMethodCodeSequence = [_code(*code) for code in codes]
    dataset.LongitudinalTemporalInformationModified = "MODIFIED" if "dates" in retain else "REMOVED"
    syntax = dataset.file_meta.TransferSyntaxUID
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.preamble = bytes(128)


def _code(value, meaning):
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "DCM", meaning
    return item


def _to_bytes(dataset, name):
    buffer = BytesIO()
    with quiet():
        try:
            dataset.save_as(buffer, enforce_file_format=True)
        except PARSE_ERRORS as error:
            raise FormatError(name, f"cannot be written again ({type(error).__name__})", "ask the source") from None
    return buffer.getvalue()


def _write_new(folder, uid, content):
    """Two files can have one UID; neither takes the place of the other, and no copy is seen before it is whole."""
    numbers = count(1)
    while True:
        number = next(numbers)
        path = folder / (f"{uid}.dcm" if number == 1 else f"{uid}-{number}.dcm")
        unfinished = path.with_suffix(UNFINISHED)
        with suppress(FileExistsError):
            with open(unfinished, "xb") as file:  # from now on nobody else writes this copy
                file.write(content)
            if not path.exists():
                return unfinished.rename(path)
            unfinished.unlink()
