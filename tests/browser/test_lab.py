"""A real JupyterLab in a real Chromium: every notebook runs to its end, and the viewer follows the hand."""

import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request

import nbformat
import numpy as np
import pytest
from parts import ROOT, program

import eda_utils as eda
from eda_utils.lab import lab_command

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
NOTEBOOKS = sorted(path.stem for path in (ROOT / "notebooks").glob("0[1-5]_*.ipynb"))
SESSION = "window.jupyterapp?.shell?.currentWidget?.context?.sessionContext?.session"
CELLS = "window.jupyterapp.shell.currentWidget.content.widgets.map((cell) => cell.model.sharedModel.toJSON())"
VIEWER = "viewer = eda.view_image('{}')\nviewer"


@pytest.fixture(scope="module")
def lab(samples, tmp_path_factory):
    """The address of a JupyterLab on copies of the notebooks, and its folder; it ends with the tests."""
    root = tmp_path_factory.mktemp("lab")
    shutil.copytree(ROOT / "notebooks", root / "notebooks", ignore=shutil.ignore_patterns(".*"))
    (root / "data").mkdir()
    (root / "data" / "samples").symlink_to(samples)
    write_viewer_notebook(root / "notebooks" / "viewer.ipynb", samples)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = [
        "--no-browser",
        f"--port={port}",
        "--ServerApp.port_retries=0",
        "--IdentityProvider.token=t",
        "--allow-root",
    ]
    options += ["--LabApp.expose_app_in_browser=True"]
    command, environment = lab_command(root / "notebooks" / "viewer.ipynb", options=options)
    with (root / "log").open("w") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{address}/api/status?token=t", process)
        yield address, root
    finally:
        process.terminate()
        process.wait(20)


def write_viewer_notebook(path, samples):
    ct = sorted((samples / "PAT0004").rglob("IM*"))[0]
    sources = ["import eda_utils as eda", VIEWER.format(ct)]
    notebook = nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, sources)))
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, path)


def wait_for(url, process):
    for _ in range(240):
        assert process.poll() is None
        try:
            with urllib.request.urlopen(url):
                return
        except urllib.error.URLError:
            time.sleep(0.5)
    pytest.fail("JupyterLab does not answer")


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program("chromium"), args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def page(browser, lab):
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    outside = []
    page.on("request", lambda request: outside.append(request.url))
    yield page
    page.evaluate(f"async () => {{ await {SESSION}?.shutdown(); }}")
    page.close()
    local = (lab[0], lab[0].replace("http", "ws"), "data:", "blob:")
    assert [url for url in outside if not url.startswith(local)] == []


def run_all(page, lab, name):
    """Open a notebook, run it, and return its code cells when the last one is done."""
    page.goto(f"{lab[0]}/lab/tree/notebooks/{name}.ipynb?token=t&reset")
    page.wait_for_function(f"() => Boolean({SESSION}?.kernel?.info)", timeout=120_000)
    page.evaluate(f"async () => {{ await {SESSION}.kernel.info; }}")
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
    page.wait_for_function(
        f"() => {{ const cells = {CELLS}.filter((cell) => cell.cell_type === 'code' && cell.source.length);"
        f" return cells.every((cell) => cell.execution_count) && {SESSION}.kernel.status === 'idle'; }}",
        timeout=240_000,
    )
    return [cell for cell in page.evaluate(f"() => {CELLS}") if cell["cell_type"] == "code"]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_runs_to_its_end(page, lab, name):
    cells = run_all(page, lab, name)
    outputs = [output for cell in cells for output in cell["outputs"]]
    assert [output for output in outputs if output["output_type"] == "error"] == []
    assert [output["text"] for output in outputs if output.get("name") == "stderr"] == []
    assert any("image/png" in output.get("data", {}) for output in outputs)
    assert page.locator("text=Would you like to get notified").count() == 0


def test_the_viewer_follows_the_hand_and_python_knows(page, lab):
    run_all(page, lab, "viewer")
    page.wait_for_selector(".eda-viewer:not([aria-busy])")
    image = eda.load_image(sorted((lab[1] / "data" / "samples" / "PAT0004").rglob("IM*"))[0])
    np.testing.assert_array_equal(greys(page), eda.to_display(image))
    box = page.locator(".eda-stage").bounding_box()
    page.mouse.move(box["x"] + 100, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 160, box["y"] + 130)
    page.mouse.up()
    page.wait_for_function("() => document.querySelector('.eda-caption').innerText.includes('chosen')")
    page.wait_for_timeout(500)
    center, width = map(float, ask(page, "print(viewer.window.center, viewer.window.width)").split())
    assert (center, width) != tuple(map(float, image.window[:2]))
    np.testing.assert_array_equal(greys(page), eda.to_display(image, window=(center, width)))
    ask(page, "viewer.window = 'bone'")
    page.wait_for_function("() => document.querySelector('.eda-caption').innerText.includes('bone')")
    page.wait_for_timeout(200)
    np.testing.assert_array_equal(greys(page), eda.to_display(image, window="bone"))


def greys(page):
    """Read the canvas back."""
    rows, columns, values = page.evaluate(
        "() => { const at = document.querySelector('.eda-viewer canvas');"
        " const { data } = at.getContext('2d').getImageData(0, 0, at.width, at.height);"
        " return [at.height, at.width, Array.from(data.filter((_, number) => number % 4 === 0))]; }"
    )
    return np.array(values, np.uint8).reshape(rows, columns)


def ask(page, code):
    """Run code in the notebook's kernel and return what it prints."""
    return page.evaluate(
        f"""async (code) => {{
          const future = {SESSION}.kernel.requestExecute({{ code }});
          let text = "";
          future.onIOPub = (message) => {{ text += message.content.text ?? ""; }};
          await future.done;
          return text;
        }}""",
        code,
    )
