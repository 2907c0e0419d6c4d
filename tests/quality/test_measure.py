"""One row for every image, with what numpy says about its pixels, whatever decoders do."""

import os
import shutil
import sys
import time
from functools import partial
from pathlib import Path

import imagecodecs
import numpy as np
import pandas as pd
import pydicom
import pytest
from absurd import ABSURD, SHAPES, SMALL
from parts import SAMPLES, for_each, foreign_files
from PIL import Image as Pillow
from pydicom.encaps import encapsulate
from pydicom.uid import ExplicitVRBigEndian, JPEG2000Lossless, JPEGLossless, JPEGLSLossless, RLELossless

from eda_utils import index_folder, load_image
from eda_utils.core import sandbox
from eda_utils.core.errors import EDAError, RequestError
from eda_utils.quality import measure as stats
from eda_utils.quality.measure import MOST_FRAMES, measure_image, measure_images
from eda_utils.samples.fetch import CANARY

COLUMNS = """
    path problem unit frames frames_measured min_value max_value mean_value sd_value p01_value p25_value p50_value
    p75_value p99_value entropy_bits padding_share low_share high_share bits_used stored_min stored_max unique_values
    border_share edge_value centre_value background_share sharpness noise_sd planes_equal corner_contrast exact_hash
    perceptual_hash
""".split()
ADVICE = "look at its header, or ask for the original"
random = np.random.default_rng(0)
CODE_STREAM = partial(imagecodecs.jpeg2k_encode, codecformat="j2k")
SCENE = np.cumsum(random.integers(-9, 10, (90, 110)), axis=1).astype(np.int16) + 2000


@pytest.fixture(scope="module")
def table(index):
    return measure_images(index)


def measured_values(path, frame=0):
    """By hand: the modality values without padding, of colour the luminance as Pillow makes it."""
    image = load_image(path, frame=frame)
    if image.is_color and image.pixels.dtype == np.uint8:
        return np.asarray(Pillow.fromarray(image.pixels).convert("L")).ravel()
    if image.is_color:
        weights = np.array([19595, 38470, 7471])
        return (image.pixels.astype(int) @ weights + 32768 >> 16).ravel()
    values = image.pixels.ravel() if image.padding is None else image.pixels[~image.padding]
    return values[np.isfinite(values)].astype(float)


def check_values(row, values):
    scale = max(np.abs(values).max(), 1e-9)
    for name, expected in {
        "min_value": values.min(),
        "max_value": values.max(),
        "mean_value": values.mean(),
        "sd_value": values.std(),
        **{f"p{percent:02}_value": np.percentile(values, percent) for percent in (1, 25, 50, 75, 99)},
    }.items():
        assert row[name] == pytest.approx(expected, rel=1e-7, abs=1e-7 * scale), name
    assert row["low_share"] == pytest.approx((values == values.min()).mean())
    assert row["high_share"] == pytest.approx((values == values.max()).mean())
    shares = np.unique(values, return_counts=True)[1] / values.size
    assert row["entropy_bits"] == pytest.approx(-(shares * np.log2(shares)).sum(), abs=1e-7)
    assert row["unique_values"] == len(shares)


@pytest.mark.slow
@for_each(foreign_files)
def test_values_are_numpys(path):
    try:
        image = load_image(path)
    except EDAError:
        with pytest.raises(EDAError):
            measure_image(str(path))
        return
    try:
        row = measure_image(str(path))
    except EDAError:
        assert image.frames > 1, "a later frame may be the one that is damaged"
        return
    chosen = np.unique(np.linspace(0, image.frames - 1, min(image.frames, MOST_FRAMES)).round().astype(int))
    assert (row["frames"], row["frames_measured"]) == (image.frames, len(chosen))
    values = np.concatenate([measured_values(path, int(frame)) for frame in chosen])
    if values.size:
        check_values(row, values)
        assert row["padding_share"] == pytest.approx(1 - values.size / (len(chosen) * np.prod(image.shape[:2])))
    assert row["unit"] == ("luminance" if image.is_color else image.unit)


