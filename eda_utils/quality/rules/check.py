"""What a check of quality is made of: the rows concerned, their evidence, and robust outliers."""

import re
from collections.abc import Callable
from string import Formatter
from typing import NamedTuple

import numpy as np
import pandas as pd

SAID = re.compile(r"(.+) \(([^()]+(?:\([^()]*\)[^()]*)*)\)\.", re.DOTALL)
GROUP_SIZE = 20  # images that a median and its deviation need before an image can stand out from them
TO_SIGMA = 0.6745  # the median absolute deviation of a normal distribution, in standard deviations


class Check(NamedTuple):
    """One rule: its function takes images and returns the evidence for those that break it, indexed as they are."""

    function: Callable
    severity: str
    needs: str
    advice: str

    @property
    def code(self):
        """The snake_case name of the rule."""
        return self.function.__name__

    @property
    def said(self):
        """What was found and the clause of the standard, or the paper: the sentence of the function."""
        return SAID.fullmatch(" ".join(self.function.__doc__.split())).groups()

    def find(self, table):
        """Return a finding, as `findings_table` describes it, for each row of a table that breaks the rule."""
        evidence = self.function(table)
        facts = {"kind": self.code, "severity": self.severity, "what": self.said[0], "advice": self.advice}
        return pd.DataFrame({"path": table.loc[evidence.index, "path"], "evidence": evidence, **facts})


def told(images, mask, evidence, **values):
    """Write the evidence for the rows of a mask.

    Parameters
    ----------
    images : DataFrame
    mask : array or Series of bool
        A missing cell is no hit.
    evidence : str
        A template, such as ``"{BitsStored} bits"``, of columns and of `values`.
    **values : array or Series
        Computed, as long as `images`.

    Returns
    -------
    Series of str
        For the rows concerned only.

    Examples
    --------
    >>> import pandas as pd
    >>> from eda_utils.quality.rules.check import told
    >>> images = pd.DataFrame({"BitsStored": [8, 40]})
    >>> told(images, images["BitsStored"] > 32, "{BitsStored} bits").to_dict()
    {1: '40 bits'}
    """
    hits = pd.array(mask, "boolean").fillna(False).to_numpy(bool)
    concerned = images.index[hits]
    names = [name for _, name, _, _ in Formatter().parse(evidence) if name]
    if not names:
        return pd.Series(evidence, concerned)
    columns = [_shown(pd.Series(values[name] if name in values else images[name])[hits]) for name in names]
    rows = list(zip(*columns, strict=True))
    texts = {row: evidence.format(**dict(zip(names, row, strict=True))) for row in set(rows)}
    return pd.Series([texts[row] for row in rows], concerned)


def _shown(column):
    codes, different = pd.factorize(column)
    texts = np.array([*map(_text, different), "none"], object)  # a missing cell has the code -1
    return texts[codes]


def _text(value):
    if isinstance(value, tuple):
        return "\\".join(map(_text, value))
    return value if isinstance(value, str) else f"{value:.4g}" if abs(value) < 10_000 else f"{value:,.0f}"


def cells(column, most):
    """Return the first values of an attribute that has several, as an array.

    Parameters
    ----------
    column : Series of tuple
    most : int

    Returns
    -------
    numpy.ndarray of float
        (row, most); not-a-number where there are fewer values.

    Examples
    --------
    >>> import pandas as pd
    >>> from eda_utils.quality.rules.check import cells
    >>> cells(pd.Series([(0.1, 0.2), None]), 2).tolist()
    [[0.1, 0.2], [nan, nan]]
    """
    codes, different = pd.factorize(column)
    table = np.full((len(different) + 1, most), np.nan)
    for row, values in zip(table, different, strict=False):
        values = values[:most] if isinstance(values, tuple) else (values,)
        row[: len(values)] = values
    return table[codes]


def look_up(column, meanings):
    """Return what a dict says about each cell, not-a-number where it says nothing."""
    return column.astype(object).map(meanings).astype(float)


def number(column):
    """Return numbers as float, not-a-number where they are missing."""
    return column.astype("Float64").to_numpy(float, na_value=np.nan)


def robust_scores(values: pd.Series, groups: pd.DataFrame) -> pd.Series:
    """Say how far each value is from the median of its group, in robust standard deviations.

    Parameters
    ----------
    values : Series of float
    groups : DataFrame
        As long as `values`: rows that are equal in all columns are one group, missing cells included.

    Returns
    -------
    Series of float
        Not-a-number where the group has fewer than 20 values, or half of them are equal.

    References
    ----------
    B. Iglewicz, D. C. Hoaglin, How to Detect and Handle Outliers, ASQC 1993: the modified z-score.

    Examples
    --------
    >>> import pandas as pd
    >>> from eda_utils.quality.rules.check import robust_scores
    >>> values = pd.Series([*range(20), 200.0])
    >>> robust_scores(values, pd.DataFrame({"Modality": ["CT"] * 21})).round(1).iloc[[10, 20]].tolist()
    [0.0, 25.6]
    """
    numbers = groups.groupby(list(groups), dropna=False, observed=True, sort=False).ngroup()
    grouped = values.groupby(numbers)
    distance = values - grouped.transform("median")
    spread = distance.abs().groupby(numbers).transform("median")
    is_judged = (grouped.transform("count") >= GROUP_SIZE) & (spread > 0)
    return (TO_SIGMA * distance / spread).where(is_judged)
