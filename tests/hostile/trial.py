"""One call for one file after another in a child that may die: how long, how much memory, what came of it."""

import multiprocessing
import os
import resource
import tempfile
import time
from pathlib import Path

import eda_utils as eda

SECONDS, GIB = 10, 2**30
MOST_ADDRESSES = 6 * GIB  # so that this machine survives what the test is there to find


def index_alone(path):
    """The rows of one file as the whole source."""
    return eda.index_folder(path, progress=False)


def index_all(path):
    """Every attribute of one file of a list."""
    return eda.index_folder([path], tags="all", progress=False)


def header(path):
    """Its header as a table."""
    try:
        return eda.header_table(path)
    except eda.EDAError as error:
        return str(error)


def measure(path):
    """Statistics of its pixels."""
    return eda.measure_images(eda.index_folder([path], progress=False), progress=False)


def audit(path):
    """What it tells of its patient."""
    return eda.privacy.audit([path], progress=False)


def copy(path):
    """A copy without identity."""
    with tempfile.TemporaryDirectory() as folder:
        return eda.privacy.deidentify([path], Path(folder, "copy"), progress=False)


def slide(path):
    """Its row among slides."""
    return eda.quality.measure_slides([path], progress=False)


CALLS = {call.__name__: call for call in (index_alone, index_all, header, measure, audit, copy, slide)}


def trials(name, paths):
    """Yield path, seconds, peak bytes and, where there is one, the failure: an exception, a crash, a hang."""
    waiting = list(paths)
    while waiting:
        here, there = multiprocessing.Pipe()
        child = multiprocessing.get_context("spawn").Process(target=_serve, args=(name, list(waiting), there))
        child.start()
        there.close()
        while waiting:
            path, failure = waiting.pop(0), None
            try:
                told = here.recv() if here.poll(3 * SECONDS) else None
                failure = (3 * SECONDS, 0, "hang") if told is None else None
                is_full = told is None or told[1] > GIB // 2
            except EOFError:
                failure, is_full = (0, 0, "crash"), True
            yield (path, *(failure or told))
            if failure or is_full:  # what a library keeps is not the next file's
                break
        child.kill()
        child.join()


def _serve(name, paths, answers):
    resource.setrlimit(resource.RLIMIT_AS, (MOST_ADDRESSES, MOST_ADDRESSES))
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    for path in paths:
        _forget_peak()
        start, failure = time.monotonic(), None
        try:
            CALLS[name](path)
        except eda.EDAError as error:
            failure = None if name in ("index_alone", "header") else f"raised {type(error).__name__}"
        except BaseException as error:  # noqa: BLE001 - what the test is there to find
            failure = f"{type(error).__name__}: {error}"
        answers.send((time.monotonic() - start, _peak(), failure))
    answers.close()
    os._exit(0)


def _forget_peak():
    Path("/proc/self/clear_refs").write_text("5")


def _peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
