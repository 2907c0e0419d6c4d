"""Every slide has a row, also the one that cannot be opened."""

import shutil
import zipfile

import numpy as np
import pytest
import tifffile
from pyramids import write_dicom_slide

from eda_utils import index_folder, quality
from eda_utils.samples import write_phantom_slide

NO_SLIDE = "is not a slide that can be opened; check the format and the copy"


def test_from_folder_and_from_index(samples, index):
    table = quality.measure_slides(samples)
    assert table.equals(quality.measure_slides(index))
    row = table.iloc[0]
    assert row[["file", "vendor", "rows", "columns"]].tolist() == ["CMU-1-Small-Region.svs", "aperio", 2967, 2220]
    assert row["possible_phi"]
    assert row["problem"] == ""


def test_a_cut_slide_has_a_row(samples, tmp_path, index):
    whole = (samples / "pathology" / "CMU-1-Small-Region.svs").read_bytes()
    (tmp_path / "cut.svs").write_bytes(whole[:5000])
    broken = index[index["kind"] == "slide"].assign(path=str(tmp_path / "cut.svs"))
    assert quality.measure_slides(broken)["problem"].tolist() == [
        "is cut: a TIFF directory lies beyond its end; copy the file again"
    ]


def test_no_slides(tmp_path, samples):
    shutil.copy(samples / "photos" / "coffee.png", tmp_path)
    assert quality.measure_slides(tmp_path).empty


@pytest.mark.slow
def test_the_files_of_a_dicom_series_are_one_slide(tmp_path):
    drawn = write_phantom_slide(tmp_path / "drawn.tiff", shape=(2048, 3072))
    files = write_dicom_slide(drawn, tmp_path / "dicom")
    table = quality.measure_slides(tmp_path, progress=False)
    assert table["files"].tolist() == [len(files), 1]
    assert len(files) > 1
    assert table[["rows", "columns", "mpp"]].drop_duplicates().to_numpy().tolist() == [[2048, 3072, 0.5]]
    assert table["tissue_mm2"].tolist() == pytest.approx([table["tissue_mm2"][1]] * 2, rel=1e-6)


def test_an_mrxs_without_its_folder_has_a_row(tmp_path, samples):
    shutil.copy(samples / "photos" / "fundus_left.jpg", tmp_path / "slide.mrxs")
    assert quality.measure_slides(tmp_path)["problem"].tolist() == [
        "lacks the folder or the files that belong to it; copy them together"
    ]


@pytest.mark.parametrize("name", ["a.svs", "a.NDPI", "a.scn"])
def test_what_is_named_like_a_slide_has_a_row(tmp_path, name):
    (tmp_path / name).write_text("hello")
    assert quality.measure_slides(tmp_path)[["file", "problem"]].to_numpy().tolist() == [[name, NO_SLIDE]]


def test_tiff_in_an_archive_or_vanished_is_no_slide(tmp_path):
    """No reader of slides takes a URL; what has vanished since it was indexed is said by the index."""
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((300, 300, 3), np.uint8), photometric="rgb")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(tmp_path / "a.tif", "a.tif")
    assert quality.measure_slides(tmp_path / "a.zip", progress=False).empty
    index = index_folder(tmp_path / "a.tif")
    (tmp_path / "a.tif").unlink()
    assert quality.measure_slides(index, progress=False).empty


@pytest.mark.slow
def test_at_most_so_many(tmp_path):
    for seed in range(5):
        write_phantom_slide(tmp_path / f"{seed}.tiff", shape=(300, 400), seed=seed)
    table = quality.measure_slides(tmp_path, most=2, measure=False, progress=False)
    assert table["file"].tolist() == ["0.tiff", "4.tiff"]
    assert table["tissue_mm2"].isna().all()
