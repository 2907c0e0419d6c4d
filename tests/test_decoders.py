"""The JPEG family is decoded; that it is decoded right, test_display asks DCMTK."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.data import get_testdata_file

from eda_utils import decoders, load_image


def test_twelve_bit_jpeg(index):
    """The lossy copy of the bone scan is close to the lossless one."""
    scans = index[index["Modality"] == "NM"].set_index("TransferSyntaxUID")["path"]
    lossless, lossy = (load_image(scans[uid]).pixels.astype(int) for uid in sorted(scans.index, reverse=True))
    assert np.abs(lossless - lossy).mean() < 3


def test_registering_twice_is_harmless():
    decoders.register()
    decoders.register()
    assert load_image(get_testdata_file("JPGExtended.dcm")).shape == (1024, 256)


@pytest.mark.parametrize("uid", decoders.DECODERS)
@given(content=st.binary(max_size=200))
def test_a_damaged_stream_is_an_error_and_no_crash(uid, content):
    runner = SimpleNamespace(transfer_syntax=uid, set_option=lambda *_: None)
    for start in (b"", b"\xff\xd8\xff\xc3", b"\xff\xd8\xff\xf7"):
        with pytest.raises((RuntimeError, ValueError)):
            decoders.decode_frame(start + content, runner)
