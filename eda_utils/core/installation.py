"""Where the files are that come with the package: in a checkout of the workbook, or in an installed package."""

from importlib import metadata
from pathlib import Path

from .errors import InstallationError

PACKAGE = Path(__file__).resolve().parents[1]
REINSTALL = "pip install --force-reinstall eda_utils"


def checkout() -> Path | None:
    """Return the workbook's folder if the package runs from one, or None if it is installed alone."""
    folder = PACKAGE.parent
    return folder if (folder / "pyproject.toml").is_file() else None


def work_folder() -> Path:
    """Return the folder for what readers make, such as `data/samples`: the checkout, or else the current folder."""
    return checkout() or Path.cwd()


def notebook_folder() -> Path:
    """Return the folder of our notebooks: a checkout has it beside the package, a wheel carries it inside."""
    return (checkout() or PACKAGE) / "notebooks"


def is_installed(notebook: Path) -> bool:
    """Tell whether a notebook is one of ours inside an installed package, where nobody should write."""
    return checkout() is None and notebook.parent == notebook_folder()


def part(path: Path) -> Path:
    """Return the path of a file or folder that comes with the package.

    Parameters
    ----------
    path : Path

    Returns
    -------
    Path

    Raises
    ------
    InstallationError
        If it is not there.

    Examples
    --------
    >>> from eda_utils.core.installation import PACKAGE, part
    >>> part(PACKAGE / "samples" / "data" / "samples.csv").name
    'samples.csv'
    """
    if not path.exists():
        advice = "bring it back from the repository" if checkout() else f"run {REINSTALL}"
        raise InstallationError(path.name, "is missing from this installation", advice)
    return path


def read_part(path: Path) -> str:
    """Return the text of a file that comes with the package, or raise InstallationError."""
    return part(path).read_text(encoding="utf-8")


def missing_parts() -> list[Path]:
    """Return the paths of files that pip installed with the package and that are gone; a checkout has no such list."""
    files = [] if checkout() else metadata.files("eda_utils") or []
    ours = [PACKAGE.parent / file for file in files if file.parts[0] == PACKAGE.name and file.suffix != ".pyc"]
    return [path for path in ours if not path.is_file()]
