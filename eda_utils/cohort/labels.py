"""Labels joined to an index: by which key, what found no partner, and which columns are labels."""

import os
from pathlib import Path

import numpy as np
import pandas as pd

from ..core import RequestError, need
from .label_files import SEPARATOR, read_boxes, read_labels, split_labels

FILE_NAME, STEM = "file name", "file name without ending"
KEYS = (  # the one that says most first
    *("SOPInstanceUID", FILE_NAME, STEM, "SeriesInstanceUID", "StudyInstanceUID", "AccessionNumber", "PatientID"),
)
TRIED = 2_000  # files, to find out by what they can be joined
LEAST_MATCHED = 0.02  # of files or of these values: below, a match is chance
MOST_CLASSES = 20
DESCRIPTIVE = tuple("sex gender view position age patient modality set fold split reader rad".split())
BOX_CLASS = ("finding label", "class_name", "category", "label", "class")


def join_labels(
    index: pd.DataFrame, labels: pd.DataFrame | str | Path, *, on: str | tuple[str, str] | None = None
) -> pd.DataFrame:
    """Join a table of labels to an index, one row per file as before.

    Parameters
    ----------
    index : DataFrame
        From `index_folder`.
    labels : DataFrame, str or Path
        A table, or a .csv, .tsv, .xlsx, .parquet or COCO .json. Several rows of one image, such as boxes or readers,
        become one: its labels are those of any row.
    on : str or (str, str), optional
        Column of the labels; or of the index (also "file name", "file name without ending") and of the labels. By
        default the pair is found out by its values.

    Returns
    -------
    DataFrame
        The index with the columns of the labels; a cell such as "Mass|Nodule" is split into columns of bool, and boxes
        are in ``boxes``, tuples of (row, column, height, width, label) in pixels. A column whose name is taken gets the
        ending ``_label``. ``attrs["join"]`` says how: ``on``, ``style`` of boxes, ``files``, ``matched``, ``rows`` and
        ``unmatched_rows`` of the labels, ``conflicts``, the keys whose rows disagree; ``attrs["labels"]`` are the
        columns taken to be labels. `list_unmatched` lists what found no partner.

    Raises
    ------
    EDAError
        If the labels cannot be read or nothing in them occurs in the index.

    Examples
    --------
    >>> import pandas as pd
    >>> from eda_utils.cohort import join_labels
    >>> index = pd.DataFrame({"path": ["/a/1.png", "/a/2.png", "/a/3.png"]})
    >>> labels = pd.DataFrame({"image": ["1.png", "2.png"], "finding": ["Mass|Nodule", "No Finding"]})
    >>> joined = join_labels(index, labels)
    >>> joined["Mass"].tolist(), joined.attrs["join"]["on"]
    ([True, False, <NA>], ('file name', 'image'))
    """
    table = read_labels(labels)
    keys, rows, (where, column) = _find_keys(index, table, on)
    style, box_columns, boxes = read_boxes(table)
    facts, names = _one_row_each(table.drop(columns=[column, *box_columns]), rows)
    if style:
        facts["boxes"] = _boxes_of(boxes, table, rows).reindex(facts.index)
    joined, names = _attach(index, facts, keys, names)
    conflicts = int(facts.attrs.get("conflicts", 0))
    said = {"on": (where, column), "style": style, "files": len(index), "matched": int(keys.isin(facts.index).sum())}
    said |= {"rows": len(table), "unmatched_rows": int((~rows.isin(keys.dropna())).sum()), "conflicts": conflicts}
    columns = list(joined.columns[index.shape[1] :])
    joined.attrs = {**index.attrs, "join": said, "labels": names, "label_columns": columns}
    return joined


def list_unmatched(
    index: pd.DataFrame, labels: pd.DataFrame | str | Path, *, on: str | tuple[str, str] | None = None
) -> pd.DataFrame:
    """List the files without a label and the rows of labels without a file.

    Parameters
    ----------
    index, labels, on
        As for `join_labels`.

    Returns
    -------
    DataFrame
        ``side``, file or label; ``path`` of the file; ``row`` of the labels, from 0; ``why``. Keys are not shown.

    Raises
    ------
    EDAError
        As `join_labels`.

    Examples
    --------
    >>> import pandas as pd
    >>> from eda_utils.cohort import list_unmatched
    >>> index = pd.DataFrame({"path": ["/a/1.png", "/a/2.png"]})
    >>> list_unmatched(index, pd.DataFrame({"image": ["1.png", "7.png"], "sick": [0, 1]}))["why"].tolist()
    ['no row of the labels has its file name', 'no file has its image']
    """
    table = read_labels(labels)
    keys, rows, (where, column) = _find_keys(index, table, on)
    files, alone = index[~keys.isin(rows.dropna())], np.flatnonzero(~rows.isin(keys.dropna()))
    why = np.where(keys[files.index].isna(), f"it has no {where}", f"no row of the labels has its {where}")
    parts = [pd.DataFrame({"side": "file", "path": files["path"].array, "row": pd.NA, "why": why})]
    parts.append(pd.DataFrame({"side": "label", "path": "", "row": alone, "why": f"no file has its {column}"}))
    return pd.concat([part.astype({"row": "Int64"}) for part in parts], ignore_index=True)


