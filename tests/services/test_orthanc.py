"""The verbs against Orthanc, over DIMSE and over DICOMweb: what goes there comes back as it was."""

import pytest
from peers import contents, make_files

from eda_utils import services
from eda_utils.core.errors import PeerError


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return make_files(tmp_path_factory.mktemp("mixed") / "files", 500)


@pytest.fixture(scope="module")
def filled(orthanc, files):
    """Orthanc with 500 instances of five kinds, sent over DIMSE."""
    table = services.send(files, orthanc.address)
    assert table["problem"].isna().all()
    assert (table["status"] == "0x0000, success").all()
    return orthanc


def test_echo(orthanc):
    assert services.echo(orthanc.address)["status"] == "0x0000, success"


def test_a_wrong_title_is_rejected(orthanc):
    with pytest.raises(PeerError, match="rejects the association"):
        services.echo(orthanc.address.replace("ORTHANC", "WRONG"))


@pytest.mark.parametrize("level", ["study", "series", "image"])
def test_query_says_the_same_both_ways(filled, level):
    dimse, web = (
        services.query(filled.address, level, Modality="CT"),
        services.query_web(filled.url, level, Modality="CT"),
    )
    keys = [name for name in dimse if name.endswith("InstanceUID")]
    if level == "image":  # Orthanc wants to know the series
        series = services.query(filled.address, "series", Modality="CT").iloc[0][
            ["StudyInstanceUID", "SeriesInstanceUID"]
        ]
        dimse = services.query(filled.address, level, **series)
        assert len(dimse) == 100
    assert sorted(map(tuple, dimse[keys].to_numpy())) == sorted(map(tuple, web[keys].to_numpy()))


def test_query_by_range_and_wild_card(filled):
    found = services.query(filled.address, StudyDate=("20040101", "20041231"), fields=["PatientName"])
    assert len(found) == len(services.query_web(filled.url, StudyDate=("2004-01-01", "2004-12-31")))
    assert found["StudyDate"].dt.year.unique().tolist() == [2004]
    assert len(services.query(filled.address, "patient", PatientName="Comp*")) == len(
        services.query(filled.address, "patient", PatientName="CompressedSamples^*")
    )


def test_everything_comes_back_by_get(filled, files, tmp_path):
    index = services.retrieve(services.query(filled.address), filled.address, tmp_path)
    assert index["problem"].isna().all()
    assert contents(tmp_path) == contents(files)


def test_everything_comes_back_by_move(filled, files, tmp_path):
    studies = services.query(filled.address)
    services.retrieve(studies, filled.address, tmp_path, method="move", receive_at=filled.receive_at)
    assert contents(tmp_path) == contents(files)


def test_a_move_to_nobody_fails(filled, tmp_path):
    with pytest.raises(PeerError, match="answers C-MOVE with"):
        services.retrieve(
            services.query(filled.address), filled.address, tmp_path, method="move", receive_at="NOBODY@127.0.0.1:11119"
        )


def test_everything_comes_back_over_the_web(filled, files, tmp_path):
    services.retrieve_web(services.query_web(filled.url), filled.url, tmp_path)
    assert contents(tmp_path) == contents(files)


def test_parts_come_alone(filled, tmp_path):
    series = services.query(filled.address, "series", Modality="MR")
    keys = series.iloc[0][["StudyInstanceUID", "SeriesInstanceUID"]].to_dict()
    images = services.query(filled.address, "image", **keys).head(3)
    assert len(services.retrieve(images, filled.address, tmp_path / "get")) == 3
    assert len(services.retrieve_web(images, filled.url, tmp_path / "web")) == 3
    assert len(services.retrieve(series, filled.address, tmp_path / "series")) == 100


def test_what_is_sent_over_the_web_arrives(orthanc, tmp_path):
    files = make_files(tmp_path / "files", 5)
    (files / "notes.txt").write_text("no DICOM")
    table = services.send_web(files, orthanc.url)
    assert table["status"].tolist() == ["0x0000, success"] * 5 + [table["status"].iloc[5]]
    assert table["problem"].notna().tolist() == [False] * 5 + [True]
    found = services.query_web(orthanc.url, "series")
    assert set(services.retrieve_web(found, orthanc.url, tmp_path / "back")["SOPInstanceUID"]) >= set(contents(files))


def test_a_wrong_path_of_the_url(orthanc):
    with pytest.raises(PeerError, match="answers HTTP status 404; check path and permissions"):
        services.query_web(orthanc.url.replace("dicom-web", "nothing"))
