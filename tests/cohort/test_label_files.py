"""Tables of labels as others write them."""

import json

import pandas as pd
import pytest

from eda_utils.cohort.label_files import read_boxes, read_labels, split_labels
from eda_utils.core.errors import EDAError


@pytest.mark.parametrize("name", ["labels.csv", "labels.csv.gz", "labels.tsv", "labels.parquet"])
def test_formats_give_the_same_table(tmp_path, name):
    table = pd.DataFrame({"image": ["0017", "0018"], "age": [58, 61], "score": [0.5, None], "view": ["PA", None]})
    if name.endswith("parquet"):
        table.to_parquet(tmp_path / name)
    else:
        table.to_csv(tmp_path / name, index=False, sep="\t" if name.endswith(".tsv") else ",")
    read = read_labels(tmp_path / name)
    assert read["image"].tolist() == ["0017", "0018"], "zeros at the beginning stay"
    assert read["age"].tolist() == [58, 61]
    assert read["score"].isna().tolist() == [False, True]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("none.csv", None, "none.csv: does not exist; check the path of the labels."),
        ("labels.doc", "x", "labels.doc: has an ending that is not known; give .csv, .tsv, .xlsx, .parquet or .json."),
        ("bad.json", "{", "bad.json: is no table of labels; save it as CSV with one header line."),
        ("bad.parquet", "x", "bad.parquet: is no table of labels; save it as CSV with one header line."),
        ("empty.csv", "", "empty.csv: is no table of labels; save it as CSV with one header line."),
    ],
)
def test_what_is_no_table_is_said(tmp_path, name, content, said):
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(EDAError) as caught:
        read_labels(tmp_path / name)
    assert str(caught.value) == said


BOX = {"row": 7.0, "column": 5.0, "height": 20.0, "width": 10.0}


@pytest.mark.parametrize(
    ("style", "table"),
    [
        ("NIH", {"Bbox [x": [5], "y": [7], "w": [10], "h]": [20]}),
        ("RSNA", {"x": [5.0], "y": [7.0], "width": [10.0], "height": [20.0]}),
        ("VinBigData", {"x_min": [5], "y_min": [7], "x_max": [15], "y_max": [27]}),
        ("COCO", {"bbox": ["[5, 7, 10, 20]"]}),
        ("COCO", {"bbox": [[5, 7, 10, 20]]}),
    ],
)
def test_all_styles_mean_the_same_box(style, table):
    found, _, boxes = read_boxes(pd.DataFrame(table))
    assert found == style
    assert boxes.tolist() == [list(BOX.values())]


def test_coco(tmp_path):
    images = [{"id": 1, "file_name": "a.png"}, {"id": 2, "file_name": "b.png"}]
    boxes = [{"image_id": 1, "category_id": 3, "bbox": [5, 7, 10, 20]}]
    content = {"images": images, "annotations": boxes, "categories": [{"id": 3, "name": "Mass"}]}
    (tmp_path / "coco.json").write_text(json.dumps(content))
    table = read_labels(tmp_path / "coco.json")
    assert table[["file_name", "class_name"]].iloc[0].tolist() == ["a.png", "Mass"]
    assert len(table) == 2, "an image without a box stays"


def test_no_finding_is_no_label():
    table = split_labels(pd.Series(["B|A", "No Finding", None, "none", "A "]))
    assert table.to_dict("list") == {"A": [True, False, False, False, True], "B": [True, False, False, False, False]}
