"""Commands: help worth reading, one line when something is wrong, exit codes that mean something."""

import subprocess
import sys

import pytest
from parts import CORPUS, ROOT

from eda_utils.cli import main

COMMANDS = ["report", "render", "lab", "index", "measure", "audit", "samples", "doctor", "strip"]


def run(*arguments, **options):
    command = [sys.executable, "-m", "eda_utils", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, **options)


def test_help_lists_every_command():
    answer = run("--help")
    assert answer.returncode == 0
    assert all(f"\n    {command}" in answer.stdout for command in COMMANDS)
    assert "exit codes: 0 done" in answer.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command(command, capsys):
    with pytest.raises(SystemExit) as caught:
        main([command, "--help"])
    assert caught.value.code == 0
    assert len(capsys.readouterr().out) > 300


@pytest.mark.parametrize(
    "arguments", [[], ["nothing"], ["report"], ["index", "--colour"], ["audit", "data", "--fail-on", "all"]]
)
def test_wrong_usage(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["report", "gone"], "eda_utils: gone: there is no such file or folder; check the spelling of the path."),
        (["report", "README.md"], "eda_utils: README.md: is a file; give the folder that it lies in."),
        (["index", "gone"], "eda_utils: gone: there is no such file or folder; check the spelling of the path."),
        (["index", "data", "-t", "Modalit"], "did you mean Modality."),
        (
            ["index", "data", "-o", "a.ods"],
            "is neither .parquet, .csv nor .xlsx; give a name with one of",
        ),
        (["measure", "gone"], "eda_utils: gone: there is no such file or folder; check the spelling of the path."),
        (["measure", "tests"], "eda_utils: tests: holds no image; check the folder."),
        (["measure", "data", "--cache", "a.csv"], "a cache is a Parquet file; give a name that ends in .parquet."),
        (["audit", "tests", "data/README.md"], "eda_utils: SOURCE: holds no image; check the folder."),
        (
            ["audit", "data", "-o", "a.ods"],
            "is neither .parquet, .csv nor .xlsx; give a name with one of",
        ),
        (["audit", "data", "-o", "gone/a.csv"], "eda_utils: a.csv: its folder does not exist; make the folder first."),
        (["audit", "data", "--workers", "0"], "there must be at least one process; leave it out or give 1 or more."),
        (["render", "99"], "eda_utils: 99: there is no such notebook; choose from 01_dicom_concepts,"),
        (["render", "11", "-p", "folder"], "eda_utils: --parameters: folder has no value; write NAME=VALUE."),
        (["render", "04", "-p", "colour=1"], "eda_utils: parameters: there is no colour; choose from folder."),
    ],
)
def test_one_line_that_says_what_and_what_to_do(arguments, line, capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert main(arguments) == 2
    said = capsys.readouterr().err
    assert line in said
    assert said.count("\n") == 1


def test_a_full_disk_is_one_line(tmp_path, monkeypatch, samples, capsys):
    import eda_utils.index_file as module

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "write_index", full)
    assert main(["index", str(samples / "PAT0002"), "-o", str(tmp_path / "i.csv"), "-q"]) == 2
    assert capsys.readouterr().err == "eda_utils: OSError: No space left on device\n"


@pytest.mark.notebooks
def test_an_empty_folder_has_a_page_and_exit_2(tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    assert main(["report", str(tmp_path / "empty"), "-o", str(tmp_path / "r.html"), "-q"]) == 2
    said = capsys.readouterr()
    assert said.err == "eda_utils: empty: holds no image; check the folder; the page says what was found.\n"
    assert "no file was found" in (tmp_path / "r.html").read_text()


@pytest.mark.notebooks
def test_report_on_the_corpus(tmp_path, corpus):
    """Found = described + listed, counted as `find -type f` counts."""
    answer = run("report", corpus, "-o", tmp_path / "r.html")
    assert answer.returncode == 0, answer.stderr
    page = (tmp_path / "r.html").read_text()
    files = sum(path.is_file() for path in CORPUS.rglob("*"))
    assert f"{files} files of" in page
    assert str(CORPUS) not in page
    assert len(page) < 15e6
    assert answer.stdout.strip().endswith("MB)")
    assert "[11_dataset_report] 2/" in answer.stderr


def test_strip_check(capsys):
    assert main(["strip", "--check"]) == 0


def test_samples_again(samples, capsys):
    assert main(["samples", str(samples), "--offline", "-q"]) == 0
    assert capsys.readouterr().out.strip() == str(samples.resolve())
