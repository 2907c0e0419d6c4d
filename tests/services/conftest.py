"""Peers for the tests of services: our archive, and Orthanc; each is ended by what began it."""

import json
import shutil
from pathlib import Path

import pytest
from parts import missing
from peers import KINDS, free_port, make_files, running

ORTHANC_PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")


@pytest.fixture
def archive(tmp_path):
    from eda_utils import services

    with services.start_archive(tmp_path / "archive") as archive:
        yield archive


@pytest.fixture(scope="session")
def some_files(tmp_path_factory):
    """Five instances, one of a kind."""
    return make_files(tmp_path_factory.mktemp("some") / "files", len(KINDS))


class Orthanc:
    """A running Orthanc: its addresses over DIMSE and HTTP, and where it will send to."""

    def __init__(self, dicom_port, http_port, move_port):
        self.address = f"ORTHANC@127.0.0.1:{dicom_port}"
        self.url = f"http://127.0.0.1:{http_port}/dicom-web"
        self.receive_at = f"EDA_MOVE@127.0.0.1:{move_port}"


@pytest.fixture(scope="module")
def orthanc(tmp_path_factory):
    if not shutil.which("Orthanc") or not ORTHANC_PLUGIN.exists():
        missing("Orthanc with its DICOMweb plug-in")
    folder = tmp_path_factory.mktemp("orthanc")
    ports = dicom_port, http_port, move_port = free_port(), free_port(), free_port()
    settings = {
        **{"StorageDirectory": f"{folder}", "IndexDirectory": f"{folder}", "Plugins": [str(ORTHANC_PLUGIN)]},
        **{"DicomAet": "ORTHANC", "DicomPort": dicom_port, "DicomCheckCalledAet": True},
        **{"HttpPort": http_port, "RemoteAccessAllowed": False, "AuthenticationEnabled": False},
        **{"DicomAlwaysAllowGet": True, "DicomAlwaysAllowMove": True, "DicomAlwaysAllowFind": True},
        "DicomModalities": {"eda": ["EDA_MOVE", "127.0.0.1", move_port]},
    }
    path = folder / "orthanc.json"
    path.write_text(json.dumps(settings))
    with running([shutil.which("Orthanc"), path], http_port):
        yield Orthanc(*ports)
