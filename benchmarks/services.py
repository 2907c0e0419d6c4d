"""How fast instances go to an archive and come back, against DCMTK's programs on the same machine.

500 CT images of 512 x 512 (0.5 MB each) with UIDs of their own, in a temporary folder; everything on loopback. Sending:
`send` and `storescu` to the same peer; retrieving: `retrieve` and `getscu` from the same archive. They take turns; the
start of Python is not counted, that of DCMTK's programs (some ms) is. Memory is the most that this process held.

DCMTK's programs run with TCP_NODELAY=1, without which each of their messages waits 40 ms for an acknowledgement, as
Debian delivers them.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pydicom
from pydicom.data import get_testdata_file
from pydicom.uid import generate_uid

from eda_utils import services

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from peers import archive_process, free_port, running

ROUNDS = 3


def make_files(folder, count):
    """Write CT images of one series, with noise for pixels."""
    folder.mkdir()
    dataset = pydicom.dcmread(get_testdata_file("CT_small.dcm"))
    dataset.Rows = dataset.Columns = 512
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = generate_uid(), generate_uid()
    dataset.PixelData = np.random.default_rng(0).integers(0, 2000, (512, 512), np.int16).tobytes()
    for number in range(count):
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        dataset.save_as(folder / f"{number:04}.dcm", enforce_file_format=True)
    return dataset.StudyInstanceUID


def seconds(call):
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


def program(*command):
    subprocess.run([str(part) for part in command], check=True, capture_output=True)


def compare(name, ours, theirs, count):
    """Print the best of some rounds of both, which take turns."""
    times = [(seconds(ours), seconds(theirs)) for _ in range(ROUNDS)]
    mine, other = (min(column) for column in zip(*times, strict=True))
    print(f"{name:<42}{count / mine:8.0f}/s{count / other:8.0f}/s  ratio {other / mine:5.2f}", flush=True)


@contextmanager
def storescp(scratch):
    (scratch / "storescp").mkdir()
    port = free_port()
    with running(["storescp", "-od", scratch / "storescp", "--ignore", "-aet", "STORESCP", port], port):
        yield port


def most_memory():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # MB


def main(count):
    os.environ["TCP_NODELAY"] = "1"
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        files, port = scratch / "files", free_port()
        study, address = make_files(files, count), f"ARCHIVE@127.0.0.1:{port}"
        begun = most_memory()
        print(f"{count} CT images of 0.5 MB{'':<21}{'ours':>7} {'DCMTK':>10}")
        with storescp(scratch) as other:
            peer = f"STORESCP@127.0.0.1:{other}"
            theirs = ["storescu", "-aec", "STORESCP", "+sd", "127.0.0.1", other, files]
            compare("send to storescp", lambda: services.send(files, peer), lambda: program(*theirs), count)
        with archive_process(scratch / "archive", port):
            theirs = ["storescu", "-aec", "ARCHIVE", "+sd", "127.0.0.1", port, files]
            compare("send to our archive", lambda: services.send(files, address), lambda: program(*theirs), count)
            sent = most_memory()
            (scratch / "getscu").mkdir()
            keys = ["-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={study}"]
            theirs = ["getscu", "-S", "-aec", "ARCHIVE", "-od", scratch / "getscu", *keys, "127.0.0.1", port]
            ours = scratch / "ours"
            compare(
                "retrieve from our archive",
                lambda: services.retrieve(study, address, ours),
                lambda: program(*theirs),
                count,
            )
        more = f"{sent - begun:.0f} MB more by sending, {most_memory() - sent:.0f} MB more by retrieving"
        print(f"memory: {begun:.0f} MB before, {more}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=500)
    main(parser.parse_args().count)
