"""Peers that are not there, refuse, stall or lie: a clear error within the timeout."""

import logging
import re
import socket
import threading
import time
from contextlib import nullcontext
from types import SimpleNamespace

import pytest
from peers import GARBAGE, peer_that, peer_with
from pynetdicom import build_context, evt
from pynetdicom.sop_class import CTImageStorage, Verification

from eda_utils import services
from eda_utils.core.errors import EDAError, PeerError, RequestError
from eda_utils.services import association as association_module
from eda_utils.services.association import describe_status, parse_address


def text_of(call, *arguments, **words):
    with pytest.raises(EDAError) as caught:
        call(*arguments, **words)
    return re.sub(r":\d{4,5}:", ":PORT:", str(caught.value))


@pytest.mark.parametrize("text", ["A@b", "@h:1", "A@h:99999", "A" * 17 + "@h:1", "A@h h:1", "", None, "http://h:1"])
def test_an_address_is_refused_in_words(text):
    with pytest.raises(RequestError, match=r"is not AET@host:port; write it like ORTHANC@127\.0\.0\.1:4242"):
        parse_address(text)


def test_an_address_may_be_of_the_sixth_version():
    assert parse_address("A B@[::1]:104") == ("A B", "::1", 104)


def test_nobody_there():
    said = "X@127.0.0.1:1: cannot be reached; check host and port, and that it runs."
    assert text_of(services.echo, "X@127.0.0.1:1", timeout=2) == said


def test_a_host_without_address():
    assert "no.such.host.invalid" in text_of(services.echo, "X@no.such.host.invalid:104", timeout=2)


@pytest.mark.parametrize("answer", [b"", b"\x02\x00\x00\x00\x10\x00", b"\x02"], ids=["silent", "half", "a byte"])
def test_a_peer_that_accepts_and_stalls(answer):
    with peer_that(answer) as address:
        begun = time.monotonic()
        said = text_of(services.echo, address, timeout=1)
        assert time.monotonic() - begun < 6
    assert said == ("STALLS@127.0.0.1:PORT: does not answer within 1 s; check the port, or give a longer timeout.")


@pytest.mark.parametrize("answer", GARBAGE.values(), ids=GARBAGE)
def test_a_peer_that_answers_with_garbage(answer):
    with peer_that(answer) as address:
        begun = time.monotonic()
        with pytest.raises(PeerError):
            services.echo(address, timeout=1)
        assert time.monotonic() - begun < 6


@pytest.mark.parametrize(("waiting", "is_acceptor", "goes_on"), [(8, True, True), (9, True, False), (9, False, True)])
def test_requests_that_nobody_has_answered_are_few(waiting, is_acceptor, goes_on):
    """Who asks waits for the answer, unless it means harm; answers to what we ask may come in a row."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        theirs = socket.create_connection(server.getsockname())
        ours = server.accept()[0]
    queue = SimpleNamespace(qsize=lambda: waiting)
    association = SimpleNamespace(is_acceptor=is_acceptor, dimse=SimpleNamespace(msg_queue=queue, message=None))
    with ours, theirs, nullcontext() if goes_on else pytest.raises(OSError, match="6 bytes more are announced"):
        theirs.sendall(bytes(6))
        wire = SimpleNamespace(socket=ours, assoc=association)
        assert association_module._receive(wire, 5, 100, 1000, 6) == bytes(6)


def test_an_answer_waits_for_who_asked(archive):
    """The loop of pynetdicom takes messages too, and drops an answer that it gets."""
    with services.open_association(archive, [build_context(Verification)]) as association:
        association.dimse.msg_queue.put((1, None))
        time.sleep(0.1)
        assert association.dimse.get_msg(block=True) == (1, None)


def test_a_peer_that_stalls_after_the_association():
    done = threading.Event()

    def wait(event):
        done.wait(10)
        return 0

    with peer_with((Verification,), handlers=[(evt.EVT_C_ECHO, wait)]) as address:
        begun = time.monotonic()
        said = text_of(services.echo, address, timeout=1)
        assert time.monotonic() - begun < 6
        done.set()
    assert said == "OTHER@127.0.0.1:PORT: gives no valid answer to C-ECHO; try again; look into its log."


def test_rejections_say_why(tmp_path):
    with services.start_archive(tmp_path, only_for=["FRIEND"]) as archive:
        assert services.echo(archive, calling="FRIEND")["status"] == "0x0000, success"
        assert "rejects the association: it does not know our AE title; check" in text_of(services.echo, archive)
        wrong = archive.address._replace(title="WRONG")
        said = text_of(services.echo, wrong, calling="FRIEND")
        assert "rejects the association: it does not answer to this AE title; check both AE titles" in said


def test_a_service_that_is_not_offered():
    with peer_with((CTImageStorage,)) as address:
        said = "OTHER@127.0.0.1:PORT: accepts none of the services that are asked for; ask a peer that offers them."
        assert text_of(services.echo, address) == said


@pytest.mark.parametrize("title", ["", " ", "A" * 17, "Ä", "A\\B"])
def test_our_title_is_checked(title, archive):
    assert text_of(services.echo, archive, calling=title).startswith("calling: is no AE title")


def test_identifiers_are_never_logged(archive, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    services.query(archive, PatientName="Kanarinsky*", PatientID="4711")
    assert "Kanarinsky" not in caplog.text + "".join(capfd.readouterr())
    assert "4711" not in caplog.text


def test_statuses_in_words():
    assert describe_status(0xA7AA) == "0xA7AA, out of resources"
    assert describe_status(0x0999) == "0x0999"
