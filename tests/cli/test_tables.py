"""Tables from the command line: what is in the file, what is printed, what the exit code means."""

import os
import pty
import subprocess
import sys
import termios
from contextlib import suppress

import numpy as np
import pandas as pd
import pytest
from parts import ROOT
from written import smooth, write_text

from eda_utils.cli import tables
from eda_utils.cli.app import main
from eda_utils.core.findings import FINDING_COLUMNS, SEVERITIES
from eda_utils.dicom.phi import MASK
from eda_utils.samples.fetch import CANARY


@pytest.mark.slow
@pytest.mark.parametrize("name", ["i.parquet", "i.csv"])
def test_index_masks_identifiers_unless_asked(samples, tmp_path, name, capsys):
    read = pd.read_parquet if name.endswith("parquet") else pd.read_csv
    assert main(["index", str(samples), "-o", str(tmp_path / name)]) == 0
    assert "60 files: 58 described, 2 with a problem" in capsys.readouterr().out
    assert CANARY.lower() not in read(tmp_path / name).to_csv().lower()
    assert main(["index", str(samples), "-o", str(tmp_path / name), "--identifiers"]) == 0
    assert CANARY in read(tmp_path / name).to_csv()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["s.parquet", "s.csv"])
def test_measure_writes_a_row_per_image(samples, index, tmp_path, name, capsys):
    read = pd.read_parquet if name.endswith("parquet") else pd.read_csv
    assert main(["measure", str(samples), "-o", str(tmp_path / name)]) == 0
    assert "55 images: 54 measured, 1 with a problem)" in capsys.readouterr().out
    stats = read(tmp_path / name)
    assert len(stats) == 55
    assert set(stats["path"]) < set(index["path"])
    assert stats["mean_value"].notna().sum() == 54
    assert (tmp_path / name).stat().st_mode & 0o777 == 0o600


@pytest.mark.slow
def test_measure_uses_its_cache(samples, tmp_path, capsys):
    arguments = [
        "measure",
        str(samples / "PAT0002"),
        "-o",
        str(tmp_path / "s.csv"),
        "--cache",
        str(tmp_path / "c.parquet"),
    ]
    assert main([*arguments, "-q"]) == 0
    first = (tmp_path / "s.csv").read_bytes()
    assert main(arguments) == 0
    assert (tmp_path / "s.csv").read_bytes() == first
    assert (tmp_path / "c.parquet").exists()


NOISE = np.random.default_rng(0).integers(0, 4000, (64, 64)).astype(np.uint16)
CLEAN = {
    "PatientID": "7",
    "BurnedInAnnotation": "NO",
    "BitsStored": 12,
    "HighBit": 11,
    "WindowCenter": 2000,
    "WindowWidth": 4000,
}
DEFECT = {"error": {"HighBit": 15}, "warning": {"PatientSex": "X"}, "note": {"BurnedInAnnotation": "YES"}}


@pytest.fixture
def audit(make_dicom, tmp_path, capsys):
    """Audit one image with a defect of each severity named, and return exit code, table and text."""

    def run(severities, *options):
        defects = [DEFECT[name] for name in severities]
        (tmp_path / CANARY).mkdir(exist_ok=True)
        changes = {keyword: value for defect in defects for keyword, value in defect.items()}
        path = make_dicom(NOISE, f"{CANARY}/image.dcm", **CLEAN | changes, PatientName=f"{CANARY}^Vera")
        arguments = ["audit", str(path.parent.parent), "-o", str(tmp_path / "found.csv")]
        code = main([*arguments, *options] if "--phi" in options else [*arguments, "--no-phi", *options])
        said = capsys.readouterr()
        assert CANARY not in said.out + (tmp_path / "found.csv").read_text()
        return code, pd.read_csv(tmp_path / "found.csv"), said.out

    return run


@pytest.mark.slow
@pytest.mark.parametrize(
    ("severities", "fail_on", "code"),
    [
        ([], "note", 0),
        (["error"], "error", 1),
        (["warning", "note"], "error", 0),
        (["warning", "note"], "warning", 1),
        (["note"], "warning", 0),
        (["note"], "note", 1),
        (["error"], "never", 0),
    ],
)
def test_audit_exits_with_1_from_the_named_severity_on(audit, severities, fail_on, code):
    found, table, said = audit(severities, "--fail-on", fail_on)
    assert found == code
    assert list(table.columns) == list(FINDING_COLUMNS)
    assert table["severity"].tolist() == severities
    assert set(table["path"]) <= {f"{MASK}/image.dcm"}
    assert [line.split() for line in said.splitlines()[:-1]] == [
        [*row, "1"] for row in table[["severity", "kind"]].values
    ]
    assert "of 1 files 1 described, 0 with a problem" in said


