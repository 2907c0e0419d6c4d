"""Files that are not on a disk of this machine: object stores and members of archives, through fsspec.

Only what the caller names is contacted, and of a file no more than the blocks that are asked for.
"""

import bz2
import gzip
import hashlib
import lzma
import os
import re
from contextlib import contextmanager
from functools import lru_cache, wraps
from pathlib import Path
from threading import get_ident

from pydicom.dataset import Dataset, FileDataset

from .errors import AccessError, EDAError, FormatError, MissingError, RequestError

URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
CHAIN = "::"  # zip://member::archive in fsspec's way of writing
BLOCK_BYTES = 65_536
FIRST_BYTES = 16_384
COMPRESSED = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ": lzma.open}
KEPT_BYTES = 2**20  # of a compressed tar: what lies so little behind is at hand
MOST_BYTES = 2**28  # of one member: a bomb unpacks to any size
LEAST_BYTES = 2**8  # what a request counts for, as elements without a value take time and memory too


def is_url(source: object) -> bool:
    """Tell whether a source is a URL, and not a path.

    Examples
    --------
    >>> from eda_utils.core import is_url
    >>> is_url("s3://bucket/key"), is_url("/data/s3"), is_url("C:\\\\data")
    (True, False, False)
    """
    return isinstance(source, str) and "://" in source and URL.match(source) is not None


def url_name(url):
    """Return the name by which errors and captions call a file: no folder, no server, no password.

    Examples
    --------
    >>> from eda_utils.core.urls import url_name
    >>> url_name("s3://bucket/folder/a.dcm"), url_name("zip://::/data/b.zip"), url_name("https://me:secret@server?key")
    ('a.dcm', 'b.zip', 'https')
    """
    if not is_url(url):
        return Path(url).name
    head, chain, archive = url.partition(CHAIN)
    scheme, _, rest = head.partition("://")
    if chain:
        return _last(rest) or url_name(archive)
    _server, slash, path = rest.partition("?")[0].partition("/")
    return _last(path) if slash and _last(path) else scheme


def source_name(source: object) -> str:
    """Return the name by which errors and captions call a source: never its folder."""
    if isinstance(source, (str, os.PathLike)):
        return url_name(source) if is_url(source) else Path(source).name
    if isinstance(source, FileDataset) and isinstance(source.filename, (str, os.PathLike)):
        return Path(source.filename).name
    return "data set" if isinstance(source, Dataset) else "bytes"


def _last(path):
    return path.rstrip("/").rpartition("/")[2]


def list_urls(url: str) -> list[str]:
    """Return the URL of every file below a URL, in the order in which they are best read.

    Parameters
    ----------
    url : str
        Such as ``s3://bucket/folder`` or ``zip://::/data/export.zip``.

    Returns
    -------
    list of str

    Raises
    ------
    MissingError, AccessError, FormatError, RequestError
        If there is nothing there, it may not be read, it is damaged, or a package for it is not installed.
    """
    with _explained(url):
        _archive.cache_clear()
        system, root = _locate(url)
        system.invalidate_cache()
        found = system.find(root) or ([root] if system.isfile(root) else [])
        if not found and root.strip("/") and not system.exists(root):
            raise MissingError(url_name(url), "there is no such file or folder", "check the spelling of the URL")
        if _is_broken_off(system):
            raise FormatError(url_name(url), "is damaged: its list of members breaks off", "copy the archive again")
    position = {name: number for number, name in enumerate(getattr(system, "index", None) or ())}
    found = sorted(found, key=lambda name: position.get(name, 0))  # a tar is a tape: do not wind it back
    _, chain, archive = url.partition(CHAIN)
    return [system.unstrip_protocol(name) + chain + archive for name in found]


def open_url(url):
    """Open the file at a URL for reading; its first block is there already."""
    with _explained(url):
        system, name = _locate(url)
        file = system.open(name, "rb", block_size=BLOCK_BYTES)
        file.read(1)
        file.seek(0)
        file.system = system  # an archive is closed with the last reference to it
        if CHAIN in url:
            file.read = _bounded(file.read, file.size, url_name(url))
    return file


