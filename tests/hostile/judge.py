"""What came out of it, by means of its own: entries, verdicts, states of files."""

import os
import stat


def entries(root):
    """Return every entry below a folder that is no folder itself, and every folder whose path is too long to open."""
    found, waiting = [], [os.fspath(root)]
    while waiting:
        folder = waiting.pop()
        try:
            names = os.listdir(folder)  # noqa: PTH208 - names may be no text
        except OSError:
            found.append(folder)
            continue
        for name in names:
            path = f"{folder}/{name}"
            try:
                is_folder = stat.S_ISDIR(os.lstat(path).st_mode)
            except OSError:
                is_folder = False
            (waiting if is_folder else found).append(path)
    return found


def stored(path):
    """A path as a table can hold it."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def is_acceptable(expected, problem, warning):
    """Whether a row says what it should: each verdict allows a severer one, but a true file must be read."""
    if expected == "read":
        return not problem
    return expected == "either" or bool(problem) or (expected == "warning" and bool(warning))


def states(root):
    """Mode, size, time of change and (of small ones) content of every entry."""
    found = {}
    for path in entries(root):
        try:
            facts = os.lstat(path)
        except OSError:
            continue
        content = b""
        if stat.S_ISREG(facts.st_mode) and facts.st_size < 10**7 and os.access(path, os.R_OK):
            with open(path, "rb") as file:
                content = file.read()
        found[path] = facts.st_mode, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns, hash(content)
    return found
