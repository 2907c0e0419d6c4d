"""Every table of a page is a CSV and a JSON file with the same cells."""

import json

import nbformat
import pandas as pd
import pytest

from eda_utils import render_notebook
from eda_utils.page_tables import tables_of, write_tables

TABLE = pd.DataFrame({"file": ["a", "b,<c>"], "files": [1000, 7], "size": ["1.2 kB", "3 MB"], "share": [0.5, None]})


@pytest.fixture
def notebook():
    made = nbformat.v4.new_notebook()
    output = nbformat.v4.new_output("execute_result", {"text/html": TABLE._repr_html_()})
    cells = [nbformat.v4.new_markdown_cell("# Title\n\n## What is: it?"), nbformat.v4.new_code_cell(outputs=[output])]
    made.cells = [*cells, nbformat.v4.new_code_cell(outputs=[nbformat.v4.new_output("stream", text="x")])]
    return made


def test_cells_and_types(notebook):
    [(section, table)] = tables_of(notebook)
    assert section == "What is: it?"
    assert table["files"].tolist() == [1000, 7]
    assert table["file"].tolist() == ["a", "b,<c>"]
    assert table["size"].tolist() == ["1.2 kB", "3 MB"]
    assert table["share"].isna().tolist() == [False, True]


def test_twins(notebook, tmp_path):
    files = write_tables(notebook, tmp_path / "new")
    assert [file.name for file in files] == ["01_what_is_it.csv", "01_what_is_it.json"]
    assert pd.read_csv(files[0])["file"].tolist() == ["a", "b,<c>"]
    assert json.loads(files[1].read_text("utf-8"))[1]["files"] == 7


@pytest.mark.notebooks
def test_on_request_only(tmp_path):
    path = tmp_path / "a.ipynb"
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# A")])
    made.cells.append(nbformat.v4.new_code_cell("import pandas as pd; pd.DataFrame({'n': [1, 2]})"))
    nbformat.write(made, path)
    render_notebook(path, tmp_path / "a.html", progress=False)
    assert {file.name for file in tmp_path.iterdir()} == {"a.ipynb", "a.html"}
    render_notebook(path, tmp_path / "a.html", tables=tmp_path / "tables", progress=False)
    assert sorted(file.name for file in (tmp_path / "tables").iterdir()) == ["01_a.csv", "01_a.json"]
