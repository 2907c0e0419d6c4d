"""Copies hold nothing of the patient, and everything else."""

import io
import re
import stat
import subprocess
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from identified import DAY, KEPT, NUMBER, ROOT, TRACES, identified, write
from parts import for_each, foreign_files, mixed_folder, program
from PIL import Image as Pillow
from pydicom import dcmread
from pydicom.encaps import encapsulate
from pydicom.uid import JPEGBaseline8Bit
from written import smooth, write_text

from eda_utils import index_folder, privacy
from eda_utils.core.errors import EDAError, RequestError
from eda_utils.dicom.dataset import attribute, read_dataset
from eda_utils.privacy import deidentify
from eda_utils.privacy.deidentification import make_copy
from eda_utils.samples.fetch import CANARY

HARMLESS = {"burned_in_unknown", "burned_in"}


def copies(source, folder, **options):
    done = deidentify(source, folder, progress=False, **options)
    assert (done["copied_to"].isna() ^ done["problem"].isna()).all()
    assert CANARY.lower() not in done.drop(columns="path").to_csv().lower()
    return done


def only(source, folder, **options):
    done = copies(source, folder, **options)
    assert done["problem"].isna().all(), done["problem"].tolist()
    return dcmread(done["copied_to"].item())


def test_nothing_planted_is_left(tmp_path):
    path = write(identified(), tmp_path / "a.dcm")
    done = copies(path, tmp_path / "copies")
    content = (tmp_path / "copies" / done["copied_to"].item()).read_bytes()
    assert [trace for trace in TRACES if trace in content.lower()] == []
    assert ROOT.encode() not in content
    assert done["remains"].item() == ""
    copy = dcmread(done["copied_to"].item())
    assert copy.preamble == bytes(128)
    assert "SourceApplicationEntityTitle" not in copy.file_meta
    assert not [element for element in copy.iterall() if element.tag.is_private or element.tag.group & 0xFF00 == 0x6000]


def test_what_tells_nobody_is_unchanged(tmp_path):
    copy = only(write(identified(), tmp_path / "a.dcm"), tmp_path / "copies")
    for keyword, value in KEPT.items():
        kept = copy[keyword].value
        assert (list(kept) if isinstance(value, list) else type(value)(kept)) == value, keyword
    assert copy.PixelData == bytes(range(32))
    assert copy.PatientIdentityRemoved == "YES"
    assert copy.DeidentificationMethodCodeSequence[0].CodeValue == "113100"
    assert copy.LongitudinalTemporalInformationModified == "REMOVED"


@pytest.mark.slow
@for_each(foreign_files)
def test_any_file(path, tmp_path):
    folder = tempfile.mkdtemp(dir=tmp_path)
    try:
        row, _ = make_copy(str(path), folder, b"secret")
    except EDAError:
        assert list(Path(folder).iterdir()) == []
        return
    found = privacy.audit(row["copied_to"], progress=False)
    assert set(found["kind"]) <= HARMLESS
    assert CANARY.lower().encode() not in Path(row["copied_to"]).read_bytes().lower()
    copy, original = (read_dataset(str(place), pixels=True) for place in (row["copied_to"], path))
    for keyword in ("Rows", "Columns", "Modality", "WindowCenter", "PixelSpacing", "ImageType"):
        assert attribute(original, keyword) == attribute(copy, keyword)
    assert original.file_meta.TransferSyntaxUID == copy.file_meta.TransferSyntaxUID
    if "PixelData" in original:
        assert original.PixelData == copy.PixelData[: len(original.PixelData)]  # an odd length is made even


def complaints(path):
    answer = subprocess.run(
        [program("dciodvfy"), path], capture_output=True, text=True, errors="replace", check=False
    ).stderr
    lines = (re.sub(r"\b[012]\.[0-9.]{9,}|\b0\b", "UID", line) for line in answer.splitlines())
    return Counter(line for line in lines if line.startswith("Error"))


