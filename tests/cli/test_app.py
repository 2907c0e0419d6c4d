"""Commands: help worth reading, one line when something is wrong, exit codes that mean something."""

import argparse
import re
import subprocess
import sys

import pytest
from parts import ROOT

from eda_utils.cli.app import main, make_parser

LISTED = next(action for action in make_parser()._actions if isinstance(action, argparse._SubParsersAction))
COMMANDS = {action.dest: action.help for action in LISTED._choices_actions}


def run(*arguments, **options):
    command = [sys.executable, "-m", "eda_utils", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, **options)


def test_help_lists_every_command():
    answer = run("--help")
    assert answer.returncode == 0
    assert all(f"\n    {command}" in answer.stdout for command in COMMANDS)
    assert "exit codes: 0 done" in answer.stdout


def test_readme_lists_every_command_with_its_help():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    table = readme[readme.index("| command |") :].split("\n\n")[0]
    assert dict(re.findall(r"^\| `(\w+)[^`]*` \| (.+) \|$", table, re.MULTILINE)) == COMMANDS


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
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("eda_utils.index.write_index", full)
    assert main(["index", str(samples / "PAT0002"), "-o", str(tmp_path / "i.csv"), "-q"]) == 2
    assert capsys.readouterr().err == "eda_utils: OSError: No space left on device\n"
