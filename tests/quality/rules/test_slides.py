"""A folder of slides with planted anomalies: those are flagged, and no other."""

import pandas as pd
import pytest
from tifffile import TiffFile

import eda_utils as eda
from eda_utils.quality.rules.slides import SLIDE_CHECKS, stain_angles
from eda_utils.quality.slides import COLUMNS

PLANTED = {
    3: ("ink", "slide_ink"),
    4: ("blur", "slide_out_of_focus"),
    6: ("cast", "slide_light_cast"),
    7: ("glass", "slide_without_tissue"),
    9: ("stain", "slide_stain_outlier"),
    10: ("no_mpp", "slide_without_mpp"),
}


@pytest.fixture(scope="module")
def slides(tmp_path_factory):
    folder = tmp_path_factory.mktemp("twelve")
    for seed in range(12):
        defects = PLANTED.get(seed, ())[:1]
        eda.samples.write_phantom_slide(folder / f"slide{seed:02}.tiff", shape=(3072, 4096), seed=seed, defects=defects)
    return eda.quality.measure_slides(folder, workers=2, progress=False)


@pytest.mark.slow
def test_twelve_slides_with_six_anomalies(slides):
    found = eda.quality.flag_slides(slides)
    names = found["path"].str.extract(r"slide(\d+)")[0].astype(int)
    assert dict(zip(names, found["kind"], strict=True)) == {seed: kind for seed, (_, kind) in PLANTED.items()}
    assert len(found) == len(PLANTED)


@pytest.mark.slow
def test_what_one_slide_has(slides):
    assert len(slides) == 12
    assert slides.columns.tolist() == COLUMNS
    assert (slides["problem"] == "").all()
    assert slides.loc[0, ["file", "files", "rows", "columns", "mpp"]].tolist() == ["slide00.tiff", 1, 3072, 4096, 0.5]


@pytest.mark.slow
def test_other_defects_and_a_cut_file(tmp_path):
    for name in ("fold", "bubble", "edge", "truncated"):
        eda.samples.write_phantom_slide(tmp_path / f"{name}.tiff", shape=(3072, 4096), defects=(name,))
    found = eda.quality.flag_slides(eda.quality.measure_slides(tmp_path, progress=False))
    kinds = {path.rpartition("/")[2]: kind for path, kind in zip(found["path"], found["kind"], strict=True)}
    assert kinds == {
        "fold.tiff": "slide_fold",
        "bubble.tiff": "slide_bubble",
        "edge.tiff": "slide_coverslip_edge",
        "truncated.tiff": "slide_unreadable",
    }


@pytest.mark.slow
def test_a_slide_with_damaged_tiles_keeps_what_its_header_says(tmp_path):
    """All tiles of the overview are overwritten, the directories are not."""
    path = eda.samples.write_phantom_slide(tmp_path / "slide.tiff", shape=(3072, 4096))
    with TiffFile(path) as tiff:
        places = [*zip(tiff.pages[1].dataoffsets, tiff.pages[1].databytecounts, strict=True)]
    with path.open("r+b") as file:
        for offset, size in places:
            file.seek(offset)
            file.write(b"\0" * size)
    row = eda.quality.measure_slides(path, progress=False).iloc[0]
    assert row[["rows", "columns", "mpp"]].tolist() == [3072, 4096, 0.5]
    assert row["problem"] == "one of its tiles is damaged; copy the file again"
    assert eda.quality.flag_slides(pd.DataFrame([row]))["kind"].tolist() == ["slide_unreadable"]


def test_an_empty_table_and_one_without_pixels(samples):
    assert eda.quality.flag_slides(eda.quality.measure_slides([])).empty
    table = eda.quality.measure_slides(samples / "pathology", measure=False, progress=False)
    assert eda.quality.flag_slides(table)["kind"].tolist() == ["slide_label"]


def test_few_slides_have_no_outlier():
    table = pd.DataFrame({"hematoxylin": [(1.0, 0, 0), (0, 1.0, 0)], "eosin": [(0, 1.0, 0), (1.0, 0, 0)]})
    assert stain_angles(table).tolist() == pytest.approx([float("nan")] * 2, nan_ok=True)


@pytest.mark.parametrize("check", SLIDE_CHECKS, ids=lambda check: check.code)
def test_each_check_says_what_and_what_to_do(check):
    what, clause = check.said
    assert all([what, clause, check.advice])
    assert check.needs in COLUMNS
