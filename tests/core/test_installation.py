"""Files of the package are found in a checkout, and named when they are gone; test_wheel.py tries an installed one."""

import shutil

import pytest
from parts import ROOT

from eda_utils.cli.app import main
from eda_utils.core import installation
from eda_utils.core.errors import EDAError, InstallationError
from eda_utils.report import page, run


def test_places_of_a_checkout(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert installation.checkout() == installation.work_folder() == ROOT
    assert installation.notebook_folder() == ROOT / "notebooks"
    assert not installation.is_installed(ROOT / "notebooks" / "01_dicom_concepts.ipynb")
    assert installation.missing_parts() == []


def test_a_missing_part_of_a_checkout():
    with pytest.raises(InstallationError) as caught:
        installation.read_part(ROOT / "eda_utils" / "none.css")
    assert str(caught.value) == ("none.css: is missing from this installation; bring it back from the repository.")
    assert isinstance(caught.value, EDAError)


def test_a_missing_template_is_told_before_the_work(monkeypatch, tmp_path, capsys):
    shutil.copytree(page.TEMPLATES, tmp_path / "templates")
    (tmp_path / "templates" / "eda" / "index.html.j2").unlink()
    monkeypatch.setattr(page, "TEMPLATES", tmp_path / "templates")
    monkeypatch.setattr(run, "_run", lambda *_: pytest.fail("the notebook was run"))
    assert main(["render", "01", "-o", str(tmp_path / "a.html"), "-q"]) == 2
    line = "eda_utils: index.html.j2: is missing from this installation; bring it back from the repository.\n"
    assert capsys.readouterr().err == line
    assert not (tmp_path / "a.html").exists()
