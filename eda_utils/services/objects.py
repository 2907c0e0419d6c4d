"""Producing instances: a picture as Secondary Capture, a mask as Segmentation."""

import warnings
from copy import deepcopy
from datetime import datetime
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.pixels import pack_bits
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage, SegmentationStorage, generate_uid

from .. import __version__
from ..core import FormatError, RequestError
from ..dicom import read_dataset

PATIENT = ("PatientName", "PatientID", "PatientBirthDate", "PatientSex")
STUDY = ("StudyInstanceUID", "StudyDate", "StudyTime", "ReferringPhysicianName", "StudyID", "AccessionNumber")
MAKER = "eda_utils"
ORGAN = ("113343008", "SCT", "Organ")
ANATOMY = ("123037004", "SCT", "Anatomical Structure")


def produce_capture(pixels: np.ndarray, *, like: str | Path | Dataset | None = None, **attributes: object) -> Dataset:
    """Produce a Secondary Capture image from an array.

    Parameters
    ----------
    pixels : array
        (row, column) of uint8 or uint16, (row, column, 3) of uint8.
    like : str, Path or Dataset, optional
        An instance whose patient and study it belongs to; by default a new, unnamed one.
    **attributes
        DICOM keywords with values, such as ``PatientID="7"``.

    Returns
    -------
    pydicom.dataset.Dataset
        With file meta information: `save_as` writes it, `send` sends it.

    Raises
    ------
    RequestError
        If shape or type of the array are others.

    References
    ----------
    PS3.3 A.8.1 (Secondary Capture Image IOD), C.8.6.1 (SC Equipment)

    Examples
    --------
    >>> import numpy as np
    >>> from eda_utils import services
    >>> services.produce_capture(np.zeros((4, 6), np.uint8)).Columns
    6
    """
    pixels = np.asarray(pixels)
    is_color = pixels.ndim == 3 and pixels.shape[-1] == 3
    if not (pixels.ndim == 2 or is_color) or pixels.dtype not in (np.uint8, np.uint16) or not pixels.size:
        wrong = f"are {pixels.dtype} of shape {pixels.shape}"
        raise RequestError("pixels", wrong, "give uint8 or uint16, (row, column)")
    if is_color and pixels.dtype != np.uint8:
        raise RequestError("pixels", "are colours of 16 bits", "give uint8 for (row, column, 3)")
    dataset = _instance(SecondaryCaptureImageStorage, "OT", like)
    dataset.ConversionType, dataset.InstanceNumber, dataset.SeriesNumber = "SYN", 1, 1
    dataset.ImageType, dataset.PatientOrientation, dataset.BurnedInAnnotation = ["DERIVED", "SECONDARY"], "", "NO"
    dataset.Laterality = None
    bits = pixels.dtype.itemsize * 8
    describe_pixels(dataset, pixels.shape, bits, 3 if is_color else 1)
    dataset.PixelData = pixels.astype(pixels.dtype.newbyteorder("<")).tobytes() + b"\0" * (pixels.nbytes % 2)
    dataset["PixelData"].VR = "OW" if bits == 16 else "OB"
    _set(dataset, attributes)
    return dataset


def _instance(sop_class, modality, like):
    """Return an instance of a new series: of the patient and study of another one, else of new ones."""
    source = Dataset() if like is None else read_dataset(like)
    now, dataset = datetime.now(), Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = sop_class
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = generate_uid()
    dataset.SeriesInstanceUID, dataset.Modality = generate_uid(), modality
    dataset.SpecificCharacterSet = source.get("SpecificCharacterSet") or "ISO_IR 192"
    with warnings.catch_warnings():  # of values of the other one that the standard does not allow
        warnings.simplefilter("ignore")
        for keyword in (*PATIENT, *STUDY):
            setattr(dataset, keyword, source.get(keyword, ""))
    dataset.StudyInstanceUID = source.get("StudyInstanceUID") or generate_uid()
    dataset.Manufacturer, dataset.SoftwareVersions = MAKER, __version__
    dataset.ContentDate = dataset.SeriesDate = dataset.InstanceCreationDate = now.strftime("%Y%m%d")
    dataset.ContentTime = dataset.SeriesTime = dataset.InstanceCreationTime = now.strftime("%H%M%S")
    if like is None:
        dataset.StudyDate, dataset.StudyTime = dataset.SeriesDate, dataset.SeriesTime
    return dataset


def describe_pixels(dataset, shape, bits, samples=1):
    """Say how pixels are stored: unsigned, with all their bits (PS3.3 C.7.6.3)."""
    dataset.Rows, dataset.Columns = shape[:2]
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = samples, "RGB" if samples == 3 else "MONOCHROME2"
    if samples == 3:
        dataset.PlanarConfiguration = 0
    dataset.BitsAllocated = dataset.BitsStored = bits
    dataset.HighBit, dataset.PixelRepresentation = bits - 1, 0


def _set(dataset, attributes):
    for keyword, value in attributes.items():
        if not keyword[:1].isupper():
            raise RequestError(keyword, "is no keyword of PS3.6", "look it up; it is written like PatientName")
        setattr(dataset, keyword, value)
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID


