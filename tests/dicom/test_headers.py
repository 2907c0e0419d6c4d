"""Header tables show everything except who the patient is."""

import pandas as pd
import pytest
from parts import dicom_files, for_each
from pydicom.data import get_testdata_file

from eda_utils import compare_headers, header_table
from eda_utils.core.errors import FormatError
from eda_utils.dicom.headers import COLUMNS
from eda_utils.dicom.phi import MASK
from eda_utils.samples.fetch import CANARY, registry

CT = get_testdata_file("CT_small.dcm")


@for_each(dicom_files)
def test_every_file_has_a_table(path):
    table = header_table(path)
    assert list(table.columns) == COLUMNS
    assert len(table) >= 1
    assert table["value"].map(type).eq(str).all()


def marked():
    return [row.path for row in registry().itertuples() if row.how.startswith("mark") and "cut" not in row.how]


@pytest.mark.parametrize("path", marked())
def test_no_canary_unless_asked_for(samples, path):
    table = header_table(samples / path)
    assert CANARY.lower() not in table.to_csv().lower()
    shown = header_table(samples / path, redact=False)
    assert shown.loc[shown["keyword"] == "PatientName", "value"].item().startswith(CANARY)
    assert shown["value"].str.contains(CANARY, case=False).sum() >= 7
    assert len(shown) == len(table)


def test_nested_elements_are_rows_with_their_path(samples):
    table = header_table(samples / "PAT0001" / "ST0001" / "SE0001" / "IM0001").set_index("keyword")
    nested = table.loc["RequestAttributesSequence[0].RequestedProcedureDescription"]
    assert nested[["tag", "vr", "value", "is_phi"]].tolist() == ["(0032,1060)", "LO", MASK, True]


def test_private_and_unknown_elements_are_masked(samples):
    table = header_table(samples / "PAT0001" / "ST0001" / "SE0001" / "IM0001").set_index("keyword")
    assert table.loc["(0009,1001)", "value"] == MASK


def test_a_name_is_masked_wherever_it_stands(make_dicom):
    import numpy as np

    path = make_dicom(np.zeros((2, 2), np.uint8), PatientName="Mustermann^Erika", Manufacturer="made for MUSTERMANN")
    table = header_table(path).set_index("keyword")
    assert table.loc["Manufacturer", "value"] == f"made for {MASK}"


def test_only_differences(tmp_path):
    pair = [get_testdata_file(name) for name in ("MR_small.dcm", "MR_small_bigendian.dcm")]
    table = compare_headers(pair)
    assert list(table.columns) == ["MR_small.dcm", "MR_small_bigendian.dcm"]
    assert "Rows" not in table.index
    assert table.loc["TransferSyntaxUID"].nunique() == 2


def test_hidden_differences_still_count(samples):
    pair = [samples / f"PAT000{number}" / "ST0001" / "SE0001" / "IM0001.dcm" for number in (2, 3)]
    table = compare_headers(pair)
    assert table.loc["PatientID"].tolist() == [MASK, MASK]
    assert list(table.columns) == ["IM0001.dcm", "IM0001.dcm (2)"]
    assert CANARY.lower() not in table.to_csv().lower()


def test_missing_elements_are_missing():
    pair = [CT, get_testdata_file("rtplan.dcm")]
    assert pd.isna(compare_headers(pair).loc["Rows", "rtplan.dcm"])


def test_not_dicom(tmp_path):
    (tmp_path / "a.txt").write_text("hello, this is no DICOM file at all")
    with pytest.raises(FormatError):
        header_table(tmp_path / "a.txt")