def _bounded(read, whole, name):
    """A value of a header can claim any length, and few packed zeros can fill it."""
    left = MOST_BYTES

    @wraps(read)
    def bounded(size=-1):
        nonlocal left
        left -= max(LEAST_BYTES, whole if size is None or size < 0 else min(size, whole))
        if left < 0:
            raise FormatError(name, "is too large to be read inside of an archive", "unpack the archive first")
        return read(size)

    return bounded


def read_url(url: str, size: int = FIRST_BYTES) -> bytes:
    """Return the first bytes of the file at a URL."""
    with _explained(url):
        system, name = _locate(url)
        if system.info(name)["size"]:  # a range of an empty file is an error
            return system.cat_file(name, start=0, end=size)
        if hasattr(system, "tar") and not system.tar.getmember(system.index[name][-1]).isreg():
            wrong = "is a pipe, a device or a link to nothing and not a file"
            raise FormatError(url_name(url), wrong, "leave it out")
    return b""


def url_facts(url):
    """Return the size of the file at a URL, and a number that changes whenever the server says that it changed."""
    with _explained(url):
        system, name = _locate(url)
        facts = system.info(name)
    digest = hashlib.sha256(repr(sorted(facts.items(), key=str)).encode("utf-8", "replace")).digest()
    return facts["size"] or 0, int.from_bytes(digest[:7], "big")


def is_slow(url: str) -> bool:
    """Tell whether every request takes its time but many can be under way, as on an object store."""
    with _explained(url):
        return _locate(url)[0].async_impl


def _locate(url):
    """The file system of a URL, and the name that the file has there."""
    import fsspec

    head, _, archive = url.partition(CHAIN)
    if not archive:
        return fsspec.core.url_to_fs(head)
    system = _archive(head.partition("://")[0].lower(), archive, _stamp(archive), (os.getpid(), get_ident()))
    return system, system._strip_protocol(head)


def _stamp(archive):
    try:
        return os.stat(archive).st_mtime_ns
    except OSError:
        return 0


@lru_cache(maxsize=64)
def _archive(scheme, archive, _stamp, _thread):
    """Listing the members again for each of them would never end; threads must not share a file position."""
    import fsspec

    fsspec.compression.register_compression("by content", _unpacked, (), force=True)
    options = {"compression": "by content"} if scheme == "tar" else {}  # by name, where fsspec decides
    return fsspec.filesystem(scheme, fo=archive, **options)


def _unpacked(file, **_):
    head = file.read(8)
    file.seek(0)
    openers = [opener for start, opener in COMPRESSED.items() if head.startswith(start)]
    return _Tape(openers[0](file)) if openers else file


class _Tape:
    """A compressed stream: going back means to unpack it from its beginning, so the last bytes are kept."""

    def __init__(self, stream):
        self.stream, self.kept, self.start, self.position = stream, bytearray(), 0, 0

    def seekable(self):
        return True

    def tell(self):
        return self.position

    def seek(self, position):
        self.position = position
        return position

    def read(self, size):
        end = self.start + len(self.kept)
        if not self.start <= self.position <= end:
            self.stream.seek(self.position)
            self.kept, self.start, end = bytearray(), self.position, self.position
        self.kept += self.stream.read(max(0, self.position + size - end))
        found = bytes(self.kept[self.position - self.start :][:size])
        self.position += len(found)
        surplus = max(0, len(self.kept) - KEPT_BYTES)
        self.start += surplus
        del self.kept[:surplus]
        return found

    def close(self):
        self.stream.close()


def _is_broken_off(system):
    """A tar ends with zeros; where a member should begin and does not, Python stops without a word."""
    if not hasattr(system, "tar"):
        return False
    system.tar.fileobj.seek(system.tar.offset)
    return any(system.tar.fileobj.read(512))


@contextmanager
def _explained(url):
    """Every store has its own exceptions: say what happened in our words, without paths, keys and servers."""
    name = url_name(url)
    try:
        yield
    except EDAError:
        raise
    except FileNotFoundError:
        raise MissingError(name, "there is no such file", "check the URL") from None
    except ImportError as error:
        package = f"the package {error.name}" if error.name else "a package for this kind of URL"
        raise RequestError(name, f"{package} is not installed", "install it with pip, such as s3fs for s3://") from None
    except Exception as error:  # noqa: BLE001 - zipfile, tarfile, botocore and others have no common base
        wrong = f"could not be read ({type(error).__name__})"
        raise AccessError(name, wrong, "check the URL, the credentials and the archive") from None
