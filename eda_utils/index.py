"""A folder as a table: one row for every file found."""

import difflib
import os
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import lru_cache, partial
from multiprocessing import get_context
from pathlib import Path
from threading import get_ident

import numpy as np
import pandas as pd
from pydicom.datadict import dictionary_VR, tag_for_keyword
from tqdm import tqdm

from .confidentiality import without_values
from .dataset import PARSE_ERRORS, quiet, read_dataset
from .errors import DecodeError, EDAError, FormatError, MissingError, RequestError
from .files import find_paths, sniff
from .index_file import check_cache_name, refresh
from .values import CHECKED, FLOAT_VRS, NUMERIC_VRS, complaints, has_one_value, is_unreadable, plain_value

FILE_COLUMNS = ["path", "size_bytes", "kind", "format", "problem", "warning"]
INDEX_TAGS = """
    SOPClassUID SOPInstanceUID StudyInstanceUID SeriesInstanceUID FrameOfReferenceUID TransferSyntaxUID
    PatientID PatientName PatientBirthDate PatientSex PatientAge PatientIdentityRemoved
    StudyDate StudyTime StudyDescription AccessionNumber SeriesDate SeriesNumber SeriesDescription InstanceNumber
    AcquisitionDate ContentDate Modality BodyPartExamined ProtocolName Laterality ImageLaterality ViewPosition
    Manufacturer ManufacturerModelName SoftwareVersions StationName InstitutionName
    KVP ExposureTime XRayTubeCurrent SliceThickness MagneticFieldStrength RepetitionTime EchoTime ConvolutionKernel
    ImageType Rows Columns NumberOfFrames SamplesPerPixel PhotometricInterpretation PlanarConfiguration
    BitsAllocated BitsStored HighBit PixelRepresentation PixelPaddingValue RescaleSlope RescaleIntercept RescaleType
    WindowCenter WindowWidth VOILUTFunction PixelSpacing ImagerPixelSpacing PixelAspectRatio
    ImageOrientationPatient BurnedInAnnotation LossyImageCompression ConversionType
""".split()
BATCH = 5_000
SCAN_FROM = 500  # starting the compiled scanner takes as long as reading so many files with pydicom
TEXT = pd.StringDtype(na_value=float("nan"))  # also where every cell is missing


def index_folder(source, *, tags=None, cache=None, workers=None, progress=None):
    """Read the headers of every file in a folder into one table; no file is left out.

    Files are recognised by content. What cannot be read, or is no image, has a row with the reason in ``problem``.

    Parameters
    ----------
    source : str, Path or list of these
        A folder, a file, or a list of both.
    tags : list of str, optional
        DICOM keywords to read; about sixty that an exploration needs by default.
    cache : str or Path, optional
        A Parquet file that keeps the table. Files whose size and modification time are as they were are not opened
        again; a cache that is damaged, or of another version or other tags, is rebuilt. It holds identifiers and can be
        read by its owner only.
    workers : int, optional
        Processes to read with, from some ten thousand files on; one by default. A script that asks for more must have
        ``if __name__ == "__main__":`` around its calls, as `multiprocessing` demands.
    progress : bool, optional
        Show a progress bar; by default on a terminal only.

    Returns
    -------
    DataFrame
        One row per file. Columns ``path`` (absolute), ``size_bytes``, ``kind`` (dicom, image, slide, other),
        ``format``, ``problem`` (why it could not be read), ``warning`` (it was read and something is off), then the
        keywords: numbers as numbers, attributes that may have several values as tuples, names and dates as text. The
        table holds identifiers; `redact_table` masks them.

    Raises
    ------
    MissingError
        If `source` does not exist.
    RequestError
        If a tag is not a keyword of the standard, the cache not a Parquet file or `workers` below 1.

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> import eda_utils as eda
    >>> index = eda.index_folder(get_testdata_file("CT_small.dcm"))
    >>> index[["kind", "Modality", "Rows"]].values.tolist()
    [['dicom', 'CT', 128]]
    """
    tags = _checked(tags)
    if workers is not None and workers < 1:
        raise RequestError("workers", "there must be at least one process", "leave it out or give 1 or more")
    target = check_cache_name(cache) if cache else None
    paths = list(find_paths(source))
    if target is None:
        return _read_all(paths, tags, workers, progress)
    return refresh(target, paths, tags, lambda some: _read_all(some, tags, workers, progress), progress)


