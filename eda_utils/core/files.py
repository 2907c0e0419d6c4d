"""Files of a folder: found once each, and opened so that nothing hangs and no more is read than allowed."""

import io
import os
import re
import stat
import time
from collections.abc import Iterable, Iterator
from operator import attrgetter
from pathlib import Path
from typing import BinaryIO

from .errors import AccessError, FormatError, LimitError, MissingError, RequestError
from .urls import is_url, open_url, read_url, url_facts

HEAD_BYTES = 4096
HEADER_BYTES = 2**26  # what is read of a file for its header, and what a deflated data set may inflate to
HEADER_SECONDS = 8  # for the header of one file
MOST_ZEROS = 2**20  # one after the other, where elements should be
# Something may take the place of a file between a look at it and opening it: a pipe must not block
OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
SPELT = re.compile(rb"\\x([0-9a-f]{2})")
# PS3.5 6.2: every Value Representation, as the two letters that follow the tag in explicit VR
Paths = str | Path | Iterable[str | Path]  # one file or folder, or several
_VRS = b"AE AS AT CS DA DS DT FD FL IS LO LT OB OD OF OL OV OW PN SH SL SQ SS ST SV TM UC UI UL UN UR US UT UV"
VR_CODES = frozenset(_VRS.split())


def find_files(source: Paths) -> Iterator[Path]:
    """Yield the path of every file in a folder, in a stable order, whatever the files are called.

    Links to files are files. Links to folders are not followed, as they can lead out of the folder or round in a loop:
    like a folder that may not be opened they are yielded themselves, and get a row with a problem instead of vanishing.

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
    >>> from eda_utils.core import find_files
    >>> len(list(find_files("data/samples"))) > 20
    True
    """
    return map(Path, find_paths(source))


def find_paths(source: Paths) -> Iterator[str]:
    """Yield what `find_files` yields as str: a Path costs more than reading the directory entry does."""
    if isinstance(source, (list, tuple, set)) or hasattr(source, "tolist"):
        for item in source:
            yield from find_paths(item)
        return
    root = str(existing_path(source))
    if os.path.isdir(root):
        yield from _walk(root)
    else:
        yield root


def existing_path(source: str | Path) -> Path:
    """Return `source` as an absolute Path, or raise MissingError."""
    if not isinstance(source, (str, os.PathLike)):
        raise RequestError("source", f"a {type(source).__name__} is not a path", "give the path of a folder or a file")
    path = Path(os.path.abspath(Path(source).expanduser()))
    if not os.path.lexists(path):
        raise MissingError(path.name, "there is no such file or folder", "check the spelling of the path")
    return path


def _walk(folder):
    """In the order of names, with a stack of its own: folders can be nested more deeply than calls."""
    waiting = [(folder, True)]
    while waiting:
        path, is_folder = waiting.pop()
        entries = _entries(path) if is_folder else None
        if entries is None:
            yield path
        else:
            waiting += [(entry.path, _is_folder(entry)) for entry in reversed(entries)]


def _entries(folder):
    try:
        return sorted(os.scandir(folder), key=attrgetter("name"))
    except OSError:
        return None


def _is_folder(entry):
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def read_head(path: str | Path, size: int = HEAD_BYTES) -> bytes:
    """Return the first `size` bytes of a regular file.

    Raises
    ------
    AccessError, FormatError, MissingError
        If the file may not be opened, is a folder, pipe, socket or device, or has vanished.
    """
    if is_url(path):
        return read_url(path, size)
    with open(path, "rb", 0, opener=_open_regular) as file:
        try:
            return file.read(size) or b""  # None: there is nothing to be had without waiting
        except OSError as error:
            raise AccessError(Path(path).name, f"cannot be read ({error.strerror})", "copy the file again") from None