@pytest.mark.slow
def test_every_image_of_the_samples_has_a_row(index, table):
    wanted = index[(index["kind"] == "image") | ((index["kind"] == "dicom") & index["Rows"].notna())]
    assert table["path"].tolist() == wanted.loc[(wanted["kind"] == "image") | wanted["problem"].isna(), "path"].tolist()
    assert table.columns.tolist() == COLUMNS
    assert table.index.tolist() == list(range(len(table)))
    measured = table["problem"].isna()
    assert table.loc[measured, ["mean_value", "exact_hash", "unit", "frames"]].notna().all(axis=None)
    assert table.loc[~measured, COLUMNS[2:]].isna().all(axis=None)
    told = {os.path.relpath(row.path, SAMPLES): row.problem for row in table[~measured].itertuples()}
    assert told["PAT0010/ST0002/SE0001/IM0003"] == (
        "the file is cut inside its Pixel Data (7FE0,0010); copy the file again"
    )
    assert CANARY.lower() not in table.to_csv().lower()


@pytest.mark.slow
def test_every_file_of_the_corpus_has_a_row(corpus):
    index = index_folder(corpus)
    table = measure_images(index, workers=2)
    assert len(table) == ((index["kind"] == "image") | index["Rows"].notna() & (index["kind"] == "dicom")).sum()
    assert (table["problem"].isna() == table["mean_value"].notna()).all()
    assert not table["problem"].str.contains("unexpected|crashed|longer").any()


@pytest.mark.slow
def test_types(table, index):
    empty = measure_images(index.head(0))
    assert empty.empty
    for found in (table, empty):
        assert (found[["frames", "frames_measured", "bits_used", "unique_values"]].dtypes == "Int64").all()
        assert (found[["path", "problem", "unit", "exact_hash", "perceptual_hash"]].dtypes == "str").all()
        assert found["planes_equal"].dtype == "boolean"
        rest = found.drop(columns=found.select_dtypes(["Int64", "str", "boolean"]).columns)
        assert (rest.dtypes == np.dtype(float)).all()


def measure(path, **how):
    return measure_images(index_folder(path), **how).iloc[0]


def test_hounsfield_units_by_hand(make_dicom):
    pixels = np.array([[-1000, 0], [40, -2000]], np.int16)
    row = measure(make_dicom(pixels, Modality="CT", RescaleSlope=2, RescaleIntercept=-24, PixelPaddingValue=-2000))
    assert (row["unit"], row["min_value"], row["max_value"], row["p50_value"]) == ("HU", -2024, 56, -24)
    assert (row["stored_min"], row["stored_max"], row["bits_used"]) == (-1000, 40, 11)
    assert (row["padding_share"], row["low_share"]) == (0.25, pytest.approx(1 / 3))


@pytest.mark.parametrize("attributes", ABSURD, ids=lambda attributes: next(iter(attributes)))
def test_absurd_headers_are_rows(make_dicom, attributes):
    for pixels in (SMALL, *SHAPES):
        table = measure_images(index_folder(make_dicom(pixels, **{"Modality": "CT"} | attributes)))
        assert not table["problem"].str.contains("unexpected").any()


def test_an_image_of_nothing_but_padding(make_dicom):
    row = measure(make_dicom(np.full((50, 50), -2000, np.int16), PixelPaddingValue=-2000))
    assert pd.isna(row["problem"])
    assert row["padding_share"] == 1
    assert pd.isna(row["mean_value"])
    assert isinstance(row["exact_hash"], str)


def test_colour(tmp_path):
    rgb = random.integers(0, 256, (40, 50, 3), np.uint8)
    Pillow.fromarray(rgb).save(tmp_path / "colour.png")
    grey = rgb[..., :1].repeat(3, 2)
    Pillow.fromarray(grey).save(tmp_path / "grey.png")
    Pillow.fromarray(grey[..., 0]).save(tmp_path / "plain.png")
    found = measure_images(index_folder(tmp_path)).set_index(pd.Index(["colour", "grey", "plain"]))
    assert found["planes_equal"].tolist() == [False, True, False]
    assert found["unit"].tolist() == ["luminance", "luminance", "stored value"]
    assert found.loc["colour", ["stored_min", "stored_max"]].tolist() == [rgb.min(), rgb.max()]
    assert found.loc["grey", "mean_value"] == pytest.approx(grey.mean())