def label_columns(index, labels=None):
    """Return the columns that are labels: those asked for, or those that `join_labels` took to be some."""
    names = index.attrs.get("labels", []) if labels is None else [labels] if isinstance(labels, str) else list(labels)
    if not names:
        raise RequestError("labels", "no column is known to be a label", "name the columns")
    need(index, *names)
    return names


def binary_labels(index, labels=None):
    """Return labels as numbers: 1 yes, 0 no, not-a-number unknown; a column of several classes as one column each.

    Parameters
    ----------
    index : DataFrame
        From `join_labels`.
    labels : list of str, optional

    Returns
    -------
    DataFrame of float

    Examples
    --------
    >>> import pandas as pd
    >>> from eda_utils.cohort.labels import binary_labels
    >>> binary_labels(pd.DataFrame({"Mass": [1, -1, 0], "view": ["AP", "PA", None]}), ["Mass", "view"]).to_dict("list")
    {'Mass': [1.0, nan, 0.0], 'view=AP': [1.0, 0.0, nan], 'view=PA': [0.0, 1.0, nan]}
    """
    return pd.concat([_binary(index[name]) for name in label_columns(index, labels)], axis=1)


def _binary(column):
    values = column.dropna()
    if _is_yes_or_no(values):
        numbers = pd.to_numeric(column.astype("object").map({True: 1, False: 0}).where(column.notna()))
        numbers = numbers if values.map(lambda cell: isinstance(cell, bool | np.bool_)).all() else column
        numbers = numbers.astype("Float64").to_numpy(float, na_value=np.nan)
        return pd.DataFrame({column.name: np.where(numbers < 0, np.nan, numbers)}, column.index)
    texts = values.astype(str)
    if texts.nunique() > MOST_CLASSES:
        raise RequestError(column.name, f"has more than {MOST_CLASSES} different values", "make classes of them")
    classes = {f"{column.name}={text}": texts.eq(text).astype(float) for text in sorted(texts.unique())}
    return pd.DataFrame(classes, column.index)


def _is_yes_or_no(values):
    if pd.api.types.is_bool_dtype(values.dtype):
        return True
    return pd.api.types.is_numeric_dtype(values.dtype) and bool(values.isin([-1, 0, 1]).all())


def _find_keys(index, table, on):
    """The key of every file, the pair of columns, and whether zeros at the beginning count."""
    keys = {name: _key(index, name) for name in KEYS}
    keys = {name: key for name, key in keys.items() if key is not None}
    wanted_where, wanted_column = on if isinstance(on, tuple | list) else (None, on)
    if wanted_where is not None and wanted_where not in keys:
        need(index, wanted_where)
        keys = {wanted_where: _text(index[wanted_where])}
    if wanted_column is not None and wanted_column not in table:
        raise RequestError("labels", f"have no column {wanted_column}", "name one of their columns")
    columns = [wanted_column] if wanted_column else [name for name in table if _may_be_key(table[name])]
    keys = keys if wanted_where is None else {wanted_where: keys[wanted_where]}
    for keep_zeros in (True, False):
        place = _best_pair(keys, table, columns, keep_zeros)
        if place:
            where, column = place
            return _zeros(keys[where], keep_zeros), _keyed(table[column], where, keep_zeros), place
    raise RequestError("labels", "no column holds a UID, number or name of the files", "say which, with on=")


