"""Figures: pixels and tables in, Axes out."""

from ..core import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
