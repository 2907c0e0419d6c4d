"""What David Clunie's dciodvfy says about DICOM files, where it is installed, without the values that it quotes."""

import os
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from pathlib import Path

from pydicom.datadict import keyword_for_tag

from .errors import RequestError
from .findings import findings_table

PROGRAM = "dciodvfy"
SEVERITY = {"Error": "warning", "Warning": "note"}  # what is off by the letter can be of no harm
LINE = re.compile(r"(Error|Warning) - (?:<(?P<where>/[^>]*)> - )?(?P<what>.*)")
ATTRIBUTE = re.compile(r"\(([0-9a-f]{4}),([0-9a-f]{4})")
MODULE = re.compile(r"Module=<(\w+)>")
ENDING = re.compile(r"(.+?)( for Type [123]C? (?:Required|Conditional|Optional))?( \[[A-Z]{2}\])?")
QUOTED = re.compile(r"\s*(=|<(?! )|(?<!\w)'|\"| Module=).*", re.DOTALL)
PHRASE = re.compile(rb"[ -~]{6,}")
COMPOSED = {"Information Object Not found"}  # of two phrases that do not say much
ADVICE = "ask the source to correct it before other systems get the file; it can be of no harm to you"
UNKNOWN = "judge the file by flag_issues alone"


def flag_conformance(paths, *, timeout=60):
    """Let dciodvfy compare DICOM files with the definitions of their objects (PS3.3).

    Parameters
    ----------
    paths : iterable of str or Path
        DICOM files on this machine, such as the paths of an index.
    timeout : float
        Seconds for one file.

    Returns
    -------
    DataFrame
        Findings as `findings_table` describes them: one per file, message and attribute; an error of dciodvfy is a
        warning here. Of a message only what stands in the program itself is told, never what it quotes from a file.
        Where the program fails or takes too long there is a note of kind ``conformance_unknown``.

    Raises
    ------
    ValueError
        If dciodvfy is not installed (RequestError).

    Examples
    --------
    >>> from eda_utils.conformance import read_message
    >>> line = "Error - </PatientName(0010,0010)[1]> - Value invalid for this VR [PN] = <Doe^Jane>"
    >>> read_message(line, {"Value invalid for this VR"})
    ('Error', 'Value invalid for this VR [PN]', 'PatientName (0010,0010)')
    """
    program = shutil.which(PROGRAM)
    if program is None:
        raise RequestError("flag_conformance", f"needs {PROGRAM}", "install the Debian package dicom3tools")
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = pool.map(partial(_verify, program, timeout=timeout), map(os.fspath, paths))
        return findings_table(row for rows in found for row in rows)


def _verify(program, path, timeout):
    if not os.path.isfile(path):  # noqa: PTH113 - Path raises where it may not look
        return [_unknown(path, "is no file on this machine")]
    command = [program, "-new", os.path.abspath(path)]
    try:
        answer = subprocess.run(command, capture_output=True, timeout=timeout, check=False)
    except subprocess.TimeoutExpired:
        return [_unknown(path, f"took more than {timeout:g} s")]
    lines = (answer.stderr + answer.stdout).decode("utf-8", "replace").split("\n")
    messages = dict.fromkeys(message for line in lines if (message := read_message(line, read_phrases(program))))
    rows = [(path, "nonconformance", SEVERITY[level], what, where, ADVICE) for level, what, where in messages]
    return rows if answer.returncode >= 0 else [*rows, _unknown(path, f"was ended by signal {-answer.returncode}")]


def _unknown(path, evidence):
    return path, "conformance_unknown", "note", f"{PROGRAM} did not examine the whole file", evidence, UNKNOWN


@lru_cache(maxsize=1)
def read_phrases(program):
    """Return the texts of several words that stand in a program, which is where its messages are made from."""
    return COMPOSED | {text.decode() for text in PHRASE.findall(Path(program).read_bytes()) if b" " in text.strip()}


def read_message(line, phrases):
    """Return level, message and place of a line of dciodvfy, without header values; None if it is no message.

    A value can have several lines and one of them can look like a message; so only `phrases` of the program are told,
    and the names of attributes are those of the dictionary.
    """
    found = LINE.match(line)
    if not found:
        return None
    module = MODULE.search(found["what"])
    places = [_name(int(group + element, 16)) for group, element in ATTRIBUTE.findall(found["where"] or "")]
    places += [f"module {module[1]}"] if module and f"Module <{module[1]}>" in phrases else []
    return found[1], _known(found["what"], phrases), ", ".join(places) or "the file"


def _name(tag):
    return f"{keyword_for_tag(tag)} ({tag >> 16:04x},{tag & 0xFFFF:04x})".strip()


def _known(text, phrases):
    """The longest beginning of a message that stands in the program: values follow behind."""
    words = QUOTED.sub("", text).split(" ")
    for count in range(len(words), 1, -1):
        phrase, kind, representation = ENDING.fullmatch(" ".join(words[:count])).groups("")
        if phrase in phrases:
            return phrase + kind + representation
    return "not conformant"
