"""Which way leads to a slide's pixels: decided by what is in the file."""

from contextlib import suppress
from typing import NamedTuple
from xml.etree import ElementTree

import numpy as np

from ..core import PARSE_ERRORS, EDAError, FormatError, need_extra, quiet, read_head
from ..dicom import GENERIC, SLIDE_SUFFIXES, loses_bits
from ..image import read_picture
from .dicom_frames import DicomReader, series_files
from .readers import ADVICE, DAMAGED, OpenSlideReader, PictureReader
from .tiff_check import MAX_TILE_PIXELS, check_tiff, is_tiff
from .tiff_tiles import EXACT, TileReader, is_plain, to_level

PAGED = ("aperio", GENERIC)  # vendors whose levels are TIFF pages, tile by tile
UM = {"µm": 1, "um": 1, "μm": 1, "nm": 1e-3, "mm": 1e3, "cm": 1e4, "m": 1e6}
ICC_PROFILE = 34675
UM_PER_UNIT = {2: 25_400, 3: 10_000}  # TIFF ResolutionUnit: inch, centimetre


class Source(NamedTuple):
    """Where pixels come from, and what the file says of itself in OpenSlide's names."""

    sizes: list  # rows and columns of each level
    read: object  # (level, row, col, height, width) of that level to (height, width, 3)
    facts: dict
    associated: dict  # name to rows and columns
    picture: object  # name to (row, column, 3)
    tiles: TileReader | None
    readers: tuple  # what has to be closed
    profile: bytes = b""


def open_source(path):
    """Return the Source of a file, chosen by its content.

    Parameters
    ----------
    path : Path

    Returns
    -------
    Source

    Raises
    ------
    FormatError, MissingError, AccessError, DecodeError
    """
    if path.is_dir() or read_head(path, 132)[128:] == b"DICM":
        return _open_dicom(path)
    head = read_head(path)
    if is_tiff(head):
        check_tiff(path)
    vendor = _detect(path)
    if is_tiff(head):
        return _open_tiff(path, vendor)
    if vendor:
        return _from_openslide(OpenSlideReader(path))
    if path.suffix.lower() in SLIDE_SUFFIXES:
        raise FormatError(path.name, "lacks the folder or the files that belong to it", "copy them together")
    return _open_picture(path)


def _open_dicom(path):
    """OpenSlide finds the files that belong to one of them; what it does not take is read frame by frame."""
    files = series_files(path)
    if not files:
        raise FormatError(path.name, "is DICOM and no whole-slide image", "open it with load_image")
    try:
        return _from_openslide(OpenSlideReader(next(iter(files)) if path.is_dir() else path))
    except FormatError:
        reader = DicomReader(files)
    return Source(reader.sizes, reader.read, reader.facts, {}, None, None, (reader,))


def _detect(path):
    need_extra("slides")
    import openslide

    try:
        with quiet():
            return openslide.OpenSlide.detect_format(path)
    except openslide.OpenSlideError:
        raise FormatError(path.name, DAMAGED, ADVICE) from None


def _from_openslide(reader, tiles=None, levels=()):
    """Levels that `levels` maps to a level of `tiles` are read there."""
    places = dict(levels)

    def read(level, *region):
        return tiles.read(places[level], *region) if level in places else reader.read(level, *region)

    readers = (reader, tiles) if tiles else (reader,)
    facts = (reader.sizes, read, reader.facts, reader.associated, reader.picture, tiles, readers)
    return Source(*facts, reader.profile)


def _open_tiff(path, vendor):
    import tifffile

    if vendor and vendor not in PAGED:
        return _from_openslide(OpenSlideReader(path))
    try:
        with quiet(), tifffile.TiffFile(path) as tiff:
            first = tiff.pages[0]
            is_own = tiff.is_ome or first.subifds or (vendor == GENERIC and loses_bits(first))
            if vendor and not is_own:
                return _through_both(path, tiff)
            return _through_tifffile(path, tiff)
    except EDAError:
        raise
    except (*PARSE_ERRORS, OSError):
        raise FormatError(path.name, DAMAGED, ADVICE) from None


