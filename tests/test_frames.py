"""Frames are decoded exactly, and claims of a header are not believed blindly."""

import numpy as np
import pytest
from pydicom.data import get_testdata_file

from eda_utils import load_image
from eda_utils.errors import DecodeError, FrameError, NoPixelDataError


def test_each_frame(make_dicom):
    pixels = np.arange(24, dtype=np.uint8).reshape(3, 2, 4)
    path = make_dicom(pixels, NumberOfFrames=3)
    for number in range(3):
        image = load_image(path, frame=number)
        assert np.array_equal(image, pixels[number])
        assert (image.frame, image.frames) == (number, 3)


@pytest.mark.parametrize("frame", [-1, 3])
def test_no_such_frame(make_dicom, frame):
    path = make_dicom(np.zeros((3, 2, 4), np.uint8), NumberOfFrames=3)
    with pytest.raises(FrameError) as caught:
        load_image(path, frame=frame)
    assert str(caught.value) == f"image.dcm: frame {frame} is outside of its 3; give a frame from 0 to 2."


def test_no_picture():
    with pytest.raises(NoPixelDataError) as caught:
        load_image(get_testdata_file("rtplan.dcm"))
    text = "rtplan.dcm: has no Pixel Data (7FE0,0010); look at its header with header_table."
    assert str(caught.value) == text


def test_absurd_size_is_refused_before_memory_is_asked_for(make_dicom):
    path = make_dicom(np.zeros((2, 2), np.uint16), Rows=65535, Columns=65535)
    with pytest.raises(DecodeError) as caught:
        load_image(path)
    assert str(caught.value) == "image.dcm: Rows and Columns claim a frame of more than 2 GB; check the header."


def test_cut_pixels(make_dicom):
    path = make_dicom(np.zeros((2, 2), np.uint16), Rows=20)
    with pytest.raises(DecodeError) as caught:
        load_image(path)
    assert str(caught.value) == (
        "image.dcm: its Pixel Data does not match its header or is cut (Explicit VR Little Endian); "
        "look at its header, or ask for the original."
    )


def test_a_damaged_picture(tmp_path, samples):
    whole = (samples / "photos" / "fundus_left.jpg").read_bytes()
    (tmp_path / "half.jpg").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DecodeError, match=r"half\.jpg: is damaged \(OSError\); copy the file again\."):
        load_image(tmp_path / "half.jpg")


def test_a_bomb_is_refused(tmp_path, monkeypatch):
    from PIL import Image as Pillow

    Pillow.new("L", (100, 100)).save(tmp_path / "bomb.png")
    monkeypatch.setattr(Pillow, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(DecodeError, match=r"bomb\.png: claims more pixels than is safe to unpack; open it with"):
        load_image(tmp_path / "bomb.png")


def test_big_endian_palette_equals_little_endian(samples, corpus):
    """pydicom 3.0 shows the big endian one black."""
    path = corpus / "robyoung__dicom-test-files" / "data" / "pydicom" / "OBXXXX1A_expb.dcm"
    assert load_image(path).pixels.std() > 0
