"""What a directory can hold beside plain files: names, links, pipes, sockets, devices, holes, forbidden files."""

import os
import socket
import stat
from contextlib import suppress
from pathlib import Path

from .elements import DIRECTORY, LITTLE, element, file_meta, header, item, native

NAMES = (
    *(b"new\nline.dcm", b"tab\t.dcm", b"quo'te\".dcm", b"-rf", b"--help", b"*.dcm", b"~", b"$(touch x)", b"a;b|c&d"),
    *(b" space ", b".hidden", b"...", b"NUL", b"CON.dcm", b"<script>window.__hit=1<", b"=1+1.dcm", b"\x1b[31m.dcm"),
    *("\u202egpj.dcm".encode(), "日本語.dcm".encode(), "e\u0301.dcm".encode(), "\U0001f9e0".encode(), b"%00.dcm"),
    *(
        b"not\xffutf8.dcm",
        b"\x80\x81",
        b"x" * 255,
        b"back\\slash.dcm",
        b"back\\xffslash",
        b"a::b",
        b"file:",
        b"DICOMDIR.dcm",
    ),
    *(b"\xef\xbb\xbfbom", b"a\x7fb", b"#anchor?query=1", b"{braces}", b"[0-9]", b"zip.zip", b"photo.jpg", b"slide.svs"),
)


def nodes(folder, outside):
    """Make them and yield path, class and verdict."""
    yield from _names(folder / "names")
    yield from _links(folder / "links", outside)
    yield from _specials(folder / "specials")
    yield from _holes(folder / "holes")
    yield from _deep(folder / "deep")
    yield from _directories(folder / "directories")


def _names(folder):
    folder.mkdir()
    for name in NAMES:
        path = os.fsdecode(os.fsencode(folder) + b"/" + name)
        Path(path).write_bytes(native())
        yield path, "valid_name", "read"
    for name in (b"not\xffutf8", b"-r", b"new\nline", "日本".encode(), b"x" * 250):
        inside = os.fsdecode(os.fsencode(folder) + b"/in " + name)
        os.mkdir(inside)  # noqa: PTH102 - its name is no text
        Path(inside, "IM1").write_bytes(native())
        yield f"{inside}/IM1", "valid_name", "read"


def _links(folder, outside):
    (folder / "real" / "deeper").mkdir(parents=True)
    (folder / "real" / "image").write_bytes(native())
    yield folder / "real" / "image", "valid_name", "read"
    (outside / "image").write_bytes(native())
    links = {
        "loop": (".", "problem"),
        "parent": ("..", "problem"),
        "root": ("/", "problem"),
        "self": ("self", "problem"),
        "a": ("b", "problem"),
        "b": ("a", "problem"),
        "dangling": ("nowhere", "problem"),
        "proc": ("/proc", "problem"),
        "outside": (str(outside), "problem"),
        "to_file": (str(outside / "image"), "read"),
        "beside": ("real/image", "read"),
        "zero": ("/dev/zero", "problem"),
        "password": ("/etc/passwd", "problem"),
        "fd": ("/proc/self/fd/0", "either"),
        "memory": ("/proc/self/mem", "problem"),
        "up": ("x" * 300, "problem"),
        "real/deeper/up": ("../..", "problem"),
        "kmsg": ("/proc/kmsg", "problem"),
        "tty": ("/dev/tty", "problem"),
    }
    for name, (target, verdict) in links.items():
        (folder / name).symlink_to(target)
        yield folder / name, "links", verdict
    os.link(folder / "real" / "image", folder / "hard")
    yield folder / "hard", "links", "read"


def _specials(folder):
    folder.mkdir()
    for name in ("pipe", "pipe.dcm", "pipe.svs", "slide.mrxs", "DICOMDIR"):
        os.mkfifo(folder / name)
        yield folder / name, "pipes", "problem"
    with socket.socket(socket.AF_UNIX) as one:
        there = os.open(folder, os.O_RDONLY)
        one.bind(f"/proc/self/fd/{there}/socket")  # the path itself may be too long for a socket
        os.close(there)
    yield folder / "socket", "sockets", "problem"
    for name, kind, major, minor in (
        ("zero", "CHR", 1, 5),
        ("full", "CHR", 1, 7),
        ("disk", "BLK", 7, 200),
        ("tty", "CHR", 5, 0),
    ):
        with suppress(PermissionError):  # only root may make devices
            os.mknod(folder / name, getattr(stat, f"S_IF{kind}") | 0o600, os.makedev(major, minor))
            yield folder / name, "devices", "problem"
    for mode in (0o000, 0o200, 0o111):
        path = folder / f"mode_{mode:03o}"
        path.write_bytes(native())
        path.chmod(mode)
        yield path, "permissions", "read" if os.geteuid() == 0 else "problem"  # root opens everything
    closed = folder / "closed"
    closed.mkdir()
    (closed / "image").write_bytes(native())
    closed.chmod(0o000)
    yield (closed / "image", "permissions", "read") if os.geteuid() == 0 else (closed, "permissions", "problem")


