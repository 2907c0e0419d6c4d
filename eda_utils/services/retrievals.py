"""Getting instances from an archive into a folder, by C-GET or C-MOVE."""

from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pandas as pd
from pydicom import uid as uids
from pynetdicom import ALL_TRANSFER_SYNTAXES, AllStoragePresentationContexts, build_context, build_role, evt
from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelGet, StudyRootQueryRetrieveInformationModelMove

from ..core import PeerError, RequestError, progress_bar
from ..index import index_folder
from .association import (
    Peer,
    describe_status,
    ensure_success,
    listen,
    open_association,
    parse_address,
)
from .queries import UNIQUE, make_identifier, query
from .received import SUCCESS, store

GET, MOVE = StudyRootQueryRetrieveInformationModelGet, StudyRootQueryRetrieveInformationModelMove
SYNTAXES = [  # the usual ones first
    *(uids.ExplicitVRLittleEndian, uids.ImplicitVRLittleEndian, uids.JPEGBaseline8Bit, uids.JPEGLosslessSV1),
    *(uids.JPEG2000Lossless, uids.JPEG2000, uids.JPEGLSLossless, uids.RLELossless, uids.JPEGExtended12Bit),
    *(uids.JPEGLSNearLossless, uids.ExplicitVRBigEndian, uids.DeflatedExplicitVRLittleEndian),
]
MOST_CONTEXTS = 127  # and the one that asks
COMMON = [context.abstract_syntax for context in AllStoragePresentationContexts]


