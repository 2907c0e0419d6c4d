"""Printing as DICOM means it: a film session with a film box of image boxes, and a printer that renders it to PNG."""

import itertools
import re
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid
from pynetdicom import build_context, evt, sop_class as classes
from pynetdicom.sop_class import BasicFilmBox, BasicFilmSession, BasicGrayscaleImageBox, Printer

from ..core import EDAError, RequestError
from ..dicom import ImageSource
from ..image import NO_SPACING, Image, Spacing, WindowLike, load_image, read_aspect, to_display
from ..quality import luminance
from .association import Peer, ensure_success, open_association
from .catalogue import value_text
from .objects import describe_pixels, make_item, make_reference

META = classes.BasicGrayscalePrintManagementMeta
FILMS = "films"
SUCCESS, NO_SUCH, PRINT_FAILED, OUT_OF_RESOURCES = 0x0000, 0x0112, 0xC600, 0xC605
INCHES = {"8INX10IN": (8, 10), "10INX12IN": (10, 12), "11INX14IN": (11, 14), "14INX17IN": (14, 17), "A4": (8.27, 11.7)}
DOTS = 100  # per inch, of the sheet as PNG
MOST_BOXES, MOST_SIDE = 64, 8192


def print_film(
    images: Sequence[Image | ImageSource],
    address: Peer,
    *,
    columns: int = 2,
    film_size: str = "8INX10IN",
    portrait: bool = True,
    window: WindowLike = "auto",
    **connection: Any,
) -> list[str]:
    """Print images on one film (Basic Grayscale Print Management).

    A printer knows no windows: what it gets are grey levels as `to_display` makes them, eight bits each.

    Parameters
    ----------
    images : list of str, Path, Dataset or Image
        In rows from the top left.
    address : str or Archive
        ``AET@host:port`` of a printer. Our archive renders the sheet to a PNG in the folder ``films``.
    columns : int
        Images side by side.
    film_size : str
        As PS3.3 C.13.3 names it: ``"8INX10IN"``, ``"14INX17IN"``, ``"A4"`` ...
    portrait : bool
        Otherwise the film lies on its long side.
    window
        As in `to_display`.
    **connection
        timeout, calling, tls, max_pdu, log, as in `open_association`.

    Returns
    -------
    list of str
        What was said, in order, each with its status.

    Raises
    ------
    PeerError
        If there is no printer, it refuses, stalls or fails.

    References
    ----------
    PS3.4 H (Print Management Service Class), PS3.3 C.13

    Examples
    --------
    >>> import tempfile
    >>> from pydicom.data import get_testdata_file
    >>> from eda_utils import services
    >>> with tempfile.TemporaryDirectory() as folder, services.start_archive(folder) as archive:
    ...     services.print_film([get_testdata_file("CT_small.dcm")], archive, columns=1)[-1]
    'N-DELETE Basic Film Session: 0x0000'
    """
    boxes = [_image_box(image, window, number) for number, image in enumerate(images, start=1)]
    if not 0 < len(boxes) <= MOST_BOXES or columns < 1:
        raise RequestError("images", f"1 to {MOST_BOXES} fit on a film", "give fewer, or print several films")
    said = []
    with open_association(address, [build_context(META)], **connection) as association:

        def say(name, sop_class, dataset, uid, *more):
            ask = getattr(association, f"send_{name.lower().replace('-', '_')}")
            given = (sop_class, uid) if name == "N-DELETE" else (dataset, *more, sop_class, uid)
            answer = ask(*given, meta_uid=META)
            status, reply = answer if isinstance(answer, tuple) else (answer, None)
            ensure_success(status, address, name)
            said.append(f"{name} {sop_class.name.removesuffix(' SOP Class')}: 0x{status.Status:04X}")
            return reply

        session, film = generate_uid(), generate_uid()
        paper = {"MediumType": "PAPER", "FilmDestination": "PROCESSOR", "PrintPriority": "LOW", "NumberOfCopies": 1}
        say("N-CREATE", BasicFilmSession, make_item(**paper), session)
        sheet = _film_box(session, columns, len(boxes), film_size, portrait)
        reply = say("N-CREATE", BasicFilmBox, sheet, film)
        for box, item in zip(boxes, reply.ReferencedImageBoxSequence, strict=False):
            say("N-SET", BasicGrayscaleImageBox, box, item.ReferencedSOPInstanceUID)
        say("N-ACTION", BasicFilmBox, None, film, 1)
        say("N-DELETE", BasicFilmSession, None, session)
    return said


def _film_box(session, columns, count, size, portrait):
    film = {"FilmOrientation": "PORTRAIT" if portrait else "LANDSCAPE", "FilmSizeID": size}
    film["ImageDisplayFormat"] = f"STANDARD\\{columns},{-(-count // columns)}"  # PS3.3 C.13.3: columns first
    film["ReferencedFilmSessionSequence"] = [make_reference(BasicFilmSession, session)]
    return make_item(MagnificationType="BILINEAR", **film)


