"""True files made false: cut, flipped, overwritten, spliced."""

from .elements import real

VICTIMS = ("CT_small.dcm", "MR_small_implicit.dcm", "MR_small_bigendian.dcm", "image_dfl.dcm", "MR_small_RLE.dcm")
VICTIMS += ("JPEG2000.dcm", "SC_rgb_jpeg.dcm", "test-SR.dcm", "MR_small_jpeg_ls_lossless.dcm")
EITHER = "either"


def damaged(chance):
    """Yield name, content, class and verdict."""
    files = {name: real(name) for name in VICTIMS}
    for name, content in files.items():
        whole = {"test-SR.dcm": EITHER, "image_dfl.dcm": "warning"}.get(name, "warning")
        for part in range(1, 16):
            yield f"{part:02}_{name}", content[: len(content) * part // 16], "truncated", whole
        for bits in (1, 2, 8, 64, 512):
            yield f"{bits}_{name}", flipped(content, bits, chance), "bit_flips", EITHER
            yield f"h{bits}_{name}", flipped(content[:1500], bits, chance) + content[1500:], "header_flips", EITHER
        for size in (16, 256, 4096):
            at = chance.randrange(132, len(content) - 20)
            run = chance.randbytes(min(size, len(content) - at))
            yield f"{size}_{name}", content[:at] + run + content[at + len(run) :], "garbage_runs", EITHER
        for other, tail in list(files.items())[:3]:
            cut = chance.randrange(400, len(content))
            yield f"{name}_{other}", content[:cut] + tail[chance.randrange(len(tail)) :], "splices", EITHER
        yield f"tail_{name}", content + chance.randbytes(1000), "garbage_behind", EITHER
    for size in (0, 1, 7, 127, 128, 131):
        yield f"{size}", bytes(size), "tiny", "problem"
    for size in (132, 136, 140, 144):
        yield f"{size}", (bytes(128) + b"DICM" + bytes(99))[:size], "tiny", "problem"
    for size in (100, 2000, 70_000):
        yield f"{size}", chance.randbytes(size), "noise", "problem"
        yield f"dicm_{size}", bytes(128) + b"DICM" + chance.randbytes(size), "noise", "problem"
        yield f"text_{size}", (b"\n" * 128 + b"DICM stands here by chance. " * size)[:size], "noise", "problem"


def flipped(content, bits, chance):
    """Return the bytes with some bits turned over, behind the preamble."""
    changed = bytearray(content)
    for _ in range(bits):
        changed[chance.randrange(128, len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)
