"""Digital pathology: whole-slide images and stains."""

from .dicom_wsi import write_dicom_slide
from .nuclei import count_nuclei
from .phantom import PhantomTile, make_phantom_tile
from .phantom_slide import PhantomTruth, phantom_truth, write_phantom_slide
from .slide import Slide, open_slide
from .slide_checks import flag_slides
from .slide_qc import focus_map
from .stain_estimation import estimate_stains, normalize_stains
from .stains import estimate_background, optical_density, recombine_stains, separate_stains
from .table import slide_table
from .tiles import byte_map
from .tissue import Mask, ink_mask, tile_grid, tissue_mask

__all__ = [
    "Mask",
    "PhantomTile",
    "PhantomTruth",
    "Slide",
    "byte_map",
    "count_nuclei",
    "estimate_background",
    "estimate_stains",
    "flag_slides",
    "focus_map",
    "ink_mask",
    "make_phantom_tile",
    "normalize_stains",
    "open_slide",
    "optical_density",
    "phantom_truth",
    "recombine_stains",
    "separate_stains",
    "slide_table",
    "tile_grid",
    "tissue_mask",
    "write_dicom_slide",
    "write_phantom_slide",
]
