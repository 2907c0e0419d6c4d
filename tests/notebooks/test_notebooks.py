"""Every notebook keeps the rules of the house, and runs: as downloaded, with its solutions, and as a report."""

import ast
import builtins
import json
import re
import statistics

import nbformat
import pytest
from parts import ROOT, leaks

from eda_utils.report import render_notebook, run
from eda_utils.report.notebook import keep_report_cells, strip_notebook
from eda_utils.samples.fetch import CANARY

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
TAGS = {"parameters", "setup", "lesson", "interactive", "exercise", "solution", "labels"}
LESSONS = [path for path in NOTEBOOKS if not path.stem.startswith("11")]
every = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def load(path):
    return nbformat.read(path, as_version=4)


def lines(cell):
    return [line for line in cell.source.splitlines() if line.strip()]


def tags(cell):
    return cell.metadata.get("tags", [])


@every
def test_stripped(path):
    assert not strip_notebook(path, check=True)
    raw = json.loads(path.read_text(encoding="utf-8"))
    assert set(raw["metadata"]) == {"kernelspec"}
    for cell in raw["cells"]:
        assert set(cell["metadata"]) <= {"tags"}
        assert set(cell["metadata"].get("tags", [])) <= TAGS
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", cell["id"]), "cell ids are slugs"


@every
def test_one_idea_a_cell(path):
    cells = load(path).cells
    sizes = sorted(len(lines(cell)) for cell in cells if cell.cell_type == "code")
    assert statistics.median(sizes) <= 3
    assert sizes[int(0.9 * (len(sizes) - 1))] <= 9
    assert sizes[-1] <= 15
    for cell in cells:
        if cell.cell_type == "markdown":
            words = re.sub(r"```.*?```", "", cell.source, flags=re.DOTALL)
            assert len(re.findall(r"\b[\w'’-]+\b", words)) <= 120, cell.id


@every
def test_nothing_that_belongs_elsewhere(path):
    for cell in load(path).cells:
        if cell.cell_type == "code":
            assert not re.search(r"^\s*(def |class |[!%])|sys\.path|https?://|requests\.|urllib", cell.source, re.M)
            assert not re.search(r"""["'](/|~|[A-Z]:\\)""", cell.source), "no absolute path"


@every
def test_links_lead_somewhere(path):
    for cell in load(path).cells:
        if cell.cell_type == "markdown":
            for target in re.findall(r"\]\(([^)#:]+)\)", cell.source):
                assert (path.parent / target).exists(), target


@every
def test_order_of_the_parts(path):
    cells = load(path).cells
    assert cells[0].source.startswith("# ")
    places = {tag: next(n for n, cell in enumerate(cells) if tag in tags(cell)) for tag in ("setup", "parameters")}
    assert places["setup"] < places["parameters"]
    headings = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    assert "inutes" in headings
    assert re.search(r"You will be able to", headings)
    assert re.search(r"^## Recap", headings, re.M)
    assert re.search(r"\bNext\b", headings)


@every
def test_exercises_have_solutions(path):
    cells = load(path).cells
    exercises = [number for number, cell in enumerate(cells) if "exercise" in tags(cell)]
    assert len(exercises) >= (3 if path in LESSONS else 1)
    for number in exercises:
        assert re.search(r"^\w+ = \.\.\.$", cells[number].source, re.M)
        assert "eda.check(" in cells[number].source
        assert "solution" in tags(cells[number + 1])
        assert solution(cells[number + 1])


def solution(cell):
    return re.search(r"<details><summary>Solution</summary>\n\n```python\n(.*?)```", cell.source, re.DOTALL)[1]


def with_answers(notebook):
    """Let the solution of every exercise run after the exercise itself, which shows that both do."""
    cells = []
    for number, cell in enumerate(notebook.cells):
        cells.append(cell)
        if "exercise" in tags(cell):
            answer = solution(notebook.cells[number + 1]).rstrip()
            source = re.sub(r"^\w+ = \.\.\.$", lambda _, answer=answer: answer, cell.source, flags=re.M)
            cells.append(nbformat.v4.new_code_cell(source))
    notebook.cells = cells
    return notebook


@pytest.mark.notebooks
@every
def test_renders_as_downloaded_then_answered(path, tmp_path, secrets, monkeypatch):
    monkeypatch.setattr(run, "read_notebook", lambda path: with_answers(load(path)))
    page = render_notebook(path, tmp_path / "a.html", progress=False)
    check_page(page, secrets, exercises=sum("exercise" in tags(cell) for cell in load(path).cells))


@pytest.mark.notebooks
def test_renders_as_report(samples_report, tmp_path, secrets):
    """The report itself, and a lesson with widgets; why the others need not run twice is the next test."""
    check_page(samples_report, secrets, exercises=0)
    lesson = next(path for path in LESSONS if path.stem.startswith("04"))
    page = render_notebook(lesson, tmp_path / "a.html", as_report=True, progress=False)
    check_page(page, secrets, exercises=0)


@every
def test_a_report_needs_nothing_that_it_leaves_out(path):
    """What its cells use is made in its cells: they do there what they do among all the others."""
    for with_labels in (False, True):
        notebook = load(path)
        keep_report_cells(notebook, with_labels=with_labels)
        code = ast.parse("\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code"))
        names = [node for node in ast.walk(code) if isinstance(node, ast.Name)]
        made = {node.id for node in names if isinstance(node.ctx, ast.Store)} | {*dir(builtins), "display"}
        made |= {(node.asname or node.name).split(".")[0] for node in ast.walk(code) if isinstance(node, ast.alias)}
        made |= {node.arg for node in ast.walk(code) if isinstance(node, ast.arg)}
        assert {node.id for node in names} - made == set()


def check_page(page, secrets, exercises):
    page = page.read_text(encoding="utf-8")
    assert CANARY.lower() not in page.lower()
    assert leaks(page, secrets) == []
    assert str(ROOT) not in page
    assert "Warning" not in page
    assert "Not yet." not in page
    assert len(page) < 15e6
    assert page.count("<pre>Not answered yet") == exercises
    assert page.count("<pre>Correct.") == exercises
    assert page.count("<img ") == len(re.findall(r'<img [^>]*alt="(?!Figure")[^"]{10,}"', page))


@every
def test_no_cell_leans_on_an_exercise(path):
    """What an exercise assigns is used nowhere but in its own cell."""
    cells = load(path).cells
    for number, cell in enumerate(cells):
        if "exercise" in tags(cell):
            later = "\n".join(other.source for other in cells[number + 1 :] if other.cell_type == "code")
            later = re.sub(r"^(\w+) = \.\.\.$", "", later, flags=re.M)
            for name in re.findall(r"^(\w+) = ", cell.source, re.M):
                others = [c.source for c in cells[number + 1 :] if c.cell_type == "code" and "exercise" not in tags(c)]
                assert not any(re.search(rf"\b{name}\b", source) for source in others), name
