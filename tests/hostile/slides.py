"""TIFFs and pictures that are damaged, too large, or lie about their tiles and their metadata."""

import io
import struct
import tarfile
import zipfile
import zlib

import numpy as np
import tifffile
from PIL import Image as Pillow

EITHER, PROBLEM, READ = "either", "problem", "read"
PREFIX = '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">'
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
XML = {
    "xxe": '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + PREFIX + '<Image Name="&e;"/></OME>',
    "laughs": f'<!DOCTYPE x [<!ENTITY l0 "ha">{LAUGHS}]>{PREFIX}<Image><Pixels A="&l9;"/>&l9;</Image></OME>',
    "remote": '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">' + PREFIX + "</OME>",
    "deep": PREFIX + "<a>" * 100_000 + "</a>" * 100_000 + "</OME>",
    "cut": PREFIX + "<Image><Pixels",
}


def tiff_entry(tag, kind, count, value):
    """An entry of a classic TIFF directory."""
    return struct.pack("<HHII", tag, kind, count, value)


def raw_tiff(entries, following=0, tail=b""):
    """A TIFF of one directory."""
    body = b"".join(tiff_entry(*entry) for entry in entries)
    return b"II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + body + struct.pack("<I", following) + tail


def picture(kind, size=(32, 32), mode="RGB", **options):
    """The bytes of a picture."""
    buffer = io.BytesIO()
    Pillow.new(mode, size, **options).save(buffer, kind)
    return buffer.getvalue()


def tiled(description=None, **options):
    """A tiled TIFF, as slides are."""
    buffer = io.BytesIO()
    pixels = np.arange(256 * 256 * 3, dtype=np.uint8).reshape(256, 256, 3)
    tifffile.imwrite(
        buffer, pixels, tile=(64, 64), photometric="rgb", description=description, metadata=None, **options
    )
    return buffer.getvalue()


