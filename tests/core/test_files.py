"""Files are found once each, whatever they are called, and opening one neither hangs nor reads too much."""

import os
import subprocess

import pytest

from eda_utils.core.errors import AccessError, FormatError, LimitError, MissingError, RequestError
from eda_utils.core.files import file_facts, find_files, open_file, read_head, spelt


def test_every_file_is_found_once(samples):
    found = list(find_files(samples))
    assert sorted(found) == sorted(path for path in samples.absolute().rglob("*") if path.is_file())
    assert len(found) == len(set(found))


def test_order_is_stable_and_paths_are_absolute(samples):
    assert list(find_files(samples)) == list(find_files([samples]))
    assert all(path.is_absolute() for path in find_files(samples))


def test_a_loop_of_links_ends(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "file").write_text("x")
    (tmp_path / "deep" / "loop").symlink_to(tmp_path, target_is_directory=True)
    assert [path.name for path in find_files(tmp_path)] == ["file", "loop"]


def test_links_to_folders_are_rows_and_not_followed(tmp_path):
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    for folder in (inside, outside):
        folder.mkdir()
        (folder / "file").write_text("x")
    (inside / "away").symlink_to(outside, target_is_directory=True)
    (inside / "linked").symlink_to(outside / "file")
    assert [path.name for path in find_files(inside)] == ["away", "file", "linked"]
    assert read_head(inside / "linked") == b"x"
    with pytest.raises(AccessError) as caught:
        read_head(inside / "away")
    assert str(caught.value) == "away: is a link to a folder and was not followed; index that folder by itself."


def test_folders_deeper_than_calls_can_be(tmp_path):
    there = os.open(tmp_path, os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("d", dir_fd=there)
        below = os.open("d", os.O_RDONLY, dir_fd=there)
        os.close(there)
        there = below
    os.close(os.open("file", os.O_CREAT, dir_fd=there))
    os.close(there)
    try:
        assert [path.name for path in find_files(tmp_path)] == ["file"]
    finally:  # pytest would call itself too deeply to remove it
        subprocess.run(["rm", "-rf", str(tmp_path / "d")], check=True)


def test_a_file_that_turns_into_a_pipe_does_not_block(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_text("x")
    facts = os.stat(path)
    path.unlink()
    os.mkfifo(path)
    monkeypatch.setattr(os, "stat", lambda *_, **__: facts)  # as it was a moment ago
    for read in (read_head, open_file):
        with pytest.raises(FormatError, match="is a pipe, socket or device and not a file"):
            read(path)


def test_no_more_is_read_than_allowed(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(bytes(100))
    with open_file(path, 100) as file:
        assert file.read(100) == bytes(100)
    with open_file(path, 99) as file, pytest.raises(LimitError) as caught:
        file.read()
    wrong = "its header is larger than 64 MB; look at it with a tool for damaged files."
    assert str(caught.value) == f"file: {wrong}"


def test_a_name_spelt_out_opens(tmp_path):
    path = os.fsdecode(os.fsencode(tmp_path) + b"/a\xff")
    with open(path, "w") as file:
        file.write("x")
    assert spelt(path) == rf"{tmp_path}/a\xff"
    assert read_head(spelt(path)) == b"x"
    assert file_facts(spelt(path)) == file_facts(path)


def test_a_folder_that_may_not_be_opened_is_not_lost(tmp_path, monkeypatch):
    (tmp_path / "closed").mkdir()
    real = os.scandir
    closed = str(tmp_path / "closed")

    def scandir(path):
        if str(path) == closed:
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert [path.name for path in find_files(tmp_path)] == ["closed"]


@pytest.mark.parametrize("source", [None, 7, b"bytes"])
def test_not_a_path(source):
    with pytest.raises(RequestError, match="is not a path; give the path of a folder or a file"):
        list(find_files(source))


def test_missing_folder():
    with pytest.raises(MissingError) as caught:
        list(find_files("/no/such/folder"))
    assert str(caught.value) == "folder: there is no such file or folder; check the spelling of the path."


def test_what_is_not_a_file(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    with pytest.raises(FormatError, match=r"pipe: is a pipe, socket or device and not a file; leave it out."):
        read_head(tmp_path / "pipe")
    with pytest.raises(MissingError, match=r"dangling: is a link to a file that does not exist; check the path."):
        read_head(tmp_path / "dangling")
    with pytest.raises(AccessError, match=r"is a folder that may not be opened; check its permissions."):
        read_head(tmp_path)
