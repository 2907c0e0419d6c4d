"""Run notebooks and write each as one HTML page that needs nothing else."""

import asyncio
import logging
import os
import re
import subprocess
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

from ..cohort import read_labels
from ..core import (
    MissingError,
    NotebookError,
    RequestError,
    existing_path,
    is_installed,
    notebook_folder,
    part,
    tell,
    work_folder,
)
from .flatten import flatten_widgets
from .notebook import find_notebook, keep_report_cells, kernel_encryption, read_notebook, set_parameters
from .page import checked_target, hide_places, index_page, page_of

REPORT_NOTEBOOK = "11_dataset_report.ipynb"
CELL_SECONDS = 1800
MOST_IMAGES = 24
KERNELS = 2  # at once: two need little more time than one, more fill the memory of a laptop
DEAD = "The Python process ended before the page was complete, perhaps for lack of memory."
STOPPED = "It was interrupted before the page was complete."


def render_report(
    folder: str | Path,
    output: str | Path = "report.html",
    *,
    labels: str | Path | None = None,
    cache: str | Path | None = None,
    most: int = MOST_IMAGES,
    tables: str | Path | None = None,
    progress: bool = True,
) -> Path:
    """Describe a folder of images on one self-contained page without identifiers.

    Parameters
    ----------
    folder : str or Path
    output : str or Path
    labels : str or Path, optional
        A table of labels, as `join_labels` takes it: then labels and a split by patient have a section each.
    cache : str or Path, optional
        A folder for the index and the pixel statistics: a later run reads only what changed. It holds identifiers.
    most : int
        How many images are shown; so that the page stays below 15 MB, their pixels share a budget.
    tables : str or Path, optional
        A folder for index, pixel statistics, slides and findings as CSV, with identifiers masked.
    progress : bool
        Say on stderr which section is being made.

    Returns
    -------
    Path
        Of the page. It makes no external request; its one script sorts tables and moves pictures.

    Raises
    ------
    MissingError
        If the folder or the labels do not exist.
    FormatError
        If the labels are no table.
    RequestError
        If the folder is a file.
    NotebookError
        If a section failed; the page is written all the same, with the rest in it.
    """
    folder = existing_path(folder)
    if not folder.is_dir():
        raise RequestError(folder.name, "is a file", "give the folder that it lies in")
    parameters = {"folder": str(folder), "most": most}
    if labels:
        read_labels(labels)
        parameters["labels"] = str(Path(labels).resolve())
    for name, made in {"cache": cache, "tables": tables}.items():
        if made:
            Path(made).mkdir(parents=True, exist_ok=True, mode=0o700)
            parameters[name] = str(Path(made).resolve())
    notebook = part(notebook_folder() / REPORT_NOTEBOOK)
    return render_notebook(notebook, output, parameters=parameters, as_report=True, progress=progress)


def render_notebook(
    notebook: str | Path,
    output: str | Path | None = None,
    *,
    parameters: dict | None = None,
    as_report: bool = False,
    progress: bool = True,
) -> Path:
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
    KeyboardInterrupt
        If it was interrupted; the page is written all the same, with what was complete in it.
    """
    path = find_notebook(notebook)
    target = checked_target(output or f"{path.stem}.html")
    [(_, _, failed)] = _render_all([(path, target)], parameters, as_report, progress)
    if failed:
        raise NotebookError(path.name, failed.rstrip("."), f"look for the red marks in {target.name}")
    return target


def render_notebooks(
    notebooks: Sequence[str | Path],
    folder: str | Path,
    *,
    parameters: dict | None = None,
    as_report: bool = False,
    progress: bool = True,
) -> tuple[list[Path], dict[str, str]]:
    """Run several notebooks, two at a time, and write their pages and an index of them.

    Parameters
    ----------
    notebooks : list of str or Path
    folder : str or Path
        For the pages; it is made if it is not there.
    parameters, as_report, progress
        As in `render_notebook`.

    Returns
    -------
    pages : list of Path
        Of ``index.html``, then of the notebooks.
    failed : dict of str to str
        Why a page is not complete, by the name of its notebook.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    paths = [find_notebook(name) for name in notebooks]
    jobs = [(path, folder / f"{path.stem}.html") for path in paths]
    pages = _render_all(jobs, parameters, as_report, progress)
    index = folder / "index.html"
    _write(index, index_page(pages))
    failed = {path.name: why for path, (_, _, why) in zip(paths, pages, strict=True) if why}
    return [index, *(target for target, _, _ in pages)], failed


def _render_all(jobs, parameters, as_report, progress):
    """Kernels are stopped on Ctrl-C, and every page is written with what it has."""
    given = [_with_samples(path, parameters or {}) for path, _ in jobs]
    _rehearse()
    parsed = [_parsed(path, values, as_report) for (path, _), values in zip(jobs, given, strict=True)]
    clients, stopped = [], []

    def render(job, notebook, values):
        path, target = job
        end = STOPPED if stopped else _run(notebook, path, progress, clients, stopped)
        count = sum(output.output_type == "error" for cell in notebook.cells for output in cell.get("outputs", []))
        failed = end or (f"{count} of the steps below failed; the others are complete." if count else "")
        flatten_widgets(notebook)
        hide_places(notebook, _places(values))
        _write(target, page_of(notebook, path.stem, failed=failed, as_report=as_report))
        return target, notebook, failed

    with ThreadPoolExecutor(KERNELS) as pool:
        futures = [pool.submit(render, *job) for job in zip(jobs, parsed, given, strict=True)]
        try:
            wait(futures)
        except KeyboardInterrupt:
            stopped.append(True)
            while not all(future.done() for future in futures):
                _kill(clients)
                time.sleep(0.2)
            raise
    return [future.result() for future in futures]


