"""Digital pathology: whole-slide images and stains."""

from .dicom_wsi import write_dicom_slide
from .slide import Slide, open_slide
from .stains import separate_stains
from .table import slide_table
from .tiles import byte_map

__all__ = ["Slide", "byte_map", "open_slide", "separate_stains", "slide_table", "write_dicom_slide"]
