"""Slides made for tests, and what OpenSlide shows of one."""

import struct

import numpy as np
import openslide
import tifffile
from PIL import Image as Pillow

LONG_TAGS = {
    **{"ImageWidth": (256, 256), "ImageLength": (257, 256), "TileWidth": (322, 256), "TileLength": (323, 256)},
    **{"TileOffsets": (324, 8), "TileByteCounts": (325, 100)},
}
SHORT_TAGS = {"BitsPerSample": (258, 8), "Compression": (259, 1), "Photometric": (262, 1), "SamplesPerPixel": (277, 1)}


def scene(rows, columns, seed=0):
    """Something with edges, colours and noise."""
    random = np.random.default_rng(seed)
    y, x = np.indices((rows, columns))
    waves = [np.sin(y / 19), np.cos(x / 23), np.sin((x + y) / 31)]
    noise = random.normal(0, 9, (rows, columns, 3))
    return (150 + 70 * np.stack(waves, axis=-1) + noise).clip(0, 255).astype(np.uint8)


def write_pyramid(path, pixels, *, steps=(1, 2, 4), subifds=False, compression="jpeg", tile=(256, 256), **options):
    """Write a tiled TIFF of several levels, 0.5 um per pixel, as pages or as SubIFDs."""
    args = {"compressionargs": {"level": 80}} if compression == "jpeg" else {}
    options = {"photometric": "ycbcr" if compression == "jpeg" else "rgb", "tile": tile, **options}
    with tifffile.TiffWriter(path, ome=options.pop("ome", False)) as writer:
        for number, step in enumerate(steps):
            extra = {"subifds": len(steps) - 1} if subifds and number == 0 else {}
            extra |= {"subfiletype": 1} if number else {}
            resolution = {"resolution": (20000 / step,) * 2, "resolutionunit": "CENTIMETER"}
            metadata = {} if "metadata" in options else {"metadata": None}
            how = {"compression": compression, **args, **resolution, **metadata, **extra, **options}
            writer.write(np.ascontiguousarray(pixels[::step, ::step]), **how)
    return path


def tiny_tiff(path, following=0, counts=None, **values):
    """Write a TIFF of 134 bytes that may claim anything."""
    tags = {**LONG_TAGS, **SHORT_TAGS}
    entries = [(tags[name][0], name, values.get(name, tags[name][1])) for name in tags]
    body = b""
    for tag, name, value in sorted(entries):
        code, kind = ("<HHIHxx", 3) if name in SHORT_TAGS else ("<HHII", 4)
        body += struct.pack(code, tag, kind, (counts or {}).get(name, 1), value)
    path.write_bytes(struct.pack("<2sHIH", b"II", 42, 8, len(entries)) + body + struct.pack("<I", following))
    return path


def on_white(region):
    """What OpenSlide returns, as it looks on white."""
    white = Pillow.new("RGBA", region.size, "white")
    return np.asarray(Pillow.alpha_composite(white, region).convert("RGB"))


def openslide_region(path, row, col, height, width):
    """A region of level 0 as OpenSlide shows it on white."""
    with openslide.OpenSlide(path) as handle:
        return on_white(handle.read_region((col, row), 0, (width, height)))


def random_regions(shape, count, seed=0):
    """Rows, columns, heights and widths, some of them outside of the slide."""
    random = np.random.default_rng(seed)
    for _ in range(count):
        row, col = (int(random.integers(-300, side + 50)) for side in shape)
        height, width = (int(random.choice([256, random.integers(1, 400)])) for _ in range(2))
        aligned = random.random() < 0.2
        yield (row // 256 * 256, col // 256 * 256, 256, 256) if aligned else (row, col, height, width)


def forget_tiles(path, page, indices):
    """Set the size of tiles to 0: not scanned."""
    with tifffile.TiffFile(path, mode="r+b") as tiff:
        tag = tiff.pages[page].tags["TileByteCounts"]
        tag.overwrite([0 if index in indices else size for index, size in enumerate(tag.value)])
