"""An association: the conversation of two application entities, from its request to its release (PS3.8)."""

import logging
import re
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from ssl import SSLContext, SSLError
from typing import NamedTuple, Protocol

from pynetdicom import AE, _config, evt
from pynetdicom.association import Association
from pynetdicom.presentation import PresentationContext

from ..core import PeerError, RequestError
from .messages import listeners

CALLING = "EDA_UTILS"
TIMEOUT = 30.0
MAX_PDU = 131_072  # the default of pynetdicom, 16 kB, makes eight times as many of an image
LONGEST_PDU = 1 << 20  # who announces a longer one is cut off before a byte of it is kept
LONGEST_INSTANCE = 2 << 30  # bytes of one message, in whatever number of PDUs: it is kept in memory until it is whole
MOST_ASSOCIATIONS = 50
MOST_WAITING = 8  # requests that nobody has answered; without negotiation one is allowed (PS3.7 D.3.3.3)
# Linux: acknowledge at once: who writes command and data set apart waits 40 ms for it (RFC 896, RFC 1122 4.2.3.2)
ACKNOWLEDGE = getattr(socket, "TCP_QUICKACK", None)
ADDRESS = re.compile(r"(?P<title>[ -\[\]-~]{1,16})@(?P<host>\[[0-9A-Fa-f:.]+\]|[^@:\s]+):(?P<port>\d{1,5})")
REJECTIONS = {  # PS3.8 9.3.4
    (1, 3): "it does not know our AE title",
    (1, 7): "it does not answer to this AE title",
    (3, 2): "it has too many associations already",
}

# what pynetdicom logs holds the identifiers of queries and answers
_config.LOG_HANDLER_LEVEL = "none"
_config.LOG_REQUEST_IDENTIFIERS = _config.LOG_RESPONSE_IDENTIFIERS = False
logging.getLogger("pynetdicom").setLevel(logging.CRITICAL + 1)


class Address(NamedTuple):
    """Where an application entity listens, written ``AET@host:port``."""

    title: str
    host: str
    port: int

    def __str__(self):
        return f"{self.title}@{self.host}:{self.port}"


class Reachable(Protocol):
    """What has an address, such as an `Archive`."""

    address: Address


Peer = str | Address | Reachable


def parse_address(address: Peer) -> Address:
    """Return the AE title, host and port of ``"AET@host:port"``, or of something that has such an `address`.

    Raises
    ------
    RequestError
        If it is something else.

    Examples
    --------
    >>> from eda_utils.services import parse_address
    >>> parse_address("ORTHANC@127.0.0.1:4242").port
    4242
    """
    text = str(getattr(address, "address", address))
    found = ADDRESS.fullmatch(text)
    if not found or int(found["port"]) > 65535 or not found["title"].strip():
        raise RequestError("address", "is not AET@host:port", "write it like ORTHANC@127.0.0.1:4242")
    return Address(found["title"].strip(), found["host"].strip("[]"), int(found["port"]))


