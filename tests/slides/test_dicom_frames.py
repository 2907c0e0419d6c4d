"""DICOM slides: which files belong together, and frames put in their places, against OpenSlide where it can."""

import numpy as np
import pydicom
import pytest
from pydicom.uid import RLELossless
from pyramids import random_regions, scene, write_dicom_slide, write_pyramid

from eda_utils import open_slide
from eda_utils.core.errors import FormatError, RequestError
from eda_utils.slides.dicom_frames import DicomReader, series_files


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
    with open_slide(made[0]) as slide:
        reader = DicomReader(series_files(made[0]))
        assert reader.sizes == slide.source.sizes
        assert float(reader.facts["openslide.mpp-x"]) == pytest.approx(slide.mpp)
        for region in random_regions(slide.shape, 30):
            assert np.abs(reader.read(0, *region).astype(int) - slide._read(0, *region)).max() <= 1


def test_a_syntax_that_openslide_does_not_read(made, tmp_path):
    dataset = pydicom.dcmread(made[2])
    pixels = dataset.pixel_array
    dataset.PhotometricInterpretation = "RGB"
    dataset.compress(RLELossless, pixels)
    dataset.save_as(tmp_path / "rle.dcm")
    with open_slide(tmp_path / "rle.dcm") as slide, open_slide(made[2]) as original:
        assert type(slide.source.readers[0]) is DicomReader
        region = slide.read_region(0, 0, *slide.shape).astype(int)
        assert slide.shape == tuple(original.source.sizes[2])
        assert np.abs(region - original._read(2, 0, 0, *slide.shape)).max() <= 1
        assert slide.mpp == pytest.approx(original.mpp * 4)


def test_places_that_frames_name_themselves(made, tmp_path):
    """TILED_SPARSE: where no frame is, it is white."""
    dataset = pydicom.dcmread(made[1])
    frames = dataset.pixel_array
    places = [(1, 1), (257, 1)]
    item = pydicom.Dataset
    groups = []
    for row, col in places:
        place, group = item(), item()
        place.RowPositionInTotalImagePixelMatrix, place.ColumnPositionInTotalImagePixelMatrix = row, col
        group.PlanePositionSlideSequence = [place]
        groups.append(group)
    dataset.PerFrameFunctionalGroupsSequence, dataset.DimensionOrganizationType = groups, "TILED_SPARSE"
    dataset.NumberOfFrames, dataset.PhotometricInterpretation = 2, "RGB"
    dataset.compress(RLELossless, frames[:2])
    dataset.save_as(tmp_path / "sparse.dcm")
    with open_slide(tmp_path / "sparse.dcm") as slide:
        region = slide.read_region(0, 0, *slide.shape)
    assert np.array_equal(region[:256, :256], frames[0])
    assert np.array_equal(region[256:, :256], frames[1][: slide.shape[0] - 256])
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
        ({"BitsAllocated": 16}, "is not a slide in colour of 8 bits; look at its header"),
        ({"TotalPixelMatrixRows": 2**32 - 1, "SamplesPerPixel": 1}, "is not a slide in colour of 8 bits"),
    ],
)
def test_absurd_headers(made, tmp_path, attributes, text):
    dataset = pydicom.dcmread(made[2])
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    dataset.save_as(tmp_path / "a.dcm")
    with pytest.raises(FormatError, match=f"a.dcm: {text}"):
        open_slide(tmp_path / "a.dcm")
