"""Files with text in their pixels are found, files without are not, and no finding shows a word of it."""

import numpy as np
import pytest
from parts import CORPUS, for_each, missing, mixed_folder, package
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from written import TEXT, TEXT_FREE, region, smooth, write_text

from eda_utils import make_samples, privacy
from eda_utils.core.errors import EDAError
from eda_utils.dicom.dataset import read_dataset
from eda_utils.privacy import burned_in, find_burned_in
from eda_utils.privacy.burned_in import KINDS, examine_text, find_text, ultrasound_regions
from eda_utils.samples.fetch import CANARY

WRITTEN = {"burned_in_text", "burned_in_identifier", "burned_in_marker"}
ULTRASOUNDS = (  # that hold text
    *("PAT0008/ST0001/SE0001/IM0001.dcm", "PAT0009/ST0001/SE0001/IM0001.dcm", "PAT0009/ST0002/SE0001/IM0001"),
    *("PAT0010/ST0002/SE0001/IM0001", "PAT0010/ST0002/SE0001/IM0002", "PAT0010/ST0003/SE0001/IM0001"),
)
OF_DEID_DATA = ("PAT0008/ST0002/SE0001/IM0001", "PAT0008/ST0003/SE0001/IM0001", "PAT0009/ST0005/SE0001/IM0001")


def find(source, **options):
    found = find_burned_in(source, progress=False, **({"ocr": False} | options))
    assert set(found["kind"]) <= set(KINDS)
    shown = found.drop(columns="path").to_csv().lower()
    assert not any(word.lower() in shown for word in (CANARY, "vera", "1951"))
    return found


@pytest.mark.parametrize("name", ULTRASOUNDS)
def test_ultrasounds_with_text(samples, name):
    assert "burned_in_text" in examine_text(str(samples / name), ocr=False)


@pytest.fixture(scope="module")
def ultrasounds_with_names(tmp_path_factory):
    try:
        folder = make_samples(tmp_path_factory.mktemp("full") / "samples", full=True, progress=False)
    except EDAError:
        missing("the larger set of samples, which is downloaded,")
    return [str(folder / name) for name in OF_DEID_DATA]


@pytest.mark.slow
def test_ultrasounds_with_names(ultrasounds_with_names):
    """With a dummy name, declared, and a Doppler; the larger set of samples has them, from the package deid-data."""
    for path in ultrasounds_with_names:
        assert WRITTEN & set(examine_text(path, ocr=False)), path


@pytest.mark.slow
def test_ultrasounds_with_names_are_read(ultrasounds_with_names):
    package("rapidocr")
    for path in ultrasounds_with_names:
        assert WRITTEN & set(examine_text(path, ocr=True)), path


@pytest.mark.slow
@pytest.mark.parametrize("name", TEXT_FREE)
def test_images_without_text(samples, name):
    assert not WRITTEN & set(examine_text(str(samples / name), ocr=False))


def test_a_folder(make_dicom, samples, tmp_path):
    written, _ = write_text(smooth())
    paths = [make_dicom(pixels, f"{name}.dcm") for name, pixels in (("w", written), ("f", smooth()))]
    found = find([*paths, samples / "PAT0001/ST0003/SE0001/IM0004", samples / "PAT0005/ST0004/SE0001/SR0001.dcm"])
    kinds = found.groupby("kind")["path"].agg(lambda paths: {path[-6:] for path in paths}).to_dict()
    assert kinds == {"burned_in_text": {"/w.dcm"}, "burned_in_unknown": {"/f.dcm"}, "pixels_not_examined": {"IM0004"}}
    assert found.loc[found["kind"] == "burned_in_text", "evidence"].item() == "1 line of text; top 1"


def test_nothing_ends_the_run(tmp_path):
    mixed_folder(tmp_path)
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    assert "gone" in {path.rpartition("/")[2] for path in find(tmp_path, workers=2)["path"]}


@pytest.mark.slow
@for_each(lambda: [path for path in sorted(CORPUS.rglob("*.dcm")) if path.stat().st_size < 10**6][:40])
def test_foreign_files(path):
    try:
        found = examine_text(str(path), ocr=False)
    except EDAError:
        return
    assert set(found) <= set(KINDS)


