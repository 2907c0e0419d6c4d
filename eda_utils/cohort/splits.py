"""Parts for training, validation and test that share no patient and no picture, and the proof that they do not."""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from ..core import RequestError, findings_table, need, need_extra
from ..index import relative_paths, write_index
from ..quality import duplicate_groups
from .labels import binary_labels
from .split_search import search_parts

GROUP = "PatientID"
HIERARCHY = {"PatientID": "patients", "StudyInstanceUID": "studies", "SeriesInstanceUID": "series"}
NUMBER_CLASSES, MOST_STRATA = 4, 20
TRIALS = 20  # random splits, for what they would have leaked


def split_patients(
    index: pd.DataFrame,
    fractions: dict[str, float],
    *,
    stratify: Sequence[str] | None = None,
    seed: int = 0,
    group: str | Sequence[str] = GROUP,
    stats: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Split files into parts so that no patient, and no picture that is there twice, is in two of them.

    Parameters
    ----------
    index : DataFrame
        From `index_folder` or `join_labels`.
    fractions : dict of str to float
        Such as ``{"train": 0.7, "val": 0.15, "test": 0.15}``; they add up to 1.
    stratify : list of str, optional
        Columns whose shares shall be alike in all parts, as far as the groups allow: labels, sex, equipment; numbers by
        their quarters.
    seed : int
        Of ties. The same files, whatever their order, and the same seed give the same parts.
    group : str or list of str
        Files with an equal value in any of these columns stay together; "path" keeps a file by itself.
    stats : DataFrame, optional
        From `measure_images`: then pictures that are the same or look the same stay together too.

    Returns
    -------
    DataFrame
        The index with ``part`` and ``split_group``, a number; ``attrs["split"]`` says how it was made and holds the
        sha256 of what it was made from. `check_split` shows that nothing leaks, `balance_parts` how alike the parts
        are, `write_split` writes it.

    Raises
    ------
    ValueError
        If fractions do not add up to 1, a file has no patient, or there are fewer groups than parts (RequestError).

    Examples
    --------
    >>> import pandas as pd
    >>> from eda_utils.cohort import split_patients
    >>> index = pd.DataFrame({"path": list("abcdef"), "PatientID": ["1", "1", "2", "2", "3", "3"]})
    >>> split = split_patients(index, {"train": 0.67, "test": 0.33})
    >>> split.groupby("part").size().to_dict()
    {'train': 4, 'test': 2}
    """
    _check_fractions(fractions)
    names = [group] if isinstance(group, str) else list(group)
    groups = _groups(index, names, stats)
    strata = _strata(index, [stratify] if isinstance(stratify, str) else list(stratify or []))
    keys = _names(index)
    order = pd.Series(keys).groupby(groups).min().sort_values(kind="stable").index  # not that of the rows
    ranks = np.empty(len(order), int)
    ranks[order] = np.arange(len(order))
    if len(order) < len(fractions):
        raise RequestError("fractions", f"{len(order)} groups are too few for {len(fractions)} parts", "ask for fewer")
    counts = _counts(strata, ranks[groups])
    parts = search_parts(counts, np.array([*fractions.values()], float), seed)
    named = np.array([*fractions], dtype=object)[parts[ranks[groups]]]
    split = index.assign(part=pd.Categorical(named, [*fractions]), split_group=ranks[groups])
    said = {"fractions": dict(fractions), "stratify": list(strata), "seed": seed, "group": names}
    said |= {"with_duplicates": stats is not None, "input_sha256": _digest(keys, ranks[groups], strata)}
    split.attrs = {**index.attrs, "split": said}
    return split


def _check_fractions(fractions):
    values = list(fractions.values())
    if len(values) < 2 or min(values) <= 0 or abs(sum(values) - 1) > 1e-6:
        raise RequestError("fractions", "are not two or more parts of 1", "give such as train 0.7, val 0.15, test 0.15")


def _groups(index, names, stats):
    """A number per file; two files that are linked over any chain of equal values have the same."""
    need_extra("cohort")
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    need(index, "path", *names)
    unnamed = index[names].isna().all(axis=1)
    if unnamed.any():
        said = f"{int(unnamed.sum()):,} of {len(index):,} files have no {' and no '.join(names)}"
        raise RequestError("split", said, 'leave them out, or add to group= what keeps them apart, at last "path"')
    links = [(np.flatnonzero(index[name].notna()), pd.factorize(index[name].dropna())[0]) for name in names]
    links += [(files, codes) for _, files, codes in _copies(index, stats)]
    rows, columns, start = [], [], len(index)
    for files, codes in links:
        rows.append(files)
        columns.append(codes + start)
        start += codes.max(initial=-1) + 1
    rows, columns = np.concatenate(rows), np.concatenate(columns)
    graph = coo_matrix((np.ones(len(rows), bool), (rows, columns)), (start, start))
    return np.unique(connected_components(graph, directed=False)[1][: len(index)], return_inverse=True)[1]


def _copies(index, stats):
    """For exact and for near matches: what they are, the rows of files, and the group of each; nothing without stats.

    A file can be in several groups of near matches: it is there once for each.
    """
    if stats is None:
        return
    copies = duplicate_groups(stats, index=index if {"kind", "Rows", "Columns"} <= set(index) else None)
    rows = pd.DataFrame({"path": index["path"], "row": np.arange(len(index))})
    for match in ("exact", "near"):
        found = copies[copies["match"] == match].merge(rows, on="path")
        yield f"{match} duplicates", found["row"].to_numpy(), pd.factorize(found["group"])[0]


def _strata(index, names):
    """Columns as one column of 0 and 1 per class."""
    need(index, *names)
    parts = [_classes(index[name], name) for name in names]
    return pd.concat(parts, axis=1) if parts else pd.DataFrame(index=index.index)


def _classes(column, name):
    if pd.api.types.is_numeric_dtype(column) and column.nunique() > NUMBER_CLASSES:
        column = pd.qcut(column.astype(float), NUMBER_CLASSES, duplicates="drop").astype("string").rename(name)
    if column.nunique() > MOST_STRATA:
        raise RequestError(name, f"has more than {MOST_STRATA} different values", "stratify by a column with fewer")
    table = binary_labels(column.to_frame(), [name])
    unknown = column.isna().to_numpy(float)
    return table.fillna(0).assign(**{f"{name} not stated": unknown} if unknown.any() else {})


def _counts(strata, groups):
    """(group, 1 + stratum): files, and files of each class."""
    size = np.bincount(groups)
    return np.column_stack([size, *(np.bincount(groups, column) for column in strata.to_numpy(float).T)]).astype(float)


def _names(index):
    """What a file is called wherever the folder lies."""
    paths = relative_paths(index).astype(str).to_numpy()
    uids = index["SOPInstanceUID"].astype("string") if "SOPInstanceUID" in index else pd.Series(pd.NA, index.index)
    return np.where(uids.isna(), paths, uids.fillna("").to_numpy(object) + " " + paths)


def _digest(keys, groups, strata):
    table = pd.DataFrame({"key": keys, "group": groups}).join(strata.reset_index(drop=True)).sort_values("key")
    return hashlib.sha256(table.to_csv(index=False).encode()).hexdigest()


def check_split(split: pd.DataFrame, *, stats: pd.DataFrame | None = None, seed: int = 0) -> pd.DataFrame:
    """Count what is in more than one part, and what a random split of the images would have put there.

    Parameters
    ----------
    split : DataFrame
        From `split_patients`, or any index with a column ``part``.
    stats : DataFrame, optional
        From `measure_images`, to count copies too.
    seed : int
        Of the random splits, 20 in number.

    Returns
    -------
    DataFrame
        ``what``: patients, studies, series, exact and near duplicates; ``groups`` there are; ``in_one_part``;
        ``across_parts``, which must be 0; ``across_if_random``, the mean of random splits with parts of the same size.

    Examples
    --------
    >>> import pandas as pd
    >>> from eda_utils import cohort
    >>> split = pd.DataFrame({"path": list("abcd"), "PatientID": [1, 1, 2, 2], "part": [*"aaab"]})
    >>> cohort.check_split(split)[["what", "groups", "across_parts"]].values.tolist()
    [['patients', 2, 1]]
    """
    need(split, "path", "part")
    parts = pd.factorize(split["part"])[0]
    random = np.random.default_rng(seed)
    shuffled = [random.permutation(parts) for _ in range(TRIALS)]
    rows = []
    for what, files, groups in _shared(split, stats):
        across = _across(groups, parts[files])
        by_chance = np.mean([_across(groups, other[files]) for other in shuffled])
        count = int(groups.max(initial=-1)) + 1
        rows.append((what, count, count - across, across, round(float(by_chance), 1)))
    return pd.DataFrame(rows, columns=["what", "groups", "in_one_part", "across_parts", "across_if_random"])


def _shared(split, stats):
    """What files can have in common: its name, the rows of files, and the group of each."""
    for keyword, what in HIERARCHY.items():
        if keyword in split and split[keyword].notna().any():
            stated = np.flatnonzero(split[keyword].notna())
            yield what, stated, pd.factorize(split[keyword].iloc[stated])[0]
    yield from _copies(split, stats)


def _across(groups, parts):
    pairs = np.unique(np.column_stack([groups, parts]), axis=0)
    return int((np.bincount(pairs[:, 0]) > 1).sum()) if len(pairs) else 0


def balance_parts(split: pd.DataFrame, labels: Sequence[str]) -> pd.DataFrame:
    """Compare the share of labels in each part with that in all files.

    Parameters
    ----------
    split : DataFrame
        From `split_patients`.
    labels : list of str
        Columns as for its `stratify`.

    Returns
    -------
    DataFrame
        ``label``, ``all``, one column per part, and ``largest_deviation``; the first row is the share of files.

    Examples
    --------
    >>> import pandas as pd
    >>> from eda_utils.cohort import balance_parts
    >>> split = pd.DataFrame({"Mass": [1, 0, 1, 0], "part": ["train", "train", "test", "test"]})
    >>> balance_parts(split, ["Mass"])[["label", "train", "test", "largest_deviation"]].values.tolist()
    [['files', 0.5, 0.5, 0.0], ['Mass', 0.5, 0.5, 0.0]]
    """
    strata = _strata(split, [labels] if isinstance(labels, str) else list(labels))
    means = strata.groupby(split["part"], observed=True).mean().T
    files = split["part"].value_counts(normalize=True)
    table = means[[name for name in split["part"].astype("category").cat.categories if name in files.index[files > 0]]]
    deviation = table.sub(strata.mean(), axis=0).abs().max(axis=1)
    table.insert(0, "all", strata.mean())
    table = table.assign(largest_deviation=deviation)
    asked = split.attrs.get("split", {}).get("fractions", {})
    first = {name: float(files[name]) for name in table.columns[1:-1]}
    largest = max((abs(first[name] - asked[name]) for name in first if name in asked), default=0.0)
    first = pd.DataFrame([{"all": 1.0, **first, "largest_deviation": largest}], index=["files"])
    return pd.concat([first, table]).rename_axis("label").reset_index()


def find_leaks(split: pd.DataFrame, *, stats: pd.DataFrame | None = None) -> pd.DataFrame:
    """List patients, studies and pictures that are in more than one part, as findings.

    Parameters
    ----------
    split : DataFrame
        An index with a column ``part``, whoever made it.
    stats : DataFrame, optional
        From `measure_images`.

    Returns
    -------
    DataFrame
        Findings as `findings_table` describes them, one per kind, at the first file concerned.

    Examples
    --------
    >>> import pandas as pd
    >>> from eda_utils.cohort import find_leaks
    >>> split = pd.DataFrame({"path": list("abc"), "PatientID": ["1", "1", "2"], "part": ["train", "test", "test"]})
    >>> find_leaks(split)[["kind", "evidence"]].values.tolist()
    [['patients_across_parts', '1 of 2']]
    """
    need(split, "path", "part")
    parts, rows = pd.factorize(split["part"])[0], []
    for what, files, groups in _shared(split, stats):
        table = pd.DataFrame({"group": groups, "part": parts[files], "row": files})
        leaking = table[table.groupby("group")["part"].transform("nunique") > 1]
        if len(leaking):
            kind, severity = f"{what.replace(' ', '_')}_across_parts", "warning" if what[:4] == "near" else "error"
            said = f"the same {what} are in more than one part of the split"
            evidence = f"{leaking['group'].nunique():,} of {int(groups.max()) + 1:,}"
            advice = "split by patient, with split_patients: scores would be too high"
            rows.append((split["path"].iloc[leaking["row"].min()], kind, severity, said, evidence, advice))
    return findings_table(rows)


def write_split(split: pd.DataFrame, path: str | Path) -> Path:
    """Write which file is in which part, with the hash of what the split was made from.

    Parameters
    ----------
    split : DataFrame
        From `split_patients`.
    path : str or Path
        Ends in .csv or .parquet. It is readable by its owner only, because names of files can name patients.

    Returns
    -------
    Path

    Examples
    --------
    >>> import tempfile, os
    >>> import pandas as pd
    >>> from eda_utils.cohort import split_patients, write_split
    >>> index = pd.DataFrame({"path": ["/d/a.dcm", "/d/b.dcm"], "PatientID": ["1", "2"]})
    >>> split = split_patients(index, {"train": 0.5, "test": 0.5})
    >>> table = pd.read_csv(write_split(split, os.path.join(tempfile.mkdtemp(), "split.csv")))
    >>> list(table), table["file"].tolist()
    (['file', 'part', 'split_group', 'seed', 'input_sha256'], ['a.dcm', 'b.dcm'])
    """
    need(split, "path", "part", "split_group")
    said = split.attrs.get("split", {})
    files = [os.fspath(name).replace(os.sep, "/") for name in relative_paths(split)]
    table = split[["part", "split_group"]].assign(seed=said.get("seed", ""), input_sha256=said.get("input_sha256", ""))
    table.insert(0, "file", files)
    return write_index(table.sort_values("file", kind="stable"), path)
