"""Work that can crash, hang or ask for all memory, in processes of its own that can be killed and replaced."""

import atexit
import contextlib
import faulthandler
import os
import pickle
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any, NamedTuple

from .errors import DecodeError, EDAError
from .parallel import keep_memory
from .text import without_values
from .urls import is_url, source_name

SECONDS = 60
MEMORY_BYTES = 4 * 10**9
FULL_BYTES = 10**9  # what a process may keep
PATIENCE = 2  # times `seconds` by the clock on the wall: a busy machine is no fault of the file
AHEAD = 64  # items for each process: one that takes long does not keep the others waiting
ADVICE = "look at its header, or ask for the original"
# -P: no module of the current folder can take the place of one of ours
COMMAND = ("-P", "-c", "from eda_utils.core.sandbox import serve; serve()")

_CPU_SIGNAL = getattr(signal, "SIGPROF", None)  # Windows does not count processor time for us
_idle = []  # processes kept for the next time, as to start one takes about a second


def run_guarded(
    function: Callable,
    items: Iterable[str],
    *,
    workers: int = 1,
    seconds: float = SECONDS,
    memory_bytes: int = MEMORY_BYTES,
) -> Generator:
    """Call a function for each item in processes that may die, and yield what it returns.

    A process that crashes, hangs or runs out of memory is replaced. Its item is tried once more in a fresh
    process before it is given up, but for one that took all of its processor time.

    Parameters
    ----------
    function : callable
        Of a module that can be imported, or a `functools.partial` of it. What it prints is lost.
    items : iterable of str
        Paths, read as they are needed.
    workers : int
        Processes. They are started when there is work, without the caller's ``__main__``, and kept.
    seconds : float
        How much processor time one item may take, or twice as long by the clock; where the system does
        not count processor time, only the clock ends it.
    memory_bytes : int
        How much memory one item may take; enforced by the kernel where it can be (Linux).

    Yields
    ------
    object or EDAError
        In the order of `items`: what `function` returned, or why it did not.

    Raises
    ------
    EDAError
        If a process cannot be started.

    Examples
    --------
    >>> import os.path
    >>> from eda_utils.core import run_guarded
    >>> list(run_guarded(os.path.basename, ["/data/a.dcm"]))
    ['a.dcm']
    """
    waiting, busy, left = deque(), set(), Event()
    with ThreadPoolExecutor(workers) as threads:
        try:
            for item in items:
                waiting.append(threads.submit(_ask, busy, left, function, item, seconds, memory_bytes))
                if len(waiting) >= AHEAD * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            left.set()  # a thread that is just about to begin with the next item looks at it
            for future in waiting:
                future.cancel()
            for process in tuple(busy):
                process.kill()


def run_apart(function: Callable, paths: Iterable[str], *, is_here: Callable = is_url, **bounds: Any) -> Generator:
    """As `run_guarded`, but some here: by default URLs, as what this process is connected to others are not."""
    beside = run_guarded(function, (path for path in paths if not is_here(path)), **bounds)
    for path in paths:
        yield call_guarded(function, path) if is_here(path) else next(beside)


def call_guarded(function: Callable, item: str, memory_bytes: int | None = None) -> Any:
    """Call a function for one item here; return what it returns, or an EDAError that says why it did not.

    Examples
    --------
    >>> from eda_utils.core import call_guarded
    >>> print(call_guarded(int, "/data/a.dcm"))
    a.dcm: unexpected ValueError: invalid literal for int() with base 10: '…'; look at its header, or ask for the ...
    """
    try:
        return function(item)
    except MemoryError:
        return _too_large(item, memory_bytes)
    except EDAError as error:
        return _too_large(item, memory_bytes) if _is_for_memory(error) else error
    except Exception as error:  # noqa: BLE001 - the per-file guard: one odd file must not end the run
        return DecodeError(source_name(item), f"unexpected {type(error).__name__}: {without_values(error)}", ADVICE)


def _too_large(item, memory_bytes):
    most = f"{memory_bytes / 1e9:g} GB" if memory_bytes else "there is"
    return DecodeError(source_name(item), f"reading needs more memory than {most}", ADVICE)


