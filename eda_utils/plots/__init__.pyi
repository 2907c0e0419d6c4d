"""The face of plots."""

from .cohort import plot_label_pairs as plot_label_pairs, plot_prevalence as plot_prevalence, plot_split as plot_split
from .comparison import (
    plot_contributions as plot_contributions,
    plot_drift as plot_drift,
    plot_scores as plot_scores,
    plot_shortcuts as plot_shortcuts,
)
from .display import show_naive_and_right as show_naive_and_right, show_pipeline as show_pipeline
from .figures import figure_html as figure_html
from .findings import show_duplicates as show_duplicates, show_findings as show_findings
from .images import show_image as show_image, show_montage as show_montage, show_stains as show_stains
from .privacy import show_burned_in as show_burned_in
from .services import plot_association as plot_association
from .slides import plot_slide_stains as plot_slide_stains, show_slides as show_slides
from .stains import plot_stain_vectors as plot_stain_vectors, show_nuclei as show_nuclei
from .tables import (
    plot_completeness as plot_completeness,
    plot_counts as plot_counts,
    plot_distributions as plot_distributions,
    plot_geometry as plot_geometry,
    plot_histogram as plot_histogram,
)
