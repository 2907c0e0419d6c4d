"""What may fail in the libraries that read files, and how to keep what they say from the terminal."""

import logging
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock

from pydicom.errors import BytesLengthException, InvalidDicomError

from .text import without_values

# What pydicom lets through when a file is damaged; anything else is a bug of ours and shall be seen
PARSE_ERRORS = (
    *(ValueError, TypeError, LookupError, AttributeError, NotImplementedError, OverflowError, EOFError),
    *(RecursionError, MemoryError, AssertionError, struct.error, zlib.error, InvalidDicomError, BytesLengthException),
)
READ_ERRORS = (*PARSE_ERRORS, OSError, RuntimeError, ArithmeticError, SyntaxError)  # of libraries that read pictures
WARNINGS_LOCK = RLock()  # Python keeps one list of filters for all threads
LOGGERS = [logging.getLogger(name) for name in ("pydicom", "PIL", "pylibjpeg", "openjpeg", "tifffile")]
for _logger in LOGGERS:
    _logger.addHandler(logging.NullHandler())  # else Python prints what is not passed on


@contextmanager
def quiet() -> Iterator[list[str]]:
    """Collect the warnings of pydicom as short texts without header values, instead of printing them.

    What it and the decoders log does not leave them either: it quotes values, and a plug-in that fails is no error as
    long as another one decodes.

    Yields
    ------
    list of str
        Filled when the block ends; every text once.
    """
    notes = []
    with WARNINGS_LOCK, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        heard = [logger for logger in LOGGERS if logger.propagate]
        for logger in heard:
            logger.propagate = False
        try:
            yield notes
        finally:
            for logger in heard:
                logger.propagate = True
            notes.extend(dict.fromkeys(without_values(warning.message) for warning in caught))
