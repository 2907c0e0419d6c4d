"""The messages of associations as a sequence diagram."""

import textwrap
from collections.abc import Sequence

import matplotlib.pyplot as plt
import pandas as pd

from ..core import RequestError, plural
from ..services import describe_status
from .figures import describe, house_style, nothing_to_show
from .style import ACCENT, INK, MUTED, PALETTE, RULE

ROW_HEIGHT, WIDTH = 0.27, 7.2  # inches
MOST_ROWS = 40
FAILED = PALETTE[5]


def association(log: Sequence[dict] | pd.DataFrame, *, most: int = MOST_ROWS, ax: plt.Axes | None = None) -> plt.Axes:
    """Plot who said what to whom, from top to bottom; the same messages in a row are drawn once, with their number.

    Parameters
    ----------
    log : list of dict or DataFrame
        What ``log=`` of a verb has collected, or the `log` of an archive.
    most : int
        Rows that are drawn; how many were left out is said.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    RequestError
        If it is no log.

    References
    ----------
    PS3.7 9.1 (DIMSE-C services), PS3.8 9.3 (PDUs)

    Examples
    --------
    >>> import tempfile
    >>> from eda_utils import plots, services
    >>> log = []
    >>> with tempfile.TemporaryDirectory() as folder, services.start_archive(folder) as archive:
    ...     _ = services.echo(archive, log=log)
    >>> plots.association(log).get_title(loc="left")
    '1 association, 6 messages: C-ECHO answered with success'
    """
    rows = log.to_dict("records") if isinstance(log, pd.DataFrame) else list(log)
    if any(not {"sender", "receiver", "message"} <= set(row) for row in rows):
        raise RequestError("log", "has no sender, receiver and message", "give the list that was log= of a verb")
    shown = _folded(rows)
    left_out, shown = max(0, len(shown) - most), shown[:most]
    with house_style():
        ax = ax or plt.figure(figsize=(WIDTH, ROW_HEIGHT * (len(shown) + 4))).add_subplot()
        if not shown:
            return nothing_to_show(ax, "no message")
        _draw_lines(ax, shown[0]["sender"], shown[0]["receiver"], len(shown))
        for number, row in enumerate(shown):
            _draw_message(ax, row, number, row["sender"] == shown[0]["sender"])
        if left_out:
            ax.text(0.5, len(shown), f"… {left_out} more rows", ha="center", va="center", color=MUTED, fontsize=8)
        title = _title(rows)
        ax.set_title(textwrap.fill(title, 85))
    return describe(ax, f"Sequence diagram. {title}")


def _folded(rows):
    """Join runs of the same request and response, as a C-STORE of many instances is."""
    folded = []
    for row in rows:
        key = tuple(row.get(name) for name in ("sender", "message", "context", "status"))
        same = next((other for other in folded[-3:] if other["key"] == key), None)
        if same and not row["message"].startswith("A-"):
            same["count"] += 1
        else:
            folded.append(row | {"key": key, "count": 1})
    return folded


def _draw_lines(ax, left, right, count):
    for x, name in ((0, left), (1, right)):
        ax.plot([x, x], [-0.7, count - 0.3], color=RULE, lw=2, zorder=0)
        ax.text(x, -1.3, name, ha="center", va="center", weight="bold", color=INK)
    ax.set(xlim=(-0.62, 1.62), ylim=(count + 0.3, -1.8))
    ax.set_axis_off()


def _draw_message(ax, row, y, is_forward):
    start, end = (0, 1) if is_forward else (1, 0)
    is_wrong = _is_failure(row)
    color = FAILED if is_wrong else MUTED if row["message"].startswith("A-") else ACCENT
    arrow = {"arrowstyle": "-|>", "color": color, "lw": 1.2, "shrinkA": 2, "shrinkB": 2}
    ax.annotate("", (end, y), (start, y), arrowprops=arrow)
    times = f" × {row['count']:,}" if row["count"] > 1 else ""
    ax.text(0.5, y - 0.08, row["message"] + times, ha="center", va="bottom", color=color, fontsize=8.5)
    x, side = (-0.03, "right") if is_forward else (1.03, "left")
    ax.text(x, y, _told(row), ha=side, va="center", color=FAILED if is_wrong else MUTED, fontsize=7)


def _told(row):
    """Return what stands beside a message: the status of a response, the presentation context of a request."""
    status = row.get("status")
    if status is not None and not pd.isna(status):
        return describe_status(int(status))
    context = row.get("context")
    service, _, syntax = (context if isinstance(context, str) else "").partition(" · ")
    service = service.removesuffix(" SOP Class").replace(" Query/Retrieve Information Model -", "")
    return f"{service}\n{syntax}" if syntax else service


def _is_failure(row):
    status = row.get("status")
    if row["message"] in ("A-ASSOCIATE-RJ", "A-ABORT", "A-P-ABORT"):
        return True
    if status is None or pd.isna(status):
        return False
    return int(status) not in (0, 0xFF00, 0xFF01) and int(status) >> 12 != 0xB


def _title(rows):
    begun = sum(row["message"] == "A-ASSOCIATE-RQ" for row in rows)
    ends = [row for row in rows if row["message"].endswith("-RSP")]
    told = f"{plural(begun, 'association')}, {plural(len(rows), 'message')}"
    if any(row["message"] == "A-ASSOCIATE-RJ" for row in rows):
        return f"{told}: rejected"
    failed = [row for row in rows if _is_failure(row)]
    if failed:
        return f"{told}: {failed[0]['message']} says failure"
    names = ", ".join(dict.fromkeys(row["message"].removesuffix("-RSP") for row in ends))
    return f"{told}: {names} answered with success" if names else told
