"""Digital pathology: whole-slide images and stains. Each name is loaded when it is first used (PEP 562)."""

from ..lazy import load_lazily

_HOME = {
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
__getattr__, __dir__, __all__ = load_lazily(__name__, _HOME)
