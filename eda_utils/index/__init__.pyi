"""A folder as a table: the index, its cache, summaries, series and headlines."""

from .folder import INDEX_TAGS as INDEX_TAGS, index_folder as index_folder, pick_file as pick_file
from .schema import join as join, to_frame as to_frame
from .sentences import Sentences as Sentences, headlines as headlines
from .storage import (
    check_cache_name as check_cache_name,
    check_index_name as check_index_name,
    read_index as read_index,
    refresh as refresh,
    write_index as write_index,
)
from .summary import (
    count_files as count_files,
    is_image as is_image,
    is_slide as is_slide,
    list_problems as list_problems,
    relative_paths as relative_paths,
    sample_images as sample_images,
    study_years as study_years,
    summarize_folder as summarize_folder,
    summarize_series as summarize_series,
    write_tables as write_tables,
)
from .tags import (
    summarize_completeness as summarize_completeness,
    summarize_private as summarize_private,
    summarize_tags as summarize_tags,
)
from .tree import SeriesTree as SeriesTree, series_tree as series_tree
