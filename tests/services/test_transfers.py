"""Sending: a row for each instance, whatever it is, and nothing that stops the others."""

import pytest
from peers import contents, peer_with
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import evt
from pynetdicom.sop_class import CTImageStorage

from eda_utils import index_folder, load_image, services
from eda_utils.core.errors import RequestError
from eda_utils.services.transfers import LOST


def taking(folder):
    def take(event):
        (folder / event.request.AffectedSOPInstanceUID).write_bytes(event.encoded_dataset())
        return 0

    return [(evt.EVT_C_STORE, take)]


@pytest.mark.parametrize("form", ["index", "folder", "paths", "datasets"])
def test_every_form_of_source(archive, some_files, form):
    paths = sorted(some_files.iterdir())
    sources = {"index": index_folder(some_files), "folder": some_files, "paths": paths}
    table = services.send(sources.get(form, [dcmread(path) for path in paths]), archive)
    assert table["status"].tolist() == ["0x0000, success"] * 5
    assert table["path"].notna().all() == (form != "datasets")
    assert contents(archive.folder) == contents(some_files)


def test_what_is_no_instance_does_not_stop_the_rest(archive, some_files, tmp_path):
    (tmp_path / "notes.txt").write_text("no DICOM")
    cut = tmp_path / "cut.dcm"
    cut.write_bytes(next(some_files.iterdir()).read_bytes()[:300])
    table = services.send([tmp_path / "notes.txt", cut, *some_files.iterdir()], archive)
    assert table["problem"].notna().tolist() == [True, True, *[False] * 5]
    assert table["status"].notna().sum() == 5


def test_a_file_that_is_cut_inside_its_pixels_is_not_sent(archive, some_files, tmp_path):
    """Its pixels announce more bytes than there are, and a peer may wait for them."""
    whole = next(path for path in some_files.iterdir() if dcmread(path).Modality == "CT")
    (tmp_path / "cut.dcm").write_bytes(whole.read_bytes()[:-2000])
    table = services.send([tmp_path / "cut.dcm", whole], archive)
    said = "the file is cut inside its Pixel Data (7FE0,0010); copy it again"
    assert table["problem"].dropna().tolist() == [said]
    assert len(contents(archive.folder)) == 1


def test_nothing_to_send(archive):
    assert list(services.send([], archive)) == ["path", "status", "problem", "note"]


def test_files_and_data_sets_are_not_mixed(archive, some_files):
    with pytest.raises(RequestError, match="mixes files and data sets"):
        services.send([dcmread(next(some_files.iterdir())), some_files], archive)


def test_a_class_that_is_not_taken_is_named(some_files, tmp_path):
    with peer_with((CTImageStorage, ExplicitVRLittleEndian), handlers=taking(tmp_path)) as address:
        table = services.send(some_files, address)
    assert table["status"].notna().sum() == 1
    said = "the peer accepts no MR Image Storage in Explicit VR Little Endian, nor uncompressed; ask which SOP classes"
    assert table["problem"].str.startswith(said).sum() == 1


def test_another_transfer_syntax_is_offered(tmp_path):
    path = get_testdata_file("CT_small.dcm")
    with peer_with((CTImageStorage, ImplicitVRLittleEndian), handlers=taking(tmp_path)) as address:
        table = services.send([path], address)
    said = "sent as Implicit VR Little Endian: the peer does not accept Explicit VR Little Endian"
    assert table.loc[0, "note"] == said
    assert (load_image(next(tmp_path.iterdir())).pixels == load_image(path).pixels).all()


def test_a_failure_of_one_is_its_own(some_files):
    def refuse(event):
        return 0xA700 if event.request.AffectedSOPClassUID == CTImageStorage else 0

    classes = {str(uid) for uid in index_folder(some_files)["SOPClassUID"]}
    with peer_with(*[(uid, list(SYNTAXES)) for uid in classes], handlers=[(evt.EVT_C_STORE, refuse)]) as address:
        problems = services.send(some_files, address)["problem"].dropna().tolist()
    assert problems == ["the peer answers 0xA700, out of resources"]


SYNTAXES = {"1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.91", "1.2.840.10008.1.2"}


def test_what_an_ended_association_left_is_sent_over_another_one(some_files, tmp_path):
    seen = []

    def end_at_the_third(event):
        seen.append(event.request.AffectedSOPInstanceUID)
        if len(seen) == 3:
            event.assoc.abort()
        (tmp_path / event.request.AffectedSOPInstanceUID).write_bytes(event.encoded_dataset())
        return 0

    classes = {str(uid) for uid in index_folder(some_files)["SOPClassUID"]}
    handlers = [(evt.EVT_C_STORE, end_at_the_third)]
    with peer_with(*[(uid, list(SYNTAXES)) for uid in classes], handlers=handlers) as address:
        table = services.send(some_files, address, timeout=5)
    assert table["problem"].isna().all()
    assert contents(tmp_path) == contents(some_files)
    assert seen[-1] == seen[2], "the one that it ended with comes last"


def test_one_that_ends_every_association_keeps_none_from_the_others(some_files, tmp_path):
    def end_at_ct(event):
        if event.request.AffectedSOPClassUID == CTImageStorage:
            event.assoc.abort()
        return 0

    classes = {str(uid) for uid in index_folder(some_files)["SOPClassUID"]}
    handlers = [(evt.EVT_C_STORE, end_at_ct)]
    with peer_with(*[(uid, list(SYNTAXES)) for uid in classes], handlers=handlers) as address:
        table = services.send(some_files, address, timeout=5)
    assert table["problem"].dropna().tolist() == [LOST]
    assert (table["status"] == "0x0000, success").sum() == 4
