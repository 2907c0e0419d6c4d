"""Whatever any decoder on this machine can read, load_image reads; what it does not read is listed with its reason."""

import logging
import subprocess
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from parts import CORPUS, for_each, missing, program
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.encaps import generate_frames
from pydicom.pixels import get_decoder

from eda_utils import load_image
from eda_utils.core.errors import EDAError
from eda_utils.core.guards import quiet
from eda_utils.dicom import sniff
from eda_utils.dicom.dataset import count_frames

PYDICOM = Path(get_testdata_file("CT_small.dcm")).parent
NOT_DECODED = {  # files in which something that looks like an image cannot be one
    "JPEG2000-embedded-sequence-delimiter.dcm": "its Pixel Data could not be decoded",  # no code stream: random bytes
    "MR_truncated.dcm": "its Pixel Data does not match its header or is cut",
    "meta_missing_tsyntax.dcm": "lacks Rows, Columns or Bits Allocated",
    "nested_priv_SQ.dcm": "lacks Rows, Columns or Bits Allocated",
    "rtplan_truncated.dcm": "is cut inside its header",
}
CODECS = ("jpeg_decode", "jpeg2k_decode", "jpegls_decode", "ljpeg_decode", "htj2k_decode", "jpegxl_decode")


def dicom_files():
    folders = [folder for folder in (CORPUS, PYDICOM) if folder.is_dir()]
    files = (path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file())
    return [path for path in files if path.suffix != ".csv" and sniff(path)[0] == "dicom"]


@pytest.mark.slow
@for_each(dicom_files)
def test_every_picture_is_decoded(path):
    wrong = why_not(path)
    if path.name in NOT_DECODED:
        assert wrong.startswith(NOT_DECODED[path.name])
    else:
        assert wrong == ("" if has_pixels(path) else "has no Pixel Data (7FE0,0010)")


def why_not(path):
    """Of several frames the first and the last are decoded."""
    try:
        frames = load_image(path).frames
        assert load_image(path, frame=frames - 1).frames == frames
    except EDAError as error:
        return error.wrong
    return ""


def has_pixels(path):
    with quiet():
        dataset = dcmread(path, force=True)
    return any(keyword in dataset for keyword in ("PixelData", "FloatPixelData", "DoubleFloatPixelData"))


@pytest.mark.parametrize("name", NOT_DECODED)
def test_what_is_not_decoded_nobody_can_decode(name, tmp_path):
    path = PYDICOM / name
    with quiet():
        assert [reader for reader in (*with_pydicom(path), *with_imagecodecs(path)) if reader] == []
    for tool in ("dcm2pnm", "dcmj2pnm", "dcml2pnm"):
        answer = subprocess.run([program(tool), path, tmp_path / "picture"], capture_output=True, check=False)
        assert answer.returncode != 0
        assert not (tmp_path / "picture").exists()


def with_pydicom(path):
    """Yield the plug-ins that decode a file."""
    logging.getLogger("pydicom").addHandler(logging.NullHandler())
    dataset = dcmread(path, force=True)
    try:
        decoder = get_decoder(dataset.file_meta.TransferSyntaxUID)
    except (AttributeError, NotImplementedError):
        return
    for plugin in decoder.available_plugins or [""]:
        try:
            yield decoder.as_array(dataset, decoding_plugin=plugin) and f"pydicom with {plugin}"
        except (AttributeError, RuntimeError, ValueError):
            yield ""


def with_imagecodecs(path):
    """Yield the codecs that decode the first frame of a file."""
    dataset = dcmread(path, force=True)
    syntax = dataset.file_meta.get("TransferSyntaxUID")
    if syntax is None or not syntax.is_encapsulated:
        return
    stream = next(generate_frames(dataset.PixelData, number_of_frames=count_frames(dataset)))
    for codec in CODECS:
        try:
            yield codec if getattr(imagecodecs, codec)(stream).size else ""
        except (RuntimeError, ValueError):
            yield ""


@pytest.mark.parametrize("number", [0, 1, 2])
def test_bits_are_the_same_in_every_compression(number, corpus):
    """Three copies of one segmentation; JPEG 2000 is decoded by another library."""
    folder = next(corpus.rglob("liver_j2k.dcm")).parent
    copies = [load_image(folder / f"liver_{how}.dcm", frame=number).pixels for how in ("j2k", "rle", "deflate")]
    assert set(np.unique(copies[0])) == {0, 1}
    assert np.array_equal(copies[0], copies[1])
    assert np.array_equal(copies[0], copies[2])


@pytest.mark.parametrize("code", ["53", "55"])
def test_progressive_jpeg_is_what_dcmtk_decodes(code, corpus, tmp_path):
    path = next((path for path in corpus.rglob(f"*4.{code}.dcm")), None) or missing(
        f"a JPEG of 1.2.840.10008.1.2.4.{code}"
    )
    subprocess.run([program("dcmdjpeg"), path, tmp_path / "plain.dcm"], check=True)
    ours, theirs = load_image(path).pixels.astype(int), load_image(tmp_path / "plain.dcm").pixels.astype(int)
    assert np.abs(ours - theirs).max() <= 1  # T.81 leaves the rounding of the inverse transform open


def test_a_number_of_frames_that_is_no_number_is_one(tmp_path):
    path = PYDICOM / "badVR.dcm"
    subprocess.run([program("dcm2pnm"), "+Wm", path, tmp_path / "picture.pgm"], check=True, capture_output=True)
    from PIL import Image as Pillow

    assert load_image(path).frames == 1
    assert load_image(path).shape == np.asarray(Pillow.open(tmp_path / "picture.pgm")).shape