def retrieve(
    what: pd.DataFrame | dict | str,
    address: Peer,
    folder: str | Path,
    *,
    method: str = "get",
    receive_at: str | None = None,
    progress: bool | None = None,
    **connection: Any,
) -> pd.DataFrame:
    """Retrieve instances from an archive into a folder, and return their index.

    Files are named by SOP Instance UIDs that were checked to be UIDs; each is written to a temporary file first.

    Parameters
    ----------
    what : DataFrame, dict or str
        Rows of `query`, DICOM keywords with their values, or one Study Instance UID.
    address : str or Archive
        ``AET@host:port``
    folder : str or Path
        It is made.
    method : str
        ``"get"``: the instances come over this association (C-GET). ``"move"``: the archive opens another one to
        `receive_at` (C-MOVE), which it must know by its AE title.
    receive_at : str, optional
        ``AET@127.0.0.1:port`` where this machine listens meanwhile. An archive elsewhere needs an address of this
        machine that it can reach.
    progress : bool, optional
        Whether to show a bar; by default on a terminal.
    **connection
        timeout, calling, tls, max_pdu, log, as in `open_association`.

    Returns
    -------
    pandas.DataFrame
        As of `index_folder`, of the instances that came.

    Raises
    ------
    PeerError
        If the peer is not there, refuses, stalls, or could not send all; what came is in the folder.
    RequestError
        If it is not said which instances.

    References
    ----------
    PS3.4 C.4.2 (C-MOVE), C.4.3 (C-GET)

    Examples
    --------
    >>> import tempfile
    >>> from pydicom.data import get_testdata_file
    >>> from eda_utils import services
    >>> with tempfile.TemporaryDirectory() as here, services.start_archive(f"{here}/archive") as archive:
    ...     _ = services.send([get_testdata_file("CT_small.dcm")], archive)
    ...     services.retrieve(services.query(archive), archive, f"{here}/mine")["Modality"].tolist()
    ['CT']
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    if method not in ("get", "move") or (method == "move" and not receive_at):
        raise RequestError("method", "is neither get nor move with receive_at", "give one of them")
    came, failures = [], []
    with progress_bar(desc="retrieving", unit=" instances", progress=progress) as bar:
        handlers = [(evt.EVT_C_STORE, _take, [folder, came, failures, bar])]
        with _receiver(receive_at, handlers, connection) if method == "move" else nullcontext():
            for identifier in identifiers(what):
                if method == "get":
                    _get(identifier, address, handlers, connection)
                else:
                    _move(identifier, address, receive_at, connection)
    if failures:
        raise PeerError(folder.name, f"{len(failures)} instances could not be written", "check the disk and try again")
    return index_folder(sorted(set(came)), progress=False)


def _take(event, folder, came, failures, bar):
    status = store(event, folder)
    if status == SUCCESS:
        came.append(folder / f"{event.request.AffectedSOPInstanceUID}.dcm")
    else:
        failures.append(status)
    bar.update()
    return status


def identifiers(what):
    """Yield one Identifier for each study, series or list of images."""
    if isinstance(what, str):
        what = {"StudyInstanceUID": what}
    if isinstance(what, dict):
        what = pd.DataFrame([what])
    keys = [keyword for keyword in UNIQUE.values() if keyword in what]
    if not keys or keys == ["PatientID"]:
        raise RequestError("what", "names no study, series or instance", "give rows of query, or a StudyInstanceUID")
    level = {keyword: level for level, keyword in UNIQUE.items()}[keys[-1]]
    keys = [key for key in keys if key != "PatientID"]
    above = keys[:-1] if level == "IMAGE" else keys  # C.4.2.1.4: a list of UIDs is allowed at the last level
    groups = what[keys].drop_duplicates().groupby(above) if above else [((), what)]
    for values, rows in groups:
        images = {keys[-1]: rows[keys[-1]].tolist()} if level == "IMAGE" else {}
        yield make_identifier(level, dict(zip(above, values, strict=True)) | images)


def _classes(identifier, address, connection):
    """Ask which SOP classes a study holds, to propose these and all of their transfer syntaxes."""
    quiet = {word: value for word, value in connection.items() if word != "log"}
    study = identifier.get("StudyInstanceUID")
    found = query(address, "study", fields=["SOPClassesInStudy"], StudyInstanceUID=study, **quiet) if study else []
    told = [uid for text in (found["SOPClassesInStudy"].dropna() if len(found) else []) for uid in text.split("\\")]
    return list(dict.fromkeys(uid for uid in told if uid)) or COMMON[:MOST_CONTEXTS]


def _get(identifier, address, handlers, connection):
    classes = _classes(identifier, address, connection)[:MOST_CONTEXTS]
    each = max(1, MOST_CONTEXTS // len(classes))
    syntaxes = [[syntax] for syntax in SYNTAXES[: each - 1]] + [SYNTAXES[each - 1 :]]
    contexts = [build_context(uid, some) for uid in classes for some in syntaxes if some]
    roles = [build_role(uid, scp_role=True) for uid in classes]
    contexts = [build_context(GET), *contexts]
    with open_association(address, contexts, roles=roles, handlers=handlers, **connection) as association:
        _finish(association.send_c_get(identifier, GET), address, "C-GET")


def _move(identifier, address, receive_at, connection):
    with open_association(address, [build_context(MOVE)], **connection) as association:
        title = parse_address(receive_at).title
        _finish(association.send_c_move(identifier, title, MOVE), address, "C-MOVE")


def _finish(responses, address, what):
    """Read all responses; the last one tells how many sub-operations failed."""
    status = None
    for status, _ in responses:
        failed = status.get("NumberOfFailedSuboperations") or 0
        if status.get("Status") not in (0xFF00, 0xA702) and failed:
            wrong = f"could not send {failed} instances ({describe_status(status.Status)})"
            raise PeerError(parse_address(address), wrong, "what came is in the folder; retrieve again")
        ensure_success(status, address, what)


@contextmanager
def _receiver(receive_at, handlers, connection):
    """Listen for what a C-MOVE sends, while it does."""
    limits = {word: value for word, value in connection.items() if word in ("timeout", "max_pdu")}
    contexts = [build_context(uid, ALL_TRANSFER_SYNTAXES) for uid in COMMON]
    try:
        server = listen(parse_address(receive_at), contexts, handlers, **limits)
    except OSError:
        raise PeerError(receive_at, "the port is taken on this machine", "give another one") from None
    try:
        yield
    finally:
        server.shutdown()
