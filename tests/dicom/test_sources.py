"""A DICOMDIR and an archive are rows like a folder, and nothing leads out of them."""

import gzip
import io
import os
import shutil
import struct
import sys
import tarfile
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from parts import by_name, mixed_folder
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, MediaStorageDirectoryStorage

from eda_utils import index_folder
from eda_utils.core.errors import EDAError, FormatError, MissingError
from eda_utils.core.guards import quiet
from eda_utils.dicom.sources import list_source
from eda_utils.index.schema import FILE_COLUMNS

CT = Path(get_testdata_file("CT_small.dcm")).read_bytes()
OUTSIDE = "the DICOMDIR refers to a file outside of its folder; it was not opened"
GONE = "there is no such file; check the path"
FOLDER = "is a folder that may not be opened; check its permissions"
LOOP = "may not be opened (Too many levels of symbolic links); check its permissions"
TOO_LONG = "may not be opened (File name too long); check its permissions"
PIPE = "is a pipe, socket or device and not a file; leave it out"
CHAIN = "has :: in its name, which means something else in a URL; rename it"
NO_FILE = "is a pipe, a device or a link to nothing and not a file; leave it out"
TEXT = "a text file, not a DICOM file, image or slide"
WATCHED = []


@pytest.fixture(scope="module", autouse=True)
def _audit():
    """A hook cannot be taken away again; it does nothing while nobody watches."""
    sys.addaudithook(lambda event, args: WATCHED[-1].add(str(args[0])) if event == "open" and WATCHED else None)


@pytest.fixture
def opened():
    """Everything that Python opens during a test, by whatever means."""
    WATCHED.append(set())
    yield WATCHED[-1]
    WATCHED.pop()


def problems(table):
    return table["problem"].astype(object).where(table["problem"].notna(), None).tolist()


# DICOMDIR


def write_dicomdir(folder, file_ids, **attributes):
    with quiet():
        top, records = Dataset(), []
        top.file_meta = FileMetaDataset()
        top.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        top.file_meta.MediaStorageSOPClassUID = MediaStorageDirectoryStorage
        top.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
        for file_id in file_ids:
            records.append(Dataset())
            records[-1].DirectoryRecordType = "IMAGE"
            records[-1].ReferencedFileID = file_id
            for keyword, value in attributes.items():
                setattr(records[-1], keyword, value)
        top.DirectoryRecordSequence = Sequence(records)
        top.save_as(folder / "DICOMDIR", enforce_file_format=True)
    return folder / "DICOMDIR"


@pytest.fixture
def medium(tmp_path):
    """A folder as on a disc, with a file beside it that is nobody's business."""
    (tmp_path / "secret").write_bytes(CT)
    folder = tmp_path / "disc"
    (folder / "sub").mkdir(parents=True)
    for name in ("IMAGE1", "sub/image2"):
        (folder / name).write_bytes(CT)
    for name, target in {"OUT": "../secret", "LOOP": "LOOP", "UP": "..", "GOOD": "IMAGE1"}.items():
        (folder / name).symlink_to(target)
    os.mkfifo(folder / "PIPE")
    return folder


def test_members_are_rows():
    """The file-set of pydicom's tests: what it lists, with the headers of these files."""
    path = Path(get_testdata_file("DICOMDIR"))
    records = [record for record in dcmread(path).DirectoryRecordSequence if "ReferencedFileID" in record]
    expected = sorted(str(path.parent.joinpath(*record.ReferencedFileID)) for record in records)
    assert len(expected) == 31
    table = index_folder(path)
    assert sorted(table["path"]) == expected
    alone = index_folder(expected)
    pd.testing.assert_frame_equal(by_name(table, ""), by_name(alone, ""))
    assert table["Rows"].notna().sum() > 20


