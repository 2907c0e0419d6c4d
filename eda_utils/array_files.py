"""Arrays for a model on disk, with what was done to them beside them."""

import io
import json
import os
import tarfile
from pathlib import Path

import numpy as np

from .errors import RequestError

SHARD = 1_000


def save_arrays(dataset, output, *, shard=SHARD):
    """Save the arrays of a data set, and beside them a JSON file of the steps by which they were made.

    Parameters
    ----------
    dataset : ImageDataset or TileDataset
        What it skips is counted.
    output : str or Path
        A .npz with ``arrays``, ``targets`` and ``numbers`` (rows of the data set), for arrays of one size that fit in
        memory; a new .zarr with the same, an item a chunk, for more than fits; or another new folder, for tar shards as
        WebDataset reads them: NNNNNNNN.npy and NNNNNNNN.json each.
    shard : int
        Items of one tar file.

    Returns
    -------
    Path
        The .npz, or the folder. Paths and names of files are not in it; only its owner can read it.

    Raises
    ------
    EDAError
        If the name has another ending, the folder is not empty, arrays differ in size, zarr is not installed, or an
        image cannot be read and the data set does not skip it.

    Examples
    --------
    >>> import json, os, tempfile
    >>> from pydicom.data import get_testdata_file
    >>> import eda_utils as eda
    >>> from eda_utils.array_files import save_arrays
    >>> from eda_utils.handoff import ImageDataset
    >>> dataset = ImageDataset(eda.index_folder(get_testdata_file("CT_small.dcm")), size=(32, 32))
    >>> path = save_arrays(dataset, os.path.join(tempfile.mkdtemp(), "train.npz"))
    >>> json.loads(path.with_suffix(".json").read_text())["steps"][0]
    'modality values, no window'
    """
    output = Path(output)
    if output.suffix not in ("", *WHOLE):
        raise RequestError(output.name, "is neither .npz, .zarr nor a folder", "give such as train.npz or shards/train")
    if output.suffix:
        numbers, skipped = WHOLE[output.suffix](dataset, output)
    else:
        numbers, skipped = _save_shards(dataset, output, shard)
    beside = output.with_suffix(".json") if output.suffix else output / "steps.json"
    said = {"steps": dataset.steps(), "axes": "channel, row, column", "dtype": "float32", "items": len(numbers)}
    said |= {"parts": dataset.parts, "skipped": skipped}
    with _private(beside) as file:
        file.write(json.dumps(said, indent=1, ensure_ascii=False).encode())
    return output


def _private(path):
    return open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")


def _items(dataset, skipped):
    for number in range(len(dataset)):
        array, target, record = dataset[number]
        if array is None:
            skipped.append(number)
        else:
            yield number, array, target, record


def _save_npz(dataset, output):
    skipped, numbers, arrays, targets = [], [], [], []
    for number, array, target, _ in _items(dataset, skipped):
        _check_size(array, arrays[0].shape if arrays else array.shape, output)
        numbers.append(number), arrays.append(array), targets.append(target)
    with _private(output) as file:
        np.savez_compressed(file, arrays=np.array(arrays, np.float32), targets=np.array(targets), numbers=numbers)
    return numbers, skipped


def _make_folder(folder):
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if any(folder.iterdir()):
        raise RequestError(folder.name, "is not empty", "give a new folder")


def _save_zarr(dataset, folder):
    try:
        import zarr
    except ImportError:
        raise RequestError(
            folder.name, "zarr is not installed", 'pip install "eda_utils[zarr]", or save shards'
        ) from None

    skipped, numbers, targets, arrays = [], [], [], None
    group = zarr.open_group(folder, mode="w")
    folder.chmod(0o700)  # it has made the folder anew
    for number, array, target, _ in _items(dataset, skipped):
        if arrays is None:
            shape = (len(dataset), *array.shape)
            arrays = group.create_array("arrays", shape=shape, chunks=(1, *array.shape), dtype="float32")
        _check_size(array, arrays.shape[1:], folder)
        arrays[len(numbers)] = array
        numbers.append(number), targets.append(target)
    if arrays is not None:
        arrays.resize((len(numbers), *arrays.shape[1:]))
    group.create_array("targets", data=np.array(targets))
    group.create_array("numbers", data=np.array(numbers, int))
    return numbers, skipped


def _check_size(array, shape, output):
    if array.shape != shape:
        raise RequestError(output.name, "the arrays differ in size", "give the data set a size=, or save shards")


def _save_shards(dataset, folder, shard):
    _make_folder(folder)
    skipped, numbers, file = [], [], None
    for number, array, target, record in _items(dataset, skipped):
        if len(numbers) % shard == 0:
            if file:
                file.close()
            file = tarfile.open(folder / f"{len(numbers) // shard:06}.tar", "w")  # noqa: SIM115 - closed above and below
        buffer = io.BytesIO()
        np.save(buffer, array)
        facts = {name: value for name, value in record.items() if name not in ("path", "problem")}
        said = json.dumps({"target": np.asarray(target).tolist(), **facts}, ensure_ascii=False).encode()
        for ending, content in (("npy", buffer.getvalue()), ("json", said)):
            entry = tarfile.TarInfo(f"{number:08}.{ending}")
            entry.size, entry.mode = len(content), 0o600
            file.addfile(entry, io.BytesIO(content))
        numbers.append(number)
    if file:
        file.close()
    return numbers, skipped


WHOLE = {".npz": _save_npz, ".zarr": _save_zarr}
