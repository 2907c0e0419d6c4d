"""imagecodecs behind pydicom's plug-in mechanism, for the JPEG family.

GDCM reads the same syntaxes, but a damaged file can end the whole Python process in it; pylibjpeg-libjpeg is GPL.
"""

import imagecodecs
import numpy as np
from pydicom.pixels import get_decoder
from pydicom.uid import (
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
)

LABEL = "imagecodecs"
DECODERS = {
    JPEGExtended12Bit: imagecodecs.jpeg_decode,
    JPEGLossless: imagecodecs.jpeg_decode,
    JPEGLosslessSV1: imagecodecs.jpeg_decode,
    JPEGLSLossless: imagecodecs.jpegls_decode,
    JPEGLSNearLossless: imagecodecs.jpegls_decode,
}
DECODER_DEPENDENCIES = dict.fromkeys(DECODERS, ("imagecodecs",))


def is_available(uid):
    """Tell pydicom that a transfer syntax can be decoded."""
    return uid in DECODERS


def decode_frame(source, runner):
    """Decode one frame for pydicom: bytes of a code stream in, bytes of samples out (PS3.5 A.4)."""
    pixels = np.ascontiguousarray(DECODERS[runner.transfer_syntax](source))
    runner.set_option("bits_allocated", pixels.dtype.itemsize * 8)
    if pixels.ndim == 3:
        runner.set_option("planar_configuration", 0)
        if runner.transfer_syntax == JPEGExtended12Bit:  # libjpeg has converted YCbCr
            runner.set_option("photometric_interpretation", "RGB")
    return bytearray(pixels.tobytes())


def register():
    """Add the plug-in, once."""
    for uid in DECODERS:
        decoder = get_decoder(uid)
        if LABEL not in decoder.available_plugins:
            decoder.add_plugin(LABEL, (__name__, "decode_frame"))
