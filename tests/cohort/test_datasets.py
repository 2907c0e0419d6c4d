"""What a model gets: the same arrays wherever they are read, in true aspect, scaled by the training part only."""

import multiprocessing
import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import eda_utils as eda
from eda_utils.cohort.datasets import ImageDataset, TileDataset, collate_items, fit_scale
from eda_utils.core.errors import DecodeError, EDAError, RequestError


@pytest.fixture(scope="module")
def radiographs(index):
    return index[index["Modality"].isin(["CR", "DX", "MG", "CT", "MR", "US"])].reset_index(drop=True)


@pytest.fixture(scope="module")
def tiles(tmp_path_factory):
    path = tmp_path_factory.mktemp("slides") / "slide.tif"
    eda.samples.write_phantom_slide(path, shape=(1024, 1024))
    with eda.open_slide(path) as slide:
        return eda.slides.tile_grid(slide, size=64, min_tissue=0).head(20).assign(path=str(path), sick=[0, 1] * 10)


def batch(dataset, numbers):
    return [dataset[number][0] for number in numbers]


FORKED = """
import multiprocessing, pickle, sys
import numpy as np
dataset = pickle.load(open(sys.argv[1], "rb"))
here = [dataset[number][0] for number in range(6)]
with multiprocessing.get_context("fork").Pool(2) as pool:
    there = [item[0] for item in pool.map(dataset.__getitem__, range(6))]
assert all(map(np.array_equal, here, there))
"""


@pytest.mark.slow
def test_modality_values_are_those_of_load_image(radiographs):
    dataset = ImageDataset(radiographs, on_error="skip")
    for number in range(len(dataset)):
        array, target, record = dataset[number]
        if array is None:
            assert record["problem"]
            continue
        image = eda.load_image(record["path"])
        assert array.dtype == np.float32
        assert target == -1
        if not image.is_color and image.padding is None:
            np.testing.assert_array_equal(array[0], image.pixels.astype(np.float32))


def test_displayed_values_are_those_of_to_display(radiographs):
    array, _, record = ImageDataset(radiographs, values="display", channels=3)[0]
    shown = eda.to_display(eda.load_image(record["path"]))
    shown = shown if shown.ndim == 3 else np.repeat(shown[..., None], 3, axis=2)
    np.testing.assert_allclose(array, np.moveaxis(shown, -1, 0) / np.float32(255), rtol=1e-6)


@pytest.mark.slow
def test_new_processes_read_the_same(radiographs, tiles):
    for dataset in (ImageDataset(radiographs.head(6), size=(48, 64)), TileDataset(tiles, "sick")):
        here = batch(dataset, range(6))
        with multiprocessing.get_context("spawn").Pool(2) as pool:
            there = [item[0] for item in pool.map(dataset.__getitem__, range(6))]
        for one, other in zip(here, there, strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.slow
def test_copies_of_a_process_read_the_same(radiographs, tiles, tmp_path):
    """As a DataLoader makes them; a process with threads must not be copied, so a new one is."""
    for dataset in (ImageDataset(radiographs.head(6), size=(48, 64)), TileDataset(tiles, "sick")):
        (tmp_path / "dataset").write_bytes(pickle.dumps(dataset))
        subprocess.run([sys.executable, "-c", FORKED, str(tmp_path / "dataset")], check=True, timeout=120)


@pytest.mark.slow
def test_a_pickle_reads_the_same(radiographs, tiles):
    for dataset in (ImageDataset(radiographs, size=(32, 32)), TileDataset(tiles, "sick", channels=1)):
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(dataset))[1][0], dataset[1][0])


@pytest.mark.slow
def test_a_data_loader_of_torch_gives_the_same(radiographs, tiles):
    loader = pytest.importorskip("torch.utils.data").DataLoader
    for dataset in (ImageDataset(radiographs, size=(32, 48), on_error="skip"), TileDataset(tiles, "sick")):
        alone = [arrays for arrays, _, _ in loader(dataset, batch_size=3, collate_fn=collate_items)]
        workers = [arrays for arrays, _, _ in loader(dataset, batch_size=3, num_workers=2, collate_fn=collate_items)]
        assert len(alone) == len(workers) > 0
        for one, other in zip(alone, workers, strict=True):
            np.testing.assert_array_equal(one, other)
    arrays, targets, records = next(iter(loader(TileDataset(tiles, "sick"), batch_size=4)))  # its own collate_fn
    assert tuple(arrays.shape) == (4, 3, 64, 64)
    assert targets.tolist() == [0, 1, 0, 1]
    assert records["row"].tolist() == tiles["row"].head(4).tolist()


