"""The same function over many batches: here, in several processes, or on a Dask cluster."""

import socket
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from functools import lru_cache, partial
from multiprocessing import get_context
from multiprocessing.reduction import ForkingPickler
from typing import Any, Protocol

from .errors import EDAError, RequestError

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # options of mallopt
KEPT_BYTES, LARGEST_KEPT = 2**27, 2**25  # glibc allows no more for a single piece
AHEAD = 4  # batches for each thread of a cluster: enough to keep it busy, too few to fill its memory


class Client(Protocol):
    """What we need of a ``distributed.Client``: Dask is not installed everywhere."""

    def submit(self, *args: Any, **kwargs: Any) -> Any: ...


@contextmanager
def mapper(workers: int | None = None, client: Client | str | None = None) -> Iterator[Callable]:
    """Give a function that works like `map`: lazily and in order, wherever the work is done.

    Parameters
    ----------
    workers : int, optional
        Processes on this machine, kept for the next time; none by default.
    client : distributed.Client or str, optional
        A Dask cluster, or the address of its scheduler. The workers must see the same files under the same paths.

    Yields
    ------
    callable
        ``each(function, batches)`` yields the results. A Dask worker that dies costs a repetition, not a result.

    Raises
    ------
    RequestError
        If `workers` is no whole number or below 1, both are given, or the scheduler cannot be reached.
    EDAError
        If one of our processes ends unexpectedly.

    Examples
    --------
    >>> from eda_utils.core import mapper
    >>> with mapper() as each:
    ...     list(each(len, ["ab", "c"]))
    [2, 1]
    """
    check_workers(workers)
    if workers is not None and client is not None:
        raise RequestError("workers", "a Dask client brings its own workers", "give workers or client, not both")
    if client is not None:
        with _connected(client) as connected:
            yield partial(_on_cluster, connected)
    elif workers in (None, 1):
        yield map
    else:
        try:
            yield _processes(workers).map
        except BrokenProcessPool:
            _processes.cache_clear()
            raise EDAError("workers", "a process ended unexpectedly", "run it again with one worker") from None


def check_workers(workers: int | None) -> int:
    """Return how many processes are meant, one by default, or raise RequestError."""
    if workers is not None and (not isinstance(workers, int) or workers < 1):
        raise RequestError("workers", "there must be at least one process", "leave it out or give 1 or more")
    return workers or 1


@lru_cache(maxsize=1)
def _processes(workers):
    """New processes, as a fork would inherit the locks of our threads; kept, as to start them takes a second or two."""
    return ProcessPoolExecutor(workers, get_context("spawn"), _begin)


def _begin():
    """Arrow's own allocator gives memory back after each batch; and its streams are sent faster than its tables."""
    import pyarrow

    keep_memory()
    pyarrow.set_memory_pool(pyarrow.system_memory_pool())
    ForkingPickler.register(pyarrow.Table, _streamed)


def _streamed(table):
    import pyarrow

    sink = pyarrow.BufferOutputStream()
    with pyarrow.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return _from_stream, (sink.getvalue(),)


def _from_stream(buffer):
    import pyarrow

    return pyarrow.ipc.open_stream(buffer).read_all()


def keep_memory():
    """Of glibc: the memory of one item is good for the next; to get each page anew can take as long as the work."""
    import ctypes

    with suppress(AttributeError, OSError, TypeError):  # Windows and macOS have no such thing
        set_option = ctypes.CDLL(None).mallopt
        set_option(TRIM_THRESHOLD, KEPT_BYTES)
        set_option(MMAP_THRESHOLD, LARGEST_KEPT)


@contextmanager
def _connected(client):
    if hasattr(client, "submit"):
        yield client
        return
    if not isinstance(client, str):
        wrong, advice = f"a {type(client).__name__} is no Dask client", "give a distributed.Client or an address"
        raise RequestError("client", wrong, advice)
    try:
        from distributed import Client
    except ImportError:
        raise RequestError("client", "Dask is not installed", 'run pip install "distributed"') from None
    try:
        _knock(client)
        connected = Client(client, timeout=10)
    except (OSError, ValueError, TypeError, OverflowError):  # TLS that is not set up, a port above 65535
        raise RequestError("client", "no scheduler answers at this address", "start it with: dask scheduler") from None
    with connected:
        yield connected


def _knock(address):
    """Dask would try for all of its ten seconds where nobody listens, and for ever within this process."""
    from distributed.comm import parse_host_port

    host, port = parse_host_port(address.rpartition("://")[2])
    socket.create_connection((host, port), timeout=3).close()


def _on_cluster(client, function, batches):
    waiting, ahead = deque(), AHEAD * max(1, sum(client.nthreads().values()))
    try:
        for batch in batches:
            waiting.append(client.submit(function, batch, pure=False, retries=3))
            if len(waiting) >= ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        client.cancel(list(waiting))
