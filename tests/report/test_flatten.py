"""What widgets showed when a notebook was run is on its page: pictures, tables, texts, names and values."""

import re

import nbformat
import pytest

from eda_utils.report import render_notebook
from eda_utils.report.flatten import STATE, VIEW, flatten_widgets
from eda_utils.report.page import clean

pytestmark = pytest.mark.notebooks

SOURCES = {
    "interactive": """
import ipywidgets as w, matplotlib.pyplot as plt
def draw(center):
    plt.plot([0, center]); plt.show()
    print("center is", center)
w.interactive(draw, center=w.IntSlider(value=37, description="Centre"))
""",
    "boxes": """
import ipywidgets as w
menu = w.Dropdown(options=["first", "second"], value="second", description="Menu")
table = w.HTML("<b onclick='x()'>bold</b><script>alert(1)</script>")
w.Tab([w.VBox([menu, w.Label("<i>plain</i>")]), table])
""",
    "picture": """
import base64, ipywidgets as w
png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
w.Image(value=base64.b64decode(png))
""",
}


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder, made = tmp_path_factory.mktemp("widgets"), {}
    for name, source in SOURCES.items():
        cells = [nbformat.v4.new_markdown_cell("# Widgets"), nbformat.v4.new_code_cell(source.strip())]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / f"{name}.ipynb")
        page = render_notebook(folder / f"{name}.ipynb", folder / f"{name}.html", progress=False).read_text("utf-8")
        made[name] = page.split('<div class="output">', 1)[1].split('<script type="module">')[0]
    return made


@pytest.mark.slow
def test_a_figure_under_a_slider_stays(pages):
    assert "Centre: 37" in pages["interactive"]
    assert 'src="data:image/png;base64,' in pages["interactive"]
    assert "center is 37" in pages["interactive"]


def test_what_is_in_boxes_and_tabs_stays_and_is_clean(pages):
    assert "Menu: second" in pages["boxes"]
    assert "&lt;i&gt;plain&lt;/i&gt;" in pages["boxes"]
    assert "<b>bold</b>" in pages["boxes"]
    assert not re.search(r"<script|onclick", pages["boxes"])


def test_a_picture_of_bytes_stays(pages):
    assert re.search(r'<img alt="Picture of a widget" src="data:image/png;base64,[\w+/=]+"/?>', pages["picture"])


def test_a_widget_in_itself_and_an_unknown_one_do_no_harm():
    view = nbformat.v4.new_output("display_data", {VIEW: {"model_id": "a"}, "text/plain": "Box()"})
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(outputs=[view])])
    flatten_widgets(notebook)
    assert notebook.cells[0].outputs[0].data["text/html"] == "<p>(a widget)</p>"
    del notebook.cells[0].outputs[0].data["text/html"]
    box = {"model_name": "BoxModel", "state": {"children": ["IPY_MODEL_a", "IPY_MODEL_gone"]}}
    notebook.metadata["widgets"] = {STATE: {"state": {"a": box}}}
    flatten_widgets(notebook)
    assert clean(notebook.cells[0].outputs[0].data["text/html"]) == "<p>(a widget)</p>"