def _through_both(path, tiff):
    """OpenSlide says what the levels are; those that are plain pages are read by tile."""
    reader = OpenSlideReader(path)
    pages = {}
    for page in tiff.pages:
        if page.is_tiled and is_plain(page) and page.compression in EXACT:
            pages.setdefault((page.imagelength, page.imagewidth), []).append(page)
    found = [(level, pages[size][0]) for level, size in enumerate(reader.sizes) if len(pages.get(size, ())) == 1]
    chosen = [(level, to_level(page)) for level, page in found]
    # OpenSlide fills a gap of a coarse level from the next finer one
    chosen = [(number, level) for number, level in chosen if number == 0 or all(level.sizes)]
    if not chosen or chosen[0][0] != 0:
        return _from_openslide(reader)
    tiles = TileReader(path, [level for _, level in chosen])
    if not _agree(reader, tiles):
        tiles.close()
        return _from_openslide(reader)
    return _from_openslide(reader, tiles, [(number, place) for place, (number, _) in enumerate(chosen)])


def _agree(reader, tiles):
    """Whether both read one tile of the middle alike: the colour of a JPEG is a matter of convention."""
    level = tiles.levels[0]
    height, width = level.tile
    row, col = (side // 2 // step * step for side, step in zip((level.rows, level.columns), level.tile, strict=True))
    region = (0, row, col, min(height, level.rows - row), min(width, level.columns - col))
    try:
        return np.array_equal(reader.read(*region), tiles.read(*region))
    except EDAError:
        return False


def _through_tifffile(path, tiff):
    levels = [level.keyframe for level in tiff.series[0].levels] if tiff.series else []
    if not levels or len(tiff.series[0].shape) > 3 or not all(map(is_plain, levels)):
        return _open_picture(path)
    levels = [to_level(page) for page in levels]
    if max(level.tile[0] * level.tile[1] for level in levels) > MAX_TILE_PIXELS:
        raise FormatError(path.name, "holds its image in one block that is too large", "write it as a tiled pyramid")
    tiles = TileReader(path, levels)
    sizes = [(level.rows, level.columns) for level in levels]
    facts = {"openslide.vendor": "ome-tiff" if tiff.is_ome else "tiff"} | _spacing(tiff)
    if levels[0].is_tiled:
        sides = ("height", "width")
        facts |= {f"openslide.level[0].tile-{side}": n for side, n in zip(sides, levels[0].tile, strict=True)}
    profile = tiff.pages[0].tags.valueof(ICC_PROFILE, b"")
    return Source(sizes, tiles.read, facts, {}, None, tiles, (tiles,), profile)


def _spacing(tiff):
    """Microns per pixel from OME's PhysicalSize, else from the resolution tags."""
    if tiff.is_ome:
        with suppress(ElementTree.ParseError, KeyError, ValueError, AttributeError):
            pixels = ElementTree.fromstring(tiff.ome_metadata).find(".//{*}Pixels").attrib
            sizes = {axis: float(pixels[f"PhysicalSize{axis}"]) for axis in "XY"}
            units = {axis: UM[pixels.get(f"PhysicalSize{axis}Unit", "µm")] for axis in "XY"}
            return {f"openslide.mpp-{axis.lower()}": sizes[axis] * units[axis] for axis in "XY"}
        return {}
    tags = tiff.pages[0].tags
    unit = UM_PER_UNIT.get(tags.valueof("ResolutionUnit", 2))
    with suppress(TypeError, ValueError, ZeroDivisionError):
        found = {axis: tags.valueof(f"{axis.upper()}Resolution") for axis in "xy"}
        return {f"openslide.mpp-{axis}": unit * below / above for axis, (above, below) in found.items()}
    return {}


def _open_picture(path):
    try:
        pixels, *_ = read_picture(path, 0)
    except EDAError as error:
        if "claims more pixels" in error.wrong:
            raise FormatError(path.name, error.wrong, "write it as a tiled pyramid TIFF") from None
        raise FormatError(path.name, DAMAGED, ADVICE) from None
    if pixels.dtype != np.uint8:
        raise FormatError(path.name, "has more than 8 bits a sample", "open it with load_image")
    reader = PictureReader(pixels)
    return Source(reader.sizes, reader.read, {}, {}, None, None, (reader,))
