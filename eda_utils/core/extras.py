"""Libraries that only part of the work needs: which extra brings them, and what is said where one is missing."""

from functools import cache
from importlib.util import find_spec

import lazy_loader

from .errors import EDAError, InstallationError, MissingExtraError
from .installation import REINSTALL, checkout

LIBRARIES = {  # by extra, under the names that are imported
    "plots": ["matplotlib", "seaborn"],
    "notebooks": [
        *("nbformat", "nbconvert", "nbclient", "nh3", "bs4", "jupyterlab", "jupyter_client", "ipywidgets"),
        *("anywidget", "traitlets", "IPython", "zmq"),
    ],
    "slides": ["openslide", "skimage"],
    "privacy": ["scipy"],
    "cohort": ["sklearn", "scipy"],
    "services": ["pynetdicom", "httpx"],
}


@cache
def need_extra(extra: str) -> None:
    """Raise MissingExtraError where a library of an extra is not installed.

    Examples
    --------
    >>> from eda_utils.core import need_extra
    >>> need_extra("plots")
    """
    for library in LIBRARIES[extra]:
        if find_spec(library) is None:
            raise MissingExtraError(library, "is not installed", f'run pip install "eda_utils[{extra}]"')


def explain_missing(error: ModuleNotFoundError) -> EDAError:
    """Return what to raise in the place of a ModuleNotFoundError: which extra, or that the installation is damaged.

    Parameters
    ----------
    error : ModuleNotFoundError

    Returns
    -------
    EDAError
    """
    library, *inner = (error.name or "a library").split(".")
    extra = next((extra for extra, libraries in LIBRARIES.items() if library in libraries), None)
    if extra:
        return MissingExtraError(library, "is not installed", f'run pip install "eda_utils[{extra}]"')
    advice = "run python -m pip install -e . in the workbook's folder" if checkout() else f"run {REINSTALL}"
    if library == __name__.split(".")[0]:
        return InstallationError(f"{'/'.join(inner)}.py", "is missing from this installation", advice)
    return InstallationError(library, "is not installed", advice)


def attach_stub(room: str, file: str) -> tuple:
    """As `lazy_loader.attach_stub`, and a missing library is told with the extra that brings it."""
    find, *names = lazy_loader.attach_stub(room, file)

    def find_or_explain(name):
        try:
            return find(name)
        except ModuleNotFoundError as error:
            raise explain_missing(error) from error

    return find_or_explain, *names
