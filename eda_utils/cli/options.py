"""What commands share: exit codes, common options, how they answer."""

import argparse
import inspect
import sys
import textwrap

from ..core import printable

DONE, FINDINGS = 0, 1
SOURCES = "folders, files, a DICOMDIR, zip or tar archives, URLs such as s3://..."
TABLES = ".csv, .xlsx or .parquet"
WIDTH = 79


def add_command(commands, run, example=""):
    """Add a command to the parser; the function that runs it gives the name, and its docstring the help.

    Parameters
    ----------
    commands : argparse._SubParsersAction
    run : callable
        Takes the options, returns the exit code.
    example : str

    Returns
    -------
    argparse.ArgumentParser
    """
    text, _, detail = (inspect.getdoc(run) or "").partition("\n\n")  # python -OO leaves no docstrings
    shown = {"description": textwrap.fill(f"{text} {detail}", WIDTH), "help": text[:1].lower() + text[1:].rstrip(".")}
    shown |= {"epilog": f"example:\n  python -m eda_utils {example}"} if example else {}
    raw = argparse.RawDescriptionHelpFormatter
    command = commands.add_parser(run.__name__.strip("_"), formatter_class=raw, **shown)
    command.set_defaults(run=run)
    return command


def add_sources(command):
    """Add what is read, one or more."""
    command.add_argument("source", nargs="+", metavar="SOURCE", help=SOURCES)


def add_output(command, default, kinds="", metavar="FILE"):
    """Add the file that is written."""
    text = f"{kinds}; default: %(default)s" if kinds else "default: %(default)s"
    command.add_argument("-o", "--output", default=default, metavar=metavar, help=text)


def add_no_pixels(command, text):
    """Add the switch for who wants headers only."""
    command.add_argument("--pixels", action=argparse.BooleanOptionalAction, default=True, help=text)


def add_quiet(command):
    """Add the switch for who wants no progress bar; by default it is shown on a terminal only."""
    quiet = {"action": "store_const", "const": False, "dest": "progress", "help": "no progress"}
    command.add_argument("-q", "--quiet", **quiet)


def say(text):
    """Print a line of the answer; what controls a terminal is spelt out."""
    print(printable(text))  # noqa: T201 - what a command is for


def say_file(path, text):
    """Print which file was written and what it holds."""
    say(f"{path.resolve()}  ({text})")


def complain(text, code=FINDINGS):
    """Write a line for a person, beside stdout, which stays free for results; return the exit code."""
    print(printable(f"eda_utils: {text}"), file=sys.stderr)  # noqa: T201
    return code
