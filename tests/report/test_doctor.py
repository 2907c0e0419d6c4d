"""The doctor finds each gap, invents none, names the command that helps, and tells nobody's name."""

import re
import subprocess
import sys
from importlib import metadata

import numpy as np
import pandas as pd
import pytest
from parts import ROOT
from pydicom.pixels import get_decoder
from pydicom.uid import UID, AllTransferSyntaxes, JPEG2000Lossless

from eda_utils import index_folder, load_image
from eda_utils.cli.app import main
from eda_utils.core import installation
from eda_utils.core.errors import EDAError, MissingError, RequestError
from eda_utils.report import check_decoders, check_environment, doctor
from eda_utils.samples.fetch import CANARY

REQUIRED = ["pydicom<4,>=3.0.1", 'pytest>=8.2; extra == "test"', 'eda_utils[plots,privacy]; extra == "notebooks"']
REQUIRED += ['never-installed>=1; extra == "plots"', 'never-installed>=1; extra == "notebooks"']
PIXELS = np.zeros((4, 4), np.uint16)


def says(capsys, *arguments):
    """Run the command; return its exit code and what it printed."""
    code = main(["doctor", *map(str, arguments), "-q"])
    said = capsys.readouterr()
    assert said.err == ""
    return code, said.out


def with_syntax(path, uid):
    """Write another Transfer Syntax UID into a file made by make_dicom, and nothing else."""
    old = b"\x02\x00\x10\x00UI\x14\x001.2.840.10008.1.2.1\0"
    new = uid.encode() + b"\0" * (len(uid) % 2)
    content = path.read_bytes()
    assert content.count(old) == 1
    path.write_bytes(content.replace(old, old[:6] + len(new).to_bytes(2, "little") + new))
    return path


def has_decoder(path):
    """Whether load_image fails for another reason than the lack of a decoder, or not at all."""
    try:
        load_image(path)
    except EDAError as error:
        return "there is no decoder" not in error.wrong
    return True


