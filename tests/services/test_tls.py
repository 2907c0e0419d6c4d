"""TLS: encrypted where both want it, and a clear word where they do not agree."""

import ssl
import subprocess

import pytest
from parts import program
from peers import contents

from eda_utils import services
from eda_utils.core.errors import PeerError


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A key and a certificate for this machine that nobody has signed."""
    folder = tmp_path_factory.mktemp("tls")
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    made = [program("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *names, *files]
    subprocess.run(made, check=True, capture_output=True)
    return folder / "cert.pem", folder / "key.pem"


@pytest.fixture
def secure(certificate, tmp_path):
    """An archive that speaks TLS only."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(*certificate)
    with services.start_archive(tmp_path / "secure", tls=server) as archive:
        yield archive


def test_instances_go_and_come_encrypted(secure, certificate, some_files, tmp_path):
    tls = ssl.create_default_context(cafile=certificate[0])
    assert services.echo(secure, tls=tls)["status"] == "0x0000, success"
    assert services.send(some_files, secure, tls=tls)["problem"].isna().all()
    services.retrieve(services.query(secure, tls=tls), secure, tmp_path / "back", tls=tls)
    assert contents(tmp_path / "back") == contents(some_files)


def test_a_certificate_that_nobody_trusts_is_refused(secure):
    with pytest.raises(PeerError):
        services.echo(secure, tls=ssl.create_default_context(), timeout=5)
    assert secure.server is not None


def test_without_tls_there_is_no_association(secure, certificate):
    with pytest.raises(PeerError):
        services.echo(secure, timeout=2)
    assert services.echo(secure, tls=ssl.create_default_context(cafile=certificate[0]))["status"] == "0x0000, success"


# pynetdicom leaves the socket of a handshake that failed to the garbage collector
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
def test_tls_to_a_peer_that_has_none(archive, certificate):
    with pytest.raises(PeerError):
        services.echo(archive, tls=ssl.create_default_context(cafile=certificate[0]), timeout=2)
    assert services.echo(archive)["status"] == "0x0000, success"


def test_dcmtk_agrees(secure, certificate):
    at = ["127.0.0.1", str(secure.address.port)]
    command = [program("echoscu"), "-aec", "ARCHIVE", "+tla", "+cf", str(certificate[0]), *at]
    answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert answer.returncode == 0, answer.stderr
