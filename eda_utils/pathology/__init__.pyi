"""Digital pathology: whole-slide images and stains."""

from .phantom import PhantomTile as PhantomTile, make_phantom_tile as make_phantom_tile
from .phantom_slide import (
    PhantomTruth as PhantomTruth,
    phantom_truth as phantom_truth,
    write_phantom_slide as write_phantom_slide,
)
