"""Which libraries the package and its extras ask for, and which are installed."""

import platform
import re
import tomllib
from collections.abc import Sequence
from importlib import metadata

import pandas as pd
from packaging.requirements import Requirement

from ..core import LIBRARIES, checkout, read_part

PYTHON = "python>=3.11"
NOT_INSTALLED = "not installed"


def check_environment(libraries: Sequence[str] | None = None) -> pd.DataFrame:
    """Compare Python and the libraries that are installed with what the workbook was tested with.

    Parameters
    ----------
    libraries : list of str, optional
        Only these; by default Python and what the package and its extras ask for.

    Returns
    -------
    DataFrame
        Columns ``library``, ``installed`` (a version, or "not installed"), ``wanted`` (a range), ``ok`` and ``extra``:
        which extra of the package brings it; empty for what nothing works without.

    Examples
    --------
    >>> import eda_utils as eda
    >>> eda.report.check_environment(["pydicom"])[["library", "wanted", "ok"]].values.tolist()
    [['pydicom', '>=3.0.1,<4', True]]
    """
    wanted = [pair for pair in _requirements() if libraries is None or pair[0].name in libraries]
    columns = ["library", "installed", "wanted", "ok", "extra"]
    return pd.DataFrame([(*_compared(item), extra) for item, extra in wanted], columns=columns)


def _requirements():
    """Return what the checkout asks for, or what was installed asked for, once each with the first extra that does."""
    root = checkout()
    if root:
        project = tomllib.loads(read_part(root / "pyproject.toml"))["project"]
        lines = {"": project["dependencies"], **project["optional-dependencies"]}
    else:
        lines = {"": []}
        for line in metadata.requires("eda_utils"):
            requirement, _, marker = line.partition(";")
            lines.setdefault("".join(re.findall(r"""extra == ['"](\w+)""", marker)), []).append(requirement)
    found = {}
    for extra in ("", *LIBRARIES):
        for item in map(Requirement, lines.get(extra, [])):
            found.setdefault(item.name, (item, extra))
    found.pop("eda_utils", None)  # an extra can ask for another one
    return [(Requirement(PYTHON), ""), *found.values()]


def _compared(requirement):
    version = _version(requirement.name)
    limits = sorted(map(str, requirement.specifier), reverse=True)  # the lower one first
    fine = version is not None and requirement.specifier.contains(version, prereleases=True)
    return requirement.name, version or NOT_INSTALLED, ",".join(limits), fine


def _version(library):
    if library == "python":
        return platform.python_version()
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return None
