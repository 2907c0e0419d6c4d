"""A folder of hostile files: every entry a row, no hang, no crash, bounded memory, and nothing is changed."""

import os
import random
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pandas as pd
import pytest
from hostile.corpus import make_hostile
from hostile.elements import native
from hostile.judge import entries, is_acceptable, states, stored
from hostile.trial import GIB, trials
from parts import ROOT

import eda_utils as eda

WHOLE = os.environ.get("EDA_HOSTILE") == "1"  # a subset otherwise: run.py takes some minutes
SEED = int(os.environ.get("EDA_HOSTILE_SEED", "20261123"))
SLOW = ("wide", "deflate_bomb", "sparse_giants", "picture_bomb")  # as slow as they may be: not for every function
CHILD = """
import resource, sys
import eda_utils as eda
resource.setrlimit(resource.RLIMIT_AS, (6 * 2**30, 6 * 2**30))
if __name__ == "__main__":
    workers = int(sys.argv[3]) if len(sys.argv) > 3 else None
    table = eda.index_folder(sys.argv[1], workers=workers, progress=False)
    table[["path", "kind", "problem", "warning"]].to_pickle(sys.argv[2])
    status = dict(line.split(":") for line in open("/proc/self/status"))
    print(int(status["VmHWM"].split()[0]) * 1024)  # getrusage begins with what the process was copied from
"""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    try:
        yield folder, make_hostile(folder / "files", SEED, most=None if WHOLE else 4)
    finally:  # pytest keeps folders, and shutil calls itself too deeply for these
        subprocess.run(["rm", "-rf", str(folder)], check=True)


def index_in_child(folder, workers=()):
    """An index made by a process with bounds, and the most memory that it took."""
    script, out = folder / "child.py", folder / "index.pickle"
    script.write_text(CHILD)
    command = [sys.executable, str(script), str(folder / "files" / "root"), str(out), *map(str, workers)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    told = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600, check=True)
    return pd.read_pickle(out), int(told.stdout)


@pytest.fixture(scope="module")
def indexed(hostile):
    folder, found = hostile
    before = states(folder / "files")
    table, memory = index_in_child(folder)
    return table, memory, before == states(folder / "files"), found


def test_every_entry_is_one_row(hostile, indexed):
    root = hostile[0] / "files" / "root"
    assert sorted(indexed[0]["path"]) == sorted(map(stored, entries(root)))


def test_verdicts(indexed):
    table, _, _, found = indexed
    rows = table.astype(object).where(table.notna(), None).set_index("path")
    wrong = [
        (kind, verdict, path)
        for path, kind, verdict in found
        if not is_acceptable(verdict, rows.loc[stored(path), "problem"], rows.loc[stored(path), "warning"])
    ]
    assert [case for case in wrong if case[0].startswith("valid")] == []
    assert len(wrong) <= len(found) / 100, wrong
    assert table["problem"].fillna("").str.contains("unexpected").sum() == 0


def test_nothing_is_changed_and_memory_is_bounded(indexed):
    assert indexed[2]
    assert indexed[1] < GIB


def test_two_processes_say_the_same(hostile, indexed):
    table, memory = index_in_child(hostile[0], [2])
    # how far a reader gets in its time differs, and so do standard input and what the kernel has said since
    names = "|".join([*(f"/{name}/" for name in (*SLOW, "holes")), "/fd$", "/kmsg$"])
    one, two = (some[~some["path"].str.contains(names)].reset_index(drop=True) for some in (table, indexed[0]))
    pd.testing.assert_frame_equal(one, two)
    assert memory < GIB


@pytest.mark.parametrize("name", ["index_alone", "index_all", "header", "measure", "audit", "copy", "slide"])
def test_each_file_alone(hostile, name):
    chosen = [path for path, kind, _ in hostile[1] if WHOLE or kind not in (*SLOW, "script_strings")]
    chosen = [path for path in chosen if len(os.fsencode(path)) < 4096]  # as a source it does not exist
    links = [path for path in chosen if os.path.islink(path) and os.path.isdir(path)]  # as a source: whole folders
    chosen = sorted(set(chosen) - set(links))[:: 1 if WHOLE or name == "index_alone" else 4]
    told = list(trials(name, chosen))
    assert [path for path, *_ in told] == chosen
    assert [(path, failure) for path, _, _, failure in told if failure] == []
    assert [(path, memory) for path, _, memory, _ in told if memory > GIB] == []
    assert [(path, seconds) for path, seconds, _, _ in told if seconds > 25] == []  # 10 s on a machine without company


def worry(folder, names, chance, stop):
    """Rename, cut, lengthen, remove files and put pipes and folders in their places."""
    turns = 0
    while not stop.is_set():
        path = folder / chance.choice(names)
        turn = chance.choice(("rename", "cut", "grow", "pipe", "remove", "write", "folder", "link"))
        try:
            if turn == "rename":
                path.rename(path.with_name(f"{path.name}_"))
            elif turn in ("cut", "grow"):
                os.truncate(path, chance.randrange(900) if turn == "cut" else 10**9)
            else:
                path.unlink()
                make = {"pipe": os.mkfifo, "folder": os.mkdir, "link": lambda there: there.symlink_to(there)}
                make.get(turn, lambda there: there.write_bytes(native()))(path)
        except OSError:
            path.is_dir() and shutil.rmtree(path, ignore_errors=True)
        turns += 1
        time.sleep(0)
    return turns


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("scan_from", [500, 0])
def test_files_that_change_under_the_hands(tmp_path, monkeypatch, seed, scan_from):
    monkeypatch.setattr("eda_utils.index.folder.SCAN_FROM", scan_from)
    names = [f"IM{number:03}" for number in range(150)]
    for name in names:
        (tmp_path / name).write_bytes(native())
    stop = threading.Event()
    thread = threading.Thread(target=worry, args=(tmp_path, names, random.Random(seed), stop))
    thread.start()
    try:
        end = time.monotonic() + 1.5
        while time.monotonic() < end:
            table = eda.index_folder(tmp_path, progress=False)
            assert table["path"].is_unique
            assert table["problem"].fillna("").str.contains("unexpected").sum() == 0
    finally:
        stop.set()
        thread.join()
    assert Path(tmp_path).is_dir()
