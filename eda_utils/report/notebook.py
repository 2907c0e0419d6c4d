"""Notebook files: find them, give them parameters, cut them to a report, strip their outputs."""

import json
from pathlib import Path

import nbformat

from ..core import FormatError, MissingError, RequestError, missing_parts, notebook_folder, part

REPORT_DROPS = {"lesson", "interactive", "exercise", "solution"}
ALLOWED_METADATA = ("kernelspec",)


def find_notebook(name: str | Path) -> Path:
    """Return the path of a notebook from a path or from the beginning of its name, such as "03".

    Raises
    ------
    MissingError
        If there is none, with the names that there are.
    InstallationError
        If it is one of ours and is gone.
    """
    path = Path(name)
    if path.suffix == ".ipynb" and path.is_file():
        return path
    lost = [file for file in missing_parts() if file.suffix == ".ipynb"]
    ours = sorted([*part(notebook_folder()).glob("*.ipynb"), *lost])
    found = [file for file in ours if path.stem and file.stem.startswith(path.stem)]
    if not found:
        known = ", ".join(file.stem for file in ours) or "none here"
        raise MissingError(path.name, "there is no such notebook", f"choose from {known}")
    return part(found[0])


def kernel_encryption():
    """Return what `KernelManager.transport_encryption` shall be: between a notebook and its kernel is patient data."""
    import zmq

    return "auto" if zmq.has("curve") else "disabled"  # not every build of it can


def read_notebook(path):
    """Read a notebook, or raise FormatError."""
    try:
        return nbformat.read(path, as_version=4)
    except (ValueError, KeyError, AttributeError, nbformat.ValidationError):
        raise FormatError(Path(path).name, "is not a Jupyter notebook", "choose a file that ends in .ipynb") from None


def set_parameters(notebook, parameters):
    """Put values in the place of those in the cell tagged ``parameters``.

    Raises
    ------
    RequestError
        If the notebook has no such cell, or no such parameter in it.
    """
    if not parameters:
        return
    cells = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    if not cells:
        raise RequestError("parameters", "this notebook takes none", "leave them out")
    lines = cells[0].source.splitlines()
    for name, value in parameters.items():
        places = [number for number, line in enumerate(lines) if line.split("=")[0].strip() == name]
        if not places:
            known = ", ".join(line.split("=")[0].strip() for line in lines if "=" in line)
            raise RequestError("parameters", f"there is no {name}", f"choose from {known}")
        lines[places[0]] = f"{name} = {value!r}"
    cells[0].source = "\n".join(lines)


def keep_report_cells(notebook, *, with_labels=False):
    """Take lessons, exercises and interactive cells out, so that what describes the data remains.

    Cells tagged ``labels`` stay only where labels are given.
    """
    drops = REPORT_DROPS if with_labels else {*REPORT_DROPS, "labels"}
    kept = [cell for cell in notebook.cells if not drops & set(cell.metadata.get("tags", []))]
    notebook.cells = kept


def strip_notebook(path: str | Path, *, check: bool = False) -> bool:
    """Remove outputs, counts and foreign metadata from a notebook file, because an output is a copy of patient data.

    Parameters
    ----------
    path : str or Path
    check : bool
        Change nothing.

    Returns
    -------
    bool
        Whether something had to be removed.
    """
    notebook = read_notebook(path)
    before = json.dumps(notebook, sort_keys=True)
    notebook.metadata = {key: notebook.metadata[key] for key in ALLOWED_METADATA if key in notebook.metadata}
    for cell in notebook.cells:
        tags = cell.metadata.get("tags")
        cell.metadata = {"tags": tags} if tags else {}
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    changed = json.dumps(notebook, sort_keys=True) != before
    if changed and not check:
        nbformat.write(notebook, path)
    return changed
