"""Run a notebook and write it as one HTML page that needs nothing else."""

import logging
import os
import re
import subprocess
import sys
from html import escape
from pathlib import Path

from . import __version__
from .errors import MissingError, NotebookError, RequestError
from .files import existing_path
from .notebook import find_notebook, keep_report_cells, read_notebook, set_parameters

TEMPLATES = Path(__file__).with_name("templates")
REPORT_NOTEBOOK = "11_dataset_report"
CELL_SECONDS = 1800
NUMERAL = r"-?(?!0\d)[\d,]+(\.\d+)?(e-?\d+)?( ?([kMGT]?B|%|mm|µm))?|NaN"


def render_report(folder, output="report.html", *, progress=True):
    """Describe a folder of images on one self-contained page without identifiers.

    Parameters
    ----------
    folder : str or Path
    output : str or Path
    progress : bool
        Say on stderr which section is being made.

    Returns
    -------
    Path
        Of the page. It makes no external request and holds no script.

    Raises
    ------
    MissingError
        If the folder does not exist.
    RequestError
        If it is a file.
    NotebookError
        If a section failed; the page is written all the same, with the rest in it.
    """
    folder = existing_path(folder)
    if not folder.is_dir():
        raise RequestError(folder.name, "is a file", "give the folder that it lies in")
    return render_notebook(
        REPORT_NOTEBOOK, output, parameters={"folder": str(folder)}, as_report=True, progress=progress
    )


def render_notebook(notebook, output=None, *, parameters=None, as_report=False, progress=True):
    """Run a notebook in a fresh kernel and write it as one self-contained HTML page.

    Parameters
    ----------
    notebook : str or Path
        A path, or the beginning of the name of one of ours, such as "03".
    output : str or Path, optional
        The notebook's name with .html in the current folder by default.
    parameters : dict, optional
        Values for the cell tagged ``parameters``.
    as_report : bool
        Leave out code, lessons and exercises.
    progress : bool
        Say on stderr which section is being made.

    Returns
    -------
    Path
        Of the page.

    Raises
    ------
    MissingError, FormatError, RequestError
        If the notebook, the folder of the output or a parameter is not there.
    NotebookError
        If a cell failed; the page is written all the same, with the rest in it.
    """
    path = find_notebook(notebook)
    target = _checked_target(Path(output or f"{path.stem}.html"))
    parsed = read_notebook(path)
    set_parameters(parsed, parameters)
    if as_report:
        keep_report_cells(parsed)
    end = _run(parsed, path, progress)
    failed = sum(output.output_type == "error" for cell in parsed.cells for output in cell.get("outputs", []))
    failed_text = end or (f"{failed} of the steps below failed; the others are complete." if failed else "")
    _hide_places(parsed, parameters or {})
    _tidy_tables(parsed)
    _write(target, _to_html(parsed, path, failed_text, as_report))
    if failed_text:
        raise NotebookError(path.name, failed_text.rstrip("."), f"look for the red marks in {target.name}")
    return target


def _checked_target(target):
    if target.is_dir():
        raise RequestError(target.name, "is a folder", "give the name of the page, such as report.html")
    if not target.absolute().parent.is_dir():
        raise MissingError(str(target.name), "its folder does not exist", "make the folder first")
    return target


def _run(parsed, path, progress):
    """Run every cell, whatever fails; return what ended the run early, else the empty text."""
    from jupyter_client.kernelspec import NATIVE_KERNEL_NAME
    from nbclient import NotebookClient
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from zmq import ZMQError

    client = NotebookClient(
        parsed,
        timeout=CELL_SECONDS,
        kernel_name=NATIVE_KERNEL_NAME,
        allow_errors=True,
        extra_arguments=["--HistoryManager.enabled=False"],
        resources={"metadata": {"path": str(path.resolve().parent)}},
        on_cell_start=_announcer(parsed, path.stem) if progress else None,
    )
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    logging.getLogger("traitlets").setLevel(logging.ERROR)
    try:
        client.execute(env=environment | {"EDA_REPORT": "1"}, stderr=subprocess.DEVNULL)
    except (AssertionError, ZMQError):  # nbclient answers Ctrl-C by ending the kernel, and then stumbles over that
        raise KeyboardInterrupt from None
    except DeadKernelError:
        return "The Python process ended before the page was complete, perhaps for lack of memory."
    except CellTimeoutError:
        return f"A step took longer than {CELL_SECONDS // 60} minutes and was stopped."
    return ""


