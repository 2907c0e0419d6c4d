"""What an editor and a type checker know of the faces: every name, what it takes and what it gives."""

import inspect
import os
import subprocess
import sys
from importlib import import_module

import pytest
from parts import ROOT, package

FACES = sorted(path.parent for path in (ROOT / "eda_utils").rglob("__init__.pyi"))
LINES = {
    "wrong_name": "eda.nonsense(1)",
    "wrong_argument": 'eda.show_image("x", windw="brain")',
    "right": 'eda.index_folder("."), eda.__version__',
}


@pytest.fixture(scope="module")
def complaints(tmp_path_factory):
    """What mypy says of three files that a user could write; of libraries it need not know anything for that."""
    package("mypy")
    folder = tmp_path_factory.mktemp("user")
    for name, line in LINES.items():
        (folder / f"{name}.py").write_text(f"import eda_utils as eda\n\n{line}\n")
    command = [sys.executable, "-m", "mypy", "--no-site-packages", "--follow-imports=silent", f"--cache-dir={folder}"]
    answer = subprocess.run(
        [*command, *(f"{name}.py" for name in LINES)],
        env=os.environ | {"MYPYPATH": str(ROOT)},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert not answer.stderr
    return {
        name: [text for text in answer.stdout.splitlines() if text.startswith(f"{name}.py:3: error")] for name in LINES
    }


@pytest.mark.slow
def test_a_checker_finds_a_wrong_name(complaints):
    assert len(complaints["wrong_name"]) == 1
    assert '"nonsense"' in complaints["wrong_name"][0]


@pytest.mark.slow
def test_a_checker_finds_a_wrong_argument(complaints):
    assert len(complaints["wrong_argument"]) == 1
    assert '"windw" for "show_image"' in complaints["wrong_argument"][0]


def test_a_checker_accepts_what_is_right(complaints):
    assert complaints["right"] == []


def test_an_editor_completes_a_name_with_its_signature():
    jedi = package("jedi")
    script = jedi.Script("import eda_utils as eda\neda.index_f", project=jedi.Project(ROOT))
    (found,) = script.complete()
    assert found.name == "index_folder"
    (signature,) = found.get_signatures()
    assert signature.to_string().startswith("index_folder(source: Paths, *, tags: ")
    assert signature.to_string().endswith("-> pd.DataFrame")


@pytest.mark.parametrize("folder", FACES, ids=lambda folder: folder.name)
def test_every_name_of_a_face_is_annotated(folder):
    face = import_module(".".join(folder.relative_to(ROOT).parts))
    bare = [where for name in face.__all__ for where in unannotated(name, getattr(face, name))]
    assert bare == []


def unannotated(name, item):
    """Yield what a function, or a class with its public methods, does not say the type of."""
    if inspect.isclass(item):
        for key, member in vars(item).items():
            method = getattr(member, "fget", member)
            is_ours = inspect.isfunction(method) and method.__module__.startswith("eda_utils")
            if is_ours and (key == "__init__" or not key.startswith("_")):
                yield from unannotated(f"{name}.{key}", method)
    elif inspect.isfunction(inspect.unwrap(item)):
        signature = inspect.signature(item)
        names = [key for key in signature.parameters if key != "self"]
        yield from (
            f"{name}({key})" for key in names if signature.parameters[key].annotation is inspect.Parameter.empty
        )
        if signature.return_annotation is inspect.Signature.empty:
            yield f"{name} ->"
