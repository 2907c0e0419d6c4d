"""A folder is audited as a whole: a row per file and kind, nothing left out, nobody shown."""

import shutil

import pandas as pd
import pytest
from identified import bare, identified, write
from parts import for_each, foreign_files, mixed_folder

from eda_utils import index_folder, privacy
from eda_utils.core import find_files
from eda_utils.core.errors import RequestError
from eda_utils.core.findings import FINDING_COLUMNS
from eda_utils.privacy.audit_folder import KINDS
from eda_utils.samples.fetch import CANARY


def audit(source, **options):
    found = privacy.audit(source, progress=False, **options)
    assert tuple(found.columns) == FINDING_COLUMNS
    assert not found.duplicated(["path", "kind"]).any()
    assert set(found["kind"]) <= set(KINDS)
    assert CANARY.lower() not in found.drop(columns="path").to_csv().lower()
    return found


def test_samples(samples, index):
    found = audit(samples)
    named = index[index["PatientName"].astype(str).str.contains(CANARY, case=False)]
    for kind in ("person_name", "patient_identifier"):
        assert set(named["path"]) <= set(found.loc[found["kind"] == kind, "path"])
    assert set(index.loc[index["problem"].notna(), "path"]) <= set(found["path"])
    assert audit(index).equals(found)


@for_each(foreign_files)
def test_any_file(path):
    audit(path)


def test_names_of_files_and_folders(tmp_path):
    folder = tmp_path / f"{CANARY}_Maria"
    folder.mkdir()
    write(identified(), folder / "a.dcm")
    write(bare(), folder / "b.dcm")
    found = audit(tmp_path)
    named = found[found["kind"] == "file_name"]
    assert named["path"].str[-5:].tolist() == ["a.dcm"]
    assert named["evidence"].item() == "2 times"


def test_words_above_the_folder_are_not_the_files(tmp_path):
    folder = tmp_path / CANARY / "export"
    folder.mkdir(parents=True)
    write(identified(), folder / "a.dcm")
    assert "file_name" not in set(audit(folder)["kind"])


def test_nothing_is_left_out(tmp_path):
    mixed_folder(tmp_path)
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    found = audit(tmp_path)
    index = index_folder(tmp_path, progress=False)
    assert set(index.loc[index["problem"].notna(), "path"]) <= set(found["path"])
    unreadable = found[found["kind"] == "unreadable"]
    assert {"empty", "cut", "gone"} <= {path.rpartition("/")[2] for path in unreadable["path"]}


def test_processes_find_the_same(tmp_path, samples):
    for number in range(3):
        shutil.copytree(samples / "CD0001", tmp_path / str(number))
    assert len(list(find_files(tmp_path))) < 100
    assert audit(tmp_path, workers=2).equals(audit(tmp_path))


def test_no_files(tmp_path):
    assert audit(tmp_path).empty
    with pytest.raises(RequestError):
        privacy.audit(pd.DataFrame({"file": []}))
