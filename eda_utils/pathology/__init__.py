"""Digital pathology: whole-slide images and stains."""

from .phantom import PhantomTile, make_phantom_tile
from .phantom_slide import PhantomTruth, phantom_truth, write_phantom_slide
from .slide import Slide, open_slide
from .stains import separate_stains
from .table import slide_table

__all__ = [
    "PhantomTile",
    "PhantomTruth",
    "Slide",
    "make_phantom_tile",
    "open_slide",
    "phantom_truth",
    "separate_stains",
    "slide_table",
    "write_phantom_slide",
]
