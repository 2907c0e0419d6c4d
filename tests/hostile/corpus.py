"""About a thousand hostile files and what an index should say about each of them."""

import random
from pathlib import Path

from .damage import damaged
from .lies import lies
from .nodes import nodes
from .slides import slides
from .texts import texts, valid

SOURCES = (damaged, lies, texts, valid, slides)
LARGE = 5_000_000  # bytes: left out of a small corpus


def make_hostile(folder, seed, *, most=None):
    """Write hostile files; the same seed gives the same ones.

    Parameters
    ----------
    folder : Path
        New; ``folder/root`` is what is to be indexed, ``folder/outside`` what links lead to.
    seed : int
    most : int, optional
        Of each class so many files at most, and none of them large.

    Returns
    -------
    list of (path, class, verdict)
        The verdict is one of read, warning, problem (each of the two allows what is worse), either. Paths are str.
    """
    root, outside, chance = Path(folder, "root"), Path(folder, "outside"), random.Random(seed)
    root.mkdir(parents=True)
    outside.mkdir()
    found, counts = [], {}
    for source in SOURCES:
        for name, content, kind, verdict in source(chance):
            counts[kind] = counts.get(kind, 0) + 1
            if most and (len(content) > LARGE or (counts[kind] > most and not kind.startswith("valid"))):
                continue
            path = root / kind / name.replace("/", "_")
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
            found.append((str(path), kind, verdict))
    return found + [(str(path), kind, verdict) for path, kind, verdict in nodes(root, outside)]
