"""Slides made for tests, and what OpenSlide shows of one."""

import struct

import imagecodecs
import numpy as np
import openslide
import tifffile
from PIL import Image as Pillow
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import JPEG2000Lossless, VLWholeSlideMicroscopyImageStorage, generate_uid

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


def write_dicom_slide(source, folder):
    """Write the levels of a tiled TIFF as a DICOM slide, without loss."""
    folder.mkdir()
    study, series, frame_of_reference = (generate_uid() for _ in range(3))
    paths = []
    with tifffile.TiffFile(source) as tiff:
        for number, page in enumerate(tiff.pages):
            dataset = _dicom_level(page.asarray(), (page.tilelength, page.tilewidth), page.get_resolution("millimeter"))
            dataset.StudyInstanceUID, dataset.SeriesInstanceUID = study, series
            dataset.FrameOfReferenceUID, dataset.InstanceNumber = frame_of_reference, number + 1
            resampled = "RESAMPLED" if number else "NONE"
            dataset.ImageType = ["DERIVED" if number else "ORIGINAL", "PRIMARY", "VOLUME", resampled]
            paths.append(folder / f"level_{number}.dcm")
            dataset.save_as(paths[-1], enforce_file_format=True)
    return paths


def _dicom_level(pixels, tile, per_mm):
    """One level, TILED_FULL (PS3.3 C.7.6.17.3)."""
    rows, columns = pixels.shape[:2]
    whole = np.pad(pixels, [(0, -side % step) for side, step in zip((rows, columns), tile, strict=True)] + [(0, 0)])
    grid = whole.reshape(whole.shape[0] // tile[0], tile[0], whole.shape[1] // tile[1], tile[1], 3)
    tiles = [np.ascontiguousarray(grid[y, :, x]) for y in range(grid.shape[0]) for x in range(grid.shape[2])]
    dataset, measures, shared, path = Dataset(), Dataset(), Dataset(), Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = JPEG2000Lossless
    dataset.SOPClassUID, dataset.SOPInstanceUID = VLWholeSlideMicroscopyImageStorage, generate_uid()
    dataset.Modality, dataset.DimensionOrganizationType = "SM", "TILED_FULL"
    dataset.Rows, dataset.Columns, dataset.NumberOfFrames = *tile, len(tiles)
    dataset.TotalPixelMatrixRows, dataset.TotalPixelMatrixColumns = rows, columns
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation, dataset.PlanarConfiguration = 3, "RGB", 0
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 8, 8, 7, 0
    measures.PixelSpacing = [f"{1 / per_mm[1]:.10g}", f"{1 / per_mm[0]:.10g}"]
    shared.PixelMeasuresSequence, dataset.SharedFunctionalGroupsSequence = [measures], [shared]
    path.OpticalPathIdentifier, path.ObjectiveLensPower = "0", 20
    dataset.OpticalPathSequence = [path]
    dataset.PixelData = encapsulate([_j2k(each) for each in tiles])
    dataset["PixelData"].is_undefined_length = True
    return dataset


def _j2k(tile):
    return imagecodecs.jpeg2k_encode(tile, level=0, codecformat="j2k", reversible=True, mct=False)
