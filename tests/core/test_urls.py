"""What is not on the disk of this machine: read in part, closed in time, and spoken of without its server."""

import gzip
import io
import os
import tarfile
import tracemalloc
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st
from parts import by_name, mixed_folder, package
from pydicom.data import get_testdata_file

from eda_utils import index_folder, load_image
from eda_utils.core import urls as remote
from eda_utils.core.errors import EDAError, FormatError, MissingError
from eda_utils.core.urls import is_url, list_urls, open_url, read_url, url_facts, url_name

CT = Path(get_testdata_file("CT_small.dcm")).read_bytes()
SECRETS = ("127.0.0.1", "hospital", "anna", "pass-word", "signature")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return mixed_folder(tmp_path_factory.mktemp("folder"))


@pytest.fixture
def memory(folder):
    """The same files in the memory of this process, where fsspec has a file system too."""
    fsspec = package("fsspec")
    system = fsspec.filesystem("memory")
    system.put(f"{folder}/", "/copy", recursive=True)
    yield "memory://copy"
    system.rm("/copy", recursive=True)


@pytest.fixture(scope="module", params=["zip", "tar", "tar.gz"])
def archive(request, folder, tmp_path_factory):
    """The URL of an archive of the same files."""
    path = tmp_path_factory.mktemp("archive") / f"x.{request.param}"
    if request.param == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            for member in filter(Path.is_file, folder.rglob("*")):
                file.write(member, member.relative_to(folder))
    else:
        with tarfile.open(path, "w:gz" if request.param == "tar.gz" else "w") as file:
            file.add(folder, ".", recursive=True)
    return f"{request.param[:3]}://::{path}"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        *[("s3://bucket", True), ("zip://::x", True), ("file:///x", True), ("memory://x", True)],
        *[("/data/s3", False), ("C:\\data", False), ("C://data", False), ("a/b://c", False), ("", False)],
        *[(Path("s3://bucket"), False), (b"s3://bucket", False), (None, False), ("://x", False)],
    ],
)
def test_what_is_a_url(source, expected):
    assert is_url(source) is expected


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("s3://bucket/folder/a.dcm", "a.dcm"),
        ("s3://bucket/folder/", "folder"),
        ("s3://bucket", "s3"),
        ("https://anna:pass-word@hospital:8080/d/a.dcm?X-Amz-signature=1/2", "a.dcm"),
        ("https://anna:pass-word@hospital", "https"),
        ("https://anna:pass-word@hospital/", "https"),
        ("https://hospital?key=signature", "https"),
        ("zip://d/a.dcm::/data/x.zip", "a.dcm"),
        ("zip://a.dcm::https://anna:pass-word@hospital/x.zip", "a.dcm"),
        ("zip://::/data/x.zip", "x.zip"),
        ("zip://::https://anna:pass-word@hospital/x.zip?signature", "x.zip"),
        ("zip://::https://anna:pass-word@hospital", "https"),
        ("zip://a.dcm::zip://inner.zip::/data/x.zip", "a.dcm"),
    ],
)
def test_how_a_file_is_called(url, name):
    assert url_name(url) == name


def refusals():
    gone = "{}: there is no such file or folder; check the spelling of the URL."
    no_archive = "{}: there is no such file; check the URL."
    unread = "{}: could not be read ({}); check the URL, the credentials and the archive."
    package = "{}: a package for this kind of URL is not installed; install it with pip, such as s3fs for s3://."
    return {
        "memory://hospital/gone": gone.format("gone"),
        "file:///hospital/gone": gone.format("gone"),
        "zip://::/hospital/x.zip": no_archive.format("x.zip"),
        "zip://a.dcm::/hospital/x.zip": no_archive.format("a.dcm"),
        "tar://::/hospital/x.tar": no_archive.format("x.tar"),
        "zip://::memory://hospital/x.zip": no_archive.format("x.zip"),
        f"zip://::{__file__}": unread.format("test_urls.py", "BadZipFile"),
        f"tar://::{__file__}": unread.format("test_urls.py", "ReadError"),
        "zip://hospital": unread.format("zip", "IsADirectoryError"),
        "nonsense://anna:pass-word@hospital/x": unread.format("x", "ValueError"),
        "nonsense://anna:pass-word@hospital": unread.format("nonsense", "ValueError"),
        "ftp://anna:pass-word@127.0.0.1:9/x": unread.format("x", "ConnectionRefusedError"),
        "absent://anna:pass-word@hospital/x": package.format("x"),
        "zip://a.dcm::absent://anna:pass-word@hospital/x.zip": package.format("a.dcm"),
    }


