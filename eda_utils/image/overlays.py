"""What is laid over a picture: overlay planes and display shutters."""

import numpy as np

from ..core import PARSE_ERRORS, quiet
from ..dicom import attribute, numbers, texts

OVERLAY_GROUPS = range(0x6000, 0x6100, 2)
ROWS, FRAME_ORIGIN, ORIGIN, BIT_POSITION, DATA = 0x0010, 0x0051, 0x0050, 0x0102, 0x3000
P_VALUE_OF_A_GREY = 257  # P-Values have 16 bits (PS3.3 C.7.6.11)


def read_overlays(header, words, frame):
    """Draw all overlay planes of a frame into one mask.

    Parameters
    ----------
    header : Dataset
    words : numpy.ndarray
        (row, column): pixels with all their bits; retired overlays are in the unused ones.
    frame : int
        From 0.

    Returns
    -------
    numpy.ndarray of bool or None
        (row, column), True where something is drawn; None if nothing is.

    References
    ----------
    PS3.3 C.9.2 (Overlay Plane), C.9.3 (Multi-frame Overlay), PS3.5 8.1.2 (in Pixel Data, retired).
    """
    hidden = attribute(header, "ShutterOverlayGroup")
    groups = [group for group in OVERLAY_GROUPS if group != hidden and (group, ROWS) in header]
    masks = [_read_plane(header, words, group, frame) for group in groups]
    drawn = np.any([mask for mask in masks if mask is not None], axis=0)
    return drawn if drawn.any() else None


def _read_plane(header, words, group, frame):
    try:
        with quiet():
            plane = _bitmap(header, words, group, frame)
    except PARSE_ERRORS:
        return None
    origin = numbers(attribute(header, group << 16 | ORIGIN))
    return None if plane is None else _placed(plane, origin if len(origin) == 2 else (1, 1), words.shape[:2])


def _bitmap(header, words, group, frame):
    if attribute(header, group << 16 | DATA) is not None:
        planes = header.overlay_array(group)
        if planes.ndim == 2:  # a single plane is for all frames
            return planes
        first = numbers(attribute(header, group << 16 | FRAME_ORIGIN, 1))[0]
        return planes[int(frame + 1 - first)] if 0 <= frame + 1 - first < len(planes) else None
    position = numbers(attribute(header, group << 16 | BIT_POSITION))
    is_spare = position and words.ndim == 2 and words.dtype.kind in "iu" and 0 < position[0] < words.itemsize * 8
    return words >> int(position[0]) & 1 if is_spare else None


def _placed(plane, origin, shape):
    """PS3.3 C.9.2: the first pixel of the image is 1\\1; a plane may begin outside and end outside."""
    top, left = (int(value) - 1 for value in origin)
    mask = np.zeros(shape, bool)
    target = mask[max(top, 0) :, max(left, 0) :]
    source = plane[max(-top, 0) :, max(-left, 0) :]
    rows, columns = np.minimum(target.shape, source.shape)
    target[:rows, :columns] = source[:rows, :columns] > 0
    return mask


def read_shutter(header, shape, aspect=1.0):
    """Find the pixels that a display shutter hides.

    Parameters
    ----------
    header : Dataset
        That applies to the frame.
    shape : tuple of int
        Rows and columns.
    aspect : float
        Height of a pixel divided by its width.

    Returns
    -------
    numpy.ndarray of bool or None
        (row, column), True where the picture is hidden; None if it is nowhere.

    References
    ----------
    PS3.3 C.7.6.11 (rectangle, circle, polygon: what all of them leave open is visible), C.7.6.15 (bitmap).

    Examples
    --------
    >>> from pydicom.dataset import Dataset
    >>> from eda_utils.image.overlays import read_shutter
    >>> header = Dataset()
    >>> header.ShutterShape, header.CenterOfCircularShutter, header.RadiusOfCircularShutter = "CIRCULAR", [2, 2], 1
    >>> read_shutter(header, (3, 3)).astype(int).tolist()
    [[1, 0, 1], [0, 0, 0], [1, 0, 1]]
    """
    hidden = np.zeros(shape, bool)
    for name in SHUTTERS.keys() & set(texts(attribute(header, "ShutterShape"))):
        hidden |= SHUTTERS[name](header, shape, aspect)
    return hidden if hidden.any() else None


def shutter_grey(header):
    """Return the grey from 0 to 255 that hidden pixels have: Shutter Presentation Value, or black."""
    value = numbers(attribute(header, "ShutterPresentationValue", 0)) or (0,)
    return round(min(max(value[0], 0), 65535) / P_VALUE_OF_A_GREY)


def _beside_rectangle(header, shape, _):
    """The edges are the outermost visible columns and rows; one that is missing is where the image ends."""
    edges = ("LeftVerticalEdge", "RightVerticalEdge", "UpperHorizontalEdge", "LowerHorizontalEdge")
    found = [numbers(attribute(header, f"Shutter{edge}")) for edge in edges]
    ends = (1, shape[1], 1, shape[0])
    left, right, upper, lower = (value[0] if value else end for value, end in zip(found, ends, strict=True))
    rows, columns = _grid(shape)
    return (columns < left) | (columns > right) | (rows < upper) | (rows > lower)


def _beside_circle(header, shape, aspect):
    """The radius counts pixels along a row, so the circle is round on the screen."""
    center, radius = (numbers(attribute(header, f"{name}OfCircularShutter")) for name in ("Center", "Radius"))
    if len(center) != 2 or not radius:
        return np.zeros(shape, bool)
    rows, columns = _grid(shape)
    return ((rows - center[0]) * aspect) ** 2 + (columns - center[1]) ** 2 > radius[0] ** 2


def _beside_polygon(header, shape, _):
    """Vertices are row\\column; pixels on an edge stay visible."""
    from PIL import Image, ImageDraw

    flat = numbers(attribute(header, "VerticesOfThePolygonalShutter"))
    if len(flat) < 6 or len(flat) % 2:
        return np.zeros(shape, bool)
    window = Image.new("1", shape[::-1], 1)
    ImageDraw.Draw(window).polygon([(flat[i + 1] - 1, flat[i] - 1) for i in range(0, len(flat), 2)], fill=0)
    return np.array(window)


def _behind_bitmap(header, shape, _):
    group = attribute(header, "ShutterOverlayGroup")
    mask = _read_plane(header, np.zeros(shape, bool), group, 0) if group in OVERLAY_GROUPS else None
    return np.zeros(shape, bool) if mask is None else mask


def _grid(shape):
    return np.ogrid[1 : shape[0] + 1, 1 : shape[1] + 1]


SHUTTERS = {
    "RECTANGULAR": _beside_rectangle,
    "CIRCULAR": _beside_circle,
    "POLYGONAL": _beside_polygon,
    "BITMAP": _behind_bitmap,
}
