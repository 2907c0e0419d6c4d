"""The house in rooms: one direction, small faces, each library in one room, and nothing beside the rooms."""

import ast
import subprocess
import sys
from functools import cache
from importlib import import_module

import pytest
from parts import ROOT

import eda_utils

PACKAGE = ROOT / "eda_utils"
MODULES = sorted(PACKAGE.rglob("*.py"))
# A room imports only from rooms above it, and of those only what their faces show
ROOMS = [
    "core",
    "dicom",
    "image",
    "slides",
    "index",
    "quality",
    "privacy",
    "cohort",
    "services",
    "samples",
    "plots",
    "viewer",
    "report",
    "cli",
]
INSIDE = ("core", "cli")  # rooms that a user does not enter
# Each of these libraries, and printing, has one room
LIBRARIES = {
    "matplotlib": "plots",
    "seaborn": "plots",
    "ipywidgets": "viewer",
    "anywidget": "viewer",
    "openslide": "slides",
    "nbconvert": "report",
    "print": "cli",
}
ELSEWHERE = {
    ("dicom/formats.py", "openslide"): "only OpenSlide knows which of its formats a TIFF is",
    ("report/exercise.py", "print"): "a learner reads the verdict under the cell",
}


def short(path):
    return path.relative_to(PACKAGE).as_posix()


@cache
def tree(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def is_face(path):
    return path.name == "__init__.py" and path.parent.parent == PACKAGE


def imports(path):
    """Yield what a module imports of ours, wherever in it: the dotted place, and the name."""
    here = path.relative_to(PACKAGE).parts[:-1]
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = [*here[: len(here) - node.level + 1], *(node.module or "").split(".")]
            yield from ((".".join(filter(None, base)), alias.name) for alias in node.names)


def visits():
    """Yield each import of one room by another, or of the package as a whole."""
    for path in MODULES:
        room = path.relative_to(PACKAGE).parts[0]
        for place, name in imports(path):
            entered = place.split(".")[0] or name
            if room in ROOMS and entered != room:
                yield path, room, place, name, entered


def test_there_is_nothing_beside_the_rooms():
    found = {path.name for path in PACKAGE.iterdir()} - {"__pycache__"}
    assert found == {*ROOMS, "__init__.py", "__init__.pyi", "__main__.py", "py.typed"}


@pytest.mark.slow
def test_a_room_imports_only_from_rooms_above():
    upward = [
        f"{short(path)} imports {name} of {entered}"
        for path, room, _, name, entered in visits()
        if entered in ROOMS and ROOMS.index(entered) >= ROOMS.index(room)
    ]
    assert upward == []


def test_a_room_is_entered_by_its_face():
    past = [
        f"{short(path)} imports {name} of {place}"
        for path, _, place, name, _ in visits()
        if place not in ROOMS and (place, name) != ("", "__version__") and not (place == "" and name in ROOMS)
    ]
    assert past == []


@pytest.mark.parametrize("room", ROOMS)
def test_a_face_shows_what_is_there(room):
    face = import_module(f"eda_utils.{room}")
    assert sorted(face.__all__) == sorted(stub(PACKAGE / room / "__init__.pyi"))
    for name in face.__all__:
        assert getattr(face, name) is not None, name


def test_a_face_shows_only_what_others_use():
    """Of users' names the README and the notebooks speak; the other names serve another room."""
    used = {(entered, name) for _, _, _, name, entered in visits()}
    used |= {(module, name) for name, module in stub(PACKAGE / "__init__.pyi").items()}
    texts = [*(ROOT / "notebooks").glob("*.ipynb"), ROOT / "README.md", *(ROOT / "tests").rglob("*.py"), *MODULES]
    told = "\n".join(path.read_text(encoding="utf-8") for path in texts)
    idle = [
        f"{room}.{name}"
        for room in ROOMS
        for name in stub(PACKAGE / room / "__init__.pyi")
        if (room, name) not in used and f"{room}.{name}" not in told and f"eda_utils.{room} import" not in told
    ]
    assert idle == []


def stub(path):
    """Return the names of a face and the module that each comes from, None for a room."""
    imported = [node for node in tree(path).body if isinstance(node, ast.ImportFrom)]
    return {alias.name: node.module for node in imported for alias in node.names}


def test_the_top_is_small():
    names = [name for name, module in stub(PACKAGE / "__init__.pyi").items() if module]
    assert len(names) <= 28
    assert len(dir(eda_utils)) <= 45
    assert set(dir(eda_utils)) == {*names, *ROOMS} - {*INSIDE}


def test_no_module_takes_the_place_of_a_name():
    """An imported module of a face's own name would stand where the function is."""
    taken = [
        f"{short(folder)}/{name}.py"
        for folder in [PACKAGE, *(PACKAGE / room for room in ROOMS)]
        for name in stub(folder / "__init__.pyi")
        if (folder / f"{name}.py").exists()
    ]
    assert taken == []
    assert {path.stem for path in MODULES} & {"utils", "helpers", "common", "misc"} == set()


@cache
def libraries(path):
    """Names of what a module imports from elsewhere, and of what it calls to print."""
    found = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add(node.module.split(".")[0])
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
            found.add("print")
    return found


def test_each_library_has_its_room():
    found = {
        (short(path), library)
        for path in MODULES
        for library in libraries(path) & {*LIBRARIES}
        if short(path).split("/")[0] != LIBRARIES[library]
    }
    assert found == {*ELSEWHERE}


def test_rooms_are_not_crowded():
    crowded = {}
    for folder in {path.parent for path in MODULES}:
        modules = [path for path in folder.glob("*.py") if path.name != "__init__.py"]
        if len(modules) > 14:
            crowded[short(folder)] = len(modules)
    assert crowded == {}


def test_faces_are_lazy():
    """To enter a room loads no module of it, but what tells of a missing extra."""
    code = f"import sys, importlib\nfor room in {ROOMS}: importlib.import_module(f'eda_utils.{{room}}')\n"
    code += "print(sorted(name for name in sys.modules if name.startswith('eda_utils.') and name.count('.') > 1))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    told = {f"eda_utils.core.{name}" for name in ("errors", "extras", "installation", "text")}
    assert set(ast.literal_eval(answer.stdout)) <= told


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_pages_show_the_rooms_in_order(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    house = text[text.index("| room |" if page == "README.md" else "eda_utils/\n") :]
    places = [house.index(f"| `{room}` |" if page == "README.md" else f"\n  {room} ") for room in ROOMS]
    assert places == sorted(places, reverse=page == "CONTRIBUTING.md")
