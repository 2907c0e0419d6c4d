"""The wheel is the whole product: installed alone, without the repository, it does what the checkout does."""

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest
from parts import ROOT

SOURCES = ("README.md", "LICENSE", "MANIFEST.in", "pyproject.toml", "setup.py", "requirements.txt")
pytestmark = pytest.mark.notebooks
REINSTALL = "pip install --force-reinstall eda_utils"


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    """The wheel, built from what the repository holds and nothing else."""
    source = tmp_path_factory.mktemp("source")
    for name in ("eda_utils", "notebooks"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    for name in SOURCES:
        shutil.copy(ROOT / name, source)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", source / "wheel", source]
    subprocess.run(command, check=True, cwd=source)
    return next((source / "wheel").glob("*.whl"))


class Installed:
    """An environment of its own that holds the wheel, and sees every other library of this one."""

    def __init__(self, folder, wheel):
        self.folder = folder
        venv.create(folder / "env", with_pip=False)
        self.python = next((folder / "env").glob("[bS]*/python*"))
        self.site = Path(sysconfig.get_path("purelib", vars={"base": str(folder / "env")}))
        (self.site / "others.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
        pip = [sys.executable, "-m", "pip", "--python", self.python, "install", "--quiet", "--no-deps", wheel]
        subprocess.run(pip, check=True, cwd=folder)
        (folder / "work").mkdir()

    def run(self, *arguments):
        """Run a command of the package from another folder."""
        return self.run_python("-m", "eda_utils", *arguments, cwd=self.folder / "work")

    def run_python(self, *arguments, cwd):
        """Run its Python, where nothing leads to the repository."""
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        environment["JUPYTER_PATH"] = str(Path(sysconfig.get_path("data")) / "share" / "jupyter")
        style = {"capture_output": True, "text": True, "check": False, "env": environment}
        return subprocess.run([self.python, *arguments], cwd=cwd, **style)


@pytest.fixture(scope="session")
def installed(wheel, tmp_path_factory):
    return Installed(tmp_path_factory.mktemp("installed"), wheel)


@pytest.fixture
def damaged(wheel, tmp_path):
    return Installed(tmp_path, wheel)


def test_the_package_runs_from_the_wheel(installed):
    code = "import eda_utils, sys; print(eda_utils.__file__); print(*sys.path, sep='\\n')"
    answer = installed.run_python("-P", "-c", code, cwd="/")
    home, *others = answer.stdout.splitlines()
    assert Path(home) == installed.site / "eda_utils" / "__init__.py"
    assert str(ROOT) not in others
    assert sorted(path.name for path in (installed.site / "eda_utils" / "notebooks").iterdir()) == sorted(
        path.name for path in (ROOT / "notebooks").glob("*.ipynb")
    )


def test_report(installed, samples):
    folder = installed.folder / "images"
    folder.mkdir()
    shutil.copy(samples / "photos" / "microaneurysms.png", folder)
    answer = installed.run("report", str(folder), "-o", "page.html", "-q")
    assert (answer.returncode, answer.stderr) == (0, "")
    page = (installed.folder / "work" / "page.html").read_text(encoding="utf-8")
    assert "1 file of" in page
    assert str(ROOT) not in page
    assert str(installed.site) not in page


def test_notebooks_find_the_samples_of_the_current_folder(installed, samples):
    answer = installed.run("render", "01", "-q")
    assert answer.returncode == 2
    assert answer.stderr == (
        "eda_utils: data/samples: there are no samples in this folder yet; "
        "run python -m eda_utils samples here, or name a folder: --parameters folder=PATH.\n"
    )
    work = installed.folder / "work"
    shutil.copytree(samples, work / "data" / "samples")
    answer = installed.run("render", "01", "-q")
    assert (answer.returncode, answer.stderr) == (0, "")
    page = (work / "01_dicom_concepts.html").read_text(encoding="utf-8")
    assert "samples" in page
    assert not [place for place in (ROOT, work, installed.site) if str(place) in page]
    assert sorted(path.name for path in work.iterdir() if path.name[0] == "0") == ["01_dicom_concepts.html"]


def test_samples_say_where_they_go(installed):
    answer = installed.run("samples", "--help")
    assert answer.returncode == 0
    assert "default: data/samples in the current folder" in " ".join(answer.stdout.split())


def test_the_doctor_finds_all_in_place(installed):
    answer = installed.run("doctor", "-q")
    assert answer.stderr == ""
    assert "Files that belong to eda_utils" not in answer.stdout
    assert answer.stdout.endswith("\nNothing is missing.\n")


def test_the_lab_works_on_copies(installed):
    """Nobody's exercises are lost in site-packages, or overwritten by a second start."""
    code = "from eda_utils.report import lab, notebook; print(lab._own_copy(notebook.find_notebook('03')))"
    work = installed.folder / "lab"
    (work / "notebooks").mkdir(parents=True)
    (work / "notebooks" / "01_dicom_concepts.ipynb").write_text("mine")
    answer = installed.run_python("-c", code, cwd=work)
    assert Path(answer.stdout.strip()) == work / "notebooks" / "03_header_exploration.ipynb"
    names = {path.name for path in (work / "notebooks").iterdir()}
    assert names == {path.name for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert (work / "notebooks" / "01_dicom_concepts.ipynb").read_text() == "mine"


def test_a_damaged_installation_is_named(damaged, tmp_path):
    (tmp_path / "work" / "images").mkdir()
    package = damaged.site / "eda_utils"
    lost = {
        "notebooks/11_dataset_report.ipynb": ["report", "images"],
        "notebooks/03_header_exploration.ipynb": ["render", "03"],
        "report/templates/eda/page.css": ["render", "04", "-p", "folder=images"],
        "samples/data/samples.csv": ["samples"],
        "dicom/data/confidentiality.csv": ["index", "images"],
    }
    for name, command in lost.items():
        (package / name).unlink()
        answer = damaged.run(*command, "-q")
        line = f"eda_utils: {Path(name).name}: is missing from this installation; run {REINSTALL}.\n"
        assert (answer.returncode, answer.stdout, answer.stderr) == (2, "", line)
    answer = damaged.run("doctor", "-q")
    assert answer.returncode == 1
    rows = "".join(f"  gap   {Path(name).name:<40} missing\n" for name in sorted(lost))
    assert f"\nFiles that belong to eda_utils\n{rows}          python -m {REINSTALL}\n\n" in answer.stdout
    assert answer.stdout.endswith("\nGaps: 5 files of eda_utils. What to do stands below them.\n")
