"""Tiles of a TIFF, read by position and decoded by themselves: as quick as the decoder is."""

import os
from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..core import PARSE_ERRORS, DecodeError, RequestError
from ..dicom import stream_size, upper_part
from .tiff_check import MAX_TILE_PIXELS

if TYPE_CHECKING:
    from .slide import Slide

CACHE_BYTES = 2**25
NO_TILE = np.empty((2**31, 0, 3), np.uint8)  # kept for a tile that was not scanned
WHITE = 255
JPEG, UNCOMPRESSED = 7, 1
# Codecs of which each decoder gives the same values: none, LZW, JPEG, deflate (two numbers), PackBits
EXACT = frozenset((UNCOMPRESSED, 5, JPEG, 8, 32946, 32773))
CODECS = EXACT | {33005, 34712, 50000}  # JPEG 2000 in RGB, Zstandard
FIXED_RATE = 1.15
GREY, RGB, YCBCR = 1, 2, 6


class Level(NamedTuple):
    """One resolution of a tiled or stripped TIFF, independent of the file handle that it was read with."""

    rows: int
    columns: int
    tile: tuple[int, int]  # rows and columns
    across: int  # tiles in a row of tiles
    offsets: tuple[int, ...]
    sizes: tuple[int, ...]
    tables: bytes | None
    decode: object
    codec: int
    photometric: int
    is_tiled: bool
    space: str | None  # colour of the JPEG stream


def is_plain(page):
    """Tell whether a TIFF page holds 8-bit grey or RGB as every decoder would show it."""
    colours = {1: (GREY,), 3: (RGB, YCBCR) if page.compression == JPEG else (RGB,)}
    return (
        page.dtype == np.uint8
        and page.photometric in colours.get(page.samplesperpixel, ())
        and (page.planarconfig, page.imagedepth, page.fillorder, page.bitspersample) == (1, 1, 1, 8)
        and page.compression in CODECS
        and page.tags.valueof(274, 1) == 1  # Orientation
        and len(page.shape) == 2 + (page.samplesperpixel == 3)
    )


