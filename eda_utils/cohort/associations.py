"""How strongly fields follow a group of images: by permutation of patients, and by a model of the header alone."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from ..core import need_extra
from .fields import is_number_field, to_classes
from .prevalence import patient_numbers
from .scores import auc_interval

PERMUTATIONS = 999
AT_ONCE = 64
MOST_UNITS = 20_000  # patients; more say nothing new, and take time
FOLDS, LEAST_PATIENTS = 5, 10


class Design(NamedTuple):
    """Fields as the columns of one matrix: of which field each is, and how many degrees of freedom its test has."""

    matrix: np.ndarray
    tests: list


def choose_units(index, truth, seed=0):
    """Return one file per patient, by chance, whose truth is known: only patients are independent of each other.

    Parameters
    ----------
    index : DataFrame
        Without PatientID every file is a patient.
    truth : numpy.ndarray of float
    seed : int

    Returns
    -------
    numpy.ndarray of int
        Rows, in order.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from eda_utils.cohort.associations import choose_units
    >>> len(choose_units(pd.DataFrame({"PatientID": ["a", "a", "b"]}), np.array([1.0, 0.0, 1.0])))
    2
    """
    rng = np.random.default_rng(seed)
    rows = rng.permutation(np.flatnonzero(np.isfinite(truth)))
    first = np.unique(patient_numbers(index)[rows], return_index=True)[1]
    chosen = rows[first]
    return np.sort(chosen if len(chosen) <= MOST_UNITS else rng.choice(chosen, MOST_UNITS, replace=False))


def design_of(fields):
    """Return fields as columns of 0 and 1 for classes and tenths, and of centred ranks for numbers.

    Parameters
    ----------
    fields : DataFrame
        From `collect_fields`.

    Returns
    -------
    Design
    """
    columns, tests, start = [], [], 0
    for name, field in fields.items():
        codes, classes = pd.factorize(to_classes(field))
        if len(classes) < 2:
            continue
        table = np.eye(len(classes), dtype=np.float32)[codes]
        columns.append(table)
        tests.append((name, "classes", slice(start, start + len(classes)), len(classes) - 1))
        start += len(classes)
        # A number can follow the truth by its size or by single values, as a version does: both are asked, the better
        # one counts; permutations make the same choice, so that it costs nothing
        if is_number_field(field):
            ranks = field.rank(pct=True) - field.rank(pct=True).mean()
            columns.append(ranks.fillna(0).to_numpy(np.float32)[:, None])
            tests.append((name, "order", slice(start, start + 1), 1))
            start += 1
    matrix = np.hstack(columns) if columns else np.zeros((len(fields), 0), np.float32)
    return Design(matrix, tests)


def field_scores(design, truths):
    """Return how far each field follows each of several truths, in standard deviations of a normal distribution.

    Parameters
    ----------
    design : Design
    truths : numpy.ndarray of float
        (truth, row) of 0 and 1.

    Returns
    -------
    DataFrame of float
        (field, truth).

    References
    ----------
    E. B. Wilson, M. M. Hilferty, PNAS 17 (1931) 684: chi-squared to normal.
    """
    count, positives = design.matrix.shape[0], truths.sum(axis=1)
    sums = truths.astype(np.float32) @ design.matrix
    totals, squares = design.matrix.sum(axis=0, dtype=float), (design.matrix**2).sum(axis=0, dtype=float)
    share = positives / count
    expected = share[:, None] * totals
    # the variance of a sum without replacement: a permutation shuffles the truth, it does not draw a new one
    scale = (share * (1 - share))[:, None] * count / max(count - 1, 1)
    scores = {}
    for name, kind, columns, freedom in design.tests:
        spread = squares[columns] - totals[columns] ** 2 / count if kind == "order" else totals[columns]
        with np.errstate(divide="ignore", invalid="ignore"):
            terms = (sums[:, columns] - expected[:, columns]) ** 2 / (spread * scale)
        chi2 = np.nan_to_num(terms, posinf=0).sum(axis=1)
        # chi-squared of 2 classes and of 50 have no scale in common, and the best of all fields is what max-T needs
        cut = 2 / (9 * freedom)
        score = ((chi2 / freedom) ** (1 / 3) - 1 + cut) / np.sqrt(cut)
        scores[name] = np.maximum(scores.get(name, -np.inf), score)
    return pd.DataFrame(list(scores.values()), index=list(scores), columns=range(len(truths)))


def permutation_test(design, truth, seed=0):
    """Test every field against a truth, corrected for their number.

    Parameters
    ----------
    design : Design
        One row a patient.
    truth : numpy.ndarray of float
        0 or 1.
    seed : int

    Returns
    -------
    DataFrame
        Indexed by field: ``score``, ``p`` and ``p_adjusted``: the share of 999 permutations in which the field, or the
        best of all fields, has a score as high.

    References
    ----------
    P. H. Westfall, S. S. Young, Resampling-Based Multiple Testing, 1993: max-T, step-down.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from eda_utils.cohort.associations import design_of, permutation_test
    >>> fields = pd.DataFrame({"marker": ["L"] * 20 + ["R"] * 20, "noise": ["x", "y"] * 20})
    >>> permutation_test(design_of(fields), np.repeat([0.0, 1.0], 20))["p_adjusted"].tolist()
    [0.001, 1.0]
    """
    # Fields copy one another (a device, its software, its site): to shuffle the truth keeps what they share, where
    # Bonferroni's correction would count it many times and find less
    rng = np.random.default_rng(seed)
    score = field_scores(design, truth[None])[0]
    order = score.sort_values(ascending=False).index
    as_high, best_as_high = np.zeros(len(order)), np.zeros(len(order))
    for start in range(0, PERMUTATIONS, AT_ONCE):
        count = min(AT_ONCE, PERMUTATIONS - start)
        permuted = field_scores(design, np.array([rng.permutation(truth) for _ in range(count)]))
        table = permuted.loc[order].to_numpy() + 1e-6  # equal scores differ in the last digits
        observed = score[order].to_numpy()[:, None]
        as_high += (table >= observed).sum(axis=1)
        best = np.maximum.accumulate(table[::-1], axis=0)[::-1]  # of the field and those that follow less
        best_as_high += (best >= observed).sum(axis=1)
    # what was observed is one of the permutations too: p is never 0 (Phipson, Smyth 2010)
    p = (1 + as_high) / (1 + PERMUTATIONS)
    adjusted = np.maximum.accumulate((1 + best_as_high) / (1 + PERMUTATIONS))
    return pd.DataFrame({"score": score[order], "p": p, "p_adjusted": adjusted}, index=order).reindex(score.index)


def cramers_v(truth, classes):
    """Return Cramér's V, corrected for its bias.

    References
    ----------
    W. Bergsma, J. Korean Stat. Soc. 42 (2013) 323.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from eda_utils.cohort.associations import cramers_v
    >>> round(cramers_v(np.repeat([0, 1], 50), pd.Series(["a"] * 50 + ["b"] * 50)), 2)
    1.0
    """
    table = pd.crosstab(truth, classes.to_numpy()).to_numpy(float)
    count, (rows, columns) = table.sum(), table.shape
    if rows < 2 or columns < 2:
        return 0.0
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / count
    phi = max(0, ((table - expected) ** 2 / expected).sum() / count - (rows - 1) * (columns - 1) / (count - 1))
    rows, columns = rows - (rows - 1) ** 2 / (count - 1), columns - (columns - 1) ** 2 / (count - 1)
    return float(np.sqrt(phi / max(min(rows - 1, columns - 1), 1e-9)))


def header_auc(design, truth, seed=0):
    """Fit a model that sees no pixel, only the fields, and tell how well it does on patients that it has not seen.

    Parameters
    ----------
    design : Design
        One row a patient.
    truth : numpy.ndarray of float
    seed : int

    Returns
    -------
    tuple of float
        Area under the ROC curve of a regularised logistic regression in five folds, and the ends of its bootstrap
        interval of 95 %; not-a-number for fewer than 10 patients of either kind.
    """
    least = int(min(truth.sum(), len(truth) - truth.sum()))
    if least < LEAST_PATIENTS or not design.matrix.shape[1]:
        return np.nan, np.nan, np.nan
    need_extra("cohort")
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold

    scores = np.empty(len(truth))
    spread = design.matrix.std(axis=0)
    matrix = (design.matrix - design.matrix.mean(axis=0)) / np.where(spread > 0, spread, 1)
    for seen, unseen in StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(matrix, truth):
        # strongly regularised: hundreds of columns for some dozens of patients would else be learnt by heart
        model = LogisticRegression(C=0.02, solver="newton-cholesky").fit(matrix[seen], truth[seen])
        # ranks, because the models of five folds have no scale in common
        scores[unseen] = pd.Series(model.decision_function(matrix[unseen])).rank(pct=True)
    return auc_interval(truth, scores, seed=seed)
