"""The house in order: layers, sizes, names, docstrings, and pages that say what the code does."""

import ast
import inspect
import re
import subprocess
import sys
from functools import cache
from importlib import import_module

import pytest
from parts import ROOT

import eda_utils
from eda_utils.core import errors

PACKAGE = ROOT / "eda_utils"
MODULES = sorted(PACKAGE.rglob("*.py"))
# Functions that may catch whatever happens
GUARDS = {
    "index.rows": ["describe_file"],
    "index.scanner": ["_by_pydicom"],
    "core.urls": ["_explained"],
    "core.sandbox": ["call_guarded"],
    "report.exercise": ["_ask"],
}


def module_name(path):
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def tree(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def functions(path):
    return [node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef)]


def code_lines(path):
    """How many lines are neither empty nor comment nor docstring; a signature is one, whatever its types take."""
    text = path.read_text(encoding="utf-8")
    told = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node):
            told.update(range(node.body[0].lineno, node.body[0].end_lineno + 1))
        if isinstance(node, ast.FunctionDef):
            told.update(range(node.lineno + 1, node.body[0].lineno))
    lines = enumerate(text.splitlines(), start=1)
    return sum(bool(line.strip()) and not line.lstrip().startswith("#") for number, line in lines if number not in told)


@pytest.mark.slow
def test_sizes():
    lines = {module_name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert {name: count for name, count in lines.items() if count > 350} == {}
    assert sum(map(code_lines, MODULES)) < 13_900


def test_functions_are_short():
    found = [(f"{module_name(path)}.{node.name}", excess(node)) for path in MODULES for node in functions(path)]
    assert [f"{name} has {lines} lines too many" for name, lines in found if lines > 0] == []


def excess(function):
    """How many lines a function has too many; its docstring is not counted, and its signature is one line."""
    docstring = len((ast.get_docstring(function, clean=False) or "").splitlines())
    most = 50 if function.decorator_list and "njit" in ast.unparse(function.decorator_list[0]) else 30
    return function.end_lineno - function.body[0].lineno + 2 - docstring - most


def test_broad_excepts_are_only_guards():
    broad = [
        f"{module_name(path)}.{function.name}"
        for path in MODULES
        for function in functions(path)
        if function.name not in GUARDS.get(module_name(path), []) and any(map(is_broad, ast.walk(function)))
    ]
    assert broad == []


def is_broad(node):
    caught = isinstance(node, ast.ExceptHandler) and node.type
    return caught is None or getattr(caught, "id", "") in ("Exception", "BaseException")


def test_public_names_are_documented():
    wrong = {name: list(undocumented(getattr(eda_utils, name))) for name in eda_utils.__all__}
    assert {name: lacks for name, lacks in wrong.items() if lacks} == {}


def undocumented(item):
    """What the docstring of a public name lacks: one plain sentence first, then what goes in and comes out."""
    text = inspect.getdoc(item)
    if not text.splitlines()[0].endswith("."):
        yield "a sentence"
    if inspect.isfunction(item):
        names = inspect.signature(item).parameters
        yield from (name for name in names if not re.search(rf"^\s*\*?.*\b{name}\b", text, re.MULTILINE))
        if "Parameters\n---" not in text:
            yield "Parameters"
        if "Returns\n---" not in text and "Yields\n---" not in text and item is not eda_utils.check:
            yield "Returns"


def test_every_error_is_ours():
    assert all(issubclass(item, errors.EDAError) for item in vars(errors).values() if isinstance(item, type))


@pytest.mark.slow
def test_import_is_light():
    code = (
        "import sys, numpy, pandas, pydicom; before = set(sys.modules); import eda_utils;"
        "heavy = {'matplotlib', 'ipywidgets', 'openslide', 'skimage', 'nbconvert', 'seaborn', 'PIL', 'imagecodecs'};"
        "print(sorted(heavy & (set(sys.modules) - before)), len(set(sys.modules) - before))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd="/")
    heavy, count = answer.stdout.rsplit(" ", 1)
    assert heavy == "[]"
    assert int(count) < 10


@pytest.mark.slow
def test_a_picture_is_shown_without_what_only_slides_need():
    code = "import sys, eda_utils; eda_utils.show_image; print(sorted({'numba', 'openslide'} & set(sys.modules)))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd="/")
    assert answer.stdout == "[]\n"


def test_readme_explains_every_dependency():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    table = readme[readme.index("| dependency |") :].split("\n\n")[0]
    wanted = list(eda_utils.report.check_environment()["library"][1:])
    assert re.findall(r"^\| `([\w-]+)`", table, re.MULTILINE) == wanted


def test_readme_lists_the_notebooks():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    found = [path.stem for path in sorted((ROOT / "notebooks").glob("*.ipynb"))]
    assert re.findall(r"^\| \[(\d\d_\w+)\]\(notebooks/\1\.ipynb\)", readme, re.MULTILINE) == found


def test_readme_links_lead_somewhere():
    for page in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "data/README.md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#:]+)\)", text):
            assert ((ROOT / page).parent / target).exists(), f"{page}: {target}"


def test_ci_runs_what_the_readme_says():
    assert "make test" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert (ROOT / ".ci" / "run").read_text().rstrip().endswith("make test")


def test_ruff_is_content():
    for command in (["check"], ["format", "--check"]):
        answer = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "."], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert answer.returncode == 0, answer.stdout


def test_all_modules_have_tests():
    """The tests mirror the package: tests/image/test_display.py."""
    lacking = [
        module_name(path)
        for path in MODULES
        if not path.stem.startswith("__") and path.stem != "style" and not file_of_tests(path).is_file()
    ]
    assert lacking == []


def file_of_tests(path):
    """Return the file of a module's tests; those that need the real parts lie with them."""
    name = module_name(path)
    at = {"cli.services": "services/test_cli_services.py", "plots.services": "services/test_sequence.py"}.get(name)
    return ROOT / "tests" / (at or path.relative_to(PACKAGE).with_name(f"test_{path.name}"))


def test_style_colours_are_distinct_and_legible():
    style = import_module("eda_utils.plots.style")
    assert len(set(style.PALETTE)) == 6
    assert style.ACCENT in style.PALETTE