@pytest.mark.parametrize("where", [0, 2, 4])
def test_text_on_one_of_several_frames(make_dicom, where):
    frames = np.stack([smooth(seed=number) for number in range(5)])
    frames[where], _ = write_text(frames[where])
    path = make_dicom(frames, NumberOfFrames=5, BurnedInAnnotation="NO")
    lines, shape = find_text(path)
    assert lines["frame"].tolist() == [where]
    assert shape == frames.shape[1:]


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.uint16])
def test_grey_of_any_kind(make_dicom, photometric, kind):
    pixels, _ = write_text(smooth(kind=kind))
    path = make_dicom(pixels, PhotometricInterpretation=photometric, RescaleSlope=2, RescaleIntercept=-1000)
    assert "burned_in_text" in examine_text(str(path), ocr=False)


@pytest.mark.parametrize(
    ("stated", "written", "kinds"),
    [
        ("YES", True, {"burned_in_text", "burned_in"}),
        ("YES", False, {"burned_in"}),
        ("NO", True, {"burned_in_text"}),
        ("NO", False, set()),
        (None, True, {"burned_in_text"}),
        (None, False, {"burned_in_unknown"}),
    ],
)
def test_what_the_header_says(make_dicom, stated, written, kinds):
    pixels = write_text(smooth())[0] if written else smooth()
    path = make_dicom(pixels, **{"BurnedInAnnotation": stated} if stated else {})
    assert set(examine_text(str(path), ocr=False)) == kinds


@pytest.mark.parametrize(
    ("text", "says", "kind"),
    [
        (f"{CANARY.upper()}, V.", "identifier", "burned_in_identifier"),
        ("14.06.1951", "date", "burned_in_text"),
        ("24-MAY-02", "date", "burned_in_text"),
        ("R CC", "marker", "burned_in_marker"),
        ("LMLO", "marker", "burned_in_marker"),
        ("Sag Liver", "text", "burned_in_text"),
    ],
)
def test_what_is_read(make_dicom, monkeypatch, text, says, kind):
    monkeypatch.setattr(burned_in, "read_lines", lambda picture: [(9, 8, 17, 90, 0.9, text)])
    path = make_dicom(smooth(), PatientName=f"{CANARY}^Vera")
    lines, _ = find_text(path, ocr=True)
    assert lines[["by", "says", "score"]].values.tolist() == [["ocr", says, pytest.approx(0.9)]]
    evidence = examine_text(str(path), ocr=True)
    assert set(evidence) == {kind}
    assert text not in evidence[kind]


def test_large_letters_of_a_film_are_a_note(make_dicom):
    pixels, _ = write_text(np.zeros((600, 500), np.uint8), "RCC", size=40)
    kinds = {make_dicom(pixels, f"{name}.dcm", Modality=name): name for name in ("MG", "US")}
    found = {name: set(examine_text(str(path), ocr=False)) for path, name in kinds.items()}
    assert found == {"MG": {"burned_in_marker"}, "US": {"burned_in_text"}}


def test_regions_are_clipped():
    header = Dataset()
    header.Modality = "US"
    header.SequenceOfUltrasoundRegions = [
        region(50, 600, 0, 900),
        region(0, 9, 300, 310),
        region(300, 400, 0, 9),
        Dataset(),
    ]
    assert ultrasound_regions(header, 256, 320) == [(slice(50, 256), slice(0, 320)), (slice(0, 10), slice(300, 311))]
    header.Modality = "DX"
    assert ultrasound_regions(header, 256, 320) == []


def test_text_outside_of_regions_is_counted(make_dicom):
    pixels = write_text(write_text(smooth(), row=8)[0], row=150)[0]
    path = make_dicom(pixels, Modality="US", SequenceOfUltrasoundRegions=[region(60, 255, 0, 319)])
    told = examine_text(str(path), ocr=False)["burned_in_text"]
    assert told.startswith("2 lines of text, 1 outside of the ultrasound regions; ")


def test_audit_with_pixels(make_dicom):
    path = make_dicom(write_text(smooth())[0])
    assert "burned_in_unknown" in set(privacy.audit(path, progress=False)["kind"])
    found = privacy.audit(path, pixels=True, ocr=False, progress=False)
    assert "burned_in_text" in set(found["kind"])
    assert "burned_in_unknown" not in set(found["kind"])
    assert TEXT not in found.to_csv()


def test_a_sample_of_pydicom_without_a_statement():
    dataset = read_dataset(get_testdata_file("examples_palette.dcm"), pixels=True)
    lines, shape = find_text(dataset)
    assert lines["outside"].any()
    assert ((lines["row"] + lines["height"] <= shape[0]) & (lines["column"] + lines["width"] <= shape[1])).all()
