"""Overlays and shutters by hand from PS3.3 C.9.2 and C.7.6.11, overlays of real files as DCMTK draws them."""

import io
import subprocess

import numpy as np
import pytest
from parts import for_each, foreign_files, program
from PIL import Image as Pillow
from pydicom.dataset import Dataset

from eda_utils import load_image, to_display
from eda_utils.core.errors import EDAError
from eda_utils.dicom.dataset import read_dataset
from eda_utils.dicom.formats import sniff
from eda_utils.image.overlays import read_overlays, read_shutter, shutter_grey

DIAGONAL = np.eye(2, dtype=np.uint8)


def overlay(plane=DIAGONAL, origin=(1, 1), group=0x6000, header=None, **frames):
    """A header with an overlay plane, its bits packed from the least significant one (PS3.5 8.1.2)."""
    header = Dataset() if header is None else header
    header.add_new((group, 0x0010), "US", plane.shape[-2])
    header.add_new((group, 0x0011), "US", plane.shape[-1])
    header.add_new((group, 0x0040), "CS", "G")
    header.add_new((group, 0x0050), "SS", list(origin))
    header.add_new((group, 0x0100), "US", 1)
    header.add_new((group, 0x0102), "US", 0)
    for name, value in frames.items():
        header.add_new((group, {"count": 0x0015, "first": 0x0051}[name]), "IS" if name == "count" else "US", value)
    data = np.packbits(plane.ravel(), bitorder="little").tobytes()
    header.add_new((group, 0x3000), "OW", data + b"\0" * (len(data) % 2))
    return header


def drawn(header, shape=(3, 4), frame=0, dtype=np.uint8):
    mask = read_overlays(header, np.zeros(shape, dtype), frame)
    return None if mask is None else [tuple(place) for place in np.argwhere(mask).tolist()]


@pytest.mark.parametrize(
    ("origin", "places"),
    [
        ((1, 1), [(0, 0), (1, 1)]),
        ((2, 3), [(1, 2), (2, 3)]),
        ((0, 0), [(0, 0)]),  # begins outside
        ((3, 4), [(2, 3)]),  # ends outside
        ((-9, 1), None),
        ((9, 1), None),
    ],
)
def test_origin(origin, places):
    assert drawn(overlay(origin=origin)) == places


def test_two_planes_are_one_mask():
    assert drawn(overlay(group=0x6002, origin=(2, 1), header=overlay())) == [(0, 0), (1, 0), (1, 1), (2, 1)]


def test_planes_of_frames():
    """C.9.3: two planes for the second and third frame."""
    planes = overlay(np.stack([DIAGONAL, DIAGONAL[::-1]]), count=2, first=2)
    assert drawn(planes, frame=0) is None
    assert drawn(planes, frame=1) == [(0, 0), (1, 1)]
    assert drawn(planes, frame=2) == [(0, 1), (1, 0)]
    assert drawn(planes, frame=3) is None
    assert drawn(overlay(), frame=7) == [(0, 0), (1, 1)]  # one plane is for all frames


def test_a_damaged_plane_is_left_out():
    short = overlay()
    short.add_new((0x6000, 0x0010), "US", 200)
    assert drawn(short) is None
    assert drawn(overlay(group=0x6002, header=short)) == [(0, 0), (1, 1)]


def test_bits_in_pixel_data(make_dicom):
    """PS3.5 8.1.2, retired: 12 bits are pixels, bit 15 is an overlay; neither disturbs the other."""
    words = np.array([[100, 0x8000 | 200], [0x8000 | 300, 0x7000 | 4095]], np.uint16)
    embedded = {"BitsStored": 12, "HighBit": 11, "WindowCenter": 2048, "WindowWidth": 4096}
    path = make_dicom(words, **embedded, name="plain.dcm")
    assert load_image(path).overlay is None
    header = Dataset()
    header.add_new((0x6000, 0x0010), "US", 2)
    header.add_new((0x6000, 0x0050), "SS", [1, 1])
    header.add_new((0x6000, 0x0102), "US", 15)
    assert read_overlays(header, words, 0).tolist() == [[False, True], [True, False]]
    assert load_image(path).pixels.tolist() == [[100, 200], [300, 4095]]


def has_overlay(path):
    try:
        return sniff(path)[0] == "dicom" and any(0x6000 <= tag.group < 0x6100 for tag in read_dataset(path).keys())  # noqa: SIM118
    except EDAError:
        return False


