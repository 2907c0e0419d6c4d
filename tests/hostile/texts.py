"""Text that does something where it is shown, in files that are otherwise true; and every character set."""

from pathlib import Path

import pydicom

from .elements import element, file_meta, header, native, real

SCRIPTS = (
    *("<script>window.__hit=1</script>", "<img src=x onerror=window.__hit=1>", "</script><svg/onload=window.__hit=1>"),
    *('" onmouseover="window.__hit=1', "javascript:window.__hit=1", "{{7*7}}{% raw %}", "${window.__hit=1}"),
)
FORMULAS = ("=1+1", "+1+1", "-1+cmd|' /C calc'!A0", "@SUM(1)", "\t=1", "=HYPERLINK(1)", '=IMPORTXML("x")')
ESCAPES = ("\x1b[2J\x1b[31m", "\x1b]0;title\x07", "\x1bP+q\x1b\\", "\r\n\x07\x08\x7f", "\x9b31m", "$\\frac{1}$ $^$")
TEXT_VRS = ("AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UI", "UR", "UT")
ANY_TEXT = ("LO", "LT", "PN", "SH", "ST", "UC", "UT")  # in which characters such as < are legal (PS3.5 6.2)
PREAMBLES = {
    "windows": b"MZ\x90\0",
    "elf": b"\x7fELF\2\1\1",
    "pdf": b"%PDF-1.7\n",
    "zip": b"PK\3\4",
    "script": b"#!/bin/sh\n",
    "html": b"<html><script>window.__hit=1</script>",
    "tiff": b"II*\0\x08\0\0\0",
    "big_tiff": b"II+\0\x08\0\0\0",
    "png": b"\x89PNG\r\n\x1a\n",
    "jpeg": b"\xff\xd8\xff\xe0",
    "gzip": b"\x1f\x8b\x08",
    "gif": b"GIF89a",
    "bmp": b"BM",
    "java": b"\xca\xfe\xba\xbe",
    "numpy": b"\x93NUMPY",
    "xml": b"<?xml version='1.0'?>",
    "nifti": b"\x5c\1\0\0",
}
CHARSETS = {
    "latin1": ("ISO_IR 100", "M\xfcller^J\xf6rg".encode("latin-1")),
    "greek": ("ISO_IR 126", b"\xc4\xe9\xef\xed"),
    "cyrillic": ("ISO_IR 144", b"\xbb\xee\xda"),
    "hebrew": ("ISO_IR 138", b"\xf9\xf8\xe5"),
    "arabic": ("ISO_IR 127", b"\xe2\xc8\xc7\xe6"),
    "thai": ("ISO_IR 166", b"\xb9\xd2\xc2"),
    "japanese": ("ISO_IR 13", b"\xd4\xcf\xc0\xde"),
    "utf8": ("ISO_IR 192", "王^小東=Ωμέγα".encode()),
    "gb18030": ("GB18030", "王^小东".encode("gb18030")),
    "gbk": ("GBK", "王^小东".encode("gbk")),
    "turkish": ("ISO_IR 148", b"\xdd\xfe"),
    "latin2": ("ISO_IR 101", b"Wa\xb3\xeasa"),
    "none": ("", b"Plain"),
    "korean": ("\\ISO 2022 IR 149", b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7"),
}


def texts(_chance):
    """Yield name, content, class and verdict."""
    for vr in TEXT_VRS:
        for at, text in enumerate(SCRIPTS):
            verdict = "read" if vr in ANY_TEXT else "either"
            yield f"{vr}_{at}", native(more=element(0x00091001, vr, text)), "script_strings", verdict
    for name, strings in (("formulas", FORMULAS), ("escapes", ESCAPES), ("scripts", SCRIPTS)):
        for at, text in enumerate(strings):
            more = element(0x00081030, "LO", text) + element(0x0008103E, "LO", text)
            more += element(0x00100010, "PN", text) + element(0x00100020, "LO", text)
            yield f"{name}_{at}", native(more=more), name, "read" if name == "formulas" else "either"
    for name, start in PREAMBLES.items():
        yield name, native(preamble=start.ljust(128, b"\0")), "polyglot", "read"
    for name, (charset, text) in CHARSETS.items():
        more = element(0x00100010, "PN", text)
        content = native(more=more)
        if charset:
            at = content.index(element(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.2"))
            content = content[:at] + element(0x00080005, "CS", charset) + content[at:]
        yield name, content, "valid_charset", "read"
    for at, charset in enumerate(
        ("ISO_IR 999", "\\\\\\", "utf-8", "idna", "punycode", "rot13", "zlib", "\0ISO", "ISO 2022 IR 87")
    ):
        body = element(0x00080005, "CS", charset) + header(more=element(0x00100010, "PN", b"a\x1b$B\xff\xfe\0z"))
        yield str(at), file_meta() + body + element(0x7FE00010, "OW", bytes(128)), "wrong_charset", "either"


def valid(_chance):
    """Yield pydicom's own files that have every encoding and character set."""
    folder = Path(pydicom.__file__).parent / "data"
    odd = (
        "truncated",
        "README",
        "no_meta",
        "NoMeta",
        "badVR",
        "UN_seq",
        "emptys",
        "empty_",
        "meta_missing",
        "dicomdir",
    )
    for path in sorted([*folder.glob("charset_files/*.dcm"), *folder.glob("test_files/*.dcm")]):
        if not any(word in path.name for word in odd) and path.stat().st_size < 200_000:
            yield path.name, path.read_bytes(), "valid_file", "read"
    for name in ("ExplVR_LitEndNoMeta.dcm", "ExplVR_BigEndNoMeta.dcm", "no_meta_group_length.dcm"):
        yield name, real(name), "valid_without_meta", "read"
