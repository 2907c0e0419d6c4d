"""The house in order: layers, sizes, names, docstrings, and pages that say what the code does."""

import ast
import inspect
import re
import subprocess
import sys
from functools import cache
from importlib import import_module, metadata

import pytest
from parts import ROOT

import eda_utils
from eda_utils.core import errors

PACKAGE = ROOT / "eda_utils"
MODULES = sorted(PACKAGE.rglob("*.py"))
# A module may import only from rows above its own
LAYERS = [
    ["lazy", "text", "progress", "style"],
    ["errors", "guards"],
    ["tables"],
    ["levels", "layout", "checks", "lettering", "codestreams"],
    ["attributes", "remote", "pool", "findings", "spreadsheets", "recognition", "cli_parts"],
    ["files", "confidentiality"],
    ["dataset", "columns", "header_kernel", "fragments", "endings"],
    ["elements", "kinds"],
    ["luts", "identifiers", "picture_files", "encoding_checks"],
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
        "scores",
    ],
    ["services.association", "services.catalogue", "services.objects"],
    ["services.queries", "services.transfers", "services.films", "services.sequence"],
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
    ["shortcuts", "drift"],
    ["report", "doctor", "lab", "cli_tables", "drift_figures", "cli_copies", "cli_services"],
    ["cohort_pages", "cli_workbook"],
    ["cli_cohorts"],
    ["cli"],
    ["__main__"],
]
ROW = {name: row for row, names in enumerate(LAYERS) for name in names}
# Functions that may catch whatever happens
GUARDS = {
    "rows": ["describe_file"],
    "header_scan": ["_by_pydicom"],
    "remote": ["_explained"],
    "sandbox": ["call_guarded"],
    "teaching": ["_ask"],
}


def module_name(path):
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def tree(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def functions(path):
    return [node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef)]


def imports(path):
    """Names of our modules that a module imports, wherever in it."""
    here = module_name(path).split(".")
    is_package = path.name == "__init__.py"
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = here[: len(here) - node.level + is_package]
            target = ".".join([*base, *(node.module or "").split(".")]).strip(".")
            names = [target] if target in ROW else [f"{target}.{alias.name}".strip(".") for alias in node.names]
            yield from (name for name in names if name in ROW)


def test_a_module_imports_only_from_rows_above():
    new = {module_name(path) for path in MODULES} - {"", *ROW}
    assert new == set(), "give a new module a row in LAYERS and in CONTRIBUTING.md"
    pairs = [(name, other) for path in MODULES if (name := module_name(path)) for other in imports(path)]
    assert [f"{name} imports {other}" for name, other in pairs if ROW[other] >= ROW[name]] == []


HEAVY = {  # libraries, and the only modules that import them
    ("matplotlib", "seaborn"): r"figures|style|pictures|plots|\w+_figures|services\.sequence",
    ("ipywidgets", "anywidget"): r"viewer\w*|slide_viewer\w*|gallery|panel",
    ("nbconvert",): r"report|page|notebook",
    ("tqdm",): "progress",
}


@pytest.mark.parametrize("libraries", HEAVY)
def test_libraries_have_a_home(libraries):
    """Whoever looks for a figure, a widget or a bar knows where."""
    wanted = re.compile(rf"^\s*(?:import|from) (?:{'|'.join(libraries)})\b", re.MULTILINE)
    users = [module_name(path) for path in MODULES if wanted.search(path.read_text(encoding="utf-8"))]
    assert users
    assert [name for name in users if not re.fullmatch(HEAVY[libraries], name)] == []


def code_lines(path):
    """How many lines are neither empty nor comment nor docstring."""
    text = path.read_text(encoding="utf-8")
    told = set()
    for node in ast.walk(tree(path)):
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


def test_functions_are_short():
    found = [(f"{module_name(path)}.{node.name}", excess(node)) for path in MODULES for node in functions(path)]
    assert [f"{name} has {lines} lines too many" for name, lines in found if lines > 0] == []


def excess(function):
    """How many lines a function has too many; its docstring is not counted."""
    docstring = len((ast.get_docstring(function, clean=False) or "").splitlines())
    most = 50 if function.decorator_list and "njit" in ast.unparse(function.decorator_list[0]) else 30
    return function.end_lineno - function.lineno + 1 - docstring - most


def test_no_module_is_called_like_a_public_name():
    """The import of such a module would take the place of the function."""
    modules = {module_name(path) for path in MODULES}
    assert modules & set(eda_utils.__all__) == set()
    assert modules & {"utils", "helpers", "common"} == set()


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
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    return [re.split(r"[<>=]", line)[0] for line in lines if line and not line.startswith("#")]


def test_readme_explains_every_dependency():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    table = readme[readme.index("| dependency |") :].split("\n\n")[0]
    assert re.findall(r"^\| `([\w-]+)`", table, re.MULTILINE) == requirements()
    assert set(requirements()) <= {name.lower() for name in map(canonical, metadata.requires("eda_utils"))}


def canonical(requirement):
    return re.split(r"[<>=;! \[]", requirement)[0]


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
    style = import_module("eda_utils.plots.style")
    assert len(set(style.PALETTE)) == 6
    assert style.ACCENT in style.PALETTE
