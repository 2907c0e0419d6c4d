"""A table without a column that is needed is refused, and the column named."""

import pandas as pd
import pytest

from eda_utils.core.errors import RequestError
from eda_utils.core.tables import need


def test_a_column_that_is_not_there_is_named():
    index = pd.DataFrame({"path": ["a.dcm"]})
    need(index, "path")
    with pytest.raises(RequestError) as caught:
        need(index, "path", "Rows")
    assert str(caught.value) == "index: has no column Rows; call index_folder with this tag too."