def _open_regular(path, _flags=0):
    """An opener for `open` that never waits, and says in our words what is wrong."""
    name = Path(path).name
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISREG(mode):  # to open a device alone can do something
            descriptor = os.open(path, OPEN_FLAGS)
            mode = os.fstat(descriptor).st_mode
            if stat.S_ISREG(mode):
                return descriptor
            os.close(descriptor)
    except FileNotFoundError:
        if real := unspelt(path):
            return _open_regular(real)
        wrong = "is a link to a file that does not exist" if os.path.islink(path) else "there is no such file"
        raise MissingError(name, wrong, "check the path") from None
    except (OSError, ValueError) as error:  # ValueError: a null byte
        why = getattr(error, "strerror", None) or "no name of a file"
        raise AccessError(name, f"may not be opened ({why})", "check its permissions") from None
    if not stat.S_ISDIR(mode):
        raise FormatError(name, "is a pipe, socket or device and not a file", "leave it out")
    if os.path.islink(path):
        raise AccessError(name, "is a link to a folder and was not followed", "index that folder by itself")
    raise AccessError(name, "is a folder that may not be opened", "check its permissions")


def spelt(path: str) -> str:
    """Return a path as the text that a table can hold: bytes that are not UTF-8 are spelt out.

    Examples
    --------
    >>> import os
    >>> from eda_utils.core import spelt
    >>> print(spelt(os.fsdecode(bytes([77, 252]))))
    M\\xfc
    """
    return path if path.isascii() else os.fsencode(path).decode("utf-8", "backslashreplace")


def unspelt(path):
    """Return the path of the file that `spelt` has written thus, None if there is none."""
    text = os.fsencode(path)
    real = os.fsdecode(SPELT.sub(lambda found: bytes.fromhex(found[1].decode()), text))
    return real if os.fsencode(real) != text and os.path.lexists(real) else None


class _HeaderFile(io.FileIO):
    """A file that gives no more than so many bytes, and not for ever: headers can claim any length."""

    def __init__(self, path, most):
        super().__init__(path, opener=_open_regular)
        self.left, self.zeros, self.end = most, MOST_ZEROS, time.monotonic() + HEADER_SECONDS

    def readinto(self, view):
        amount = super().readinto(memoryview(view)[: self.left + 1]) or 0
        if len(view) <= io.DEFAULT_BUFFER_SIZE:  # long values are read at once: these bytes are elements
            is_empty = bytes(view[:amount]).count(0) == amount
            self.zeros = self.zeros - amount if is_empty else MOST_ZEROS
        return self._counted(amount)

    def readall(self):
        data = self.read(self.left + 1)
        self._counted(len(data))
        return data

    def _counted(self, amount):
        self.left -= amount
        name = Path(self.name).name
        if self.zeros < 0:
            raise LimitError(name, "its header is a hole filled with zeros", "copy the file again")
        if self.left < 0:
            raise limit_error(name)
        if time.monotonic() > self.end:
            raise limit_error(name, f"its header takes over {HEADER_SECONDS} s")
        return amount


def limit_error(name: str, wrong: str = f"its header is larger than {HEADER_BYTES >> 20} MB") -> LimitError:
    """Return the error for a header that is larger, deeper or slower to read than any that is true."""
    return LimitError(name, wrong, "look at it with a tool for damaged files")


def open_file(source: str | Path | bytes, most: int | None = None) -> BinaryIO:
    """Open a path, URL or bytes for reading; of a file on disk give no more than `most` bytes.

    Raises
    ------
    AccessError, FormatError, MissingError
        As `read_head`.
    LimitError
        While it is read, if more than `most` bytes are wanted.
    RequestError
        If it is none of these.
    """
    if isinstance(source, (bytes, bytearray, memoryview)):
        return io.BytesIO(source)
    if not isinstance(source, (str, os.PathLike)):
        raise RequestError("source", f"a {type(source).__name__} is no image", "give a path, bytes or a Dataset")
    if is_url(source):
        return open_url(source)
    return io.BufferedReader(_HeaderFile(source, most)) if most else open(source, "rb", opener=_open_regular)


def read_at(file: BinaryIO, amount: int, place: int) -> bytes:
    """Return so many bytes from a place in an open file, fewer where it ends."""
    file.seek(max(place, 0))
    return file.read(amount)


def file_facts(path: str | Path) -> tuple[int, int]:
    """Return the size of a file in bytes, and a number that changes when the file does (its time of change in ns).

    Where nothing can be had, 0 and -1.
    """
    try:
        if is_url(path):
            return url_facts(path)
        facts = os.stat(path, follow_symlinks=os.path.exists(path))
    except (OSError, ValueError):  # AccessError and MissingError are OSErrors too; ValueError: a null byte
        real = None if is_url(path) else unspelt(path)
        return file_facts(real) if real else (0, -1)
    return facts.st_size, facts.st_mtime_ns
