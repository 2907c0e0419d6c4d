"""Digital pathology: whole-slide images and stains."""

from .slide import Slide, open_slide
from .stains import separate_stains
from .table import slide_table

__all__ = ["Slide", "open_slide", "separate_stains", "slide_table"]
