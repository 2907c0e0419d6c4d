"""How often a label occurs, with what, in whom, and where its boxes lie."""

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
import pandas as pd

from ..core import NOT_STATED, RequestError, need
from .labels import binary_labels, label_columns

Z = NormalDist().inv_cdf(0.975)
AGE_UNITS = {"D": 365.25, "W": 52.18, "M": 12, "Y": 1}
BAND = 20  # years
MOST_GROUPS, BANDS = 12, 4


def describe_labels(index: pd.DataFrame, labels: Sequence[str] | None = None, *, by: str | None = None) -> pd.DataFrame:
    """Tell how often each label is there, with an interval that counts patients, not images, as independent.

    Parameters
    ----------
    index : DataFrame
        From `join_labels`.
    labels : list of str, optional
        Columns; by default those that `join_labels` took to be labels. A column of classes gives one row a class.
    by : str, optional
        Column of the groups, such as "PatientAge" (in bands of 20 years), "PatientSex", "ViewPosition",
        "Manufacturer"; of other numbers, quarters.

    Returns
    -------
    DataFrame
        ``label``, ``group`` (with `by`), ``files`` whose label is known, ``patients`` (missing where the index has no
        PatientID), ``positives``, ``prevalence``, ``low`` and ``high`` of the interval of 95 %, ``unknown`` files.

    Raises
    ------
    ValueError
        If a column is not there or has too many values to be a label (RequestError).

    References
    ----------
    E. B. Wilson, JASA 22 (1927) 209: the interval. L. Kish, Survey Sampling, 1965: the design effect, by which images
    of one patient count for less than as many patients.

    Examples
    --------
    >>> import pandas as pd
    >>> from eda_utils.cohort import describe_labels
    >>> table = describe_labels(pd.DataFrame({"Mass": [1, 0, 0, 0]}), ["Mass"])
    >>> table[["files", "positives", "prevalence", "low", "high"]].round(2).values.tolist()
    [[4.0, 1.0, 0.25, 0.05, 0.7]]
    """
    truths = binary_labels(index, label_columns(index, labels))
    patients = patient_numbers(index)
    if by is None:
        return _described(truths, patients)
    groups = bands(index, by)
    parts = [_described(truths[is_in], patients[is_in]).assign(group=group) for group, is_in in _masks(groups)]
    table = pd.concat(parts, ignore_index=True) if parts else _described(truths, patients).assign(group="").head(0)
    order = {name: row for row, name in enumerate(truths)}
    table = table.sort_values("label", key=lambda column: column.map(order), kind="stable", ignore_index=True)
    return table[["label", "group", *table.columns.drop(["label", "group"])]]


def _masks(groups):
    names = groups.cat.categories if isinstance(groups.dtype, pd.CategoricalDtype) else groups.value_counts().index
    return [(str(name), (groups == name).to_numpy()) for name in names if (groups == name).any()]


def patient_numbers(index: pd.DataFrame, column: str = "PatientID") -> np.ndarray:
    """Return a number for each patient; a file without one is a patient of its own."""
    stated = index[column] if column in index else pd.Series(np.nan, index.index)
    codes = pd.factorize(stated)[0]
    alone = codes < 0
    return np.where(alone, codes.max(initial=-1) + np.cumsum(alone), codes)


def _described(truths, patients):
    rows = [(name, *_interval(column.to_numpy(), patients)) for name, column in truths.items()]
    columns = ["label", "files", "patients", "positives", "prevalence", "low", "high", "unknown"]
    return pd.DataFrame(rows, columns=columns)


def _interval(truth, patients):
    known = np.isfinite(truth)
    values, groups = truth[known], np.unique(patients[known], return_inverse=True)[1]
    count, positives, people = len(values), int(values.sum()), int(groups.max(initial=-1) + 1)
    if not count:
        return 0, 0, 0, np.nan, np.nan, np.nan, len(truth)
    share = positives / count
    low, high = wilson(share, count / _design_effect(values - share, groups, people))
    return count, people, positives, share, low, high, len(truth) - count


