"""Pictures on a page without a kernel: a static figure, the data, and the script that makes it live."""

import base64
import hashlib
import html
import json
import zlib
from functools import cache
from pathlib import Path

import numpy as np

from ..core import EDAError, read_part
from ..image import Image, WindowLike, to_png
from .image_data import Pictures, describe_picture, list_pictures, load_picture, open_picture, reduction_for

PAGE_BYTES = 2_000_000
PAGE_FRAMES = 16
STATIC_SIDES = (320, 224, 160, 96)
LEAST_LIVE_BYTES = 16_000  # below that a live picture would be too coarse to be worth it
PACKED_SHARE = 0.55  # what compression and base64 usually leave of 16-bit pixels
SCRIPTS = (  # one module, in this order
    *("viewer_pixels.js", "viewer_picture.js", "viewer_controls.js"),
    *("slide_viewer_tiles.js", "slide_viewer_controls.js", "slide_viewer.js", "viewer.js"),
)
STYLES = ("viewer.css", "slide_viewer.css")


def static_figure(image, *, max_side=STATIC_SIDES[0]):
    """Return a figure of HTML with the picture and the sentence that says how it is made, without the file's name."""
    text, title = image.caption(), image.title
    return picture_figure(to_png(image, max_side=max_side), "png", f"{title}: {text}", f"{title} · {text}")


def picture_figure(picture, kind, alt, caption):
    """Return a figure of HTML from the bytes of a picture, for readers without script."""
    alt, caption, data = html.escape(alt), html.escape(caption), base64.b64encode(picture).decode()
    return (
        f'<figure class="eda-static" style="margin:0 0 .6em"><img alt="{alt}" style="max-width:100%" '
        f'src="data:image/{kind};base64,{data}"><figcaption><small>{caption}</small></figcaption></figure>'
    )


def choose_figure(figures, budget):
    """Return the first figure that is no longer than the budget, or else the last one."""
    for figure in figures:
        if len(figure) <= budget:
            break
    return figure


def image_html(
    images: Pictures, *, window: WindowLike = "auto", linked: bool = False, budget_bytes: int = PAGE_BYTES
) -> str:
    """Return a block of HTML in which pictures can be windowed, zoomed, probed and measured without a kernel.

    Parameters
    ----------
    images : Image, Slide, str, Path, Dataset, list of these, or DataFrame
        An index is shown from its ``path`` column.
    window
        As in `to_display`, for all of them.
    linked : bool
        Side by side and in step instead of one after the other.
    budget_bytes : int
        Of the whole block. Pictures are reduced to means of blocks of pixels, and of many frames some are taken, until
        they fit; the viewer says so. What does not fit even then stays a static picture.

    Returns
    -------
    str
        Static pictures for readers without script, and one block of JSON. The page needs the script of
        `viewer.script` once.

    Raises
    ------
    RequestError
        If there is no picture.

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> from eda_utils import viewer
    >>> block = viewer.image_html(get_testdata_file("CT_small.dcm"))
    >>> block.count("<img"), 'type="application/json"' in block
    (1, True)
    """
    sources = list_pictures(images)
    shown = [_page_picture(source, window, budget_bytes // len(sources)) for source in sources]
    figures = "".join(figure for figure, _ in shown)
    return page_block("eda-block", figures, {"linked": linked, "pictures": [frames for _, frames in shown]})


def page_block(name, figures, data):
    """Return static figures and, as JSON that cannot end its element, what makes them live; `name` is the class."""
    safe = json.dumps(data, separators=(",", ":"), allow_nan=False)
    for sign in "<>&":
        safe = safe.replace(sign, f"\\u{ord(sign):04x}")
    return f'<div class="{name}">{figures}<script type="application/json">{safe}</script></div>'


def _page_picture(source, window, budget):
    """The static figure and the frames of one picture; of one that cannot be shown the reason."""
    try:
        opened = open_picture(source)
        stored, image = load_picture(opened, 0)
        figure = choose_figure((static_figure(image, max_side=side) for side in STATIC_SIDES), budget / 2)
        left = budget - len(figure)
        frames = _page_frames(opened, stored, image, window, left) if left >= LEAST_LIVE_BYTES else []
    except EDAError as error:
        wrong = f"{error.wrong}; {error.advice}"
        figure = f'<p class="eda-static">This image cannot be shown: {html.escape(wrong)}.</p>'
        frames = [{"facts": {"problem": wrong}, "data": {}}]
    return figure, frames


def _page_frames(opened, stored, image, window, budget):
    is_single = isinstance(opened, Image) or image.frames == 1
    stops = np.unique(np.linspace(0, image.frames - 1, PAGE_FRAMES).round().astype(int)).tolist()
    stops = [image.frame] if is_single else stops
    loaded = [(stored, image) if stop == image.frame else load_picture(opened, stop) for stop in stops]
    factor = max(1, reduction_for(image, max(budget / PACKED_SHARE / len(stops), 1)) - 1)
    while True:
        frames = [_packed(*describe_picture(*each, window=window, factor=factor, stops=stops)) for each in loaded]
        if len(json.dumps(frames)) <= budget or factor >= max(image.shape[:2]):
            return frames
        factor += 1


def _packed(facts, arrays):
    return {"facts": facts, "data": {name: squeeze_array(array) for name, array in arrays.items()}}


def squeeze_array(array):
    """Return base64 of bytes compressed after all low ones were put before all high ones: a quarter less for pixels."""
    planes = np.ascontiguousarray(array).view(np.uint8).reshape(-1, array.itemsize).T
    return base64.b64encode(zlib.compress(planes.tobytes(), 6)).decode()


@cache
def script(more: str = "") -> tuple[str, str]:
    """Return the script that makes every block of `viewer.image_html` on a page live, and its hash.

    Parameters
    ----------
    more : str
        Code of the page's own, which runs after it.

    Returns
    -------
    script : str
        To stand once, unchanged, between ``<script type="module">`` and ``</script>``.
    sha256 : str
        For the Content-Security-Policy of the page: ``script-src 'sha256-...'``, without the quotes.

    Examples
    --------
    >>> from eda_utils import viewer
    >>> viewer.script()[1][:7]
    'sha256-'
    """
    text = f"{viewer_code()}\nmountPage({json.dumps(viewer_style())});\n{more}"
    return text, "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def viewer_code() -> str:
    """Return the viewer as one JavaScript module."""
    return "\n".join(_read(name) for name in SCRIPTS)


def viewer_style() -> str:
    """Return the viewer's style sheet."""
    return "\n".join(_read(name) for name in STYLES)


def _read(name):
    return read_part(Path(__file__).with_name("static") / name)