@pytest.mark.slow
def test_dciodvfy_has_no_new_errors(samples, tmp_path):
    done = copies(samples, tmp_path / "copies").dropna(subset="copied_to")
    assert len(done) > 40
    new = {
        path: complaints(copy) - complaints(path) for path, copy in zip(done["path"], done["copied_to"], strict=True)
    }
    assert {path: errors for path, errors in new.items() if errors} == {}


@pytest.mark.slow
def test_relations_between_files_stay(samples, tmp_path):
    done = copies(samples, tmp_path / "copies").dropna(subset="copied_to")
    before, after = index_folder(done["path"].tolist()), index_folder(done["copied_to"].tolist())
    for keyword in ("SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID", "FrameOfReferenceUID", "PatientID"):
        old, new = before[keyword].astype(object), after[keyword].astype(object)
        pairs = pd.DataFrame({"old": old, "new": new})[old.notna()].drop_duplicates()
        assert pairs["old"].is_unique
        assert pairs["new"].is_unique
        assert not set(old.dropna()) & set(new.dropna())
    named = {str(path).rpartition("/")[2].removesuffix(".dcm").partition("-")[0] for path in done["copied_to"]}
    assert named == set(after["SOPInstanceUID"])


def test_the_same_secret_makes_the_same_copies(tmp_path):
    path = write(identified(), tmp_path / "a.dcm")
    one, same, other = (only(path, tmp_path / name, salt=salt) for name, salt in (("1", "s"), ("2", b"s"), ("3", None)))
    assert one.SOPInstanceUID == same.SOPInstanceUID != other.SOPInstanceUID
    assert one.PatientID == same.PatientID != other.PatientID


def test_dates_of_a_patient_move_together(make_dicom, tmp_path):
    dates = {"a": ("20200131", "20200301101500.5+0100"), "b": ("20210228", "")}
    for name, (day, moment) in dates.items():
        facts = {"PatientID": NUMBER, "StudyDate": day, "AcquisitionDateTime": moment, "StudyTime": "101500"}
        make_dicom(np.zeros((4, 4), np.uint8), name, PatientBirthDate=DAY, **facts)
    done = copies([tmp_path / "a", tmp_path / "b"], tmp_path / "copies", retain="dates")
    one, two = map(dcmread, done["copied_to"])
    moved = [pd.Timestamp(day) for day in (one.StudyDate, two.StudyDate, one.AcquisitionDateTime[:8])]
    assert (moved[1] - moved[0]).days == (pd.Timestamp("20210228") - pd.Timestamp("20200131")).days
    assert (moved[2] - moved[0]).days == 30
    assert one.AcquisitionDateTime[8:] == "101500.5+0100"
    assert one.StudyTime == "101500"
    assert one.StudyDate < "20200131"
    assert one.PatientBirthDate == ""
    assert one.LongitudinalTemporalInformationModified == "MODIFIED"
    assert done["remains"].str.startswith("date_or_time: ").all()


def test_what_may_be_retained(make_dicom, tmp_path):
    facts = {"PatientAge": "091Y", "PatientSex": "F", "DeviceSerialNumber": "77", "PatientID": NUMBER}
    path = make_dicom(np.zeros((4, 4), np.uint8), StudyDescription="knee", **facts)
    copy = only(path, tmp_path / "c", retain=("characteristics", "device", "uids"))
    assert (copy.PatientAge, copy.PatientSex, copy.DeviceSerialNumber) == ("090Y", "F", "77")
    assert copy.SOPInstanceUID == dcmread(path).SOPInstanceUID
    assert "StudyDescription" not in copy
    codes = [item.CodeValue for item in copy.DeidentificationMethodCodeSequence]
    assert codes == ["113100", "113108", "113109", "113110"]
    plain = only(path, tmp_path / "d")
    assert not {"PatientAge", "StudyDescription"} & set(plain.dir())
    assert (plain.PatientSex, plain.DeviceSerialNumber) == ("", "REMOVED")


