"""Digital pathology: whole-slide images and stains."""

from .phantom import PhantomTile, make_phantom_tile
from .slide import Slide, open_slide
from .stains import separate_stains
from .table import slide_table

__all__ = ["PhantomTile", "Slide", "make_phantom_tile", "open_slide", "separate_stains", "slide_table"]
