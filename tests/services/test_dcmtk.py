"""The verbs against DCMTK's programs, in both directions."""

import subprocess

import numpy as np
import pytest
from parts import program
from peers import contents, free_port, make_files, running
from PIL import Image as Pillow
from pydicom import dcmread
from pydicom.data import get_testdata_file

from eda_utils import load_image, services, to_display

TITLES = ["-aet", "DCMTK", "-aec", "ARCHIVE"]


def run(*command):
    answer = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, timeout=60)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout + answer.stderr


def at(archive):
    return "127.0.0.1", archive.address.port


def test_storescu_sends_to_our_archive(archive, tmp_path):
    files = make_files(tmp_path / "files", 20, ("CT_small.dcm", "MR_small.dcm"))
    run(program("storescu"), *TITLES, "+sd", *at(archive), files)
    run(program("echoscu"), *TITLES, *at(archive))
    assert services.send(files, archive)["problem"].isna().all()  # laid out otherwise, and the same
    assert contents(archive.folder) == contents(files)


def test_storescp_receives_what_we_send(tmp_path):
    files, port = make_files(tmp_path / "files", 20), free_port()
    (tmp_path / "there").mkdir()
    command = [program("storescp"), "-od", tmp_path / "there", "+xa", "-aet", "STORESCP", port]
    with running(command, port):
        table = services.send(files, f"STORESCP@127.0.0.1:{port}")
    assert table["problem"].isna().all()
    assert contents(tmp_path / "there") == contents(files)


def test_storescp_that_takes_no_compression_gets_decoded_pixels(tmp_path):
    files, port = make_files(tmp_path / "files", 1, ("JPEG2000.dcm",)), free_port()
    (tmp_path / "there").mkdir()
    with running([program("storescp"), "-od", tmp_path / "there", "-aet", "STORESCP", port], port):
        table = services.send(files, f"STORESCP@127.0.0.1:{port}")
    note = "sent as Explicit VR Little Endian: the peer does not accept JPEG 2000 Image Compression"
    assert table[["problem", "note"]].astype(object).where(table.notna(), None).to_numpy().tolist()[0][1] == note

    (arrived,) = (tmp_path / "there").iterdir()
    assert np.array_equal(load_image(arrived).pixels, load_image(next(files.iterdir())).pixels)


def test_findscu_finds_in_our_archive(archive, some_files):
    services.send(some_files, archive)
    keys = [
        "-S",
        "-k",
        "QueryRetrieveLevel=SERIES",
        "-k",
        "Modality=C?",
        "-k",
        "SeriesInstanceUID",
        "-k",
        "StudyInstanceUID",
    ]
    said = run(program("findscu"), *TITLES, *keys, *at(archive))
    assert said.count("(0008,0060) CS [CT]") == 1
    assert "(0008,0060) CS [MR]" not in said


@pytest.mark.parametrize("level", ["STUDY", "SERIES"])
def test_getscu_gets_from_our_archive(archive, tmp_path, level):
    files = make_files(tmp_path / "files", 10, ("CT_small.dcm",))
    services.send(files, archive)
    found = services.query(archive, level).iloc[0]
    keys = [f"{name}={found[name]}" for name in ("StudyInstanceUID", "SeriesInstanceUID") if name in found]
    (tmp_path / "there").mkdir()
    asked = [word for key in (f"QueryRetrieveLevel={level}", *keys) for word in ("-k", key)]
    run(program("getscu"), *TITLES, "-S", "-od", tmp_path / "there", *asked, *at(archive))
    assert contents(tmp_path / "there") == contents(files)


def test_movescu_moves_from_our_archive(archive, tmp_path):
    files, port = make_files(tmp_path / "files", 10, ("CT_small.dcm", "MR_small.dcm")), free_port()
    services.send(files, archive)
    archive.peers.append(f"DCMTK@127.0.0.1:{port}")
    (tmp_path / "there").mkdir()
    for study in services.query(archive)["StudyInstanceUID"]:
        asked = ["-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={study}"]
        run(program("movescu"), *TITLES, "-S", "+P", port, "-od", tmp_path / "there", *asked, *at(archive))
    assert contents(tmp_path / "there") == contents(files)


def test_what_we_produce_is_valid_and_shown_alike(tmp_path):
    random = np.random.default_rng(8)
    pictures = [random.integers(0, 255, shape, np.uint8) for shape in ((31, 33), (30, 32, 3))]
    pictures.append(random.integers(0, 65535, (33, 31), np.uint16))
    for number, pixels in enumerate(pictures):
        path = tmp_path / f"{number}.dcm"
        services.produce_capture(pixels).save_as(path, enforce_file_format=True)
        assert errors(path) == []
        run(
            program("dcm2pnm"),
            "--min-max-window" if pixels.dtype == np.uint16 else "--write-8-bit-pnm",
            path,
            f"{path}.pnm",
        )
        shown = np.asarray(Pillow.open(f"{path}.pnm"))
        if pixels.dtype == np.uint8:
            assert np.array_equal(shown, pixels)


