"""Whether this Python has what the workbook needs, and can decode what a folder holds."""

import platform
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from pydicom.pixels import get_decoder
from pydicom.uid import (
    RE_VALID_UID,
    UID,
    AllTransferSyntaxes,
    JPEG2000TransferSyntaxes,
    JPEGBaseline8Bit,
    JPEGLSTransferSyntaxes,
    JPEGTransferSyntaxes,
)

from .. import __version__
from ..core import NOT_STATED, REINSTALL, Paths, existing_path, missing_parts, need, plural
from ..index import index_folder
from .requirements import NOT_INSTALLED, check_environment

WIDTH, INDENT = 80, " " * 10
ALL_TITLE = "Transfer syntaxes and their decoders here (name a folder to see what it holds)"
NO_DECODER = "no decoder"
COLUMNS = ["transfer_syntax", "files", "decoder", "ok", "advice"]
# The libraries that we require and that decode a transfer syntax; others, such as GDCM, are used when they are there
LIBRARIES = {
    **dict.fromkeys(JPEG2000TransferSyntaxes, ("pylibjpeg", "pylibjpeg-openjpeg")),
    **dict.fromkeys([*JPEGTransferSyntaxes, *JPEGLSTransferSyntaxes], ("imagecodecs",)),
    JPEGBaseline8Bit: ("pillow",),
}
PRIVATE, NO_UID = "a private transfer syntax", "not a UID"
ASK = "ask for the images in Explicit VR Little Endian: many archives convert when they send"
ADVICE = {  # by the beginning of the name
    ("MPEG", "HEVC", "Fragmentable", "SMPTE"): "a video; ask for its frames as an image, in JPEG Baseline for example",
    ("JPIP",): "its pixels stay on a server; retrieve the images in another transfer syntax",
    (PRIVATE,): f"known to the vendor's own software only; {ASK}",
    (NO_UID, NOT_STATED): "the header is damaged; ask for the original",
}


def check_decoders(source: pd.DataFrame | Paths | None = None) -> pd.DataFrame:
    """Tell for each transfer syntax which decoder reads its pixels here, and what to do where none does.

    Parameters
    ----------
    source : str, Path, list of these, or DataFrame, optional
        A folder, files, or an index from `index_folder`. Without it, every transfer syntax that pydicom can have a
        decoder for is listed.

    Returns
    -------
    DataFrame
        Columns ``transfer_syntax`` (its name in PS3.6), ``files`` (DICOM images in it), ``decoder`` (the plug-ins of
        pydicom that are installed, "none needed" or "no decoder"), ``ok`` and ``advice``. The most frequent come first,
        those that cannot be decoded last. That a file is whole is another question: `list_problems` answers it.

    Raises
    ------
    MissingError
        If `source` does not exist.

    References
    ----------
    PS3.5 section 10 and Annex A (transfer syntaxes), PS3.6 Table A-1 (their names).

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> import eda_utils as eda
    >>> eda.report.check_decoders(get_testdata_file("CT_small.dcm"))[["transfer_syntax", "files", "ok"]].values.tolist()
    [['Explicit VR Little Endian', 1, True]]
    """
    ours, _ = _our_decoders()
    if source is None:
        counts = dict.fromkeys(filter(_decoder, [*AllTransferSyntaxes, *(ours or ())]), 0)
    else:
        counts = _images(source)["TransferSyntaxUID"].astype(object).map(_uid).value_counts()
    table = pd.DataFrame([_row(uid, count) for uid, count in counts.items()], columns=COLUMNS)
    table = table.astype({"files": "int64", "ok": bool})
    if ours is None:  # without imagecodecs load_image does not even start
        table.loc[table["ok"], ["decoder", "ok", "advice"]] = NOT_INSTALLED, False, _pip_line(["imagecodecs"])
    order = {"by": ["ok", "files", "transfer_syntax"], "ascending": [False, False, True]}
    return table.sort_values(**order, ignore_index=True)


def _images(source):
    """Return the rows of DICOM files that have a picture: Rows is of type 1 in every image (PS3.3 C.7.6.3)."""
    index = source if isinstance(source, pd.DataFrame) else index_folder(source, tags=["TransferSyntaxUID", "Rows"])
    need(index, "kind", "TransferSyntaxUID", "Rows")
    return index[(index["kind"] == "dicom") & index["Rows"].notna()]


def _uid(value):
    """Return what may be shown of a transfer syntax: what is no UID, or is somebody's own, could be anything."""
    if not isinstance(value, str):
        return NOT_STATED
    if not re.match(RE_VALID_UID, value):
        return NO_UID
    return PRIVATE if UID(value).is_private else value


def _row(uid, files):
    name = UID(uid).name if uid[0].isdigit() else uid
    return name, files, *_verdict(uid, name)


