"""What a file is, is told by its content, whatever it is called."""

import numpy as np
import pytest
import tifffile
from hypothesis import given, strategies as st
from parts import for_each, foreign_files

from eda_utils import open_slide, quality
from eda_utils.core.errors import FormatError
from eda_utils.dicom.formats import sniff
from eda_utils.samples.fetch import registry


def test_kinds_of_the_samples(samples):
    expected = {"txt": "other", "svs": "slide", "png": "image", "jpg": "image"}
    for row in registry().itertuples():
        kind, _ = sniff(samples / row.path)
        assert kind == expected.get(row.path.lower().rsplit(".", 1)[-1], "dicom"), row.path


@for_each(foreign_files)
def test_a_name_does_not_matter(path, tmp_path):
    copy = tmp_path / "noname"
    copy.unlink(missing_ok=True)
    copy.symlink_to(path)
    assert sniff(copy) == sniff(path)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "an empty file"),
        (b"Hello\n", "a text file"),
        (b"%PDF-1.7\n\0", "a PDF document"),
        (b"PK\x03\x04\0\0", "a zip archive"),
        (bytes(range(1, 200)) * 3, "a file of an unknown format"),
        (b"xDICM" * 50 + b"\0", "a file of an unknown format"),
    ],
)
def test_other_files_are_named(tmp_path, content, what):
    (tmp_path / "image.dcm").write_bytes(content)
    assert sniff(tmp_path / "image.dcm") == ("other", what)


@given(st.binary(max_size=300))
def test_any_bytes_have_a_kind(content):
    kind, what = sniff(content)
    assert kind in {"dicom", "image", "slide", "other"}
    assert what


@pytest.mark.parametrize(
    ("dtype", "kind"),
    [("uint8", "slide"), ("uint16", "image"), ("float32", "image"), ("float64", "image"), ("bool", "image")],
)
def test_a_tiled_tiff_is_a_slide_only_if_openslide_shows_all_of_its_bits(dtype, kind, tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.ones((300, 400), dtype), tile=(256, 256))
    assert sniff(tmp_path / "a.tif")[0] == kind
    assert len(quality.measure_slides(tmp_path)) == (kind == "slide")


def test_colours_of_sixteen_bits_are_a_slide(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.full((300, 400, 3), 256 * 7, np.uint16), tile=(256, 256), photometric="rgb")
    assert sniff(tmp_path / "a.tif")[0] == "slide"
    assert open_slide(tmp_path / "a.tif").read_region(0, 0, 9, 9).max() == 7


def test_who_opens_it_as_a_slide_is_told_how_to_see_all(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.ones((300, 400), np.uint16), tile=(256, 256))
    with pytest.raises(FormatError, match="has more than 8 bits a sample; open it with load_image"):
        open_slide(tmp_path / "a.tif")
