"""Values of data elements, whatever kind of value a file has instead: beside `numbers` of `dataset.py`."""

from pydicom.multival import MultiValue
from pydicom.sequence import Sequence


def texts(value):
    """Return the texts of a single- or multi-valued attribute as a tuple, without padding; empty if it is no text.

    Examples
    --------
    >>> from eda_utils.elements import texts
    >>> texts("LINEAR "), texts(["A", "B"]), texts(None), texts(7)
    (('LINEAR',), ('A', 'B'), (), ())
    """
    values = value if isinstance(value, (MultiValue, list, tuple)) else [value]
    return tuple(str(text).strip("\0 ") for text in values if isinstance(text, str))


def items(value):
    """Return the items of a sequence as a tuple, empty if it is none.

    Examples
    --------
    >>> from pydicom.dataset import Dataset
    >>> from pydicom.sequence import Sequence
    >>> from eda_utils.elements import items
    >>> len(items(Sequence([Dataset()]))), items(b"1234"), items(None)
    (1, (), ())
    """
    return tuple(value) if isinstance(value, Sequence) else ()
