"""What is asked for and what is installed, in a checkout and where only the package is installed."""

import tomllib
from importlib import metadata

import pytest
from parts import ROOT

from eda_utils.core import installation
from eda_utils.report import check_environment

REQUIRED = ["pydicom<4,>=3.0.1", 'pytest>=8.2; extra == "test"', 'eda_utils[plots,privacy]; extra == "notebooks"']
REQUIRED += ['never-installed>=1; extra == "plots"', 'never-installed>=1; extra == "notebooks"']


def test_this_environment_is_what_requirements_ask_for():
    table = check_environment()
    assert list(table) == ["library", "installed", "wanted", "ok", "extra"]
    assert table["ok"].all()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    core = table[table["extra"] == ""].iloc[1:]
    assert [f"{row.library}{row.wanted}" for row in core.itertuples()] == project["dependencies"]
    assert table["wanted"][0] == project["requires-python"]
    assert set(table["extra"][1:]) == {"", "plots", "notebooks", "slides", "privacy", "cohort", "services"}
    assert (ROOT / "requirements.txt").read_text().splitlines()[1:] == [".[all]"]


def test_without_a_checkout_the_metadata_are_asked(monkeypatch, tmp_path):
    monkeypatch.setattr(installation, "PACKAGE", tmp_path / "eda_utils")
    monkeypatch.setattr(metadata, "requires", lambda _: REQUIRED)
    assert check_environment()[["library", "wanted", "extra"]].values.tolist() == [
        ["python", ">=3.11", ""],
        ["pydicom", ">=3.0.1,<4", ""],
        ["never-installed", ">=1", "plots"],
    ]


@pytest.mark.parametrize(
    ("version", "fine"), [("3.0.1", True), ("3.1.0rc1", True), ("3.0.0", False), ("2.4.4", False), ("4.0", False)]
)
def test_ranges(monkeypatch, version, fine):
    monkeypatch.setattr(metadata, "version", lambda _: version)
    assert check_environment(["pydicom"]).values.tolist() == [["pydicom", version, ">=3.0.1,<4", fine, ""]]