def to_level(page):
    """Return what is needed to read a TIFF page without its file handle.

    Raises
    ------
    ValueError
        If it lists fewer tiles than its image needs.
    """
    rows, columns = page.imagelength, page.imagewidth
    tile = (page.tilelength, page.tilewidth) if page.is_tiled else (min(page.rowsperstrip, rows), columns)
    across = -(-columns // tile[1])
    if min(len(page.dataoffsets), len(page.databytecounts)) < across * -(-rows // tile[0]):
        raise ValueError
    facts = page.dataoffsets, page.databytecounts, page.jpegtables, page.decode
    codec, photometric = int(page.compression), int(page.photometric)
    # A JFIF header means YCbCr; where the page says RGB, the two contradict each other and tifffile shall judge
    is_sure = codec == JPEG and (photometric == YCBCR or not page.is_jfif)
    space = {YCBCR: "YCBCR", RGB: "RGB"}.get(photometric) if is_sure else None
    return Level(rows, columns, tile, across, *facts, codec, photometric, page.is_tiled, space)


class TileCache:
    """The decoded tiles last used, up to a number of bytes."""

    def __init__(self):
        self._tiles, self._lock, self._bytes = OrderedDict(), Lock(), 0

    def __contains__(self, key):
        return key in self._tiles

    def get(self, key):
        """Return a tile, None if it is not kept."""
        with self._lock:
            if key in self._tiles:
                self._tiles.move_to_end(key)
            return self._tiles.get(key)

    def put(self, key, tile):
        """Keep a tile, in place of those not used for the longest time."""
        with self._lock:
            self._bytes += tile.nbytes - getattr(self._tiles.pop(key, None), "nbytes", 0)
            self._tiles[key] = tile
            while self._bytes > CACHE_BYTES and len(self._tiles) > 1:
                self._bytes -= self._tiles.popitem(last=False)[1].nbytes

    def clear(self):
        """Forget all tiles."""
        with self._lock:
            self._tiles.clear()
            self._bytes = 0


class TileReader:
    """Reads rectangles of the levels of a TIFF.

    Threads share one descriptor, because `os.pread` has no position; a forked process may go on with it for the same
    reason. The decoded tiles last used are kept (32 MB), as neighbouring rectangles share them.
    """

    def __init__(self, path, levels):
        self.name, self.levels = path.name, levels
        self._descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0))
        self._cache, self._lock = TileCache(), Lock()

    def close(self):
        """Close the file and forget its tiles."""
        if self._descriptor is not None:
            descriptor, self._descriptor = self._descriptor, None
            os.close(descriptor)
            self._cache.clear()

    __del__ = close

    def read(self, level, row, col, height, width):
        """Return (height, width, 3) from a row and column of that level; white outside of the image."""
        facts = self.levels[level]
        bottom, right = min(row + height, facts.rows), min(col + width, facts.columns)
        top, left = max(row, 0), max(col, 0)
        is_inside = (bottom - top, right - left) == (height, width)
        if is_inside and (height, width) == facts.tile and not (row % height or col % width):
            return self._whole(level, row // height * facts.across + col // width)
        region = np.empty((height, width, 3), np.uint8) if is_inside else np.full((height, width, 3), WHITE, np.uint8)
        down, across = (
            range(start // step, -(-stop // step))
            for start, stop, step in zip((top, left), (bottom, right), facts.tile, strict=True)
        )
        places = [(y, x) for y in down for x in across]
        is_new = not any((level, y * facts.across + x) in self._cache for y, x in places)
        for place in places:
            self._paste(region, (row, col), level, place, (top, left, bottom, right), is_new)
        return region

    def _whole(self, level, index):
        """A tile for the caller to keep is not kept here too: who reads aligned does not come back to it."""
        tile = self._decode(level, index)
        if tile is None:
            return np.full((*self.levels[level].tile, 3), WHITE, np.uint8)
        if tile.shape[2] == 3 and tile.flags.writeable:
            return tile
        return np.repeat(tile, 3, axis=2) if tile.shape[2] == 1 else tile.copy()

    def _paste(self, region, origin, level, place, limits, is_new):
        (y, x), facts = place, self.levels[level]
        top, left = max(y * facts.tile[0], limits[0]), max(x * facts.tile[1], limits[1])
        bottom, right = min((y + 1) * facts.tile[0], limits[2]), min((x + 1) * facts.tile[1], limits[3])
        target = region[top - origin[0] : bottom - origin[0], left - origin[1] : right - origin[1]]
        tile = self._kept(level, y * facts.across + x, bottom - y * facts.tile[0], is_new)
        if tile is None:
            target[:] = WHITE
        else:
            top, left = top - y * facts.tile[0], left - x * facts.tile[1]
            target[:] = tile[top : top + target.shape[0], left : left + target.shape[1]]

    def _kept(self, level, index, rows, is_new):
        """Return a tile of which the upper rows are needed, from the cache if it is there.

        A region none of whose tiles was read before is likely to be one of many scattered ones: its tiles are decoded
        only as far as they are needed. Regions side by side share tiles, and the second one has them whole.
        """
        tile = self._cache.get((level, index))
        if tile is None or tile.shape[0] < rows:
            tile = self._decode(level, index, rows if is_new else None)
            self._cache.put((level, index), NO_TILE if tile is None else tile)
        return None if tile is None or not tile.size else tile

    def read_bytes(self, level, index):
        """Return the encoded bytes of one tile, None where the file has none (a tile that was not scanned)."""
        if self._descriptor is None:
            raise RequestError(self.name, "is closed", "open it again with open_slide")
        facts = self.levels[level]
        offset, size = facts.offsets[index], facts.sizes[index]
        if not size:
            return None
        data = self._read_at(offset, size)
        if len(data) < size:
            raise DecodeError(self.name, "is cut inside of a tile", "copy the file again")
        return data

    def _read_at(self, offset, size):
        if hasattr(os, "pread"):
            return os.pread(self._descriptor, size, offset)
        with self._lock:  # Windows
            os.lseek(self._descriptor, offset, os.SEEK_SET)
            return os.read(self._descriptor, size)

    def _decode(self, level, index, rows=None):
        """Return a tile as (row, column, sample), of a JPEG at least its upper rows, None where there is none."""
        facts, data = self.levels[level], self.read_bytes(level, index)
        if data is None:
            return None
        from imagecodecs import jpeg8_decode

        try:
            # A decoder makes room for what the stream claims, whatever the size of the tile
            claimed = stream_size(data) if facts.codec in (JPEG, 33005, 34712) else None
            if claimed and claimed[0] * claimed[1] > max(MAX_TILE_PIXELS // 16, facts.tile[0] * facts.tile[1]):
                raise ValueError
            # Past tifffile, which knows the colours of a page: only where we know them for sure
            upper = upper_part(data, rows) if rows and facts.space else None
            if upper:
                return jpeg8_decode(upper, tables=facts.tables, colorspace=facts.space, outcolorspace="RGB")
            return facts.decode(data, index, jpegtables=facts.tables)[0][0]
        except (*PARSE_ERRORS, RuntimeError):
            raise DecodeError(self.name, "one of its tiles is damaged", "copy the file again") from None


def byte_map(slide: "Slide") -> tuple[np.ndarray, tuple[int, int]]:
    """Return how many bytes the file spends on each pixel, tile by tile, without decoding any.

    JPEG spends more on tissue than on glass and more on what is in focus, so that the index of the file is a map of
    the tissue already.

    Parameters
    ----------
    slide : Slide

    Returns
    -------
    bytes_per_pixel : numpy.ndarray of float
        (tile row, tile column) of level 0; 0 where nothing was scanned.
    tile : tuple of int
        Rows and columns of a tile in level-0 pixels.

    Raises
    ------
    RequestError
        If the slide has no index of tiles, or every tile has the same size: uncompressed, or JPEG 2000 at a fixed rate.

    References
    ----------
    TIFF revision 6.0 section 15: TileByteCounts.

    Examples
    --------
    >>> import eda_utils as eda
    >>> from eda_utils.slides import byte_map
    >>> with eda.open_slide("data/samples/pathology/CMU-1-Small-Region.svs") as slide:
    ...     bytes_per_pixel, tile = byte_map(slide)
    >>> bytes_per_pixel.shape, tile
    ((13, 10), (240, 240))
    """
    level = slide.tiles.levels[0] if slide.tiles else None
    if level is None or not level.is_tiled:
        raise RequestError(slide.name, "has no index of tiles that can be read", "use tissue_mask")
    sizes = np.asarray(level.sizes[: level.across * -(-level.rows // level.tile[0])], float).reshape(-1, level.across)
    scanned = sizes[sizes > 0]
    spread = np.percentile(scanned, 95) / np.percentile(scanned, 5) if scanned.size else 1
    if level.codec == UNCOMPRESSED or (level.codec != JPEG and spread < FIXED_RATE):
        raise RequestError(slide.name, "spends the same number of bytes on every tile", "use tissue_mask")
    return sizes / (level.tile[0] * level.tile[1]), level.tile
