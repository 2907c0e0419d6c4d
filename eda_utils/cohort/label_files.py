"""Tables of labels as others wrote them: CSV, Excel, Parquet or COCO, with several labels in a cell, and boxes."""

import ast
import json
from pathlib import Path

import numpy as np
import pandas as pd

from ..core import FormatError, MissingError, RequestError

SEPARATOR = "|"
NOTHING = ("", "no finding", "no findings", "none", "nan")
CORNERS, EXTENT = "corners", "extent"
BOX_STYLES = {  # x, y, then the other corner or the extent
    "NIH": (("Bbox [x", "y", "w", "h]"), EXTENT),
    "RSNA": (("x", "y", "width", "height"), EXTENT),
    "VinBigData": (("x_min", "y_min", "x_max", "y_max"), CORNERS),
}
COCO_COLUMN = "bbox"


def read_labels(labels: pd.DataFrame | str | Path) -> pd.DataFrame:
    """Read a table of labels as text or numbers; numbers that begin with a zero stay text.

    Parameters
    ----------
    labels : DataFrame, str or Path
        A .csv (also .csv.gz), .tsv, .xlsx, .parquet, or the .json of COCO.

    Returns
    -------
    DataFrame

    Raises
    ------
    EDAError
        If there is no such file, its ending is another one, or it is no table.

    Examples
    --------
    >>> import pandas as pd
    >>> from eda_utils.cohort import read_labels
    >>> read_labels(pd.DataFrame({"image": ["0017"], "age": ["58"]})).to_dict("list")
    {'image': ['0017'], 'age': [58]}
    """
    table = labels if isinstance(labels, pd.DataFrame) else _read(Path(labels).expanduser())
    table = table.loc[:, ~table.columns.astype(str).str.match(r"Unnamed: \d+$")].reset_index(drop=True)
    return table.rename(columns=str).apply(_as_number)


def _read(path):
    if not path.exists():
        raise MissingError(path.name, "does not exist", "check the path of the labels")
    name = path.name.lower().removesuffix(".gz")
    try:
        if name.endswith(".json"):
            return _read_coco(path)
        if name.endswith(".parquet"):
            return pd.read_parquet(path)
        if name.endswith((".xlsx", ".xls")):
            return pd.read_excel(path, dtype=str)
        if name.endswith((".csv", ".tsv", ".txt")):
            return pd.read_csv(path, dtype=str, sep="\t" if name.endswith(".tsv") else ",")
    except ImportError as error:
        raise RequestError(path.name, f"needs the package {error.name or 'openpyxl'}", "save it as CSV") from None
    except (ValueError, KeyError, TypeError, OSError):
        raise FormatError(path.name, "is no table of labels", "save it as CSV with one header line") from None
    raise RequestError(path.name, "has an ending that is not known", "give .csv, .tsv, .xlsx, .parquet or .json")


def _read_coco(path):
    content = json.loads(path.read_text(encoding="utf-8"))
    images, boxes = pd.DataFrame(content["images"]), pd.DataFrame(content["annotations"])
    names = {item["id"]: item["name"] for item in content["categories"]}
    boxes = boxes.assign(class_name=boxes["category_id"].map(names))[["image_id", "class_name", COCO_COLUMN]]
    joined = images[["id", "file_name"]].merge(boxes, left_on="id", right_on="image_id", how="left")
    return joined[["file_name", "class_name", COCO_COLUMN]]


def _as_number(column):
    """Text as numbers where nothing is lost by it."""
    if not (pd.api.types.is_string_dtype(column) or column.dtype == object):
        return column
    stated = column.dropna().drop_duplicates()
    if stated.empty or not stated.map(lambda cell: isinstance(cell, str)).all():
        return column
    if stated.str.match(r"0\d").any():
        return column
    numbers = pd.to_numeric(stated, errors="coerce")
    if numbers.isna().any() or ((numbers % 1 == 0).all() and (numbers.abs() >= 2**53).any()):
        return column
    return pd.to_numeric(column)


def read_boxes(labels):
    """Find bounding boxes in a table of labels, in the columns of NIH, RSNA, VinBigData or COCO.

    Parameters
    ----------
    labels : DataFrame
        From `read_labels`.

    Returns
    -------
    style : str
        Empty where there are no boxes.
    columns : tuple of str
        That hold them.
    boxes : numpy.ndarray of float
        (row, 4): row, column, height and width in pixels; not-a-number where a row has none.

    Examples
    --------
    >>> import pandas as pd
    >>> from eda_utils.cohort.label_files import read_boxes
    >>> style, columns, boxes = read_boxes(pd.DataFrame({"x_min": [5], "y_min": [7], "x_max": [15], "y_max": [27]}))
    >>> style, boxes.tolist()
    ('VinBigData', [[7.0, 5.0, 20.0, 10.0]])
    """
    for style, (columns, meaning) in BOX_STYLES.items():
        if set(columns) <= set(labels.columns):
            x, y, *rest = labels[list(columns)].apply(pd.to_numeric, errors="coerce").to_numpy(float).T
            width, height = (rest[0] - x, rest[1] - y) if meaning == CORNERS else rest
            return style, columns, np.column_stack([y, x, height, width])
    if COCO_COLUMN in labels.columns:
        x, y, width, height = np.array([_four(cell) for cell in labels[COCO_COLUMN]]).reshape(-1, 4).T
        return "COCO", (COCO_COLUMN,), np.column_stack([y, x, height, width])
    return "", (), np.full((len(labels), 4), np.nan)


def _four(cell):
    try:
        values = ast.literal_eval(cell) if isinstance(cell, str) else cell
        return [float(value) for value in values][:4] if len(values) >= 4 else [np.nan] * 4
    except (TypeError, ValueError, SyntaxError):
        return [np.nan] * 4


def split_labels(column):
    """Split cells such as "Mass|Nodule" into one column of bool per label.

    Parameters
    ----------
    column : Series of str
        "No Finding" and "none" say that there is no label.

    Returns
    -------
    DataFrame of bool
        One column per label in the order of the alphabet; a missing cell has none.

    Examples
    --------
    >>> import pandas as pd
    >>> from eda_utils.cohort.label_files import split_labels
    >>> split_labels(pd.Series(["Nodule|Mass", "No Finding"])).to_dict("list")
    {'Mass': [True, False], 'Nodule': [True, False]}
    """
    codes, texts = pd.factorize(column)
    found = [{part.strip() for part in str(text).split(SEPARATOR)} for text in texts] + [set()]
    names = sorted({name for names in found for name in names if name.casefold() not in NOTHING})
    table = np.array([[name in names_here for name in names] for names_here in found], bool).reshape(-1, len(names))
    return pd.DataFrame(table[codes], column.index, names)
