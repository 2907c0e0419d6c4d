"""A slide as DICOM: VL Whole Slide Microscopy Image objects that hold the tiles of the file unchanged."""

import os
import struct
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import JPEGBaseline8Bit, VLWholeSlideMicroscopyImageStorage, generate_uid

from ..errors import AccessError, RequestError
from .jpeg import BASELINE, merge_tables, segments
from .slide import open_slide
from .tiles import JPEG, RGB

PIXEL_DATA = b"\xe0\x7f\x10\x00OB\0\0\xff\xff\xff\xff"
ITEM, DELIMITER = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0\0\0\0\0"
SLICE_MM = 0.004  # of a usual section; the standard demands a depth, the file does not know it
LONG_TABLE = 2**32 - 2**20  # PS3.5 A.4: a Basic Offset Table counts in 32 bits
NO_TIME = "19000101000000"
UNKNOWN = "unknown"
# DICOM's codes for what the standard demands: value, designator, meaning
BRIGHTFIELD = ("111744", "DCM", "Brightfield illumination")
FULL_SPECTRUM = ("414298005", "SCT", "Full Spectrum")
GLASS_SLIDE = ("433466003", "SCT", "Microscope slide")


def write_dicom_slide(path, folder, *, mpp=None, attributes=None):
    """Write a tiled JPEG slide as DICOM, one instance a level, without decoding its tiles.

    Pixels stay what they are to the last bit. Label and macro picture, scan date, and free text of the vendor are left
    out. Patient, specimen and container are unnamed unless `attributes` names them.

    Parameters
    ----------
    path : str or Path
        An SVS or TIFF whose tiles are baseline JPEG.
    folder : str or Path
        It is made; it must not hold files of these names.
    mpp : float, optional
        Microns per pixel, where the file is wrong or silent.
    attributes : dict, optional
        Keyword to value, such as ``{"PatientID": "7", "ContainerIdentifier": "S26-1 A1"}``, for all instances.

    Returns
    -------
    list of Path
        One file a level, finest first. Either all are written or none.

    Raises
    ------
    FormatError, MissingError, AccessError
        If the slide cannot be opened.
    RequestError
        If its tiles are not baseline JPEG, its resolution is unknown or files are there already.

    References
    ----------
    PS3.3 A.32.8 and C.8.12.4 (VL Whole Slide Microscopy), C.7.6.17.3 (TILED_FULL); PS3.5 A.4 (encapsulated frames).

    Examples
    --------
    >>> import tempfile
    >>> import eda_utils as eda
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     files = eda.write_dicom_slide("data/samples/pathology/CMU-1-Small-Region.svs", folder)
    ...     with eda.open_slide(files[0]) as slide:
    ...         slide.shape
    (2967, 2220)
    """
    folder = Path(folder)
    with open_slide(path, mpp=mpp) as slide:
        numbers = _check(slide)
        common = _common(slide) | (attributes or {})
        names = [f"level_{number}.dcm" for number in numbers]
        if any((folder / name).exists() for name in names):
            raise RequestError(folder.name, "holds a slide already", "give a new folder")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=".part-", dir=folder) as scratch:
                for number, name in zip(numbers, names, strict=True):
                    _write_level(Path(scratch, name), slide, number, common)
                for name in names:
                    Path(scratch, name).replace(folder / name)
        except PermissionError:
            raise AccessError(folder.name, "may not be written to", "check its permissions") from None
    return [folder / name for name in names]


def _check(slide):
    """Return the numbers of the levels to be written; all of them are baseline JPEG of a known resolution."""
    tiles = slide.tiles
    if not tiles or len(tiles.levels) != len(slide.levels):
        raise RequestError(slide.name, "has no tiles that can be passed on unchanged", "give an SVS or a tiled TIFF")
    if not slide.mpp:
        raise RequestError(slide.name, "does not say how many microns a pixel is", "give mpp=")
    if not all(_is_passable(slide, number) for number in range(len(tiles.levels))):
        raise RequestError(slide.name, "its tiles are not baseline JPEG in colour", "convert it to a tiled JPEG TIFF")
    return range(len(tiles.levels))


def _is_passable(slide, number):
    """Whether the first tile, made complete, means the same to a decoder that knows nothing else."""
    import imagecodecs

    level = slide.tiles.levels[number]
    first = next((index for index, size in enumerate(level.sizes) if size), 0)
    if level.codec != JPEG or not level.is_tiled:
        return False
    frame = _frame(slide, number, first)
    kinds = dict(segments(frame))
    if BASELINE not in kinds or kinds[BASELINE][5] != 3:
        return False
    row, col = first // level.across * level.tile[0], first % level.across * level.tile[1]
    seen = imagecodecs.jpeg8_decode(frame)[: level.rows - row, : level.columns - col]
    ours = slide.tiles.read(number, row, col, *level.tile)[: level.rows - row, : level.columns - col]
    return np.array_equal(seen, ours)


