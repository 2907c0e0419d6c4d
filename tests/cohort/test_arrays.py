"""Arrays on disk are those of the data set, and a JSON file says how they were made."""

import json
import sys

import numpy as np
import pytest
from parts import package

from eda_utils.cohort.arrays import save_arrays
from eda_utils.cohort.datasets import ImageDataset
from eda_utils.core.errors import RequestError
from eda_utils.samples.fetch import CANARY


@pytest.mark.slow
def test_saved_arrays_tell_how_they_were_made(index, tmp_path):
    radiographs = index[index["Modality"].isin(["CR", "MG", "CT", "US"])]
    dataset = ImageDataset(radiographs, size=(24, 32), on_error="skip")
    path = save_arrays(dataset, tmp_path / "train.npz")
    said = json.loads((tmp_path / "train.json").read_text())
    with np.load(path) as saved:
        assert saved["arrays"].shape == (said["items"], 1, 24, 32)
        for array, number in zip(saved["arrays"], saved["numbers"], strict=True):
            np.testing.assert_array_equal(array, dataset[number][0])
    assert said["items"] + len(said["skipped"]) == len(dataset)


@pytest.mark.slow
def test_a_zarr_says_the_same(index, tmp_path):
    """An item a chunk: more than fits in memory is written one by one."""
    zarr = package("zarr")
    radiographs = index[index["kind"] == "dicom"].assign(large=lambda table: table["Rows"] > 200)
    dataset = ImageDataset(radiographs, "large", size=(24, 32), on_error="skip")
    path = save_arrays(dataset, tmp_path / "array.npz")
    group = zarr.open_group(save_arrays(dataset, tmp_path / "train.zarr"), mode="r")
    with np.load(path) as saved:
        assert set(saved) == set(group.array_keys())
        for name in saved:
            np.testing.assert_array_equal(group[name][:], saved[name])
    assert group["arrays"].chunks == (1, 1, 24, 32)
    said = [json.loads(path.read_text()) for path in (tmp_path / "array.json", tmp_path / "train.json")]
    assert said[0] == said[1]
    written = b"".join(path.read_bytes() for path in (tmp_path / "train.zarr").rglob("*.json"))
    assert CANARY.lower() not in written.decode().lower()
    assert (tmp_path / "train.zarr").stat().st_mode & 0o077 == 0


def test_a_zarr_of_nothing(index, tmp_path):
    dataset = ImageDataset(index[index["kind"] == "other"], size=(8, 8), on_error="skip")
    group = package("zarr").open_group(save_arrays(dataset, tmp_path / "none.zarr"), mode="r")
    assert group["numbers"].shape == (0,)


def test_without_zarr(index, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "zarr", None)
    with pytest.raises(RequestError, match=r'zarr is not installed; pip install "eda_utils\[zarr\]"'):
        save_arrays(ImageDataset(index, size=(8, 8)), tmp_path / "a.zarr")
    assert not (tmp_path / "a.zarr").exists()


def test_what_does_not_fit_is_refused(index, tmp_path):
    dataset = ImageDataset(index[index["Modality"] == "CT"], on_error="skip")
    with pytest.raises(RequestError, match=r"train.csv: is neither .npz nor .zarr; give such as train.npz"):
        save_arrays(dataset, tmp_path / "train.csv")
    with pytest.raises(RequestError, match="the arrays differ in size"):
        save_arrays(ImageDataset(index, on_error="skip"), tmp_path / "train.npz")
    package("zarr")
    with pytest.raises(RequestError, match="the arrays differ in size"):
        save_arrays(ImageDataset(index, on_error="skip"), tmp_path / "train.zarr")
