"""Two Dask workers in processes of their own give the table that one process gives, even when one of them is killed."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from parts import mixed_folder, package

from eda_utils import index_folder, quality, read_index
from eda_utils.core import progress
from eda_utils.core.errors import RequestError
from eda_utils.index import folder as module
from eda_utils.samples import write_phantom_slide

PATIENCE = 120  # seconds, for a machine that is busy with other things


def start(*arguments, cwd):
    """Start a part of a cluster; should this process be killed, it ends by itself."""
    command = [str(Path(sys.executable).with_name("dask")), *arguments, "--no-dashboard"]
    with open(cwd / "log.txt", "a") as log:
        return subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=cwd)


def wait_for(condition, cwd):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, (cwd / "log.txt").read_text()
        time.sleep(0.05)


class Cluster:
    """A scheduler and its workers, each a process."""

    def __init__(self, folder):
        self.folder, self.processes, self.file = folder, {}, folder / "scheduler.json"
        self.processes["scheduler"] = start(
            *("scheduler", "--host", "127.0.0.1", "--port", "0"),
            *("--scheduler-file", str(self.file), "--idle-timeout", f"{PATIENCE} s"),
            cwd=folder,
        )
        try:
            wait_for(self.is_up, folder)
            self.address = json.loads(self.file.read_text())["address"]
        except BaseException:
            self.end()
            raise

    def is_up(self):
        assert self.processes["scheduler"].poll() is None, (self.folder / "log.txt").read_text()
        return self.file.exists() and self.file.read_text().strip().endswith("}")

    def add(self, *names):
        for name in names:
            self.kill(name)
            options = ["--nthreads", "1", "--no-nanny", "--name", name, "--death-timeout", "60"]
            where = ["--host", "127.0.0.1", "--local-directory", str(self.folder)]
            self.processes[name] = start("worker", self.address, *options, *where, cwd=self.folder)

    def client(self):
        from distributed import Client

        return Client(self.address, timeout=PATIENCE)

    def kill(self, name):
        if process := self.processes.pop(name, None):
            process.send_signal(signal.SIGKILL)
            process.wait()

    def end(self):
        for name in list(self.processes):
            self.kill(name)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    package("distributed")
    cluster = Cluster(tmp_path_factory.mktemp("cluster"))
    try:
        cluster.add("one", "two")
        with cluster.client() as client:
            client.wait_for_workers(2, timeout=PATIENCE)
        yield cluster
    finally:
        cluster.end()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    top = tmp_path_factory.mktemp("folder")
    for name in ("a", "b", "c"):
        mixed_folder(top / name)
    return top


@pytest.fixture
def small_batches(monkeypatch):
    monkeypatch.setattr(module, "BATCH", 2)
    monkeypatch.setattr(module, "PART", 2)


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("how", ["client", "address"])
def test_a_cluster_gives_the_same_table(cluster, folder, how):
    expected = index_folder(folder)
    with cluster.client() as client:
        table = index_folder(folder, client=client if how == "client" else cluster.address)
        assert len(client.run(os.getpid)) == 2
    pd.testing.assert_frame_equal(table, expected)
    assert table.attrs == expected.attrs


@pytest.mark.usefixtures("small_batches")
def test_with_the_scanner_with_other_tags_and_from_an_archive(cluster, folder, tmp_path, monkeypatch):
    import shutil

    monkeypatch.setattr(module, "SCAN_FROM", 0)
    archive = shutil.make_archive(str(tmp_path / "x"), "gztar", folder)
    with cluster.client() as client:
        for source, options in (
            (folder, {}),
            (folder, {"tags": "all"}),
            (folder, {"tags": ["Rows", "0009[ACME]01"]}),
            (archive, {}),
        ):
            expected = index_folder(source, **options)
            pd.testing.assert_frame_equal(index_folder(source, client=client, **options), expected)


@pytest.mark.usefixtures("small_batches")
def test_a_cluster_writes_the_parts(cluster, folder, tmp_path):
    """They are written where they are made; what comes back is where they lie."""
    expected = index_folder(folder)
    with cluster.client() as client:
        found = index_folder(folder, output=tmp_path / "parts", client=client)
    assert found == tmp_path / "parts"
    parts = sorted(path.name for path in found.iterdir())
    assert parts == [f"part-{number:06}.parquet" for number in range((len(expected) + 1) // 2)]
    pd.testing.assert_frame_equal(read_index(found), expected)
    with pytest.raises(RequestError) as caught:
        index_folder(folder, output=found, client=cluster.address)
    assert str(caught.value) == "parts: is not empty; give a new folder."


@pytest.mark.usefixtures("small_batches")
def test_a_cache_is_kept_with_a_cluster_too(cluster, folder, tmp_path):
    expected = index_folder(folder)
    for _ in range(2):
        table = index_folder(folder, cache=tmp_path / "cache.parquet", client=cluster.address)
        pd.testing.assert_frame_equal(table, expected)


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("output", [False, True], ids=["table", "parts"])
def test_a_worker_is_killed_halfway(cluster, folder, tmp_path, monkeypatch, output):
    expected = index_folder(folder)
    with cluster.client() as client:
        cluster.add("victim")
        client.wait_for_workers(3, timeout=PATIENCE)

        workers = client.scheduler_info(n_workers=-1)["workers"]
        (address,) = (address for address, facts in workers.items() if facts["name"] == "victim")
        counts, busy = [], []

        class Bar(progress.tqdm):
            def update(self, count):
                counts.append(count)
                busy.append(len(client.processing().get(address, ())))
                if "victim" in cluster.processes and (busy[-1] or 2 * sum(counts) > len(expected)):
                    cluster.kill("victim")

        monkeypatch.setattr(progress, "tqdm", Bar)
        found = index_folder(folder, client=client, output=tmp_path / "parts" if output else None)
        assert "victim" not in cluster.processes
        assert max(busy) > 0
        wait_for(lambda: len(client.nthreads()) == 2, cluster.folder)
    pd.testing.assert_frame_equal(read_index(found) if output else found, expected)


def test_slides_of_a_cluster_are_those_of_here(cluster, tmp_path):
    for seed, defects in enumerate([(), ("ink",), ("truncated",)]):
        write_phantom_slide(tmp_path / f"{seed}.tiff", shape=(1024, 1536), seed=seed, defects=defects)
    expected = quality.measure_slides(tmp_path)
    with cluster.client() as client:
        pd.testing.assert_frame_equal(quality.measure_slides(tmp_path, client=client), expected)
    assert (expected["problem"] != "").tolist() == [False, False, True]
