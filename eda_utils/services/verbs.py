"""The nine verbs of DICOM as one picture."""

import matplotlib.pyplot as plt
from matplotlib.patches import FancyBboxPatch

from ..figures import describe, house_style
from ..style import ACCENT, INK, MUTED, PALETTE, RULE

SIZE = (7.2, 3.9)  # inches; one unit of the axes is one inch
PLACES = {  # centre, width and height of each box
    "Modality": (0.95, 1.75, 1.5, 0.62),
    "Archive (PACS)": (3.6, 1.75, 1.5, 0.62),
    "Workstation": (6.25, 1.75, 1.5, 0.62),
    "Information system": (0.95, 3.1, 1.5, 0.5),
    "Printer": (6.25, 0.4, 1.5, 0.5),
    "Other archive": (3.6, 0.4, 1.5, 0.5),
}
ARROWS = (  # verb, service, from, to, where the words are, and how they are aligned
    ("store", "C-STORE, STOW-RS", (1.7, 1.75), (2.85, 1.75), (2.28, 1.81), "center"),
    ("query", "C-FIND, QIDO-RS", (5.5, 1.9), (4.35, 1.9), (4.92, 1.96), "center"),
    ("retrieve", "C-MOVE, C-GET,\nWADO-RS", (4.35, 1.6), (5.5, 1.6), (4.92, 1.54), "center"),
    ("send", "C-STORE", (3.6, 1.44), (3.6, 0.65), (3.67, 1.05), "left"),
    ("print", "Print Management", (6.25, 1.44), (6.25, 0.65), (6.18, 1.05), "right"),
    ("manage workflow", "Worklist, MPPS, UPS", (0.95, 2.85), (0.95, 2.06), (1.02, 2.45), "left"),
)
INSIDE = (  # verb, what it is in the standard, where
    ("produce", "Information Objects", (0.95, 1.38)),
    ("display", "GSDF, presentation states", (6.25, 2.42)),
    ("process", "results as SEG or SR", (6.25, 2.86)),
)


def plot_verbs(*, ax=None):
    """Plot the nine verbs of DICOM: between which programs each of them happens, and what the standard calls it.

    Parameters
    ----------
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes

    References
    ----------
    PS3.3, PS3.4, PS3.14, PS3.18

    Examples
    --------
    >>> from eda_utils import services
    >>> services.plot_verbs().get_title(loc="left")
    'Nine verbs: six travel between programs, three happen inside of one'
    """
    with house_style():
        ax = ax or plt.figure(figsize=SIZE).add_subplot()
        for name, place in PLACES.items():
            _draw_box(ax, name, *place)
        for arrow in ARROWS:
            _draw_arrow(ax, *arrow)
        for verb, service, place in INSIDE:
            _name(ax, verb, service, place, PALETTE[5], "center", "top" if verb == "produce" else "bottom")
        ax.set(xlim=(0, SIZE[0]), ylim=(0.05, 3.45), aspect="equal")
        ax.set_axis_off()
        ax.set_title("Nine verbs: six travel between programs, three happen inside of one")
    between = "; ".join(f"{verb}: {' '.join(service.split())}" for verb, service, *_ in (*ARROWS, *INSIDE))
    return describe(ax, f"Programs of a hospital and the verbs between them. {between}")


def _draw_box(ax, name, x, y, width, height):
    corner, style = (x - width / 2, y - height / 2), "round,pad=0,rounding_size=0.08"
    ax.add_patch(FancyBboxPatch(corner, width, height, boxstyle=style, facecolor="#f4f6f8", edgecolor=RULE, lw=1.2))
    ax.text(x, y, name, ha="center", va="center", color=INK, fontsize=9.5)


def _draw_arrow(ax, verb, service, start, end, place, side):
    ax.annotate(
        "", end, start, arrowprops={"arrowstyle": "-|>", "color": ACCENT, "lw": 1.4, "shrinkA": 1, "shrinkB": 1}
    )
    beside = "center" if side != "center" else "top" if verb == "retrieve" else "bottom"
    _name(ax, verb, service, place, ACCENT, side, beside)


def _name(ax, verb, service, place, color, side, beside):
    """Write the verb in bold, and below it in small what the standard calls it."""
    lines = service.count("\n") + 1
    total = 0.17 + 0.13 * lines
    top = place[1] + {"bottom": total, "center": total / 2, "top": 0}[beside]
    ax.text(place[0], top, verb, ha=side, va="top", color=color, weight="bold", fontsize=9.5)
    ax.text(place[0], top - 0.17, service, ha=side, va="top", color=MUTED, fontsize=7, linespacing=1.1)