def produce_segmentation(
    mask: np.ndarray,
    source: str | Path | Dataset,
    *,
    label: str = "segment",
    kind: tuple[str, str, str] = ORGAN,
    category: tuple[str, str, str] = ANATOMY,
    **attributes: object,
) -> Dataset:
    """Produce a binary Segmentation of one image from a mask.

    Parameters
    ----------
    mask : array
        (row, column), of the size of the image; what is not 0 is in the segment.
    source : str, Path or Dataset
        The image that was segmented: one frame. Patient, study, frame of reference and place in it are taken over.
    label : str
        What people read.
    kind, category : tuple of str
        Codes: value, designator, meaning (PS3.16 CID 7150 and below).
    **attributes
        DICOM keywords with values.

    Returns
    -------
    pydicom.dataset.Dataset

    Raises
    ------
    RequestError
        If the mask has another size than the image.
    FormatError
        If the image says nothing of study and series.

    References
    ----------
    PS3.3 A.51 (Segmentation IOD), C.8.20 (Segmentation modules)

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> import eda_utils as eda
    >>> path = get_testdata_file("CT_small.dcm")
    >>> mask = eda.load_image(path).pixels > 300
    >>> eda.services.produce_segmentation(mask, path, label="bone").SegmentSequence[0].SegmentLabel
    'bone'
    """
    image, mask = read_dataset(source), np.asarray(mask) != 0
    if not all(image.get(keyword) for keyword in ("SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID")):
        raise FormatError("source", "lacks UIDs of study, series or instance", "give an image that has them")
    if mask.shape != (image.get("Rows"), image.get("Columns")) or image.get("NumberOfFrames", 1) not in (None, 1):
        wrong = f"has shape {mask.shape}, unlike the one frame of the image"
        raise RequestError("mask", wrong, "give one pixel a pixel")
    dataset = _instance(SegmentationStorage, "SEG", image)
    describe_pixels(dataset, mask.shape, 1)
    dataset.ImageType, dataset.LossyImageCompression = ["DERIVED", "PRIMARY"], "00"
    dataset.SegmentationType, dataset.ContentLabel = "BINARY", "SEGMENTATION"
    dataset.ContentDescription, dataset.ContentCreatorName = None, None
    dataset.SeriesNumber, dataset.InstanceNumber, dataset.NumberOfFrames = 1, 1, 1
    dataset.ManufacturerModelName, dataset.DeviceSerialNumber = MAKER, "1"
    dataset.SegmentSequence = [_segment(label, kind, category)]
    _refer(dataset, image)
    _place(dataset, image)
    dataset.PixelData = pack_bits(mask.astype(np.uint8))
    dataset["PixelData"].VR = "OB"
    _set(dataset, attributes)
    return dataset


def make_item(**values):
    """Return an item of a sequence."""
    item = Dataset()
    for keyword, value in values.items():
        setattr(item, keyword, value)
    return item


def make_reference(sop_class, uid, **values):
    """Return an item that refers to an instance (PS3.3 10.8)."""
    return make_item(ReferencedSOPClassUID=sop_class, ReferencedSOPInstanceUID=uid, **values)


def _code(value, scheme, meaning):
    return make_item(CodeValue=value, CodingSchemeDesignator=scheme, CodeMeaning=meaning)


def _segment(label, kind, category):
    return make_item(
        SegmentNumber=1,
        SegmentLabel=label,
        SegmentAlgorithmType="SEMIAUTOMATIC",
        SegmentAlgorithmName=MAKER,
        SegmentedPropertyCategoryCodeSequence=[_code(*category)],
        SegmentedPropertyTypeCodeSequence=[_code(*kind)],
    )


def _refer(dataset, image):
    """Say which image was segmented: once for the object (C.12.1.3.1), once for its frame (C.7.6.16.2.6)."""
    instance, organization = (image.SOPClassUID, image.SOPInstanceUID), generate_uid()
    series = {"SeriesInstanceUID": image.SeriesInstanceUID, "ReferencedInstanceSequence": [make_reference(*instance)]}
    purpose = _code("121322", "DCM", "Source image for image processing operation")
    source = make_reference(*instance, PurposeOfReferenceCodeSequence=[purpose])
    how = _code("113076", "DCM", "Segmentation")
    frame = make_item(DerivationImageSequence=[make_item(SourceImageSequence=[source], DerivationCodeSequence=[how])])
    frame.SegmentIdentificationSequence = [make_item(ReferencedSegmentNumber=1)]
    frame.FrameContentSequence = [make_item(DimensionIndexValues=[1])]
    dataset.ReferencedSeriesSequence, dataset.PerFrameFunctionalGroupsSequence = [make_item(**series)], [frame]
    dataset.DimensionOrganizationSequence = [make_item(DimensionOrganizationUID=organization)]
    index = {"DimensionIndexPointer": 0x0062000B, "FunctionalGroupPointer": 0x0062000A}
    dataset.DimensionIndexSequence = [make_item(DimensionOrganizationUID=organization, **index)]


def _place(dataset, image):
    """Take over where the image lies in the patient, if it says so; a radiograph does not."""
    dataset.SharedFunctionalGroupsSequence = [Dataset()]
    if not (image.get("FrameOfReferenceUID") and "ImagePositionPatient" in image and "PixelSpacing" in image):
        dataset.PatientOrientation = image.get("PatientOrientation", "")
        return
    dataset.FrameOfReferenceUID = image.FrameOfReferenceUID
    dataset.PositionReferenceIndicator = image.get("PositionReferenceIndicator", "")
    measures = make_item(PixelSpacing=image.PixelSpacing, SliceThickness=image.get("SliceThickness") or 1)
    position, orientation = (deepcopy(image[f"Image{name}Patient"].value) for name in ("Position", "Orientation"))
    shared, frame = dataset.SharedFunctionalGroupsSequence[0], dataset.PerFrameFunctionalGroupsSequence[0]
    shared.PixelMeasuresSequence = [measures]
    shared.PlaneOrientationSequence = [make_item(ImageOrientationPatient=orientation)]
    frame.PlanePositionSequence = [make_item(ImagePositionPatient=position)]
