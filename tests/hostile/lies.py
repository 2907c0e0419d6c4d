"""Headers that lie about themselves: lengths, VRs, syntaxes, depth, sizes."""

import struct
import zlib

from .elements import (
    BIG,
    DEFLATED,
    DELIMITER,
    IMPLICIT,
    ITEM_END,
    JPEG,
    JPEG_2000,
    JPEG_LS,
    LITTLE,
    LONG,
    RLE,
    UNDEFINED,
    element,
    encapsulated,
    file_meta,
    header,
    implicit,
    item,
    native,
    number,
    real,
)

PRIVATE, TEXT = 0x00091001, 0x00081030
ALL_VRS = (
    "AE AS AT CS DA DS DT FD FL IS LO LT OB OD OF OL OV OW PN SH SL SQ SS ST SV TM UC UI UL UN UR US UT UV".split()
)
DEPTHS = (50, 90, 150, 500, 1000, 5000)
EITHER, PROBLEM, WARNING, READ = "either", "problem", "warning", "read"


def lies(chance):
    """Yield name, content, class and verdict."""
    yield from _encodings()
    yield from _lengths(chance)
    yield from _sequences()
    yield from _bombs()
    yield from _pixels(chance)


def _encodings():
    syntaxes = {"le": LITTLE, "im": IMPLICIT, "be": BIG, "de": DEFLATED, "jp": JPEG, "no": "1.2.3", "x": "not a uid"}
    for name in ("CT_small.dcm", "MR_small_implicit.dcm", "MR_small_bigendian.dcm"):
        content = real(name)
        body = content[132 + 12 + struct.unpack_from("<I", content, 140)[0] :]
        for key, syntax in syntaxes.items():
            yield f"{key}_{name}", file_meta(syntax) + body, "wrong_transfer_syntax", EITHER
    for vr in ALL_VRS:
        wrong = element(0x00280010, vr, b"\x08\0" + bytes(10))
        content = native().replace(number(0x00280010, 8), wrong)
        yield f"rows_{vr}", content, "wrong_vr", EITHER
    for vr in ("ZZ", "\0\0", "  ", "ox", "\xff\xff", "US"):
        raw = struct.pack("<HH", 0x0009, 0x1001) + vr.encode("latin-1") + struct.pack("<H", 4) + b"abcd"
        yield f"vr_{vr.encode('latin-1').hex()}", native(more=raw), "unknown_vr", EITHER
    short, long = number(0x00280010, 8), file_meta()
    yield "meta_long", long.replace(b"UL\4\0", b"UL\4\1"), "file_meta", EITHER
    for size in (0, 1, 7, 2**31, 2**32 - 1):
        content = native()[:140] + struct.pack("<I", size) + native()[144:]
        yield f"meta_{size}", content, "file_meta", EITHER
    yield "meta_none", bytes(128) + b"DICM" + native()[len(file_meta()) :], "file_meta", EITHER
    yield "meta_twice", file_meta() + native()[132:], "file_meta", EITHER
    yield "elements_twice", native(more=short * 50), "odd_order", EITHER
    yield "backwards", native(more=element(0x00080005, "CS", "ISO_IR 100") * 2), "odd_order", EITHER
    yield "command", file_meta() + element(0x00000002, "UI", "1.2") * 9 + header(), "odd_order", EITHER


