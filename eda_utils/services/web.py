"""DICOMweb: the same verbs over HTTP, as QIDO-RS, WADO-RS and STOW-RS (PS3.18)."""

import re
from collections.abc import Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from ssl import SSLContext
from urllib.parse import quote, urlsplit

import httpx
import pandas as pd
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from ..core import PARSE_ERRORS, EDAError, Paths, PeerError, RequestError, open_file, progress_bar
from ..dicom import read_dataset
from ..index import index_folder
from .association import TIMEOUT, describe_status
from .queries import FIELDS, answers_table, check_request, match_text
from .received import name_of, read_header, write_part
from .retrievals import identifiers
from .transfers import instance_rows, outcome_table

RESOURCES = {"STUDY": "studies", "SERIES": "series", "IMAGE": "instances"}
JSON = "application/dicom+json"
PARTS = 'multipart/related; type="application/dicom"'
PAGE = 1000  # rows of an answer, so that no server cuts off silently
LONGEST_PART = 1 << 31  # bytes of one instance


@contextmanager
def _client(url, timeout, tls, headers):
    """Open an HTTP client that talks to this URL only: no proxies, no redirects."""
    parts = urlsplit(str(url))
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise RequestError("url", "is no http or https address", "write it like http://127.0.0.1:8042/dicom-web")
    place = f"{parts.hostname}:{parts.port or parts.scheme}"
    base = {"base_url": str(url).rstrip("/") + "/", "headers": headers, "verify": tls or True}
    try:
        with httpx.Client(timeout=timeout, trust_env=False, **base) as client:
            yield client
    except httpx.TimeoutException:
        raise PeerError(place, f"does not answer within {timeout:g} s", "try again, or give a longer timeout") from None
    except httpx.TransportError:
        raise PeerError(place, "cannot be reached, or ends the connection", "check address, and that it runs") from None
    except httpx.HTTPStatusError as error:
        wrong = f"answers HTTP status {error.response.status_code}"
        raise PeerError(place, wrong, "check path and permissions, and look into its log") from None


def query_web(
    url: str,
    level: str = "study",
    *,
    fields: Sequence[str] = (),
    timeout: float = TIMEOUT,
    tls: SSLContext | None = None,
    headers: dict | None = None,
    **keys: object,
) -> pd.DataFrame:
    """Ask a DICOMweb server which studies, series or images it holds (QIDO-RS).

    Parameters
    ----------
    url : str
        Such as ``http://127.0.0.1:8042/dicom-web``
    level : str
        ``"study"``, ``"series"`` or ``"image"``
    fields : list of str
        Keywords of further attributes to be told.
    timeout : float
        Seconds for each answer.
    tls : ssl.SSLContext, optional
        By default the certificates of the system are trusted.
    headers : dict, optional
        Such as ``{"Authorization": "Bearer ..."}``
    **keys
        DICOM keywords with the value that must match, as in `query`.

    Returns
    -------
    pandas.DataFrame
        As of `query`.

    Raises
    ------
    RequestError
        If URL, level or keyword make no sense.
    PeerError
        If the server is not there, refuses, stalls or fails.

    References
    ----------
    PS3.18 10.6 (Search Transaction)

    Examples
    --------
    >>> from eda_utils import services
    >>> services.query_web("http://127.0.0.1:1")
    Traceback (most recent call last):
    eda_utils.core.errors.PeerError: 127.0.0.1:1: cannot be reached, or ends the connection; ...
    """
    level, keys, rest = check_request(level, fields, keys)
    if level == "PATIENT" or rest:
        raise RequestError("level" if not rest else min(rest), "is unknown to QIDO-RS", "give study, series or image")
    wanted = list(dict.fromkeys([*FIELDS[level].split(), *fields, *keys]))
    matches = {keyword: match_text(keyword, value).replace("\\", ",") for keyword, value in keys.items()}
    asked = matches | {"includefield": ",".join(wanted), "limit": PAGE}
    found = []
    with _client(url, timeout, tls, headers) as client:
        while len(found) % PAGE == 0:
            answer = client.get(RESOURCES[level], params=asked | {"offset": len(found)}, headers={"Accept": JSON})
            page = [] if answer.status_code == 204 else _read_json(answer, client)
            found += page
            if not page:
                break
    return answers_table(found, wanted)


def _read_json(answer, client):
    answer.raise_for_status()
    try:
        return [Dataset.from_json(item) for item in answer.json()]
    except PARSE_ERRORS:
        raise PeerError(client.base_url.host, "answers with no DICOM JSON", "check the path of the URL") from None