def test_severities_are_those_of_findings():
    assert tables.SEVERITIES == SEVERITIES


@pytest.mark.slow
def test_audit_fails_on_errors_unless_told_otherwise(audit):
    assert audit(["error"])[0] == 1
    assert audit(["warning"])[0] == 0


@pytest.mark.slow
def test_audit_looks_at_pixels_uids_and_copies_unless_told_otherwise(make_dicom, tmp_path, capsys):
    blank = make_dicom(NOISE * 0, "blank.dcm", **CLEAN)
    make_dicom(NOISE, "first.dcm", **CLEAN)
    make_dicom(NOISE, "second.dcm", **CLEAN | {"PatientID": "8"})
    (tmp_path / "third.dcm").write_bytes(blank.read_bytes())
    arguments = ["audit", str(tmp_path), "-o", str(tmp_path / "found.csv"), "-q", "--no-phi"]
    assert main(arguments) == 1
    kinds = set(pd.read_csv(tmp_path / "found.csv")["kind"])
    assert kinds >= {"blank", "duplicate_across_patients", "instance_copied"}
    assert main([*arguments, "--no-pixels"]) == 0
    assert set(pd.read_csv(tmp_path / "found.csv")["kind"]) == {"instance_copied"}


@pytest.mark.slow
def test_audit_looks_for_patients_unless_told_otherwise(audit):
    code, table, said = audit([], "--phi")
    assert code == 1
    assert {"person_name", "patient_identifier", "file_name"} <= set(table["kind"])
    assert "Do not send this folder as it is: 1 of 1 file holds names of persons, " in said
    assert "burned_in_text" not in set(table["kind"])
    assert audit([], "--phi", "--fail-on", "never")[0] == 0
    assert "Do not send" not in audit([])[2]


@pytest.mark.slow
def test_audit_looks_for_text_in_pixels_when_asked(make_dicom, tmp_path, capsys):
    make_dicom(write_text(smooth())[0], BurnedInAnnotation="NO")
    arguments = ["audit", str(tmp_path), "-o", str(tmp_path / "found.csv"), "-q", "--no-pixels"]
    main(arguments)
    assert "burned_in_text" not in capsys.readouterr().out
    main([*arguments, "--burned-in"])
    assert "burned_in_text" in capsys.readouterr().out


def read_all(terminal):
    with suppress(OSError):  # how Linux says that nobody writes to it any more
        while content := os.read(terminal, 4096):
            yield content.decode()


@pytest.mark.slow
def test_a_bar_moves_on_a_terminal_and_not_elsewhere(make_dicom, tmp_path):
    """A terminal of our own, and a pipe."""
    make_dicom(NOISE, **CLEAN)
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 100))
    command = [sys.executable, "-m", "eda_utils", "measure", str(tmp_path), "-o", str(tmp_path / "s.csv")]
    piped = subprocess.run(command, capture_output=True, cwd=ROOT, check=True)
    assert piped.stderr == b""
    subprocess.run(command, stderr=theirs, stdout=subprocess.PIPE, cwd=ROOT, check=True)
    os.close(theirs)
    shown = "".join(read_all(ours))
    assert "reading headers: 100%" in shown
    assert "measuring pixels: 100%" in shown


@pytest.mark.parametrize("command", ["measure", "audit"])
def test_help_has_an_example(command, capsys):
    with pytest.raises(SystemExit):
        main([command, "--help"])
    said = capsys.readouterr().out
    assert f"example:\n  python -m eda_utils {command} ~/export" in said
    assert max(map(len, said.splitlines())) <= 90


@pytest.mark.slow
def test_slides_writes_a_row_per_slide_and_says_what_is_wrong(samples, tmp_path, capsys):
    assert main(["slides", str(samples), "-o", str(tmp_path / "s.csv"), "-q"]) == 0
    told = capsys.readouterr().out
    assert "note     CMU-1-Small-Region.svs" in told
    assert "1 slide: 1 opened, 0 with a problem" in told
    table = pd.read_csv(tmp_path / "s.csv")
    assert table["tissue_mm2"].iloc[0] == pytest.approx(0.6, abs=0.05)
    assert "path" not in table
    arguments = ["slides", str(samples), "-o", str(tmp_path / "s.csv"), "-q", "--no-pixels", "--fail-on", "note"]
    assert main(arguments) == 1


def test_slides_of_a_folder_without_one(samples, tmp_path, capsys):
    assert main(["slides", str(samples / "photos"), "-o", str(tmp_path / "s.csv"), "-q"]) == 2
    assert "photos: holds no whole-slide image; check the folder." in capsys.readouterr().err