def _lengths(chance):
    for vr in ALL_VRS:
        for length in (0xFFFE, 2**31, UNDEFINED - 1):
            if length < 0xFFFF or vr in LONG:
                last = file_meta() + header() + element(0x00291001, vr, b"abcd", length)
                yield f"over_{vr}_{length}", last, "length_overrun", PROBLEM
        yield f"undefined_{vr}", native(more=element(PRIVATE, vr, b"abcd", UNDEFINED)), "undefined_length", EITHER
        odd = element(PRIVATE, vr, b"abcd", 3)[:-1]
        yield f"odd_{vr}", native(more=odd), "odd_length", EITHER
        wide = native(more=element(PRIVATE, vr, chance.randbytes(60_000)))
        yield f"noise_{vr}", wide, "noise_in_value", EITHER
    for size in (2**20, 2**23):
        yield f"text_{size}", native(more=element(PRIVATE, "UT", b"x" * size)), "long_text", READ
        yield f"list_{size}", native(more=element(0x00091002, "UC", b"1\\" * (size // 2))), "long_text", READ
    for vr in ("DS", "IS", "LO", "PN", "UI", "DA", "AT", "US"):
        many = element(PRIVATE, vr, b"1\\" * 32_000)
        yield f"many_{vr}", native(more=many), "long_text", EITHER
    yield "name", native(more=element(0x00100010, "PN", b"^=" * 30_000)), "long_text", EITHER


def nested(depth, *, is_closed=True, is_explicit=False):
    """Sequences in sequences, of undefined or of true lengths."""
    if not is_explicit:
        start = element(PRIVATE, "SQ", b"", UNDEFINED) + item(b"", UNDEFINED)
        return start * depth + (ITEM_END + DELIMITER) * depth * is_closed
    value = b""
    for _ in range(depth):
        value = element(PRIVATE, "SQ", item(value))
    return value


def _sequences():
    for depth in DEPTHS:
        verdict = READ if depth <= 90 else EITHER
        yield f"undefined_{depth}", native(more=nested(depth)), "nested", verdict
        yield f"explicit_{depth}", native(more=nested(depth, is_explicit=True)), "nested", verdict
        yield f"open_{depth}", native(more=nested(depth, is_closed=False)), "nested", EITHER
        yield f"unknown_{depth}", native(more=nested(depth).replace(b"SQ\0\0", b"UN\0\0")), "nested", EITHER
        groups = nested(depth).replace(b"\x09\0\x01\x10", b"\0\x52\x30\x92")
        yield f"groups_{depth}", native()[:-140] + groups + native()[-140:], "nested", EITHER
    for count in (1000, 20_000, 200_000, 1_000_000):
        for name, piece in (("empty", item()), ("open", item(b"", UNDEFINED) + ITEM_END)):
            verdict = READ if count <= 20_000 else EITHER
            whole = element(PRIVATE, "SQ", piece * count + DELIMITER, UNDEFINED)
            yield f"{name}_{count}", native(more=whole), "wide", verdict
            told = element(0x52009230, "SQ", piece * count)
            yield f"groups_{name}_{count}", native()[:-140] + told + native()[-140:], "wide", verdict
        small = b"".join(implicit(0x00110000 + number % 60_000, b"") for number in range(count))
        yield f"elements_{count}", file_meta(IMPLICIT) + small, "wide", EITHER
    yield "fragments", encapsulated(JPEG, [b""] * 300_000), "wide", EITHER


def deflated(head, zeros):
    """Pack a head and so many zeros, of which 16 MB are packed once."""
    packer = zlib.compressobj(9, wbits=-15)
    start = packer.compress(head) + packer.flush(zlib.Z_FULL_FLUSH)
    piece = packer.compress(bytes(2**24)) + packer.flush(zlib.Z_FULL_FLUSH)
    return file_meta(DEFLATED) + start + piece * (zeros // 2**24) + packer.flush()


def _bombs():
    for size in (2**27, 2**31):
        head = header() + struct.pack("<HH2sxxI", 0x7FE0, 0x0010, b"OW", size)
        yield f"pixels_{size}", deflated(head, size), "deflate_bomb", EITHER
        head = header(more=struct.pack("<HH2sxxI", 0x0009, 0x1001, b"OB", size))
        yield f"header_{size}", deflated(head, size), "deflate_bomb", PROBLEM
    for count in (200_000, 4_000_000):
        packer = zlib.compressobj(9, wbits=-15)
        packed = packer.compress(header(more=element(PRIVATE, "SQ", item() * count)) + element(0x7FE00010, "OW", b"12"))
        yield f"items_{count}", file_meta(DEFLATED) + packed + packer.flush(), "deflate_bomb", EITHER
    broken = file_meta(DEFLATED) + b"this is no deflated stream" * 9
    yield "no_stream", broken, "deflate_bomb", PROBLEM


def _pixels(chance):
    for rows, columns in ((65535, 65535), (65535, 1), (30000, 30000), (9, 8)):
        yield f"native_{rows}_{columns}", native(rows=rows, columns=columns), "huge_dimensions", WARNING
    frames = element(0x00280008, "IS", "2000000000")
    lying = native().replace(
        element(0x00280004, "CS", "MONOCHROME2"), element(0x00280004, "CS", "MONOCHROME2") + frames
    )
    yield "frames", lying, "huge_dimensions", WARNING
    yield "none", native(rows=0, columns=0), "huge_dimensions", EITHER
    for side in (9, 60_000, 2**31 - 1):
        for name, syntax, stream in _streams(side):
            shape = {"rows": min(side, 65535), "columns": min(side, 65535)}
            yield f"{name}_{side}", encapsulated(syntax, [stream]), "codestream_bomb", WARNING
            yield f"{name}_agreed_{side}", encapsulated(syntax, [stream], **shape), "codestream_bomb", EITHER
    bad = {
        "no_delimiter": encapsulated(RLE, [bytes(80)], b""),
        "overrun": encapsulated(RLE, [], item(b"abcd", 10**6)),
        "overrun_4gb": encapsulated(JPEG, [], item(b"abcd", UNDEFINED)),
        "half_item": encapsulated(RLE, [bytes(80)], b"\xfe\xff\0"),
        "wrong_tag": encapsulated(RLE, [bytes(80)], implicit(0x00280010, bytes(8)) + bytes(30)),
    }
    for name, content in bad.items():
        yield name, content, "bad_encapsulation", WARNING
    table = item(struct.pack("<II", 0, 10**9)) + item(chance.randbytes(99) + b"\0") + DELIMITER
    start = file_meta(RLE) + header()
    yield "bad_table", start + element(0x7FE00010, "OB", b"", UNDEFINED) + table, "bad_encapsulation", EITHER
    yield "defined", start + element(0x7FE00010, "OB", item() + item(bytes(80))), "bad_encapsulation", EITHER
    rle = struct.pack("<16I", 2**32 - 1, *range(64, 79)) + bytes(40)
    yield "rle_segments", encapsulated(RLE, [rle]), "bad_encapsulation", EITHER


def _streams(side):
    low = min(side, 65535)
    frame = struct.pack(">BHHB", 8, low, low, 1) + b"\1\x11\0"
    scan = b"\xff\xda\0\x08\1\1\0\0\x3f\0" + bytes(50) + b"\xff\xd9"
    yield "jpeg", JPEG, b"\xff\xd8\xff\xc0\0\x0b" + frame + scan
    yield "jpeg_ls", JPEG_LS, b"\xff\xd8\xff\xf7\0\x0b" + frame + scan
    size = struct.pack(">HIIIIIIIIH", 0, side, side, 0, 0, side, side, 0, 0, 1) + b"\x07\1\1"
    coding = bytes.fromhex("ff52000c00000001000104040001 ff5c000720404848")
    yield "jpeg_2000", JPEG_2000, b"\xff\x4f\xff\x51\0\x29" + size + coding + bytes(30) + b"\xff\xd9"
