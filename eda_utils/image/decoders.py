"""Decoders behind pydicom's plug-in mechanism: imagecodecs for the JPEG family, zlib for deflated frames, RLE of bits.

GDCM reads the same JPEG syntaxes, but a damaged file can end the whole Python process in it; pylibjpeg-libjpeg is GPL.
"""

import zlib

import imagecodecs
import numpy as np
from pydicom.pixels import get_decoder
from pydicom.pixels.decoders.base import Decoder
from pydicom.uid import (
    UID,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSTransferSyntaxes,
    RLELossless,
)

LABEL = "imagecodecs"
ENCAPSULATED, DEFLATED_FRAME = UID("1.2.840.10008.1.2.1.98"), UID("1.2.840.10008.1.2.8.1")
JPEG_XL = [UID(f"1.2.840.10008.1.2.4.{number}") for number in (110, 111, 112)]
RETIRED_JPEG = [UID(f"1.2.840.10008.1.2.4.{number}") for number in range(52, 57)]  # progressive, arithmetic coding
BECOME_RGB = (JPEGExtended12Bit, *RETIRED_JPEG, *JPEG_XL)  # the decoder has converted YCbCr
RLE_HEADER = 64


def _as_it_is(source, runner):
    return source[: runner.frame_length("bytes")]


def _inflate(source, runner):
    """A frame as it is native, a raw DEFLATE stream (PS3.5 A.4.13); no more is unpacked than the header claims."""
    return zlib.decompressobj(-zlib.MAX_WBITS).decompress(source, runner.frame_length("bytes"))


def _unpack_rle(source, runner):
    """One segment of packed bits (PS3.5 G.2), for which pydicom 3.0 has no decoder."""
    if runner.bits_allocated != 1:
        raise NotImplementedError("pydicom decodes whole bytes")
    start = int.from_bytes(source[4:8], "little")
    if source[:4] != b"\1\0\0\0" or start < RLE_HEADER:
        raise ValueError("bits need one segment")
    return imagecodecs.packbits_decode(source[start:])[: runner.frame_length("bytes")]


JPEG_DECODERS = {
    **dict.fromkeys([JPEGExtended12Bit, JPEGLossless, JPEGLosslessSV1, *RETIRED_JPEG], imagecodecs.jpeg_decode),
    **dict.fromkeys(JPEGLSTransferSyntaxes, imagecodecs.jpegls_decode),
    **dict.fromkeys(JPEG_XL, imagecodecs.jpegxl_decode),
}
BYTE_DECODERS = {ENCAPSULATED: _as_it_is, DEFLATED_FRAME: _inflate, RLELossless: _unpack_rle}
DECODERS = JPEG_DECODERS | BYTE_DECODERS
DECODER_DEPENDENCIES = dict.fromkeys(DECODERS, ("imagecodecs",))
_UNKNOWN_TO_PYDICOM = {uid: Decoder(uid) for uid in (*RETIRED_JPEG, *JPEG_XL, ENCAPSULATED, DEFLATED_FRAME)}


def is_available(uid):
    """Tell pydicom that a transfer syntax can be decoded."""
    return uid in DECODERS


def find_decoder(uid: str) -> Decoder:
    """Return the decoder of a transfer syntax, ours or pydicom's, with our plug-in.

    Parameters
    ----------
    uid : str

    Returns
    -------
    pydicom.pixels.decoders.base.Decoder

    Raises
    ------
    NotImplementedError
        If there is none.

    Examples
    --------
    >>> from eda_utils.image.decoders import find_decoder
    >>> find_decoder("1.2.840.10008.1.2.4.80").available_plugins
    ('imagecodecs',)
    """
    decoder = _UNKNOWN_TO_PYDICOM.get(uid) or get_decoder(uid)
    if uid in DECODERS and LABEL not in decoder.available_plugins:
        decoder.add_plugin(LABEL, (__name__, "decode_frame"))
    return decoder


def decode_frame(source, runner):
    """Decode one frame for pydicom: bytes of a code stream in, bytes of samples out (PS3.5 A.4)."""
    if runner.transfer_syntax in BYTE_DECODERS:
        return _decode_bytes(source, runner)
    pixels = np.ascontiguousarray(JPEG_DECODERS[runner.transfer_syntax](source))
    runner.set_option("bits_allocated", pixels.dtype.itemsize * 8)
    if pixels.ndim == 3:
        runner.set_option("planar_configuration", 0)
        if runner.transfer_syntax in BECOME_RGB:
            runner.set_option("photometric_interpretation", "RGB")
    return bytearray(pixels.tobytes())


def _decode_bytes(source, runner):
    frame = BYTE_DECODERS[runner.transfer_syntax](source, runner)
    if len(frame) < runner.frame_length("bytes"):
        raise ValueError("the frame is cut")
    if runner.bits_allocated != 1:
        return bytearray(frame)
    # PS3.5 8.1.1: the first pixel is the lowest bit; encapsulated, each frame ends with a whole byte
    packed = np.frombuffer(frame, np.uint8)
    return bytearray(np.unpackbits(packed, bitorder="little", count=runner.frame_length("pixels")))
