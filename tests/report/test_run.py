"""Pages are self-contained, honest about failures, without identifiers, and never half-written."""

import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from parts import leaks
from peers import running

from eda_utils import render_report
from eda_utils.core.errors import MissingError, NotebookError, RequestError
from eda_utils.report import render_notebook, render_notebooks
from eda_utils.samples import write_phantom_cohort
from eda_utils.samples.fetch import CANARY

pytestmark = pytest.mark.notebooks


@pytest.fixture(scope="module")
def page(samples_report):
    return samples_report.read_text(encoding="utf-8")


def write(path, *sources):
    made = nbformat.v4.new_notebook()
    made.cells = [nbformat.v4.new_markdown_cell("# A title"), *map(nbformat.v4.new_code_cell, sources)]
    nbformat.write(made, path)
    return path


@pytest.mark.slow
def test_report_describes_the_samples(page, index):
    assert len(page) < 15e6
    assert f"{len(index)} files of 120 MB" in page
    assert "is cut inside its header" in page
    assert "CMU-1-Small-Region.svs" in page
    assert page.count("<img ") == page.count('alt="') >= 5


def test_nothing_identifies_a_patient(page, samples, secrets):
    assert CANARY.lower() not in page.lower()
    assert leaks(page, secrets) == []
    assert str(samples.resolve().parent) not in page


def test_the_tables_are_those_of_the_commands(samples_report, index, secrets):
    tables = samples_report.with_name("tables")
    files = {path.name: path.read_text() for path in tables.iterdir()}
    assert set(files) == {"index.csv", "images.csv", "slides.csv", "findings.csv"}
    assert len(pd.read_csv(tables / "index.csv")) == len(index)
    assert pd.read_csv(tables / "images.csv")["mean_value"].notna().sum() > 30
    assert set(pd.read_csv(tables / "findings.csv")["severity"]) <= {"error", "warning", "note"}
    assert [leaks(text, secrets) for text in files.values()] == [[]] * 4


def test_the_page_needs_nothing_else(page):
    assert "default-src 'none'" in page
    data, script = page.split('<script type="module">')
    assert not re.findall(r"<(?:link|iframe|object|embed|form)\b|@import|\burl\(", data)
    assert not re.findall(r"""(?:src|href)=["'](?!data:|#)""", data)
    assert set(re.findall(r"<script[^>]*>", data)) == {'<script type="application/json">'}
    assert re.findall(r"https?://[^\"]+", script) == ["http://www.w3.org/2000/svg"]


def test_sections_are_linked(page):
    targets = set(re.findall(r'<a href="#([^"]+)"', page))
    assert {"What-matters-most", "Pictures"} <= targets
    assert targets <= set(re.findall(r'id="([^"]+)"', page))


def test_what_passes_between_notebook_and_kernel_is_encrypted(tmp_path):
    asked = "import json\nfrom ipykernel.connect import get_connection_info\nsorted(json.loads(get_connection_info()))"
    page = render_notebook(write(tmp_path / "a.ipynb", asked), tmp_path / "a.html", progress=False).read_text()
    assert "curve_publickey" in page


@pytest.mark.slow
def test_an_empty_folder_has_a_page(tmp_path):
    (tmp_path / "empty").mkdir()
    page = render_report(tmp_path / "empty", tmp_path / "r.html", progress=False).read_text()
    assert "The folder is empty: no file was found." in page


