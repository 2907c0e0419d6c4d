"""Images to practise on: real ones out of packages, and drawn ones whose truth is known."""

from .cohort import write_phantom_cohort as write_phantom_cohort
from .fetch import make_samples as make_samples
from .slide import (
    PhantomTruth as PhantomTruth,
    phantom_truth as phantom_truth,
    write_phantom_slide as write_phantom_slide,
)
from .tile import PhantomTile as PhantomTile, make_phantom_tile as make_phantom_tile