def _best_pair(keys, table, columns, keep_zeros):
    known = {where: set(_zeros(key.dropna(), keep_zeros)) for where, key in keys.items()}
    scores = {}
    for column in columns:
        different = table[column].dropna().drop_duplicates()
        for where, key in keys.items():
            values = set(_keyed(different, where, keep_zeros))
            if values and known[where]:
                files = list(_zeros(key.iloc[:: len(key) // TRIED + 1], keep_zeros))
                matched = sum(file in values for file in files if file is not pd.NA)
                both = values & known[where]
                if max(matched / len(files), len(both) / len(values)) >= LEAST_MATCHED:
                    # of two that match as many files the one with more values: a grade is no number of a patient
                    scores[where, column] = round(matched / len(files), 2), len(both)
    return max(scores, key=lambda place: (scores[place], -list(keys).index(place[0])), default=None)


def _may_be_key(column):
    return _is_text(column) or (pd.api.types.is_integer_dtype(column) and not _is_yes_or_no(column))


def _is_text(column):
    return pd.api.types.is_string_dtype(column.dtype) or column.dtype == object


def _key(index, name):
    if name in (FILE_NAME, STEM):
        return _text(index["path"].map(_name if name == FILE_NAME else _stem))
    return _text(index[name]) if name in index and index[name].notna().any() else None


def _stem(path):
    name = _name(path)
    return name.rpartition(".")[0] or name


def _name(path):
    return os.path.split(path)[1]


def _text(column):
    if pd.api.types.is_float_dtype(column) and (column.dropna() % 1 == 0).all():
        column = column.astype("Int64")
    return column.astype("string").str.strip()


def _zeros(key, keep):
    return key if keep else key.str.replace(r"^0+(?=\d+$)", "", regex=True)


def _keyed(column, where, keep_zeros):
    """Labels in the form of the key of the index."""
    texts = _text(column)
    if where in (FILE_NAME, STEM):
        texts = texts.map(_name if where == FILE_NAME else _stem, na_action="ignore")
    return _zeros(texts, keep_zeros)


def _one_row_each(table, rows):
    """One row a key: labels of any of its rows, of other columns the first value."""
    several = rows.dropna().duplicated().any()
    is_split = {name: _has_several(table[name], rows if several else None) for name in table}
    parts = [split_labels(table[name]) if is_split[name] else table[[name]] for name in table]
    split = [name for part, found in zip(parts, is_split.values(), strict=True) if found for name in part]
    wide = pd.concat([*parts, rows.rename("key")], axis=1).dropna(subset="key")
    wide = wide.loc[:, ~wide.columns.duplicated()]
    groups = wide.groupby("key", sort=False)
    rest = [name for name in wide.columns if name not in (*split, "key")]
    facts = groups[rest].first() if several else wide.set_index("key")[rest]
    if split:
        facts = facts.join((groups[split].max() if several else wide.set_index("key")[split]).astype("boolean"))
    facts.attrs["conflicts"] = int((groups[rest].nunique() > 1).any(axis=1).sum()) if several and rest else 0
    return facts, split or [name for name in table if _is_label(table[name])]


def _has_several(column, rows):
    """Whether cells name several labels, or the rows of one image different ones."""
    if not _is_text(column) or column.nunique() > 10 * MOST_CLASSES**2:
        return False
    if column.astype("string").str.contains(SEPARATOR, regex=False).any():
        return True
    is_class = column.name.casefold() in BOX_CLASS
    return rows is not None and is_class and bool((column.groupby(rows).nunique() > 1).any())


def _is_label(column):
    values = column.dropna()
    if values.nunique() < 2 or any(word in column.name.casefold() for word in DESCRIPTIVE):
        return False
    return _is_yes_or_no(values) or (not pd.api.types.is_numeric_dtype(values) and values.nunique() <= MOST_CLASSES)


def _boxes_of(boxes, table, rows):
    """All boxes of a key, each once."""
    found = np.flatnonzero(np.isfinite(boxes).all(axis=1) & rows.notna().to_numpy())
    name = next((name for name in table if name.casefold() in BOX_CLASS), None)
    classes = table[name].fillna("").astype(str) if name else pd.Series("", table.index)
    cells = pd.Series([(*map(float, boxes[row]), classes.iloc[row]) for row in found], dtype=object)
    grouped = cells.groupby(rows.iloc[found].to_numpy(), sort=False)
    return grouped.agg(lambda group: tuple(dict.fromkeys(group))) if len(cells) else pd.Series(dtype=object)


def _attach(index, facts, keys, names):
    new = {name: f"{name}_label" if name in index else name for name in facts}
    rows = facts.reset_index(drop=True).reindex(facts.index.get_indexer(keys.fillna("")))
    rows.index = index.index
    return pd.concat([index, rows.rename(columns=new)], axis=1), [new.get(name, name) for name in names]
