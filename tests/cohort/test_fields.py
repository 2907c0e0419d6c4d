"""Which fields are compared, and in which classes."""

import numpy as np
import pandas as pd

from eda_utils.cohort.fields import collect_fields, name_value, to_classes
from eda_utils.samples.fetch import CANARY


def test_samples_have_fields_and_no_identifiers(index):
    fields = collect_fields(index)
    assert {"Modality", "Manufacturer", "Rows", "StudyDate", "format", "size_bytes"} <= set(fields)
    assert not {"PatientID", "PatientName", "StudyInstanceUID", "path"} & set(fields)
    assert fields["StudyDate"].dropna().between(1980, 2030).all()
    named = [name for name in fields if fields[name].astype(str).str.contains(CANARY).any()]
    assert {name_value(name, CANARY) for name in named} <= {"one value"}, "what is compared is not shown"


def test_text_that_differs_in_every_file_says_only_whether_it_is_there():
    index = pd.DataFrame({"path": [*"abcd"], "StudyDescription": ["w", "x", "y", None], "SeriesDescription": [*"wxyz"]})
    assert collect_fields(index)["StudyDescription"].tolist() == ["stated"] * 3 + ["not stated"]
    assert "SeriesDescription" not in collect_fields(index)


def test_numbers_are_compared_by_tenths_of_the_reference():
    a, b = pd.Series(np.arange(100.0)), pd.Series([-5.0, 55.0, 500.0, np.nan])
    assert to_classes(a).value_counts().tolist() == [10] * 10
    assert to_classes(b, a).tolist() == ["0", "5", "9", "not stated"]


def test_rare_values_stand_together():
    classes = to_classes(pd.Series(["a"] * 20 + ["b", "c", None]))
    assert classes.value_counts().to_dict() == {"a": 20, "other values": 2, "not stated": 1}


def test_values_that_identify_are_not_named():
    assert name_value("Manufacturer", "ACME") == "“ACME”"
    assert name_value("InstitutionName", "St. Elsewhere") == "one value"
