"""Header fields and pixel statistics as numbers: the columns in which two groups of images can differ."""

import numpy as np
import pandas as pd

from ..core import NOT_STATED
from ..dicom import is_phi
from ..quality import SCHEMA
from .prevalence import age_years

NO_FIELDS = (  # numbers of this very file, or our own columns
    *("path", "problem", "warning", "boxes", "part", "split_group", "SOPInstanceUID", "StudyInstanceUID", "row"),
    *("SeriesInstanceUID", "FrameOfReferenceUID", "PatientID", "PatientName", "PatientBirthDate", "AccessionNumber"),
    *("exact_hash", "perceptual_hash", "frames_measured", "unit"),
)
BINS, FEW_VALUES, MOST_CLASSES, LEAST_FILES = 10, 8, 30, 5
REST = "other values"


def collect_fields(index, stats=None, leave_out=()):
    """Return the fields of images that a model could use by mistake, each as a class or a number.

    Parameters
    ----------
    index : DataFrame
        From `index_folder`.
    stats : DataFrame, optional
        From `measure_images`.
    leave_out : iterable of str
        Such as the labels.

    Returns
    -------
    DataFrame
        As many rows as the index: numbers as float, all else as text. Dates are years with a fraction, times of day
        hours. Identifiers are left out, and text that differs in nearly every file.

    Examples
    --------
    >>> import pandas as pd
    >>> from eda_utils.cohort.fields import collect_fields
    >>> index = pd.DataFrame({"path": list("ab"), "KVP": [60, 70], "StudyTime": ["0930", "1800"]})
    >>> collect_fields(index).to_dict("list")
    {'KVP': [60.0, 70.0], 'StudyTime': [9.5, 18.0]}
    """
    table = index
    if stats is not None:
        wanted = [name for name in SCHEMA.names if name in stats and name not in (*NO_FIELDS, *index)]
        measured = stats.drop_duplicates("path").set_index("path")[wanted].reindex(index["path"])
        table = pd.concat([index, measured.set_axis(index.index)], axis=1)
    leave_out = {*NO_FIELDS, *leave_out}
    fields = {str(name): _field(str(name), table[name]) for name in table if name not in leave_out}
    return pd.DataFrame({name: field for name, field in fields.items() if field is not None}, index.index)


def _field(name, column):
    if column.notna().sum() == 0:
        return None
    if pd.api.types.is_datetime64_any_dtype(column):
        return column.dt.year + (column.dt.day_of_year - 1) / 366
    if name.endswith("Time") and pd.api.types.is_string_dtype(column.dtype):
        hours = pd.to_numeric(column.str[:2], errors="coerce") + pd.to_numeric(column.str[2:4], errors="coerce") / 60
        return hours.astype(float)
    if name.endswith("Age") and not pd.api.types.is_numeric_dtype(column):
        return age_years(column)
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        return column.astype("Float64").to_numpy(float, na_value=np.nan)
    return _text(column)


def _text(column):
    texts = column.map(_cell, na_action="ignore").astype("string")
    counts = texts.value_counts()
    if (counts > 1).sum() == 0 or counts[counts == 1].sum() > len(column) / 2:
        return None if texts.notna().all() else texts.notna().map({True: "stated", False: NOT_STATED}).astype("string")
    return texts.fillna(NOT_STATED)


def _cell(value):
    return "\\".join(map(str, value)) if isinstance(value, tuple | list) else str(value)


def is_number_field(field):
    """Tell whether a field is compared by its order, and not by its classes."""
    return pd.api.types.is_numeric_dtype(field.dtype) and field.nunique() > FEW_VALUES


def to_classes(field, reference=None):
    """Return the classes of a field: numbers in tenths of the reference, rare values together.

    Parameters
    ----------
    field : Series
    reference : Series, optional
        Whose tenths are taken; by default its own.

    Returns
    -------
    Series of str
        Missing cells are the class "not stated".
    """
    reference = field if reference is None else reference
    if is_number_field(reference):
        inner = np.unique(np.nanquantile(reference.to_numpy(float), np.linspace(0, 1, BINS + 1)[1:-1]))
        codes = np.searchsorted(inner, field.to_numpy(float), side="right")
        return pd.Series(codes, field.index).astype("string").where(field.notna(), NOT_STATED)
    texts = field.map("{:g}".format, na_action="ignore") if pd.api.types.is_numeric_dtype(field.dtype) else field
    texts = texts.astype("string").fillna(NOT_STATED)
    counts = texts.value_counts()
    frequent = counts.index[counts >= LEAST_FILES][: MOST_CLASSES - 1]
    return texts.where(texts.isin(frequent) | (texts == NOT_STATED), REST)


def name_value(name, value):
    """Return a value to be shown, unless it can identify a person."""
    return "one value" if is_phi(name) else f"“{value}”"
