"""How long a change of the window takes to reach the screen, from the key to changed pixels, in a real JupyterLab.

One 2048 x 2048 image of 16 bits, four ways, each with an arrow key: our viewer; `interactive` with matplotlib, as most
notebooks do it; ipympl, where it is installed (PYTHONPATH and JUPYTER_PATH may lead to it); and a PNG that the kernel
encodes into a `widgets.Image`. Median of several keys; needs chromium and playwright.
"""

import argparse
import socket
import statistics
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import nbformat
import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid

from eda_utils.report.lab import lab_command

SIDE = 2048
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
SETUP = """
import io
import ipywidgets as widgets
import matplotlib.pyplot as plt
import numpy as np
import PIL.Image
import eda_utils as eda
image = eda.load_image("{path}")
slider = widgets.FloatSlider(value=30000, min=0, max=65535, step=200)
"""
WAYS = {
    "eda_utils.view_image": "eda.view_image('{path}', window=(30000, 20000))",
    "interactive + matplotlib": """
def draw(center):
    plt.figure(figsize=(6, 6))
    plt.imshow(image.pixels, cmap="gray", vmin=center - 10000, vmax=center + 10000)
    plt.show()
widgets.interactive(draw, center=slider)
""",
    "ipympl": """
%matplotlib widget
figure, axes = plt.subplots(figsize=(6, 6))
shown = axes.imshow(image.pixels, cmap="gray", vmin=20000, vmax=40000)
def change(event):
    shown.set_clim(event["new"] - 10000, event["new"] + 10000)
    figure.canvas.draw_idle()
slider.observe(change, "value")
slider
""",
    "widgets.Image, PNG": """
picture = widgets.Image(width=600)
def change(event):
    buffer = io.BytesIO()
    PIL.Image.fromarray(eda.to_display(image, window=(slider.value, 20000))).save(buffer, "PNG")
    picture.value = buffer.getvalue()
slider.observe(change, "value")
change(None)
widgets.VBox([slider, picture])
""",
}
SESSION = "window.jupyterapp?.shell?.currentWidget?.context?.sessionContext?.session"
# What is on the screen: pixels of the middle of a canvas, or the address of a picture that is decoded
PROBE = """
window.shown = () => {
  const canvas = document.querySelector(".jp-Notebook .eda-viewer canvas, .jp-Notebook .jupyter-matplotlib canvas");
  if (canvas) {
    const { width, height } = canvas;
    return canvas.getContext("2d").getImageData(width / 2 - 16, height / 2 - 16, 32, 32).data.join();
  }
  const picture = [...document.querySelectorAll(".jp-Notebook .jp-OutputArea img")].at(-1);
  return picture && picture.complete && picture.naturalWidth ? picture.src.slice(-200) : null;
};
window.wait = () => new Promise((done) => {
  const before = window.shown();
  let start = null;
  addEventListener("keydown", (event) => { start = event.timeStamp; }, { capture: true, once: true });
  const look = () => {
    const now = window.shown();
    if (start !== null && now !== null && now !== before) done(performance.now() - start);
    else requestAnimationFrame(look);  // it sees what the frame before has drawn
  };
  look();
});
void 0;
"""


def write_image(path):
    """A picture with a gradient and noise, so that every window shows something else."""
    rows = np.linspace(0, 50_000, SIDE)[:, None]
    pixels = (rows + np.random.default_rng(0).integers(0, 15_000, (SIDE, SIDE))).astype(np.uint16)
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset.Rows = dataset.Columns = SIDE
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation, dataset.PixelRepresentation = 1, "MONOCHROME2", 0
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit, dataset.Modality = 15, "OT"
    dataset.PixelData = pixels.tobytes()
    dataset["PixelData"].VR = "OW"
    dataset.save_as(path, enforce_file_format=True)


def write_notebooks(folder, path):
    """One notebook a way; return their names."""
    names = {}
    for number, (way, source) in enumerate(WAYS.items()):
        cells = [nbformat.v4.new_code_cell(text.replace("{path}", str(path))) for text in (SETUP, source)]
        notebook = nbformat.v4.new_notebook(cells=cells)
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(notebook, folder / f"way{number}.ipynb")
        names[way] = f"way{number}"
    return names


def start_lab(folder):
    """Return the process of a JupyterLab and its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--no-browser", f"--port={port}", "--IdentityProvider.token=t", "--allow-root"]
    options += ["--LabApp.expose_app_in_browser=True", "--ServerApp.port_retries=0"]
    command, environment = lab_command(folder / "way0.ipynb", options=options)
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(120):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/status?token=t"):
                break
        except urllib.error.URLError:
            time.sleep(0.5)
    return process, f"http://127.0.0.1:{port}"


def measure(browser, address, name, keys):
    """Milliseconds of every key of one way."""
    page = browser.new_page(viewport={"width": 1280, "height": 1400})
    page.goto(f"{address}/lab/tree/notebooks/{name}.ipynb?token=t&reset")
    page.wait_for_function(f"() => Boolean({SESSION}?.kernel?.info)", timeout=120_000)
    page.evaluate(f"async () => {{ await {SESSION}.kernel.info; }}")
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
    page.evaluate(PROBE)
    page.wait_for_function("() => window.shown() !== null", timeout=120_000)
    page.wait_for_timeout(3000)
    page.locator(".jp-Notebook :is(.eda-stage, .noUi-handle)").first.focus()
    times = []
    for _ in range(keys + 2):
        page.evaluate("() => { window.found = window.wait(); }")
        page.keyboard.press("ArrowRight")
        times.append(page.evaluate("async () => await window.found"))
        page.wait_for_timeout(300)
    page.evaluate(f"async () => {{ await {SESSION}.shutdown(); }}")
    page.close()
    return times[2:]


def main():
    """Print a table; ratios are to ours."""
    from playwright.sync_api import Error, sync_playwright

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keys", type=int, default=15)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as root, sync_playwright() as playwright:
        folder = Path(root) / "notebooks"
        folder.mkdir()
        write_image(folder / "image.dcm")
        names = write_notebooks(folder, folder / "image.dcm")
        process, address = start_lab(folder)
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        ours = None
        print(f"{'way':28} {'median ms':>10} {'longest':>8} {'ratio':>6}")
        try:
            for way, name in names.items():
                try:
                    times = measure(browser, address, name, options.keys)
                except Error as error:
                    print(f"{way:28} not measured: {error.message.splitlines()[0]}")
                    continue
                median = statistics.median(times)
                ours = ours or median
                print(f"{way:28} {median:10.1f} {max(times):8.1f} {median / ours:6.1f}")
        finally:
            browser.close()
            process.terminate()
            process.wait(20)


if __name__ == "__main__":
    main()