def _read_all(paths, tags, workers, progress):
    batches = [paths[start : start + BATCH] for start in range(0, max(len(paths), 1), BATCH)]
    disable = None if progress is None else not progress  # None: tqdm asks whether stderr is a terminal
    tables, problems = [], 0
    with (
        tqdm(total=len(paths), desc="reading headers", unit=" files", disable=disable) as bar,
        _mapper(workers if len(batches) > 1 else 1) as each,
    ):
        for table in each(partial(_read_batch, tags=tags, is_small=len(paths) < SCAN_FROM), batches):
            tables.append(table)
            problems += table["problem"].notna().sum()
            bar.update(len(table))
            bar.set_postfix(problems=problems)
    return pd.concat(tables, ignore_index=True)


@contextmanager
def _mapper(workers):
    """A map in this process or over several new ones: a fork would inherit the locks of our threads."""
    if workers in (None, 1):
        yield map
        return
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"))
    try:
        yield pool.map
    finally:
        pool.shutdown(cancel_futures=True)


def _read_batch(paths, *, tags, is_small=False):
    read = partial(_read_row, tags=tags) if is_small else _scanner(tuple(tags), get_ident())
    return _to_table([read(path) for path in paths], tags)


@lru_cache(maxsize=8)
def _scanner(tags, _thread):
    """Return the function that reads one row by the scanner of this thread, or by pydicom what is not plain."""
    from .header_scan import HeaderScanner

    scan = HeaderScanner(tags).read

    def read(path):
        plain = scan(path) if _storable(path) == path else None
        if plain is None:
            return _read_row(path, tags)
        size, values, warning = plain
        return [path, size, "dicom", "DICOM", None, warning, *values]

    return read


def _checked(tags):
    if tags is None:
        return INDEX_TAGS
    for keyword in tags:
        if tag_for_keyword(keyword) is None:
            close = difflib.get_close_matches(keyword, INDEX_TAGS, 1)
            hint = f"did you mean {close[0]}?" if close else "keywords are listed in PS3.6"
            raise RequestError("tags", f"{keyword} is not a DICOM keyword", hint.rstrip("?"))
    return list(dict.fromkeys(tags))


def _storable(path):
    """Return a path as the text that a table can hold: bytes that are not UTF-8 are spelt out."""
    return path if path.isascii() else os.fsencode(path).decode("utf-8", "backslashreplace")


def _read_row(path, tags):
    storable = _storable(path)
    row = {"path": storable, "size_bytes": 0, "kind": "other"}
    try:
        if storable != path:
            raise FormatError(Path(storable).name, "has a name that is not UTF-8", "rename the file")
        row["size_bytes"] = os.stat(path, follow_symlinks=Path(path).exists()).st_size
        row["kind"], row["format"] = sniff(path)
        row |= _READERS[row["kind"]](Path(path), tags, row)
    except EDAError as error:
        row["problem"] = f"{error.wrong}; {error.advice}"
    except Exception as error:  # noqa: BLE001 - the per-file guard: one odd file must not end the run
        row["problem"] = f"unexpected {type(error).__name__}: {without_values(error)}"
    return [row.get(column) for column in (*FILE_COLUMNS, *tags)]


