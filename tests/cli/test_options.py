"""How commands answer: lines that control no terminal, pipes that end early, options that all have."""

import argparse
import subprocess
import sys
from pathlib import Path

import pytest
from parts import ROOT
from peers import running

from eda_utils.cli.options import add_command, add_no_pixels, add_output, add_quiet, add_sources, say_file


def _look(options):
    """Look at it.

    Twice.
    """


@pytest.fixture
def command():
    parser = argparse.ArgumentParser()
    command = add_command(parser.add_subparsers(), _look, "look here")
    add_sources(command)
    add_output(command, "out.csv", ".csv")
    add_no_pixels(command, "slower")
    add_quiet(command)
    return parser


def test_options_that_commands_share(command):
    options = command.parse_args(["look", "a", "b"])
    assert (options.source, options.output, options.pixels, options.run) == (["a", "b"], "out.csv", True, _look)
    assert options.progress is None
    options = command.parse_args(["look", "a", "-o", "x.csv", "--no-pixels", "-q"])
    assert (options.output, options.pixels, options.progress) == ("x.csv", False, False)


def test_help_is_a_sentence_and_an_example(command, capsys):
    with pytest.raises(SystemExit):
        command.parse_args(["look", "--help"])
    told = capsys.readouterr().out
    assert "Look at it. Twice." in told
    assert "example:\n  python -m eda_utils look here" in told
    assert ".csv; default: out.csv" in told


def test_a_name_controls_no_terminal(capsys):
    say_file(Path("/a\x1b[2J\nb"), "1 file")
    assert capsys.readouterr().out == "/a\\x1b[2J\\nb  (1 file)\n"


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [["--help"], ["doctor", "--quiet"], ["split", "--help"]])
def test_a_reader_that_leaves_is_no_complaint(arguments):
    command = [sys.executable, "-u", "-m", "eda_utils", *arguments]
    with running(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(60) == (0 if "--help" in arguments else 141)