def test_originals_stay_as_they_are(tmp_path):
    path = write(identified(), tmp_path / "a.dcm")
    before, facts = path.read_bytes(), path.stat()
    copies(path, tmp_path / "copies")
    assert path.read_bytes() == before
    assert path.stat().st_mtime_ns == facts.st_mtime_ns


def test_what_cannot_be_read_is_not_copied(tmp_path):
    mixed_folder(tmp_path / "in")
    done = copies(tmp_path / "in", tmp_path / "out").set_index("path")
    index = index_folder(tmp_path / "in", progress=False).set_index("path")
    assert set(done.index) == set(index.index)
    assert done.loc[index.index[index["problem"].notna()], "copied_to"].isna().all()
    assert len(list((tmp_path / "out").iterdir())) == done["copied_to"].notna().sum() > 3


def test_the_crosswalk_is_made_when_asked_and_is_private(tmp_path):
    path = write(identified(), tmp_path / "a.dcm")
    done = copies(path, tmp_path / "copies", crosswalk=tmp_path / "key.csv")
    assert stat.S_IMODE((tmp_path / "key.csv").stat().st_mode) == 0o600
    table = pd.read_csv(tmp_path / "key.csv").set_index("attribute")
    copy = dcmread(done["copied_to"].item())
    assert table.loc["PatientID"].tolist() == [CANARY, copy.PatientID]
    assert table.loc["SOPInstanceUID", "replacement"] == copy.SOPInstanceUID
    assert [item.name for item in (tmp_path / "copies").iterdir()] == [f"{copy.SOPInstanceUID}.dcm"]
    for place in (tmp_path / "key.csv", tmp_path / "more" / "key.csv"):
        with pytest.raises(RequestError):
            deidentify(path, tmp_path / "more", crosswalk=place)


@pytest.mark.slow
def test_processes_do_the_same(samples, tmp_path):
    one, two = (
        copies(samples, tmp_path / str(workers), salt="s", workers=workers).drop(columns="copied_to")
        for workers in (1, 2)
    )
    assert one.equals(two)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"profile": "none"}, "profile: is unknown; give basic."),
        (
            {"retain": "names"},
            "retain: an option is unknown; give some of dates, characteristics, device, uids.",
        ),
    ],
)
def test_unknown_options(options, message, tmp_path):
    path = write(identified(), tmp_path / "a.dcm")
    with pytest.raises(RequestError) as caught:
        deidentify(path, tmp_path / "copies", **options)
    assert str(caught.value) == message
    assert not (tmp_path / "copies").exists()


def test_never_in_place(tmp_path):
    path = write(identified(), tmp_path / "a.dcm")
    for folder, message in (
        (tmp_path, "destination: is there and not empty; give a new folder."),
        (path, "destination: is there and not empty; give a new folder."),
        (tmp_path / "copies", None),
    ):
        if message is None:
            copies(path, folder)
            continue
        with pytest.raises(RequestError) as caught:
            deidentify(path, folder)
        assert str(caught.value) == message


def test_copies_do_not_lie_among_originals(tmp_path):
    write(identified(), tmp_path / "a.dcm")
    with pytest.raises(RequestError) as caught:
        deidentify(tmp_path, tmp_path / "copies")
    assert str(caught.value) == "destination: lies inside of the folder to copy; give a folder elsewhere."
    assert not (tmp_path / "copies").exists()


def test_an_index_with_a_dicomdir_has_every_file_once(index, tmp_path):
    done = deidentify(index, tmp_path / "copies")
    assert sorted(done["path"]) == sorted(index["path"])


