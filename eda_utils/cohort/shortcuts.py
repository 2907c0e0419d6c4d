"""Labels that can be guessed without looking at the picture: from the scanner, the view, the size of the file."""

import numpy as np
import pandas as pd

from ..core import RequestError, findings_table, need, plural
from .associations import choose_units, cramers_v, design_of, header_auc, permutation_test
from .fields import collect_fields, is_number_field, name_value, to_classes
from .labels import binary_labels
from .scores import rank_auc

ALPHA = 0.01  # dozens of fields are looked at: of a hundred clean cohorts one is told
LEAST_EFFECT = 0.1  # of Cramér's V, or of 2 AUC - 1: below, a model gains little
STRONG = 0.5
DEMOGRAPHIC = ("PatientAge", "PatientSex", "PatientSize", "PatientWeight")  # can be biology
LEAST_GROUP = 5


def scan_shortcuts(
    index: pd.DataFrame, label: str, stats: pd.DataFrame | None = None, *, seed: int = 0
) -> pd.DataFrame:
    """Test every header field and pixel statistic against a label, patient by patient.

    Parameters
    ----------
    index : DataFrame
        From `join_labels`.
    label : str
        Column of two classes, such as of bool or of 0 and 1; missing and -1 are unknown.
    stats : DataFrame, optional
        From `measure_images`.
    seed : int
        Of the image that stands for each patient, of permutations and folds.

    Returns
    -------
    DataFrame
        One row a field, the strongest first: ``field``, ``kind`` (classes or number), ``effect`` (Cramér's V; of a
        number 2 AUC − 1, or V of its tenths where that is more), ``auc`` of a number, ``p``, ``p_adjusted`` for the
        number of fields, ``is_shortcut``, ``sentence`` that a reviewer would write. ``attrs["baseline"]`` is what a
        model of all fields reaches without a pixel: ``auc low high patients sentence``.

    Raises
    ------
    ValueError
        If the label has not two classes with 5 patients each (RequestError).

    References
    ----------
    R. Geirhos et al., Shortcut learning in deep neural networks, Nat. Mach. Intell. 2 (2020) 665. J. R. Zech et al.,
    PLoS Med. 15 (2018) e1002683: radiographs tell their hospital.

    Examples
    --------
    >>> import pandas as pd
    >>> from eda_utils.cohort import scan_shortcuts
    >>> index = pd.DataFrame({"path": [f"{n}.png" for n in range(40)], "Mass": [0, 1] * 20})
    >>> index["Manufacturer"], index["KVP"] = ["one", "other"] * 20, 80.0
    >>> scan_shortcuts(index, "Mass")[["field", "is_shortcut"]].values.tolist()
    [['Manufacturer', True]]
    """
    need(index, "path", label)
    truths = binary_labels(index, [label])
    if truths.shape[1] == 2 and pd.api.types.is_string_dtype(index[label].astype(object).dropna().map(str).dtype):
        truths = truths.iloc[:, 1:]  # the other class is its opposite
    if truths.shape[1] != 1:
        raise RequestError(label, f"has {truths.shape[1]} classes", "make a column of two, such as one class or not")
    truth = truths.iloc[:, 0].to_numpy()
    units = choose_units(index, truth, seed)
    chosen, truth = index.iloc[units], truth[units]
    if min(truth.sum(), len(truth) - truth.sum()) < LEAST_GROUP:
        raise RequestError(label, "has fewer than 5 patients with or without it", "choose another label")
    left_out = {label, *index.attrs.get("label_columns", ())}
    fields = collect_fields(chosen, stats, left_out)
    design = design_of(fields)
    tested = permutation_test(design, truth, seed)
    rows = [_row(name, fields[name], truth, label, *tested.loc[name, ["p", "p_adjusted"]]) for name in tested.index]
    columns = ["field", "kind", "effect", "auc", "p", "p_adjusted", "is_shortcut", "sentence"]
    table = pd.DataFrame(rows, columns=columns)
    table = table.sort_values(["is_shortcut", "effect"], ascending=False, kind="stable", ignore_index=True)
    baseline = _baseline(design, truth, label, seed)
    table.attrs = {"label": label, "baseline": baseline, "path": str(index["path"].iloc[0])}
    return table