def test_cines_are_sampled_with_first_and_last(make_dicom):
    frames = np.arange(100, dtype=np.uint8).repeat(64).reshape(100, 8, 8)
    row = measure(make_dicom(frames, NumberOfFrames=100, Rows=8, Columns=8))
    assert (row["frames"], row["frames_measured"]) == (100, MOST_FRAMES)
    assert (row["min_value"], row["max_value"], row["mean_value"]) == (0, 99, pytest.approx(49.5, abs=1))
    few = measure(make_dicom(frames[:5], NumberOfFrames=5, Rows=8, Columns=8))
    assert (few["frames"], few["frames_measured"], few["mean_value"]) == (5, 5, 2)


def lossless_copies(path):
    """The same image in other transfer syntaxes, made by imagecodecs and pydicom."""
    streams = {
        JPEGLSLossless: imagecodecs.jpegls_encode,
        JPEG2000Lossless: CODE_STREAM,
        JPEGLossless: lambda pixels: imagecodecs.jpeg_encode(pixels, lossless=True, bitspersample=16),
    }
    for syntax, encode in streams.items():
        dataset = pydicom.dcmread(path)
        pixels = dataset.pixel_array
        dataset.file_meta.TransferSyntaxUID = syntax
        dataset.PixelData = encapsulate([encode(pixels)])
        dataset.save_as(path.with_name(f"{syntax}.dcm"))
    dataset = pydicom.dcmread(path)
    dataset.compress(RLELossless)
    dataset.save_as(path.with_name("rle.dcm"))
    dataset = pydicom.dcmread(path)
    dataset.PixelData = dataset.pixel_array.astype(">u2").tobytes()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    pydicom.dcmwrite(path.with_name("big.dcm"), dataset, little_endian=False, implicit_vr=False)


def test_copies_have_one_hash(make_dicom, tmp_path):
    stored = SCENE.astype(np.uint16)
    path = make_dicom(stored, RescaleSlope=1, RescaleIntercept=-1024)
    lossless_copies(path)
    make_dicom(stored.astype(np.int16) - 1024, "shifted.dcm", RescaleSlope=1, RescaleIntercept=0)
    make_dicom(5000 - stored, "turned.dcm", RescaleSlope=-1, RescaleIntercept=5000 - 1024)
    make_dicom(stored * 2, "halved.dcm", RescaleSlope="0.5", RescaleIntercept=-1024)
    table = measure_images(index_folder(tmp_path))
    assert len(table) == 9
    assert table["problem"].isna().all()
    assert table["exact_hash"].nunique() == 1
    assert table["perceptual_hash"].nunique() == 1
    changed = stored.copy()
    changed[5, 5] += 1
    assert measure(make_dicom(changed, "changed.dcm", RescaleSlope=1, RescaleIntercept=-1024))["exact_hash"] not in set(
        table["exact_hash"]
    )


def test_polarity_does_not_change_what_is_seen(make_dicom, tmp_path):
    make_dicom(SCENE, "plain.dcm", WindowCenter=2000, WindowWidth=301)
    inverted = {"PhotometricInterpretation": "MONOCHROME1"}
    make_dicom(4000 - SCENE, "turned.dcm", WindowCenter=2000, WindowWidth=301, **inverted)
    make_dicom(SCENE, "negative.dcm", WindowCenter=2000, WindowWidth=301, **inverted)
    negative, plain, turned = (
        int(digits, 16) for digits in measure_images(index_folder(tmp_path)).sort_values("path")["perceptual_hash"]
    )
    assert (plain ^ turned).bit_count() <= 4
    assert (plain ^ negative).bit_count() >= 48


def test_what_a_radiologist_asks(make_dicom, tmp_path):
    """Which of these are blank, saturated, cut, duplicated?"""
    make_dicom(SCENE, "sound.dcm")
    make_dicom(np.full((90, 110), 300, np.int16), "blank.dcm")
    make_dicom(SCENE.clip(None, int(np.percentile(SCENE, 70))), "saturated.dcm")
    shutil.copy(tmp_path / "sound.dcm", tmp_path / "twin.dcm")
    whole = make_dicom(SCENE, "cut.dcm").read_bytes()
    (tmp_path / "cut.dcm").write_bytes(whole[:-5000])
    padded = np.pad(SCENE[:50], ((0, 40), (0, 0)))
    make_dicom(padded, "half.dcm")
    table = measure_images(index_folder(tmp_path))
    table.index = [Path(path).stem for path in table["path"]]
    assert table.index[table["sd_value"] == 0].tolist() == ["blank"]
    assert table.index[(table["high_share"] > 0.2) & (table["sd_value"] > 0)].tolist() == ["saturated"]
    assert table.index[table["problem"].notna()].tolist() == ["cut"]
    assert table.index[(table["border_share"] > 0.4) & (table["sd_value"] > 0)].tolist() == ["half"]
    assert sorted(table.index[table.duplicated("exact_hash", keep=False) & table["problem"].isna()]) == [
        "sound",
        "twin",
    ]


