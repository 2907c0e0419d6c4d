"""Notebook files: found by a beginning of their name, given parameters, cut to a report, stripped."""

import nbformat
import pytest

from eda_utils.core.errors import FormatError, MissingError, RequestError
from eda_utils.report.notebook import find_notebook, keep_report_cells, read_notebook, set_parameters, strip_notebook


@pytest.fixture
def notebook():
    made = nbformat.v4.new_notebook()
    made.cells = [
        nbformat.v4.new_markdown_cell("# Title"),
        nbformat.v4.new_code_cell('folder = "x"\nsize = 3', metadata={"tags": ["parameters"]}),
        nbformat.v4.new_markdown_cell("why", metadata={"tags": ["lesson"]}),
        nbformat.v4.new_code_cell("size", metadata={"collapsed": True}),
    ]
    return made


def test_find():
    assert find_notebook("11").stem == "11_dataset_report"
    assert find_notebook("03_header").stem == "03_header_exploration"
    with pytest.raises(MissingError) as caught:
        find_notebook("99_nothing")
    assert str(caught.value).startswith("99_nothing: there is no such notebook; choose from 01_dicom_concepts, 02_")


def test_parameters_take_the_place_of_the_defaults(notebook):
    set_parameters(notebook, {"folder": "it's"})
    assert notebook.cells[1].source == 'folder = "it\'s"\nsize = 3'
    with pytest.raises(RequestError) as caught:
        set_parameters(notebook, {"colour": 1})
    assert str(caught.value) == "parameters: there is no colour; choose from folder, size."
    notebook.cells.pop(1)
    with pytest.raises(RequestError, match="parameters: this notebook takes none; leave them out"):
        set_parameters(notebook, {"folder": 1})


def test_report_leaves_lessons_out(notebook):
    keep_report_cells(notebook)
    assert [cell.source.split()[0] for cell in notebook.cells] == ["#", "folder", "size"]


@pytest.mark.parametrize("with_labels", [False, True])
def test_cells_about_labels_stay_where_there_are_some(notebook, with_labels):
    notebook.cells.append(nbformat.v4.new_code_cell("prevalence", metadata={"tags": ["labels"]}))
    keep_report_cells(notebook, with_labels=with_labels)
    assert (notebook.cells[-1].source == "prevalence") == with_labels


def test_strip(notebook, tmp_path):
    cell = notebook.cells[3]
    cell.outputs, cell.execution_count = [nbformat.v4.new_output("stream", text="secret")], 4
    notebook.metadata["widgets"] = {"secret": 1}
    nbformat.write(notebook, tmp_path / "a.ipynb")
    assert strip_notebook(tmp_path / "a.ipynb", check=True)
    assert "secret" in (tmp_path / "a.ipynb").read_text()
    assert strip_notebook(tmp_path / "a.ipynb")
    assert "secret" not in (tmp_path / "a.ipynb").read_text()
    assert not strip_notebook(tmp_path / "a.ipynb")


def test_not_a_notebook(tmp_path):
    (tmp_path / "a.ipynb").write_text("{}")
    with pytest.raises(FormatError) as caught:
        read_notebook(tmp_path / "a.ipynb")
    assert str(caught.value) == "a.ipynb: is not a Jupyter notebook; choose a file that ends in .ipynb."