@contextmanager
def open_association(
    address: Peer,
    contexts: list[PresentationContext],
    *,
    calling: str = CALLING,
    timeout: float = TIMEOUT,
    tls: SSLContext | None = None,
    max_pdu: int = MAX_PDU,
    log: list | None = None,
    roles: Iterable = (),
    handlers: Iterable = (),
) -> Iterator[Association]:
    """Request an association, give it, and release it; every verb over DIMSE takes these words.

    Parameters
    ----------
    address : str or Archive
        ``AET@host:port``. Nothing else is contacted.
    contexts : list of pynetdicom.presentation.PresentationContext
        What is proposed: abstract syntaxes with their transfer syntaxes.
    calling : str
        Our AE title.
    timeout : float
        Seconds that the peer may need to connect, for an answer, and for the bytes of one PDU.
    tls : ssl.SSLContext, optional
        Talk TLS (PS3.15 B), with the certificates that it holds.
    max_pdu : int
        Bytes of the largest PDU that we want to receive.
    log : list, optional
        A row (a dict) is added for every message; `plots.association` draws it.
    roles, handlers
        Of pynetdicom: role selection items, and event handlers.

    Yields
    ------
    pynetdicom.association.Association

    Raises
    ------
    PeerError
        If there is no peer, it refuses, or does not answer in time.

    References
    ----------
    PS3.7 D, PS3.8 7.1
    """
    peer, sockets = parse_address(address), []
    heard = [*guards(timeout, max_pdu), *listeners(log, calling, peer.title), *handlers]
    heard.append((evt.EVT_ACSE_SENT, _remember, [sockets]))
    secure = {"tls_args": (tls, peer.host)} if tls else {}
    wanted = {"ae_title": peer.title, "max_pdu": max_pdu, "ext_neg": list(roles), "evt_handlers": heard, **secure}
    begun = time.monotonic()
    try:
        association = make_entity(calling, timeout, max_pdu).associate(peer.host, peer.port, contexts, **wanted)
    except (OSError, SSLError):
        raise PeerError(peer, "has no address that is known here", "check the host") from None
    if not association.is_established:
        for left in sockets:  # pynetdicom leaves one that could not connect to the garbage collector
            left.close()
        raise _refused(association, peer, timeout, time.monotonic() - begun)
    try:
        yield association
    finally:
        if association.is_established:
            association.release()


def make_entity(title, timeout, max_pdu):
    """Return an application entity that waits for nothing longer than `timeout`, and answers to its title only."""
    if not 0 < len(title.strip()) <= 16 or not title.isascii() or "\\" in title:
        raise RequestError("calling", "is no AE title (PS3.5 6.2: 1 to 16 characters)", "give a shorter plain name")
    entity = AE(title)
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = entity.connection_timeout = timeout
    entity.require_called_aet, entity.maximum_pdu_size = True, max_pdu
    return entity


def listen(
    address, contexts, heard, *, timeout=TIMEOUT, max_pdu=MAX_PDU, max_instance=LONGEST_INSTANCE, tls=None, only_for=()
):
    """Start to listen at an address of this machine, in a thread; OSError says that its port is taken."""
    entity = make_entity(address.title, timeout, max_pdu)
    entity.require_calling_aet, entity.maximum_associations = list(only_for), MOST_ASSOCIATIONS
    wanted = {"evt_handlers": [*guards(timeout, max_pdu, max_instance), *heard], "contexts": contexts}
    return entity.start_server((address.host, address.port), block=False, ssl_context=tls, **wanted)


def _refused(association, peer, timeout, seconds):
    """Say why there is no association."""
    answer = association.acceptor.primitive
    if association.is_rejected:
        why = REJECTIONS.get((answer.result_source, answer.diagnostic), "it gives no reason of its own")
        return PeerError(peer, f"rejects the association: {why}", "check both AE titles and what it allows")
    if association.acceptor.primitive is not None and not association.accepted_contexts:
        return PeerError(peer, "accepts none of the services that are asked for", "ask a peer that offers them")
    if seconds >= timeout * 0.9:
        return PeerError(peer, f"does not answer within {timeout:g} s", "check the port, or give a longer timeout")
    if association.is_aborted and association.dul.socket is not None and association.requestor.port:
        return PeerError(peer, "ends the connection", "check that DICOM is spoken there, with TLS or without")
    return PeerError(peer, "cannot be reached", "check host and port, and that it runs")


def _remember(event, sockets):
    wire = event.assoc.dul.socket
    sockets += [wire.socket] if wire is not None and wire.socket is not None else []


def guards(timeout, max_pdu, max_instance=LONGEST_INSTANCE):
    """Return the handler that puts limits on a new connection: time, the length of a PDU, that of a message."""
    return [(evt.EVT_CONN_OPEN, _limit, [timeout, max(max_pdu, LONGEST_PDU), max_instance])]


