"""Sending instances to an archive, one C-STORE request each."""

from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import pandas as pd
from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import build_context

from ..core import PARSE_ERRORS, EDAError, Paths, PeerError, RequestError, is_url, open_file, progress_bar
from ..dicom import CUT_PIXELS, read_dataset
from ..index import index_folder
from .association import Peer, describe_status, open_association, whole_files

PLAIN = [ExplicitVRLittleEndian, ImplicitVRLittleEndian]
MOST_KINDS = 60  # of SOP class and transfer syntax in one association: each asks for two of the 128 contexts
TAGS = ["SOPClassUID", "SOPInstanceUID", "TransferSyntaxUID"]
LOST = "the association ended before it was confirmed; send again"


def send(
    source: pd.DataFrame | Paths | Sequence[Dataset], address: Peer, *, progress: bool | None = None, **connection: Any
) -> pd.DataFrame:
    """Send instances to an archive (C-STORE); what one of them lacks does not stop the others.

    The bytes of a file are sent as they are. Where the peer does not accept its transfer syntax, it is decoded and
    sent uncompressed, and the row says so. What an association leaves that ends too early is sent over a second one.
    Sending the same again is harmless: that is how a set that was cut off is completed.

    Parameters
    ----------
    source : DataFrame, str, Path, or list of str, Path or Dataset
        An index, a folder, files, or data sets.
    address : str or Archive
        ``AET@host:port``
    progress : bool, optional
        Whether to show a bar; by default on a terminal.
    **connection
        timeout, calling, tls, max_pdu, log, as in `open_association`.

    Returns
    -------
    pandas.DataFrame
        A row for each instance: path (missing for a Dataset), status (missing if it was not sent), problem (why it
        was not stored) and note.

    Raises
    ------
    PeerError
        If the peer is not there, refuses the association or does not answer the request for it.

    References
    ----------
    PS3.4 B (Storage Service Class), PS3.7 9.1.1

    Examples
    --------
    >>> import tempfile
    >>> from pydicom.data import get_testdata_file
    >>> from eda_utils import services
    >>> with tempfile.TemporaryDirectory() as folder, services.start_archive(folder) as archive:
    ...     services.send([get_testdata_file("CT_small.dcm")], archive)["status"].tolist()
    ['0x0000, success']
    """
    rows = instance_rows(source)
    ready = [row for row in rows if not row["problem"]]
    with progress_bar(desc="sending", unit=" instances", total=len(ready), progress=progress) as bar:
        for group in _groups(ready):
            _send_group(group, address, bar, connection)
            _send_rest([row for row in group if row["problem"] == LOST], address, bar, connection)
    return outcome_table(rows)


def outcome_table(rows):
    """Return the rows of instances as a table of what became of them."""
    table = pd.DataFrame(rows, columns=["path", "status", "problem", "note"]).astype("str")
    return table.where(table != "", float("nan"))


def instance_rows(source):
    """Return a dict for each instance: what it is, and why it cannot be sent."""
    items = [source] if isinstance(source, (Dataset, str, Path)) else source
    if not isinstance(items, pd.DataFrame) and all(isinstance(item, Dataset) for item in items):
        return [_row("", item, *(_value(item, keyword) for keyword in TAGS)) for item in items]
    if not isinstance(items, pd.DataFrame):
        if any(isinstance(item, Dataset) for item in items):
            raise RequestError("source", "mixes files and data sets", "send them one after the other")
        items = index_folder(list(items), tags=TAGS, progress=False)
    columns = items.reindex(columns=["path", *TAGS, "kind", "problem", "warning"]).astype("object")
    return [_row(cells[0], *cells) for cells in columns.itertuples(index=False)]


def _value(dataset, keyword):
    meta = getattr(dataset, "file_meta", None) or Dataset()
    return meta.get(keyword) or dataset.get(keyword)


