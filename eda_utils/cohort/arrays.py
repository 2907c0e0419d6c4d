"""Arrays for a model on disk, with what was done to them beside them."""

import json
import os
from pathlib import Path

import numpy as np

from ..core import RequestError
from .datasets import ImageDataset, TileDataset


def save_arrays(dataset: ImageDataset | TileDataset, output: str | Path) -> Path:
    """Save the arrays of a data set, and beside them a JSON file of the steps by which they were made.

    Parameters
    ----------
    dataset : ImageDataset or TileDataset
        What it skips is counted.
    output : str or Path
        A .npz with ``arrays``, ``targets`` and ``numbers`` (rows of the data set), for what fits in memory; or a new
        .zarr with the same, an item a chunk, for more. The arrays must have one size.

    Returns
    -------
    Path
        Of the .npz or .zarr. Paths and names of files are not in it; only its owner can read it.

    Raises
    ------
    EDAError
        If the name has another ending, arrays differ in size, zarr is not installed, or an image cannot be read and the
        data set does not skip it.

    Examples
    --------
    >>> import json, os, tempfile
    >>> from pydicom.data import get_testdata_file
    >>> import eda_utils as eda
    >>> from eda_utils.cohort import save_arrays
    >>> from eda_utils.cohort import ImageDataset
    >>> dataset = ImageDataset(eda.index_folder(get_testdata_file("CT_small.dcm")), size=(32, 32))
    >>> path = save_arrays(dataset, os.path.join(tempfile.mkdtemp(), "train.npz"))
    >>> json.loads(path.with_suffix(".json").read_text())["steps"][0]
    'modality values, no window'
    """
    output = Path(output)
    if output.suffix not in WRITERS:
        raise RequestError(output.name, "is neither .npz nor .zarr", "give such as train.npz")
    numbers, skipped = WRITERS[output.suffix](dataset, output)
    said = {"steps": dataset.steps(), "axes": "channel, row, column", "dtype": "float32", "items": len(numbers)}
    said |= {"parts": dataset.parts, "skipped": skipped}
    with _private(output.with_suffix(".json")) as file:
        file.write(json.dumps(said, indent=1, ensure_ascii=False).encode())
    return output


def _private(path):
    return open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")


def _items(dataset, skipped):
    for number in range(len(dataset)):
        array, target, _ = dataset[number]
        if array is None:
            skipped.append(number)
        else:
            yield number, array, target


def _save_npz(dataset, output):
    skipped, numbers, arrays, targets = [], [], [], []
    for number, array, target in _items(dataset, skipped):
        _check_size(array, arrays[0].shape if arrays else array.shape, output)
        numbers.append(number), arrays.append(array), targets.append(target)
    with _private(output) as file:
        np.savez_compressed(file, arrays=np.array(arrays, np.float32), targets=np.array(targets), numbers=numbers)
    return numbers, skipped


def _save_zarr(dataset, folder):
    try:
        import zarr
    except ImportError:
        advice = 'pip install "eda_utils[zarr]", or save a .npz'
        raise RequestError(folder.name, "zarr is not installed", advice) from None

    skipped, numbers, targets, arrays = [], [], [], None
    group = zarr.open_group(folder, mode="w")
    folder.chmod(0o700)  # it has made the folder anew
    for number, array, target in _items(dataset, skipped):
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
        raise RequestError(output.name, "the arrays differ in size", "give the data set a size=")


WRITERS = {".npz": _save_npz, ".zarr": _save_zarr}