def odd_measure_image(path):
    """A decoder that does what the file's name says."""
    if "abort" in path:
        os.abort()
    if "sleep" in path:
        time.sleep(1e6)
    if "memory" in path:
        return bytearray(10**10)
    return measure_image(path)


@pytest.fixture
def odd_folder(tmp_path, monkeypatch):
    """Compressed images, some of which are the end of their decoder."""
    for name in ("a", "abort", "b", "memory", "sleep", "z"):
        Pillow.fromarray(np.uint8(SCENE % 256)).save(tmp_path / f"{name}.png")
    measure_image(str(tmp_path / "a.png"))  # compiled beforehand, so that a few seconds are enough
    monkeypatch.setattr(stats, "measure_image", odd_measure_image)
    for name in ("run_guarded", "run_apart"):
        monkeypatch.setattr(stats, name, partial(getattr(sandbox, name), seconds=3))
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("workers", [None, 2])
def test_decoders_that_crash_hang_or_take_all_memory_are_rows(odd_folder, workers):
    table = measure_images(index_folder(odd_folder), workers=workers)
    table.index = [Path(path).stem for path in table["path"]]
    assert table.index[table["mean_value"].notna()].isin(["a", "b", "z", "memory"]).all()
    assert table.loc[["a", "b", "z"], "problem"].isna().all()
    assert table.loc["abort", "problem"] == f"its decoder crashed; {ADVICE}"
    assert table.loc["sleep", "problem"] == f"reading took longer than 3 s; {ADVICE}"
    if sys.platform == "linux":
        assert table.loc["memory", "problem"] == f"reading needs more memory than 4 GB; {ADVICE}"


def with_size(stream, marker, offset, value):
    at = stream.index(marker) + offset
    return stream[:at] + value + stream[at + len(value) :]


