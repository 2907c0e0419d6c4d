"""A folder as a table: one row for every file found."""

from collections import Counter
from collections.abc import Sequence
from functools import partial
from itertools import chain, islice
from pathlib import Path

import pandas as pd

from ..core import Client, MissingError, Paths, RequestError, is_url, mapper, progress_bar
from ..dicom import find_attribute, list_source
from .rows import ALL, read_table, refused_row, rows_table
from .schema import join, to_frame
from .storage import check_cache_name, check_parts_folder, refresh, write_part

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
BATCH, SLOW_BATCH = 5_000, 500  # files of one task: the progress bar moves after each
PART = 50_000  # rows of a partition: as many as make Parquet worth while
SCAN_FROM = 500  # starting the compiled scanner takes as long as reading so many files with pydicom


def index_folder(
    source: Paths,
    *,
    tags: str | Sequence[str] | None = None,
    cache: str | Path | None = None,
    output: str | Path | None = None,
    workers: int | None = None,
    client: Client | str | None = None,
    progress: bool | None = None,
) -> pd.DataFrame:
    """Read the headers of every file in a folder into one table; no file is left out.

    Files are recognised by content. What cannot be read, or is no image, has a row with the reason in ``problem``. So
    has a link to a folder, which is not followed; a link to a file is read, wherever the file lies. Bounds for one
    file, told in its row when they are hit: 64 MB of header or inflated data set, 100 levels of sequences, 8 s; TIFFs,
    slides and headers above 256 kB are read in a process of their own that may take 1 GB.

    Parameters
    ----------
    source : str, Path or list of these
        A folder, a file, a DICOMDIR (the files that it lists), a zip or tar archive (its members), or a URL that
        fsspec understands, such as ``s3://bucket/folder``: of its files only the beginning is fetched.
    tags : list of str or "all", optional
        Keywords (``Rows``), tags (``00280010``), private elements with their creator
        (``0019[SIEMENS MR HEADER]0C``), paths (``SequenceOfUltrasoundRegions[0].PhysicalDeltaX``), or every attribute
        of the top level that is in any file; about sixty that an exploration needs by default.
    cache : str or Path, optional
        A Parquet file that keeps the table. Files whose size and modification time are as they were are not opened
        again; a cache that is damaged, or of another version or other tags, is rebuilt. It holds identifiers and can be
        read by its owner only.
    output : str or Path, optional
        A new folder for an index that is larger than memory: it is written as Parquet files of 50,000 rows each.
        `read_index` reads it, `summarize_series` and `summarize_folder` read it piece by piece. It holds identifiers.
    workers : int, optional
        Processes to read with, from some ten thousand files on; one by default. A script that asks for more must have
        ``if __name__ == "__main__":`` around its calls, as `multiprocessing` demands.
    client : distributed.Client or str, optional
        A Dask cluster to read with, or the address of its scheduler. Its workers must see the same files.
    progress : bool, optional
        Show a progress bar; by default on a terminal only.

    Returns
    -------
    DataFrame
        One row per file. Columns ``path`` (absolute, or a URL), ``size_bytes``, ``kind`` (dicom, image, slide, other),
        ``format``, ``problem`` (why it could not be read), ``warning`` (it was read and something is off), then the
        tags: numbers as numbers, dates as dates, attributes that may have several values as tuples, coded words such
        as Modality as categories, everything else as text. ``attrs["handed_over"]`` says how many DICOM files were not
        plain and were read by pydicom. The table holds identifiers; `redact_table` masks them. With `output`, the Path
        of the folder.

    Raises
    ------
    MissingError, AccessError
        If `source` does not exist or cannot be listed.
    RequestError
        If a tag is none of the above, the cache is not a Parquet file, `output` is not empty, or arguments exclude each
        other.

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> import eda_utils as eda
    >>> index = eda.index_folder(get_testdata_file("CT_small.dcm"))
    >>> index[["kind", "Modality", "Rows"]].values.tolist()
    [['dicom', 'CT', 128]]
    """
    tags = _checked(tags)
    if cache and output:
        raise RequestError("cache", "keeps a table in memory, which output avoids", "give one of them")
    cache, folder = cache and check_cache_name(cache), output and check_parts_folder(output)
    counts = Counter()
    with mapper(workers, client) as each:
        # processes begin to read while this one still finds files
        paths, refused = list_source(source, lazily=workers not in (None, 1) and not cache)
        rest = rows_table([refused_row(path, why, tags) for path, why in refused.items()], tags)
        paths, is_large = _begin(paths)
        if client is None and not is_large:
            each = map
        read = partial(_read_all, tags=tags, each=each, progress=progress, counts=counts)
        if folder:
            write_part(rest, folder, "refused")
            read(paths, into=folder)
            return folder
        # no variable holds the table: its columns are freed one by one
        frame = to_frame(join([refresh(cache, paths, tags, read, progress) if cache else read(paths), rest]))
    frame.attrs["handed_over"] = counts["handed_over"]
    return frame


def _begin(paths):
    """Return the paths, as a list unless they are still being found, and whether there are more than a batch."""
    if isinstance(paths, list):
        return paths, len(paths) > BATCH
    first = list(islice(paths, BATCH + 1))
    return (chain(first, paths), True) if len(first) > BATCH else (first, False)


def _read_all(paths, *, tags, each, progress, counts, into=None):
    """Read batch by batch, here or elsewhere; with `into` tables stay where they are made and only counts come back."""
    is_listed = isinstance(paths, list)
    is_slow = tags == ALL or (is_listed and any(map(is_url, paths[:1])))
    size = PART if into else SLOW_BATCH if is_slow else BATCH
    read = partial(_read_batch, tags=tags, is_small=is_listed and len(paths) < SCAN_FROM, into=into)
    tables = [rows_table([], tags)]
    total = len(paths) if is_listed else 0
    with progress_bar(desc="reading headers", unit=" files", total=total, progress=progress) as bar:
        for table, found in each(read, _batches(paths, size, bar)):
            tables += [table] if into is None else []
            counts.update(found)
            bar.update(found["files"])
            bar.set_postfix({name: f"{counts[name]:,}" for name in ("problems", "warnings", "handed_over")})
    return join(tables)


def _batches(paths, size, bar):
    paths, total = iter(paths), 0
    for number, batch in enumerate(iter(lambda: list(islice(paths, size)), [])):
        total += len(batch)
        bar.total = max(bar.total, total)
        yield number, batch


def _read_batch(batch, *, tags, is_small, into):
    number, paths = batch
    table, handed_over = read_table(paths, tags, is_small=is_small)
    counts = {"files": len(paths), "handed_over": handed_over}
    for name in ("problem", "warning"):
        counts[f"{name}s"] = len(table) - table.column(name).null_count
    if into is None:
        return table, counts
    write_part(table, into, number)
    return None, counts


def _checked(tags):
    if tags is None:
        return INDEX_TAGS
    if isinstance(tags, str) and tags == ALL:
        return ALL
    names = [tags] if isinstance(tags, str) else list(tags)
    for name in names:
        if not isinstance(name, str):
            raise RequestError("tags", f"a {type(name).__name__} is no tag", "give keywords as text, such as Rows")
        find_attribute(name)
    return list(dict.fromkeys(names))


def pick_file(index: pd.DataFrame, *, position: int = 0, **values: object) -> Path | str:
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
    Path, or str for a URL

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
    path = found["path"].iloc[position]
    return path if is_url(path) else Path(path)
