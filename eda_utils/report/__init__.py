"""Notebooks and folders as pages, the lessons' exercises, and the state of the installation."""

from ..core import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
