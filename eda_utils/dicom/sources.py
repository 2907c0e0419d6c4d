"""What a person means by a source: a folder, files, a DICOMDIR, an archive, a bucket."""

import lzma
import os
import tarfile
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence

from ..core import (
    CHAIN,
    EDAError,
    FormatError,
    Paths,
    RequestError,
    existing_path,
    find_paths,
    is_url,
    list_urls,
    read_head,
)
from .dataset import attribute, read_dataset

OUTSIDE = "the DICOMDIR refers to a file outside of its folder; it was not opened"
AMBIGUOUS = "has :: in its name, which means something else in a URL; rename it"
NAMELESS = "has no name in the archive; unpack the archive first"


def list_source(source: Paths, *, lazily: bool = False) -> tuple[Iterable[str], dict[str, str]]:
    """Return the path or URL of every file of a source, and those that shall not be opened.

    Parameters
    ----------
    source : str, Path or list of these
        A folder, a file, a DICOMDIR, a zip or tar archive, a URL that fsspec understands, or a list of these.
    lazily : bool
        Of a folder, give an iterator that finds the files while others are read already.

    Returns
    -------
    paths : list of str, or an iterator
        In a stable order. Files that a DICOMDIR names and that are missing are among them; where it names none, because
        it is damaged or something else, it stands for itself.
    refused : dict of str to str
        For each file that is not opened, why.

    Raises
    ------
    MissingError, AccessError, FormatError, RequestError
        If there is no such source or it cannot be listed.

    References
    ----------
    PS3.10 section 8.6 and PS3.3 Annex F for DICOMDIR.

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> from eda_utils.dicom import list_source
    >>> paths, refused = list_source(get_testdata_file("DICOMDIR"))
    >>> len(paths), refused
    (31, {})
    """
    if isinstance(source, (list, tuple, set)) or hasattr(source, "tolist"):
        found = [list_source(item) for item in source]
        paths = [path for some, _ in found for path in some]
        return paths, {path: why for _, refused in found for path, why in refused.items()}
    if is_url(source):
        return _members(source)
    path = existing_path(source)
    if not os.path.isdir(path):
        return _expand(str(path))
    return find_paths(path) if lazily else list(find_paths(path)), {}


def _expand(path):
    """A single file that stands for others."""
    try:
        head = read_head(path, 512)
    except EDAError:  # it gets its row, with the problem
        return [path], {}
    if Path(path).name.upper() == "DICOMDIR":
        return _referenced(path)
    if head.startswith(b"PK") and zipfile.is_zipfile(path):
        return _archive("zip", path)
    is_tar = head[257:262] == b"ustar" or head.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ"))
    return _archive("tar", path) if is_tar and _is_tar(path) else ([path], {})


def _is_tar(path):
    try:
        return tarfile.is_tarfile(path)
    except (OSError, EOFError, zlib.error, lzma.LZMAError):  # compressed, and damaged at its beginning
        return False


def _archive(kind, path):
    if CHAIN in path:
        raise FormatError(Path(path).name, "has :: in its path", "rename it")
    return _members(f"{kind}://{CHAIN}{path}")


def _members(url):
    """A name inside of an archive must not be taken for the rest of a URL, which could lead anywhere."""
    urls = list_urls(url)
    links = url.count(CHAIN)
    refused = {member: AMBIGUOUS for member in urls if member.count(CHAIN) != links}
    refused |= {member: NAMELESS for member in urls if links and _is_nameless(member)}
    return [member for member in urls if member not in refused], refused


def _is_nameless(member):
    """Its URL would mean the whole archive."""
    return not member.partition(CHAIN)[0].partition("://")[2].strip("/")


def _referenced(path):
    """Read as data: its offsets could form a loop, and what they order is of no use here."""
    root, paths, refused = Path(path).parent, {}, {}
    for parts in _file_ids(path):
        member = _existing(root, parts)
        is_inside = Path(os.path.realpath(member)).is_relative_to(os.path.realpath(root))  # resolve() minds loops
        (paths if is_inside else refused)[str(member)] = OUTSIDE
    return (list(paths), refused) if paths or refused else ([path], {})


def _file_ids(path):
    """The names of the files, in parts; none where this is no directory, or a damaged one."""
    try:
        records = attribute(read_dataset(path), "DirectoryRecordSequence")
        values = [attribute(record, "ReferencedFileID") for record in records if isinstance(records, Sequence)]
    except (EDAError, OSError, TypeError):  # what is wrong is said in the row of the file itself
        return []
    values = [value if isinstance(value, MultiValue) else [value] for value in values if value is not None]
    return [[str(part).replace("\0", "") for part in value] for value in values]


def _existing(root, parts):
    """File IDs are in capitals (PS3.10 8.2); copies from a CD often are not."""
    member = root.joinpath(*parts)
    small = root.joinpath(*(part.lower() for part in parts))
    return small if not os.path.lexists(member) and os.path.lexists(small) else member


def list_files(source: pd.DataFrame | Paths) -> tuple[list[str], dict[str, str]]:
    """As `list_source`, also of an index, in which the members of a DICOMDIR stand beside it.

    Raises
    ------
    RequestError
        If an index lacks the column path.
    """
    if not hasattr(source, "columns"):
        return list_source(source)
    if "path" not in source:
        raise RequestError("index", "has no column path", "make it with index_folder")
    return source["path"].drop_duplicates().tolist(), {}
