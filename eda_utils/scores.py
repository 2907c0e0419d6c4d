"""How well a model does: scores with intervals that count patients, and what in a picture makes them."""

import numpy as np
import pandas as pd

from .associations import rank_auc
from .errors import RequestError
from .figures import describe, draw_rows, finish_rows, house_style, row_axes
from .style import ACCENT, COMPUTED_CMAP, MUTED, PALETTE

RESAMPLES = 500
CHANCE, SMALL_AREA = 0.5, 0.02


def auc_interval(truth, scores, patients=None, *, seed=0):
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
    >>> from eda_utils.scores import auc_interval
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
    low, high = np.nanquantile([rank_auc(truth[rows], scores[rows]) for rows in chosen], [0.025, 0.975])
    return float(rank_auc(truth, scores)), float(low), float(high)


def plot_scores(scores, *, ax=None):
    """Plot areas under the ROC curve with their intervals, beside chance.

    Parameters
    ----------
    scores : dict of str to tuple
        From `auc_interval`, by what was scored.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> from eda_utils.scores import plot_scores
    >>> plot_scores({"images": (0.9, 0.8, 1.0), "patients": (0.6, 0.45, 0.7)}).get_title(loc="left")
    'AUC from 0.90 (images) to 0.60 (patients)'
    """
    table = pd.DataFrame(scores, index=["auc", "low", "high"]).T
    with house_style():
        ax = ax or row_axes(len(table))
        y, color = np.arange(len(table)), np.where(table["low"] > CHANCE, ACCENT, MUTED)
        ax.axvline(CHANCE, color=MUTED, lw=0.8, ls="--")
        draw_rows(ax, y, table["low"], table["auc"], table["high"], color)
        for height, row in zip(y, table.itertuples(), strict=True):
            place = {"xytext": (0, 5), "textcoords": "offset points", "ha": "center", "fontsize": 8}
            ax.annotate(f"{row.auc:.2f}", (row.auc, height), color=MUTED, **place)
        best, worst = table["auc"].idxmax(), table["auc"].idxmin()
        title = f"AUC from {table['auc'].max():.2f} ({best}) to {table['auc'].min():.2f} ({worst})"
        caption = "area under the ROC curve; line: interval of 95 %; dashed, grey: chance"
        finish_rows(ax, table.index, caption, title)
        ax.set_ylim(len(table) - 0.5, -0.8)
        ax.set_xlim(min(0.4, table["low"].min() - 0.03), 1.02)
    return describe(ax, f"Scores. {title}")


def plot_contributions(contributions, picture):
    """Show which pixels make the score of a linear model, beside a picture.

    Parameters
    ----------
    contributions : array_like of float
        (row, column): the weight of each pixel times the difference of its means, images with the label minus those
        without. Their sum is by how much the mean score differs.
    picture : array_like
        (row, column), such as the mean of the images.

    Returns
    -------
    numpy.ndarray of matplotlib.axes.Axes
        Two: picture, contributions.

    Examples
    --------
    >>> import numpy as np
    >>> from eda_utils.scores import plot_contributions
    >>> contributions = np.zeros((10, 10))
    >>> contributions[2, 7] = 3
    >>> plot_contributions(contributions, np.ones((10, 10)))[1].get_title(loc="left")[:17]
    '100% of the score'
    """
    import matplotlib.pyplot as plt

    table = np.asarray(contributions, float)
    most = np.sort(table.ravel())[::-1][: max(1, round(SMALL_AREA * table.size))]
    row, col = np.unravel_index(table.argmax(), table.shape)
    with house_style():
        axes = plt.figure(figsize=(6.4, 3.5)).subplots(1, 2)
        axes[0].imshow(picture)
        axes[0].plot(col, row, "s", ms=16, mew=1.6, mfc="none", color=PALETTE[5])
        shown = axes[1].imshow(table, cmap=COMPUTED_CMAP, interpolation="nearest")
        axes[0].figure.colorbar(shown, ax=axes[1], label="part of the score", shrink=0.75)
        titles = "Mean of the images", f"{most.sum() / table.sum():.0%} of the score\nfrom {SMALL_AREA:.0%} of the area"
        captions = (
            f"square: the pixel that counts most,\nrow {row}, column {col}",
            "yellow: what tells the label,\nblue: nothing",
        )
        for ax, title, caption in zip(axes, titles, captions, strict=True):
            ax.set_xticks([]), ax.set_yticks([]), ax.set_title(title), ax.set_xlabel(caption, fontsize=8)
    said = titles[1].replace("\n", " ")
    describe(axes[0], f"What makes the score: {said}; most of all row {row}, column {col}.")
    return axes
