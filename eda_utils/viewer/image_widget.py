"""The viewer in a notebook: pictures to window, zoom, probe and measure by hand."""

import os
from contextlib import suppress
from functools import lru_cache

import anywidget
import traitlets

from ..core import EDAError, RequestError
from ..image import Window, WindowLike, choose_window, to_png
from .html import image_html, static_figure, viewer_code, viewer_style
from .image_data import Pictures, describe_picture, list_pictures, load_picture, open_picture

THUMBNAIL_SIDE = 96
MOST_LINKED = 4
MOST_ON_PAGE = 24
KEPT_FRAMES = 4


def view_image(source: Pictures, *, window: WindowLike = "auto", frame: int = 0, linked: bool = False) -> "ImageViewer":
    """Look at images with your hands: window, zoom, frames, probe, ruler and histogram in the browser.

    Parameters
    ----------
    source : str, Path, Dataset, Image, list of these, or DataFrame
        Several images come with a strip of thumbnails. Of an index the rows that are a picture are shown, from its
        ``path`` column.
    window
        As in `to_display`: what each image begins with.
    frame : int
        From 0: what the first image begins with.
    linked : bool
        Show two to four images side by side; window, zoom, frame and marks follow each other.

    Returns
    -------
    ImageViewer
        A widget. Its values `window`, `frame`, `position`, `ruler` and `rectangle` follow the hand, and the first three
        can be set. While a page is rendered it is a block of `viewer.image_html` instead.

    Raises
    ------
    EDAError
        As `load_image` and `to_display`; of several images one that cannot be shown says why in its place.
    RequestError
        If there is no picture, or another number of them than can be linked.

    References
    ----------
    PS3.3 C.11.2.1.2 (windows), 10.7 (pixel spacing).

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> from eda_utils import view_image
    >>> viewer = view_image(get_testdata_file("CT_small.dcm"), window="brain")
    >>> viewer.window.center, viewer.frame
    (40, 0)
    """
    sources = list_pictures(source)
    if linked and not 2 <= len(sources) <= MOST_LINKED:
        advice = f"give a list of 2 to {MOST_LINKED} images"
        raise RequestError("linked", f"{len(sources)} image{'s' * (len(sources) > 1)} cannot be shown in step", advice)
    return ImageViewer(sources, window, frame, linked)


class ImageViewer(anywidget.AnyWidget):
    """A viewer of one or several images: what `view_image` returns.

    Attributes
    ----------
    window : Window or None
        Of the picture on the screen; None for colour. Set it to whatever `to_display` takes.
    position, frame : int
        Which image and which frame, from 0. Of images in step the one that was touched last.
    ruler : dict or None
        ``from`` and ``to`` as (row, column) from 0, ``length``, ``unit`` and ``spacing_source``.
    rectangle : dict or None
        ``row``, ``column``, ``rows``, ``columns``, and of the pixels in it without padding ``n``, ``mean``, ``sd``,
        ``min``, ``max`` (lists for colour) and ``unit``.
    """

    _esm = viewer_code()
    _css = viewer_style()
    _setup = traitlets.Dict().tag(sync=True)
    position = traitlets.Int(0, min=0).tag(sync=True)
    frame = traitlets.Int(0, min=0).tag(sync=True)
    window = traitlets.Any(None).tag(sync=True, to_json=lambda window, _: _to_json(window))
    ruler = traitlets.Dict(default_value=None, allow_none=True).tag(sync=True)
    rectangle = traitlets.Dict(default_value=None, allow_none=True).tag(sync=True)

    def __init__(self, sources, window="auto", frame=0, linked=False):
        self._sources, self._asked, self._linked = sources, window, linked
        self._open = lru_cache(maxsize=MOST_LINKED)(lambda position: open_picture(self._sources[position]))
        self._load = lru_cache(maxsize=KEPT_FRAMES)(lambda position, frame: load_picture(self._open(position), frame))
        first = self._first_window(frame)
        super().__init__(_setup={"count": len(sources), "linked": linked}, frame=frame)
        self.window = first
        self.on_msg(self._answer)

    def _first_window(self, frame):
        """Of several images one that cannot be shown as asked says so in its place."""
        try:
            image = self._load(0, frame)[1]
            return None if image.is_color else choose_window(image, self._asked)
        except EDAError:
            if len(self._sources) == 1:
                raise
            return None

    @property
    def image(self):
        """The frame on the screen, as `load_image` returns it."""
        return self._load(self.position, self.frame)[1]

    @traitlets.validate("window")
    def _choose_window(self, proposal):
        asked = proposal.value
        if isinstance(asked, dict):
            return self._window_by_hand(**asked)
        return None if asked is None else choose_window(self.image, asked)

    @traitlets.validate("position")
    def _check_position(self, proposal):
        last = len(self._sources) - 1
        if not 0 <= proposal.value <= last:
            raise RequestError("position", f"there are {last + 1} images", f"give a number from 0 to {last}")
        return proposal.value

    def _window_by_hand(self, center, width, kind, text):
        """The browser sends numbers, and the text that names a window of the file; a VOI LUT has only that."""
        named = [each for each in self.image.windows if text and str(each) == text]
        return named[0] if named else Window(center, width, kind, source="chosen")

    def _answer(self, _, question, __):
        """The browser asks for pixels when it needs them; they are never part of the state that notebooks store."""
        if not 0 <= question.get("position", -1) < len(self._sources):
            return
        answer = {"picture": self._picture, "thumbnail": self._thumbnail}[question["want"]]
        try:
            facts, arrays = answer(question["position"], question.get("frame", 0))
        except EDAError as error:
            facts, arrays = {"problem": f"{error.wrong}; {error.advice}"}, {}
        self.send({"id": question["id"], "facts": facts, "arrays": list(arrays)}, buffers=list(arrays.values()))

    def _picture(self, position, frame):
        stored, image = self._load(position, frame)
        stops = None if stored is not None else [image.frame]  # the other frames of an Image are not at hand
        facts, arrays = describe_picture(stored, image, window=self._asked, stops=stops)
        return facts, {name: array.tobytes() for name, array in arrays.items()}

    def _thumbnail(self, position, _):
        return {}, {"png": to_png(load_picture(self._sources[position], 0)[1], max_side=THUMBNAIL_SIDE)}

    def _repr_mimebundle_(self, **kwargs):
        """A page without a kernel gets a live block, a notebook the widget and a picture for readers without script."""
        shown = self._sources if self._linked else self._sources[self.position :][:MOST_ON_PAGE]
        if os.environ.get("EDA_REPORT") == "1":
            return {"text/html": image_html(shown, window=self._asked, linked=self._linked)}
        data, metadata = super()._repr_mimebundle_(**kwargs)
        with suppress(EDAError):
            data |= {"text/html": static_figure(self.image)}
        return data, metadata


def _to_json(window):
    if window is None:
        return None
    return {
        "center": float(window.center),
        "width": float(window.width),
        "kind": window.function,
        "text": str(window) if window.source != "chosen" else "",
    }
