"""Printing: every image where it belongs on the sheet."""

import numpy as np
import pytest
from PIL import Image as Pillow
from pydicom.data import get_testdata_file
from pynetdicom import build_context
from pynetdicom.sop_class import BasicFilmBox, Printer

from eda_utils import services
from eda_utils.core.errors import PeerError, RequestError
from eda_utils.services.association import open_association
from eda_utils.services.films import META


def sheet(archive, number=1):
    return np.asarray(Pillow.open(archive.folder / "films" / f"film-{number}.png"))


def test_images_are_where_they_belong(archive):
    white, black = np.full((20, 20), 255, np.uint8), np.zeros((20, 20), np.uint8)
    black[0, 0] = 1
    images = [services.produce_capture(pixels) for pixels in (white, black, black, white)]
    services.print_film(images, archive, columns=2, window="full")
    film = sheet(archive)
    height, width = film.shape
    assert (height, width) == (1000, 800)
    middles = [film[row * height // 4, column * width // 4] for row in (1, 3) for column in (1, 3)]
    assert middles[1] == middles[2] == 0


def test_a_film_may_lie(archive):
    log = []
    services.print_film([get_testdata_file("CT_small.dcm")], archive, columns=1, portrait=False, log=log)
    assert sheet(archive).shape == (800, 1000)
    assert "N-ACTION-RQ" in [row["message"] for row in log]


def test_a_pixel_that_is_no_square_keeps_its_shape(archive):
    pixels = np.full((100, 100), 255, np.uint8)
    pixels[50, 50] = 0
    image = services.produce_capture(pixels)
    image.PixelAspectRatio = [3, 1]
    services.print_film([image], archive, columns=1, window="full")
    rows, columns = np.nonzero(sheet(archive))
    height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
    assert height / width == pytest.approx(3, rel=0.01)


def test_a_second_film_is_another_file(archive):
    for _ in range(2):
        services.print_film([get_testdata_file("SC_rgb_jpeg_dcmtk.dcm")], archive, columns=1)
    assert sheet(archive, 2).any()


def test_the_printer_says_how_it_is(archive):
    with open_association(archive, [build_context(META)]) as association:
        status, printer = association.send_n_get([], Printer, "1.2.840.10008.5.1.1.17", meta_uid=META)
        missing, _ = association.send_n_get([], BasicFilmBox, "1.2.3", meta_uid=META)
    assert (status.Status, printer.PrinterStatus, missing.Status) == (0, "NORMAL", 0x0112)


def test_nothing_to_print(archive):
    with pytest.raises(RequestError, match="1 to 64 fit on a film"):
        services.print_film([], archive)


def test_no_room(archive):
    with pytest.raises(PeerError, match="answers N-CREATE with 0xC600"):
        services.print_film([get_testdata_file("CT_small.dcm")], archive, columns=65)
