"""Two sets of images that should be alike: by what they differ, how much, and how surely."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ..core import NOT_STATED, RequestError, findings_table, need, plural
from .associations import choose_units, design_of, header_auc, permutation_test
from .fields import collect_fields, is_number_field, to_classes

ALPHA, LEAST_DRIFT = 0.01, 0.1  # of a standardised difference; of the PSI too, where it is customary
LARGE_EFFECT = 0.5
RESAMPLES = 200
SMOOTH = 0.5  # files added to each class, so that an empty one has no infinite weight
LEAST_GROUP = 5


def compare_datasets(
    a: pd.DataFrame,
    b: pd.DataFrame,
    *,
    stats_a: pd.DataFrame | None = None,
    stats_b: pd.DataFrame | None = None,
    leave_out: Sequence[str] = (),
    seed: int = 0,
) -> pd.DataFrame:
    """Compare two sets of images field by field, such as two sites, two years, or training and deployment.

    Parameters
    ----------
    a, b : DataFrame
        From `index_folder`; labels that were joined are compared like other columns.
    stats_a, stats_b : DataFrame, optional
        From `measure_images`, of both.
    leave_out : list of str
        Columns that differ by intention.
    seed : int
        Of the image that stands for each patient, of permutations, resampling and folds.

    Returns
    -------
    DataFrame
        One row a field, those that drift first: ``field``, ``kind`` (classes or number), ``files_a files_b`` in which
        it is stated, ``difference`` (standardised; of classes without a sign) with the interval of 95 % ``low high``,
        ``psi`` and ``js`` (over classes, of numbers over tenths of A), ``p_adjusted``, ``is_drift``, ``new_values`` and
        ``lost_values`` (how many classes only B or only A has). ``attrs["domain"]`` is how well a model of all fields
        tells B from A: ``auc low high patients sentence``.

    Raises
    ------
    ValueError
        If one of the sets has fewer than 5 patients (RequestError).

    Notes
    -----
    Compared is one image per patient, by chance: images of a patient are not independent. A patient who is in both
    sets counts in each.

    References
    ----------
    D. Yang, J. E. Dalton, SAS Global Forum 2012, 335: the standardised difference of classes. P. C. Austin, Stat. Med.
    28 (2009) 3083: 0.1 is small. B. Yurdakul, Statistical properties of the population stability index, 2018. J. Lin,
    IEEE Trans. Inf. Theory 37 (1991) 145: the Jensen-Shannon divergence; its root is ``js``, 0 to 1.

    Examples
    --------
    >>> import pandas as pd
    >>> from eda_utils.cohort import compare_datasets
    >>> a = pd.DataFrame({"path": [f"{n}.dcm" for n in range(40)], "KVP": [80.0, 90.0] * 20, "Rows": [512, 1024] * 20})
    >>> compare_datasets(a, a.assign(KVP=120.0))[["field", "is_drift"]].values.tolist()
    [['KVP', True], ['Rows', False]]
    """
    need(a, "path")
    need(b, "path")
    fields, truth = _stack(_side(a, stats_a, leave_out, seed), _side(b, stats_b, leave_out, seed))
    if min(truth.sum(), len(truth) - truth.sum()) < LEAST_GROUP:
        raise RequestError("compare_datasets", "a set has fewer than 5 patients", "compare larger sets")
    design = design_of(fields)
    p = permutation_test(design, truth, seed)["p_adjusted"].reindex(fields.columns).fillna(1.0)
    rng = np.random.default_rng(seed)
    rows = [(name, *_compare(fields[name], truth, rng), p[name]) for name in fields]
    columns = ["field", "kind", "files_a", "files_b", "difference", "low", "high", "psi", "js"]
    table = pd.DataFrame(rows, columns=[*columns, "new_values", "lost_values", "p_adjusted"])
    effect = table[["difference", "psi"]].abs().max(axis=1)
    table.insert(len(columns), "is_drift", (table["p_adjusted"] <= ALPHA) & (effect >= LEAST_DRIFT))
    table.insert(len(columns), "p_adjusted", table.pop("p_adjusted"))
    table = table.loc[effect.sort_values(ascending=False, kind="stable").index]
    table = table.sort_values("is_drift", ascending=False, kind="stable", ignore_index=True)
    table.attrs = {"domain": _domain(design, truth, seed), "path": str(b["path"].iloc[0])}
    return table


def _side(index, stats, leave_out, seed):
    usable = index[index["problem"].isna()] if "problem" in index else index
    chosen = usable.iloc[choose_units(usable, np.ones(len(usable)), seed)]
    return chosen, stats, {*leave_out, "size_bytes"} if "size_bytes" not in index else set(leave_out)


def _stack(*sides):
    """Fields of both sides, one below the other, and to which side each row belongs."""
    indexes = [chosen.reset_index(drop=True) for chosen, _, _ in sides]
    stats = [table for _, table, _ in sides]
    if any(table is None for table in stats):
        measured = None
    else:
        measured = pd.concat([table.assign(path=f"{n}:" + table["path"]) for n, table in enumerate(stats)])
    both = pd.concat([_plain(index).assign(path=f"{n}:" + index["path"]) for n, index in enumerate(indexes)])
    fields = collect_fields(both.reset_index(drop=True), measured, set.union(*(left for _, _, left in sides)))
    return fields, np.repeat([0.0, 1.0], [len(index) for index in indexes])


def _plain(index):
    """Categories of two tables become text, so that they can stand below each other."""
    return index.astype(dict.fromkeys(index.select_dtypes("category").columns, "string"))


def _compare(field, truth, rng):
    is_number = is_number_field(field)
    is_b, stated = truth == 1, field.notna() & (field != NOT_STATED)
    classes = to_classes(field, field[~is_b] if is_number and field[~is_b].nunique() > 2 else None)
    codes, names = pd.factorize(classes)
    pair = [np.flatnonzero(~is_b), np.flatnonzero(is_b)]
    values = field.to_numpy(float) if is_number else None
    difference = _difference(values, codes, len(names), *pair)
    draws = [[rng.choice(rows, len(rows)) for rows in pair] for _ in range(RESAMPLES)]
    ends = np.nanquantile([_difference(values, codes, len(names), *draw) for draw in draws], [0.025, 0.975])
    if not is_number:  # a distance is never negative, so that its resamples lie too high: the basic bootstrap
        ends = np.clip(2 * difference - ends[::-1], 0, None)
    counts = [np.bincount(codes[rows], minlength=len(names)) for rows in pair]
    kind = "number" if is_number else "classes"
    changes = [0, 0] if is_number else _changes(field, is_b)
    stated = [int(stated[~is_b].sum()), int(stated[is_b].sum())]
    return kind, *stated, difference, *map(float, ends), *_divergences(*counts), *changes


def _difference(values, codes, several, rows_a, rows_b):
    if values is not None:
        a, b = values[rows_a], values[rows_b]
        a, b = a[np.isfinite(a)], b[np.isfinite(b)]
        if not len(a) or not len(b):
            return 0.0
        spread = np.sqrt((a.var() + b.var()) / 2)
        return float((b.mean() - a.mean()) / spread) if spread > 0 else float(np.sign(b.mean() - a.mean()) * 10)
    a, b = (np.bincount(codes[rows], minlength=several) / len(rows) for rows in (rows_a, rows_b))
    if not ((a > 0) & (b > 0)).any():  # no class is in both
        return 10.0
    # Mahalanobis' distance between the shares: one number for fields of 2 and of 50 classes (Yang, Dalton 2012)
    gap = (b - a)[1:]  # the first class is what the others leave
    covariance = sum(np.diag(share[1:]) - np.outer(share[1:], share[1:]) for share in (a, b)) / 2
    return float(min(np.sqrt(max(gap @ np.linalg.pinv(covariance, hermitian=True) @ gap, 0)), 10))


def _divergences(count_a, count_b):
    """PSI and Jensen-Shannon distance, without what chance alone adds to the first."""
    from scipy.spatial.distance import jensenshannon

    a, b = ((count + SMOOTH) / (count + SMOOTH).sum() for count in (count_a, count_b))
    psi = ((b - a) * np.log(b / a)).sum()
    # two samples of one distribution differ too: their PSI is about chi-squared by this factor (Yurdakul 2018)
    chance = (len(a) - 1) * (1 / count_a.sum() + 1 / count_b.sum())
    return float(max(psi - chance, 0.0)), float(jensenshannon(a, b, base=2))


def _changes(field, is_b):
    sides = [set(field[rows].dropna().astype(str)) - {NOT_STATED} for rows in (~is_b, is_b)]
    return len(sides[1] - sides[0]), len(sides[0] - sides[1])


def _domain(design, truth, seed):
    auc, low, high = header_auc(design, truth, seed)
    said = {"auc": auc, "low": low, "high": high, "patients": len(truth)}
    if np.isnan(auc):
        return said | {"sentence": "There are too few patients for a model that tells the two sets apart."}
    verdict = "they look alike" if low <= 0.5 else "they are told apart"
    text = f"A model of header and statistics tells B from A with an AUC of {auc:.2f} (95 % interval {low:.2f} to "
    return said | {"sentence": f"{text}{high:.2f}, {plural(len(truth), 'patient')}): {verdict}."}


def list_values(a: pd.DataFrame, b: pd.DataFrame, field: str) -> pd.DataFrame:
    """Compare how often each value of a field is in both sets.

    Parameters
    ----------
    a, b : DataFrame
        From `index_folder`.
    field : str
        That does not identify a person.

    Returns
    -------
    DataFrame
        ``value``, ``share_a``, ``share_b`` of the files, ``what``: new, lost or empty.

    Raises
    ------
    ValueError
        If the field can identify a person or is not there (RequestError).

    Examples
    --------
    >>> import pandas as pd
    >>> from eda_utils.cohort import list_values
    >>> list_values(pd.DataFrame({"Modality": ["CR"]}), pd.DataFrame({"Modality": ["DX"]}), "Modality").values.tolist()
    [['CR', 1.0, 0.0, 'lost'], ['DX', 0.0, 1.0, 'new']]
    """
    from ..index import count_files

    shares = []
    for side, index in (("share_a", a), ("share_b", b)):
        counts = count_files(index if "problem" in index else index.assign(problem=None), field)
        shares.append((counts.set_index(counts[field].map(str))["files"] / max(counts["files"].sum(), 1)).rename(side))
    table = pd.concat(shares, axis=1).fillna(0.0).rename_axis("value").reset_index()
    table["what"] = np.select([table["share_a"] == 0, table["share_b"] == 0], ["new", "lost"], "")
    return table


def flag_drift(comparison: pd.DataFrame) -> pd.DataFrame:
    """Make findings of a comparison.

    Parameters
    ----------
    comparison : DataFrame
        From `compare_datasets`.

    Returns
    -------
    DataFrame
        As `findings_table` describes it, one finding a field that drifts: a warning, a note where the difference is
        less than half a standard deviation and no value is new.

    Examples
    --------
    >>> import pandas as pd
    >>> from eda_utils.cohort import compare_datasets, flag_drift
    >>> a = pd.DataFrame({"path": [f"{n}.dcm" for n in range(40)], "KVP": [80.0, 90.0] * 20})
    >>> flag_drift(compare_datasets(a, a.assign(KVP=120.0)))["what"].tolist()
    ['KVP differs between the two sets']
    """
    rows = []
    for row in comparison[comparison["is_drift"]].itertuples():
        severity = "warning" if abs(row.difference) >= LARGE_EFFECT or row.new_values else "note"
        evidence = f"standardised difference {row.difference:.2f} ({row.low:.2f} to {row.high:.2f}), PSI {row.psi:.2f}"
        evidence += f", {plural(row.new_values, 'new value')}" if row.new_values else ""
        advice = "test on both, or match the sets by it, before a score of one is expected of the other"
        what = f"{row.field} differs between the two sets"
        rows.append((comparison.attrs.get("path", ""), "drift", severity, what, evidence, advice))
    return findings_table(rows)
