"""A slide written as DICOM: valid, the same pixels, nobody's name."""

import hashlib
import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import openslide
import pydicom
import pytest
from parts import SAMPLES, missing, program
from slides import forget_tiles, on_white, openslide_region, random_regions, scene, write_pyramid

from eda_utils import index_folder, open_slide, write_dicom_slide
from eda_utils.errors import DecodeError, RequestError
from eda_utils.pathology import dicom_wsi

SVS = SAMPLES / "pathology" / "CMU-1-Small-Region.svs"


@pytest.fixture(scope="module")
def made(samples, tmp_path_factory):
    """The sample as DICOM."""
    return write_dicom_slide(SVS, tmp_path_factory.mktemp("dicom") / "slide")


@pytest.fixture(scope="module")
def pyramid(tmp_path_factory):
    """A TIFF of three levels in YCbCr, and the same as DICOM."""
    folder = tmp_path_factory.mktemp("pyramid")
    path = write_pyramid(folder / "a.tif", scene(1500, 1100))
    return path, write_dicom_slide(path, folder / "slide")


def complaints(path):
    """What dciodvfy calls an error."""
    answer = subprocess.run([program("dciodvfy"), path], capture_output=True, text=True, check=False)
    return [line for line in (answer.stdout + answer.stderr).splitlines() if line.startswith("Error")]


def test_valid(made, pyramid):
    for path in (*made, *pyramid[1]):
        assert complaints(path) == []


@pytest.mark.parametrize("seed", range(4))
def test_regions_equal_openslide_on_the_original(made, seed):
    with open_slide(made[0]) as slide, open_slide(SVS) as original:
        assert (slide.shape, slide.mpp) == (original.shape, original.mpp)
        for region in random_regions(slide.shape, 50, seed):
            assert np.array_equal(slide.read_region(*region), openslide_region(SVS, *region))


def test_every_level_is_the_same(pyramid):
    path, files = pyramid
    assert [file.name for file in files] == ["level_0.dcm", "level_1.dcm", "level_2.dcm"]
    with openslide.OpenSlide(path) as first, openslide.OpenSlide(files[0]) as second:
        assert first.level_dimensions == second.level_dimensions
        for level, size in enumerate(first.level_dimensions):
            one, other = (on_white(handle.read_region((0, 0), level, size)) for handle in (first, second))
            assert np.array_equal(one, other)


IN_WSIDICOM = """
import hashlib, json, sys
import numpy, wsidicom
with wsidicom.WsiDicom.open(sys.argv[1]) as slide:
    for row, col, height, width in json.loads(sys.argv[2]):
        pixels = numpy.asarray(slide.read_region((col, row), 0, (width, height)))
        print(hashlib.sha256(pixels.tobytes()).hexdigest())
"""


def test_pixels_in_wsidicom(made, pyramid):
    """In a process of its own, because it adds to pydicom's list of transfer syntaxes."""
    if not importlib.util.find_spec("wsidicom"):
        missing("wsidicom")
    for original, files in ((SVS, made), pyramid):
        with open_slide(original) as slide:
            rows, columns = slide.shape
        regions = [
            (row, col, height, width)
            for row, col, height, width in random_regions((rows, columns), 20)
            if row >= 0 <= col and row + height <= rows and col + width <= columns
        ]
        command = [sys.executable, "-c", IN_WSIDICOM, files[0].parent, json.dumps(regions)]
        answer = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=True)
        expected = [hashlib.sha256(openslide_region(original, *region).tobytes()).hexdigest() for region in regions]
        assert answer.stdout.split() == expected


def test_pixels_in_pydicom(made):
    frames = pydicom.dcmread(made[0]).pixel_array
    assert np.array_equal(frames[0], openslide_region(SVS, 0, 0, 240, 240))


def test_tiles_are_passed_on_unchanged(made):
    dataset = pydicom.dcmread(made[0])
    frame = next(pydicom.encaps.generate_frames(dataset.PixelData, number_of_frames=130))
    with open_slide(SVS) as slide:
        tile = slide.tiles.read_bytes(0, 0)
    assert tile[2:] in frame


def test_nothing_of_the_vendors_text_is_carried_over(made):
    """Label, macro, date, user and file name stay behind."""
    content = made[0].read_bytes()
    assert [path.name for path in made[0].parent.iterdir()] == ["level_0.dcm"]
    for word in (b"b414003d", b"CPAPERIOCS", b"12/29/09", b"2009", b"CMU-1"):
        assert word not in content
    dataset = pydicom.dcmread(made[0])
    assert (dataset.PatientName, dataset.PatientID, dataset.StudyDate) == ("", "", "")
    assert (dataset.BurnedInAnnotation, dataset.SpecimenLabelInImage) == ("NO", "NO")
    assert dataset.OpticalPathSequence[0].ObjectiveLensPower == 20


