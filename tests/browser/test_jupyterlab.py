"""A real JupyterLab in a real Chromium: notebooks run to their end, and the viewer follows the hand."""

import base64
import shutil
import time
import urllib.error
import urllib.request
from pathlib import Path

import nbformat
import numpy as np
import pytest
from parts import ROOT
from peers import free_port, running

import eda_utils as eda
from eda_utils.image.display import Window
from eda_utils.report.lab import lab_command

INTERACTIVE = sorted(
    path.stem for path in (ROOT / "notebooks").glob("*.ipynb") if '"interactive"' in path.read_text("utf-8")
)
SESSION = "window.jupyterapp?.shell?.currentWidget?.context?.sessionContext?.session"
CELLS = "window.jupyterapp.shell.currentWidget.content.widgets.map((cell) => cell.model.sharedModel.toJSON())"
VIEWER = "viewer = eda.view_image({})\nviewer"
SLIDE = "viewer = eda.view_slide({!r})\nviewer"
WATCH = """() => {
  window.asked = false;
  const observer = new MutationObserver(() => { window.asked = true; observer.disconnect(); });
  observer.observe(document.querySelector(".eda-slide"), { attributes: true, attributeFilter: ["aria-busy"] });
}"""
BUSY = {"it sleeps": "time.sleep(6)", "it computes": "while time.time() < begun + 6: sum(range(10_000))"}


@pytest.fixture(scope="module")
def lab(samples, tmp_path_factory):
    """The address of a JupyterLab on copies of the notebooks, and its folder; it ends with the tests."""
    root = tmp_path_factory.mktemp("lab")
    shutil.copytree(ROOT / "notebooks", root / "notebooks", ignore=shutil.ignore_patterns(".*"))
    for name in INTERACTIVE:
        cut_behind_widgets(root / "notebooks" / f"{name}.ipynb")
    (root / "data").mkdir()
    (root / "data" / "samples").symlink_to(samples)
    paths = [str(path) for path in pictures(samples)]
    write_viewer_notebook(root / "notebooks" / "viewer.ipynb", VIEWER.format(paths))
    slide = eda.samples.write_phantom_slide(root / "slide.tif", shape=(6000, 8000), mpp=0.5, seed=3)
    write_viewer_notebook(root / "notebooks" / "slide.ipynb", SLIDE.format(str(slide)))
    port = free_port()
    options = [
        "--no-browser",
        f"--port={port}",
        "--ServerApp.port_retries=0",
        "--IdentityProvider.token=t",
        "--allow-root",
    ]
    options += ["--LabApp.expose_app_in_browser=True"]
    command, environment = lab_command(root / "notebooks" / "viewer.ipynb", options=options)
    address = f"http://127.0.0.1:{port}"
    with (
        (root / "log").open("w") as log,
        running(command, port, patience=120, env=environment, stdout=log, stderr=log) as process,
    ):
        wait_for(f"{address}/api/status?token=t", process)
        yield address, root


def cut_behind_widgets(path):
    """Leave the cells up to the last widget: what follows runs in tests/notebooks, and needs no browser."""
    notebook = nbformat.read(path, as_version=4)
    widgets = [number for number, cell in enumerate(notebook.cells) if "interactive" in cell.metadata.get("tags", [])]
    notebook.cells = notebook.cells[: widgets[-1] + 1]
    nbformat.write(notebook, path)


def write_viewer_notebook(path, source):
    sources = ["import time\nimport eda_utils as eda\nfrom eda_utils.image.display import Window", source]
    notebook = nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, sources)))
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, path)


def pictures(samples):
    """Ten grey pictures of different kinds, none too large to be read back often."""
    index = eda.index_folder(samples)
    is_grey = index["PhotometricInterpretation"].isin(["MONOCHROME1", "MONOCHROME2"]) & index["problem"].isna()
    shown = index[is_grey & (index["Rows"] * index["Columns"] <= 2**19) & (index["BitsStored"] > 1)]
    kinds = shown.drop_duplicates(["Modality", "BitsStored", "PixelRepresentation", "Rows"])
    return [Path(path) for path in kinds["path"]][:10]


def wait_for(url, process):
    for _ in range(240):
        assert process.poll() is None
        try:
            with urllib.request.urlopen(url):
                return
        except urllib.error.URLError:
            time.sleep(0.5)
    pytest.fail("JupyterLab does not answer")


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


@pytest.mark.parametrize("name", INTERACTIVE)
def test_a_notebook_runs_to_its_last_widget(page, lab, name):
    cells = run_all(page, lab, name)
    outputs = [output for cell in cells for output in cell["outputs"]]
    assert [output for output in outputs if output["output_type"] == "error"] == []
    assert [output["text"] for output in outputs if output.get("name") == "stderr"] == []
    assert any("image/png" in output.get("data", {}) for output in outputs)
    assert page.locator("text=Would you like to get notified").count() == 0
    assert "without encryption" not in (lab[1] / "log").read_text(), "a teacher would read it in the terminal"