def _design_effect(residuals, groups, people):
    """By how much images of one patient that are alike make the variance larger than that of as many patients."""
    alone = (residuals**2).sum()
    if people < 2 or not alone:
        return len(residuals) / max(people, 1)
    return max(1.0, (np.bincount(groups, residuals) ** 2).sum() / alone)


def wilson(share, count):
    """Return the ends of Wilson's interval of 95 % for a share of `count` independent cases.

    Examples
    --------
    >>> from eda_utils.cohort.prevalence import wilson
    >>> [round(float(end), 3) for end in wilson(0.0, 10)]
    [0.0, 0.278]
    """
    middle = (share + Z**2 / (2 * count)) / (1 + Z**2 / count)
    half = Z / (1 + Z**2 / count) * np.sqrt(share * (1 - share) / count + Z**2 / (4 * count**2))
    return max(0.0, middle - half), min(1.0, middle + half)


def age_years(column):
    """Return ages in years, of "045Y", "018M" and plain numbers.

    References
    ----------
    PS3.5 Table 6.2-1 (AS).

    Examples
    --------
    >>> import pandas as pd
    >>> from eda_utils.cohort.prevalence import age_years
    >>> age_years(pd.Series(["045Y", "018M", "unknown", "61"])).tolist()
    [45.0, 1.5, nan, 61.0]
    """
    if pd.api.types.is_numeric_dtype(column):
        return column.astype("Float64").astype(float)
    found = column.astype("string").str.extract(r"^\s*(\d{1,3})\s*([DWMY]?)\s*$")
    unit = found[1].map(AGE_UNITS).fillna(1)
    return (pd.to_numeric(found[0]).astype(float) / unit.astype(float)).astype(float)


def bands(index, by):
    """Return the groups of a column: ages in bands of 20 years, other numbers in quarters, else its values."""
    need(index, by)
    column = index[by]
    is_date = pd.api.types.is_datetime64_any_dtype(column)
    if "age" in by.casefold().replace("_", " ").split() or by == "PatientAge":
        years = age_years(column)
        edges = [*range(0, 100, BAND), 150]
        names = [f"{low}–{low + BAND - 1} years" for low in edges[:-2]] + [f"{edges[-2]} years and more"]
        return _with_rest(pd.cut(years.where(years < 150), edges, right=False, labels=names))
    numbers = column.dt.year if is_date else column
    if pd.api.types.is_numeric_dtype(numbers) and numbers.nunique() > MOST_GROUPS:
        return _with_rest(pd.qcut(numbers.astype(float), BANDS, duplicates="drop"))
    texts = numbers.astype("string")
    if texts.nunique() > 10 * MOST_GROUPS:
        raise RequestError(by, "has too many different values", "group by a column with fewer")
    return texts.fillna(NOT_STATED)


def _with_rest(groups):
    names = [str(name) for name in groups.cat.categories]
    return groups.cat.rename_categories(names).cat.add_categories(NOT_STATED).fillna(NOT_STATED)


def count_label_pairs(index: pd.DataFrame, labels: Sequence[str] | None = None) -> pd.DataFrame:
    """Count the files that have two labels at once.

    Parameters
    ----------
    index : DataFrame
        From `join_labels`.
    labels : list of str, optional

    Returns
    -------
    DataFrame of int
        (label, label), symmetric; on the diagonal the files that have the label.

    Examples
    --------
    >>> import pandas as pd
    >>> from eda_utils.cohort import count_label_pairs
    >>> count_label_pairs(pd.DataFrame({"Mass": [1, 1, 0], "Nodule": [1, 0, 0]}), ["Mass", "Nodule"]).values.tolist()
    [[2, 1], [1, 1]]
    """
    truths = binary_labels(index, labels).fillna(0)
    table = truths.to_numpy(np.float32)
    return pd.DataFrame((table.T @ table).round().astype(int), truths.columns, truths.columns)
