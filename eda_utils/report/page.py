"""A notebook that was run, as one HTML page: no foreign markup, no request, one script known by its hash."""

import re
import secrets
from html import escape
from pathlib import Path

import nh3

from .. import __version__, viewer
from ..core import MissingError, RequestError, part, read_part

TEMPLATES = Path(__file__).with_name("templates")
NUMERAL = r"-?(?!0\d)[\d,]+(\.\d+)?(e-?\d+)?( ?([kMGT]?B|%|mm|µm))?|NaN"
JSON_BLOCK = re.compile(r'<script type="application/json">[^<]*</script>')
UNTOLD = re.compile(r"<img(?![^>]* alt=)")  # a picture in the data that nobody has described
TAGS = nh3.ALLOWED_TAGS | {"section"}
COMMON = {"class", "id", "title", "role", "style", "hidden"}
ATTRIBUTES = {tag: nh3.ALLOWED_ATTRIBUTES.get(tag, set()) | COMMON for tag in TAGS}
ATTRIBUTES["details"] |= {"open"}
ATTRIBUTES["th"] |= {"scope"}
HARMLESS_LINK = re.compile(r"(?:https?|mailto):|[^:]*$", re.IGNORECASE)
STYLES = {"margin", "margin-left", "max-width", "width", "text-align", "background-color", "color", "font-weight"}


def checked_target(output):
    """Return the path of a page that can be written, before the work of making it."""
    target = Path(output)
    if target.is_dir():
        raise RequestError(target.name, "is a folder", "give the name of the page, such as report.html")
    if not target.absolute().parent.is_dir():
        raise MissingError(target.name, "its folder does not exist", "make the folder first")
    return target


def page_of(notebook, name, *, failed="", as_report=False):
    """Return the page of a notebook.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        With its outputs.
    name : str
        Of its file.
    failed : str
        What went wrong, for a banner at the top.
    as_report : bool
        Leave the code out.

    Returns
    -------
    str
        Markup that comes out of the data is cleaned by ammonia; the Content-Security-Policy allows one script by its
        hash, inline styles and pictures inside of the page, and nothing else.
    """
    script, digest = viewer.script(read_part(TEMPLATES / "eda" / "page.js"))
    facts = {
        "title": title_of(notebook, name),
        "version": __version__,
        "style": read_part(TEMPLATES / "eda" / "page.css"),
        "script": script,
        "digest": digest,
        "failed": failed,
        "hide_code": as_report,
        "footer": f"Made from {name} by eda_utils {__version__}. This page asks no server for anything.",
    }
    return _with_contents(_filled(notebook, facts))


def _filled(notebook, facts):
    from nbconvert import HTMLExporter, TemplateExporter
    from nbconvert.filters import Highlight2HTML

    for name in ("conf.json", "index.html.j2"):
        part(TEMPLATES / "eda" / name)
    exporter = HTMLExporter(template_name="eda", extra_template_basedirs=[str(TEMPLATES)])
    lexer = notebook.metadata.get("language_info", {}).get("pygments_lexer")
    exporter.register_filter("highlight_code", Highlight2HTML(pygments_lexer=lexer, parent=exporter))
    exporter.register_filter("clean", clean)
    # HTMLExporter's own last step is a search by CSS selectors, for pages of the Notebook's kind. Ours needs none, and
    # where the search fails, as with soupsieve 3.0 under Python 3.11.2, it would take the finished page away.
    return TemplateExporter.from_notebook_node(exporter, notebook, resources={"eda": facts})[0]


def title_of(notebook, name):
    """Return the first heading of a notebook, or `name`."""
    found = re.search(r"^# (.+)$", notebook.cells[0].source, re.MULTILINE) if notebook.cells else None
    return found[1] if found else name


