"""Every attribute that the standard lists is found wherever it is; what tells nobody is not."""

import pytest
from identified import DAY, IN_DATASETS, KEPT, ROOT, bare, identified, name_of, plant, vr_of, write
from parts import picture
from pydicom.dataset import Dataset
from pydicom.tag import Tag

from eda_utils.core.errors import FormatError
from eda_utils.privacy.audit_file import audit_dataset, audit_file
from eda_utils.samples.fetch import CANARY


def told(dataset):
    evidence, _ = audit_dataset(dataset)
    shown = str(evidence).lower()
    assert not [text for text in (CANARY.lower(), DAY, ROOT) if text in shown]
    return evidence


def test_an_image_that_tells_nothing_has_no_findings():
    assert told(bare()) == {}


@pytest.mark.slow
@pytest.mark.parametrize("depth", [0, 1, 3])
def test_every_attribute_of_the_table_is_found_alone(depth):
    for tag in IN_DATASETS:
        dataset, path = bare(), ""
        place = Dataset() if depth else dataset
        plant(place, tag)
        for level in range(depth):
            outer = dataset if level == depth - 1 else Dataset()
            outer.AnatomicRegionSequence = [place]
            place, path = outer, f"AnatomicRegionSequence.{path}"
        names = str(told(dataset))
        assert f"{path}{name_of(tag)}" in names, Tag(tag)


def test_every_attribute_of_the_table_is_found_among_all(tmp_path):
    evidence, pattern = audit_file(write(identified(), tmp_path / "a.dcm"))
    names = {name.split(" (")[0] for told in evidence.values() for name in told.partition(": ")[2].split(", ")}
    places = ("", "DerivationCodeSequence.AnatomicRegionSequence.")
    missed = [
        f"{place}{name_of(tag)}" for place in places for tag in IN_DATASETS if f"{place}{name_of(tag)}" not in names
    ]
    strict = [name for name in missed if vr_of(int(Tag(name.rpartition(".")[2]))) == "SQ"]
    assert [name for name in missed if name not in strict or f"{name}.PersonName" not in names] == []
    assert {"private", "overlay", "file_meta", "preamble_active", "unknown_attribute", "age_over_89"} <= evidence.keys()
    assert "DerivationCodeSequence.AnatomicRegionSequence.CodeMeaning" in evidence["repeated_identifier"]
    assert "unknown creator" in evidence["private"]
    assert pattern.search(b"/data/KANARINSKY_M/1")
    assert CANARY.lower() not in str(evidence).lower()


@pytest.mark.parametrize(
    ("attributes", "kind"),
    [
        ({"PatientAge": "091Y"}, "age_over_89"),
        ({"PatientBirthDate": "19300102", "StudyDate": "20200102"}, "age_over_89"),
        ({"BurnedInAnnotation": "YES"}, "burned_in"),
        ({"Modality": "US"}, "burned_in_unknown"),
        ({"PatientID": "4711471", "ImageComments": "see 4711471"}, "repeated_identifier"),
        ({"PatientID": "4711471", "Manufacturer": "for 4711471"}, "repeated_identifier"),
        ({"PatientName": "Doe^Jonathan", "Manufacturer": "for jonathan"}, "repeated_identifier"),
        ({"StudyInstanceUID": "1.2.20200102.5"}, "uid_with_date"),
        ({"PatientID": "4711471", "StudyInstanceUID": "1.2.4711471.5"}, "uid_with_date"),
        ({"StudyInstanceUID": "1.2.3"}, "original_uid"),
        ({"PatientSex": "F"}, "patient_characteristic"),
    ],
)
def test_kinds(attributes, kind):
    dataset = bare()
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    assert kind in told(dataset)


@pytest.mark.parametrize(
    "attributes",
    [
        {"PatientName": "ANONYMOUS", "PatientID": "", "StudyDate": "19000101", "StudyTime": "000000"},
        {"StudyInstanceUID": "2.25.3", "FrameOfReferenceUID": "1.2.840.10008.1.4.1.1"},
        {"Modality": "US", "BurnedInAnnotation": "NO"},
        {"InstitutionName": "REMOVED", "AcquisitionDateTime": "19000101000000"},
    ],
)
def test_dummies_are_no_findings(attributes):
    dataset = bare()
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    assert told(dataset) == {}


@pytest.mark.parametrize("scheme", ["DCM", "99LOCAL"])
def test_words_of_a_report_count_unless_they_are_of_a_dictionary(scheme):
    code, item, dataset = Dataset(), Dataset(), bare()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "1", scheme, "seen by the doctor"
    item.ValueType, item.ConceptNameCodeSequence = "CODE", [code]
    dataset.ContentSequence = [item]
    assert bool(told(dataset)) == (scheme == "99LOCAL")


@pytest.mark.parametrize(
    ("preamble", "kind"),
    [
        (b"MZ\x90", "preamble_active"),
        (b"<html><script>", "preamble_active"),
        (b"II*\0", "preamble_not_zero"),
        (b"abc", "preamble_not_zero"),
        (b"", None),
    ],
)
def test_preambles(preamble, kind):
    dataset = bare()
    dataset.preamble = preamble.ljust(128, b"\0")
    assert list(told(dataset)) == ([kind] if kind else [])


def test_what_follows_the_pixels_counts(tmp_path):
    dataset = bare()
    dataset.add_new(0xFFFCFFFC, "OB", CANARY.encode())
    dataset.save_as(tmp_path / "a", enforce_file_format=True)
    evidence, _ = audit_file(str(tmp_path / "a"))
    assert "DataSetTrailingPadding" in evidence["descriptive_text"]


def test_nesting_without_end_is_told():
    dataset, inner = bare(), Dataset()
    for _ in range(150):
        outer = Dataset()
        outer.AnatomicRegionSequence = [inner]
        inner = outer
    dataset.AnatomicRegionSequence = [inner]
    assert "unreadable_attribute" in told(dataset)


def test_pictures_and_others(tmp_path):
    (tmp_path / "a.png").write_bytes(picture("PNG"))
    (tmp_path / "b.txt").write_text(f"dear {CANARY}")
    (tmp_path / "c").write_bytes(b"")
    assert audit_file(str(tmp_path / "a.png")) == ({}, None)
    assert audit_file(str(tmp_path / "b.txt")) == ({"not_examined": "a text file"}, None)
    with pytest.raises(FormatError):
        audit_file(str(tmp_path / "c"))


def test_metadata_of_a_photograph(tmp_path):
    from PIL import Image as Pillow

    exif = Pillow.Exif()
    exif[0x013B] = CANARY
    Pillow.new("RGB", (8, 8)).save(tmp_path / "a.jpg", exif=exif)
    assert audit_file(str(tmp_path / "a.jpg")) == ({"picture_metadata": "EXIF"}, None)


def test_the_attributes_that_tell_nobody_are_many():
    assert len(KEPT) >= 30
