"""Pictures that let a person confirm what an audit found, without showing whom it is about."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from ..dicom import ImageSource
from ..image import load_image, to_display
from ..privacy import count_lines, find_text, ultrasound_regions, wants_reading
from .figures import describe, house_style
from .images import axes_for, draw, title_and_caption
from .style import PALETTE


def show_burned_in(source: ImageSource, *, ocr: bool | None = None, ax: Axes | None = None) -> Axes:
    """Show an image with the text in its pixels outlined and made unreadable, to confirm what `find_burned_in` says.

    Parameters
    ----------
    source : str, Path, bytes or Dataset
    ocr : bool, optional
        Read text too; by default where rapidocr is installed.
    ax : matplotlib.axes.Axes, optional
        By default a new figure shaped like the image.

    Returns
    -------
    matplotlib.axes.Axes
        Of several frames, the first on which there is text. What was not found as text is not covered.

    Raises
    ------
    EDAError
        As `load_image`, and if `ocr` is True and rapidocr is not installed.

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> import eda_utils as eda
    >>> ax = eda.plots.show_burned_in(get_testdata_file("examples_palette.dcm"), ocr=False)
    >>> "outside of the ultrasound regions" in " ".join(ax.get_title(loc="left").split())
    True
    """
    lines, shape = find_text(source, ocr=wants_reading(ocr))
    image = load_image(source, frame=int(lines["frame"].min()) if len(lines) else 0)
    regions = ultrasound_regions(image.header, *shape)
    picture = _covered(to_display(image), lines)
    with house_style():
        ax = ax or axes_for(shape[0] * image.aspect / shape[1])
        draw(picture, image.aspect, ax)
        for rows, columns in regions:
            _outline(ax, rows.start, columns.start, rows.stop, columns.stop, PALETTE[4], ":")
        for line in lines.itertuples():
            _outline(ax, line.row, line.column, line.row + line.height, line.column + line.width, PALETTE[1], "-")
        title = count_lines(lines) if len(lines) else "No text found"
        caption = "boxes: text, blurred here" + ("; dots: ultrasound regions" if regions else "")
        title_and_caption(ax, title, f"{caption}; what was not found as text stays as it is")
    return describe(ax, f"{title} in an image: {caption}")


def _covered(picture, lines):
    """Squares as high as the line take the mean of what they hold: one letter and a half leaves no shape."""
    covered = np.array(picture)
    for line in lines.itertuples():
        side = max(line.height, 6)
        bottom, right = line.row + line.height + side // 4, line.column + line.width + side // 4
        for row in range(max(line.row - side // 4, 0), bottom, side):
            for column in range(max(line.column - side // 4, 0), right, side):
                block = covered[row : min(row + side, bottom), column : min(column + side, right)]
                block[:] = block.mean((0, 1)) if block.size else 0
    return covered


def _outline(ax, top, left, bottom, right, color, style):
    corner, width, height = (left - 1.5, top - 1.5), right - left + 2, bottom - top + 2
    ax.add_patch(Rectangle(corner, width, height, fill=False, edgecolor=color, linewidth=0.9, linestyle=style))
