"""Digital pathology: whole-slide images and stains. Each name is loaded when it is first used (PEP 562)."""

from importlib import import_module

_HOME = {
    "dicom_wsi": ["write_dicom_slide"],
    "nuclei": ["count_nuclei"],
    "phantom": ["PhantomTile", "make_phantom_tile"],
    "phantom_slide": ["PhantomTruth", "phantom_truth", "write_phantom_slide"],
    "slide": ["Slide", "open_slide"],
    "slide_checks": ["flag_slides"],
    "slide_qc": ["focus_map"],
    "stain_estimation": ["estimate_stains", "normalize_stains"],
    "stains": ["estimate_background", "optical_density", "recombine_stains", "separate_stains"],
    "table": ["slide_table"],
    "tiles": ["byte_map"],
    "tissue": ["Mask", "ink_mask", "tile_grid", "tissue_mask"],
}
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names}
__all__ = sorted(_MODULE_OF)


def __getattr__(name):
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_MODULE_OF[name]}", __name__), name)


def __dir__():
    return __all__
