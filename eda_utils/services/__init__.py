"""The DICOM services, live: produce, send, query, retrieve and print. Names are loaded when they are first used."""

from importlib import import_module

_HOME = {
    "archive": ["Archive", "start_archive"],
    "association": ["Address", "open_association", "parse_address"],
    "films": ["print_film"],
    "objects": ["produce_capture", "produce_segmentation"],
    "queries": ["echo", "query"],
    "retrievals": ["retrieve"],
    "sequence": ["plot_association"],
    "transfers": ["send"],
    "verbs": ["plot_verbs"],
    "web": ["query_web", "retrieve_web", "send_web"],
}
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names}
__all__ = sorted(_MODULE_OF)


def __getattr__(name):
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_MODULE_OF[name]}", __name__), name)


def __dir__():
    return __all__
