"""The frame around figures: panels, empty figures, and alternative text for people who cannot see them."""

import base64
import textwrap
from contextlib import contextmanager
from html import escape
from io import BytesIO

import matplotlib.pyplot as plt
import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure

from .style import MUTED, RC, RULE

PANEL_WIDTH, GAP_HEIGHT = 2.55, 0.8  # inches
SCREEN_DPI = 96
ROW_WIDTH, ROW_HEIGHT = 6.4, 0.27  # inches


@contextmanager
def house_style():
    """Draw in our style and leave matplotlib's settings as they were."""
    if not plt.get_fignums():  # a notebook's backend that is first loaded inside would be undone and show nothing
        plt.switch_backend(plt.get_backend())
    with rc_context(RC):
        yield


def panel_grid(count, columns, *, height=3.6):
    """Return `count` axes in rows of `columns`, as a flat array; cells left over are taken out."""
    columns = max(1, min(columns, count))
    rows = -(-count // columns) or 1
    figure = plt.figure(figsize=(PANEL_WIDTH * columns, height * rows if count else 1))
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for ax in axes[max(count, 1) :]:
        ax.remove()
    if not count:
        nothing_to_show(axes[0], "no image")
    return np.array(axes[:count])


def row_axes(rows):
    """Return axes for rows of points with names at their left."""
    return plt.figure(figsize=(ROW_WIDTH, 1.1 + ROW_HEIGHT * max(rows, 2))).add_subplot()


def draw_rows(ax, y, low, middle, high, color, label=None):
    """Draw a point on a line from `low` to `high` for each row."""
    ax.hlines(y, low, high, color=color, lw=1.6)
    ax.scatter(middle, y, color=color, s=20, zorder=3, label=label)


def finish_rows(ax, names, caption, title, width=56):
    """Name the rows, the first at the top, say below how to read them, and above what was found."""
    ax.set_title(textwrap.fill(title, width))
    ax.set_yticks(range(len(names)), [textwrap.shorten(str(name), 40, placeholder="…") for name in names])
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.set_xlabel(caption, fontsize=8)
    ax.grid(axis="x", color=RULE, lw=0.6), ax.set_axisbelow(True)


def nothing_to_show(ax, reason):
    """Write the reason into the middle of axes that stay empty."""
    ax.set_xticks([]), ax.set_yticks([])
    ax.spines[:].set_visible(False)
    ax.text(0.5, 0.5, reason, transform=ax.transAxes, ha="center", va="center", color=MUTED, fontsize=8)
    return describe(ax, f"Nothing to show: {reason}")


def explain_gap(ax, title, reason):
    """Put the reason into a flat box at the top of the axes of a picture that cannot be drawn."""
    ax.set_xticks([]), ax.set_yticks([])
    ax.set_box_aspect(GAP_HEIGHT / PANEL_WIDTH), ax.set_anchor("NW")
    ax.spines[:].set(visible=True, color=RULE)
    ax.set_title(title, fontsize=9, color=MUTED)
    ax.text(0.5, 0.5, reason, transform=ax.transAxes, ha="center", va="center", color=MUTED, fontsize=8)


def flatten_rows(axes, shown):
    """Make the rows of `panel_grid` in which nothing is shown as low as their boxes are."""
    grid, figure = axes[0].get_gridspec(), axes[0].figure
    rows = [any(shown[start : start + grid.ncols]) for start in range(0, len(shown), grid.ncols)]
    heights = [figure.get_figheight() / grid.nrows if is_shown else GAP_HEIGHT + 0.5 for is_shown in rows]
    grid.set_height_ratios(heights)
    figure.set_figheight(sum(heights))


def describe(ax: plt.Axes, text: str) -> plt.Axes:
    """Give the figure of `ax` an alternative text, which notebooks and pages carry along with the picture."""
    ax.figure.alt_text = text
    _install_formatter()
    return ax


def _install_formatter():
    """IPython drops the text unless its PNG formatter returns it as metadata, where nbconvert and JupyterLab look."""
    try:
        shell = get_ipython()
    except NameError:
        return
    if shell is not None and hasattr(shell, "kernel"):
        shell.display_formatter.formatters["image/png"].for_type(Figure, _png_with_alt)


def _png_with_alt(figure):
    from IPython.core.pylabtools import print_figure

    png = print_figure(figure, fmt="png", base64=True, bbox_inches="tight")
    width = int.from_bytes(base64.b64decode(png[:64])[16:20], "big")  # of the IHDR chunk
    shown = round(width * SCREEN_DPI / figure.dpi)
    return png, {"alt": getattr(figure, "alt_text", "Figure"), "width": shown}


def figure_html(ax: plt.Axes) -> str:
    """Return the figure of `ax` as markup with its alternative text, and close it."""
    buffer = BytesIO()
    ax.figure.savefig(buffer, format="png", bbox_inches="tight")
    plt.close(ax.figure)
    alt = escape(getattr(ax.figure, "alt_text", "Figure"))
    return f'<img alt="{alt}" src="data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}">'
