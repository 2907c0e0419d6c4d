"""Each sentence is true, and stands there only when the data make it so."""

import numpy as np
import pytest

from eda_utils import headlines, index_folder
from eda_utils.samples.fetch import CANARY


def test_samples_give_ten_sentences(index):
    told = headlines(index)
    assert 5 <= len(told) <= 10
    assert told[0] == f"{len(index)} files of 120 MB: 52 DICOM files, 5 other pictures, 1 whole-slide image."
    assert CANARY.lower() not in (repr(told) + told._repr_html_()).lower()


def test_empty_folder(tmp_path):
    assert headlines(index_folder(tmp_path)) == ("The folder is empty: no file was found.",)


def test_no_image(tmp_path):
    (tmp_path / "a.txt").write_text("hello")
    assert headlines(index_folder(tmp_path)) == (
        "1 file of 5 B: none is an image.",
        "Look at these files before you use the rest (reasons are below): 1 no image.",
    )


CLEAN = {"WindowCenter": 1, "WindowWidth": 2, "PixelSpacing": [1, 1], "PatientID": "1", "Modality": "CT"}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"PhotometricInterpretation": "MONOCHROME1"}, "1 of 2 DICOM images (50 %) are MONOCHROME1"),
        ({"WindowCenter": None}, "1 of 2 grey images (50 %) bring no window"),
        ({"PixelSpacing": None}, "1 of 2 DICOM images (50 %) have no usable pixel spacing"),
        ({"PixelSpacing": [0, 0]}, "1 of 2 DICOM images (50 %) have no usable pixel spacing"),
        ({"PatientName": "Doe^J"}, "1 of 2 DICOM files (50 %) carry a patient's name"),
        ({"LossyImageCompression": "01"}, "1 of 2 DICOM images (50 %) have been compressed with loss"),
        ({"PatientID": "2"}, "The patient with most images has 1 of 2 DICOM images (50 %)"),
        ({"BitsStored": 7}, "Bit depths are mixed: 7 (1), 8 (1) bits stored"),
    ],
)
def test_a_planted_defect_is_told_and_a_clean_folder_is_not(make_dicom, change, sentence):
    pixels = np.zeros((4, 4), np.uint8)
    paths = [make_dicom(pixels, "a.dcm", **CLEAN), make_dicom(pixels, "b.dcm", **CLEAN)]
    assert sentence not in repr(headlines(index_folder(paths)))
    make_dicom(pixels, "b.dcm", **CLEAN | change)
    assert sentence in repr(headlines(index_folder(paths)))


def test_files_without_the_ending(make_dicom):
    path = make_dicom(np.zeros((4, 4), np.uint8), "IM0001")
    told = repr(headlines(index_folder(path)))
    assert "1 of 1 DICOM file (100 %) do not end in .dcm: a search for *.dcm would have missed them." in told


@pytest.mark.parametrize(("syntax", "is_lossy"), [("50", True), ("91", False), ("81", False), ("80", False)])
def test_a_syntax_that_may_be_lossless_is_not_called_lossy(make_dicom, syntax, is_lossy):
    index = index_folder(make_dicom(np.zeros((4, 4), np.uint8), "a.dcm", **CLEAN))
    index["TransferSyntaxUID"] = f"1.2.840.10008.1.2.4.{syntax}"
    assert ("compressed with loss" in repr(headlines(index))) is is_lossy