def _announcer(parsed, name):
    """Say the heading that the cell stands under, once."""
    headings = {}
    for number, cell in enumerate(parsed.cells):
        found = re.findall(r"^#{1,2} (.+)$", cell.source, re.MULTILINE) if cell.cell_type == "markdown" else []
        headings[number] = found[-1] if found else headings.get(number - 1, "")
    titles = list(dict.fromkeys(headings.values()))
    said = set()

    def announce(cell, cell_index):
        title = headings.get(cell_index, "")
        if cell.cell_type == "code" and title not in said:
            said.add(title)
            print(f"[{name}] {titles.index(title) + 1}/{len(titles)} {title}", file=sys.stderr)  # noqa: T201

    return announce


def _hide_places(parsed, parameters):
    """A page is handed on: it names the folder, not where on whose machine it lies."""
    places = {str(value): Path(value).name for value in parameters.values() if Path(str(value)).is_absolute()}
    places[str(Path.home())] = "~"
    for cell in parsed.cells:
        for place, name in places.items():
            if len(place) > 1:
                cell.source = cell.source.replace(place, name)
                for output in cell.get("outputs", []):
                    _replace_in_output(output, place, name)


def _replace_in_output(output, place, name):
    for holder in (output, output.get("data", {})):
        for key, value in holder.items():
            if isinstance(value, str) and not key.startswith("image/"):
                holder[key] = value.replace(place, name)
    if "traceback" in output:
        output["traceback"] = [line.replace(place, name) for line in output["traceback"]]


def _tidy_tables(parsed):
    for cell in parsed.cells:
        for output in cell.get("outputs", []):
            if 'class="dataframe"' in output.get("data", {}).get("text/html", ""):
                output["data"]["text/html"] = tidy_table(output["data"]["text/html"])


def tidy_table(html):
    """Return a table of pandas without its row numbers, and with numerals marked for alignment to the right."""
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(html, "html.parser")
    for style in soup.find_all("style"):
        style.decompose()
    for table in soup.find_all("table", "dataframe"):
        rows = [row.find_all(["th", "td"]) for row in table.find_all("tr")]
        head, body = [row for row in rows if row[0].find_parent("thead")], [row for row in rows if row[-1].name == "td"]
        numbered = len(head) == 1 and not head[0][0].text and all(row[0].text.isdigit() for row in body)
        for column in range(max(map(len, rows), default=0)):
            cells = [row[column] for row in rows if column < len(row)]
            texts = [
                row[column].text for row in body if column < len(row) and row[column].text not in ("", "not stated")
            ]
            if texts and all(re.fullmatch(NUMERAL, text) for text in texts):
                for cell in cells:
                    cell["class"] = "number"
            if numbered and column == 0:
                for cell in cells:
                    cell.decompose()
    return str(soup)


def _to_html(parsed, path, failed_text, as_report):
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(template_name="eda", extra_template_basedirs=[str(TEMPLATES)])
    title = re.search(r"^# (.+)$", parsed.cells[0].source, re.MULTILINE) if parsed.cells else None
    facts = {
        "title": title[1] if title else path.stem,
        "version": __version__,
        "style": (TEMPLATES / "eda" / "page.css").read_text(encoding="utf-8"),
        "failed": failed_text,
        "hide_code": as_report,
        "footer": f"Made from {path.name} by eda_utils {__version__}. This page makes no request and holds no script.",
    }
    page, _ = exporter.from_notebook_node(parsed, resources={"eda": facts})
    return _add_contents(page)


def _add_contents(page):
    found = re.findall(r'<h2 id="([^"]+)">(.*?)<a class="anchor-link"', page)
    items = "".join(f'<li><a href="#{escape(anchor)}">{text}</a></li>' for anchor, text in found)
    return page.replace("<!--contents-->", f"<ol>{items}</ol>" if items else "", 1)


def _write(target, page):
    """Into a draft first, so that Ctrl-C or a full disk leaves no half page."""
    draft = target.with_name(f".{target.name}.part")
    try:
        draft.write_text(page, encoding="utf-8")
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