def retrieve_web(
    what: pd.DataFrame | dict | str,
    url: str,
    folder: str | Path,
    *,
    progress: bool | None = None,
    timeout: float = TIMEOUT,
    tls: SSLContext | None = None,
    headers: dict | None = None,
) -> pd.DataFrame:
    """Retrieve instances from a DICOMweb server into a folder, and return their index (WADO-RS).

    Parameters
    ----------
    what : DataFrame, dict or str
        Rows of `query_web`, DICOM keywords with their values, or one Study Instance UID.
    url, timeout, tls, headers
        As in `query_web`.
    folder : str or Path
        It is made.
    progress : bool, optional
        Whether to show a bar; by default on a terminal.

    Returns
    -------
    pandas.DataFrame
        As of `index_folder`, of the instances that came.

    Raises
    ------
    PeerError
        If the server is not there, refuses, stalls, fails or sends what is no instance.

    References
    ----------
    PS3.18 10.4 (Retrieve Transaction)

    Examples
    --------
    >>> from eda_utils import services
    >>> services.retrieve_web("1.2.3", "http://127.0.0.1:1", "/tmp/eda-example")
    Traceback (most recent call last):
    eda_utils.core.errors.PeerError: 127.0.0.1:1: cannot be reached, or ends the connection; ...
    """
    folder, came = Path(folder), []
    folder.mkdir(parents=True, exist_ok=True)
    accept = {"Accept": f"{PARTS}; transfer-syntax=*"}
    shown = progress_bar(desc="retrieving", unit=" instances", progress=progress)
    with _client(url, timeout, tls, headers) as client, shown as bar:
        for path in [path for identifier in identifiers(what) for path in _paths(identifier)]:
            with client.stream("GET", path, headers=accept) as answer:
                answer.raise_for_status()
                for content in _instances(answer):
                    came.append(_write(folder, content))
                    bar.update()
    return index_folder(sorted(set(came)), progress=False)


def _paths(identifier):
    """Return the path of each resource that an identifier of C-GET names."""
    head = "".join(
        f"{name}/{quote(identifier[keyword].value, safe='')}/"
        for keyword, name in (("StudyInstanceUID", "studies"), ("SeriesInstanceUID", "series"))
        if keyword in identifier
    )
    images = identifier.get("SOPInstanceUID", [])
    images = [images] if isinstance(images, str) else images
    return [f"{head}instances/{quote(uid, safe='')}" for uid in images] or [head.rstrip("/")]


def _instances(answer):
    """Yield the instances of a multipart answer as it comes in: no more than one is in memory."""
    found = re.search(r'boundary="?([^";]+)"?', answer.headers.get("Content-Type", ""))
    if not found:
        raise PeerError(answer.url.host, "answers with something else than multipart", "check the path of the URL")
    mark, buffer = b"\r\n--" + found[1].encode("latin-1"), bytearray(b"\r\n")
    for chunk in answer.iter_bytes(1 << 20):
        searched = max(0, len(buffer) - len(mark))
        buffer += chunk
        while (end := buffer.find(mark, searched)) >= 0:
            part, searched = bytes(buffer[:end]), 0
            del buffer[: end + len(mark)]
            _, is_part, content = part.partition(b"\r\n\r\n")
            if is_part:
                yield content
        if len(buffer) > LONGEST_PART:
            raise PeerError(answer.url.host, "sends an instance without an end", "look into its log")


def _write(folder, content):
    header = read_header(content)
    if header is None:
        raise PeerError("instance", "what was sent is no DICOM instance", "look into the log of the server")
    return write_part(folder, name_of(header.SOPInstanceUID), content)


def send_web(
    source: pd.DataFrame | Paths | Sequence[Dataset],
    url: str,
    *,
    progress: bool | None = None,
    timeout: float = TIMEOUT,
    tls: SSLContext | None = None,
    headers: dict | None = None,
) -> pd.DataFrame:
    """Send instances to a DICOMweb server, one request each (STOW-RS).

    Parameters
    ----------
    source : DataFrame, str, Path, or list of str, Path or Dataset
        As in `send`.
    url, timeout, tls, headers
        As in `query_web`.
    progress : bool, optional
        Whether to show a bar; by default on a terminal.

    Returns
    -------
    pandas.DataFrame
        As of `send`.

    Raises
    ------
    PeerError
        If the server is not there, stalls, or does not take instances at all.

    References
    ----------
    PS3.18 10.5 (Store Transaction)

    Examples
    --------
    >>> from eda_utils import services
    >>> services.send_web([], "http://127.0.0.1:1")["status"].tolist()
    []
    """
    rows = instance_rows(source)
    ready = [row for row in rows if not row["problem"]]
    shown = progress_bar(desc="sending", unit=" instances", total=len(ready), progress=progress)
    with _client(url, timeout, tls, headers) as client, shown as bar:
        for row in ready:
            _stow(client, row)
            bar.update()
    return outcome_table(rows)


def _stow(client, row):
    try:
        content = _part_10(row["item"])
    except (*PARSE_ERRORS, EDAError, OSError) as error:
        row["problem"] = f"cannot be written as DICOM ({type(error).__name__}); check the file"
        return
    boundary = generate_uid(None)  # at random: not in the content
    head = f"--{boundary}\r\nContent-Type: application/dicom\r\n\r\n".encode()
    kind = {"Content-Type": f"{PARTS}; boundary={boundary}", "Accept": JSON}
    answer = client.post("studies", content=head + content + f"\r\n--{boundary}--\r\n".encode(), headers=kind)
    if answer.status_code not in (200, 202, 409):  # 409: none was stored, the answer says why
        answer.raise_for_status()
    replies = answer.json()
    reply = Dataset.from_json(replies[0] if isinstance(replies, list) else replies)
    failed = reply.get("FailedSOPSequence")
    status = failed[0].get("FailureReason", 0x0110) if failed else 0
    row["status"] = describe_status(status)
    row["problem"] = f"the server answers {row['status']}" if failed else ""


def _part_10(item):
    """Return the bytes of an instance as PS3.10 has them."""
    if not isinstance(item, Dataset):
        with open_file(item) as file:
            content = file.read()
        if content[128:132] == b"DICM":
            return content
    buffer = BytesIO()
    read_dataset(item, pixels=True).save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()
