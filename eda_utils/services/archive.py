"""An archive on this machine: it answers C-ECHO, C-STORE, C-FIND, C-GET, C-MOVE and print, on loopback only."""

import sqlite3
import tempfile
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from ssl import SSLContext

from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom import ALL_TRANSFER_SYNTAXES, AllStoragePresentationContexts, build_context, evt, sop_class as classes
from pynetdicom.presentation import DEFAULT_TRANSFER_SYNTAXES

from ..core import AccessError, EDAError, PeerError
from ..dicom import read_dataset
from .association import LONGEST_INSTANCE, MAX_PDU, TIMEOUT, Address, guards, listen, parse_address
from .catalogue import LEVELS, add_instance, find_matches, find_names, forget_instances, known_names, open_catalogue
from .films import film_contexts, film_handlers
from .messages import listeners
from .received import DUPLICATE, PART, SUCCESS, name_of, read_header, store, write_part

LOOPBACK, TRAILING_PADDING = "127.0.0.1", 0xFFFCFFFC
MOST_MESSAGES = 10_000
BAD_LEVEL, CANCELLED, PENDING = 0xA900, 0xFE00, 0xFF00
MODELS = [
    getattr(classes, f"{root}RootQueryRetrieveInformationModel{verb}")
    for root in ("Patient", "Study")
    for verb in ("Find", "Get", "Move")
]
_RUNNING = {}  # by folder: a notebook that is run again finds its archive of before


@dataclass
class Archive:
    """An archive that runs: where it listens, where its files lie, whom it sends to, and what was said.

    `peers` are the destinations of C-MOVE, as ``AET@host:port``; `log` the last messages, one row (a dict) each.
    """

    address: Address
    folder: Path = field(repr=False)
    peers: list[str] = field(default_factory=list)
    log: deque[dict] = field(default_factory=partial(deque, maxlen=MOST_MESSAGES), repr=False)
    server: object = field(default=None, repr=False)
    catalogue: object = field(default=None, repr=False)
    temporary: object = field(default=None, repr=False)

    def __enter__(self) -> "Archive":
        if self.server is None:  # entered for the second time
            again = start_archive(self.folder, title=self.address.title, peers=self.peers)
            vars(self).update(vars(again))
            _RUNNING[self.folder] = self
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self) -> None:
        """Stop to listen, and end the associations that are open; files and catalogue stay, unless temporary."""
        server, self.server = self.server, None
        _RUNNING.pop(self.folder, None)
        if server is not None:
            server.shutdown()
            for association in server.active_associations:
                association.abort()
            self.catalogue.close()
        if self.temporary:
            self.temporary.cleanup()


def start_archive(
    folder: str | Path | None = None,
    *,
    title: str = "ARCHIVE",
    port: int = 0,
    peers: Sequence[str] = (),
    timeout: float = TIMEOUT,
    tls: SSLContext | None = None,
    max_pdu: int = MAX_PDU,
    max_instance: int = LONGEST_INSTANCE,
    only_for: Sequence[str] = (),
) -> Archive:
    """Start an archive in a folder; it runs until it is stopped or the ``with`` block ends.

    It listens on 127.0.0.1 only. Files are named by their SOP Instance UID. What a killed archive left half-written
    is removed, what it had not yet catalogued is catalogued. Starting it once more in the same folder, as a notebook
    does that is run again, stops the one before.

    Parameters
    ----------
    folder : str or Path, optional
        It is made; DICOM files named ``*.dcm`` that lie in it are part of the archive. By default a temporary one, that
        goes with the archive; there the title tells whether it is the same archive as before.
    title : str
        Its AE title; associations that call another one are rejected.
    port : int
        By default a free one.
    peers : list of str
        Where C-MOVE may send to, each as ``AET@host:port``. Others are refused.
    timeout : float
        Seconds for the bytes of a PDU, for an answer, and between messages.
    tls : ssl.SSLContext, optional
        Of a server with its certificate: then only TLS is spoken.
    max_pdu : int
        Bytes of the largest PDU that it wants to receive.
    max_instance : int
        Bytes of the largest instance: each is in memory while it comes. The association of a larger one is ended.
    only_for : list of str
        The calling AE titles that are allowed; by default all.

    Returns
    -------
    Archive

    Raises
    ------
    PeerError
        If the port is taken.
    AccessError
        If the folder may not be written to.

    References
    ----------
    PS3.4 A (Verification), B (Storage), C (Query/Retrieve), H (Print Management)

    Examples
    --------
    >>> from eda_utils import services
    >>> with services.start_archive() as archive:
    ...     services.echo(archive)["status"]
    '0x0000, success'
    """
    temporary = None if folder else _fresh_folder(title)
    folder = Path(folder or temporary.name).resolve()
    if folder in _RUNNING:
        _RUNNING[folder].stop()
    archive = Archive(Address(title, LOOPBACK, port), folder, list(peers), catalogue=_prepare(folder))
    heard = [*listeners(archive.log, title, "peer"), *_handlers(archive)]
    limits = {"timeout": timeout, "max_pdu": max_pdu, "max_instance": max_instance, "only_for": only_for}
    try:
        archive.server = listen(archive.address, _contexts(), heard, tls=tls, **limits)
    except OSError:
        archive.catalogue.close()
        raise PeerError(f"port {port}", "is taken on this machine", "give another one, or 0 for a free one") from None
    archive.address = archive.address._replace(port=archive.server.server_address[1])
    archive.temporary = temporary
    _RUNNING[folder] = archive
    return archive


