"""The slide viewer in a notebook: deep zoom by hand, over the channel that the widget has anyway."""

import os
from contextlib import suppress
from functools import cached_property
from pathlib import Path

import anywidget
import pandas as pd
import traitlets

from ..core import EDAError, RequestError
from ..slides import Mask, Slide, open_slide
from .html import PAGE_BYTES, choose_figure, page_block, picture_figure, viewer_code, viewer_style
from .slide_data import (
    base_level,
    cut_pyramid,
    describe_slide,
    encode_jpeg,
    fit_pyramid,
    is_tile,
    pack_overlays,
    plain_slide,
    read_tile,
)

MOST_TILES = 32  # in one message
STILL_SIDES = (640, 320, 160)


def view_slide(
    slide: Slide | str | Path, *, mask: Mask | None = None, grid: pd.DataFrame | None = None, mpp: float | None = None
) -> "SlideViewer":
    """Look at a whole slide with your hands: move, zoom, read positions in µm, with a mask and a grid on top.

    The browser asks for the tiles that it shows, and for nothing else. JupyterLab keeps a thread of the kernel for
    widgets (a subshell; measured with JupyterLab 4.6 and ipykernel 7.4), so that tiles come while a cell runs, too.
    Elsewhere a kernel that is busy answers later: until then the viewer shows what has come, at least the overview
    that it begins with.

    Parameters
    ----------
    slide : Slide, str or Path
        What `open_slide` takes or returns. The viewer opens the file for itself, so that yours can be closed.
    mask : Mask, optional
        From `tissue_mask` or `ink_mask`: an outline or a tint.
    grid : DataFrame, optional
        From `tile_grid`.
    mpp : float, optional
        Microns per pixel, where the file is wrong or silent.

    Returns
    -------
    SlideViewer
        A widget. Its values `center`, `downsample` and `um_per_px` follow the hand and can be set. While a page is
        rendered it is a block of `slide_html` instead.

    Raises
    ------
    EDAError
        As `open_slide`.
    RequestError
        If the mask or the grid is not one, or of another slide.

    Examples
    --------
    >>> import eda_utils as eda
    >>> viewer = eda.view_slide("data/samples/pathology/CMU-1-Small-Region.svs")
    >>> viewer.um_per_px = 2
    >>> viewer.center, round(viewer.downsample, 2)
    ((1483.5, 1110.0), 4.01)
    >>> viewer.close()
    """
    return SlideViewer(_opened(slide, mpp), mask, grid)


def _opened(slide, mpp):
    """A handle of the viewer's own, with the spacing that the caller gave to his."""
    if not isinstance(slide, Slide):
        return open_slide(slide, mpp=mpp)
    own = open_slide(slide.path)
    own.mpp, own.mpp_source = (mpp, "given by the caller") if mpp else (slide.mpp, slide.mpp_source)
    return own


