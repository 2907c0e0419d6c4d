"""The JPEG family and packed frames are decoded; that it is decoded right, test_display asks DCMTK."""

import subprocess
import zlib
from contextlib import suppress
from types import SimpleNamespace

import imagecodecs
import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra import numpy as arrays
from parts import program
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.encaps import encapsulate
from pydicom.uid import RLELossless

from eda_utils import load_image
from eda_utils.core.errors import DecodeError
from eda_utils.dicom.dataset import NEWER_SYNTAXES
from eda_utils.image import decoders


def test_twelve_bit_jpeg(index):
    """The lossy copy of the bone scan is close to the lossless one."""
    scans = index[index["Modality"] == "NM"].set_index("TransferSyntaxUID")["path"]
    lossless, lossy = (load_image(scans[uid]).pixels.astype(int) for uid in sorted(scans.index, reverse=True))
    assert np.abs(lossless - lossy).mean() < 3


def test_finding_twice_is_harmless():
    assert decoders.find_decoder(RLELossless) is decoders.find_decoder(RLELossless)
    assert load_image(get_testdata_file("JPGExtended.dcm")).shape == (1024, 256)


def test_an_unknown_syntax_has_no_decoder():
    with pytest.raises(NotImplementedError):
        decoders.find_decoder("1.2.3")


@pytest.mark.parametrize("uid", NEWER_SYNTAXES)
def test_newer_syntaxes_have_a_name(uid):
    decoder = decoders.find_decoder(uid)
    assert decoder.UID.name == NEWER_SYNTAXES[uid][0]
    assert decoder.is_encapsulated
    assert decoder.available_plugins == ("imagecodecs",)


def runner(uid, bits, shape=(5, 7)):
    count = shape[0] * shape[1]
    length = {"pixels": count, "bytes": -(-count * bits // 8)}
    options = {"transfer_syntax": uid, "bits_allocated": bits, "frame_length": length.get}
    return SimpleNamespace(**options, set_option=lambda *_: None)


@pytest.mark.parametrize("uid", decoders.JPEG_DECODERS)
@given(content=st.binary(max_size=200))
def test_a_damaged_stream_is_an_error_and_no_crash(uid, content):
    for start in (b"", b"\xff\xd8\xff\xc3", b"\xff\xd8\xff\xf7", b"\xff\x0a"):
        with pytest.raises((RuntimeError, ValueError)):
            decoders.decode_frame(start + content, runner(uid, 8))


@pytest.mark.parametrize("bits", [1, 8, 16])
@pytest.mark.parametrize("uid", decoders.BYTE_DECODERS)
@given(content=st.binary(max_size=200))
def test_damaged_bytes_are_an_error_or_make_a_whole_frame(uid, bits, content):
    with suppress(RuntimeError, ValueError, zlib.error):
        assert len(decoders.decode_frame(content, runner(uid, bits))) == 5 * 7 * -(-bits // 8)


def deflate(frame):
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(frame) + packer.flush()


def rle(frame):
    return (1).to_bytes(4, "little") + (64).to_bytes(4, "little") + bytes(56) + imagecodecs.packbits_encode(frame)


PACK = {decoders.ENCAPSULATED: bytes, decoders.DEFLATED_FRAME: deflate, RLELossless: rle}


@pytest.mark.parametrize("uid", PACK)
@given(
    bits=arrays.arrays(np.uint8, arrays.array_shapes(min_dims=2, max_dims=2, max_side=40), elements=st.integers(0, 1))
)
def test_bits_come_back(uid, bits):
    frame = np.packbits(bits, axis=None, bitorder="little").tobytes()
    decoded = decoders.decode_frame(PACK[uid](frame) + b"\0", runner(uid, 1, bits.shape))
    assert np.array_equal(np.frombuffer(decoded, np.uint8).reshape(bits.shape), bits)


@pytest.fixture
def compressed(make_dicom):
    """Write frames, each compressed, and return the path."""

    def make(pixels, uid, pack, frames=(), **attributes):
        path = make_dicom(pixels, **attributes)
        dataset = dcmread(path)
        dataset.file_meta.TransferSyntaxUID = uid
        dataset.PixelData = encapsulate([pack(frame) for frame in (frames or [pixels])])
        dataset.save_as(path)
        return path

    return make


GREY, COLOR = (np.random.default_rng(0).integers(0, 200, shape, np.uint8) for shape in ((9, 7), (9, 7, 3)))


@pytest.mark.parametrize("pixels", [GREY, GREY.astype(np.uint16) * 300, COLOR], ids=["8 bit", "16 bit", "RGB"])
@pytest.mark.parametrize("uid", [decoders.ENCAPSULATED, decoders.DEFLATED_FRAME, *decoders.JPEG_XL])
def test_newer_syntaxes_lose_nothing(compressed, uid, pixels):
    def jpeg_xl(frame):
        return imagecodecs.jpegxl_encode(frame, lossless=True)

    def native(frame):
        return PACK[uid](frame.tobytes())

    path = compressed(pixels, uid, native if uid in PACK else jpeg_xl)
    assert np.array_equal(load_image(path).pixels, pixels)


def test_planes_of_a_deflated_frame(compressed):
    def planes(frame):
        return deflate(frame.transpose(2, 0, 1).tobytes())

    path = compressed(COLOR, decoders.DEFLATED_FRAME, planes, PlanarConfiguration=1)
    assert np.array_equal(load_image(path).pixels, COLOR)


def test_a_frame_that_unpacks_to_more_than_is_claimed_is_not_unpacked(compressed):
    """A megabyte of zeros for 63 pixels: the rest is never made."""
    path = compressed(GREY, decoders.DEFLATED_FRAME, lambda frame: deflate(frame.tobytes() + bytes(10**6)))
    assert np.array_equal(load_image(path).pixels, GREY)


def test_a_deflated_frame_that_is_cut_is_told(compressed):
    path = compressed(GREY, decoders.DEFLATED_FRAME, lambda frame: deflate(frame.tobytes()[:-1]))
    with pytest.raises(DecodeError) as caught:
        load_image(path)
    assert caught.value.wrong == "its Pixel Data could not be decoded (Deflated Image Frame Compression)"


@pytest.mark.parametrize("options", [[], ["-progressive"], ["-arithmetic"], ["-arithmetic", "-progressive"]])
@pytest.mark.parametrize("uid", decoders.RETIRED_JPEG)
def test_retired_jpeg(compressed, uid, options):
    """What the processes of T.81 are called differs by syntax; the decoder reads them all."""
    smooth = np.add.outer(np.arange(32), np.arange(40)).astype(np.uint8)

    def jpeg(frame):
        header = f"P5 {frame.shape[1]} {frame.shape[0]} 255\n".encode()
        command = [program("cjpeg"), "-quality", "95", *options]
        return subprocess.run(command, input=header + frame.tobytes(), capture_output=True, check=True).stdout

    found = load_image(compressed(smooth, uid, jpeg)).pixels.astype(int)
    assert np.abs(found - smooth).max() <= 3
