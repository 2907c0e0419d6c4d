"""A data set in which everything that can name a patient does."""

from pydicom.datadict import dictionary_VR, keyword_for_tag
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.tag import Tag
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from eda_utils.dicom.phi import basic_profile
from eda_utils.samples.fetch import CANARY

DAY, NUMBER, ROOT = "19371231", "73737373", f"1.2.3.{'73737373'}"
BY_VR = {
    "DA": DAY,
    "TM": "235917",
    "DT": f"{DAY}235917",
    "AS": "091Y",
    "IS": NUMBER,
    "DS": NUMBER,
    "US": 7373,
    "FD": 73.0,
}
BY_VR |= {"OB": CANARY.encode(), "UN": CANARY.encode(), "CS": CANARY.upper(), "AE": CANARY.upper()}
TRACES = [text.lower().encode() for text in (CANARY, DAY, NUMBER, "235917", "091Y")]
IN_DATASETS = [tag for tag in basic_profile() if tag >> 16 >= 8]
KEPT = {  # what tells nobody
    **{"ImageType": ["ORIGINAL", "PRIMARY"], "Modality": "CT", "Manufacturer": "ACME", "ManufacturerModelName": "A1"},
    **{"BodyPartExamined": "HEAD", "SliceThickness": "2.5", "KVP": "120", "Exposure": "30", "XRayTubeCurrent": "40"},
    **{"ConvolutionKernel": "B30", "PatientPosition": "HFS", "SeriesNumber": "1", "InstanceNumber": "2"},
    **{"ImagePositionPatient": [1, 2, 3], "ImageOrientationPatient": [1, 0, 0, 0, 1, 0], "SamplesPerPixel": 1},
    **{"PhotometricInterpretation": "MONOCHROME2", "Rows": 4, "Columns": 4, "PixelSpacing": [0.5, 0.5]},
    **{"BitsAllocated": 16, "BitsStored": 16, "HighBit": 15, "PixelRepresentation": 0, "WindowCenter": 40},
    **{"WindowWidth": 400, "RescaleIntercept": -1024, "RescaleSlope": 1, "RescaleType": "HU"},
    **{"Laterality": "L", "ScanOptions": "AXIAL", "GantryDetectorTilt": 0, "FilterType": "BODY"},
}


def vr_of(tag):
    try:
        return dictionary_VR(tag).split(" or ")[0]
    except KeyError:
        return "UN"


def name_of(tag):
    return keyword_for_tag(tag) or str(Tag(tag)).replace(" ", "")


def plant(place, tag, number=1):
    """Put an attribute that names the patient into a data set or an item."""
    vr = vr_of(tag)
    if vr == "SQ":
        item = Dataset()
        item.CodeMeaning, item.PersonName, item.ReferencedSOPInstanceUID = CANARY, CANARY, ROOT
        place.add_new(tag, vr, [item])
    elif vr == "UI":
        place.add_new(tag, vr, f"{ROOT}.{number}")
    else:
        place.add_new(tag, vr, BY_VR.get(vr, CANARY))


def bare():
    """A small CT image without anything that tells."""
    dataset = Dataset()
    for keyword, value in KEPT.items():
        setattr(dataset, keyword, value)
    dataset.SOPClassUID, dataset.SOPInstanceUID = CTImageStorage, "2.25.1"
    dataset.PixelData = bytes(range(32))
    dataset["PixelData"].VR = "OW"
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return dataset


def identified():
    """The same with every attribute of the table, at the top and nested, and with what the table does not list."""
    dataset, nested = bare(), Dataset()
    for number, tag in enumerate(IN_DATASETS):
        for place in (dataset, nested):
            plant(place, tag, number)
    for place in (dataset, nested):
        place.PatientName, place.PatientBirthDate = f"{CANARY}^Maria", DAY
        for group in (0x6000, 0x6002):
            place.add_new(group << 16 | 0x0010, "US", 1)
            place.add_new(group << 16 | 0x3000, "OW", CANARY.encode())
            place.add_new(group << 16 | 0x4000, "LT", CANARY)
        place.add_new(0x50000010, "US", 1)
        place.add_new(0x50003000, "OW", CANARY.encode())
        block = place.private_block(0x0009, CANARY, create=True)
        block.add_new(1, "LO", CANARY)
        item = Dataset()
        item.PatientName = CANARY
        block.add_new(2, "SQ", [item])
        place.add_new(0x00080FFE, "UN", CANARY.encode())  # of an edition to come
    nested.CodeMeaning = f"as told by {CANARY}"
    deep = Dataset()
    deep.AnatomicRegionSequence = [nested]
    dataset.DerivationCodeSequence = [deep]
    return dataset


def write(dataset, path):
    """Write a file whose meta information and preamble tell as well."""
    meta = dataset.file_meta
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = dataset.SOPClassUID, dataset.SOPInstanceUID
    meta.SourceApplicationEntityTitle = CANARY.upper()
    meta.PrivateInformationCreatorUID, meta.PrivateInformation = ROOT, CANARY.encode()
    dataset.preamble = f"#!{CANARY}".encode().ljust(128, b"\0")
    dataset.save_as(path, enforce_file_format=True)
    return path
