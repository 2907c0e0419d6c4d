"""Widgets that show images and slides, and their JavaScript."""

from ..core import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
