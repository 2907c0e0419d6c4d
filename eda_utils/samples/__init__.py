"""Images to practise on: real ones out of packages, and drawn ones whose truth is known."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