def _rehearse():
    """Make a small page first: what is damaged or missing is told before the work of minutes, not after it."""
    from nbformat import v4

    output = v4.new_output("display_data", {"text/html": '<table class="dataframe"><tr><td>1</td></tr></table>'})
    page_of(v4.new_notebook(cells=[v4.new_code_cell("1", outputs=[output])]), "")


def _with_samples(path, parameters):
    """A notebook inside an installed package has no samples beside it: they are where `samples` puts them."""
    if "folder" in parameters or not is_installed(path):
        return parameters
    folder = work_folder() / "data" / "samples"
    if not folder.is_dir():
        advice = "run python -m eda_utils samples here, or name a folder: --parameters folder=PATH"
        raise MissingError("data/samples", "there are no samples in this folder yet", advice)
    return {**parameters, "folder": str(folder)}


def _parsed(path, parameters, as_report):
    notebook = read_notebook(path)
    set_parameters(notebook, parameters)
    if as_report:
        keep_report_cells(notebook, with_labels=bool(parameters.get("labels")))
    return notebook


def _places(parameters):
    """The folders of parameters and the home, and the names that stand for them on a page."""
    given = {str(value): Path(value).name for value in parameters.values() if Path(str(value)).is_absolute()}
    return given | {str(Path.home()): "~"}


def _kill(clients):
    """Each runs in a thread of its own, which then finds its kernel dead."""
    for client in list(clients):
        process = getattr(getattr(client.km, "provisioner", None), "process", None)
        if process is not None and process.poll() is None:
            process.kill()


def _run(parsed, path, progress, clients, stopped):
    """Run every cell, whatever fails; return what ended the run early, else the empty text."""
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    said = Progress(parsed, path.stem)
    client = _client(parsed, path, said.announce if progress else None)
    clients.append(client)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    try:
        asyncio.run(client.async_execute(env=environment | {"EDA_REPORT": "1"}, stderr=subprocess.DEVNULL))
    except CellTimeoutError:
        return f"A step took longer than {CELL_SECONDS // 60} minutes and was stopped."
    except (DeadKernelError, RuntimeError):  # nbclient says the latter where a kernel ends while it starts
        return STOPPED if stopped else DEAD
    finally:
        clients.remove(client)
        if progress:
            said.sum_up()
    return ""


def _client(parsed, path, on_cell_start):
    from jupyter_client.kernelspec import NATIVE_KERNEL_NAME
    from nbclient import NotebookClient

    logging.getLogger("traitlets").setLevel(logging.ERROR)
    client = NotebookClient(
        parsed,
        timeout=CELL_SECONDS,
        kernel_name=NATIVE_KERNEL_NAME,
        allow_errors=True,
        extra_arguments=["--HistoryManager.enabled=False"],
        resources={"metadata": {"path": str(path.resolve().parent)}},
        on_cell_start=on_cell_start,
    )
    client.config.KernelManager.transport_encryption = kernel_encryption()
    # What an Output widget catches becomes plain outputs. To answer such widgets nbclient sends on the socket that it
    # waits on, and sometimes never wakes up from that.
    client.comm_open_handlers = {}
    return client


class Progress:
    """Says on stderr which heading the running cell stands under, and at the end what took how long."""

    def __init__(self, notebook, name):
        self.name, self.begun = name, []
        self.headings = {}
        for number, cell in enumerate(notebook.cells):
            found = re.findall(r"^#{1,2} (.+)$", cell.source, re.MULTILINE) if cell.cell_type == "markdown" else []
            self.headings[number] = found[-1] if found else self.headings.get(number - 1, "")
        self.titles = list(dict.fromkeys(self.headings.values()))

    def announce(self, cell, cell_index):
        """Note the beginning of a section, once."""
        title = self.headings.get(cell_index, "")
        if cell.cell_type == "code" and title not in [known for known, _ in self.begun]:
            self.begun.append((title, time.perf_counter()))
            tell(f"[{self.name}] {self.titles.index(title) + 1}/{len(self.titles)} {title}")

    def sum_up(self):
        """Say how long it took, and its longest parts."""
        stops = [*(moment for _, moment in self.begun), time.perf_counter()]
        parts = [(stop - start, title) for (title, start), stop in zip(self.begun, stops[1:], strict=True)]
        longest = ", ".join(f"{title} {seconds:.1f} s" for seconds, title in sorted(parts, reverse=True)[:3])
        tell(f"[{self.name}] ran for {stops[-1] - stops[0]:.1f} s; the longest: {longest or 'nothing'}")


def _write(target, page):
    """Into a draft first, so that Ctrl-C or a full disk leaves no half page."""
    draft = target.with_name(f".{target.name}.part")
    try:
        draft.write_text(page, encoding="utf-8")
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