def slides(chance):
    """Yield name, content, class and verdict."""
    aperio = tiled("Aperio Image Library v1\n256x256 [0,0 256x256] (64x64)|AppMag = 20|MPP = 0.5")
    yield "whole.svs", aperio, "valid_picture", READ
    for part in range(1, 16):
        yield f"{part}.svs", aperio[: len(aperio) * part // 16], "slide_truncated", EITHER
    for bits in (1, 4, 16, 64, 256):
        for turn in range(3):
            changed = bytearray(aperio)
            for _ in range(bits):
                changed[chance.randrange(4, 700)] ^= 1 << chance.randrange(8)
            yield f"{bits}_{turn}.svs", bytes(changed), "slide_flips", EITHER
    base = [(256, 4, 1, 256), (257, 4, 1, 256), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (277, 3, 1, 1)]
    sides = [(322, 4, 1, 64), (323, 4, 1, 64)]
    lies = {
        "no_tiles": [*base, *sides],
        "few": [*base, *sides, (324, 4, 1, 8), (325, 4, 1, 4)],
        "many": [*base, *sides, (324, 4, 2**31, 8), (325, 4, 2**31, 8)],
        "giant_tile": [*base, (322, 4, 1, 2**31 - 16), (323, 4, 1, 2**31 - 16), (324, 4, 1, 8), (325, 4, 1, 4)],
        "giant_image": [
            (256, 4, 1, 2**32 - 1),
            (257, 4, 1, 2**32 - 1),
            *base[2:],
            *sides,
            (324, 4, 1, 8),
            (325, 4, 1, 4),
        ],
        "zero_tile": [*base, (322, 4, 1, 0), (323, 4, 1, 0), (324, 4, 1, 8), (325, 4, 1, 4)],
        "text": [*base, (270, 2, 2**31, 8)],
        "strip": [*base, (273, 4, 1, 8), (279, 4, 1, 2**31)],
        "empty": [],
    }
    for name, entries in lies.items():
        yield f"{name}.tif", raw_tiff(entries), "slide_lies", EITHER if name == "strip" else PROBLEM
        yield f"{name}_tail.svs", raw_tiff(entries, tail=bytes(99_999)), "slide_lies", EITHER
    yield "loop.tif", raw_tiff([*base, (273, 4, 1, 8), (279, 4, 1, 8)], following=8), "slide_lies", EITHER
    for name, xml in XML.items():
        yield f"{name}.ome.tif", tiled(xml), "slide_metadata", EITHER
    for name in ("a.mrxs", "b.vms", "c.vmu"):
        yield name, b"[Virtual Microscope Specimen]\nNoLayers=1\n" * 9, "slide_lies", PROBLEM
        yield f"noise_{name}", chance.randbytes(5000), "slide_lies", PROBLEM
    yield from _pictures(chance)
    yield from _archives(chance)


def _pictures(chance):
    for kind, modes in {
        "PNG": "1 L P RGB RGBA I;16",
        "JPEG": "L RGB CMYK",
        "GIF": "L P",
        "BMP": "1 L RGB",
        "TIFF": "1 L F RGB",
    }.items():
        for mode in modes.split():
            content = picture(kind, mode=mode)
            yield f"{mode.replace(';', '')}.{kind.lower()}", content, "valid_picture", READ
        for part in (1, 4, 8, 15):
            yield f"{part}.{kind.lower()}", content[: len(content) * part // 16], "picture_truncated", EITHER
        changed = bytearray(content)
        for _ in range(9):
            changed[chance.randrange(8, len(changed))] ^= 255
        yield f"flips.{kind.lower()}", bytes(changed), "picture_flips", EITHER
    yield "grey.jp2", picture("JPEG2000", mode="L"), "valid_picture", READ
    yield "bomb.png", picture("PNG", (20_000, 20_000), "1"), "picture_bomb", EITHER
    head = struct.pack(">IIBBBBB", 2**31 - 1, 2**31 - 1, 8, 6, 0, 0, 0)
    chunk = struct.pack(">I", 13) + b"IHDR" + head + struct.pack(">I", zlib.crc32(b"IHDR" + head))
    yield "giant.png", b"\x89PNG\r\n\x1a\n" + chunk, "picture_bomb", PROBLEM
    text = zlib.compress(bytes(2**27), 9)
    ztxt = b"zTXt" + b"key\0\0" + text
    small = picture("PNG")
    bomb = small[:33] + struct.pack(">I", len(ztxt) - 4) + ztxt + struct.pack(">I", zlib.crc32(ztxt)) + small[33:]
    yield "text.png", bomb, "picture_bomb", EITHER
    small = picture("GIF", mode="P")
    start = small.index(b"\x2c", 13)
    yield "frames.gif", small[:start] + small[start:-1] * 100_000 + b";", "picture_bomb", EITHER
    yield (
        "giant.bmp",
        b"BM" + struct.pack("<IIIIiiHHIIiiII", 54, 0, 54, 40, 2**31 - 1, 2**31 - 1, 1, 24, *[0] * 6),
        "picture_bomb",
        EITHER,
    )


def _archives(chance):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("bomb.dcm", bytes(2**26))
        archive.writestr("../../up.dcm", b"x")
    yield "bomb.zip", buffer.getvalue(), "archives", PROBLEM
    yield "bomb.dcm", buffer.getvalue(), "archives", PROBLEM
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo("/etc/passwd"))
    yield "up.tar.gz", buffer.getvalue(), "archives", PROBLEM
    for name, content in {
        "page.html": b"<html><script>window.__hit=1</script>",
        "table.csv": b"=1+1,2\n",
        "a.pdf": b"%PDF-1.7",
        "page.dcm": b"<!DOCTYPE html><p>not found",
        "data.json": b'{"00080060": {"vr": "CS"}}',
        "bom.txt": b"\xef\xbb\xbftext",
        "code.py": b"import os",
        "a.npy": b"\x93NUMPY\1\0",
        "a.xml": b"<?xml version='1.0'?>",
        "utf16.txt": "text".encode("utf-16"),
        "Thumbs.db": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
        "desktop.ini": b"[.ShellClassInfo]",
    }.items():
        yield name, content, "no_images", PROBLEM
