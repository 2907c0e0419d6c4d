"""Exploratory data analysis of 2D medical images."""

from . import (
    cohort as cohort,
    core as core,
    dicom as dicom,
    image as image,
    index as index,
    pathology as pathology,
    plots as plots,
    privacy as privacy,
    quality as quality,
    samples as samples,
    services as services,
    slides as slides,
    viewer as viewer,
)
from .cohort import (
    ImageDataset as ImageDataset,
    Scale as Scale,
    TileDataset as TileDataset,
    auc_interval as auc_interval,
    balance_parts as balance_parts,
    collate_items as collate_items,
    compare_datasets as compare_datasets,
    count_label_pairs as count_label_pairs,
    dataset_card as dataset_card,
    describe_labels as describe_labels,
    find_leaks as find_leaks,
    fit_scale as fit_scale,
    flag_drift as flag_drift,
    flag_shortcuts as flag_shortcuts,
    join_labels as join_labels,
    list_unmatched as list_unmatched,
    list_values as list_values,
    prove_split as prove_split,
    save_arrays as save_arrays,
    scan_shortcuts as scan_shortcuts,
    split_patients as split_patients,
    write_split as write_split,
)
from .cohort_pages import render_comparison as render_comparison, write_card as write_card
from .core import EDAError as EDAError, find_files as find_files, summarize_findings as summarize_findings
from .dicom import (
    compare_headers as compare_headers,
    header_table as header_table,
    is_phi as is_phi,
    redact_table as redact_table,
    sniff as sniff,
)
from .doctor import check_decoders as check_decoders
from .image import (
    Image as Image,
    audit_display as audit_display,
    explain_display as explain_display,
    load_image as load_image,
    to_display as to_display,
)
from .index import (
    SeriesTree as SeriesTree,
    count_files as count_files,
    headlines as headlines,
    index_folder as index_folder,
    list_problems as list_problems,
    pick_file as pick_file,
    read_index as read_index,
    sample_images as sample_images,
    series_tree as series_tree,
    summarize_completeness as summarize_completeness,
    summarize_folder as summarize_folder,
    summarize_private as summarize_private,
    summarize_series as summarize_series,
    summarize_tags as summarize_tags,
    write_index as write_index,
)
from .notebook import strip_notebook as strip_notebook
from .plots import (
    plot_completeness as plot_completeness,
    plot_contributions as plot_contributions,
    plot_counts as plot_counts,
    plot_distributions as plot_distributions,
    plot_drift as plot_drift,
    plot_geometry as plot_geometry,
    plot_histogram as plot_histogram,
    plot_label_pairs as plot_label_pairs,
    plot_prevalence as plot_prevalence,
    plot_scores as plot_scores,
    plot_shortcuts as plot_shortcuts,
    plot_slide_stains as plot_slide_stains,
    plot_split as plot_split,
    plot_stain_vectors as plot_stain_vectors,
    show_burned_in as show_burned_in,
    show_duplicates as show_duplicates,
    show_findings as show_findings,
    show_image as show_image,
    show_montage as show_montage,
    show_naive_and_right as show_naive_and_right,
    show_nuclei as show_nuclei,
    show_pipeline as show_pipeline,
    show_slides as show_slides,
    show_stains as show_stains,
)
from .privacy import (
    audit_phi as audit_phi,
    deidentify as deidentify,
    find_burned_in as find_burned_in,
    risk_card as risk_card,
    text_boxes as text_boxes,
)
from .quality import (
    audit_uids as audit_uids,
    duplicate_groups as duplicate_groups,
    find_duplicates as find_duplicates,
    flag_issues as flag_issues,
    flag_slides as flag_slides,
    list_checks as list_checks,
    measure_images as measure_images,
    slide_table as slide_table,
)
from .report import (
    render_notebook as render_notebook,
    render_notebooks as render_notebooks,
    render_report as render_report,
)
from .requirements import check_environment as check_environment
from .samples import (
    PhantomTile as PhantomTile,
    PhantomTruth as PhantomTruth,
    make_phantom_tile as make_phantom_tile,
    make_samples as make_samples,
    phantom_truth as phantom_truth,
    write_phantom_cohort as write_phantom_cohort,
    write_phantom_slide as write_phantom_slide,
)
from .slides import (
    Mask as Mask,
    Slide as Slide,
    byte_map as byte_map,
    count_nuclei as count_nuclei,
    estimate_background as estimate_background,
    estimate_stains as estimate_stains,
    focus_map as focus_map,
    ink_mask as ink_mask,
    normalize_stains as normalize_stains,
    open_slide as open_slide,
    optical_density as optical_density,
    recombine_stains as recombine_stains,
    separate_stains as separate_stains,
    tile_grid as tile_grid,
    tissue_mask as tissue_mask,
)
from .teaching import check as check
from .viewer import (
    Gallery as Gallery,
    explore as explore,
    image_gallery as image_gallery,
    view_image as view_image,
    view_slide as view_slide,
    viewer_html as viewer_html,
    viewer_script as viewer_script,
)
