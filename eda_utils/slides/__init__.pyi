"""Whole-slide images: how they are read, their tissue, stains and nuclei."""

from .artifacts import UNKNOWN_MPP as UNKNOWN_MPP, focus_map as focus_map, measure_slide as measure_slide
from .nuclei import count_nuclei as count_nuclei
from .slide import Slide as Slide, open_slide as open_slide
from .stain_vectors import estimate_stains as estimate_stains, normalize_stains as normalize_stains
from .stains import (
    STAIN_VECTORS as STAIN_VECTORS,
    WHITE_LEVEL as WHITE_LEVEL,
    estimate_background as estimate_background,
    optical_density as optical_density,
    recombine_stains as recombine_stains,
    separate_stains as separate_stains,
    stain_matrix as stain_matrix,
)
from .tiff_check import has_tiles as has_tiles
from .tiff_tiles import byte_map as byte_map
from .tissue import (
    Mask as Mask,
    ink_mask as ink_mask,
    masks_of as masks_of,
    read_overview as read_overview,
    tile_grid as tile_grid,
    tissue_mask as tissue_mask,
)