@pytest.fixture
def hostile(make_dicom, tmp_path):
    """Small files with code streams that claim to be enormous, once with a header that agrees and once without."""
    jpegls, jpeg2k = imagecodecs.jpegls_encode(SCENE.view(np.uint16)), CODE_STREAM(SCENE.view(np.uint16))
    streams = {
        "ls": (JPEGLSLossless, with_size(jpegls, b"\xff\xf7", 5, b"\x7f\xff\x7f\xff")),
        "2k": (JPEG2000Lossless, with_size(jpeg2k, b"\xff\x51", 6, b"\0\0\x7f\xff\0\0\x7f\xff")),
        "ls_cut": (JPEGLSLossless, jpegls[: len(jpegls) // 2]),
        "ls_noise": (JPEGLSLossless, jpegls[:40] + random.bytes(len(jpegls) - 40)),
        "2k_noise": (JPEG2000Lossless, jpeg2k[:150] + random.bytes(len(jpeg2k) - 150)),
    }
    for name, (syntax, stream) in streams.items():
        for size in (None, 32767):
            dataset = pydicom.dcmread(make_dicom(SCENE))
            dataset.file_meta.TransferSyntaxUID = syntax
            dataset.PixelData = encapsulate([stream])
            if size:
                dataset.Rows = dataset.Columns = size
            dataset.save_as(tmp_path / f"{name}_{size}.dcm")
    make_dicom(SCENE, "native_claim.dcm", Rows=60000, Columns=60000)
    make_dicom(SCENE, "sound.dcm")
    (tmp_path / "image.dcm").unlink()
    return tmp_path


def test_hostile_files_are_rows(hostile):
    table = measure_images(index_folder(hostile))
    table.index = [Path(path).stem for path in table["path"]]
    assert len(table) == 12
    assert pd.isna(table.loc["sound", "problem"])
    for name in ("ls_None", "2k_None"):
        assert "differ from the size that its code stream states" in table.loc[name, "problem"]
    for name in ("ls_cut_None", "ls_noise_None"):
        assert table.loc[name, "problem"] == "its code stream is cut: the end marker is missing; copy the file again"
    for name in ("ls_noise_32767", "2k_noise_32767", "ls_cut_32767"):
        assert "claims more pixels than its Pixel Data (7FE0,0010) can hold" in table.loc[name, "problem"]
    for name in ("ls_32767", "2k_32767"):  # two gigabytes of samples, said twice
        assert table.loc[name, "problem"].startswith(("its", "decoding", "Rows and Columns claim"))
    assert table.loc["native_claim", "problem"].startswith("the file is cut inside its Pixel Data")


def test_native_pixels_need_no_process(make_dicom, monkeypatch):
    monkeypatch.setattr(sandbox, "_idle", [])
    monkeypatch.setattr(sandbox, "_start", None)
    assert measure(make_dicom(SCENE))["max_value"] == SCENE.max()


def test_compressed_pixels_are_not_decoded_here(tmp_path, monkeypatch):
    Pillow.fromarray(np.uint8(SCENE % 256)).save(tmp_path / "a.png")
    monkeypatch.setattr(sandbox, "call_guarded", None)
    assert pd.isna(measure(tmp_path)["problem"])


@pytest.mark.slow
def test_two_processes_give_the_same_table(index, table):
    assert measure_images(index, workers=2).equals(table)


def test_order_is_kept_where_native_and_compressed_are_mixed(make_dicom, tmp_path):
    for number in range(6):
        make_dicom(np.full((4, 4), number, np.uint8), f"{number}.dcm")
        Pillow.fromarray(np.full((4, 4), number + 100, np.uint8)).save(tmp_path / f"{number}.png")
    found = measure_images(index_folder(tmp_path))["mean_value"].tolist()
    assert found == [value for number in range(6) for value in (number, number + 100)]


def test_members_of_an_archive(samples, tmp_path):
    archive = shutil.make_archive(tmp_path / "export", "zip", samples / "PAT0004")
    found, plain = (measure_images(index_folder(source)) for source in (archive, samples / "PAT0004"))
    assert found.drop(columns="path").equals(plain.drop(columns="path"))


def test_a_tiff_of_the_other_byte_order(tmp_path):
    pixels = SCENE.astype(">u2")
    Pillow.frombytes("I;16B", pixels.shape[::-1], pixels.tobytes()).save(tmp_path / "big.tif")
    assert measure(tmp_path)["mean_value"] == pytest.approx(SCENE.mean())


def test_an_index_of_other_tags(samples):
    folder = samples / "PAT0004"
    plain = measure_images(index_folder(folder))
    assert measure_images(index_folder(folder, tags=["Modality"])).equals(plain)


def test_files_that_vanish_or_change_after_the_index(make_dicom, tmp_path):
    make_dicom(SCENE, "gone.dcm")
    make_dicom(SCENE, "text.dcm")
    index = index_folder(tmp_path)
    (tmp_path / "gone.dcm").unlink()
    (tmp_path / "text.dcm").write_text("no image")
    assert measure_images(index)["problem"].tolist() == [
        "there is no such file; check the path",
        "is a text file and no image; index the folder again",
    ]


def test_an_unexpected_error_is_a_row(make_dicom, monkeypatch):
    def broken(path):
        raise ZeroDivisionError(f"in '{CANARY}'")

    monkeypatch.setattr(stats, "measure_image", broken)
    assert measure(make_dicom(SCENE))["problem"] == f"unexpected ZeroDivisionError: in '…'; {ADVICE}"


def test_wrong_requests(index, tmp_path):
    with pytest.raises(RequestError, match="workers: there must be at least one process; leave it out or give 1"):
        measure_images(index, workers=0)
    with pytest.raises(RequestError, match=r"workers: a Dask client brings its own workers; give workers or client"):
        measure_images(index, workers=2, client="tcp://localhost:1")
    with pytest.raises(RequestError, match=r"stats.csv: a cache is a Parquet file; give a name that ends in .parquet"):
        measure_images(index, cache=tmp_path / "stats.csv")


def test_progress_is_shown(make_dicom, tmp_path, capsys):
    make_dicom(SCENE, "a.dcm")
    make_dicom(SCENE, "b.dcm", Rows=1000)
    measure_images(index_folder(tmp_path, progress=False), progress=True)
    told = capsys.readouterr().err
    assert "measuring pixels: 100%" in told
    assert "images/s" in told
    assert "problems=1" in told
    measure_images(index_folder(tmp_path, progress=False))
    assert capsys.readouterr().err == ""


@pytest.fixture
def folder(samples, tmp_path):
    shutil.copytree(samples / "PAT0004", tmp_path / "data")
    shutil.copytree(samples / "PAT0011", tmp_path / "data" / "more")
    return tmp_path / "data"


def counted(monkeypatch):
    """Every file that is measured from here on, all of them in this process."""
    opened, real = [], measure_image

    def count(path):
        opened.append(Path(path).name)
        return real(path)

    monkeypatch.setattr(stats, "measure_image", count)
    monkeypatch.setattr(stats, "_is_native", lambda rows: np.ones(len(rows), bool))
    return opened


@pytest.mark.slow
def test_unchanged_files_are_not_decoded_again(folder, tmp_path, monkeypatch, capsys):
    opened, cache = counted(monkeypatch), tmp_path / "stats.parquet"
    plain = measure_images(index_folder(folder))
    first = measure_images(index_folder(folder), cache=cache)
    assert first.equals(plain)
    assert cache.stat().st_mode & 0o777 == 0o600
    opened.clear()
    again = measure_images(index_folder(folder), cache=cache)
    assert opened == []
    assert again.equals(plain)
    assert again.dtypes.equals(plain.dtypes)
    changed = next(path for path in folder.rglob("IM0001.dcm"))
    shutil.copy(changed, folder / "new.dcm")
    os.utime(changed)
    renewed = measure_images(index_folder(folder, progress=False), cache=cache, progress=True)
    assert sorted(opened) == sorted([changed.name, "new.dcm"])
    assert "1 changed, 1 new, 0 vanished" in capsys.readouterr().err
    assert renewed.equals(measure_images(index_folder(folder)))


def test_a_cache_of_another_version_is_rebuilt(folder, tmp_path, monkeypatch, capsys):
    cache, index = tmp_path / "stats.parquet", index_folder(folder)
    plain = measure_images(index, cache=cache)
    monkeypatch.setattr(stats, "VERSION", stats.VERSION + 1)
    opened = counted(monkeypatch)
    assert measure_images(index, cache=cache, progress=True).equals(plain)
    assert len(opened) == len(plain)
    assert capsys.readouterr().err.count("stats.parquet is rebuilt") == 1
    cache.write_text("no parquet")
    assert measure_images(index, cache=cache).equals(plain)


def test_an_index_is_no_cache_for_pixels(folder, tmp_path):
    cache = tmp_path / "index.parquet"
    index = index_folder(folder, cache=cache)
    assert measure_images(index, cache=cache).equals(measure_images(index))


@pytest.mark.slow
@pytest.mark.services
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_cluster_gives_the_same_table(hostile, samples):
    distributed = pytest.importorskip("distributed")
    shutil.copytree(samples / "PAT0004", hostile / "more")
    index = index_folder(hostile)
    options = {"n_workers": 1, "threads_per_worker": 2, "dashboard_address": ":0"}
    with distributed.LocalCluster(**options) as cluster, distributed.Client(cluster) as client:
        found = measure_images(index, client=client)
    assert found.equals(measure_images(index))


def test_a_file_that_kills_the_workers_of_a_cluster_is_a_row(make_dicom, tmp_path, monkeypatch):
    distributed = pytest.importorskip("distributed")
    for name in ("a", "b", "deadly", "c", "d", "e"):
        make_dicom(SCENE, f"{name}.dcm")
    asked = []

    def each(function, batches):
        for batch in batches:
            asked.append(len(batch))
            if any("deadly" in path for path, _ in batch):
                raise distributed.KilledWorker("task", None, 3)
            yield function(batch)

    index = index_folder(tmp_path)
    monkeypatch.setattr(stats, "BATCH", 4)
    items = [(path, True) for path in index["path"]]
    found = list(stats._measure_there(items, each))
    assert asked[0] == 4
    for (path, _), row in zip(items, found, strict=True):
        if "deadly" in path:
            assert str(row) == f"deadly.dcm: every worker of the cluster that decoded it died; {ADVICE}."
        else:
            assert row["max_value"] == SCENE.max()
