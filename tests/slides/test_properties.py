"""What a slide says about itself: the codec, the resolution if it can be true, of the date only the year."""

import pytest
from parts import SAMPLES
from pyramids import scene, write_dicom_slide, write_pyramid

from eda_utils import open_slide
from eda_utils.slides.properties import read_mpp, year_of

SVS = SAMPLES / "pathology" / "CMU-1-Small-Region.svs"


def test_what_else_the_file_says(samples):
    with open_slide(SVS) as slide:
        table = slide.properties
    facts = table.set_index("property")["value"]
    assert facts["codec"] == "JPEG, quality about 30"  # the vendor's own text says Q=30
    assert facts["year of the scan"] == "2009"
    assert facts["label or macro picture"] == "yes, can show a name"
    text = table.to_string()
    assert not any(word in text for word in ("12/29", "b414003d", "CPAPERIOCS", "09:59"))


@pytest.mark.parametrize(
    ("how", "codec"),
    [
        ({"compressionargs": {"level": 70}}, "JPEG, quality about 70"),
        ({"compression": "lzw"}, "LZW"),
        ({"compression": None}, "none"),
    ],
)
def test_codec(tmp_path, how, codec):
    path = write_pyramid(tmp_path / "a.tif", scene(300, 300), **how)
    with open_slide(path) as slide:
        assert slide.properties.set_index("property")["value"]["codec"] == codec


@pytest.mark.parametrize(
    ("values", "answer"),
    [
        (("0.5", "0.5"), (0.5, "maker header")),
        (("0.05", "0.05"), (0.05, "maker header")),
        (("352.78", "352.78"), (None, "implausible in the file")),
        (("0", "0"), (None, "implausible in the file")),
        (("nan", "1"), (None, "implausible in the file")),
        (("", "1"), (None, "not in the file")),
        ((None, None), (None, "not in the file")),
    ],
)
def test_mpp(values, answer):
    facts = {"openslide.mpp-y": values[0], "openslide.mpp-x": values[1], "openslide.vendor": "maker"}
    assert read_mpp(facts) == answer


@pytest.mark.parametrize(
    ("facts", "year"),
    [
        ({"aperio.Date": "12/29/09"}, "2009"),
        ({"tiff.DateTime": "2016:05:02 10:11:12"}, "2016"),
        ({"hamamatsu.Created": "2010/03/12"}, "2010"),
        ({"leica.creation-date": "2012-11-08T15:25:03.5Z"}, "2012"),
        ({"dicom.AcquisitionDateTime": "20190304101112"}, "2019"),
        ({"dicom.AcquisitionDateTime": "19000101000000"}, ""),
        ({"aperio.Date": "Kanarinsky"}, ""),
        ({}, ""),
    ],
)
def test_only_the_year(facts, year):
    assert year_of(facts) == year


def test_a_dicom_slide_says_its_transfer_syntax(tmp_path):
    files = write_dicom_slide(write_pyramid(tmp_path / "a.tif", scene(600, 600)), tmp_path / "dicom")
    with open_slide(files[0]) as slide:
        facts = slide.properties.set_index("property")["value"]
    assert facts[["codec", "tile rows", "ICC profile"]].tolist() == [
        "JPEG 2000 Image Compression (Lossless Only)",
        "256",
        "no",
    ]