def test_the_viewer_follows_the_hand_and_python_knows(page, lab):
    run_all(page, lab, "viewer")
    page.wait_for_selector(".eda-viewer:not([aria-busy])")
    image = eda.load_image(pictures(lab[1] / "data" / "samples")[0])
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


def test_windows_of_ten_images_are_those_of_numpy(page, lab):
    run_all(page, lab, "viewer")
    page.wait_for_selector(".eda-viewer:not([aria-busy])")
    paths = pictures(lab[1] / "data" / "samples")
    assert len(paths) == 10
    differences = {}
    for position, path in enumerate(paths):
        image = eda.load_image(path)
        ask(page, f"viewer.position = {position}")
        assert difference(page, eda.to_display(image)) == 0
        page.wait_for_timeout(500)  # until Python has heard of it too
        for number, window in enumerate(windows_for(image)):
            ask(page, f"viewer.window = Window{tuple(window)[:3]}")
            differences[position, number] = difference(page, eda.to_display(image, window=window))
    assert len(differences) == 30
    assert {key: value for key, value in differences.items() if value} == {}


def windows_for(image):
    """One window of each function over the values of an image: narrow, wide, wider than they are."""
    low, high = np.percentile(image.pixels, [0.5, 99.5]).tolist()
    span = max(high - low, 16)
    chosen = zip((0.2, 0.5, 0.8), (0.1, 0.5, 1.2), ("LINEAR", "LINEAR_EXACT", "SIGMOID"), strict=True)
    return [Window(round(low + share * span), max(round(width * span), 2), kind) for share, width, kind in chosen]


def difference(page, expected):
    """The largest difference of the canvas once it has settled."""
    for _ in range(200):
        found = greys(page)
        worst = np.abs(found.astype(int) - expected).max() if found.shape == expected.shape else 255
        if worst == 0:
            break
        page.wait_for_timeout(100)
    return worst


def greys(page):
    """Read the canvas back."""
    rows, columns, data = page.evaluate(
        """() => {
          const at = document.querySelector(".eda-viewer canvas");
          const words = at.getContext("2d").getImageData(0, 0, at.width, at.height).data;
          let text = "";
          for (let from = 0; from < words.length; from += 8192)
            text += String.fromCharCode(...words.subarray(from, from + 8192));
          return [at.height, at.width, btoa(text)];
        }"""
    )
    return np.frombuffer(base64.b64decode(data), np.uint8).reshape(rows, columns, 4)[..., 0]


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


@pytest.mark.parametrize("busy", BUSY)
def test_tiles_of_a_slide_arrive_while_a_cell_runs(page, lab, busy):
    run_all(page, lab, "slide")
    page.wait_for_selector(".eda-slide:not([aria-busy])")
    assert ask(page, "viewer._given is None and print('taken')") == "taken\n"
    page.locator(".eda-stage").scroll_into_view_if_needed()
    # what the cell itself says to the viewer must not lead the next questions to the thread that is busy
    begin(page, f"begun = time.time(); viewer.downsample = 1\n{BUSY[busy]}\nprint(viewer.center != (3000, 4000))")
    page.wait_for_function("() => document.querySelector('.eda-fine').textContent.startsWith('0.5 ')")
    page.wait_for_selector(".eda-slide:not([aria-busy])", timeout=3000)
    for _ in range(2):
        page.evaluate(WATCH)  # tiles can be there before anybody looks
        drag_slide(page, -600, -400)
        page.wait_for_function("() => window.asked")
        page.wait_for_selector(".eda-slide:not([aria-busy])", timeout=3000)
    assert page.evaluate("window.ended") is None
    assert greys(page).std() > 10
    page.wait_for_function("() => window.ended !== null", timeout=20_000)
    assert page.evaluate("window.ended") == "True\n"


def drag_slide(page, dx, dy):
    """Drag far enough for tiles that nobody has seen."""
    box = page.locator(".eda-stage").bounding_box()
    x, y = box["x"] + box["width"] - 60, box["y"] + box["height"] - 60
    for _ in range(2):
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + dx, y + dy)
        page.mouse.up()


def begin(page, code):
    """Let a cell run; what it prints is in window.ended when it is done, and null until then."""
    page.evaluate(
        f"""(code) => {{
          const future = {SESSION}.kernel.requestExecute({{ code }});
          let text = "";
          window.ended = null;
          future.onIOPub = (message) => {{ text += message.content.text ?? ""; }};
          future.done.then(() => {{ window.ended = text; }});
        }}""",
        code,
    )
