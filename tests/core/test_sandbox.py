"""Whatever a decoder does, it costs one item and the run goes on."""

import os
import re
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from eda_utils.core import sandbox
from eda_utils.core.errors import DecodeError, EDAError, MissingError
from eda_utils.core.sandbox import call_guarded, run_guarded

LIMITS = {"seconds": 1, "memory_bytes": 3 * 10**8}
ADVICE = "look at its header, or ask for the original."
MEMORY_IS_BOUND = sys.platform == "linux"


def work(path):
    """What the name says, as an odd decoder would."""
    return DEEDS.get(Path(path).stem, os.path.basename)(path)


def crash_inside(path):
    import ctypes

    ctypes.string_at(0)


def hold_everything(path):
    """Never returns, and never lets another thread of Python run."""
    re.match(r"(a|a)*$", "a" * 60 + "b")


def take_all_memory(path):
    taken = []
    while True:
        taken.append(bytearray(10**7))


def lose_track(path):
    """As our own reading does: the cause is not shown, and known."""
    try:
        bytearray(10**12)
    except MemoryError:
        raise DecodeError(Path(path).name, "does not match its header", "ask for the original") from None


def say_something(path):
    os.write(1, b"chatter of a library\n")
    sys.stdout.write("more chatter")
    return "said"


def complain(path):
    raise MissingError(Path(path).name, "there is no such file", "check the path")


def fail(path):
    raise ZeroDivisionError("by 'Kanarinsky'")


def identify(path):
    return os.getpid()


DEEDS = {
    "abort": lambda path: os.abort(),
    "exit": lambda path: os._exit(0),
    "segfault": crash_inside,
    "sleep": lambda path: time.sleep(1e6),
    "hold": hold_everything,
    "memory": take_all_memory,
    "lost": lose_track,
    "chatter": say_something,
    "complain": complain,
    "fail": fail,
}
SAID = {
    "abort": f"abort.dcm: its decoder crashed; {ADVICE}",
    "exit": f"exit.dcm: its decoder crashed; {ADVICE}",
    "segfault": f"segfault.dcm: its decoder crashed; {ADVICE}",
    "sleep": f"sleep.dcm: reading took longer than 1 s; {ADVICE}",
    "hold": f"hold.dcm: reading took longer than 1 s; {ADVICE}",
    "memory": f"memory.dcm: reading needs more memory than 0.3 GB; {ADVICE}",
    "lost": f"lost.dcm: reading needs more memory than 0.3 GB; {ADVICE}",
    "complain": "complain.dcm: there is no such file; check the path.",
    "fail": f"fail.dcm: unexpected ZeroDivisionError: by '…'; {ADVICE}",
}


@pytest.mark.slow
@pytest.mark.parametrize("deed", [*SAID, "chatter"])
def test_one_item_is_lost_and_the_run_goes_on(deed):
    if deed in ("memory", "lost") and not MEMORY_IS_BOUND:
        pytest.skip("the kernel does not bound memory here")
    before, found, after = run_guarded(work, ["/x/a.dcm", f"/x/{deed}.dcm", "/x/b.dcm"], **LIMITS)
    assert (before, after) == ("a.dcm", "b.dcm")
    if deed == "chatter":
        assert found == "said"
    else:
        assert isinstance(found, EDAError)
        assert str(found) == SAID[deed]


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 3])
def test_results_are_in_order(workers):
    names = [f"{'abort' if number % 40 == 7 else number}.dcm" for number in range(200)]
    found = run_guarded(work, (f"/x/{name}" for name in names), workers=workers, **LIMITS)
    assert [item.which if isinstance(item, EDAError) else item for item in found] == names


@pytest.mark.slow
def test_items_are_read_as_they_are_needed():
    taken = []

    def items():
        for number in range(10_000):
            taken.append(number)
            yield f"/x/{number}"

    found = run_guarded(work, items())
    assert next(found) == "0"
    found.close()
    assert len(taken) <= sandbox.AHEAD


def test_processes_are_kept():
    (first,) = run_guarded(identify, ["a"])
    (second,) = run_guarded(identify, ["b"])
    assert first == second != os.getpid()


def test_a_process_that_died_meanwhile_costs_nothing():
    (pid,) = run_guarded(identify, ["a"])
    os.kill(pid, 9)
    time.sleep(0.2)
    (other,) = run_guarded(identify, ["a"])
    assert isinstance(other, int)
    assert other != pid


def test_leaving_early_ends_what_is_under_way():
    start = time.monotonic()
    for _ in run_guarded(work, ["/x/a.dcm", "/x/sleep.dcm", "/x/b.dcm"], seconds=60):
        break
    assert time.monotonic() - start < 20


def test_without_work_there_is_no_process(monkeypatch):
    monkeypatch.setattr(sandbox, "_start", None)
    assert list(run_guarded(work, [])) == []


def test_a_process_that_cannot_be_started_is_said(monkeypatch):
    monkeypatch.setattr(sandbox, "_idle", [])
    monkeypatch.setattr(sandbox, "COMMAND", ("-c", "raise SystemExit(1)"))
    with pytest.raises(EDAError) as caught:
        list(run_guarded(work, ["a"]))
    expected = "workers: a process to decode in cannot be started; check the installation with check_environment."
    assert str(caught.value) == expected


@pytest.mark.slow
def test_a_script_needs_no_main_guard(tmp_path):
    """`multiprocessing` would run the script again in every process."""
    script = tmp_path / "script.py"
    script.write_text(
        "import os.path\nfrom eda_utils.core.sandbox import run_guarded\n"
        "print(list(run_guarded(os.path.basename, ['/a/b', '/a/c'], workers=2)))\n"
    )
    answer = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True, timeout=60)
    assert answer.stdout == "['b', 'c']\n"
    assert answer.stderr == ""


@pytest.mark.slow
def test_a_module_of_the_current_folder_takes_nobodys_place(tmp_path):
    (tmp_path / "pickle.py").write_text("raise SystemExit(3)")
    code = "import os.path\nfrom eda_utils.core import run_guarded\nprint(*run_guarded(os.path.basename, ['/a/b']))"
    command = [sys.executable, "-P", "-c", code]
    answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60, cwd=tmp_path)
    assert answer.stdout == "b\n"


def test_here_errors_are_answers_too():
    assert call_guarded(work, "/x/a.dcm") == "a.dcm"
    assert str(call_guarded(work, "/x/fail.dcm")) == SAID["fail"]
    assert str(call_guarded(work, "/x/complain.dcm")) == SAID["complain"]
    lost = call_guarded(work, "/x/lost.dcm")
    assert str(lost) == f"lost.dcm: reading needs more memory than there is; {ADVICE}"


def test_a_partial_is_a_function():
    assert list(run_guarded(partial(int, base=16), ["ff"])) == [255]