class SlideViewer(anywidget.AnyWidget):
    """A viewer of a whole slide: what `view_slide` returns. It closes the slide when it is closed.

    Attributes
    ----------
    center : tuple of float
        Row and column, in level-0 pixels, of what is in the middle of the screen.
    downsample : float
        Level-0 pixels for a pixel of the screen, as the browser counts them; 0 until the slide is shown as a whole.
    """

    _esm = viewer_code()
    _css = viewer_style()
    _setup = traitlets.Dict().tag(sync=True)
    _given = traitlets.Dict(default_value=None, allow_none=True).tag(sync=True)
    center = traitlets.Tuple(traitlets.Float(), traitlets.Float()).tag(sync=True)
    downsample = traitlets.Float(0.0, min=0.0).tag(sync=True)

    def __init__(self, slide, mask=None, grid=None):
        self._slide, self._plain = slide, plain_slide(slide)
        self._overlays = pack_overlays(slide, mask, grid)
        middle = slide.shape[0] / 2, slide.shape[1] / 2
        super().__init__(_setup=describe_slide(slide), center=middle)
        self._stay_in_subshell()
        self.on_msg(self._answer)

    def _stay_in_subshell(self):
        """JupyterLab sends what belongs to widgets to a subshell, which answers while a cell runs. ipykernel 7.4 leads
        it to the shell that spoke last, for cells that wait for an answer; none waits for one of this viewer.
        """
        if hasattr(self.comm, "_reply_subshell_for"):
            self.comm._reply_subshell_for = lambda _, asked: asked

    @property
    def slide(self):
        """The open Slide."""
        return self._slide

    @property
    def um_per_px(self):
        """Microns for a pixel of the screen; None without spacing, and 0 until the slide is shown as a whole."""
        return self._slide.mpp and self.downsample * self._slide.mpp

    @um_per_px.setter
    def um_per_px(self, value):
        if not self._slide.mpp:
            raise RequestError("um_per_px", "the slide has no spacing", "give mpp, or set downsample")
        self.downsample = value / self._slide.mpp

    @cached_property
    def _base(self):
        """Coarse tiles that come without a question, and what is drawn over them; none of a slide that is damaged."""
        first = base_level(self._setup)
        try:
            tiles = cut_pyramid(self._plain, 2**first, first=first)
        except EDAError:
            tiles = {}
        return {"tiles": list(tiles), "data": list(tiles.values()), **self._overlays}

    def _answer(self, _, question, __):
        """The browser asks for what it shows; it may do so from another thread than that of the cells."""
        if question["want"] == "base":
            facts = dict(self._base)
            found = facts.pop("data")
        else:
            facts, found = self._answer_tiles(question["tiles"])
        self.send({"id": question["id"], **facts}, buffers=found)

    def _answer_tiles(self, tiles):
        asked = [tile for tile in tiles[:MOST_TILES] if is_tile(self._setup, tile)]
        found, problem = [], ""
        for tile in asked:
            try:
                found.append(encode_jpeg(read_tile(self._plain, *tile)))
            except EDAError as error:
                found.append(b"")
                problem = f"{error.wrong}; {error.advice}"
        return {"tiles": asked, "problem": problem}, found

    def close(self):
        """Close the widget, and the slide with it."""
        super().close()
        self._slide.close()

    def _repr_mimebundle_(self, **kwargs):
        """A page without a kernel gets a live block, a notebook the widget and a picture for readers without script."""
        if os.environ.get("EDA_REPORT") == "1":
            return {"text/html": _page_html(self._slide, self._plain, self._overlays, PAGE_BYTES)}
        if self._given is None:
            self._given = self._base  # the browser takes it and sets it to None: notebooks store no pixels
        data, metadata = super()._repr_mimebundle_(**kwargs)
        with suppress(EDAError):
            data |= {"text/html": _still(self._slide, PAGE_BYTES)}
        return data, metadata


def slide_html(slide, *, mask=None, grid=None, mpp=None, budget_bytes=PAGE_BYTES):
    """Return a block of HTML in which a slide can be moved and zoomed without a kernel.

    Parameters
    ----------
    slide, mask, grid, mpp
        As in `view_slide`.
    budget_bytes : int
        Of the whole block: the finest pyramid that fits is embedded, and the viewer says how fine that is. Where
        nothing fits a static picture remains. Label and macro picture are never part of it.

    Returns
    -------
    str
        A static picture for readers without script, and one block of JSON. The page needs the script of
        `viewer.script` once.

    Raises
    ------
    EDAError
        As `view_slide`, and if the slide is damaged.

    Examples
    --------
    >>> from eda_utils.viewer.slide_widget import slide_html
    >>> block = slide_html("data/samples/pathology/CMU-1-Small-Region.svs", budget_bytes=300_000)
    >>> len(block) < 300_000, block.count("<img")
    (True, 1)
    """
    with _opened(slide, mpp) as own:
        return _page_html(own, plain_slide(own), pack_overlays(own, mask, grid), budget_bytes)


def _page_html(slide, plain, overlays, budget):
    figure = _still(slide, budget / 4)
    room = budget - len(figure) - len(str(overlays)) - 1000
    step, tiles = fit_pyramid(plain, room) if room > 0 else (1.0, {})
    if not tiles:
        return figure
    return page_block("eda-slide-block", figure, {**describe_slide(slide, finest=step), **overlays, "tiles": tiles})


def _still(slide, budget):
    """A figure of HTML with the slide as a whole, without its name."""
    text = "{title} · {spacing}".format(**describe_slide(slide))
    pictures = (encode_jpeg(slide.thumbnail(side).pixels) for side in STILL_SIDES)
    return choose_figure((picture_figure(picture, "jpeg", text, text) for picture in pictures), budget)
