"""Errors, findings, text, tables, files, URLs, parallel and guarded work, progress: what every other room stands on."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
