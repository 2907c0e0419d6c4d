"""The same results in the same order wherever the work is done; what cannot work is said at once."""

import os
import socket
import sys

import pytest
from parts import package

from eda_utils import index_folder
from eda_utils.core.errors import MissingError, RequestError
from eda_utils.core.files import read_head
from eda_utils.core.parallel import AHEAD, mapper

TOO_FEW = "workers: there must be at least one process; leave it out or give 1 or more."
BOTH = "workers: a Dask client brings its own workers; give workers or client, not both."
SILENT = "client: no scheduler answers at this address; start it with: dask scheduler."
NO_CLIENT = "client: a {} is no Dask client; give a distributed.Client or an address."


@pytest.mark.parametrize("workers", [None, 1])
def test_here_it_is_map(workers):
    with mapper(workers) as each:
        assert each is map


def process_and_square(number):
    return os.getpid(), number * number


def test_new_processes_keep_the_order():
    with mapper(2) as each:
        results = list(each(abs, range(-20, 0)))
    assert results == list(range(20, 0, -1))


def test_an_error_of_a_process_comes_home(tmp_path):
    """As ours, with its three clauses, and the other processes end."""
    with pytest.raises(MissingError) as caught, mapper(2) as each:
        list(each(read_head, [str(tmp_path / "gone")] * 4))
    assert str(caught.value) == "gone: there is no such file; check the path."


@pytest.mark.parametrize(
    ("options", "text"),
    [
        *[({"workers": workers}, TOO_FEW) for workers in (0, -1, "2", 2.5)],
        ({"workers": 2, "client": "127.0.0.1:8786"}, BOTH),
        ({"workers": 1, "client": object()}, BOTH),
        ({"client": 5}, NO_CLIENT.format("int")),
        ({"client": object()}, NO_CLIENT.format("object")),
    ],
)
def test_arguments_that_make_no_sense(options, text, tmp_path):
    for call in (lambda: index_folder(tmp_path, **options), lambda: mapper(**options).__enter__()):
        with pytest.raises(RequestError) as caught:
            call()
        assert str(caught.value) == text


def closed_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1:{}",
        "tcp://127.0.0.1:{}",
        "tls://127.0.0.1:{}",
        "",
        "x",
        "nonsense://x",
        "inproc://x",
        "127.0.0.1:99999",
        "a:b",
    ],
)
def test_nobody_listens(address, tmp_path, monkeypatch):
    """Dask itself would try again for ten seconds, or for ever; it is not even asked."""
    distributed = package("distributed")
    monkeypatch.setattr(distributed, "Client", None)
    with pytest.raises(RequestError) as caught:
        index_folder(tmp_path, client=address.format(closed_port()))
    assert str(caught.value) == SILENT


def test_tls_without_certificates(tmp_path):
    package("distributed")
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(RequestError) as caught:
        index_folder(tmp_path, client=f"tls://127.0.0.1:{server.getsockname()[1]}")
    assert str(caught.value) == SILENT


def test_without_dask(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(RequestError) as caught:
        index_folder(tmp_path, client="127.0.0.1:8786")
    assert str(caught.value) == 'client: Dask is not installed; run pip install "distributed".'


class Cluster:
    """A cluster of two threads that works when it is asked for a result."""

    def __init__(self):
        self.submitted, self.cancelled = [], []

    def nthreads(self):
        return {"tcp://a": 1, "tcp://b": 1}

    def submit(self, function, batch, **how):
        self.submitted.append(batch)
        future = Future()
        future.result, future.how = (lambda: function(batch)), how
        return future

    def cancel(self, futures):
        self.cancelled.extend(futures)


class Future:
    """What `Cluster` returns."""


def test_a_cluster_is_kept_busy_and_not_flooded():
    """Millions of files are batches without end: only a few are under way."""
    cluster, taken = Cluster(), []
    with mapper(client=cluster) as each:
        for result in each(abs, iter(range(-100, 0))):
            taken.append(result)
            assert len(cluster.submitted) <= len(taken) + 2 * AHEAD
    assert taken == list(range(100, 0, -1))
    assert cluster.cancelled == []


@pytest.mark.parametrize("end", ["an error", "the user"])
def test_what_is_not_wanted_any_more_is_cancelled(end):
    cluster = Cluster()
    with mapper(client=cluster) as each:
        results = each(lambda number: 1 // number, [1, 1, 0, *range(1, 50)])
        next(results)
        if end == "the user":
            results.close()
        else:
            with pytest.raises(ZeroDivisionError):
                list(results)
    assert len(cluster.cancelled) >= AHEAD
    assert len(cluster.submitted) < 50
