"""The DICOM services over a network, and an archive to try them on."""

from ..core import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
