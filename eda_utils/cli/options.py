"""What commands share: exit codes, common options, how they answer."""

import argparse
import sys
import textwrap

from ..core import printable

DONE, FINDINGS = 0, 1
SOURCES = "folders, files, a DICOMDIR, zip or tar archives, URLs such as s3://..."
TABLES = ".csv, .xlsx or .parquet"
WIDTH = 79


def add_command(commands, name, run, text, detail="", example=""):
    """Add a command to the parser: `text` begins small, as in the list of commands.

    Parameters
    ----------
    commands : argparse._SubParsersAction
    name : str
    run : callable
        Takes the options, returns the exit code.
    text, detail, example : str

    Returns
    -------
    argparse.ArgumentParser
    """
    shown = {"description": textwrap.fill(f"{text[0].upper()}{text[1:]}. {detail}".strip(), WIDTH), "help": text}
    shown |= {"epilog": f"example:\n  python -m eda_utils {example}"} if example else {}
    command = commands.add_parser(name, formatter_class=argparse.RawDescriptionHelpFormatter, **shown)
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
    """Add the switch for who wants no progress bar."""
    command.add_argument("-q", "--quiet", action="store_true", help="no progress")


def progress_of(options):
    """Return what functions take as `progress`: None shows it on a terminal only."""
    return False if options.quiet else None


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
