"""Exploratory data analysis of 2D medical images."""

from . import (
    cohort as cohort,
    dicom as dicom,
    image as image,
    index as index,
    plots as plots,
    privacy as privacy,
    quality as quality,
    report as report,
    samples as samples,
    services as services,
    slides as slides,
    viewer as viewer,
)
from .core import EDAError as EDAError, summarize_findings as summarize_findings
from .dicom import compare_headers as compare_headers, header_table as header_table
from .image import explain_display as explain_display, load_image as load_image, to_display as to_display
from .index import (
    count_files as count_files,
    headlines as headlines,
    index_folder as index_folder,
    pick_file as pick_file,
    read_index as read_index,
    summarize_folder as summarize_folder,
    summarize_series as summarize_series,
    write_index as write_index,
)
from .plots import (
    plot_counts as plot_counts,
    plot_histogram as plot_histogram,
    show_image as show_image,
    show_montage as show_montage,
)
from .quality import flag_issues as flag_issues, measure_images as measure_images
from .report import check as check, render_report as render_report
from .samples import make_samples as make_samples
from .slides import open_slide as open_slide
from .viewer import explore as explore, view_image as view_image, view_slide as view_slide

__version__: str
