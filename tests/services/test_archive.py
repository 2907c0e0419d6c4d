"""Our archive: what it keeps, what it refuses, that it goes on, and that nobody else can reach it."""

import os
import socket
import tempfile
import threading
import time
from contextlib import suppress

import psutil
import pytest
from peers import GARBAGE, archive_process, contents, free_port, make_files
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pynetdicom import AE
from pynetdicom.sop_class import CTImageStorage

from eda_utils import services
from eda_utils.core.errors import AccessError, PeerError
from eda_utils.services import received
from eda_utils.services.transfers import LOST


def test_it_listens_on_loopback_only(archive):
    connections = psutil.Process().net_connections("inet")
    mine = [item.laddr for item in connections if item.status == "LISTEN" and item.laddr.port == archive.address.port]
    assert [item.ip for item in mine] == ["127.0.0.1"]


def test_a_port_that_is_taken(archive, tmp_path):
    port = archive.address.port
    with pytest.raises(PeerError) as caught:
        services.start_archive(tmp_path / "second", port=port)
    said = f"port {port}: is taken on this machine; give another one, or 0 for a free one."
    assert str(caught.value) == said


def test_a_folder_that_cannot_be(tmp_path):
    (tmp_path / "file").write_text("here")
    with pytest.raises(AccessError, match="file: is no folder that may be written to; check its permissions"):
        services.start_archive(tmp_path / "file")


def test_it_runs_again_and_stops_cleanly(tmp_path, some_files):
    first = services.start_archive(tmp_path)  # as a notebook does that is run twice
    with services.start_archive(tmp_path) as second:
        assert first.server is None
        assert (services.send(some_files, second)["status"] == "0x0000, success").all()
    with second:
        assert len(services.query(second, "patient")) == 5
    with pytest.raises(PeerError, match="cannot be reached"):
        services.echo(second, timeout=1)
    names = [thread.name for thread in threading.enumerate()]
    assert not [name for name in names if name.startswith("AcceptorServer")]


def test_a_temporary_one_leaves_nothing_behind(some_files):
    first, other = services.start_archive(), services.start_archive(title="OTHER")
    services.send(some_files, first)
    with services.start_archive() as second:  # a notebook that was stopped in the middle, and run again
        assert first.server is None
        assert not first.folder.exists()
        assert len(services.query(second)) == 0
        assert services.echo(other)["status"] == "0x0000, success"
        assert str(second.folder) not in repr(second)
    other.stop()
    assert not second.folder.exists()
    assert not other.folder.exists()


@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE)
def test_garbage_leaves_it_serving(archive, garbage):
    with socket.create_connection(archive.address[1:], timeout=5) as peer:
        peer.sendall(garbage)
        assert services.echo(archive)["status"] == "0x0000, success"


def test_an_oversized_pdu_is_cut_off_at_once(archive):
    with socket.create_connection(archive.address[1:], timeout=5) as peer:
        peer.sendall(b"\x01\x00\xff\xff\xff\xff")
        begun = time.monotonic()
        assert peer.recv(100) in (b"", b"\x07\x00\x00\x00\x00\x04\x00\x00\x02\x00")
        assert time.monotonic() - begun < 3


def test_an_instance_without_end_is_cut_off(tmp_path):
    """Legal PDUs that never end an instance fill no memory."""
    dataset, port = dcmread(get_testdata_file("CT_small.dcm")), free_port()
    dataset.PixelData = bytes(100 << 20)
    address = f"ARCHIVE@127.0.0.1:{port}"
    with archive_process(tmp_path, port, max_instance=1 << 20) as process:
        services.send(get_testdata_file("CT_small.dcm"), address)
        before = psutil.Process(process.pid).memory_info().rss
        assert services.send(dataset, address, timeout=10)["problem"].tolist() == [LOST]
        assert psutil.Process(process.pid).memory_info().rss - before < 30 << 20
        assert services.echo(address)["status"] == "0x0000, success"
    assert len(list(tmp_path.glob("*.dcm"))) == 1


def test_many_silent_connections_leave_it_serving(archive):
    peers = [socket.create_connection(archive.address[1:], timeout=5) for _ in range(20)]
    assert services.echo(archive)["status"] == "0x0000, success"
    for peer in peers:
        peer.close()