def _common(slide):
    """Attributes that all instances share, identifiers new or empty."""
    uids = ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID", "PyramidUID")
    facts = {keyword: generate_uid(prefix=None) for keyword in (*uids, "DimensionOrganizationUID", "SpecimenUID")}
    facts |= dict.fromkeys(("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyID"), "")
    facts |= dict.fromkeys(("StudyDate", "StudyTime", "ReferringPhysicianName", "AccessionNumber"), "")
    facts |= {"ContainerIdentifier": "UNNAMED", "SpecimenIdentifier": "UNNAMED", "SeriesNumber": 1, "Modality": "SM"}
    facts |= dict.fromkeys(("ManufacturerModelName", "DeviceSerialNumber", "SoftwareVersions"), UNKNOWN)
    # Type 1, all three; those of the scan can identify a patient
    facts |= {"AcquisitionDateTime": NO_TIME, "ContentDate": NO_TIME[:8], "ContentTime": NO_TIME[8:]}
    vendor, power = (slide.source.facts.get(f"openslide.{key}") for key in ("vendor", "objective-power"))
    return facts | {"Manufacturer": vendor or UNKNOWN, "ObjectiveLensPower": power}


def _write_level(path, slide, number, common):
    """Header first, then frame by frame; the table of their places is filled in at the end."""
    level = slide.tiles.levels[number]
    count, total = len(level.sizes), sum(level.sizes)
    is_long = total + count * (len(level.tables or b"") + 512) >= LONG_TABLE
    dataset = _header(slide, number, common, 3 * level.rows * level.columns / max(total, 1))
    if is_long:
        dataset.ExtendedOffsetTable = dataset.ExtendedOffsetTableLengths = bytes(8 * count)
    dataset.save_as(path, enforce_file_format=True)
    with open(path, "r+b") as file:
        start = file.seek(0, os.SEEK_END)
        table = 0 if is_long else 4 * count
        file.write(PIXEL_DATA + ITEM + struct.pack("<I", table) + bytes(table))
        places, sizes = _write_frames(file, slide, number)
        if is_long:
            file.seek(start - 16 * count - 12)  # the values of two elements, the second with a header between
            file.write(struct.pack(f"<{count}Q", *places))
            file.seek(start - 8 * count)
            file.write(struct.pack(f"<{count}Q", *sizes))
        else:
            file.seek(start + len(PIXEL_DATA) + 8)
            file.write(struct.pack(f"<{count}I", *places))


def _write_frames(file, slide, number):
    """Write every tile as one fragment and return their places, counted from the first, and their sizes."""
    first, places, sizes = file.tell(), [], []
    for index in range(len(slide.tiles.levels[number].sizes)):
        frame = _frame(slide, number, index)
        frame += b"\0" * (len(frame) % 2)
        places.append(file.tell() - first)
        sizes.append(len(frame))
        file.write(ITEM + struct.pack("<I", len(frame)) + frame)
    file.write(DELIMITER)
    return places, sizes


def _frame(slide, number, index):
    """One tile as a complete JPEG stream; TILED_FULL wants a frame where nothing was scanned too: white."""
    level, data = slide.tiles.levels[number], slide.tiles.read_bytes(number, index)
    if data is None:
        return _white_frame(*level.tile, level.photometric == RGB)
    return merge_tables(data, level.tables or b"", is_rgb=level.photometric == RGB)


@cache
def _white_frame(rows, columns, is_rgb):
    import imagecodecs

    white = np.full((rows, columns, 3), 255, np.uint8)
    return imagecodecs.jpeg8_encode(white, colorspace="RGB", outcolorspace="RGB" if is_rgb else "YCBCR", level=90)


def _header(slide, number, common, ratio):
    """The data set of one level, without Pixel Data."""
    dataset, level = Dataset(), slide.tiles.levels[number]
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    dataset.SOPClassUID = VLWholeSlideMicroscopyImageStorage
    dataset.SOPInstanceUID = generate_uid(prefix=None)
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.InstanceNumber = number + 1
    kind = ["DERIVED", "PRIMARY", "VOLUME", "RESAMPLED"] if number else ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    dataset.ImageType = kind
    nested = ("DimensionOrganizationUID", "SpecimenUID", "SpecimenIdentifier", "ObjectiveLensPower")
    for keyword, value in common.items():
        if keyword not in nested:
            setattr(dataset, keyword, value)
    _add_pixel_description(dataset, level, _photometric(slide, number), ratio)
    _add_slide_description(dataset, slide, level, kind)
    _add_specimen(dataset, common)
    _add_optical_path(dataset, slide, common["ObjectiveLensPower"])
    return dataset


