"""Digital pathology: whole-slide images and stains."""

from .nuclei import count_nuclei as count_nuclei
from .phantom import PhantomTile as PhantomTile, make_phantom_tile as make_phantom_tile
from .phantom_slide import (
    PhantomTruth as PhantomTruth,
    phantom_truth as phantom_truth,
    write_phantom_slide as write_phantom_slide,
)
from .slide import Slide as Slide, open_slide as open_slide
from .slide_checks import flag_slides as flag_slides
from .slide_qc import focus_map as focus_map
from .stain_estimation import estimate_stains as estimate_stains, normalize_stains as normalize_stains
from .stains import (
    estimate_background as estimate_background,
    optical_density as optical_density,
    recombine_stains as recombine_stains,
    separate_stains as separate_stains,
)
from .table import slide_table as slide_table
from .tiles import byte_map as byte_map
from .tissue import Mask as Mask, ink_mask as ink_mask, tile_grid as tile_grid, tissue_mask as tissue_mask
