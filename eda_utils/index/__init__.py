"""A folder as a table: the index, its cache, summaries, series and headlines."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