def test_the_same_instance_twice_is_one(archive, some_files):
    for _ in range(2):
        assert (services.send(some_files, archive)["status"] == "0x0000, success").all()
    assert len(contents(archive.folder)) == 5
    assert services.query(archive, "image")["SOPInstanceUID"].nunique() == 5


def test_another_instance_of_the_same_uid_is_refused(archive):
    dataset = dcmread(get_testdata_file("CT_small.dcm"))
    services.send(dataset, archive)
    before = contents(archive.folder)
    dataset.PixelData = bytes(len(dataset.PixelData))
    problem = services.send(dataset, archive)["problem"][0]
    assert problem == "the peer answers 0x0111, another instance has this SOP Instance UID"
    assert contents(archive.folder) == before


def test_a_full_disk_leaves_nothing_half_written(archive, some_files, monkeypatch):
    def on_full_disk(prefix, dir):
        return os.open("/dev/full", os.O_WRONLY), tempfile.mktemp(prefix=prefix, dir=dir)

    with monkeypatch.context() as full:
        full.setattr(received.tempfile, "mkstemp", on_full_disk)
        table = services.send(some_files, archive)
    assert (table["problem"] == "the peer answers 0xA700, out of resources").all()
    assert contents(archive.folder) == {}
    assert len(services.query(archive, "study")) == 0
    assert services.send(some_files, archive)["problem"].isna().all()


@pytest.mark.parametrize("uid", ["../../evil", "/etc/evil", "..", "CON", "1.2.3/..", "1." + "2" * 70])
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_no_path_is_taken_from_what_comes(archive, tmp_path, uid):
    before = sorted(tmp_path.rglob("*"))
    dataset = dcmread(get_testdata_file("CT_small.dcm"))
    dataset.SOPInstanceUID = uid
    entity = AE()
    entity.add_requested_context(CTImageStorage)
    association = entity.associate(*archive.address[1:], ae_title=archive.address.title)
    with suppress(ValueError, TypeError):  # not even pynetdicom would send it
        assert association.send_c_store(dataset).get("Status") != 0
    if association.is_established:
        association.release()
    names = [path for path in sorted(tmp_path.rglob("*")) if "catalogue" not in path.name]
    assert names == [path for path in before if "catalogue" not in path.name]
    assert services.echo(archive)["status"] == "0x0000, success"


def test_what_lies_there_is_part_of_it(tmp_path, some_files):
    with services.start_archive(tmp_path) as archive:
        services.send(some_files, archive)
    one, other = sorted(tmp_path.glob("*.dcm"))[:2]
    one.unlink()
    (tmp_path / "catalogue.sqlite").unlink()
    (tmp_path / f"{received.PART}left").write_bytes(other.read_bytes()[:99])
    (tmp_path / "broken.dcm").write_bytes(b"no DICOM")
    with services.start_archive(tmp_path) as archive:
        assert len(services.query(archive, "image")) == 4
        assert not list(tmp_path.glob(f"{received.PART}*"))


def test_killed_in_the_middle_and_completed(tmp_path):
    files, folder, port = make_files(tmp_path / "files", 500), tmp_path / "archive", free_port()
    address = f"ARCHIVE@127.0.0.1:{port}"
    with archive_process(folder, port) as process:
        killer = threading.Thread(target=kill_at, args=(process, folder, 150))
        killer.start()
        table = services.send(files, address, timeout=5)
        killer.join()
    lost = table["status"].isna()
    assert 0 < lost.sum() < 500
    assert table.loc[lost, "problem"].str.contains("send again").all()
    with archive_process(folder, port):
        assert services.send(files, address)["problem"].isna().all()
        assert len(services.query(address, "image")) == 500
        index = services.retrieve(services.query(address), address, tmp_path / "back")
    assert len(index) == 500
    assert contents(files) == contents(folder) == contents(tmp_path / "back")


def kill_at(process, folder, count):
    while process.poll() is None:
        if len(list(folder.glob("*.dcm"))) >= count:
            process.kill()  # this one, by its id
        time.sleep(0.01)