@pytest.mark.parametrize(("url", "text"), refusals().items())
def test_what_cannot_be_listed(url, text, monkeypatch):
    """Three clauses, whatever the store throws, and nothing of where it is and how to get in."""
    registry = package("fsspec.registry")
    monkeypatch.setitem(
        registry.known_implementations, "absent", {"class": "no_such_package.FileSystem", "err": "SECRET"}
    )
    for call in (list_urls, index_folder):
        with pytest.raises(EDAError) as caught:
            call(url)
        assert str(caught.value) == text
        assert not any(secret in text for secret in SECRETS)


@pytest.mark.parametrize("call", [load_image, open_url, read_url, url_facts], ids=lambda call: call.__name__)
@pytest.mark.parametrize("url", ["memory://hospital/gone.dcm", "zip://gone.dcm::{}"])
def test_a_missing_file(call, url, tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as file:
        file.writestr("ct", CT)
    with pytest.raises(MissingError) as caught:
        call(url.format(tmp_path / "x.zip"))
    assert str(caught.value) == "gone.dcm: there is no such file; check the URL."


def test_a_bad_url_among_good_ones_is_named(folder):
    """As a folder among folders that does not exist."""
    with pytest.raises(MissingError):
        index_folder([folder, "memory://gone/file"])


def test_any_file_system_has_the_same_rows(folder, memory):
    expected = by_name(index_folder(folder), str(folder))
    pd.testing.assert_frame_equal(by_name(index_folder(memory), "memory:///copy"), expected)
    pd.testing.assert_frame_equal(by_name(index_folder(f"file://{folder}"), f"file://{folder}"), expected)
    assert index_folder(f"{memory}/ct")["Modality"].tolist() == ["CT"]


def test_paths_and_urls_in_one_list(folder, memory, monkeypatch):
    alone = index_folder(folder / "ct")
    for scan_from in (500, 0):
        monkeypatch.setattr("eda_utils.index.folder.SCAN_FROM", scan_from)
        table = index_folder([folder / "ct", f"{memory}/ct", folder / "notes.txt", f"{memory}/empty"])
        assert table["kind"].tolist() == ["dicom", "dicom", "other", "other"]
        assert table["SOPInstanceUID"][1] == alone["SOPInstanceUID"][0]


def test_a_path_opens(folder, memory, archive):
    """What stands in the column `path` is what `load_image` takes."""
    for source, start in ((memory, "memory:///copy"), (archive, archive[:6])):
        table = index_folder(source)
        named = by_name(table, start, archive[6:])
        assert sorted(named["path"].str.removeprefix("./")) == sorted(
            str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()
        )
        pictures = table[table["problem"].isna() & table["warning"].isna() & table["Rows"].notna()]
        assert len(pictures) >= 6
        for path in pictures["path"]:
            image = load_image(path)
            name = path.partition("::")[0].removeprefix(start).lstrip("/")
            assert np.array_equal(image.pixels, load_image(folder / name).pixels)
            assert image.source == Path(name).name


def test_only_the_beginning_is_read(memory, monkeypatch):
    fsspec = package("fsspec")
    fsspec.filesystem("memory").pipe("/copy/large", CT + bytes(10**7))
    with open_url(f"{memory}/large") as file:
        assert file.read(4) == CT[:4]
    assert read_url(f"{memory}/large", 10) == CT[:10]
    assert len(read_url(f"{memory}/large")) == 16_384
    assert read_url(f"{memory}/empty") == b""


def test_facts_change_with_the_file(memory, tmp_path):
    fsspec = package("fsspec")
    system = fsspec.filesystem("memory")
    before = url_facts(f"{memory}/notes.txt")
    assert before == url_facts(f"{memory}/notes.txt")
    assert before[0] == 5
    system.pipe("/copy/notes.txt", b"other")
    after = url_facts(f"{memory}/notes.txt")
    assert after[0] == 5
    assert after[1] != before[1]
    assert 0 <= after[1] < 2**56


def test_a_cache_of_an_archive(folder, tmp_path, monkeypatch):
    """Opened for its list only; a member that changed is read again."""
    from eda_utils.index import rows

    opened, real = [], rows.read_row
    monkeypatch.setattr(rows, "read_row", lambda path, tags: opened.append(path) or real(path, tags))
    path, cache = tmp_path / "x.zip", tmp_path / "cache.parquet"

    def write(note):
        with zipfile.ZipFile(path, "w") as file:
            file.write(folder / "ct", "ct")
            file.writestr(zipfile.ZipInfo("note"), note)

    write("one")
    first = index_folder(path, cache=cache)
    assert len(opened) == 2
    pd.testing.assert_frame_equal(index_folder(path, cache=cache), first)
    assert len(opened) == 2
    write("two")
    assert index_folder(path, cache=cache)["problem"].notna().tolist() == [False, True]
    assert opened[2:] == [f"zip://note::{path}"]


# archives: memory, time, threads


def bomb(path, head, length, tail=b""):
    block = bytes(2**20)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with archive.open("bomb", "w") as file:
            file.write(head)
            for _ in range(length // len(block)):
                file.write(block)
            file.write(tail)
        archive.writestr("ct", CT)
    return path


HEADER = CT[: CT.rindex(b"\xe0\x7f\x10\0OW")]
SIZE = 2**26
TOO_LARGE = "is too large to be read inside of an archive; unpack the archive first"


@pytest.mark.parametrize(
    ("head", "problem"),
    [
        (b"", "a file of an unknown format, not a DICOM file, image or slide"),
        (HEADER + b"\xe0\x7f\x10\0OW\0\0" + SIZE.to_bytes(4, "little"), None),
        (HEADER + b"\x71\x7f\x10\x10OB\0\0" + SIZE.to_bytes(4, "little"), TOO_LARGE),
        (HEADER + b"\x71\x7f\x10\x10UN\0\0\xff\xff\xff\xff", TOO_LARGE),
        (b"\x89PNG\r\n\x1a\n" + SIZE.to_bytes(4, "big") + b"tEXt", TOO_LARGE),
    ],
    ids=["zeros", "pixels", "long value", "endless value", "PNG"],
)
def test_a_bomb_is_not_unpacked(tmp_path, monkeypatch, head, problem):
    """64 MB of nothing in 300 kB; read is what is allowed, here 1 MB, and the row says why."""
    monkeypatch.setattr(remote, "MOST_BYTES", 2**20)
    path = bomb(tmp_path / "x.zip", head, SIZE)
    index_folder(path)  # what is imported on the way is no matter
    tracemalloc.start()
    table = index_folder(path)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert table["problem"].astype(object).where(table["problem"].notna(), None).tolist() == [problem, None]
    assert table["size_bytes"][0] == SIZE + len(head)
    assert most < 2**24


def test_how_much_of_a_member_is_read():
    assert remote.MOST_BYTES >= 2**28  # the largest mammogram is well below
    with pytest.raises(FormatError) as caught:
        remote._bounded(io.BytesIO(b"abc").read, 2**28 + 1, "a.dcm")(-1)
    assert str(caught.value) == f"a.dcm: {TOO_LARGE}."


@settings(deadline=None)
@given(
    st.binary(max_size=300),
    st.lists(st.tuples(st.integers(0, 320), st.integers(0, 60)), max_size=12),
    st.integers(1, 40),
)
def test_a_tape_is_read_like_a_file(content, steps, kept):
    plain = io.BytesIO(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(remote, "KEPT_BYTES", kept)
        tape = remote._unpacked(io.BytesIO(gzip.compress(content)))
        for position, size in steps:
            assert (tape.seek(position), tape.tell()) == (plain.seek(position), position)
            assert tape.read(size) == plain.read(size)
            assert tape.tell() == plain.tell()


def test_a_compressed_tar_is_not_wound_back_for_every_member(tmp_path, monkeypatch):
    """It would take the square of its length."""
    noise = np.random.default_rng(0).bytes(2**16)
    with tarfile.open(tmp_path / "x.tgz", "w:gz", compresslevel=1) as archive:
        for number in range(40):
            info = tarfile.TarInfo(f"{number:02}.dcm")
            info.size = len(CT) + len(noise)
            archive.addfile(info, io.BytesIO(CT + noise))
    rewound, real = [], gzip._GzipReader._rewind
    monkeypatch.setattr(gzip._GzipReader, "_rewind", lambda reader: rewound.append(1) or real(reader))
    assert index_folder(tmp_path / "x.tgz")["Modality"].tolist() == ["CT"] * 40
    assert len(rewound) <= 4


@pytest.mark.slow
def test_threads_do_not_share_a_position(archive):
    expected = index_folder(archive)
    with ThreadPoolExecutor(4) as pool:
        assert all(table.equals(expected) for table in pool.map(index_folder, [archive] * 8))


def test_a_member_stays_open_as_long_as_it_is_needed(archive):
    (url,) = (url for url in list_urls(archive) if url_name(url) == "long")
    with open_url(url) as file:
        remote._archive.cache_clear()  # other archives may push this one out
        assert file.read()[128:132] == b"DICM"


@pytest.mark.slow
def test_archives_are_closed(archive):
    """No descriptor is left for every thread and every archive of the past."""
    index_folder(archive)
    before = len([*Path("/proc/self/fd").iterdir()])
    for _ in range(12):
        index_folder(archive)
    assert len([*Path("/proc/self/fd").iterdir()]) < before + 6


def test_an_archive_that_was_replaced_is_listed_anew(tmp_path):
    for names in (["a"], ["b", "c"]):
        with zipfile.ZipFile(tmp_path / "x.zip", "w") as file:
            for name in names:
                file.writestr(name, CT)
        os.utime(tmp_path / "x.zip", (0, 0))  # even where its time does not tell
        table = index_folder(tmp_path / "x.zip")
        assert table["path"].tolist() == [f"zip://{name}::{tmp_path / 'x.zip'}" for name in names]
        assert table["problem"].isna().all()
