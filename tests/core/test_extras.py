"""Without the extras the core still indexes, measures and loads, and what needs an extra names it."""

import os
import shutil
import subprocess
import sys

import pytest
from parts import ROOT

from eda_utils.core.errors import EDAError, InstallationError, MissingExtraError
from eda_utils.core.extras import LIBRARIES, explain_missing, need_extra

OTHERS = ("distributed", "rapidocr", "s3fs", "zarr")
CORE = """
import sys, eda_utils as eda
index = eda.index_folder(sys.argv[1], progress=False)
stats = eda.measure_images(index, progress=False)
image = eda.load_image(eda.pick_file(index, kind="dicom"))
print(len(index), index["problem"].notna().sum(), stats["problem"].notna().sum(), eda.to_display(image).dtype)
print(len(eda.flag_issues(index, stats)) > 0, len(eda.privacy.audit(sys.argv[1], progress=False)) > 0)
"""


@pytest.fixture
def bare(tmp_path):
    """Runs Python where nothing but the core seems to be installed, in its child processes too."""
    names = [*OTHERS, *{library for libraries in LIBRARIES.values() for library in libraries}]
    (tmp_path / "sitecustomize.py").write_text(f"import sys\nsys.modules.update(dict.fromkeys({names!r}))\n")
    environment = os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}

    def run(*arguments):
        style = {"capture_output": True, "text": True, "check": False, "env": environment, "cwd": tmp_path}
        return subprocess.run([sys.executable, *map(str, arguments)], **style)

    return run


@pytest.mark.slow
def test_the_core_indexes_measures_and_loads(bare, samples, tmp_path):
    folder = tmp_path / "images"
    shutil.copytree(samples / "PAT0002", folder)
    shutil.copytree(samples / "photos", folder / "photos")
    answer = bare("-c", CORE, folder)
    assert answer.stderr == ""
    count = sum(path.is_file() for path in folder.rglob("*"))
    assert answer.stdout == f"{count} 0 0 uint8\nTrue True\n"


@pytest.mark.slow
def test_a_slide_is_no_picture_because_nobody_looked(bare, samples):
    code = "import sys, eda_utils as eda; print(*eda.index_folder(sys.argv[1], progress=False)['problem'])"
    answer = bare("-c", code, samples / "pathology")
    told = 'may be a whole-slide image, and openslide is not installed; run pip install "eda_utils[slides]"'
    assert answer.stdout.count(told) == 1, answer.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "library", "extra"),
    [
        ("eda.show_image", "matplotlib", "plots"),
        ("eda.render_report", "nbformat", "notebooks"),
        ("eda.view_image", "anywidget", "notebooks"),
        ("eda.services.start_archive", "pynetdicom", "services"),
        ("eda.privacy.find_burned_in('.')", "scipy", "privacy"),
        ("from eda_utils.slides.nuclei import label_nuclei; label_nuclei(None, mpp=1)", "openslide", "slides"),
    ],
)
def test_what_needs_an_extra_names_it(bare, code, library, extra):
    answer = bare("-c", f"import eda_utils as eda\ntry: {code}\nexcept eda.EDAError as error: print(error)")
    assert answer.stdout == f'{library}: is not installed; run pip install "eda_utils[{extra}]".\n', answer.stderr


@pytest.mark.slow
def test_at_the_shell_it_is_one_line(bare, tmp_path):
    answer = bare("-m", "eda_utils", "report", tmp_path)
    line = 'eda_utils: nbformat: is not installed; run pip install "eda_utils[notebooks]".\n'
    assert (answer.returncode, answer.stdout, answer.stderr) == (2, "", line)


def test_what_is_missing_is_explained():
    error = explain_missing(ModuleNotFoundError(name="sklearn.linear_model"))
    assert isinstance(error, MissingExtraError)
    assert str(error) == 'sklearn: is not installed; run pip install "eda_utils[cohort]".'
    advice = "run python -m pip install -e . in the workbook's folder."
    for name, text in {
        "pandas": f"pandas: is not installed; {advice}",
        "eda_utils.slides.slide": f"slides/slide.py: is missing from this installation; {advice}",
    }.items():
        error = explain_missing(ModuleNotFoundError(name=name))
        assert isinstance(error, InstallationError)
        assert str(error) == text
    assert issubclass(MissingExtraError, (EDAError, ImportError))


@pytest.mark.parametrize("extra", LIBRARIES)
def test_here_every_extra_is_installed(extra):
    assert need_extra(extra) is None
