"""Whole-slide images: how they are read, their tissue, stains and nuclei."""

from ..core import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