def _image_box(source, window, position):
    loaded = source if hasattr(source, "pixels") else load_image(source)
    shown, shape = to_display(loaded, window=window), Fraction(loaded.aspect).limit_denominator(1000)
    grey = shown if shown.ndim == 2 else luminance(shown)
    image = make_item(PixelAspectRatio=[shape.numerator, shape.denominator])
    describe_pixels(image, grey.shape, 8)
    image.add_new("PixelData", "OW", grey.tobytes() + b"\0" * (grey.size % 2))
    return make_item(ImageBoxPosition=position, Polarity="NORMAL", BasicGrayscaleImageSequence=[image])


def film_contexts():
    """Return the presentation contexts of a printer."""
    return [build_context(META), build_context(Printer)]


def film_handlers(folder):
    """Return the event handlers of a printer that renders sheets to PNG in the folder `films` of an archive."""
    films = Path(folder, FILMS)
    return [
        (evt.EVT_N_GET, _describe),
        (evt.EVT_N_CREATE, _create),
        (evt.EVT_N_SET, _set),
        (evt.EVT_N_ACTION, _print, [films]),
        (evt.EVT_N_DELETE, lambda event: SUCCESS),  # noqa: ARG005 - pynetdicom wants one
    ]


def _state(event):
    """Return the sheet of an association: it ends with it (PS3.4 H.2.2.2)."""
    association = event.assoc
    if not hasattr(association, "film"):
        association.film = {"columns": 1, "rows": 1, "size": (8, 10), "boxes": {}}
    return association.film


def _describe(event):
    """What a client asks of a printer before it sends (PS3.4 H.4.6)."""
    if event.request.RequestedSOPClassUID != Printer:
        return NO_SUCH, None
    printer = {"PrinterName": "Films as PNG", "Manufacturer": "eda_utils"}
    return SUCCESS, make_item(PrinterStatus="NORMAL", PrinterStatusInfo="NORMAL", **printer)


def _create(event):
    asked, reply = event.attribute_list, Dataset()
    if event.request.AffectedSOPInstanceUID is None:  # left to us (PS3.7 10.1.5.1.4)
        reply.AffectedSOPInstanceUID = generate_uid()
    if event.request.AffectedSOPClassUID != BasicFilmBox:
        return SUCCESS, reply
    film = _state(event)
    layout = re.fullmatch(r"STANDARD\\(\d+),(\d+)", value_text(asked, "ImageDisplayFormat"))
    columns, rows = map(int, layout.groups()) if layout else (0, 0)
    if not 0 < columns * rows <= MOST_BOXES:
        return PRINT_FAILED, reply
    size = INCHES.get(asked.get("FilmSizeID"), (8, 10))
    film |= {"columns": columns, "rows": rows, "size": size, "boxes": {}}
    film["size"] = size[::-1] if asked.get("FilmOrientation") == "LANDSCAPE" else size
    film["uids"] = [generate_uid() for _ in range(columns * rows)]
    reply.ReferencedImageBoxSequence = [make_reference(BasicGrayscaleImageBox, uid) for uid in film["uids"]]
    return SUCCESS, reply


def _set(event):
    film, uid, given = _state(event), event.request.RequestedSOPInstanceUID, event.modification_list
    if event.request.RequestedSOPClassUID in (BasicFilmSession, BasicFilmBox):  # nothing that a PNG could follow
        return SUCCESS, None
    if uid not in film.get("uids", []):
        return NO_SUCH, None
    try:
        image = given.BasicGrayscaleImageSequence[0]
        shape = image.Rows, image.Columns
        depth = np.uint8 if image.BitsAllocated == 8 else np.uint16
        if max(shape) > MOST_SIDE:
            return OUT_OF_RESOURCES, None
        grey = np.frombuffer(image.PixelData, depth, shape[0] * shape[1]).reshape(shape)
    except (AttributeError, IndexError, TypeError, ValueError):
        return PRINT_FAILED, None
    grey = (grey >> max(0, image.BitsStored - 8)).astype(np.uint8)
    is_negative = (image.PhotometricInterpretation == "MONOCHROME1") != (given.get("Polarity") == "REVERSE")
    aspect = read_aspect(image, Spacing(None, NO_SPACING))
    film["boxes"][film["uids"].index(uid)] = 255 - grey if is_negative else grey, aspect
    return SUCCESS, None


def _print(event, films):
    try:
        films.mkdir(exist_ok=True)
        numbers = (number for number in itertools.count(1) if not (films / f"film-{number}.png").exists())
        _render(_state(event)).save(films / f"film-{next(numbers)}.png")
    except (OSError, EDAError):
        return OUT_OF_RESOURCES, None
    return SUCCESS, None


def _render(film):
    """Draw the sheet: each image as large as its box allows, in its own shape, on black."""
    from PIL import Image as Pillow

    width, height = (int(side * DOTS) for side in film["size"])
    sheet = Pillow.new("L", (width, height))
    box_width, box_height = width // film["columns"], height // film["rows"]
    for position, (grey, aspect) in film["boxes"].items():
        shape = np.multiply(grey.shape, (aspect, 1))
        shape = shape * min((box_height - 8, box_width - 8) / shape)
        picture = Pillow.fromarray(grey).resize(tuple(np.maximum(shape[::-1], 1).astype(int).tolist()))
        row, column = divmod(position, film["columns"])
        left = column * box_width + (box_width - picture.width) // 2
        sheet.paste(picture, (left, row * box_height + (box_height - picture.height) // 2))
    return sheet
