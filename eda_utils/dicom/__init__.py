"""DICOM data sets: attributes, values, encapsulated pixels, formats, and what tells who somebody is."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