def _limit(event, timeout, longest, most):
    wire, dimse = event.assoc.dul.socket, event.assoc.dimse
    if event.assoc.is_requestor:
        # pynetdicom's own loop now and then takes an answer away from the thread that waits for it
        dimse.get_msg = partial(_read_answer, dimse.get_msg)
    if wire.socket is not None:
        # without it every message waits for the acknowledgement of the one before, 40 ms
        wire.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        wire.socket.settimeout(timeout)
        # pynetdicom believes any length up to 4 GB, and waits for ever for bytes that do not come
        wire.recv = partial(_receive, wire, timeout, longest, most)
        # pynetdicom leaves a socket open that its peer has closed already
        wire._shutdown_socket = partial(_close, wire.socket)


def _read_answer(get_msg, block=False):
    """Return the next message to who waits for it, and nothing to the loop, which does not wait."""
    return get_msg(block=True) if block else (None, None)


def _close(wire):
    with suppress(OSError):
        wire.shutdown(socket.SHUT_RDWR)
    wire.close()


def _receive(wire, timeout, longest, most, size):
    if size > longest or size + _held(wire.assoc) > most:
        raise OSError(f"{size} bytes more are announced")
    content, filled, end = bytearray(size), 0, time.monotonic() + timeout
    view = memoryview(content)
    while filled < size:
        if ACKNOWLEDGE is not None:
            wire.socket.setsockopt(socket.IPPROTO_TCP, ACKNOWLEDGE, 1)
        count = wire.socket.recv_into(view[filled:])
        if not count or time.monotonic() > end:
            break
        filled += count
    view.release()
    return content[:filled]


def _held(association):
    """Return how many bytes of a message that is not whole yet are in memory; endless if too many wait behind it."""
    if association.is_acceptor and association.dimse.msg_queue.qsize() > MOST_WAITING:
        return float("inf")
    message = association.dimse.message
    return message.data_set.tell() + message.encoded_command_set.tell() if message else 0


@contextmanager
def whole_files():
    """Let `send_c_store` send the bytes of a file as they are, in pieces, instead of parsing and writing them anew."""
    before, _config.STORE_SEND_CHUNKED_DATASET = _config.STORE_SEND_CHUNKED_DATASET, True
    try:
        yield
    finally:
        _config.STORE_SEND_CHUNKED_DATASET = before


def ensure_success(status, peer, what):
    """Raise if the status of a response is a failure or there is no response at all (PS3.7 C)."""
    code = status.get("Status")
    if code is None:
        raise PeerError(parse_address(peer), f"gives no valid answer to {what}", "try again; look into its log")
    if code not in (0x0000, 0xFF00, 0xFF01) and code >> 12 != 0xB:
        raise PeerError(parse_address(peer), f"answers {what} with {describe_status(code)}", "look into its log")
    return code


def describe_status(code: int) -> str:
    """Return a status as hexadecimal number, with its meaning where PS3.7 C or PS3.4 gives it one.

    Examples
    --------
    >>> from eda_utils.services import describe_status
    >>> describe_status(0xA700)
    '0xA700, out of resources'
    """
    several = (code, code & 0xFF00, code & 0xF000) if code >= 0xA000 else (code,)  # the last digits are the peer's own
    meaning = next((STATUSES[number] for number in several if number in STATUSES), "")
    return f"0x{code:04X}" + (f", {meaning}" if meaning else "")


STATUSES = {
    0x0000: "success",
    0xFF00: "pending",
    0xFF01: "pending",
    0xFE00: "cancelled",
    0x0110: "processing failure",
    0x0111: "another instance has this SOP Instance UID",
    0x0112: "no such SOP instance",
    0x0122: "SOP class not supported",
    0x0124: "not authorised",
    0x0211: "unrecognised operation",
    0xA700: "out of resources",
    0xA701: "out of resources: cannot count the matches",
    0xA702: "out of resources: cannot do the sub-operations",
    0xA801: "move destination unknown",
    0xA900: "data set does not match SOP class",
    0xB000: "warning: done with changes",
    0xC000: "cannot understand",
    0xC605: "the printer has too little memory for the image",
}
