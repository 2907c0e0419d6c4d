"""Words for people: numbers with their nouns, sizes, and text that no terminal obeys."""

import re

# Control characters, which a terminal obeys; what turns the direction of writing; halves of characters
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    """Return text with every character that would control a terminal spelt out.

    Examples
    --------
    >>> from eda_utils.core import printable
    >>> print(printable(chr(27) + "[2J new" + chr(10) + "line"))
    \\x1b[2J new\\nline
    """
    return UNPRINTABLE.sub(lambda found: ascii(found[0])[1:-1], str(text))


def plural(number: int, noun: str) -> str:
    """Write a number with its noun.

    Examples
    --------
    >>> from eda_utils.core import plural
    >>> plural(1, "study"), plural(1200, "study")
    ('1 study', '1,200 studies')
    """
    several = {"study": "studies", "series": "series"}.get(noun, f"{noun}s")
    return f"{number:,} {noun if number == 1 else several}"


def format_bytes(size: float) -> str:
    """Write a number of bytes with a decimal unit.

    Examples
    --------
    >>> from eda_utils.core import format_bytes
    >>> format_bytes(39205), format_bytes(812)
    ('39.2 kB', '812 B')
    """
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.3g} {unit}" if size < 100 else f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:,.3g} TB"


def without_values(text: object) -> str:
    """Return a message of a library without the header values and paths that it quotes."""
    text = re.sub(r"in file .*$", "", str(text), flags=re.DOTALL)
    text = re.sub(r"'[^']*'|\"[^\"]*\"", "'…'", text)
    return re.sub(r"\s+", " ", text).strip()
