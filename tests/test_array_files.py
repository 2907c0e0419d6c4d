"""Arrays on disk are those of the data set, and a JSON file says how they were made."""

import io
import json
import tarfile

import numpy as np
import pytest

from eda_utils.array_files import save_arrays
from eda_utils.errors import RequestError
from eda_utils.handoff import ImageDataset
from eda_utils.samples import CANARY


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
    folder = save_arrays(dataset, tmp_path / "shards", shard=4)
    tars = sorted(folder.glob("*.tar"))
    assert len(tars) == -(-said["items"] // 4)
    with tarfile.open(tars[0]) as file:
        names = file.getnames()
        assert names[0].removesuffix("npy") == names[1].removesuffix("json")
        np.testing.assert_array_equal(
            np.load(io.BytesIO(file.extractfile(names[0]).read())), dataset[int(names[0][:8])][0]
        )
        assert CANARY.lower() not in file.extractfile(names[1]).read().decode().lower()
    with pytest.raises(RequestError, match="is not empty"):
        save_arrays(dataset, folder)


def test_what_does_not_fit_is_refused(index, tmp_path):
    dataset = ImageDataset(index[index["Modality"] == "CT"], on_error="skip")
    with pytest.raises(RequestError, match=r"train.csv: is neither .npz nor a folder"):
        save_arrays(dataset, tmp_path / "train.csv")
    with pytest.raises(RequestError, match="the arrays differ in size"):
        save_arrays(ImageDataset(index, on_error="skip"), tmp_path / "train.npz")
