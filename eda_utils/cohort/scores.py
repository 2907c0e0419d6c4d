"""How well a model does: scores with intervals that count patients."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ..core import RequestError, need_extra

RESAMPLES = 500


def auc_interval(
    truth: ArrayLike, scores: ArrayLike, patients: ArrayLike | None = None, *, seed: int = 0
) -> tuple[float, float, float]:
    """Tell how well scores tell yes from no, with an interval that counts patients, not images, as independent.

    Parameters
    ----------
    truth : array_like
        (image,) of 0 and 1.
    scores : array_like of float
        (image,), higher for 1.
    patients : array_like, optional
        (image,), or what else keeps images together; by default each image is a patient.
    seed : int
        Of 500 resamples of patients.

    Returns
    -------
    tuple of float
        The area under the ROC curve, 0.5 is chance, and the ends of its interval of 95 %.

    Raises
    ------
    ValueError
        If they differ in length, or the truth has not both classes (RequestError).

    References
    ----------
    C. A. Field, A. H. Welsh, J. R. Stat. Soc. B 69 (2007) 369: the bootstrap of clusters.

    Examples
    --------
    >>> from eda_utils.cohort import auc_interval
    >>> auc_interval([0, 0, 1, 1] * 10, [1, 2, 3, 4] * 10)
    (1.0, 1.0, 1.0)
    """
    truth, scores = np.asarray(truth, float), np.asarray(scores, float)
    groups = np.arange(len(truth)) if patients is None else pd.factorize(np.asarray(patients))[0]
    if not len(truth) == len(scores) == len(groups) or set(truth) != {0.0, 1.0}:
        raise RequestError("auc_interval", "needs one score for each 0 or 1, and both", "give arrays of one length")
    rng, order = np.random.default_rng(seed), np.argsort(groups, kind="stable")
    members = np.split(order, np.cumsum(np.bincount(groups))[:-1])
    draws = (rng.integers(0, len(members), len(members)) for _ in range(RESAMPLES))
    chosen = (np.concatenate([members[number] for number in draw]) for draw in draws)
    # a draw without one of the two kinds has no area, and is left out
    low, high = np.nanquantile([rank_auc(truth[rows], scores[rows]) for rows in chosen], [0.025, 0.975])
    return float(rank_auc(truth, scores)), float(low), float(high)


def rank_auc(truth, values):
    """Return how well values tell 1 from 0: 0.5 is chance; ties count half.

    Examples
    --------
    >>> import numpy as np
    >>> from eda_utils.cohort.scores import rank_auc
    >>> rank_auc(np.array([0, 0, 1, 1]), np.array([1, 2, 2, 3]))
    0.875
    """
    need_extra("cohort")
    from scipy.stats import rankdata

    known = np.isfinite(values)
    truth, ranks = truth[known], rankdata(values[known])
    positives = truth.sum()
    negatives = len(truth) - positives
    if not positives or not negatives:
        return float("nan")
    return float((ranks[truth == 1].sum() - positives * (positives + 1) / 2) / positives / negatives)
