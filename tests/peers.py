"""Peers on this machine: programs that run while a block does, sockets that misbehave, files to exchange."""

import socket
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.uid import generate_uid
from pynetdicom import AE

KINDS = ("CT_small.dcm", "MR_small.dcm", "JPEG2000.dcm", "SC_rgb_jpeg_dcmtk.dcm", "rtplan.dcm")


GARBAGE = {
    "text": b"GET / HTTP/1.0\r\n\r\n",
    "oversized": b"\x01\x00\xff\xff\xff\xff" + bytes(64),
    "oversized_data": b"\x04\x00\xf0\x00\x00\x00" + bytes(64),
    "cut": b"\x01\x00\x00\x00\x01\x00" + bytes(20),
    "nonsense": b"\x01\x00\x00\x00\x00\x44" + bytes(range(68)),
    "noise": bytes(range(255, 0, -1)) * 40,
}


def free_port():
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listens(port):
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def running(command, port=None, patience=60, **options):
    """Run a program until the block ends; wait until it listens. When the block is left, it has ended."""
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen([str(part) for part in command], **silent | options) as process:
        try:
            end = time.monotonic() + patience
            while port and not listens(port) and time.monotonic() < end:
                assert process.poll() is None, f"{command[0]} ended"
                time.sleep(0.05)
            yield process
        finally:
            end_process(process)


def end_process(process, patience=20):
    """Ask a program to end, and make it end if it does not: this one, and only while it runs."""
    process.terminate()
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def make_files(folder, count, kinds=KINDS):
    """Write instances of mixed modality, a patient for each modality, with UIDs of their own."""
    folder.mkdir(parents=True, exist_ok=True)
    originals = [dcmread(get_testdata_file(name)) for name in kinds]
    for dataset in originals:
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID = generate_uid(), generate_uid()
    for number in range(count):
        dataset = originals[number % len(kinds)]
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        dataset.InstanceNumber = number + 1
        if dataset.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.1" and "PixelData" in dataset:
            pixels = np.frombuffer(dataset.PixelData, np.uint8).copy()
            pixels[:4] = np.frombuffer(number.to_bytes(4, "little"), np.uint8)
            dataset.PixelData = pixels.tobytes()
        dataset.save_as(folder / f"{number:04}.dcm", enforce_file_format=True)
    return folder


def contents(folder):
    """Return SOP Instance UID to the bytes of Pixel Data, of all files below a folder."""
    found = [dcmread(path, force=True) for path in Path(folder).rglob("*") if path.is_file() and is_dicom(path)]
    uids = [str(dataset.SOPInstanceUID) for dataset in found]
    assert len(uids) == len(set(uids)), "an instance lies there twice"
    return {uid: hash(dataset.get("PixelData", b"")) for uid, dataset in zip(uids, found, strict=True)}


def is_dicom(path):
    with path.open("rb") as file:
        return file.read(132)[128:] == b"DICM"


@contextmanager
def archive_process(folder, port, **options):
    """Run our archive in a process of its own, which can be killed."""
    start = f"services.start_archive({str(folder)!r}, port={port}, **{options!r})"
    code = f"import time; from eda_utils import services; {start}; time.sleep(600)"
    with running([sys.executable, "-c", code], port) as process:
        yield process


@contextmanager
def peer_that(answer):
    """Accept connections and send the same bytes, whatever is asked."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        kept = []

        def serve():
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                kept.append(connection)
                connection.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        try:
            yield f"STALLS@127.0.0.1:{server.getsockname()[1]}"
        finally:
            server.shutdown(socket.SHUT_RDWR)
            for connection in kept:
                connection.close()


@contextmanager
def peer_with(*contexts, handlers=()):
    """A pynetdicom peer of its own that supports these contexts."""
    entity = AE("OTHER")
    for context in contexts:
        entity.add_supported_context(*context)
    server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=list(handlers))
    yield f"OTHER@127.0.0.1:{server.server_address[1]}"
    server.shutdown()
