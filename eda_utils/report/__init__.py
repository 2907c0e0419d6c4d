"""Notebooks and folders as pages, the lessons' exercises, and the state of the installation."""

import lazy_loader as lazy

from ..core import explained

_find, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
__getattr__ = explained(_find)  # a missing library is told with the extra that brings it
