"""The house in order: layers, sizes, names, docstrings, and pages that say what the code does."""

import ast
import inspect
import re
import subprocess
import sys
from importlib import import_module

import pytest
from parts import ROOT

import eda_utils
from eda_utils import errors

PACKAGE = ROOT / "eda_utils"
MODULES = sorted(PACKAGE.rglob("*.py"))
# A module may import only from rows above its own
LAYERS = [
    ["errors", "style", "levels", "layout", "checks", "codestreams"],
    [
        "attributes",
        "remote",
        "pool",
        "findings",
        "encoding_checks",
        "spreadsheets",
        "recognition",
        "cli_parts",
        "installation",
    ],
    ["files", "confidentiality", "extras"],
    ["dataset", "columns", "header_kernel", "fragments", "endings", "lazy", "lettering"],
    ["elements", "kinds"],
    ["luts", "identifiers", "picture_files"],
    ["values", "pseudonyms", "spacing", "display", "decoders", "modality", "planes"],
    ["header_scan", "frames", "sources", "geometry_checks", "pixel_checks", "patient_checks"],
    ["image", "claims", "sandbox", "acquisition_checks", "contradiction_checks"],
    ["pathology.directory", "pathology.jpeg", "pathology.stains"],
    [
        "pathology.dicom_frames",
        "pathology.handles",
        "pathology.tiles",
        "pathology.phantom",
        "pathology.stain_estimation",
    ],
    ["pathology.nuclei", "pathology.facts", "pathology.formats", "pathology.phantom_slide", "pathology.tissue"],
    ["pathology.slide", "pathology.slide_qc", "pathology.slide_checks"],
    ["pathology.dicom_wsi", "disclosures"],
    ["rows", "index_file", "burned_in"],
    ["headers", "index", "stats", "blanking"],
    ["pathology.table"],
    ["pathology"],
    ["summary", "explain", "viewer_data"],
    [
        "sentences",
        "tree",
        "uids",
        "privacy",
        "explorer",
        "naive",
        "duplicates",
        "quality",
        "viewer_page",
        "conformance",
        "label_files",
        "part_search",
        "model_arrays",
    ],
    ["deidentification", "figures", "viewer", "gallery", "slide_viewer_data", "labels", "risk"],
    [
        "pictures",
        "plots",
        "panel",
        "flatten",
        "slide_viewer",
        "prevalence",
        "splits",
        "handoff",
        "services.messages",
        "services.received",
    ],
    ["services.association", "services.catalogue", "services.objects"],
    ["services.queries", "services.transfers", "services.films", "services.sequence", "services.verbs"],
    ["services.archive", "services.retrievals"],
    ["services.web"],
    ["services"],
    [
        "pipeline_figures",
        "slide_figures",
        "quality_figures",
        "stain_figures",
        "cards",
        "header_fields",
        "cohort_figures",
        "array_files",
        "privacy_figures",
    ],
    ["samples", "teaching", "notebook", "page", "associations", "phantom_cohort"],
    ["page_tables", "shortcuts", "drift", "scores", "requirements"],
    ["report", "doctor", "lab", "cli_tables", "drift_figures", "cli_copies", "cli_services"],
    ["cohort_pages"],
    ["cli_cohorts"],
    ["cli"],
    ["__main__"],
]
ROW = {name: row for row, names in enumerate(LAYERS) for name in names}


def module_name(path):
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path):
    """Names of our modules that a module imports, wherever in it."""
    here = module_name(path).split(".")
    is_package = path.name == "__init__.py"
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = here[: len(here) - node.level + is_package]
            target = ".".join([*base, *(node.module or "").split(".")]).strip(".")
            names = [target] if target in ROW else [f"{target}.{alias.name}".strip(".") for alias in node.names]
            yield from (name for name in names if name in ROW)


@pytest.mark.parametrize("path", [path for path in MODULES if module_name(path)], ids=module_name)
def test_a_module_imports_only_from_rows_above(path):
    name = module_name(path)
    assert name in ROW, "give the new module a row in LAYERS and in CONTRIBUTING.md"
    assert [other for other in imports(path) if ROW[other] >= ROW[name]] == []


