"""DICOM slides: which files belong together, and what is said of those that cannot be read."""

import numpy as np
import pydicom
import pytest
from pydicom.uid import RLELossless
from slides import random_regions, scene, write_dicom_slide, write_pyramid

from eda_utils import open_slide
from eda_utils.errors import FormatError, RequestError
from eda_utils.pathology.dicom_series import series_files

NOT_READ = "is a DICOM slide that OpenSlide does not read; convert it to colours of 8 bits in JPEG or JPEG 2000"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A DICOM slide of three levels."""
    folder = tmp_path_factory.mktemp("slide")
    return write_dicom_slide(write_pyramid(folder / "a.tif", scene(900, 700)), folder / "slide")


def test_a_folder_and_each_of_its_files_are_the_slide(made):
    for path in (made[0].parent, *made):
        with open_slide(path) as slide:
            assert slide.shape == (900, 700)
            assert len(slide.levels) == 3
            assert list(series_files(path)) == made


def test_frames_in_their_places(made):
    with open_slide(made[0]) as slide, open_slide(made[0].parent.parent / "a.tif") as original:
        assert slide.mpp == pytest.approx(original.mpp)
        for region in random_regions(slide.shape, 30):
            assert np.array_equal(slide.read_region(*region), original.read_region(*region))


def test_a_syntax_that_openslide_does_not_read(made, tmp_path):
    dataset = pydicom.dcmread(made[2])
    dataset.compress(RLELossless, dataset.pixel_array)
    dataset.save_as(tmp_path / "rle.dcm")
    with pytest.raises(FormatError) as caught:
        open_slide(tmp_path / "rle.dcm")
    assert str(caught.value) == f"rle.dcm: {NOT_READ}."


def test_places_that_frames_name_themselves(made, tmp_path):
    """TILED_SPARSE: where no frame is, it is white."""
    dataset = pydicom.dcmread(made[1])
    frames = [*pydicom.encaps.generate_frames(dataset.PixelData, number_of_frames=dataset.NumberOfFrames)]
    places = [(1, 1), (257, 1)]
    item = pydicom.Dataset
    groups = []
    for row, col in places:
        place, group = item(), item()
        place.RowPositionInTotalImagePixelMatrix, place.ColumnPositionInTotalImagePixelMatrix = row, col
        group.PlanePositionSlideSequence = [place]
        groups.append(group)
    pixels = dataset.pixel_array
    dataset.PerFrameFunctionalGroupsSequence, dataset.DimensionOrganizationType = groups, "TILED_SPARSE"
    dataset.NumberOfFrames, dataset.PixelData = 2, pydicom.encaps.encapsulate(frames[:2])
    dataset["PixelData"].is_undefined_length = True
    dataset.save_as(tmp_path / "sparse.dcm")
    with open_slide(tmp_path / "sparse.dcm") as slide:
        region = slide.read_region(0, 0, *slide.shape)
    assert np.array_equal(region[:256, :256], pixels[0])
    assert np.array_equal(region[256:, :256], pixels[1][: slide.shape[0] - 256])
    assert (region[:, 256:] == 255).all()


def test_two_slides_in_a_folder(made, tmp_path):
    for number in range(2):
        dataset = pydicom.dcmread(made[2])
        dataset.SeriesInstanceUID = pydicom.uid.generate_uid()
        dataset.save_as(tmp_path / f"{number}.dcm")
    with pytest.raises(RequestError) as caught:
        open_slide(tmp_path)
    text = f"{tmp_path.name}: is a folder with several DICOM slides; give one file of the slide."
    assert str(caught.value) == text
    with open_slide(tmp_path / "1.dcm") as slide:
        assert len(slide.levels) == 1


@pytest.mark.parametrize(
    ("attributes", "text"),
    [
        ({"Rows": 65535, "Columns": 65535}, "Rows and Columns have an impossible size; ask for the original"),
        ({"Rows": 0}, "Rows and Columns have an impossible size; ask for the original"),
        ({"BitsAllocated": 16}, NOT_READ),
        ({"TotalPixelMatrixRows": 2**32 - 1, "SamplesPerPixel": 1}, NOT_READ),
    ],
)
def test_absurd_headers(made, tmp_path, attributes, text):
    dataset = pydicom.dcmread(made[2])
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    dataset.save_as(tmp_path / "a.dcm")
    with pytest.raises(FormatError, match=f"a.dcm: {text}"):
        open_slide(tmp_path / "a.dcm")
