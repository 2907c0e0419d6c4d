"""DICOM slides: which files make one up."""

from pydicom.uid import VLWholeSlideMicroscopyImageStorage

from ..dataset import attribute, numbers, read_dataset
from ..errors import EDAError, FormatError, RequestError
from ..files import read_head
from .directory import MAX_TILE_PIXELS


def series_files(path):
    """Return the slide instances that belong together, finest first.

    Parameters
    ----------
    path : Path
        One of them, or the folder of one slide.

    Returns
    -------
    dict of Path to Dataset
        Headers without Pixel Data; empty if the file is no DICOM slide.

    Raises
    ------
    FormatError
        If the folder holds no slide, or a header claims tiles that no memory can hold.
    RequestError
        If the folder holds several.
    """
    is_folder = path.is_dir()
    here = None if is_folder else _header(path)
    if not is_folder and here is None:
        return {}
    files = path.iterdir() if is_folder else path.parent.iterdir()
    found = {file: header for file in sorted(files) if (header := _header(file)) is not None}
    series = {attribute(header, "SeriesInstanceUID") for header in found.values()}
    if is_folder and not found:
        raise FormatError(path.name, "is a folder without a DICOM slide", "give the file of the slide")
    if is_folder and len(series) > 1:
        raise RequestError(path.name, "is a folder with several DICOM slides", "give one file of the slide")
    wanted = series.pop() if is_folder else attribute(here, "SeriesInstanceUID")
    found = {file: header for file, header in found.items() if attribute(header, "SeriesInstanceUID") == wanted}
    for file, header in found.items():
        if not 0 < _number(header, "Rows") * _number(header, "Columns") <= MAX_TILE_PIXELS:
            raise FormatError(file.name, "Rows and Columns have an impossible size", "ask for the original")
    return dict(sorted(found.items(), key=lambda pair: -_number(pair[1], "TotalPixelMatrixColumns")))


def _header(path):
    """The header of a slide instance, None for everything else."""
    try:
        if path.is_dir() or read_head(path, 132)[128:] != b"DICM":
            return None
        header = read_dataset(path)
    except EDAError:
        return None
    return header if attribute(header, "SOPClassUID") == VLWholeSlideMicroscopyImageStorage else None


def _number(header, keyword):
    return int((numbers(attribute(header, keyword)) or (0,))[0])
