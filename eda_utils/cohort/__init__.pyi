"""From images to a data set for training: labels, splits, shortcuts, drift and the hand-over."""

from .arrays import save_arrays as save_arrays
from .card import dataset_card as dataset_card
from .datasets import (
    ImageDataset as ImageDataset,
    Scale as Scale,
    TileDataset as TileDataset,
    collate_items as collate_items,
    fit_scale as fit_scale,
)
from .drift import (
    LEAST_DRIFT as LEAST_DRIFT,
    compare_datasets as compare_datasets,
    flag_drift as flag_drift,
    list_values as list_values,
)
from .label_files import read_labels as read_labels
from .labels import join_labels as join_labels, list_unmatched as list_unmatched
from .prevalence import (
    count_label_pairs as count_label_pairs,
    describe_labels as describe_labels,
    patient_numbers as patient_numbers,
)
from .scores import auc_interval as auc_interval
from .shortcuts import flag_shortcuts as flag_shortcuts, scan_shortcuts as scan_shortcuts
from .splits import (
    balance_parts as balance_parts,
    check_split as check_split,
    find_leaks as find_leaks,
    split_patients as split_patients,
    write_split as write_split,
)