def _read_dicom(path, tags, row):
    with quiet() as notes:
        dataset = read_dataset(path)
        values = {keyword: plain_value(dataset, keyword) for keyword in tags}
        checked = [plain_value(dataset, keyword) for keyword in CHECKED]
        kinds = plain_value(dataset, "SOPClassUID"), dataset.file_meta.TransferSyntaxUID
        off = complaints(checked, *kinds, row["size_bytes"] - dataset.header_bytes)
    unreadable = [keyword for keyword in tags if keyword in dataset and is_unreadable(dataset, keyword)]
    notes += [f"{keyword} has a value that its VR does not allow" for keyword in unreadable]
    return {**values, "warning": "; ".join([*off, *notes]) or None}


def _read_picture_header(path, tags, _row):
    from PIL import Image as Pillow

    try:
        with quiet(), Pillow.open(path) as file:
            columns, rows = file.size
            samples, frames = len(file.getbands()), getattr(file, "n_frames", 1)
    except Pillow.DecompressionBombError:
        raise DecodeError(path.name, "claims more pixels than is safe to unpack", "open it with open_slide") from None
    except (OSError, SyntaxError, *PARSE_ERRORS) as error:
        raise DecodeError(path.name, f"is damaged ({type(error).__name__})", "copy the file again") from None
    found = {"Rows": rows, "Columns": columns, "SamplesPerPixel": samples, "NumberOfFrames": frames}
    return {keyword: value for keyword, value in found.items() if keyword in tags}


def _read_slide_header(path, tags, _row):
    from .pathology import open_slide

    with open_slide(path) as slide:
        rows, columns = slide.shape
        mm = (slide.mpp / 1000,) * 2 if slide.mpp else None
    found = {"Rows": rows, "Columns": columns, "SamplesPerPixel": 3, "PixelSpacing": mm}
    return {keyword: value for keyword, value in found.items() if keyword in tags}


def _read_other(_path, _tags, row):
    return {"problem": f"{row['format']}, not a DICOM file, image or slide"}


_READERS = {
    "dicom": _read_dicom,
    "image": _read_picture_header,
    "slide": _read_slide_header,
    "other": _read_other,
}


def _to_table(rows, tags):
    names = [*FILE_COLUMNS, *tags]
    columns = zip(*rows, strict=True) if rows else [()] * len(names)
    return pd.DataFrame({name: _column(name, values) for name, values in zip(names, columns, strict=True)})


def _column(name, values):
    """Numbers as numbers, integers that may be missing as Int64, tuples as objects, everything else as text."""
    vr = None if name in FILE_COLUMNS else dictionary_VR(tag_for_keyword(name))
    if name == "size_bytes":
        return np.array(values, np.int64)
    if vr and not has_one_value(name):
        return pd.Series(values, dtype=object)
    if vr not in NUMERIC_VRS:
        return pd.Series(values, dtype=TEXT)
    floats = np.array(values, float)  # None becomes not-a-number
    if vr in FLOAT_VRS:
        return floats
    missing = np.isnan(floats)
    return pd.arrays.IntegerArray(np.where(missing, 0, floats).round().astype(np.int64), missing)


def pick_file(index, *, position=0, **values):
    """Return the path of one readable file whose attributes have the values asked for.

    Parameters
    ----------
    index : DataFrame
        From `index_folder`.
    position : int
        Which of the files that match, from 0.
    **values
        A column and what it shall be, such as ``Modality="CT"``.

    Returns
    -------
    Path

    Raises
    ------
    RequestError
        If there is no such column.
    MissingError
        If no file matches.

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> import eda_utils as eda
    >>> index = eda.index_folder([get_testdata_file(name) for name in ("CT_small.dcm", "MR_small.dcm")])
    >>> eda.pick_file(index, Modality="MR").name
    'MR_small.dcm'
    """
    found = index[index["problem"].isna()]
    for column, value in values.items():
        if column not in index.columns:
            raise RequestError("pick_file", f"the index has no column {column}", "see index.columns")
        found = found[[cell is not pd.NA and cell == value for cell in found[column]]]
    if len(found) <= position:
        asked = ", ".join(f"{column}={value}" for column, value in values.items())
        raise MissingError("pick_file", f"{len(found)} files have {asked}", "ask for another value or another folder")
    return Path(found["path"].iloc[position])
