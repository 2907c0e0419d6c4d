"""Every slide has a row, also the one that cannot be opened."""

import shutil

from eda_utils import slide_table


def test_from_folder_and_from_index(samples, index):
    table = slide_table(samples)
    assert table.equals(slide_table(index))
    row = table.iloc[0]
    assert row[["file", "vendor", "rows", "columns"]].tolist() == ["CMU-1-Small-Region.svs", "aperio", 2967, 2220]
    assert row["possible_phi"]
    assert row["problem"] == ""


def test_a_cut_slide_has_a_row(samples, tmp_path, index):
    whole = (samples / "pathology" / "CMU-1-Small-Region.svs").read_bytes()
    (tmp_path / "cut.svs").write_bytes(whole[:5000])
    broken = index[index["kind"] == "slide"].assign(path=str(tmp_path / "cut.svs"))
    assert slide_table(broken)["problem"].tolist() == [
        "is cut: a TIFF directory lies beyond its end; copy the file again"
    ]


def test_no_slides(tmp_path, samples):
    shutil.copy(samples / "photos" / "coffee.png", tmp_path)
    assert slide_table(tmp_path).empty
