"""The explorer counts what is there, cites the right section and holds no identifier."""

import numpy as np
import pandas as pd
import pytest
from pydicom.datadict import RepeatersDictionary, tag_for_keyword

from eda_utils import index_folder
from eda_utils.core.errors import RequestError
from eda_utils.index.folder import INDEX_TAGS
from eda_utils.index.tags import standard_sections, summarize_completeness, summarize_private, summarize_tags
from eda_utils.samples.fetch import CANARY

CREATOR = "0029[SIEMENS CSA HEADER]"
OVERLAY = "60023000"
NESTED = "SequenceOfUltrasoundRegions[0].PhysicalDeltaX"
KNOWN_SECTIONS = """
    PatientID C.7.1.1  PatientName C.7.1.1  PatientSex C.7.1.1  PatientAge C.7.2.2  PatientWeight C.7.2.2
    StudyInstanceUID C.7.2.1  StudyDate C.7.2.1  AccessionNumber C.7.2.1  Modality C.7.3.1  SeriesNumber C.7.3.1
    BodyPartExamined C.7.3.1  Laterality C.7.3.1  FrameOfReferenceUID C.7.4.1  Manufacturer C.7.5.1
    PixelPaddingValue C.7.5.1  ImageType C.7.6.1  InstanceNumber C.7.6.1  BurnedInAnnotation C.7.6.1
    LossyImageCompression C.7.6.1  PixelSpacing C.7.6.2  SliceThickness C.7.6.2  ImageOrientationPatient C.7.6.2
    ImagePositionPatient C.7.6.2  Rows C.7.6.3  PhotometricInterpretation C.7.6.3  PixelRepresentation C.7.6.3
    PixelData C.7.6.3  ContrastBolusAgent C.7.6.4  FrameTime C.7.6.5  NumberOfFrames C.7.6.6
    PixelMeasuresSequence C.7.6.16.2.1  SpecimenIdentifier C.7.6.22  AcquisitionDate C.7.10.1  SpiralPitchFactor C.8.2.1
    RepetitionTime C.8.3.1  FlipAngle C.8.3.1  PhysicalDeltaX C.8.5.5  TransducerType C.8.5.6  Units C.8.9.1
    OpticalPathSequence C.8.12.5  DiffusionBValue C.8.13.5.9  SegmentNumber C.8.20.4  OverlayData C.9.2
    RescaleSlope C.11.1  WindowCenter C.11.2  VOILUTFunction C.11.2  SOPInstanceUID C.12.1  SpecificCharacterSet C.12.1
    SourceImageSequence C.12.4  VerificationFlag C.17.2  CodeValue 8.8  AnatomicRegionSequence 10.5
    PixelSpacingCalibrationType 10.7  ReferencedSOPInstanceUID 10.8  ExposureIndex 10.19
""".split()


@pytest.fixture
def small():
    """Four readable DICOM files, one that is not readable and one that is not DICOM, with every type of column."""
    return pd.DataFrame(
        {
            "path": [f"/data/{number}.dcm" for number in range(6)],
            "kind": ["dicom"] * 5 + ["image"],
            "problem": [None] * 4 + ["cut short; copy it again", None],
            "Modality": pd.Categorical(["CT", "CT", "US", None, "MR", "CT"]),
            "Rows": pd.array([512, 512, None, 256, 1, 64], dtype="Int64"),
            "KVP": [120.0, np.nan, np.nan, np.nan, 80.0, np.nan],
            "PixelSpacing": [(0.5, 0.5), (0.5, 0.5), None, (0.5, 0.7), None, (1.0, 1.0)],
            "ImageType": pd.Series([["ORIGINAL"], ["DERIVED"], None, ["DERIVED"], None, None], dtype=object),
            "PatientID": ["a7", "a7", "b2", pd.NA, "c9", pd.NA],
            "PatientName": [f"{CANARY}^Rosa"] * 5 + [None],
            "TransferSyntaxUID": ["1.2.840.10008.1.2"] * 5 + [None],
            OVERLAY: [None, True, None, None, None, None],
            "label": ["benign"] * 6,
            NESTED: [None, None, 0.02, None, None, None],
            f"{CREATOR}1a": ["IMAGE NUM 4", None, None, None, None, None],
            f"{CREATOR}09": ["20160101", None, None, "20160102", "20160103", None],
            f"0011[Dr. {CANARY} v1.0 [x]]01": ["text", "text", None, None, None, None],
            "0019[]ff": [None, 1.5, None, None, None, None],
        }
    )


