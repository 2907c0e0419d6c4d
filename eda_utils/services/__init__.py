"""The DICOM services, live: produce, send, query, retrieve and print. Names are loaded when they are first used."""

from ..lazy import load_lazily

_HOME = {
    "archive": ["Archive", "start_archive"],
    "association": ["Address", "open_association", "parse_address"],
    "films": ["print_film"],
    "objects": ["produce_capture", "produce_segmentation"],
    "queries": ["echo", "query"],
    "retrievals": ["retrieve"],
    "sequence": ["plot_association"],
    "transfers": ["send"],
    "web": ["query_web", "retrieve_web", "send_web"],
}
__getattr__, __dir__, __all__ = load_lazily(__name__, _HOME)
