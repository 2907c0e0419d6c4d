"""A folder as a table: one row for every file found."""

import difflib
import os
from pathlib import Path

import pandas as pd
from pydicom.datadict import dictionary_VM, dictionary_VR, tag_for_keyword
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence
from pydicom.uid import UID, ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from tqdm import tqdm

from .confidentiality import without_values
from .dataset import PARSE_ERRORS, attribute, header_end, numbers, quiet, read_dataset
from .errors import DecodeError, EDAError, FormatError, MissingError, RequestError
from .files import find_files, sniff

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
INTEGER_VRS = ("IS", "US", "SS", "UL", "SL", "UV", "SV")
FLOAT_VRS = ("DS", "FD", "FL")
TEXT = pd.StringDtype(na_value=float("nan"))  # also where every cell is missing
NATIVE_SYNTAXES = (ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian)


def index_folder(source, *, tags=None, progress=None):
    """Read the headers of every file in a folder into one table; no file is left out.

    Files are recognised by content. What cannot be read, or is no image, has a row with the reason in ``problem``.

    Parameters
    ----------
    source : str, Path or list of these
        A folder, a file, or a list of both.
    tags : list of str, optional
        DICOM keywords to read; about sixty that an exploration needs by default.
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
        If a tag is not a keyword of the standard.

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> import eda_utils as eda
    >>> index = eda.index_folder(get_testdata_file("CT_small.dcm"))
    >>> index[["kind", "Modality", "Rows"]].values.tolist()
    [['dicom', 'CT', 128]]
    """
    tags = _checked(tags)
    paths = list(find_files(source))
    disable = None if progress is None else not progress  # None: tqdm asks whether stderr is a terminal
    bar = tqdm(paths, desc="reading headers", unit=" files", disable=disable)
    return _to_table([_read_row(path, tags) for path in bar], tags)


def _checked(tags):
    if tags is None:
        return INDEX_TAGS
    for keyword in tags:
        if tag_for_keyword(keyword) is None:
            close = difflib.get_close_matches(keyword, INDEX_TAGS, 1)
            hint = f"did you mean {close[0]}?" if close else "keywords are listed in PS3.6"
            raise RequestError("tags", f"{keyword} is not a DICOM keyword", hint.rstrip("?"))
    return list(dict.fromkeys(tags))


def _read_row(path, tags):
    storable = os.fsencode(path).decode("utf-8", "backslashreplace")
    row = {"path": storable, "size_bytes": 0, "kind": "other"}
    try:
        if storable != str(path):
            raise FormatError(Path(storable).name, "has a name that is not UTF-8", "rename the file")
        row["size_bytes"] = path.lstat().st_size
        row["kind"], row["format"] = sniff(path)
        row |= _READERS[row["kind"]](path, tags, row)
    except EDAError as error:
        row["problem"] = f"{error.wrong}; {error.advice}"
    except Exception as error:  # noqa: BLE001 - the per-file guard: one odd file must not end the run
        row["problem"] = f"unexpected {type(error).__name__}: {without_values(error)}"
    return row


def _read_dicom(path, tags, row):
    with quiet() as notes:
        dataset = read_dataset(path)
        cut = [*_cut_pixels(dataset, row["size_bytes"] - header_end(dataset)), *_missing_image(dataset)]
        values = {keyword: _plain(dataset, keyword) for keyword in tags}
    unreadable = [keyword for keyword in tags if keyword in dataset and _is_unreadable(dataset, keyword)]
    notes += [f"{keyword} has a value that its VR does not allow" for keyword in unreadable]
    return {**values, "warning": "; ".join([*cut, *notes]) or None}


def _is_unreadable(dataset, keyword):
    """Whether there is a value that its VR does not allow, such as 1A frames."""
    with quiet():
        try:
            value = dataset[keyword].value
        except PARSE_ERRORS:
            return True
        is_filled = value is not None and value != "" and not isinstance(value, (bytes, Sequence))
        return is_filled and len(str(value).strip("\0 ")) > 0 and _plain(dataset, keyword) is None


