"""Whether this Python has what the workbook needs, and can decode what a folder holds."""

import platform
import re
import shutil
import sys
import textwrap
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

from . import __version__
from .files import existing_path, find_files
from .index import index_folder
from .installation import REINSTALL, checkout, missing_parts, notebook_folder, work_folder
from .requirements import NOT_INSTALLED, check_environment
from .summary import NOT_STATED, format_bytes, need, plural

SAMPLE_BYTES = 220e6  # what is downloaded, and what is made of it
WIDTH = 80
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


def check_decoders(source=None):
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
    >>> eda.check_decoders(get_testdata_file("CT_small.dcm"))[["transfer_syntax", "files", "ok"]].values.tolist()
    [['Explicit VR Little Endian', 1, True]]
    """
    ours = _our_decoders()
    if source is None:
        counts = dict.fromkeys(filter(_decoder, [*AllTransferSyntaxes, *getattr(ours, "DECODERS", ())]), 0)
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
    find_decoder = getattr(_our_decoders(), "find_decoder", get_decoder)
    try:
        return find_decoder(uid) if uid[0].isdigit() else None
    except NotImplementedError:
        return None


def _our_decoders():
    """Return the module of our plug-in, or None where that is not possible."""
    try:
        from . import decoders
    except ImportError:  # imagecodecs is missing or damaged; to say this is what we are here for
        return None
    return decoders


def _pip_line(libraries):
    """Name what is missing. When all is there and pydicom cannot use it, the installation is damaged."""
    found = check_environment(libraries)
    bad = found[~found["ok"]]
    what = found if bad.empty else bad
    names = [f'"{row.library}{row.wanted}"' for row in what.itertuples()]
    return " ".join(["python -m pip install", *(["--force-reinstall"] if bad.empty else []), *names])


def examine(source=None, *, progress=None):
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
    yield _section("This machine", _machine_lines()), ""
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
    is_command = advice.startswith("python -m")
    below = [advice] if is_command else textwrap.wrap(advice, WIDTH - 10)
    return "\n".join([f"  {mark:<5} {text}", *(f"{'':10}{line}" for line in below)])


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
    """Names of the standard are long: they are folded. Rows with the same advice have it once, below the last."""
    counted = table["files"].sum() > 0
    is_last = table["advice"] != table["advice"].shift(-1)
    for row in table.assign(advice=table["advice"].where(is_last, "")).itertuples():
        first, *rest = textwrap.wrap(row.transfer_syntax, 42, break_on_hyphens=False)
        count = f"{row.files:>6,}  " if counted else ""
        text = f"{count}{first:<42}  {row.decoder}"
        folded = "".join(f"\n{'':{8 + len(count)}}{part}" for part in rest)
        yield _line("ok" if row.ok else "gap", text + folded, row.advice)


def _folder_title(folder, index):
    name = str(folder.name).encode("utf-8", "backslashreplace").decode()  # a name need not be UTF-8
    return f"{name}: {plural(len(_images(index)), 'DICOM image')} among {plural(len(index), 'file')}"


def _machine_lines():
    for what, (found, advice) in {
        "virtual environment": _virtual_environment(),
        "notebooks": _notebooks(),
        "Jupyter kernel": _kernel(),
        "samples": _samples(),
        "free disk": _disk(),
    }.items():
        yield _line("note" if advice else "ok", f"{what:<20} {found}", advice)


def _virtual_environment():
    if sys.prefix != sys.base_prefix or (Path(sys.prefix) / "conda-meta").is_dir():
        return "yes", ""
    return "no", "with one, other programs keep their versions: python -m venv .venv"


def _notebooks():
    count = len(list(notebook_folder().glob("*.ipynb")))
    advice = (
        "`report` and `render` need them: bring them back from the repository"
        if checkout()
        else f"python -m {REINSTALL}"
    )
    return (f"{count} found", "") if count else ("not found", advice)


def _kernel():
    """Notebooks start the kernel python3; an older one of the same name, in the user's home, can take its place."""
    try:
        from jupyter_client.kernelspec import NATIVE_KERNEL_NAME, KernelSpecManager

        program = KernelSpecManager().get_kernel_spec(NATIVE_KERNEL_NAME).argv[0]
    except (ImportError, KeyError):  # NoSuchKernel is a KeyError
        return "not found", "python -m pip install ipykernel"
    is_ours = program in (sys.executable, Path(program).name)  # jupyter_client reads a bare "python" as sys.executable
    return ("starts this Python", "") if is_ours else ("another Python's", "python -m ipykernel install --sys-prefix")


def _samples():
    folder = work_folder() / "data" / "samples"
    count = sum(1 for _ in find_files(folder)) if folder.is_dir() else 0
    if count:
        return f"{plural(count, 'file')} in data/samples", ""
    return "not made yet", "python -m eda_utils samples"


def _disk():
    free = shutil.disk_usage(work_folder()).free
    found = f"{format_bytes(free)}; the samples take {format_bytes(SAMPLE_BYTES)}"
    return found, "" if free > SAMPLE_BYTES else "make room before you make the samples"