def run_python(code):
    """Run code in a fresh Python, in which a module can be missing."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)


def without_workbook(monkeypatch, tmp_path):
    """As where only the package is installed: what it requires stands in its metadata, with the libraries of tests."""
    monkeypatch.setattr(installation, "PACKAGE", tmp_path / "eda_utils")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(metadata, "requires", lambda _: REQUIRED)
    monkeypatch.setattr(metadata, "files", lambda _: [])


def test_our_libraries_cover_what_pydicom_can_decode():
    """LIBRARIES says which of our requirements stands behind each plug-in."""
    from eda_utils.image import decoders

    table = check_decoders()
    assert table["ok"].all()
    assert set(table["transfer_syntax"]) >= {"RLE Lossless", "JPEG-LS Lossless Image Compression"}
    assert {uid for uid, names in doctor.LIBRARIES.items() if "imagecodecs" in names} <= set(decoders.DECODERS)
    known = set(check_environment()["library"])
    for uid in filter(doctor._decoder, AllTransferSyntaxes):
        plugins = get_decoder(uid).available_plugins
        names = doctor.LIBRARIES.get(uid, ("pydicom",))
        assert set(names) <= known
        assert not plugins or set(names) & set(plugins), uid


def test_every_sample_can_be_decoded(samples, capsys):
    table = check_decoders(samples)
    assert table["ok"].all()
    assert table["files"].sum() == 50
    code, said = says(capsys, samples)
    assert code == 0
    assert "samples: 50 DICOM images among 60 files" in said
    assert said.endswith("\nNothing is missing.\n")


def test_an_index_will_do(samples, index):
    assert check_decoders(index).equals(check_decoders(samples))
    with pytest.raises(RequestError):
        check_decoders(index.drop(columns="TransferSyntaxUID"))


@pytest.mark.slow
def test_gaps_of_the_corpus_are_those_of_load_image(corpus, capsys):
    index = index_folder(corpus, tags=["TransferSyntaxUID", "Rows"], progress=False)
    images = index[(index["kind"] == "dicom") & index["Rows"].notna()]
    lacking = images[[not has_decoder(path) for path in images["path"]]]
    table = check_decoders(index)
    assert table["files"].sum() == len(images)
    assert table["ok"].all()
    assert lacking.empty
    assert {"Deflated Image Frame Compression", "RLE Lossless"} < set(table["transfer_syntax"])
    code, said = says(capsys, corpus)
    assert (code, said.splitlines()[-1]) == (0, "Nothing is missing.")


@pytest.mark.parametrize(
    ("uid", "name", "advice"),
    [
        ("1.2.840.10008.1.2.4.58", "JPEG Lossless, Non-Hierarchical (Process 15)", "Explicit VR"),
        ("1.2.840.10008.1.2.4.92", "JPEG 2000 Part 2 Multi-component Image Compression (Lossless Only)", "Explicit"),
        ("1.2.840.10008.1.2.4.94", "JPIP Referenced", "on a server"),
        ("1.2.840.10008.1.2.4.100", "MPEG2 Main Profile / Main Level", "a video"),
        ("1.2.840.10008.1.2.4.106.1", None, "a video"),
        ("1.2.840.10008.1.2.4.107", "HEVC/H.265 Main Profile / Level 5.1", "a video"),
        ("1.2.840.10008.1.2.99", "1.2.840.10008.1.2.99", "Explicit VR"),
        ("1.2.840.113619.5.2", "a private transfer syntax", "the vendor's own"),
        ("Kanarinsky^Vera", "not a UID", "the header is damaged"),
    ],
)
def test_what_cannot_be_decoded(make_dicom, uid, name, advice):
    path = with_syntax(make_dicom(PIXELS), uid)
    index = pd.DataFrame({"kind": ["dicom"], "TransferSyntaxUID": [uid], "Rows": [4]})
    row = check_decoders(index).iloc[0]
    assert (row["files"], row["decoder"], row["ok"]) == (1, "no decoder", False)
    assert row["transfer_syntax"] == (name or UID(uid).name)
    assert advice in row["advice"]
    with pytest.raises(EDAError):
        load_image(path)


def test_a_syntax_that_is_not_stated():
    index = pd.DataFrame({"kind": ["dicom"] * 2, "TransferSyntaxUID": [None, float("nan")], "Rows": [4, 4]})
    assert check_decoders(index).iloc[0, :3].tolist() == ["not stated", 2, "no decoder"]


def test_pixels_only_count(make_dicom):
    """A report in an odd syntax is no gap."""
    index = pd.DataFrame({"kind": ["dicom"], "TransferSyntaxUID": ["1.2.840.10008.1.2.4.110"], "Rows": [None]})
    assert check_decoders(index).empty


def test_a_missing_library_is_named_with_its_pip_line(monkeypatch, make_dicom, capsys):
    """As where pylibjpeg-openjpeg was never installed."""
    real = metadata.version

    def version(name):
        if name == "pylibjpeg-openjpeg":
            raise metadata.PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(metadata, "version", version)
    monkeypatch.setattr(get_decoder(JPEG2000Lossless), "_available", {})
    path = with_syntax(make_dicom(PIXELS), JPEG2000Lossless)
    row = check_decoders(path).iloc[0]
    line = 'python -m pip install "pylibjpeg-openjpeg>=2.3,<3"'
    assert (row["decoder"], row["ok"], row["advice"]) == ("not installed", False, line)
    code, said = says(capsys, path)
    assert code == 1
    assert re.search(r"\n  gap   pylibjpeg-openjpeg   not installed  wanted >=2.3,<3\n {10}python -m pip", said)
    assert said.count(f"\n          {line}\n") == 2
    count = len(check_environment())
    assert said.endswith(f"\nGaps: 1 of {count} libraries, 1 of 1 transfer syntaxes. What to do stands below them.\n")


@pytest.mark.slow
def test_a_damaged_library_is_installed_anew(samples):
    """imagecodecs is on the list of pip and cannot be imported: nothing loads, and one line says what to do."""
    code = "import sys; sys.modules['imagecodecs'] = None; from eda_utils import {0} as run; sys.exit(run({1}))"
    path = next(samples.rglob("*.dcm"))
    answer = run_python(code.format("load_image", repr(str(path))))
    assert "ModuleNotFoundError" in answer.stderr
    answer = run_python(
        code.replace("eda_utils import", "eda_utils.cli.app import").format("main", ["doctor", str(samples)])
    )
    assert answer.returncode == 1, answer.stderr
    assert answer.stdout.count('\n          python -m pip install --force-reinstall "imagecodecs>=2024.6"\n') == 1
    assert answer.stdout.endswith("\nGaps: 10 of 10 transfer syntaxes. What to do stands below them.\n")


def test_without_pandas_there_is_one_line():
    code = "import sys; sys.modules['pandas'] = None; from eda_utils.cli.app import main; sys.exit(main(['doctor']))"
    answer = run_python(code)
    assert answer.returncode == 1
    line = "eda_utils: pandas: is not installed; run python -m pip install -e . in the workbook's folder.\n"
    assert answer.stderr == line


def test_an_old_python(monkeypatch, capsys):
    monkeypatch.setattr(doctor.platform, "python_version", lambda: "3.10.2")
    code, said = says(capsys)
    assert code == 1
    assert "  gap   python               3.10.2         wanted >=3.11\n          install a newer Python\n" in said


def test_an_empty_folder_has_no_gap(tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    table = check_decoders(tmp_path / "empty")
    assert list(table) == ["transfer_syntax", "files", "decoder", "ok", "advice"]
    assert table.empty
    code, said = says(capsys, tmp_path / "empty")
    assert code == 0
    assert "\nempty: 0 DICOM images among 0 files\n\nNothing is missing.\n" in said


def test_no_folder_is_wrong_usage(tmp_path, capsys):
    with pytest.raises(MissingError):
        check_decoders(tmp_path / "gone")
    assert main(["doctor", str(tmp_path / "gone")]) == 2
    said = capsys.readouterr()
    assert said.err == "eda_utils: gone: there is no such file or folder; check the spelling of the path.\n"
    assert said.out == ""


def test_an_extra_left_out_is_a_note(monkeypatch, tmp_path, capsys):
    """Nobody need install all of them."""
    without_workbook(monkeypatch, tmp_path)
    code, said = says(capsys)
    assert code == 0
    assert "\n  note  never-installed      not installed  wanted >=1; extra plots\n" in said


def test_the_text_is_narrow_plain_and_nameless(samples, corpus, make_dicom, tmp_path, capsys):
    secret = make_dicom(PIXELS, f"{CANARY}.dcm", PatientName=f"{CANARY}^Vera")
    with_syntax(secret, f"{CANARY}^Vera")
    for arguments in ([], [samples], [corpus], [tmp_path]):
        said = says(capsys, *arguments)[1]
        assert CANARY.lower() not in said.lower()
        assert str(ROOT) not in said
        assert str(tmp_path) not in said
        assert "/work" not in said
        assert said.isascii()
        assert max(map(len, said.splitlines())) <= 80
        assert not re.search(r"[ \t]\n", said)