def _plain(dataset, keyword):
    tag = tag_for_keyword(keyword)
    place = getattr(dataset, "file_meta", dataset) if tag >> 16 == 2 else dataset
    value = attribute(place, keyword)
    vr = dictionary_VR(tag)
    if value is None or isinstance(value, (bytes, Sequence)):
        return None if not isinstance(value, Sequence) else f"{len(value)} items"
    if vr in INTEGER_VRS + FLOAT_VRS:
        value = numbers(value)
    values = tuple(value) if isinstance(value, (MultiValue, list, tuple)) else (value,)
    if not values:
        return None
    values = values if vr in INTEGER_VRS + FLOAT_VRS else tuple(str(item).strip("\0 ") for item in values)
    return values[0] if dictionary_VM(tag) == "1" else values


def _cut_pixels(dataset, rest_bytes):
    """Native pixel data that needs more bytes than follow the header must be cut (PS3.5 8.1.1)."""
    if dataset.file_meta.TransferSyntaxUID not in NATIVE_SYNTAXES:
        return []
    keywords = ("Rows", "Columns", "BitsAllocated")
    factors = [numbers(attribute(dataset, keyword)) for keyword in keywords]
    factors += [numbers(attribute(dataset, keyword, 1)) for keyword in ("SamplesPerPixel", "NumberOfFrames")]
    if not all(factors) or attribute(dataset, "PhotometricInterpretation") == "YBR_FULL_422":
        return []
    bits = 1
    for factor in factors:
        bits *= int(factor[0])
    return ["the file is cut inside its Pixel Data (7FE0,0010)"] if bits / 8 > rest_bytes else []


def _missing_image(dataset):
    """Rows is of type 1 in every image object (PS3.3 C.7.6.3); a header cut between two elements shows only thus."""
    is_image = UID(str(attribute(dataset, "SOPClassUID", ""))).name.endswith("Image Storage")
    if is_image and "Rows" not in dataset:
        return ["its SOP Class is an image and Rows (0028,0010) is missing: the header is cut or incomplete"]
    return []


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
    table = pd.DataFrame(rows, columns=[*FILE_COLUMNS, *tags])
    texts = [column for column in FILE_COLUMNS if column != "size_bytes"]
    types = {"size_bytes": "int64", **dict.fromkeys(texts, TEXT)}
    types |= {keyword: _column_type(keyword) for keyword in tags if dictionary_VM(tag_for_keyword(keyword)) == "1"}
    for keyword, kind in types.items():
        numeric = table[keyword] if kind is TEXT else pd.to_numeric(table[keyword])
        table[keyword] = (numeric.round() if kind == "Int64" else numeric).astype(kind)
    return table


def _column_type(keyword):
    vr = dictionary_VR(tag_for_keyword(keyword))
    return "Int64" if vr in INTEGER_VRS else "float64" if vr in FLOAT_VRS else TEXT


def check_index_name(path):
    """Return where an index can be written as a Path, or raise before the work of making one."""
    path = Path(path)
    if path.suffix.lower() not in (".parquet", ".csv"):
        raise RequestError(path.name, "is neither .parquet nor .csv", "give a name with one of these endings")
    if not path.absolute().parent.is_dir():
        raise MissingError(path.name, "its folder does not exist", "make the folder first")
    return path


def write_index(index, path):
    """Write an index as Parquet or, when the name ends in .csv, as CSV, readable by its owner only.

    Parameters
    ----------
    index : DataFrame
        As it is, or after `redact_table`.
    path : str or Path
        Ends in .parquet or .csv.

    Returns
    -------
    Path
        The file appears whole or not at all.

    Raises
    ------
    RequestError
        If the name ends in neither .parquet nor .csv.
    """
    path = check_index_name(path)
    draft = path.with_name(f".{path.name}.part")
    draft.touch(mode=0o600)
    try:
        if path.suffix.lower() == ".csv":
            index.to_csv(draft, index=False)
        else:
            index.to_parquet(draft, index=False)
        return draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


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
