"""DICOM slides: which files make one up, and its tiles read frame by frame where OpenSlide does not take them."""

from functools import lru_cache
from itertools import islice, product

import numpy as np
from pydicom.uid import VLWholeSlideMicroscopyImageStorage

from ..core import EDAError, FormatError, RequestError, read_head
from ..dicom import attribute, count_frames, items, numbers, read_dataset
from ..image import frame_header, read_frame, to_rgb
from .tiff_check import MAX_TILE_PIXELS

MAX_FILE_BYTES = 2**30  # a file is read as a whole here
MAX_FRAMES = 10**6
CACHE_BYTES = 2**25


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


class DicomReader:
    """Reads rectangles from the frames of slide instances.

    References
    ----------
    PS3.3 C.7.6.17.3: in TILED_FULL frames run along the rows of tiles; else each says where it lies (C.8.12.6.1).
    """

    def __init__(self, files):
        volumes = {file: header for file, header in files.items() if "VOLUME" in (attribute(header, "ImageType") or ())}
        self._files = list(volumes)
        self._headers = list(volumes.values())
        self.name = next(iter(files)).name
        if not volumes or not all(map(_is_colour, self._headers)):
            raise FormatError(self.name, "is not a slide in colour of 8 bits", "look at its header")
        if sum(file.stat().st_size for file in volumes) > MAX_FILE_BYTES:
            raise FormatError(self.name, "is too large for a format that OpenSlide does not read", "convert it")
        keywords = ("TotalPixelMatrixRows", "TotalPixelMatrixColumns")
        self.sizes = [tuple(_number(header, keyword) for keyword in keywords) for header in self._headers]
        self._places = [_frame_places(header, size) for header, size in zip(self._headers, self.sizes, strict=True)]
        self._open = lru_cache(len(volumes))(self._read_file)
        largest = max(3 * _number(header, "Rows") * _number(header, "Columns") for header in self._headers)
        self._tile = lru_cache(max(2, CACHE_BYTES // largest))(self._decode)
        self.facts = {"openslide.vendor": "dicom"} | _spacing(self._headers[0])

    def _read_file(self, level):
        return read_dataset(self._files[level], pixels=True)

    def _decode(self, level, frame):
        dataset = self._open(level)
        return to_rgb(dataset, self.name, read_frame(dataset, self.name, frame))

    def read(self, level, row, col, height, width):
        """Return (height, width, 3) from a row and column of that level, white where there is no frame."""
        region = np.full((height, width, 3), 255, np.uint8)
        rows, columns = self.sizes[level]
        tile = _number(self._headers[level], "Rows"), _number(self._headers[level], "Columns")
        for frame, (y, x) in enumerate(self._places[level]):
            top, left = max(y, row, 0), max(x, col, 0)
            bottom, right = min(y + tile[0], row + height, rows), min(x + tile[1], col + width, columns)
            if top < bottom and left < right:
                piece = self._tile(level, frame)[top - y : bottom - y, left - x : right - x]
                region[top - row : bottom - row, left - col : right - col] = piece
        return region

    def close(self):
        """Let the files go."""
        self._open.cache_clear()
        self._tile.cache_clear()


def _is_colour(header):
    return (_number(header, "SamplesPerPixel"), _number(header, "BitsAllocated")) == (3, 8)


def _frame_places(header, size):
    """Row and column of the first pixel of each frame, from 0."""
    frames = min(count_frames(header), MAX_FRAMES)
    if attribute(header, "DimensionOrganizationType") == "TILED_FULL":
        steps = _number(header, "Rows"), _number(header, "Columns")
        return [*islice(product(range(0, size[0], steps[0]), range(0, size[1], steps[1])), frames)]
    places = []
    for frame in range(frames):
        flat = frame_header(header, frame)
        keywords = ("RowPositionInTotalImagePixelMatrix", "ColumnPositionInTotalImagePixelMatrix")
        places.append(tuple(_number(flat, keyword) - 1 for keyword in keywords))
    return places


def _spacing(header):
    spacing = numbers(attribute(frame_header(header, 0), "PixelSpacing")) or ()
    found = {f"openslide.mpp-{axis}": 1000 * side for axis, side in zip("yx", spacing, strict=False)}
    paths = items(attribute(header, "OpticalPathSequence"))
    power = attribute(paths[0], "ObjectiveLensPower") if paths else None
    return found | ({"openslide.objective-power": str(power)} if power else {})