def _is_for_memory(error):
    """An error of ours can be what became of one that said so."""
    while error is not None and not isinstance(error, MemoryError):
        error = error.__cause__ or error.__context__
    return error is not None


def _ask(busy, left, function, item, seconds, memory_bytes):
    """A process can die of what came before, or of a busy machine: only a second, fresh one convicts the file."""
    question = (function, item, seconds, memory_bytes)
    answer = _answer(_idle_process() or _start(), busy, left, question)
    if isinstance(answer, _Death) and not answer.is_spent and not left.is_set():
        answer = _answer(_start(), busy, left, question)
    if isinstance(answer, _Death):
        is_long = answer.is_spent or answer.is_late
        wrong = f"reading took longer than {seconds:g} s" if is_long else "its decoder crashed"
        return DecodeError(source_name(item), wrong, ADVICE)
    return answer


class _Death(NamedTuple):
    is_spent: bool  # all of its processor time
    is_late: bool  # by the clock


def _answer(process, busy, left, question):
    busy.add(process)
    if left.is_set():
        process.kill()
    start, seconds = time.monotonic(), question[2]
    try:
        pickle.dump(question, process.stdin)
        process.stdin.flush()
        answer = pickle.load(process.stdout)
    except (EOFError, OSError, pickle.UnpicklingError):
        _end(process)
        is_spent = _CPU_SIGNAL is not None and process.returncode == -_CPU_SIGNAL
        answer = _Death(is_spent, is_late=time.monotonic() - start >= seconds * PATIENCE)
    busy.discard(process)  # before the look at `left`: what is killed on leaving is never kept
    if not isinstance(answer, _Death):
        _end(process) if left.is_set() or _is_full(process) else _idle.append(process)
    return answer


def _idle_process():
    with contextlib.suppress(IndexError):
        while (process := _idle.pop()).poll() is not None:
            _end(process)
        return process
    return None


def _is_full(process):
    """A process keeps the memory of the largest item for the next one; where that cannot be told it goes on."""
    try:
        with open(f"/proc/{process.pid}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") > FULL_BYTES
    except (OSError, AttributeError, IndexError):
        return False


def _start():
    paths = os.pathsep.join(path or str(Path.cwd()) for path in sys.path)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen([sys.executable, *COMMAND], env=os.environ | {"PYTHONPATH": paths}, **pipes)
    try:
        pickle.load(process.stdout)
    except EOFError:
        _end(process)
        wrong = "a process to decode in cannot be started"
        raise EDAError("workers", wrong, "check the installation with check_environment") from None
    return process


def _end(process):
    process.kill()
    with contextlib.suppress(OSError):
        process.stdin.close()  # writes what it holds
    process.stdout.close()
    process.wait()


@atexit.register
def _end_all():
    while _idle:
        _end(_idle.pop())


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_idle.clear)  # two owners would mix up the answers


def serve():
    """Answer on standard output what is asked on standard input, until it ends: the life of a process.

    The clock is a thread of `faulthandler`, which needs no consent of Python: it ends a decoder that never returns.
    """
    answers, nowhere = os.fdopen(os.dup(1), "wb"), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)  # decoders print
    keep_memory()
    answer = None
    while True:
        pickle.dump(answer, answers)
        answers.flush()
        try:
            function, item, seconds, memory_bytes = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        faulthandler.dump_traceback_later(seconds * PATIENCE, exit=True, file=nowhere)
        _limit_processor(seconds)
        _limit_memory(memory_bytes)
        answer = call_guarded(function, item, memory_bytes)
        _limit_processor(0)
        faulthandler.cancel_dump_traceback_later()


def _limit_processor(seconds):
    """The signal's default action ends the process, whatever it is doing; 0 s lifts the limit."""
    if _CPU_SIGNAL is not None:
        signal.setitimer(signal.ITIMER_PROF, seconds)


def _limit_memory(memory_bytes):
    """Addresses count, not pages, and Python with its libraries has taken many already."""
    try:
        import resource

        with open("/proc/self/statm") as file:
            taken = int(file.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (taken + memory_bytes, resource.getrlimit(resource.RLIMIT_AS)[1]))
    except (ImportError, OSError, ValueError):  # no such thing on Windows and macOS, or a lower limit is set already
        return