@pytest.mark.parametrize(
    ("file_id", "name", "problem"),
    [
        ("IMAGE1", "IMAGE1", None),
        (["SUB", "IMAGE2"], "sub/image2", None),  # a copy in small letters
        ("GOOD", "GOOD", None),
        (["SUB", "..", "IMAGE1"], "SUB/../IMAGE1", GONE),
        (["sub", "..", "IMAGE1"], "sub/../IMAGE1", None),
        ("GONE", "GONE", GONE),
        (["IMAGE1", "X"], "IMAGE1/X", "may not be opened (Not a directory); check its permissions"),
        ("sub", "sub", FOLDER),
        (".", "", FOLDER),
        (["..", "secret"], "../secret", OUTSIDE),
        (["sub", "..", "..", "secret"], "sub/../../secret", OUTSIDE),
        (["..", "..", "..", "..", "..", "..", "etc", "passwd"], "../../../../../../etc/passwd", OUTSIDE),
        ("/etc/passwd", "/etc/passwd", OUTSIDE),
        (["/", "etc", "passwd"], "/etc/passwd", OUTSIDE),
        ("OUT", "OUT", OUTSIDE),
        (["UP", "secret"], "UP/secret", OUTSIDE),
        ("LOOP", "LOOP", LOOP),
        (["LOOP", "X"], "LOOP/X", LOOP),
        ("PIPE", "PIPE", PIPE),
        ("N" * 300, "N" * 300, TOO_LONG),
        ("s3://bucket/key", "s3:/bucket/key", GONE),
        (["s3:", "", "key"], "s3:/key", GONE),
        ("new\nline", "new\nline", GONE),
        ("nul\0byte", "nulbyte", GONE),
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_what_a_dicomdir_names(medium, opened, file_id, name, problem):
    table = index_folder(write_dicomdir(medium, [file_id]))
    assert table["path"].tolist() == [str(medium / name) if name else str(medium)]
    assert problems(table) == [problem]
    assert table["Modality"].tolist() == ["CT"] if problem is None else table["Modality"].isna().all()
    assert not any(path.endswith(("secret", "passwd")) for path in opened)


def test_found_is_indexed_and_quarantined(medium):
    ids = ["IMAGE1", "GONE", ["..", "secret"], ["SUB", "IMAGE2"], "IMAGE1", "", "LOOP"]
    table = index_folder(write_dicomdir(medium, ids))
    assert len(table) == 5  # a file is one row, however often it is named
    assert problems(table) == [None, GONE, None, LOOP, OUTSIDE]


def test_records_that_point_to_each_other_are_harmless(medium):
    """Offsets order the records, and can order them in a ring."""
    ring = {"OffsetOfTheNextDirectoryRecord": 400, "OffsetOfReferencedLowerLevelDirectoryEntity": 400}
    assert problems(index_folder(write_dicomdir(medium, ["IMAGE1", "DICOMDIR"], **ring))) == [None, None]


@pytest.mark.parametrize("name", ["DICOMDIR", "dicomdir", "DicomDir"])
def test_it_is_known_by_its_name_in_any_case(medium, name, monkeypatch):
    path = write_dicomdir(medium, ["IMAGE1"]).rename(medium / name)
    monkeypatch.chdir(medium)
    for source in (path, name, [path]):
        assert index_folder(source)["path"].tolist() == [str(medium / "IMAGE1")]


def element(group, number, vr, value):
    value += b" " * (len(value) % 2)
    is_long = vr in (b"OB", b"SQ", b"UN", b"UT")
    length = b"\0\0" + struct.pack("<I", len(value)) if is_long else struct.pack("<H", len(value))
    return struct.pack("<HH", group, number) + vr + length + value


def record(vr, value):
    body = element(4, 0x1500, vr, value)
    return struct.pack("<HHI", 0xFFFE, 0xE000, len(body)) + body


META = element(2, 2, b"UI", MediaStorageDirectoryStorage.encode()) + element(2, 16, b"UI", b"1.2.840.10008.1.2.1\0")
START = bytes(128) + b"DICM" + element(2, 0, b"UL", struct.pack("<I", len(META))) + META
NO_REFERENCES = [element(4, 0x1220, vr, b"abcdefgh") for vr in (b"OB", b"LO", b"UL", b"UN", b"SQ", b"CS", b"DS")]
NO_REFERENCES.append(element(4, 0x1220, b"SQ", b""))


@pytest.mark.parametrize(
    ("content", "kind", "problem"),
    [
        (b"hello", "other", TEXT),
        (b"", "other", "an empty file, not a DICOM file, image or slide"),
        (bytes(range(7, 256)), "other", "a file of an unknown format, not a DICOM file, image or slide"),
        (START[:180], "dicom", "is cut inside its header; copy the file again"),
        (CT, "dicom", None),
        *((START + body, "dicom", None) for body in NO_REFERENCES),
    ],
)
def test_what_is_no_directory_is_a_row_itself(tmp_path, content, kind, problem):
    """It is called DICOMDIR and names no file: it must not vanish."""
    (tmp_path / "DICOMDIR").write_bytes(content)
    table = index_folder(tmp_path / "DICOMDIR")
    assert table[["path", "kind"]].values.tolist() == [[str(tmp_path / "DICOMDIR"), kind]]
    assert problems(table) == [problem]


@pytest.mark.parametrize("vr", [b"UL", b"OB", b"DS", b"PN", b"UI", b"UN", b"LO", b"UT", b"AT", b"FL", b"SQ", b"XX"])
def test_names_of_a_wrong_kind_open_nothing(medium, opened, vr):
    (medium / "DICOMDIR").write_bytes(
        START + element(4, 0x1220, b"SQ", record(vr, b"../secret") + record(b"CS", b"IMAGE1"))
    )
    table = index_folder(medium / "DICOMDIR")
    assert len(table) >= 1
    assert table["Modality"].notna().sum() <= 1
    assert not any(path.endswith("secret") for path in opened)


# archives


def write_zip(path, members, compression=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def write_tar(path, members, mode="w", **special):
    """Members are names with their content; special ones names with what tarfile calls their type, and a target."""
    with tarfile.open(path, mode) as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        for name, (kind, target) in special.items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, target
            archive.addfile(info)
    return path


def members_of(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return mixed_folder(tmp_path_factory.mktemp("folder"))


TARS = {"x.tar": "w", "x.tar.gz": "w:gz", "x.tgz": "w:gz", "x.tar.bz2": "w:bz2", "x.tar.xz": "w:xz"}
MISNAMED = {"plain": "w", "zipped": "w:gz", "bzipped": "w:bz2", "xzipped": "w:xz", "not.gz": "w", "is.tar": "w:gz"}
ZIPS = dict.fromkeys(("x.zip", "none", "x.dcm", "odd?#*[a] %41 ü.zip", "new\nline.zip"), "zip")


@pytest.mark.parametrize("scan_from", [500, 0], ids=["by pydicom", "by the scanner"])
@pytest.mark.parametrize(("name", "mode"), [*TARS.items(), *MISNAMED.items(), *ZIPS.items()])
def test_an_archive_has_the_rows_of_its_folder(folder, tmp_path, monkeypatch, name, mode, scan_from):
    monkeypatch.setattr("eda_utils.index.folder.SCAN_FROM", scan_from)
    if mode == "zip":
        path, scheme = write_zip(tmp_path / name, members_of(folder)), "zip"
    else:
        path, scheme = write_tar(tmp_path / name, members_of(folder), mode), "tar"
    table = index_folder(path)
    assert table["path"].str.startswith(f"{scheme}://").all()
    pd.testing.assert_frame_equal(
        by_name(table, f"{scheme}://", f"::{path}"), by_name(index_folder(folder), str(folder))
    )


@pytest.mark.parametrize("tags", ["all", ["0009[GEMS_IDEN_01]02", "Rows", "RTPlanLabel", "BeamSequence[0].BeamName"]])
def test_other_tags_too(folder, tmp_path, tags):
    path = write_zip(tmp_path / "x.zip", members_of(folder))
    expected = by_name(index_folder(folder, tags=tags), str(folder))
    found = by_name(index_folder(path, tags=tags), "zip://", f"::{path}")
    pd.testing.assert_frame_equal(found[expected.columns], expected)
    assert set(found.columns) == set(expected.columns)


def test_a_part_of_an_archive(folder, tmp_path):
    path = write_zip(tmp_path / "x.zip", members_of(folder))
    assert len(index_folder(f"zip://sub::{path}")) == 3
    assert index_folder(f"zip://ct::{path}")["Modality"].tolist() == ["CT"]
    assert len(index_folder([path, folder])) == 2 * len(index_folder(folder))


@pytest.mark.parametrize("name", ["x.zip", "x.tar", "x.tar.gz"])
def test_an_empty_archive_has_no_rows(tmp_path, name):
    make = write_zip if name.endswith("zip") else write_tar
    path = make(tmp_path / name, {}, *(["w:gz"] if name.endswith("gz") else []))
    if name == "x.tar":  # nothing but zeros: nothing tells that it is a tar
        assert problems(index_folder(path)) == ["a file of an unknown format, not a DICOM file, image or slide"]
    else:
        assert list(index_folder(path, tags=["Rows"]).columns) == [*FILE_COLUMNS, "Rows"]
        assert index_folder(path).empty


def test_folders_in_an_archive_are_no_rows(tmp_path):
    zipped = write_zip(tmp_path / "x.zip", {"d/": b"", "d/e/": b"", "d/e/ct": CT})
    tarred = write_tar(tmp_path / "x.tar", {"d/e/ct": CT}, d=(tarfile.DIRTYPE, ""), empty=(tarfile.DIRTYPE, ""))
    assert problems(index_folder(zipped)) == problems(index_folder(tarred)) == [None]


# A name, and what is wrong with the member; every one of them holds a CT image
ODD_NAMES = {
    "../../secret": None,
    "d/../../secret": None,
    "/secret": "there is no such file; check the URL",
    "./dot": None,
    "a::b": CHAIN,
    "x::/etc/passwd": CHAIN,
    "x::file:/etc/passwd": CHAIN,
    "http://127.0.0.1:9/x": None,
    "what?versionId=1": None,
    "a#b": None,
    "*[a].dcm": None,
    "%2e%2e%2fsecret": None,
    "back\\slash": None,
    "C:\\secret": None,
    "new\nline": None,
    "trailing ": None,
    "日本": None,
    "n" * 300: None,
}


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_odd_names_of_members(tmp_path, opened, kind):
    (tmp_path / "secret").write_text("not for you")
    path = (write_zip if kind == "zip" else write_tar)(tmp_path / "archive", dict.fromkeys(ODD_NAMES, CT))
    opened.clear()
    table = index_folder(path)
    names = table["path"].str.removeprefix(f"{kind}://").str.removesuffix(f"::{path}")
    expected = {name if kind == "zip" else name.replace("//", "/"): problem for name, problem in ODD_NAMES.items()}
    assert dict(zip(names, problems(table), strict=True)) == expected
    assert (table["Modality"] == "CT").equals(table["problem"].isna())
    read = {name for name in opened if name.startswith(str(tmp_path))}
    assert read == {str(path)}
    assert not any("passwd" in name for name in opened)


def test_names_that_are_not_utf8(tmp_path, monkeypatch):
    path = write_tar(tmp_path / "x.tar", {"not\udcffutf8": CT, "ct": CT})
    for scan_from in (500, 0):
        monkeypatch.setattr("eda_utils.index.folder.SCAN_FROM", scan_from)
        table = index_folder(path)
        assert table["path"].tolist() == [rf"tar://not\xffutf8::{path}", f"tar://ct::{path}"]
        assert problems(table) == ["has a name that is not UTF-8; rename the file", None]
    content = write_zip(tmp_path / "x.zip", {"a-b": CT}).read_bytes()
    path.write_bytes(content.replace(b"a-b", b"a\xffb"))  # without the flag for UTF-8 it is of code page 437
    assert index_folder(path)["path"].tolist() == [f"zip://a\u00a0b::{path}"]
    assert index_folder(path)["Modality"].tolist() == ["CT"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_of_members_of_the_same_name_the_last_counts(tmp_path, kind):
    """As it does when the archive is unpacked."""
    path = tmp_path / "archive"
    if kind == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("same", b"one")
            archive.writestr("same", CT)
    else:
        write_tar(path, {"same": b"one"})
        with tarfile.open(path, "a") as archive:
            info = tarfile.TarInfo("same")
            info.size = len(CT)
            archive.addfile(info, io.BytesIO(CT))
    assert index_folder(path)["Modality"].tolist() == ["CT"]


def test_special_members_of_a_tar(tmp_path, opened):
    (tmp_path / "secret").write_bytes(CT)
    special = {
        "link": (tarfile.SYMTYPE, "ct"),
        "hard": (tarfile.LNKTYPE, "ct"),
        "out": (tarfile.SYMTYPE, str(tmp_path / "secret")),
        "up": (tarfile.SYMTYPE, "../secret"),
        "hardout": (tarfile.LNKTYPE, "/etc/passwd"),
        "loop1": (tarfile.SYMTYPE, "loop2"),
        "loop2": (tarfile.SYMTYPE, "loop1"),
        "pipe": (tarfile.FIFOTYPE, ""),
        "device": (tarfile.CHRTYPE, ""),
        "disk": (tarfile.BLKTYPE, ""),
    }
    path = write_tar(tmp_path / "x.tar", {"ct": CT, "": b"nameless"}, **special)
    opened.clear()
    table = index_folder(path)
    told = dict(zip(table["path"].str[6:].str.partition("::")[0], problems(table), strict=True))
    expected = {"ct": None, "link": None, "hard": None, "": "has no name in the archive; unpack the archive first"}
    assert told == dict.fromkeys(special, NO_FILE) | expected
    assert table["Modality"].notna().sum() == 3
    assert not any(name.endswith(("secret", "passwd")) for name in opened)


def flag(content, local, central):
    """Change 2 bytes in the headers of the first member of a zip archive."""
    changed = bytearray(content)
    for start, (offset, value) in ((changed.find(b"PK\3\4"), local), (changed.find(b"PK\1\2"), central)):
        changed[start + offset : start + offset + 2] = struct.pack("<H", value)
    return bytes(changed)


UNREADABLE = "could not be read ({}); check the URL, the credentials and the archive"


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lambda content: flag(content, (6, 1), (8, 1)), UNREADABLE.format("RuntimeError")),  # encrypted
        (lambda content: flag(content, (8, 99), (10, 99)), UNREADABLE.format("NotImplementedError")),
        (lambda content: content[:600] + bytes(100) + content[700:], UNREADABLE.format("error")),  # of zlib
        (lambda content: b"PK\3\5" + content[4:], UNREADABLE.format("BadZipFile")),
    ],
    ids=["encrypted", "of another method", "corrupt", "without its header"],
)
def test_a_bad_member_is_a_row(tmp_path, monkeypatch, spoil, problem):
    path = write_zip(tmp_path / "x.zip", {"bad": CT, "good": CT})
    path.write_bytes(spoil(path.read_bytes()))
    for scan_from in (500, 0):
        monkeypatch.setattr("eda_utils.index.folder.SCAN_FROM", scan_from)
        assert problems(index_folder(path)) == [problem, None]


def test_an_archive_in_an_archive_is_a_row(tmp_path):
    inner = write_zip(tmp_path / "inner.zip", {"ct": CT}).read_bytes()
    path = write_zip(tmp_path / "outer.zip", {"inner.zip": inner, "ct.gz": gzip.compress(CT)})
    expected = [f"a {kind} archive, not a DICOM file, image or slide" for kind in ("gzip", "zip")]
    assert problems(index_folder(path)) == expected


def test_an_archive_in_a_folder_is_a_row(tmp_path):
    write_zip(tmp_path / "x.zip", {"ct": CT})
    assert problems(index_folder(tmp_path)) == ["a zip archive, not a DICOM file, image or slide"]


def whole(folder, name):
    return (
        write_zip(folder / name, {"a": CT, "b": CT})
        if name == "x.zip"
        else write_tar(folder / name, {"a": CT, "b": CT}, TARS[name])
    ).read_bytes()


AGAIN = "{}: is damaged: its list of members breaks off; copy the archive again."
BROKEN = "{}: " + UNREADABLE + "."


@pytest.mark.parametrize(
    ("name", "spoil", "text"),
    [
        ("x.tar", lambda content: content[:5000], BROKEN.format("x.tar", "ReadError")),
        ("x.tar", lambda content: content[:40000] + b"junk" * 200 + content[40800:], AGAIN.format("x.tar")),
        ("x.tar.gz", lambda content: content[:9000], BROKEN.format("x.tar.gz", "EOFError")),
        ("x.tar.xz", lambda content: content[:9000], BROKEN.format("x.tar.xz", "EOFError")),
        ("x.zip", lambda content: content.replace(b"PK\1\2", b"PK\7\7"), BROKEN.format("x.zip", "BadZipFile")),
    ],
)
def test_a_list_of_members_that_cannot_be_read(tmp_path, name, spoil, text):
    """What is behind the damage would be dropped without a word."""
    (tmp_path / name).write_bytes(spoil(whole(tmp_path, name)))
    with pytest.raises(EDAError) as caught:
        index_folder(tmp_path / name)
    assert str(caught.value) == text


@pytest.mark.parametrize(
    "content",
    [
        b"\x1f\x8b",
        b"\x1f\x8b\x08\0\0\0\0\0\0\3" + b"no",
        gzip.compress(b"text", mtime=0),
        b"BZh",
        b"BZh9junk",
        b"\xfd7zXZ\0",
        b"PK",
        b"PK\3\4",
    ],
)
def test_what_only_begins_like_an_archive_is_a_row(tmp_path, content):
    (tmp_path / "x").write_bytes(content)
    table = index_folder(tmp_path / "x")
    assert table["path"].tolist() == [str(tmp_path / "x")]
    assert table["problem"].notna().all()


def test_an_archive_below_a_name_with_two_colons(tmp_path):
    (tmp_path / "a::b").mkdir()
    path = write_zip(tmp_path / "a::b" / "x.zip", {"ct": CT})
    with pytest.raises(FormatError) as caught:
        index_folder(path)
    assert str(caught.value) == "x.zip: has :: in its path; rename it."
    shutil.copyfile(get_testdata_file("CT_small.dcm"), tmp_path / "a::b" / "c::t")
    assert index_folder(tmp_path / "a::b" / "c::t")["Modality"].tolist() == ["CT"]


def test_sources_together(tmp_path, medium):
    """A list may hold one of each; what is refused of each is told."""
    zipped = write_zip(tmp_path / "x.zip", {"a::b": CT, "ct": CT})
    disc = write_dicomdir(medium, ["IMAGE1", ["..", "secret"]])
    paths, refused = list_source([zipped, disc, tmp_path / "secret", f"zip://ct::{zipped}"])
    assert paths == [f"zip://ct::{zipped}", str(medium / "IMAGE1"), str(tmp_path / "secret"), f"zip://ct::{zipped}"]
    assert refused == {f"zip://a::b::{zipped}": CHAIN, str(medium / ".." / "secret"): OUTSIDE}
    with pytest.raises(MissingError):
        list_source([zipped, tmp_path / "gone"])
