"""Retrieving from our archive, by C-GET and C-MOVE."""

import pytest
from peers import contents, free_port

from eda_utils import services
from eda_utils.core.errors import PeerError, RequestError


@pytest.fixture
def filled(archive, some_files):
    services.send(some_files, archive)
    return archive


@pytest.mark.parametrize("level", ["study", "series", "image"])
@pytest.mark.parametrize("method", ["get", "move"])
def test_all_levels_and_ways(filled, some_files, tmp_path, level, method):
    receive_at = f"ME@127.0.0.1:{free_port()}"
    filled.peers.append(receive_at)
    rows = services.query(filled, level)
    index = services.retrieve(rows, filled, tmp_path / "back", method=method, receive_at=receive_at)
    assert index["problem"].isna().all()
    assert contents(tmp_path / "back") == contents(some_files)


def test_a_destination_that_is_not_known(filled, tmp_path):
    with pytest.raises(PeerError, match="answers C-MOVE with 0xA801, move destination unknown; look into its log"):
        services.retrieve(
            *(services.query(filled), filled, tmp_path), method="move", receive_at=f"NOBODY@127.0.0.1:{free_port()}"
        )


def test_a_study_that_is_not_there(filled, tmp_path):
    assert len(services.retrieve("1.2.3", filled, tmp_path)) == 0


def test_a_file_that_is_gone_is_told(filled, tmp_path):
    next(filled.folder.glob("*.dcm")).unlink()
    with pytest.raises(PeerError, match="answers C-GET with 0xA702, out of resources: cannot do the sub-operations"):
        services.retrieve(services.query(filled), filled, tmp_path)


def test_it_must_be_said_what(filled, tmp_path):
    with pytest.raises(RequestError, match="names no study, series or instance"):
        services.retrieve({"PatientID": "1"}, filled, tmp_path)
    with pytest.raises(RequestError, match="is neither get nor move with receive_at"):
        services.retrieve("1.2.3", filled, tmp_path, method="move")