def clean(html):
    """Return markup without scripts, forms, frames, requests and handlers; blocks of JSON, which do nothing, stay.

    Examples
    --------
    >>> from eda_utils.report.page import clean
    >>> clean('<b onclick="x()">bold</b><script>x()</script><meta http-equiv="refresh" content="0">')
    '<b>bold</b>'
    """
    blocks, mark = [], secrets.token_hex(8)

    def set_aside(found):
        blocks.append(found[0])
        return f"{mark}-{len(blocks) - 1}."

    cleaned = nh3.clean(
        JSON_BLOCK.sub(set_aside, html),
        tags=TAGS,
        attributes=ATTRIBUTES,
        attribute_filter=_kept,
        generic_attribute_prefixes={"aria-", "data-"},
        url_schemes={"http", "https", "mailto", "data"},
        filter_style_properties=STYLES,
    )
    cleaned = UNTOLD.sub('<img alt="No description has been provided for this image"', cleaned)
    restored = re.sub(rf"{mark}-(\d+)\.", lambda found: blocks[int(found[1])], cleaned)
    return _tidy_tables(restored) if 'class="dataframe"' in restored else restored


def _kept(tag, name, value):
    """A picture lies inside of the page; a link leads to a section or, when it is clicked, to a page of the web."""
    if name == "src":
        return value if tag == "img" and value.startswith("data:image/") else None
    return None if name == "href" and not HARMLESS_LINK.match(value) else value


def _tidy_tables(html):
    """Take the row numbers of pandas out of tables, and mark numerals for alignment to the right."""
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(html, "html.parser")
    for table in soup.find_all("table", "dataframe"):
        rows = [row.find_all(["th", "td"]) for row in table.find_all("tr")]
        head, body = [row for row in rows if row[0].find_parent("thead")], [row for row in rows if row[-1].name == "td"]
        numbered = len(head) == 1 and not head[0][0].text and all(row[0].text.isdigit() for row in body)
        for column in range(max(map(len, rows), default=0)):
            cells = [row[column] for row in rows if column < len(row)]
            _mark_numerals(cells, [row[column].text for row in body if column < len(row)])
            if numbered and column == 0:
                for cell in cells:
                    cell.decompose()
    return str(soup)


def _mark_numerals(cells, texts):
    stated = [text for text in texts if text not in ("", "not stated")]
    if stated and all(re.fullmatch(NUMERAL, text) for text in stated):
        for cell in cells:
            cell["class"] = "number"


def _with_contents(page):
    found = re.findall(r'<h2 id="([^"]+)">(.*?)<a class="anchor-link"', page)
    items = "".join(f'<li><a href="#{escape(anchor)}">{text}</a></li>' for anchor, text in found)
    return page.replace("<!--contents-->", f"<ol>{items}</ol>" if items else "", 1)


def hide_places(notebook, places):
    """Replace paths in texts and outputs by names: a page is handed on, and says not where on whose machine a file was.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
    places : dict of str to str
    """
    for cell in notebook.cells:
        for place, name in places.items():
            if len(place) > 1:
                cell.source = cell.source.replace(place, name)
                for output in cell.get("outputs", []):
                    _replace_in_output(output, place, name)


def _replace_in_output(output, place, name):
    for holder in (output, output.get("data", {})):
        for key, value in holder.items():
            if isinstance(value, str) and not key.startswith("image/"):
                holder[key] = value.replace(place, name)
    if "traceback" in output:
        output["traceback"] = [line.replace(place, name) for line in output["traceback"]]


def index_page(pages):
    """Return a page that leads to other pages in the same folder.

    Parameters
    ----------
    pages : list of (Path, nbformat.NotebookNode, str)
        The page, the notebook with its outputs, and what went wrong.
    """
    cards = "".join(_card(*page) for page in pages)
    style = read_part(TEMPLATES / "eda" / "page.css")
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">"
        '<meta name="viewport" content="width=device-width, initial-scale=1"><title>Notebooks</title>'
        f'<style>{style}</style></head><body class="index"><main><h1>Notebooks</h1><ul class="cards">{cards}</ul>'
        f"<footer>Made by eda_utils {__version__}.</footer></main></body></html>\n"
    )


def _card(path, notebook, failed):
    pictures = (
        output["data"]["image/png"].replace("\n", "")
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    )
    picture = next(pictures, None)
    image = f'<img alt="" src="data:image/png;base64,{picture}">' if picture else ""
    note = f'<p class="banner">{escape(failed)}</p>' if failed else ""
    question = re.search(r"\*Question:\*\s*(.+)", "\n".join(cell.source for cell in notebook.cells[:3]))
    text = f"<p>{escape(question[1])}</p>" if question else ""
    title = escape(title_of(notebook, path.stem))
    return f'<li><a href="{escape(path.name)}">{image}<strong>{title}</strong></a>{text}{note}</li>'