def _row(path, item, sop_class, instance, syntax, kind="dicom", problem=None, warning=None):
    if not pd.isna(problem):
        why = problem
    elif CUT_PIXELS in str(warning):  # a peer would wait for the rest
        why = f"{CUT_PIXELS}; copy it again"
    elif kind == "other" or pd.isna(sop_class) or pd.isna(instance) or pd.isna(syntax):
        why = "has no SOP Class UID, SOP Instance UID or transfer syntax: it is no DICOM instance"
    else:
        why = ""
    row = {"path": path, "status": "", "problem": why, "note": "", "item": item}
    return row | {"class": str(sop_class), "syntax": str(syntax)}


def _groups(rows):
    """Yield rows of at most `MOST_KINDS` kinds, as an association has 128 contexts (PS3.8 9.3.2.2)."""
    kinds = sorted({(row["class"], row["syntax"]) for row in rows})
    for start in range(0, len(kinds), MOST_KINDS):
        some = set(kinds[start : start + MOST_KINDS])
        yield [row for row in rows if (row["class"], row["syntax"]) in some]


def _send_group(rows, address, bar, connection):
    kinds = sorted({(row["class"], row["syntax"]) for row in rows})
    contexts = [build_context(*kind) for kind in kinds]  # one syntax each: the peer cannot choose another
    contexts += [build_context(sop_class, PLAIN) for sop_class in dict.fromkeys(kind[0] for kind in kinds)]
    with open_association(address, contexts, **connection) as association:
        accepted = {(c.abstract_syntax, c.transfer_syntax[0]) for c in association.accepted_contexts}
        for row in rows:
            if association.is_established:
                _send_row(association, row, accepted)
            else:
                row["problem"] = LOST
            bar.update(row["problem"] != LOST)


def _send_rest(rows, address, bar, connection):
    """Send once more what an ended association left; the instance that it ended with comes last."""
    rows = [*rows[1:], *rows[:1]]
    for row in rows:
        row["problem"] = row["note"] = ""
    try:
        if rows:
            _send_group(rows, address, bar, connection)
    except PeerError:
        for row in rows:
            row["problem"] = LOST


def _send_row(association, row, accepted):
    try:
        with whole_files():
            status = association.send_c_store(_payload(row, accepted)).get("Status")
    except EDAError as error:
        row["problem"] = f"{error.wrong}; {error.advice}"
        return
    except (*PARSE_ERRORS, RuntimeError, OSError) as error:
        wrong = f"cannot be encoded for the peer ({type(error).__name__}); check the file"
        row["problem"] = wrong if association.is_established else LOST
        return
    row["status"] = "" if status is None else describe_status(status)
    if status is None:
        row["problem"] = LOST
    elif status != 0 and status >> 12 != 0xB:
        row["problem"] = f"the peer answers {row['status']}"


def _payload(row, accepted):
    """Return what to send: the file as it is, or its data set in a transfer syntax that the peer accepts."""
    item = row["item"]
    if (row["class"], row["syntax"]) in accepted:
        return item if isinstance(item, Dataset) or _is_part_10(item) else read_dataset(item, pixels=True)
    taken = [syntax for syntax in PLAIN if (row["class"], syntax) in accepted]
    if not taken:
        wrong = f"the peer accepts no {UID(row['class']).name} in {UID(row['syntax']).name}, nor uncompressed"
        raise PeerError("peer", wrong, "ask which SOP classes and transfer syntaxes it takes")
    row["note"] = f"sent as {taken[0].name}: the peer does not accept {UID(row['syntax']).name}"
    dataset = read_dataset(item, pixels=True)
    dataset = deepcopy(dataset) if dataset is item else dataset
    if UID(row["syntax"]).is_compressed:
        dataset.decompress()
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return dataset


def _is_part_10(path):
    """Whether a file begins as PS3.10 7.1 says: older ones are read and written anew."""
    if is_url(path):
        return False
    with open_file(path) as file:
        return file.read(132)[128:] == b"DICM"
