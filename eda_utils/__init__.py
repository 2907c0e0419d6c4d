"""Exploratory data analysis of 2D medical images.

Every public name is importable from here and is loaded when it is first used (PEP 562), so that importing the package
costs little more than pydicom does.
"""

from .lazy import load_lazily
from .pathology import __all__ as _OF_SLIDES

__version__ = "0.1.0"

_HOME = {
    "files": ["find_files"],
    "kinds": ["sniff"],
    "confidentiality": ["is_phi", "redact_table"],
    "image": ["Image", "load_image"],
    "display": ["to_display"],
    "headers": ["compare_headers", "header_table"],
    "index": ["index_folder", "pick_file"],
    "index_file": ["read_index", "write_index"],
    "explorer": ["summarize_completeness", "summarize_private", "summarize_tags"],
    "uids": ["audit_uids"],
    "privacy": ["audit_phi"],
    "risk": ["risk_card"],
    "burned_in": ["find_burned_in"],
    "lettering": ["text_boxes"],
    "deidentification": ["deidentify"],
    "explain": ["explain_display"],
    "naive": ["audit_display"],
    "stats": ["measure_images"],
    "quality": ["flag_issues", "list_checks"],
    "duplicates": ["duplicate_groups", "find_duplicates"],
    "findings": ["summarize_findings"],
    "labels": ["join_labels", "list_unmatched"],
    "prevalence": ["count_label_pairs", "describe_labels"],
    "splits": ["balance_parts", "find_leaks", "prove_split", "split_patients", "write_split"],
    "shortcuts": ["flag_shortcuts", "scan_shortcuts"],
    "drift": ["compare_datasets", "flag_drift", "list_values"],
    "scores": ["auc_interval"],
    "phantom_cohort": ["write_phantom_cohort"],
    "cards": ["dataset_card"],
    "cohort_pages": ["render_comparison", "write_card"],
    "cohort_figures": ["plot_label_pairs", "plot_prevalence", "plot_split"],
    "drift_figures": ["plot_contributions", "plot_drift", "plot_scores", "plot_shortcuts"],
    "handoff": ["ImageDataset", "Scale", "TileDataset", "collate_items", "fit_scale"],
    "array_files": ["save_arrays"],
    "quality_figures": ["show_duplicates", "show_findings"],
    "viewer": ["view_image"],
    "viewer_page": ["viewer_html", "viewer_script"],
    "slide_viewer": ["view_slide"],
    "privacy_figures": ["show_burned_in"],
    "pipeline_figures": ["show_naive_and_right", "show_pipeline"],
    "tree": ["SeriesTree", "series_tree"],
    "sentences": ["headlines"],
    "summary": ["count_files", "list_problems", "sample_images", "summarize_folder", "summarize_series"],
    "pictures": ["show_image", "show_montage", "show_stains"],
    "slide_figures": ["plot_slide_stains", "show_slides"],
    "stain_figures": ["plot_stain_vectors", "show_nuclei"],
    "plots": ["plot_completeness", "plot_counts", "plot_distributions", "plot_geometry", "plot_histogram"],
    "pathology": _OF_SLIDES,
    "services": [],
    "notebook": ["strip_notebook"],
    "gallery": ["Gallery", "image_gallery"],
    "panel": ["explore"],
    "report": ["render_notebook", "render_notebooks", "render_report"],
    "doctor": ["check_decoders"],
    "requirements": ["check_environment"],
    "samples": ["make_samples"],
    "teaching": ["check"],
    "errors": ["EDAError"],
}
__getattr__, __dir__, __all__ = load_lazily(__name__, _HOME)