@for_each(lambda: filter(has_overlay, foreign_files()))
def test_same_overlays_as_dcmtk(path):
    image = load_image(path)
    window = ["+Wi", "1"] if image.windows else ["+Wm"]
    for tool in ("dcm2pnm", "dcmj2pnm"):
        answer = subprocess.run([program(tool), *window, "+Omr", str(path)], capture_output=True, check=False)
        if answer.stdout:
            break
    shown = to_display(image, window=0 if image.windows else "full", overlays=True)
    expected = np.asarray(Pillow.open(io.BytesIO(answer.stdout))).astype(int)
    assert np.abs(shown - expected).max() <= 1


def shutter(shape=(5, 6), aspect=1.0, **attributes):
    header = Dataset()
    for keyword, value in attributes.items():
        setattr(header, keyword, value)
    return read_shutter(header, shape, aspect)


RECTANGLE = {
    "ShutterShape": "RECTANGULAR",
    "ShutterLeftVerticalEdge": 2,
    "ShutterRightVerticalEdge": 4,
    "ShutterUpperHorizontalEdge": 2,
    "ShutterLowerHorizontalEdge": 3,
}
CIRCLE = {"ShutterShape": "CIRCULAR", "CenterOfCircularShutter": [3, 3], "RadiusOfCircularShutter": 2}


def test_rectangle():
    """Columns 2 to 4 and rows 2 to 3 are open, counted from 1."""
    expected = np.ones((5, 6), bool)
    expected[1:3, 1:4] = False
    assert np.array_equal(shutter(**RECTANGLE), expected)


@pytest.mark.parametrize("aspect", [1.0, 2.0])
def test_circle(aspect):
    """The radius counts columns; pixels twice as high as wide make it half as many rows."""
    hidden = shutter(aspect=aspect, **CIRCLE)
    for row, column in np.ndindex(5, 6):
        assert hidden[row, column] == (((row - 2) * aspect) ** 2 + (column - 2) ** 2 > 4)


def test_polygon():
    """A triangle, its vertices row first: pixels inside and on the edges are open."""
    hidden = shutter(ShutterShape="POLYGONAL", VerticesOfThePolygonalShutter=[1, 1, 1, 5, 5, 1])
    expected = [[column > 4 - row for column in range(6)] for row in range(5)]
    assert hidden.tolist() == expected


def test_shapes_add_up():
    """The least amount of image stays visible."""
    both = shutter(**RECTANGLE | CIRCLE | {"ShutterShape": ["RECTANGULAR", "CIRCULAR"]})
    assert np.array_equal(both, shutter(**RECTANGLE) | shutter(**CIRCLE))


def test_bitmap():
    """C.7.6.15: an overlay plane hides; it is not drawn."""
    header = overlay(header=overlay(group=0x6002, origin=(2, 2)))
    header.ShutterShape, header.ShutterOverlayGroup = "BITMAP", 0x6000
    assert np.argwhere(read_shutter(header, (3, 4))).tolist() == [[0, 0], [1, 1]]
    assert drawn(header) == [(1, 1), (2, 2)]


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"ShutterShape": "ROUND"},
        {"ShutterShape": "CIRCULAR"},
        {"ShutterShape": "POLYGONAL", "VerticesOfThePolygonalShutter": [1, 1]},
        {"ShutterShape": "BITMAP"},
        {"ShutterShape": "RECTANGULAR"},
    ],
)
def test_what_hides_nothing(attributes):
    assert shutter(**attributes) is None


@pytest.mark.parametrize(("value", "grey"), [(None, 0), (0, 0), (65535, 255), (32896, 128)])
def test_grey_of_the_shutter(value, grey):
    header = Dataset()
    if value is not None:
        header.ShutterPresentationValue = value
    assert shutter_grey(header) == grey


def test_the_order_is_image_shutter_overlay(make_dicom):
    pixels = np.full((4, 4), 50, np.uint8)
    path = make_dicom(pixels, **RECTANGLE | {"ShutterPresentationValue": 257 * 9})
    image = load_image(path)
    hidden = np.ones((4, 4), bool)
    hidden[1:3, 1:4] = False
    assert np.array_equal(to_display(image), pixels)
    assert np.array_equal(to_display(image, shutter=True), np.where(hidden, 9, 50))
    assert "shutter closed" in image.caption(shutter=True)
    assert "shutter left open" in image.caption()
    assert np.array_equal(image, pixels)