def code_lines(path):
    """How many lines are neither empty nor comment nor docstring."""
    text = path.read_text(encoding="utf-8")
    told = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node):
            told.update(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    lines = enumerate(text.splitlines(), start=1)
    return sum(bool(line.strip()) and not line.lstrip().startswith("#") for number, line in lines if number not in told)


def test_sizes():
    lines = {module_name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert {name: count for name, count in lines.items() if count > 350} == {}
    pathology = [path for path in MODULES if path.parent.name == "pathology"]
    assert sum(map(code_lines, pathology)) < 2500
    assert sum(map(code_lines, MODULES)) < 16_000


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_functions_are_short(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            docstring = len((ast.get_docstring(node, clean=False) or "").splitlines())
            most = 50 if node.decorator_list and "njit" in ast.unparse(node.decorator_list[0]) else 30
            assert node.end_lineno - node.lineno + 1 - docstring <= most, f"{node.name} is too long"


def test_no_module_is_called_like_a_public_name():
    """The import of such a module would take the place of the function."""
    modules = {module_name(path) for path in MODULES}
    assert modules & set(eda_utils.__all__) == set()
    assert modules & {"utils", "helpers", "common"} == set()


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_broad_excepts_are_only_guards(path):
    guards = {
        "rows": ["describe_file"],
        "header_scan": ["_by_pydicom"],
        "remote": ["_explained"],
        "sandbox": ["call_guarded"],
        "teaching": ["_ask"],
    }
    allowed = guards.get(module_name(path), [])
    for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(function, ast.FunctionDef) and function.name not in allowed:
            for node in ast.walk(function):
                if isinstance(node, ast.ExceptHandler):
                    assert node.type is not None
                    assert getattr(node.type, "id", "") not in ("Exception", "BaseException"), function.name


@pytest.mark.parametrize("name", eda_utils.__all__)
def test_public_names_are_documented(name):
    item = getattr(eda_utils, name)
    text = inspect.getdoc(item)
    first = text.splitlines()[0]
    assert first.endswith("."), "one plain sentence first"
    if inspect.isfunction(item):
        for parameter in inspect.signature(item).parameters:
            assert re.search(rf"^\s*\*?.*\b{parameter}\b", text, re.MULTILINE), parameter
        assert "Parameters\n---" in text
        assert "Returns\n---" in text or "Yields\n---" in text or name == "check"


def test_every_error_is_ours():
    assert all(issubclass(item, errors.EDAError) for item in vars(errors).values() if isinstance(item, type))


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


def test_a_picture_is_shown_without_what_only_slides_need():
    code = "import sys, eda_utils; eda_utils.show_image; print(sorted({'numba', 'openslide'} & set(sys.modules)))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd="/")
    assert answer.stdout == "[]\n"


def requirements():
    return list(eda_utils.check_environment()["library"][1:])


def test_readme_explains_every_dependency():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    table = readme[readme.index("| dependency |") :].split("\n\n")[0]
    assert re.findall(r"^\| `([\w-]+)`", table, re.MULTILINE) == requirements()


def test_readme_lists_the_public_names():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    table = readme[readme.index("| name |") :].split("\n\n")[0]
    named = re.findall(r"`(\w+)", "\n".join(line.split("|")[1] for line in table.splitlines()))
    assert sorted(named) == eda_utils.__all__


def test_readme_lists_the_notebooks():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    found = [path.stem for path in sorted((ROOT / "notebooks").glob("*.ipynb"))]
    assert re.findall(r"^\| \[(\d\d_\w+)\]\(notebooks/\1\.ipynb\)", readme, re.MULTILINE) == found


def test_readme_links_lead_somewhere():
    for page in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "data/README.md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#:]+)\)", text):
            assert ((ROOT / page).parent / target).exists(), f"{page}: {target}"


def test_contributing_shows_the_layers():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = [re.findall(r"`([\w.]+)`", line) for line in text.splitlines() if re.match(r"^\| \d+ \|", line)]
    assert rows == LAYERS[:-1]


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
    tests = {path.stem for path in (ROOT / "tests").rglob("test_*.py")}
    for path in MODULES:
        name = module_name(path).split(".")[-1]
        if name not in ("", "__main__", "pathology", "services", "style"):
            assert f"test_{name}" in tests, name


def test_style_colours_are_distinct_and_legible():
    style = import_module("eda_utils.style")
    assert len(set(style.PALETTE)) == 6
    assert style.ACCENT in style.PALETTE
