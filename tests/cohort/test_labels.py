"""Labels find their images by whatever both have, and what finds no partner is listed."""

import pandas as pd
import pytest

from eda_utils.cohort.labels import binary_labels, join_labels, list_unmatched
from eda_utils.core.errors import RequestError
from eda_utils.dicom import redact_table
from eda_utils.samples.fetch import CANARY


def index_of(count=6):
    numbers = range(1, count + 1)
    return pd.DataFrame(
        {
            "path": [f"/archive/s{n // 2}/IM{n:04}.dcm" for n in numbers],
            "SOPInstanceUID": [f"1.2.{n}" for n in numbers],
            "StudyInstanceUID": [f"1.3.{n // 2}" for n in numbers],
            "PatientID": [f"{n // 3:05}" for n in numbers],
            "AccessionNumber": [f"A{n // 2}" for n in numbers],
        }
    )


@pytest.mark.parametrize(
    ("where", "key"),
    [
        ("SOPInstanceUID", lambda index: index["SOPInstanceUID"]),
        ("file name", lambda index: index["path"].str[-10:]),
        ("file name", lambda index: "images/" + index["path"].str[-10:]),
        ("file name without ending", lambda index: index["path"].str[-10:-4]),
        ("StudyInstanceUID", lambda index: index["StudyInstanceUID"]),
        ("AccessionNumber", lambda index: index["AccessionNumber"]),
        ("PatientID", lambda index: index["PatientID"]),
        ("PatientID", lambda index: index["PatientID"].astype(int)),  # a spreadsheet took the zeros
    ],
)
def test_the_key_is_found_out(where, key):
    index = index_of()
    labels = pd.DataFrame({"age": 50, "key": key(index), "sick": [0, 1, 1, 1, 0, 0]}).drop_duplicates("key")
    joined = join_labels(index, labels.sample(frac=1, random_state=0))
    assert joined.attrs["join"]["on"] == (where, "key")
    assert joined.attrs["join"]["matched"] == 6
    wanted = labels.set_index("key")["sick"].reindex(key(index))
    assert joined["sick"].tolist() == wanted.tolist()
    assert joined[list(index)].equals(index), "the index stays as it was"
    assert joined.attrs["labels"] == ["sick"]


def test_the_pair_can_be_said():
    index = index_of()
    labels = pd.DataFrame({"name": index["SOPInstanceUID"], "patient": index["PatientID"], "sick": 1})
    for on in ("patient", ("PatientID", "patient")):
        assert join_labels(index, labels, on=on).attrs["join"]["on"] == ("PatientID", "patient")
    with pytest.raises(RequestError, match="labels: have no column nobody; name one of their columns"):
        join_labels(index, labels, on="nobody")
    with pytest.raises(RequestError, match="no column holds a UID, number or name of the files; say which, with on="):
        join_labels(index, pd.DataFrame({"x": ["q", "r"]}))


def test_unmatched_on_both_sides_are_listed_without_their_keys():
    index = index_of().assign(PatientID=[CANARY, *map(str, range(5))])
    labels = pd.DataFrame({"who": ["0", "1", f"{CANARY}-2"], "sick": [0, 1, 1]})
    told = list_unmatched(index, labels)
    assert told["side"].value_counts().to_dict() == {"file": 4, "label": 1}
    assert told.loc[told["side"] == "label", "row"].tolist() == [2]
    assert CANARY not in told.to_string()
    said = join_labels(index, labels).attrs["join"]
    assert (said["matched"], said["unmatched_rows"]) == (2, 1)


def test_several_rows_of_one_image_become_one():
    index = index_of(3)
    labels = pd.DataFrame(
        {
            "image_id": ["IM0001", "IM0001", "IM0002", "IM0002"],
            "class_name": ["Mass", "Nodule", "No finding", "No finding"],
            "x_min": [1, 2, None, None],
            "y_min": [1, 2, None, None],
            "x_max": [5, 6, None, None],
            "y_max": [5, 6, None, None],
        }
    )
    joined = join_labels(index, labels)
    assert len(joined) == 3
    assert joined["Mass"].tolist() == [True, False, pd.NA]
    assert joined["boxes"].iloc[0] == ((1.0, 1.0, 4.0, 4.0, "Mass"), (2.0, 2.0, 4.0, 4.0, "Nodule"))
    assert pd.isna(joined["boxes"].iloc[1])
    assert joined.attrs["join"]["style"] == "VinBigData"


def test_a_name_that_is_taken_gets_an_ending():
    joined = join_labels(index_of(), pd.DataFrame({"u": ["1.2.1"], "PatientID": ["x"], "sick": [1]}), on="u")
    assert joined["PatientID_label"].dropna().tolist() == ["x"]
    assert "Kanarinsky" not in redact_table(joined).to_string()


def test_binary_labels():
    index = pd.DataFrame({"a": [True, False, True], "b": [1, -1, None], "c": pd.array([True, None, False], "boolean")})
    table = binary_labels(index, ["a", "b", "c"])
    assert table["a"].tolist() == [1, 0, 1]
    assert table.isna().sum().to_dict() == {"a": 0, "b": 2, "c": 1}
    with pytest.raises(RequestError, match="no column is known to be a label"):
        binary_labels(index)
    with pytest.raises(RequestError, match="has more than 20 different values"):
        binary_labels(pd.DataFrame({"t": [f"t{n}" for n in range(30)]}), ["t"])