def test_names_are_given_deliberately(samples, tmp_path):
    given = {"PatientID": "7", "ContainerIdentifier": "S26-1 A1", "StudyDate": "20260102"}
    path = write_dicom_slide(SVS, tmp_path / "out", attributes=given)[0]
    dataset = pydicom.dcmread(path, stop_before_pixels=True)
    assert {keyword: dataset.get(keyword) for keyword in given} == given
    assert complaints(path) == []


def test_it_is_in_the_index_beside_ct_and_cr(made, samples, tmp_path):
    shutil.copy(made[0], tmp_path)
    shutil.copy(next((samples / "radiographs").rglob("*.dcm"), made[0]), tmp_path / "other.dcm")
    index = index_folder(tmp_path)
    row = index[index["path"].str.endswith("level_0.dcm")].iloc[0]
    assert row[["kind", "Modality", "Rows", "Columns"]].tolist() == ["dicom", "SM", 240, 240]


def test_tiles_that_were_not_scanned_are_white_frames(tmp_path):
    path = write_pyramid(tmp_path / "a.tif", scene(700, 700), steps=(1,))
    forget_tiles(path, 0, {0, 4})
    made = write_dicom_slide(path, tmp_path / "out")
    with open_slide(made[0]) as slide, open_slide(path) as original:
        assert np.array_equal(slide.read_region(0, 0, 700, 700), original.read_region(0, 0, 700, 700))
    assert complaints(made[0]) == []


def test_a_table_of_places_beyond_4_gb(tmp_path, monkeypatch):
    """The Extended Offset Table, on a small file as if it were large."""
    monkeypatch.setattr(dicom_wsi, "LONG_TABLE", 1000)
    path = write_pyramid(tmp_path / "a.tif", scene(700, 700), steps=(1,))
    made = write_dicom_slide(path, tmp_path / "out")
    assert complaints(made[0]) == []
    dataset = pydicom.dcmread(made[0])
    tables = dataset.ExtendedOffsetTable, dataset.ExtendedOffsetTableLengths
    found = [*pydicom.encaps.generate_frames(dataset.PixelData, number_of_frames=9, extended_offsets=tables)]
    assert found == [*pydicom.encaps.generate_frames(dataset.PixelData, number_of_frames=9)]
    with open_slide(made[0]) as slide:
        assert np.array_equal(slide.read_region(0, 0, 700, 700), openslide_region(path, 0, 0, 700, 700))


def refused(path, folder, **options):
    with pytest.raises(RequestError) as caught:
        write_dicom_slide(path, folder, **options)
    assert not Path(folder, "level_0.dcm").exists()
    return str(caught.value)


def test_what_cannot_be_passed_on(tmp_path, samples):
    out = tmp_path / "out"
    for name, how in (("deflate.tif", {"compression": "deflate"}), ("grey.tif", {"photometric": "minisblack"})):
        pixels = scene(600, 600)
        path = write_pyramid(tmp_path / name, pixels[..., 0] if name == "grey.tif" else pixels, **how)
        text = f"{name}: its tiles are not baseline JPEG in colour; convert it to a tiled JPEG TIFF."
        assert refused(path, out) == text
    png = samples / "pathology" / "ihc_colon.png"
    text = "ihc_colon.png: has no tiles that can be passed on unchanged; give an SVS or a tiled TIFF."
    assert refused(png, out, mpp=1) == text
    silent = write_pyramid(tmp_path / "silent.tif", scene(600, 600), resolution=(1, 1))
    assert refused(silent, out) == "silent.tif: does not say how many microns a pixel is; give mpp=."
    assert write_dicom_slide(silent, out, mpp=0.5)


def test_nothing_is_written_over(made, samples):
    before = made[0].read_bytes()
    with pytest.raises(RequestError, match="slide: holds a slide already; give a new folder"):
        write_dicom_slide(SVS, made[0].parent)
    assert made[0].read_bytes() == before


def test_all_or_nothing(pyramid, tmp_path, monkeypatch):
    path = pyramid[0]
    whole = dicom_wsi._frame

    def cut(slide, number, index):
        if number == 1 and index == 2:
            raise DecodeError(slide.name, "is cut inside of a tile", "copy the file again")
        return whole(slide, number, index)

    monkeypatch.setattr(dicom_wsi, "_frame", cut)
    with pytest.raises(DecodeError):
        write_dicom_slide(path, tmp_path / "out")
    assert [*(tmp_path / "out").iterdir()] == []