@pytest.mark.slow
def test_a_folder_of_damaged_files_has_a_page(tmp_path, samples):
    folder = tmp_path / "bad"
    folder.mkdir()
    for number, path in enumerate(sorted((samples / "PAT0001").rglob("IM*"))):
        (folder / f"{number}").write_bytes(path.read_bytes()[:900])
    (folder / "image.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    page = render_report(folder, tmp_path / "r.html", progress=False).read_text()
    assert len(re.findall("is cut inside its header|the header is cut", page)) == len(list(folder.iterdir())) - 1
    assert "is damaged" in page


def test_a_failing_cell_leaves_the_rest(tmp_path):
    path = write(tmp_path / "a.ipynb", "1 / 0", "print('still here')")
    with pytest.raises(NotebookError) as caught:
        render_notebook(path, tmp_path / "a.html", progress=False)
    assert str(caught.value) == (
        "a.ipynb: 1 of the steps below failed; the others are complete; look for the red marks in a.html."
    )
    page = (tmp_path / "a.html").read_text()
    assert "still here" in page
    assert 'role="alert"' in page
    assert "ZeroDivisionError: division by zero" in page


def test_a_dying_kernel_leaves_a_page(tmp_path):
    path = write(tmp_path / "a.ipynb", "print('before')", "import os; os._exit(1)", "print('after')")
    with pytest.raises(NotebookError, match="The Python process ended before the page was complete"):
        render_notebook(path, tmp_path / "a.html", progress=False)
    assert "before" in (tmp_path / "a.html").read_text()


def test_values_are_escaped(tmp_path):
    source = "import pandas as pd; pd.DataFrame({'<script>a': ['<script>b']})"
    path = write(tmp_path / "a.ipynb", source, "'<script>c'", "raise ValueError('<script>d')", "print('<script>e')")
    with pytest.raises(NotebookError):
        render_notebook(path, tmp_path / "a.html", progress=False)
    page = (tmp_path / "a.html").read_text()
    assert re.findall(r"<script[^>]*>", page) == ['<script type="module">']
    assert all(f"&lt;script&gt;{letter}" in page for letter in "abcde")


def test_the_home_folder_is_not_named(tmp_path):
    path = write(tmp_path / "a.ipynb", "from pathlib import Path; Path.home() / 'x'")
    page = render_notebook(path, tmp_path / "a.html", progress=False).read_text()
    assert str(Path.home() / "x") not in page


def test_progress_names_the_sections(tmp_path, capsys):
    render_notebook(write(tmp_path / "a.ipynb", "1"), tmp_path / "a.html")
    assert "[a] 1/1 A title" in capsys.readouterr().err


@pytest.mark.slow
def test_interrupted_leaves_what_was_complete(tmp_path):
    path = write(tmp_path / "a.ipynb", "print('before')", "import time; time.sleep(60)", "print('after')")
    command = [sys.executable, "-m", "eda_utils", "render", str(path), "-o", str(tmp_path / "a.html")]
    with running(command, stderr=subprocess.PIPE, text=True) as process:
        while "A title" not in process.stderr.readline():
            assert process.poll() is None
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert said.splitlines()[-1] == "eda_utils: interrupted; what was written is complete, or a page that says so"
    assert "Traceback" not in said
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.html", "a.ipynb"]
    page = (tmp_path / "a.html").read_text()
    assert "It was interrupted before the page was complete." in page
    assert "<pre>before" in page
    assert "<pre>after" not in page


def test_several_notebooks_have_an_index(tmp_path, capsys):
    names = [write(tmp_path / "a.ipynb", "1"), write(tmp_path / "b.ipynb", "1 / 0"), write(tmp_path / "c.ipynb", "3")]
    pages, failed = render_notebooks(names, tmp_path / "out")
    assert [page.name for page in pages] == ["index.html", "a.html", "b.html", "c.html"]
    assert failed == {"b.ipynb": "1 of the steps below failed; the others are complete."}
    page = pages[0].read_text()
    assert re.findall(r'href="([^"]+)"', page) == ["a.html", "b.html", "c.html"]
    assert page.count('class="banner"') == 1
    said = capsys.readouterr().err
    assert all(f"[{name}] 1/1 A title" in said for name in "abc")


def test_wrong_requests(tmp_path, samples):
    with pytest.raises(MissingError):
        render_report(tmp_path / "gone", tmp_path / "r.html")
    with pytest.raises(RequestError) as caught:
        render_report(samples / "CD0001" / "DICOMDIR", tmp_path / "r.html")
    assert str(caught.value) == "DICOMDIR: is a file; give the folder that it lies in."
    with pytest.raises(RequestError, match="is a folder; give the name of the page, such as report"):
        render_report(samples, tmp_path)
    with pytest.raises(MissingError, match="its folder does not exist; make the folder first"):
        render_report(samples, tmp_path / "gone" / "r.html")


@pytest.mark.slow
def test_reports_need_no_folder_called_samples(tmp_path, samples):
    """Names with spaces, quotes and letters of other alphabets are folders too."""
    folder = tmp_path / "Kölner „Bilder“ \\'1'"
    folder.mkdir()
    shutil.copy(samples / "photos" / "microaneurysms.png", folder)
    page = render_report(folder, tmp_path / "r.html", progress=False).read_text()
    assert "1 file of" in page


@pytest.mark.slow
def test_labels_add_their_sections(tmp_path):
    """A cohort with known labels: the numbers on the page are those of its table."""
    folder = write_phantom_cohort(tmp_path / "cohort", patients=20)
    render_report(folder / "images", tmp_path / "a.html", labels=folder / "labels.csv", progress=False)
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    labels, images = pd.read_csv(folder / "labels.csv"), len(list((folder / "images").iterdir()))
    matched = labels[[(folder / "images" / name).is_file() for name in labels["image"]]]
    assert f"{len(matched)} of {images} images have labels, joined by file name; 2 of {len(labels)} rows" in page
    assert 'id="Labels"' in page
    assert 'id="A-split-by-patient"' in page
    assert str(tmp_path) not in page
    assert re.search(r'alt="Split\. Nothing is in two parts', page)
    assert f"<td>{matched['nodule'].sum()}</td>" in page.replace(' class="number"', "")


def test_without_labels_there_is_no_section_of_them(page):
    assert 'id="Labels"' not in page
    assert "A split by patient" not in page


@pytest.mark.slow
def test_too_few_patients_for_a_split_are_said(tmp_path):
    folder = write_phantom_cohort(tmp_path / "cohort", patients=4)
    render_report(folder / "images", tmp_path / "a.html", labels=folder / "labels.csv", progress=False)
    assert "too few for three parts" in (tmp_path / "a.html").read_text(encoding="utf-8")


def test_labels_that_cannot_be_read(tmp_path, samples):
    with pytest.raises(MissingError, match=r"gone\.csv"):
        render_report(samples, tmp_path / "a.html", labels="gone.csv", progress=False)
    assert not (tmp_path / "a.html").exists()
