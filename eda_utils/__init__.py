"""Exploratory data analysis of 2D medical images.

Every public name is importable from here and is loaded when it is first used (PEP 562), so that importing the package
costs little more than pydicom does.
"""

import lazy_loader as lazy

__version__ = "0.1.0"
__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