def _verdict(uid, name):
    decoder = _decoder(uid)
    if decoder is None:
        return NO_DECODER, False, next((text for starts, text in ADVICE.items() if name.startswith(starts)), ASK)
    if decoder.is_native:
        return "none needed", True, ""
    if decoder.available_plugins:
        return ", ".join(decoder.available_plugins), True, ""
    return NOT_INSTALLED, False, _pip_line(LIBRARIES.get(uid, ("pydicom",)))


def _decoder(uid):
    """Return the decoder of a transfer syntax, with or without plug-ins; None for what has none, or is no UID."""
    _, find_decoder = _our_decoders()
    try:
        return find_decoder(uid) if uid[0].isdigit() else None
    except NotImplementedError:
        return None


def _our_decoders():
    """Return what our plug-in decodes and how a decoder is found; None and pydicom's way where it cannot be loaded."""
    try:
        from ..image import DECODERS, find_decoder
    except ImportError:  # imagecodecs is missing or damaged; to say this is what we are here for
        return None, get_decoder
    return DECODERS, find_decoder


def _pip_line(libraries):
    """Name what is missing. When all is there and pydicom cannot use it, the installation is damaged."""
    found = check_environment(libraries)
    bad = found[~found["ok"]]
    what = found if bad.empty else bad
    names = [f'"{row.library}{row.wanted}"' for row in what.itertuples()]
    return " ".join(["python -m pip install", *(["--force-reinstall"] if bad.empty else []), *names])


def examine(source: str | Path | None = None, *, progress: bool | None = None) -> Iterator[tuple[str, str]]:
    """Yield what `python -m eda_utils doctor` prints, section by section.

    Parameters
    ----------
    source : str or Path, optional
        A folder or file.
    progress : bool, optional
        As in `index_folder`.

    Yields
    ------
    text : str
        ASCII of at most 80 columns, except for commands to copy and names; no path, no identifier.
    gap : str
        How much of it is missing, such as "1 of 20 libraries"; empty when it is fine.

    Raises
    ------
    MissingError
        If `source` does not exist.
    """
    folder = None if source is None else existing_path(source)
    title = f"eda_utils {__version__} on {platform.system()} {platform.machine()}"
    libraries = check_environment()
    yield _section(title, _library_lines(libraries)), _gap(libraries, "libraries", _is_left_out(libraries))
    lost = missing_parts()
    if lost:
        yield _section("Files that belong to eda_utils", _lost_lines(lost)), f"{plural(len(lost), 'file')} of eda_utils"
    index = None if folder is None else index_folder(folder, tags=["TransferSyntaxUID", "Rows"], progress=progress)
    decoders = check_decoders(index)
    title = ALL_TITLE if index is None else _folder_title(folder, index)
    yield _section(title, _decoder_lines(decoders)), _gap(decoders, "transfer syntaxes")


def _is_left_out(libraries):
    """Nobody need install every extra."""
    return (libraries["extra"] != "") & (libraries["installed"] == NOT_INSTALLED)


def _gap(table, noun, is_left_out=False):
    bad = int((~table["ok"] & ~np.array(is_left_out)).sum())
    return f"{bad} of {len(table)} {noun}" if bad else ""


def _section(title, lines):
    return "\n".join([*textwrap.wrap(title, WIDTH), *lines, ""])


def _line(mark, text, advice=""):
    """Write one finding, and below it what to do; a command stays whole, so that it can be copied."""
    said = textwrap.fill(f"  {mark:<5} {text}", WIDTH, subsequent_indent=INDENT, break_on_hyphens=False)
    below = [advice] if advice.startswith("python -m") else textwrap.wrap(advice, WIDTH - len(INDENT))
    return "\n".join([said, *(INDENT + line for line in below)])


def _library_lines(table):
    for row, is_left_out in zip(table.itertuples(), _is_left_out(table), strict=True):
        text = f"{row.library:<20} {row.installed:<14} wanted {row.wanted}"
        if is_left_out:
            yield _line("note", f"{text}; extra {row.extra}")
        else:
            advice = "" if row.ok else "install a newer Python" if row.library == "python" else _pip_line([row.library])
            yield _line("ok" if row.ok else "gap", text, advice)


def _lost_lines(paths):
    """Name each, and below the last the one command that brings them all back."""
    *others, last = sorted(paths)
    yield from (_line("gap", f"{path.name:<40} missing") for path in others)
    yield _line("gap", f"{last.name:<40} missing", f"python -m {REINSTALL}")


def _decoder_lines(table):
    """Rows with the same advice have it once, below the last."""
    is_last = table["advice"] != table["advice"].shift(-1)
    counts = table["files"].map("{:>6,}  ".format) if table["files"].any() else [""] * len(table)
    for row, count in zip(table.assign(advice=table["advice"].where(is_last, "")).itertuples(), counts, strict=True):
        yield _line("ok" if row.ok else "gap", f"{count}{row.transfer_syntax}: {row.decoder}", row.advice)


def _folder_title(folder, index):
    name = str(folder.name).encode("utf-8", "backslashreplace").decode()  # a name need not be UTF-8
    return f"{name}: {plural(len(_images(index)), 'DICOM image')} among {plural(len(index), 'file')}"