def test_tags_of_a_small_index(small):
    table = summarize_tags(small).set_index("keyword")
    counted = table[["tag", "vr", "vm", "files", "share_filled", "different", "is_phi"]]
    assert counted.loc["Rows"].tolist() == ["(0028,0010)", "US", "1", 3, 0.75, 2, False]
    assert counted.loc["Modality"].tolist() == ["(0008,0060)", "CS", "1", 3, 0.75, 2, False]
    assert counted.loc["KVP"].tolist() == ["(0018,0060)", "DS", "1", 1, 0.25, 1, False]
    assert counted.loc["PixelSpacing"].tolist() == ["(0028,0030)", "DS", "2", 3, 0.75, 2, False]
    assert counted.loc["ImageType"].tolist() == ["(0008,0008)", "CS", "2-n", 3, 0.75, 2, False]
    assert counted.loc["PatientID"].tolist() == ["(0010,0020)", "LO", "1", 3, 0.75, 2, True]
    assert counted.loc[NESTED].tolist() == ["(0018,602C)", "FD", "1", 1, 0.25, 1, False]
    assert counted.loc[OVERLAY].tolist() == ["(6002,3000)", "OB or OW", "1", 1, 0.25, 1, True]
    assert counted.loc[f"{CREATOR}09"].tolist() == ["(0029,xx09)", "LO", "1", 2, 0.5, 2, True]
    assert counted.loc["0019[]ff"].tolist() == ["(0019,xxFF)", "UN", "", 1, 0.25, 1, True]
    assert not {"path", "kind", "problem", "label"} & set(table.index)
    assert table["tag"].is_monotonic_increasing


def test_names_and_sections_of_a_small_index(small):
    table = summarize_tags(small).set_index("keyword")
    assert table.loc["PatientID", ["name", "section"]].tolist() == ["Patient ID", "PS3.3 C.7.1.1"]
    assert table.loc[NESTED, ["name", "section"]].tolist() == ["Physical Delta X", "PS3.3 C.8.5.5"]
    assert table.loc["TransferSyntaxUID", "section"] == "PS3.10 7.1"
    assert table.loc["0019[]ff", ["name", "section"]].tolist() == ["unknown", "PS3.5 7.8.1"]
    assert table.loc[OVERLAY, ["name", "section"]].tolist() == ["Overlay Data", "PS3.3 C.9.2"]
    assert table.loc[f"{CREATOR}09", "name"] == "CSA Image Header Version"


def test_a_retired_attribute_is_in_the_registry_only():
    index = pd.DataFrame({"kind": ["dicom"], "problem": [None], "ImageDimensions": [2]})
    assert summarize_tags(index)["section"].tolist() == ["PS3.6 6"]


def test_an_unknown_attribute_may_identify():
    index = pd.DataFrame({"kind": ["dicom"], "problem": [None], "0018FFF8": ["text"]})
    found = summarize_tags(index)[["tag", "name", "vr", "is_phi", "section"]].values.tolist()
    assert found == [["(0018,FFF8)", "unknown", "UN", True, "not in the standard"]]


def test_a_nested_attribute_identifies_with_its_sequence():
    index = pd.DataFrame({"kind": ["dicom"], "problem": [None], "RequestAttributesSequence[0].ValueType": ["TEXT"]})
    assert summarize_tags(index)["is_phi"].tolist() == [True]


def test_private_attributes(small):
    table = summarize_private(small)
    assert table.values.tolist() == [
        ["Dr. ••• v1.0 [x]", "0011", 1, 2, "01"],
        ["SIEMENS CSA HEADER", "0029", 2, 2, "09 1A"],
        ["not stated", "0019", 1, 1, "FF"],
    ]


def test_completeness_by_modality(small):
    table = summarize_completeness(small)
    assert list(table.columns) == ["keyword", "CT", "US", "not stated"]
    shares = table.set_index("keyword")
    assert shares.loc["KVP"].tolist() == [0.5, 0, 0]
    assert shares.loc["Rows"].tolist() == [1, 0, 1]
    assert shares.loc["PixelSpacing"].tolist() == [1, 0, 1]
    assert shares.index.tolist() == summarize_tags(small)["keyword"].tolist()


def test_completeness_by_any_column(small):
    small["ImageType"] = [("ORIGINAL", "PRIMARY")] * 3 + [None] * 3
    assert list(summarize_completeness(small, by="ImageType").columns) == ["keyword", "ORIGINAL\\PRIMARY", "not stated"]
    assert list(summarize_completeness(small, by="label").columns) == ["keyword", "benign"]


