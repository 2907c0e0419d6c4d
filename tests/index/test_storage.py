"""An index on disk: private, whole or not there; as a cache it spares unchanged files and is never trusted blindly."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from eda_utils import index_folder, write_index
from eda_utils.core.errors import MissingError, RequestError
from eda_utils.dicom import redact_table
from eda_utils.index import folder as module, rows

READ = {".parquet": pd.read_parquet, ".csv": pd.read_csv, ".xlsx": pd.read_excel}


@pytest.mark.parametrize("name", ["index.parquet", "index.csv", "index.xlsx"])
@pytest.mark.parametrize("change", [lambda table: table, redact_table])
def test_written_and_read_again(index, tmp_path, name, change):
    path = write_index(change(index), tmp_path / name)
    again = READ[path.suffix](path)
    assert len(again) == len(index)
    assert again["Rows"].fillna(0).astype(int).tolist() == index["Rows"].fillna(0).astype(int).tolist()
    assert path.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_where_an_index_cannot_be_written(index, tmp_path):
    with pytest.raises(RequestError) as caught:
        write_index(index, tmp_path / "index.ods")
    expected = "index.ods: is neither .parquet, .csv nor .xlsx; give a name with one of these endings."
    assert str(caught.value) == expected
    with pytest.raises(MissingError, match="its folder does not exist"):
        write_index(index, tmp_path / "gone" / "index.csv")


@pytest.fixture
def folder(samples, tmp_path):
    shutil.copytree(samples / "PAT0001", tmp_path / "data")
    shutil.copytree(samples / "PAT0010", tmp_path / "data", dirs_exist_ok=True)
    shutil.copy(samples / "photos" / "coffee.png", tmp_path / "data")
    (tmp_path / "data" / "notes.txt").write_text("hello")
    return tmp_path / "data"


@pytest.fixture
def opened(monkeypatch):
    """The names of the files that are opened."""
    names, real = [], rows.read_row

    def noted(path, tags):
        names.append(Path(path).name)
        return real(path, tags)

    monkeypatch.setattr(rows, "read_row", noted)
    return names


def test_unchanged_files_are_not_opened_again(folder, tmp_path, opened):
    plain = index_folder(folder)
    cache = tmp_path / "cache.parquet"
    assert index_folder(folder, cache=cache).equals(plain)
    assert cache.stat().st_mode & 0o777 == 0o600
    opened.clear()
    again = index_folder(folder, cache=cache)
    assert opened == []
    assert again.equals(plain)
    assert again.dtypes.equals(plain.dtypes)
    assert [type(cell) for cell in again["ImageType"]] == [type(cell) for cell in plain["ImageType"]]


def test_changed_new_and_vanished_files_are_noticed(folder, tmp_path, opened, capsys):
    cache = tmp_path / "cache.parquet"
    index_folder(folder, cache=cache)
    (folder / "notes.txt").write_text("hello again")
    shutil.copy(folder / "coffee.png", folder / "a_new_one.png")
    shutil.rmtree(folder / "ST0005")
    opened.clear()
    capsys.readouterr()
    table = index_folder(folder, cache=cache, progress=True)
    assert sorted(opened) == ["a_new_one.png", "notes.txt"]
    assert "1 changed, 1 new, 1 vanished" in capsys.readouterr().err
    assert table.equals(index_folder(folder))
    opened.clear()
    assert index_folder(folder, cache=cache).equals(table)
    assert opened == []


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:-100]), "it is damaged"),
        (lambda path: path.write_text("no parquet"), "it is damaged"),
        (lambda path: pd.DataFrame({"a": [1]}).to_parquet(path), "another version wrote it"),
    ],
)
def test_a_spoilt_cache_is_rebuilt(folder, tmp_path, capsys, spoil, reason):
    cache = tmp_path / "cache.parquet"
    plain = index_folder(folder, cache=cache)
    spoil(cache)
    capsys.readouterr()
    assert index_folder(folder, cache=cache, progress=True).equals(plain)
    assert f"cache.parquet is rebuilt: {reason}" in capsys.readouterr().err
    assert index_folder(folder, cache=cache).equals(plain)


def test_other_tags_need_another_reading(folder, tmp_path):
    cache = tmp_path / "cache.parquet"
    index_folder(folder, cache=cache)
    few = index_folder(folder, cache=cache, tags=["Modality"])
    assert few.equals(index_folder(folder, tags=["Modality"]))


def test_a_killed_run_is_continued(folder, tmp_path, opened, monkeypatch):
    """Rows read before the end of the run are kept."""
    from eda_utils.index import storage as file_module

    monkeypatch.setattr(file_module, "SAVE_AFTER", 3)
    cache, real = tmp_path / "cache.parquet", module._read_all

    def killed(paths, **how):
        if len(opened) >= 6:
            raise KeyboardInterrupt
        return real(paths, **how)

    monkeypatch.setattr(module, "_read_all", killed)
    with pytest.raises(KeyboardInterrupt):
        index_folder(folder, cache=cache)
    monkeypatch.setattr(module, "_read_all", real)
    before = len(opened)
    table = index_folder(folder, cache=cache)
    assert len(opened) - before == len(table) - 6
    assert table.equals(index_folder(folder))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cache.parquet", "data"]


def test_an_empty_folder_has_an_empty_cache(tmp_path):
    (tmp_path / "data").mkdir()
    for _ in range(2):
        assert index_folder(tmp_path / "data", cache=tmp_path / "c.parquet").empty


def test_where_a_cache_cannot_lie(folder, tmp_path):
    with pytest.raises(RequestError) as caught:
        index_folder(folder, cache=tmp_path / "cache.csv")
    expected = "cache.csv: a cache is a Parquet file; give a name that ends in .parquet."
    assert str(caught.value) == expected
    with pytest.raises(MissingError, match="its folder does not exist; make the folder first"):
        index_folder(folder, cache=tmp_path / "gone" / "c.parquet")


def test_what_could_not_be_opened_is_tried_again(folder, tmp_path, monkeypatch):
    """Giving a permission changes neither size nor modification time."""
    from eda_utils.core.errors import AccessError

    def closed(source, size=0):
        raise AccessError("notes.txt", "may not be opened (Permission denied)", "check its permissions")

    cache = tmp_path / "cache.parquet"
    with monkeypatch.context() as patch:
        patch.setattr(rows, "read_head", closed)
        assert index_folder(folder, cache=cache)["problem"].str.startswith("may not be opened").all()
    assert index_folder(folder, cache=cache).equals(index_folder(folder))