def _fresh_folder(title):
    """Return a temporary folder, and stop the archive of this title that had one before."""
    for archive in [archive for archive in _RUNNING.values() if archive.temporary and archive.address.title == title]:
        archive.stop()
    return tempfile.TemporaryDirectory(prefix="eda-archive-", ignore_cleanup_errors=True)


def _prepare(folder):
    """Make folder and catalogue agree, whatever happened before."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for part in folder.glob(f"{PART}*"):
            part.unlink()
        catalogue = open_catalogue(folder)
    except (OSError, sqlite3.Error):
        raise AccessError(folder.name, "is no folder that may be written to", "check its permissions") from None
    known, there = known_names(catalogue), {path.name for path in folder.glob("*.dcm")}
    forget_instances(catalogue, known - there)
    for name in sorted(there - known):
        content = Path(folder, name).read_bytes()
        header = read_header(content)
        if header is not None:
            add_instance(catalogue, header, name)
    return catalogue


def _contexts():
    storage = [build_context(c.abstract_syntax, ALL_TRANSFER_SYNTAXES) for c in AllStoragePresentationContexts]
    for context in storage:
        context.scu_role = context.scp_role = True  # C-GET sends on the association that asks
    plain = [build_context(uid, DEFAULT_TRANSFER_SYNTAXES) for uid in (classes.Verification, *MODELS)]
    return [*plain, *storage, *film_contexts()]


def _handlers(archive):
    lock = threading.Lock()
    keep = partial(_keep, archive, lock)
    return [
        (evt.EVT_C_ECHO, lambda event: SUCCESS),  # noqa: ARG005 - pynetdicom wants one
        (evt.EVT_C_STORE, store, [archive.folder, keep]),
        (evt.EVT_C_FIND, _find, [archive]),
        (evt.EVT_C_GET, _get, [archive]),
        (evt.EVT_C_MOVE, _move, [archive]),
        *film_handlers(archive.folder),
    ]


def _keep(archive, lock, header, name, content):
    """Write an instance and its row; the same one again changes nothing, another one of the same UID is refused."""
    path = Path(archive.folder, name)
    with lock:
        if path.exists():
            return SUCCESS if _is_same(path, content) else DUPLICATE
        write_part(archive.folder, name, content)
        add_instance(archive.catalogue, header, name)
    return SUCCESS


def _is_same(path, content):
    """Whether the values are the same, however a sender lays them out; in another transfer syntax they may be."""
    ours, theirs = read_dataset(path, pixels=True), read_dataset(content, pixels=True)
    if ours.file_meta.TransferSyntaxUID != theirs.file_meta.TransferSyntaxUID:
        return True
    for dataset in (ours, theirs):  # group lengths and padding are retired, and left out by some
        for tag in [tag for tag in tuple(dataset.keys()) if tag.element == 0 or tag == TRAILING_PADDING]:
            del dataset[tag]
    return ours == theirs


def _is_sound(identifier):
    return identifier.get("QueryRetrieveLevel") in LEVELS


def _find(event, archive):
    identifier = event.identifier
    if not _is_sound(identifier):
        yield BAD_LEVEL, None
        return
    for answer in find_matches(archive.catalogue, identifier):
        if event.is_cancelled:
            yield CANCELLED, None
            return
        answer.RetrieveAETitle = archive.address.title
        yield PENDING, answer


def _get(event, archive):
    found = find_names(archive.catalogue, event.identifier) if _is_sound(event.identifier) else []
    yield len(found)
    yield from _instances(event, archive, found)


def _move(event, archive):
    peers = {peer.title: peer for peer in map(parse_address, archive.peers)}
    peer = peers.get(event.move_destination)
    found = find_names(archive.catalogue, event.identifier) if _is_sound(event.identifier) else []
    if peer is None:
        yield None, None
        return
    pairs = sorted({(sop_class, syntax) for _, sop_class, syntax in found})[:128]
    contexts, heard = [build_context(*pair) for pair in pairs], guards(TIMEOUT, MAX_PDU)
    yield peer.host, peer.port, {"contexts": contexts, "max_pdu": MAX_PDU, "evt_handlers": heard}
    yield len(found)
    yield from _instances(event, archive, found, pairs)


def _instances(event, archive, found, accepted=None):
    """Yield the instances of a retrieval, each in its own transfer syntax where the peer takes it."""
    if accepted is None:
        accepted = {(c.abstract_syntax, c.transfer_syntax[0]) for c in event.assoc.accepted_contexts}
    for name, sop_class, syntax in found:
        if event.is_cancelled:
            yield CANCELLED, None
            return
        try:
            dataset = read_dataset(Path(archive.folder, name_of(name[:-4])), pixels=True)
            if (sop_class, syntax) not in accepted and dataset.file_meta.TransferSyntaxUID.is_compressed:
                dataset.decompress()
                dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        except (EDAError, ValueError, RuntimeError, AttributeError, NotImplementedError):
            dataset = "unreadable"  # counted as a failed sub-operation; None would be passed over in silence
        yield PENDING, dataset