def test_text_in_pixels_is_blanked_when_asked(make_dicom, tmp_path):
    written, (rows, columns) = write_text(smooth(), NUMBER)
    text, plain = make_dicom(written, "text.dcm", BurnedInAnnotation="YES"), make_dicom(smooth(), "plain.dcm")
    kept = only(text, tmp_path / "kept")
    assert np.array_equal(kept.pixel_array, written)
    assert kept.BurnedInAnnotation == "YES"
    clean = copies([text, plain], tmp_path / "clean", clean_pixels=True, ocr=False)
    assert clean["blanked_share"].gt(0).tolist() == [True, False]
    assert clean["remains"].tolist() == ["", "burned_in_unknown: Burned In Annotation (0028,0301) is absent"]
    one, two = map(dcmread, clean["copied_to"])
    assert len(np.unique(one.pixel_array[rows, columns])) == 1
    assert np.array_equal(one.pixel_array[100:], written[100:])
    assert one.BurnedInAnnotation == "NO"
    assert [item.CodeValue for item in one.DeidentificationMethodCodeSequence] == ["113100", "113101"]
    assert np.array_equal(two.pixel_array, smooth())


def test_what_cannot_be_decoded_is_not_copied_when_pixels_are_cleaned(make_dicom, tmp_path):
    dataset = dcmread(make_dicom(smooth()))
    dataset.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    dataset.PixelData = encapsulate([b"no JPEG stream at all"])
    dataset["PixelData"].is_undefined_length = True
    dataset.save_as(tmp_path / "bad.dcm", enforce_file_format=True)
    done = copies(tmp_path / "bad.dcm", tmp_path / "clean", clean_pixels=True, ocr=False)
    assert done["copied_to"].isna().all()
    assert list((tmp_path / "clean").iterdir()) == []


def test_comments_in_compressed_frames_do_not_stay(make_dicom, tmp_path):
    buffer = io.BytesIO()
    Pillow.fromarray(smooth()).save(buffer, "JPEG", comment=f"{CANARY} 1951")
    dataset = dcmread(make_dicom(smooth()))
    dataset.file_meta.TransferSyntaxUID, dataset.PixelData = JPEGBaseline8Bit, encapsulate([buffer.getvalue()])
    dataset["PixelData"].is_undefined_length = True
    dataset.save_as(tmp_path / "commented.dcm", enforce_file_format=True)
    assert "codestream_comment" in set(privacy.audit(tmp_path / "commented.dcm", progress=False)["kind"])
    copy = only(tmp_path / "commented.dcm", tmp_path / "copy")
    assert CANARY.encode() not in copy.PixelData
    assert np.array_equal(copy.pixel_array, np.asarray(Pillow.open(buffer)))
    assert "codestream_comment" not in set(privacy.audit(tmp_path / "copy", progress=False)["kind"])


def test_a_copy_is_whole_or_not_there(make_dicom, tmp_path, monkeypatch):
    """What a process that was ended has begun to write is taken away; what is being written bears another name."""
    (tmp_path / "a").mkdir()
    path, seen = make_dicom(smooth(), "a/a.dcm"), []

    def interrupted(_function, _paths, **_bounds):
        (tmp_path / "copies" / "2.25.1.part").write_bytes(b"half")
        yield from ()
        raise KeyboardInterrupt

    monkeypatch.setattr("eda_utils.privacy.deidentification.run_apart", interrupted)
    with pytest.raises(KeyboardInterrupt):
        deidentify(tmp_path / "a", tmp_path / "copies", progress=False)
    assert list((tmp_path / "copies").iterdir()) == []
    monkeypatch.setattr(Path, "rename", lambda path, _to: seen.append((path.suffix, path.read_bytes()[128:132])))
    make_copy(path, tmp_path / "copies", b"salt")
    assert seen == [(".part", b"DICM")]


def test_a_private_transfer_syntax_is_no_surprise(tmp_path):
    path = write(identified(), tmp_path / "a.dcm")
    content = path.read_bytes()
    path.write_bytes(content.replace(b"1.2.840.10008.1.2.1\0", b"1.2.276.0.99.4.2.1\0\0", 1))
    found = privacy.audit(path, progress=False)
    assert "person_name" in set(found["kind"])
    done = copies(path, tmp_path / "copies")
    assert done["remains"].item() == ""
    assert CANARY.encode() not in Path(done["copied_to"].item()).read_bytes()
