"""Figures: pixels and tables in, Axes out."""

from .cohort import label_pairs as label_pairs, prevalence as prevalence, split as split
from .comparison import contributions as contributions, drift as drift, scores as scores, shortcuts as shortcuts
from .display import show_naive_and_right as show_naive_and_right, show_pipeline as show_pipeline
from .figures import describe as describe, figure_html as figure_html
from .findings import show_duplicates as show_duplicates, show_findings as show_findings
from .images import show_image as show_image, show_montage as show_montage, show_stains as show_stains
from .privacy import show_burned_in as show_burned_in
from .services import association as association
from .slides import show_slides as show_slides, slide_stains as slide_stains
from .stains import show_nuclei as show_nuclei, stain_vectors as stain_vectors
from .tables import (
    completeness as completeness,
    distributions as distributions,
    geometry as geometry,
    plot_counts as plot_counts,
    plot_histogram as plot_histogram,
)
