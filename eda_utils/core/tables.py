"""What functions on tables ask of them, and what they say where a cell is empty."""

import pandas as pd

from .errors import RequestError

NOT_STATED = "not stated"


def need(index: pd.DataFrame, *columns: str) -> None:
    """Raise RequestError when the index lacks columns that a summary is made of."""
    missing = [column for column in columns if column not in index.columns]
    if missing:
        raise RequestError("index", f"has no column {missing[0]}", "call index_folder with this tag too")