def errors(path):
    said = subprocess.run([program("dciodvfy"), str(path)], capture_output=True, text=True, check=False).stderr
    return [line for line in said.splitlines() if line.startswith("Error")]


PRINTER = r"""
[[GENERAL]]
[DATABASE]
Directory = {folder}
[PRINT]
Directory = {folder}
[[COMMUNICATION]]
[THEIRS]
Aetitle = THEIRS
Hostname = localhost
Port = {port}
Type = LOCALPRINTER
DisplayFormat = 1,1\2,1\1,2\2,2
FilmSizeID = 8INX10IN
FilmDestination = PROCESSOR
MagnificationType = REPLICATE\BILINEAR\CUBIC\NONE
MediumType = PAPER
SupportsPresentationLUT = true
"""


def test_dcmprscp_prints_what_we_ask_for(tmp_path):
    images = [get_testdata_file(name) for name in ("CT_small.dcm", "MR_small.dcm")]
    port, folder = free_port(), tmp_path / "printer"
    folder.mkdir()
    (tmp_path / "printer.cfg").write_text(PRINTER.format(folder=folder, port=port))
    with running([program("dcmprscp"), "-c", tmp_path / "printer.cfg", "-p", "THEIRS"], port):
        said = services.print_film(images, f"THEIRS@127.0.0.1:{port}", columns=2)
    assert said[-2:] == ["N-ACTION Basic Film Box: 0x0000", "N-DELETE Basic Film Session: 0x0000"]
    boxes = sorted((dcmread(path).pixel_array for path in folder.glob("HG_*.dcm")), key=np.size)
    shown = sorted((to_display(load_image(path)) for path in images), key=np.size)
    assert len(boxes) == len(shown)
    assert all(map(np.array_equal, boxes, shown))


def test_dcmprscu_prints_on_our_films(archive, tmp_path):
    """It asks for the printer first, names no instances, and sends 12 bits; DCMTK renders the print job itself."""
    images, spool = [get_testdata_file(name) for name in ("MR_small.dcm", "CT_small.dcm")], tmp_path / "spool"
    spool.mkdir()
    settings = tmp_path / "printer.cfg"
    ours = PRINTER.replace("LOCALPRINTER", "PRINTER") + "Supports12Bit = true\n"
    settings.write_text(ours.format(folder=spool, port=archive.address.port).replace("THEIRS", "ARCHIVE"))
    run(program("dcmpsprt"), "-c", settings, "-p", "ARCHIVE", "--layout", 2, 1, *images)
    run(program("dcmprscu"), "-c", settings, "-p", "ARCHIVE", *spool.glob("SP_*.dcm"))
    sheet = np.asarray(Pillow.open(archive.folder / "films" / "film-1.png"))
    boxes = sheet[304:696, 4:396], sheet[304:696, 404:796]
    sent = {number: dcmread(path).pixel_array >> 4 for number, path in enumerate(spool.glob("HG_*.dcm"))}
    enlarged = [np.asarray(Pillow.fromarray(grey.astype(np.uint8)).resize((392, 392))) for grey in sent.values()]
    assert all(any(np.array_equal(box, picture) for picture in enlarged) for box in boxes)


ARCHIVE = """
NetworkTCPPort = {port}
MaxPDUSize = 16384
MaxAssociations = 4
HostTable BEGIN
us = (EDA_UTILS, 127.0.0.1, {back})
HostTable END
VendorTable BEGIN
VendorTable END
AETable BEGIN
DCMQRSCP {folder} RW (100, 1024mb) ANY
AETable END
"""


@pytest.mark.parametrize("method", ["get", "move"])
def test_dcmqrscp_keeps_what_we_send_finds_it_and_gives_it_back(method, tmp_path):
    files = make_files(tmp_path / "files", 20, ("CT_small.dcm", "MR_small.dcm", "rtplan.dcm"))
    port, back = free_port(), free_port()
    (tmp_path / "archive").mkdir()
    settings = tmp_path / "archive.cfg"
    settings.write_text(ARCHIVE.format(port=port, back=back, folder=tmp_path / "archive"))
    address = f"DCMQRSCP@127.0.0.1:{port}"
    with running([program("dcmqrscp"), "-c", settings], port):
        assert services.send(files, address)["problem"].isna().all()
        studies = services.query(address)
        services.retrieve(studies, address, tmp_path / "mine", method=method, receive_at=f"EDA_UTILS@127.0.0.1:{back}")
    there = [dcmread(path, stop_before_pixels=True) for path in files.iterdir()]
    assert set(studies["StudyInstanceUID"]) == {dataset.StudyInstanceUID for dataset in there}
    assert contents(tmp_path / "mine") == contents(files)
