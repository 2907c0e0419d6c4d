"""Files of a folder, told apart by their content and never by their name."""

import io
import os
import stat
from operator import attrgetter
from pathlib import Path

from .errors import AccessError, FormatError, MissingError, RequestError
from .remote import is_url, open_url, read_url, url_facts

HEAD_BYTES = 4096
# PS3.5 6.2: every Value Representation, as the two letters that follow the tag in explicit VR
VR_CODES = frozenset(
    b"AE AS AT CS DA DS DT FD FL IS LO LT OB OD OF OL OV OW PN SH SL SQ SS ST SV TM UC UI UL UN UR US UT UV".split()
)
IMAGE_SIGNATURES = {
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"GIF87a": "GIF",
    b"GIF89a": "GIF",
    b"BM": "BMP",
    b"\0\0\0\x0cjP  \r\n\x87\n": "JPEG 2000",
}
TIFF_SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
# Formats of several files whose entry file has no signature of its own; OpenSlide decides
SLIDE_SUFFIXES = (".mrxs", ".vms", ".vmu")
OTHER_SIGNATURES = {
    b"%PDF": "a PDF document",
    b"PK\x03\x04": "a zip archive",
    b"\x1f\x8b": "a gzip archive",
    b"NRRD": "an NRRD volume",
    b"\x5c\x01\0\0": "a NIfTI volume",
    b"<?xml": "an XML file",
    b"\x93NUMPY": "a numpy array",
}


def find_files(source):
    """Yield the path of every file in a folder, in a stable order, whatever the files are called.

    Links to folders are followed once, so that a loop of links ends. A folder that may not be opened is yielded itself,
    so that it gets a row with a problem instead of vanishing.

    Parameters
    ----------
    source : str, Path or list of these
        A folder, a file, or a list of both.

    Yields
    ------
    Path
        Absolute paths; the target of a link is not resolved.

    Raises
    ------
    MissingError
        If `source` does not exist.

    Examples
    --------
    >>> from eda_utils.files import find_files
    >>> len(list(find_files("data/samples"))) > 20
    True
    """
    return map(Path, find_paths(source))


def find_paths(source):
    """Yield what `find_files` yields as str: a Path costs more than reading the directory entry does."""
    if isinstance(source, (list, tuple, set)) or hasattr(source, "tolist"):
        for item in source:
            yield from find_paths(item)
        return
    root = str(existing_path(source))
    if Path(root).is_dir():
        yield from _walk(root, set())
    else:
        yield root


def existing_path(source):
    """Return `source` as an absolute Path, or raise MissingError."""
    if not isinstance(source, (str, os.PathLike)):
        raise RequestError("source", f"a {type(source).__name__} is not a path", "give the path of a folder or a file")
    path = Path(os.path.abspath(Path(source).expanduser()))
    if not os.path.lexists(path):
        raise MissingError(path.name, "there is no such file or folder", "check the spelling of the path")
    return path


def _walk(folder, visited):
    try:
        inode = os.stat(folder)
        if (inode.st_dev, inode.st_ino) in visited:
            return
        visited.add((inode.st_dev, inode.st_ino))
        entries = sorted(os.scandir(folder), key=attrgetter("name"))
    except OSError:
        yield folder
        return
    for entry in entries:
        if entry.is_dir():
            yield from _walk(entry.path, visited)
        else:
            yield entry.path


def read_head(path, size=HEAD_BYTES):
    """Return the first `size` bytes of a regular file.

    Raises
    ------
    AccessError, FormatError, MissingError
        If the file may not be opened, is a folder, pipe, socket or device, or has vanished.
    """
    if is_url(path):
        return read_url(path, size)
    path = Path(path)
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISREG(mode):
            with open(path, "rb") as file:
                return file.read(size)
    except FileNotFoundError:
        wrong = "is a link to a file that does not exist" if path.is_symlink() else "there is no such file"
        raise MissingError(path.name, wrong, "check the path") from None
    except OSError as error:
        raise AccessError(path.name, f"may not be opened ({error.strerror})", "check its permissions") from None
    if stat.S_ISDIR(mode):
        raise AccessError(path.name, "is a folder that may not be opened", "check its permissions")
    raise FormatError(path.name, "is a pipe, socket or device and not a file", "leave it out")


def open_file(source):
    """Open a path, URL or bytes for reading.

    Raises
    ------
    AccessError, FormatError, MissingError
        As `read_head`.
    """
    if isinstance(source, (bytes, bytearray, memoryview)):
        return io.BytesIO(source)
    if is_url(source):
        return open_url(source)
    read_head(source, 0)  # names what is wrong with a folder, a pipe, a missing file
    try:
        return open(source, "rb")
    except FileNotFoundError:
        raise MissingError(Path(source).name, "there is no such file", "check the path") from None
    except OSError:
        raise AccessError(Path(source).name, "may not be opened", "check its permissions") from None


def file_facts(path):
    """Return the size of a file in bytes, and a number that changes when the file does (its time of change in ns).

    Where nothing can be had, 0 and -1.
    """
    try:
        if is_url(path):
            return url_facts(path)
        facts = os.stat(path, follow_symlinks=Path(path).exists())
    except OSError:  # AccessError and MissingError are OSErrors too
        return 0, -1
    return facts.st_size, facts.st_mtime_ns


def sniff(source):
    """Tell by content what a file is.

    Parameters
    ----------
    source : str, Path or bytes

    Returns
    -------
    kind : {"dicom", "image", "slide", "other"}
    what : str
        The format ("DICOM", "PNG", "aperio" ...) or, for "other", what it is in plain words.

    Raises
    ------
    AccessError, FormatError, MissingError
        If the file cannot be opened.

    References
    ----------
    PS3.10 7.1: 128 bytes of preamble, then the four letters DICM. Files without it begin with a data element.

    Examples
    --------
    >>> from eda_utils.files import sniff
    >>> sniff("README.md")
    ('other', 'a text file')
    """
    is_named = isinstance(source, (str, os.PathLike))
    is_path = is_named and not is_url(source)
    head = read_head(source) if is_named else bytes(source[:HEAD_BYTES])
    if head[128:132] == b"DICM" or _starts_with_element(head):
        return "dicom", "DICOM"
    if is_path and Path(source).suffix.lower() in SLIDE_SUFFIXES:
        return _sniff_slide(source) or ("other", "a file of a slide format that OpenSlide does not recognise")
    if head.startswith(TIFF_SIGNATURES):
        return (is_path and _sniff_slide(source)) or ("image", "TIFF")
    for signature, what in IMAGE_SIGNATURES.items():
        if head.startswith(signature):
            return "image", what
    return "other", _describe_other(head)


def _starts_with_element(head):
    """Whether the bytes begin with a data element of group 0002 or 0008, as in a file without the DICM prefix."""
    if len(head) < 8:
        return False
    for order in ("little", "big"):
        group, element, length = (int.from_bytes(head[i:j], order) for i, j in ((0, 2), (2, 4), (4, 8)))
        if group in (2, 8) and element < 0x3000 and (head[4:6] in VR_CODES or length <= 1024):
            return True
    return False


def _sniff_slide(path):
    import openslide

    try:
        vendor = openslide.OpenSlide.detect_format(path)
    except openslide.OpenSlideError:
        return None
    return ("slide", vendor) if vendor else None


def _describe_other(head):
    if not head:
        return "an empty file"
    for signature, what in OTHER_SIGNATURES.items():
        if head.startswith(signature):
            return what
    is_text = b"\0" not in head and sum(byte < 9 for byte in head) == 0
    return "a text file" if is_text else "a file of an unknown format"
