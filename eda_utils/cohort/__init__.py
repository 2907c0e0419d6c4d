"""From images to a data set for training: labels, splits, shortcuts, drift and the hand-over."""

from ..core import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