def _row(name, field, truth, label, p, p_adjusted):
    classes, auc = to_classes(field), np.nan
    effect = cramers_v(truth, classes)
    if is_number_field(field):
        auc = rank_auc(truth, field.to_numpy(float))
        effect = max(effect, abs(2 * np.nan_to_num(auc, nan=0.5) - 1))
    is_shortcut = p_adjusted <= ALPHA and effect >= LEAST_EFFECT
    sentence = _sentence(name, classes, truth, label, auc, p_adjusted) if is_shortcut else ""
    kind = "classes" if np.isnan(auc) else "number"
    return name, kind, effect, auc, p, p_adjusted, bool(is_shortcut), sentence


def _sentence(name, classes, truth, label, auc, p):
    if not np.isnan(auc) and abs(auc - 0.5) >= LEAST_EFFECT / 2:
        follows = "higher" if auc > 0.5 else "lower"
        said = f"{name} is {follows} in patients with {label} (AUC {max(auc, 1 - auc):.2f})"
    else:
        groups = pd.Series(truth, classes.index).groupby(classes).agg(["mean", "size"])
        groups = groups[groups["size"] >= LEAST_GROUP] if (groups["size"] >= LEAST_GROUP).any() else groups
        high, low = groups["mean"].idxmax(), groups["mean"].idxmin()
        values = (name_value(name, high), name_value(name, low)) if np.isnan(auc) else ("one tenth", "another")
        values = values if values[0] != values[1] else ("one value", "another")
        said = f"{groups.loc[high, 'mean']:.0%} of patients have {label} with {name} {values[0]}"
        said += f", {groups.loc[low, 'mean']:.0%} with {values[1]}"
    why = "this can be biology, and must be adjusted for" if name in DEMOGRAPHIC else "a model can learn this instead"
    return f"{said}; p = {p:.3f} after correction: {why}."


def _baseline(design, truth, label, seed):
    auc, low, high = header_auc(design, truth, seed)
    said = {"auc": auc, "low": low, "high": high, "patients": len(truth)}
    if np.isnan(auc):
        return said | {"sentence": f"There are too few patients for a model of {label} from the header alone."}
    verdict = "no better than chance" if low <= 0.5 else "better than chance"
    text = f"Without a pixel, from header and statistics alone, {label} is predicted with an AUC of {auc:.2f}"
    text += f" (95 % interval {low:.2f} to {high:.2f}, {plural(len(truth), 'patient')}), which is {verdict}."
    return said | {"sentence": text}


def flag_shortcuts(scan: pd.DataFrame) -> pd.DataFrame:
    """Make findings of a scan.

    Parameters
    ----------
    scan : DataFrame
        From `scan_shortcuts`.

    Returns
    -------
    DataFrame
        As `findings_table` describes it: one finding per field that the label follows, a warning, or an error where the
        effect is 0.5 or more.

    Examples
    --------
    >>> import pandas as pd
    >>> from eda_utils.cohort import flag_shortcuts, scan_shortcuts
    >>> index = pd.DataFrame({"path": [f"{n}.png" for n in range(40)], "Mass": [0, 1] * 20})
    >>> index["Manufacturer"] = ["one", "other"] * 20
    >>> flag_shortcuts(scan_shortcuts(index, "Mass"))[["kind", "severity"]].values.tolist()
    [['label_follows_field', 'error']]
    """
    told = scan[scan["is_shortcut"]]
    what = f"{scan.attrs.get('label', 'the label')} follows "
    advice = "balance or match by it, or show the score within each of its values"
    rows = []
    for row in told.itertuples():
        severity = "note" if row.field in DEMOGRAPHIC else "error" if row.effect >= STRONG else "warning"
        evidence = f"effect {row.effect:.2f}, p = {row.p_adjusted:.3f} after correction"
        rows.append((scan.attrs.get("path", ""), "label_follows_field", severity, what + row.field, evidence, advice))
    return findings_table(rows)
