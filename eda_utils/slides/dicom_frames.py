"""DICOM slides: which files make one up, and its tiles read frame by frame where OpenSlide does not take them."""

from functools import lru_cache
from itertools import islice, product
from math import prod

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
    folder = path if path.is_dir() else path.parent
    if path != folder and _header(path) is None:
        return {}
    found = {file: header for file in sorted(folder.iterdir()) if (header := _header(file)) is not None}
    if not found:
        raise FormatError(path.name, "is a folder without a DICOM slide", "give the file of the slide")
    series = {attribute(header, "SeriesInstanceUID") for file, header in found.items() if path in (file, folder)}
    if len(series) > 1:
        raise RequestError(path.name, "is a folder with several DICOM slides", "give one file of the slide")
    found = {file: header for file, header in found.items() if attribute(header, "SeriesInstanceUID") in series}
    for file, header in found.items():
        if not 0 < prod(_numbers(header, "Rows", "Columns")) <= MAX_TILE_PIXELS:
            raise FormatError(file.name, "Rows and Columns have an impossible size", "ask for the original")
    return dict(sorted(found.items(), key=lambda pair: -_numbers(pair[1], "TotalPixelMatrixColumns")[0]))


def _header(path):
    """The header of a slide instance, None for everything else."""
    try:
        if path.is_dir() or read_head(path, 132)[128:] != b"DICM":
            return None
        header = read_dataset(path)
    except EDAError:
        return None
    return header if attribute(header, "SOPClassUID") == VLWholeSlideMicroscopyImageStorage else None


def _numbers(header, *keywords):
    return tuple(int((numbers(attribute(header, keyword)) or (0,))[0]) for keyword in keywords)


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
        kinds = {_numbers(header, "SamplesPerPixel", "BitsAllocated") for header in self._headers}
        if kinds != {(3, 8)}:
            raise FormatError(self.name, "is not a slide in colour of 8 bits", "look at its header")
        if sum(file.stat().st_size for file in volumes) > MAX_FILE_BYTES:
            raise FormatError(self.name, "is too large for a format that OpenSlide does not read", "convert it")
        self.sizes = [_numbers(header, "TotalPixelMatrixRows", "TotalPixelMatrixColumns") for header in self._headers]
        self._places = [_frame_places(header, size) for header, size in zip(self._headers, self.sizes, strict=True)]
        self._open = lru_cache(len(volumes))(self._read_file)
        largest = max(3 * prod(_numbers(header, "Rows", "Columns")) for header in self._headers)
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
        tile = _numbers(self._headers[level], "Rows", "Columns")
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


def _frame_places(header, size):
    """Row and column of the first pixel of each frame, from 0."""
    frames = min(count_frames(header), MAX_FRAMES)
    if attribute(header, "DimensionOrganizationType") == "TILED_FULL":
        steps = _numbers(header, "Rows", "Columns")
        return [*islice(product(range(0, size[0], steps[0]), range(0, size[1], steps[1])), frames)]
    keywords = ("RowPositionInTotalImagePixelMatrix", "ColumnPositionInTotalImagePixelMatrix")
    places = (_numbers(frame_header(header, frame), *keywords) for frame in range(frames))
    return [(row - 1, column - 1) for row, column in places]


def _spacing(header):
    spacing = numbers(attribute(frame_header(header, 0), "PixelSpacing")) or ()
    found = {f"openslide.mpp-{axis}": 1000 * side for axis, side in zip("yx", spacing, strict=False)}
    paths = items(attribute(header, "OpticalPathSequence"))
    power = attribute(paths[0], "ObjectiveLensPower") if paths else None
    return found | ({"openslide.objective-power": str(power)} if power else {})