@pytest.mark.slow
def test_torch_is_not_imported():
    code = "import sys; from eda_utils.cohort import datasets; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_aspect_is_true(make_dicom):
    disc = np.hypot(*np.mgrid[-50:50:1.0, -50:50:0.5]) < 30  # 100 × 200 pixels, twice as high as wide
    index = eda.index_folder(make_dicom(disc.astype(np.uint16) * 1000, PixelSpacing=[1.0, 0.5]))
    array = ImageDataset(index, size=(128, 128))[0][0][0]
    rows, columns = np.nonzero(array > 500)
    assert abs(np.ptp(rows) - np.ptp(columns)) <= 2


def test_spacing_is_as_asked(make_dicom):
    square = np.zeros((80, 60), np.uint16)
    square[20:60, 20:40] = 100  # 20 mm × 10 mm
    index = eda.index_folder(make_dicom(square, PixelSpacing=[0.5, 0.5]))
    array, _, record = ImageDataset(index, spacing_mm=0.25)[0]
    assert array.shape == (1, 160, 120)
    assert record["spacing_mm"] == (0.25, 0.25)
    assert (array > 50).sum() == pytest.approx(80 * 40, rel=0.02)
    assert ImageDataset(index, spacing_mm=0.25, size=(100, 200))[0][0].shape == (1, 100, 200)
    unspaced = eda.index_folder(make_dicom(square, name="other.dcm"))
    with pytest.raises(RequestError, match=r"other.dcm: has no spacing in its header; leave it out, or give size="):
        ImageDataset(unspaced, spacing_mm=0.25)[0]


def test_each_frame_is_an_item(make_dicom):
    frames = np.arange(3, dtype=np.uint8)[:, None, None] * np.ones((3, 8, 8), np.uint8)
    index = eda.index_folder(make_dicom(frames, NumberOfFrames=3))
    dataset = ImageDataset(index, frames="all")
    assert [array.max() for array, _, _ in (dataset[number] for number in range(3))] == [0, 1, 2]
    assert len(ImageDataset(index)) == 1
    assert dataset[-1][2]["frame"] == 2
    with pytest.raises(IndexError):
        dataset[3]


def test_what_cannot_be_read_raises_or_is_recorded(make_dicom):
    good, bad = make_dicom(np.ones((8, 8), np.uint16)), make_dicom(np.ones((8, 8), np.uint16), name="b.dcm", Rows=500)
    index = eda.index_folder([good, bad])
    assert ImageDataset(index)[0][0].shape == (1, 8, 8)
    with pytest.raises(EDAError):
        ImageDataset(index)[1]
    items = [ImageDataset(index, on_error="skip")[number] for number in (0, 1)]
    arrays, targets, records = collate_items(items)
    assert (len(arrays), len(targets), len(records)) == (1, 1, 2)
    assert records[1]["problem"].startswith("b.dcm: ")
    assert issubclass(DecodeError, EDAError)


def test_scale_is_fitted_on_the_training_part_only(tiles):
    parts = tiles.assign(part=["train"] * 10 + ["test"] * 10)
    with pytest.raises(RequestError, match="is not the training part"):
        fit_scale(TileDataset(parts))
    train = TileDataset(parts[parts["part"] == "train"])
    scale = fit_scale(train)
    pixels = np.stack([train[number][0] for number in range(len(train))])
    np.testing.assert_allclose(scale.mean, pixels.mean(axis=(0, 2, 3)), rtol=1e-4)
    np.testing.assert_allclose(scale.sd, pixels.std(axis=(0, 2, 3)), rtol=1e-4)
    scaled = TileDataset(parts[parts["part"] == "test"], scale=scale)
    assert "fitted on 10 images" in scaled.steps()[-1]


def test_targets(tiles):
    table = tiles.assign(grade=["low", "high"] * 10, unknown=[-1, 1] * 10)
    assert TileDataset(table, "grade")[0][1].tolist() == [0.0, 1.0]
    assert np.isnan(TileDataset(table, "unknown")[0][1])
    assert isinstance(pd.Series(TileDataset(table, "sick").targets).iloc[0], np.float32)
