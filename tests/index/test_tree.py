"""The tree counts right, is escaped, and hides names by default."""

import re

import pandas as pd

from eda_utils import index_folder
from eda_utils.index import series_tree
from eda_utils.samples.fetch import CANARY


def test_numbers(index):
    tree = series_tree(index)
    instances = index[index["SOPInstanceUID"].notna() & index["problem"].isna()]
    keys = ("PatientID", "StudyInstanceUID", "SeriesInstanceUID")
    counts = [int(number) for number in re.findall(r"\d+", tree.label)]
    assert counts == [*(instances[key].nunique() for key in keys), instances["Rows"].notna().sum()]
    assert str(tree).count("\n") > 50


def test_no_canary_unless_asked_for(index):
    hidden = series_tree(index)
    assert CANARY.lower() not in (repr(hidden) + hidden._repr_html_()).lower()
    shown = series_tree(index, redact=False)
    assert CANARY in repr(shown)
    assert re.search(rf"{CANARY}\^\w+ \({CANARY.upper()}-\d+\)", repr(shown))


def test_html_is_escaped(index):
    wicked = index.assign(
        Modality=index["Modality"].astype(object).where(index["Modality"] != "NM", "<script>alert(1)</script>")
    )
    html = series_tree(wicked)._repr_html_()
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_html_is_nested_and_closed(index):
    html = series_tree(index)._repr_html_()
    assert html.count("<details") == html.count("</details>") > 40


def test_long_lists_say_what_they_leave_out(index):
    one = index[index["Modality"] == "NM"].head(1)
    many = pd.concat([one.assign(PatientID=f"P{number}", StudyInstanceUID=f"1.{number}") for number in range(130)])
    assert "… and 30 more patients" in repr(series_tree(many))


def test_without_patient_id_and_empty(tmp_path, index):
    nobody = index[index["Modality"] == "NM"].assign(PatientID=None)
    assert "Without PatientID: 1 study, 2 images" in repr(series_tree(nobody))
    assert repr(series_tree(index_folder(tmp_path))) == "0 patients, 0 studies, 0 series, 0 images"
