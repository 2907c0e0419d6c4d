"""The command line: one command, one question."""

import argparse
import os
import sys
from collections.abc import Sequence

from .. import __version__
from ..core import EDAError, NotebookError, explain_missing
from .cohorts import add_compare, add_split
from .copies import add_deidentify
from .options import complain
from .services import add_fetch
from .tables import add_audit, add_index, add_measure, add_slides
from .workbook import add_doctor, add_lab, add_render, add_report, add_samples, add_strip

WRONG_USAGE, INTERRUPTED, HUNG_UP = 2, 130, 141
DESCRIPTION = "Explore folders of 2D medical images: radiographs, mammograms, ultrasound, CT and MR slices, slides."
EPILOG = """\
examples:
  python -m eda_utils samples                          real images to play with, into data/samples
  python -m eda_utils report ~/export -o report.html   one page about a folder
  python -m eda_utils index ~/export -o index.parquet  one row per file, identifiers masked
  python -m eda_utils measure ~/export -o stats.csv    one row per image, with the statistics of its pixels
  python -m eda_utils audit ~/export -o findings.csv   what is wrong with the images; exit code 1 if there are errors
  python -m eda_utils slides ~/scans -o slides.csv     one row per whole-slide image: tissue, ink, focus, stains
  python -m eda_utils split ~/export -o split.csv      train, val and test without a patient in two of them
  python -m eda_utils compare A B -o drift.html        how two sets of images differ; exit code 1 if a field drifts
  python -m eda_utils fetch --from HOST:PORT --aet PACS --study UID -o study/   a study from an archive
  python -m eda_utils render 04 -o lesson.html         a notebook as a page
  python -m eda_utils lab 03                           a notebook in JupyterLab
  python -m eda_utils doctor ~/export                  can this Python decode what the folder holds?

exit codes: 0 done, 1 done with findings (audit, slides: at or above --fail-on; doctor: a gap; a section or a
            notebook failed), 2 wrong usage, 130 interrupted
Identifiers are masked in everything that is written, unless you ask for them with --identifiers.
Nothing is sent anywhere; only `samples` and `fetch` use the network, the latter where you say.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    Parameters
    ----------
    arguments : list of str, optional
        By default those of the process.

    Returns
    -------
    int
        0 done, 1 findings, 2 wrong usage, 130 interrupted.

    Examples
    --------
    >>> from eda_utils.cli import main
    >>> main(["render", "no_such_notebook"])
    2
    """
    options = make_parser().parse_args(arguments)
    try:
        return options.run(options)
    except NotebookError as error:
        return complain(error)
    except EDAError as error:
        return complain(error, WRONG_USAGE)
    except BrokenPipeError:  # `| head` has seen enough: what Python still wants to flush goes nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return HUNG_UP
    except ModuleNotFoundError as error:
        return complain(explain_missing(error), WRONG_USAGE)
    except OSError as error:  # a full disk, a folder that may not be written
        return complain(f"{type(error).__name__}: {error.strerror or error}", WRONG_USAGE)
    except KeyboardInterrupt:
        return complain("interrupted; what was written is complete, or a page that says so", INTERRUPTED)


def make_parser():
    """Return the parser of all commands."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("python -m eda_utils", description=DESCRIPTION, epilog=EPILOG, formatter_class=raw)
    parser.add_argument("--version", action="version", version=f"eda_utils {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", title="commands")
    of_cohorts = (add_compare, add_split)
    tables = (add_index, add_measure, add_audit, add_deidentify, add_slides, add_fetch, *of_cohorts)
    for add in (add_report, add_render, add_lab, *tables, add_samples, add_doctor, add_strip):
        add(commands)
    return parser