def _photometric(slide, number):
    """PS3.5 8.2.1: RGB, or YBR_FULL_422 where colour is kept at a lower resolution."""
    level = slide.tiles.levels[number]
    if level.photometric == RGB:
        return "RGB"
    first = next(index for index, size in enumerate(level.sizes) if size)
    return "YBR_FULL" if dict(segments(_frame(slide, number, first)))[BASELINE][7] == 0x11 else "YBR_FULL_422"


def _add_pixel_description(dataset, level, photometric, ratio):
    """PS3.3 C.7.6.3 and C.7.6.1.1.5: the tiles, and that they are lossy."""
    dataset.SamplesPerPixel, dataset.PlanarConfiguration = 3, 0
    dataset.PhotometricInterpretation = photometric
    dataset.Rows, dataset.Columns = level.tile
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 8, 8, 7, 0
    dataset.NumberOfFrames = len(level.sizes)
    dataset.LossyImageCompression, dataset.LossyImageCompressionMethod = "01", "ISO_10918_1"
    dataset.LossyImageCompressionRatio = f"{ratio:.4g}"
    dataset.BurnedInAnnotation, dataset.SpecimenLabelInImage = "NO", "NO"


def _add_slide_description(dataset, slide, level, kind):
    """PS3.3 C.8.12.4: the matrix that the tiles make up, its size in mm and its place on the slide."""
    mm = slide.mpp * slide.shape[0] / level.rows / 1000, slide.mpp * slide.shape[1] / level.columns / 1000
    dataset.ImagedVolumeWidth, dataset.ImagedVolumeHeight = mm[1] * level.columns, mm[0] * level.rows
    dataset.ImagedVolumeDepth = SLICE_MM * 1000  # in um, unlike the other two
    dataset.TotalPixelMatrixRows, dataset.TotalPixelMatrixColumns = level.rows, level.columns
    dataset.TotalPixelMatrixFocalPlanes = 1
    origin = _item(XOffsetInSlideCoordinateSystem="0", YOffsetInSlideCoordinateSystem="0")
    dataset.TotalPixelMatrixOriginSequence = [origin]
    dataset.ImageOrientationSlide = [0, -1, 0, -1, 0, 0]
    dataset.PositionReferenceIndicator = "SLIDE_CORNER"
    dataset.VolumetricProperties, dataset.FocusMethod, dataset.ExtendedDepthOfField = "VOLUME", "AUTO", "NO"
    dataset.DimensionOrganizationType, dataset.AcquisitionContextSequence = "TILED_FULL", []
    spacing = _item(PixelSpacing=[f"{side:.10g}" for side in mm], SliceThickness=SLICE_MM)
    groups = {"WholeSlideMicroscopyImageFrameTypeSequence": [_item(FrameType=kind)]}
    groups |= {"PixelMeasuresSequence": [spacing]}
    groups |= {"OpticalPathIdentificationSequence": [_item(OpticalPathIdentifier="0")]}
    dataset.SharedFunctionalGroupsSequence = [_item(**groups)]


def _add_specimen(dataset, common):
    """PS3.3 C.7.6.22: whose section it is; how it was prepared the file does not say."""
    dataset.DimensionOrganizationSequence = [_item(DimensionOrganizationUID=common["DimensionOrganizationUID"])]
    dataset.IssuerOfTheContainerIdentifierSequence = []
    dataset.ContainerTypeCodeSequence = [_code(GLASS_SLIDE)]
    specimen = {keyword: common[keyword] for keyword in ("SpecimenIdentifier", "SpecimenUID")}
    empty = {"IssuerOfTheSpecimenIdentifierSequence": [], "SpecimenPreparationSequence": []}
    dataset.SpecimenDescriptionSequence = [_item(**specimen, **empty)]


def _add_optical_path(dataset, slide, power):
    """PS3.3 C.8.12.5: brightfield in colour, through the objective that the file names."""
    path = _item(OpticalPathIdentifier="0", IlluminationTypeCodeSequence=[_code(BRIGHTFIELD)])
    path.IlluminationColorCodeSequence = [_code(FULL_SPECTRUM)]
    if power:
        path.ObjectiveLensPower = power
    profile = slide.source.profile or _srgb()
    path.ICCProfile = profile + b"\0" * (len(profile) % 2)
    dataset.NumberOfOpticalPaths, dataset.OpticalPathSequence = 1, [path]


def _srgb():
    """PS3.3 C.11.15: colour demands a profile; what has none is taken for sRGB, as browsers do."""
    from PIL import ImageCms

    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def _item(**values):
    item = Dataset()
    for keyword, value in values.items():
        setattr(item, keyword, value)
    return item


def _code(code):
    return _item(CodeValue=code[0], CodingSchemeDesignator=code[1], CodeMeaning=code[2])
