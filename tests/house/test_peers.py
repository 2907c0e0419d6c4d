"""What the tests start has ended when they have."""

import subprocess
import sys

from peers import end_process, running

IGNORES = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(600)"


def test_a_program_ends_with_its_block():
    with running([sys.executable, "-c", "import time; time.sleep(600)"]) as process:
        assert process.poll() is None
    assert process.poll() is not None


def test_a_program_that_will_not_end_is_ended():
    with subprocess.Popen([sys.executable, "-c", IGNORES], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "\n"
        end_process(process, patience=0.2)
        assert process.returncode < 0
