"""Digital pathology: whole-slide images and stains. Each name is loaded when it is first used (PEP 562)."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
