"""JupyterLab on the notebooks: its state stays in the project's folder, and it asks nothing of the network."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from ..core import is_installed, part, work_folder
from .notebook import find_notebook, kernel_encryption

SETTINGS = Path(__file__).with_name("templates")  # of JupyterLab, in the folder labconfig


def open_lab(notebook: str | Path = "01", *, options: Sequence[str] = ()) -> int:
    """Open JupyterLab in the browser and wait until it is closed.

    Parameters
    ----------
    notebook : str or Path
        A path, or the beginning of the name of one of ours.
    options : list of str
        More arguments for ``jupyter lab``, such as ``--no-browser``.

    Returns
    -------
    int
        The exit code of JupyterLab.

    Raises
    ------
    MissingError
        If there is no such notebook.

    Notes
    -----
    Where only the package is installed, its notebooks are first copied into `notebooks` of the current folder, so that
    they can be edited. One that is there already stays as it is.
    """
    command, environment = lab_command(_own_copy(find_notebook(notebook)), options=options)
    with subprocess.Popen(command, env=environment) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:  # JupyterLab hears it too, and asks whether it is meant
                continue


def _own_copy(path):
    """A notebook of an installed package is copied to where its reader may write, with the others that it leads to."""
    if not is_installed(path):
        return path
    folder = work_folder() / "notebooks"
    folder.mkdir(exist_ok=True)
    for notebook in path.parent.glob("*.ipynb"):
        if not (folder / notebook.name).exists():
            shutil.copyfile(notebook, folder / notebook.name)
    return folder / path.name


def lab_command(notebook="01", *, options=(), root=None):
    """Return the command that starts JupyterLab, and its environment.

    Parameters
    ----------
    notebook, options
        As in `open_lab`.
    root : Path, optional
        What the file browser shows, and the folder above the state; by default the folder above the notebook's.

    Returns
    -------
    command : list of str
    environment : dict of str to str
    """
    path = find_notebook(notebook).resolve()
    root = Path(root or path.parents[1])
    state = root / ".jupyter"
    folders = {name: str(state / name.split("_")[1].lower()) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR")}
    folders |= {
        "JUPYTER_CONFIG_PATH": str(part(SETTINGS)),
        "JUPYTER_RUNTIME_DIR": str(state / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(state / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(state / "workspaces"),
        "IPYTHONDIR": str(state / "ipython"),
    }
    for name in ("JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
        Path(folders[name]).mkdir(parents=True, exist_ok=True, mode=0o700)
    command = [
        *(sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={root}"),
        f"--LabApp.default_url=/lab/tree/{path.relative_to(root).as_posix()}",
        *("--LabApp.extension_manager=readonly", "--LabApp.news_url=", "--ServerApp.ip=127.0.0.1"),
        f"--KernelManager.transport_encryption={kernel_encryption()}",
        *options,
    ]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return command, environment | folders
