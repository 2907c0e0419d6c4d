"""DICOMweb servers that are not there or answer with something else; Orthanc answers in test_orthanc."""

import pytest
from peers import peer_that

from eda_utils import services
from eda_utils.core.errors import PeerError, RequestError
from eda_utils.services.web import _instances

PART = b"Content-Type: application/dicom\r\n\r\n"


@pytest.mark.parametrize("url", ["127.0.0.1:80", "ftp://a/b", "http://", "file:///etc/passwd"])
def test_an_address_is_checked(url):
    with pytest.raises(RequestError, match="url: is no http or https address"):
        services.query_web(url)


def test_patients_are_no_resource():
    with pytest.raises(RequestError, match="unknown to QIDO-RS"):
        services.query_web("http://127.0.0.1:1", "patient")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"", "does not answer within 1 s"),
        (b"nonsense", "ends the connection|does not answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno", "answers with no DICOM JSON"),
        (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", "answers HTTP status 403"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/\r\nContent-Length: 0\r\n\r\n", "answers HTTP status 302"),
    ],
)
def test_servers_that_stall_or_talk_nonsense(answer, said):
    with peer_that(answer) as address, pytest.raises(PeerError, match=said):
        services.query_web(f"http://127.0.0.1:{address.rsplit(':')[-1]}", timeout=1)


class Answer:
    """Bytes that come in pieces of a given size."""

    def __init__(self, content, size):
        self.content, self.size = content, size
        self.headers = {"Content-Type": 'multipart/related; type="application/dicom"; boundary="b-1"'}

    def iter_bytes(self, _):
        yield from (self.content[start : start + self.size] for start in range(0, len(self.content), self.size))


@pytest.mark.parametrize("size", [1, 2, 7, 64, 10_000])
def test_parts_are_cut_where_they_end(size):
    parts = [b"one", b"\r\n--b-", b"", bytes(range(256)) * 3]
    body = b"".join(b"--b-1\r\n" + PART + part + b"\r\n" for part in parts) + b"--b-1--\r\n"
    assert list(_instances(Answer(body, size))) == parts
