"""Digital pathology: whole-slide images and stains."""

from .dicom_wsi import write_dicom_slide
from .phantom import PhantomTile, make_phantom_tile
from .phantom_slide import PhantomTruth, phantom_truth, write_phantom_slide
from .slide import Slide, open_slide
from .stains import separate_stains
from .table import slide_table
from .tiles import byte_map

__all__ = [
    "PhantomTile",
    "PhantomTruth",
    "Slide",
    "byte_map",
    "make_phantom_tile",
    "open_slide",
    "phantom_truth",
    "separate_stains",
    "slide_table",
    "write_dicom_slide",
    "write_phantom_slide",
]
