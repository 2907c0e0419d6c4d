"""A real Chromium opens every kind of page over hostile files: nothing comes alive or is asked for."""

import re
import warnings

import nbformat.v4 as v4
import numpy as np
import pydicom
import pytest
from PIL import Image as Pillow, PngImagePlugin
from pyramids import scene, write_pyramid

import eda_utils as eda
from eda_utils.report.comparison import render_comparison, write_card

HIT = "window.__hits=(window.__hits||0)+1"
PAYLOADS = (
    f"<script>{HIT}</script>",
    f"<ScRiPt>{HIT}</sCrIpT>",
    f"</script><script>{HIT}</script>",
    f"</style><script>{HIT}</script>",
    f"</title><script>{HIT}</script>",
    f"</textarea><script>{HIT}</script>",
    f"--><script>{HIT}</script><!--",
    f"]]><script>{HIT}</script>",
    f"<img src=x onerror={HIT}>",
    f"<svg onload={HIT}>",
    f"<svg><script>{HIT}</script></svg>",
    f"<math><mtext><img src=x onerror={HIT}></mtext></math>",
    f"<body onload={HIT}>",
    f"<details open ontoggle={HIT}>",
    f"<input autofocus onfocus={HIT}>",
    f"<iframe srcdoc='<script>parent.{HIT}</script>'>",
    f"<object data='javascript:{HIT}'>",
    "<meta http-equiv=refresh content='0;url=http://hostile.invalid/'>",
    "<link rel=stylesheet href=http://hostile.invalid/a.css>",
    "<base href=http://hostile.invalid/>",
    "<form action=http://hostile.invalid/><button autofocus>",
    f"[go](javascript:{HIT})",
    "![see](http://hostile.invalid/a.png)",
    f'" onmouseover="{HIT}',
    f"' onfocus='{HIT}' autofocus='",
    f"{{{{constructor.constructor('{HIT}')()}}}}",
    f"${{{HIT}}}",
    f"<script/x>{HIT}</script>",
    "<style>@import 'http://hostile.invalid/b.css';*{background:url(http://hostile.invalid/c)}</style>",
)
ALIVE = """() => [...document.querySelectorAll("*")].filter((at) =>
  [...at.attributes].some((one) => one.name.startsWith("on") || /^\\s*javascript:/i.test(one.value)) ||
  at.matches("iframe, object, embed, base, link[href^='http'], form[action], meta[http-equiv=refresh]") ||
  (at.matches("script:not([type='application/json'])") && at.textContent.includes("__hits"))
).map((at) => at.outerHTML.slice(0, 200))"""
POLICY = "document.querySelector('meta[http-equiv=Content-Security-Policy]').content"
WATCH = "document.addEventListener('securitypolicyviolation', (at) => { window.__refused = at.violatedDirective; });"
TEXTS = (
    *("PatientName", "SeriesDescription", "StudyDescription", "Manufacturer", "ProtocolName", "ImageComments"),
    *("Modality", "StationName", "BodyPartExamined"),
)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """Payloads in every text, in names of files and folders, private creators, a picture and a slide."""
    folder = tmp_path_factory.mktemp("pages")
    fill(folder / "<img src=x onerror=__hits=1>")
    return folder


def fill(root):
    root.mkdir()
    for number, payload in enumerate(PAYLOADS):
        plant(payload, root / f"{number} {payload.replace('/', '_')}"[:80], number)
    told = PngImagePlugin.PngInfo()
    told.add_text("Comment", PAYLOADS[0])
    Pillow.fromarray(np.arange(4096, dtype=np.uint16).astype(np.uint8).reshape(64, 64)).save(
        root / "a.png", pnginfo=told
    )
    write_pyramid(root / "<svg onload=__hits=1>.svs", scene(512, 512), description=f"Aperio {PAYLOADS[0]}|MPP = 0.5")


def plant(payload, path, number):
    dataset = pydicom.dcmread(pydicom.data.get_testdata_file("CT_small.dcm"))
    dataset.SpecificCharacterSet = "ISO_IR 192"
    with warnings.catch_warnings(), pydicom.config.disable_value_validation():
        warnings.simplefilter("ignore")
        for keyword in TEXTS:
            setattr(dataset, keyword, payload)
        dataset.PatientID, dataset.SOPInstanceUID = f"P{number}", f"1.2.3.{number}"
        dataset.private_block(0x0099, payload[:64], create=True).add_new(1, "LO", payload)
        dataset.save_as(path)


@pytest.fixture(scope="module")
def pages(hostile):
    """Of each kind of page one."""
    mine, out = next(hostile.iterdir()), hostile / "out"
    out.mkdir()
    index = eda.index_folder(mine, progress=False)
    images = index.loc[index["kind"] == "dicom", "path"].tolist()[:4]
    slide = next(mine.glob("*.svs"))
    code = f"""import eda_utils as eda
from IPython.display import HTML, Markdown, display
from eda_utils.viewer.slide_widget import slide_html
from eda_utils import viewer
index = eda.index_folder({str(mine)!r}, progress=False)
display(index, eda.header_table({images[0]!r}, redact=False), eda.index.series_tree(index, redact=False))
display(HTML(viewer.image_html({images!r})), Markdown({PAYLOADS[0]!r}), HTML({"".join(PAYLOADS)!r}))
with eda.open_slide({str(slide)!r}) as slide:
    display(HTML(slide_html(slide)))
print({PAYLOADS[0]!r})"""
    cells = [v4.new_markdown_cell(f"# {PAYLOADS[0]}"), v4.new_code_cell(code)]
    notebook = hostile / "hostile.ipynb"
    notebook.write_text(v4.writes(v4.new_notebook(cells=cells)))
    return {
        "report": eda.render_report(mine, out / "report.html", progress=False),
        "notebook": eda.report.render_notebook(notebook, out / "notebook.html", progress=False),
        "drift": render_comparison(index, index, out / "drift.html", pixels=False, progress=False),
        "card": write_card(eda.cohort.dataset_card(index), out / "card.html"),
    }


@pytest.mark.parametrize("kind", ["report", "notebook", "drift", "card"])
def test_nothing_comes_alive(browser, pages, kind):
    page, requests, dialogs = browser.new_page(), [], []
    page.add_init_script(WATCH)
    page.on("request", lambda request: requests.append(request.url))
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    page.goto(pages[kind].as_uri())
    page.evaluate("document.querySelectorAll('details').forEach((at) => { at.open = true; })")
    page.wait_for_timeout(300)
    assert page.evaluate("[window.__hits || window.__hit || 0, window.__refused || '']") == [0, ""]
    assert page.evaluate(ALIVE) == []
    assert [url for url in requests if not url.startswith(("data:", "blob:"))] == [pages[kind].as_uri()]
    assert dialogs == []
    policy = page.evaluate(POLICY)
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert not re.search(r"script-src[^;]*unsafe|https?:|\*", policy)
    page.close()