def _holes(folder):
    """Files that are large on paper only."""
    folder.mkdir()
    private = element(0x00091001, "OB", b"", 2**32 - 2)
    heads = {
        "nothing": (b"", "problem"),
        "prefix": (bytes(128) + b"DICM", "problem"),
        "image": (native(), "either"),
        "value": (file_meta() + private, "problem"),
        "value_then": (file_meta() + header(more=private), "problem"),
        "sequence": (file_meta() + element(0x00091001, "SQ", b"", 2**32 - 1), "problem"),
        "undefined": (file_meta() + element(0x00091001, "UN", b"", 2**32 - 1), "problem"),
        "binary": (file_meta() + element(0x00091001, "OB", b"", 2**32 - 1), "problem"),
        "items": (file_meta() + element(0x00091001, "SQ", item(b"", 2**31), 2**32 - 2), "problem"),
        "deflated": (file_meta(LITTLE + ".99"), "problem"),
        "pixels": (
            file_meta() + header(rows=65535, columns=65535) + element(0x7FE00010, "OW", b"", 2**32 - 2),
            "either",
        ),
        "stream": (
            file_meta("1.2.840.10008.1.2.4.50") + header() + element(0x7FE00010, "OB", b"", 2**32 - 1),
            "warning",
        ),
        "tiff": (b"II*\0\x08\0\0\0", "problem"),
        "png": (b"\x89PNG\r\n\x1a\n", "problem"),
        "gif": (b"GIF89a", "either"),
        "big_tiff": (b"II+\0\x08\0\0\0\x10" + bytes(7), "problem"),
        "jpeg": (b"\xff\xd8\xff\xe0", "problem"),
        "bmp": (b"BM", "problem"),
        "jp2": (b"\0\0\0\x0cjP  \r\n\x87\n", "problem"),
        "gzip": (b"\x1f\x8b\x08", "problem"),
    }
    for name, (head, verdict) in heads.items():
        path = folder / name
        path.write_bytes(head)
        os.truncate(path, 10**11)
        yield path, "sparse_giants", verdict


def _deep(folder):
    """Folders so deep that a path to their end is longer than the system takes, and many of short names."""
    folder.mkdir()
    for name, count, is_open in (("l" * 200, 15, True), ("s", 1200, True), ("m" * 250, 40, False)):
        there = os.open(folder, os.O_RDONLY)
        path = str(folder)
        for _ in range(count):
            os.mkdir(name, dir_fd=there)
            below = os.open(name, os.O_RDONLY, dir_fd=there)
            os.close(there)
            there, path = below, f"{path}/{name}"
        with os.fdopen(os.open("image", os.O_CREAT | os.O_WRONLY, 0o644, dir_fd=there), "wb") as file:
            file.write(native())
        os.close(there)
        if is_open:
            yield f"{path}/image", "valid_name", "read"
        else:
            while len(os.fsencode(path)) >= 4096:
                path = os.path.dirname(path)
            yield f"{path}/{name}", "long_paths", "problem"


def _directories(folder):
    """DICOMDIR files: of nothing, of what lies elsewhere, of themselves; in a folder they are files like others."""
    ids = {
        "up": "..\\..\\..\\etc\\passwd",
        "root": "\\etc\\passwd",
        "self": "DICOMDIR",
        "nothing": "",
        "null": "A\0B",
        "long": "\\".join(["A"] * 3000),
        "device": "\\dev\\zero",
        "dot": ".",
    }
    for name, file_id in ids.items():
        record = element(0x00041400, "UL", bytes(4)) + element(0x00041430, "CS", "IMAGE")
        record += element(0x00041420, "UL", bytes(4)) + element(0x00041500, "CS", file_id)
        body = element(0x00041200, "UL", b"\x01\1\0\0") + element(0x00041202, "UL", b"\x01\1\0\0")
        content = file_meta(sop_class=DIRECTORY) + body + element(0x00041220, "SQ", item(record) * 3)
        path = folder / name / "DICOMDIR"
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
        yield path, "directories", "either"
