"""What long work tells a person on stderr: a bar, and lines beside it."""

import sys
from collections.abc import Iterable

from tqdm import tqdm


def progress_bar(
    items: Iterable | None = None,
    *,
    desc: str,
    unit: str,
    total: int | None = None,
    progress: bool | None = None,
    leave: bool = True,
) -> tqdm:
    """Return a bar of tqdm; unless `progress` says whether to show it, it shows on a terminal only.

    Parameters
    ----------
    items : iterable, optional
        What to count while it is gone through; else `update` counts.
    desc, unit : str
        What is done, and with what.
    total : int, optional
    progress : bool, optional
    leave : bool
        Whether the bar stays when it is full.

    Returns
    -------
    tqdm.tqdm
    """
    disable = None if progress is None else not progress  # None: tqdm asks whether stderr is a terminal
    return tqdm(items, desc, total, leave, unit=unit, disable=disable)


def tell(text: str, progress: bool | None = True) -> None:
    """Write one line, above a bar if there is one; unless `progress` says so, on a terminal only."""
    if progress or (progress is None and sys.stderr.isatty()):
        tqdm.write(text, file=sys.stderr)