@pytest.mark.parametrize("by", ["PatientID", OVERLAY, f"{CREATOR}09"])
def test_identifying_groups_are_refused(small, by):
    with pytest.raises(RequestError) as caught:
        summarize_completeness(small, by=by)
    expected = "summarize_completeness: an identifying attribute was asked for; use pandas on the index itself."
    assert str(caught.value) == expected


def test_a_missing_column_is_named(small):
    with pytest.raises(RequestError) as caught:
        summarize_completeness(small, by="Manufacturer")
    assert str(caught.value) == "index: has no column Manufacturer; call index_folder with this tag too."


@pytest.mark.parametrize("summarize", [summarize_tags, summarize_private, summarize_completeness])
def test_nothing_identifying_comes_out(small, index, summarize):
    for table in (summarize(small), summarize(index)):
        text = table.to_csv().lower()
        assert CANARY.lower() not in text
        assert "rosa" not in text
        assert "/data/" not in text


def test_empty_folder(tmp_path):
    empty = index_folder(tmp_path)
    tags = summarize_tags(empty)
    assert set(tags["keyword"]) == set(INDEX_TAGS)
    assert tags[["files", "share_filled", "different"]].to_numpy().sum() == 0
    assert list(summarize_private(empty).columns) == ["creator", "group", "elements", "files", "numbers"]
    assert summarize_private(empty).empty
    assert list(summarize_completeness(empty).columns) == ["keyword"]


def test_an_index_without_attributes():
    index = pd.DataFrame({"kind": ["dicom", "image"], "problem": [None, None], "format": ["DICOM", "PNG"]})
    assert summarize_tags(index).empty
    assert summarize_private(index).empty
    assert summarize_completeness(index, by="format").empty


def test_tags_of_the_samples(index):
    table = summarize_tags(index).set_index("keyword")
    dicom = index[(index["kind"] == "dicom") & index["problem"].isna()]
    assert set(table.index) == set(INDEX_TAGS)
    assert table["files"].to_dict() == dicom[INDEX_TAGS].notna().sum().to_dict()
    assert table["different"].to_dict() == dicom[INDEX_TAGS].nunique().to_dict()
    assert table["share_filled"].between(0, 1).all()
    assert table.loc["PatientName", "is_phi"]


def test_completeness_of_the_samples(index):
    table = summarize_completeness(index).set_index("keyword")
    dicom = index[(index["kind"] == "dicom") & index["problem"].isna()]
    assert set(table.columns) - {"not stated"} == set(dicom["Modality"].dropna())
    assert table.loc["KVP", "US"] == 0 < table.loc["KVP", "CT"]
    sizes = dicom["Modality"].astype(object).fillna("not stated").value_counts()
    together = (table * sizes).sum(axis=1) / len(dicom)
    overall = summarize_tags(index).set_index("keyword")["share_filled"]
    assert np.allclose(together[overall.index], overall)


def test_the_table_of_sections():
    sections = standard_sections()
    repeating = {entry[4] for entry in RepeatersDictionary.values()}
    assert all(tag_for_keyword(keyword) or keyword in repeating for keyword in sections)
    section = r"(C(\.\d+)+[a-z]?|8\.8|10(\.\d+)+|F\.3\.2\.[12])"
    assert pd.Series(sections).str.fullmatch(rf"PS3\.3 {section}(, {section}){{0,2}}( …)?").all()


def test_every_default_attribute_has_a_section():
    index = pd.DataFrame({"kind": [], "problem": [], **{keyword: [] for keyword in INDEX_TAGS}})
    assert "PS3.6 6" not in set(summarize_tags(index)["section"])


@pytest.mark.parametrize(("keyword", "section"), list(zip(KNOWN_SECTIONS[::2], KNOWN_SECTIONS[1::2], strict=True)))
def test_sections_as_the_standard_has_them(keyword, section):
    assert standard_sections()[keyword] == f"PS3.3 {section}"


@pytest.mark.parametrize(
    ("keyword", "sections"),
    [
        ("KVP", "C.8.1.2, C.8.2.1, C.8.7.2 …"),  # CR Image, CT Image, X-Ray Acquisition
        ("ImagerPixelSpacing", "C.8.1.2, C.8.7.2, C.8.11.4 …"),  # CR Image, X-Ray Acquisition, DX Detector
        ("ViewPosition", "C.8.1.1, C.8.11.5"),  # CR Series, DX Positioning
        ("MagneticFieldStrength", "C.8.3.1, C.8.13.1, C.8.14.1"),  # MR Image, Enhanced MR Image, MR Spectroscopy
    ],
)
def test_what_each_kind_of_image_defines_for_itself(keyword, sections):
    assert standard_sections()[keyword] == f"PS3.3 {sections}"
