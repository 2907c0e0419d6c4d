"""A viewer in a real browser: on a page from disk, and as a widget with this process as its kernel."""

import base64
import json

import numpy as np

from eda_utils.viewer import script as viewer_script
from eda_utils.viewer.html import viewer_code, viewer_style

READY = ".eda-viewer:not([aria-busy])"
UNSENT = ("_esm", "_css", "_given", "layout", "comm", "tabbable", "tooltip")
CROP = """([selector, rows, columns]) => {
  const context = document.querySelectorAll(selector)[0].getContext("2d");
  const words = context.getImageData(0, 0, columns, rows).data;
  let text = "";
  for (let at = 0; at < words.length; at += 8192) text += String.fromCharCode(...words.subarray(at, at + 8192));
  return btoa(text);
}"""
KERNEL = """
const listeners = {}, state = JSON.parse(document.querySelector("#state").textContent);
const bytes = (text) => new DataView(Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0)).buffer);
const fire = (event, ...given) => (listeners[event] ?? []).forEach((each) => each(...given));
window.model = {
  get: (name) => state[name],
  set: (name, value) => { state[name] = value; fire(`change:${name}`); },
  on: (event, use) => (listeners[event] ??= []).push(use),
  off: () => {},
  save_changes: () => window.save(state),
  send: async (question) => {
    const [content, buffers] = await window.ask(question);
    fire("msg:custom", content, buffers.map(bytes));
  },
};
render({ model: window.model, el: document.querySelector("#here") });
"""


def open_report(page, folder, *blocks):
    """Open a page as a report is: one inline script, its hash in the policy, nothing else allowed."""
    script, sha256 = viewer_script()
    policy = f"default-src 'none'; script-src '{sha256}'; style-src 'unsafe-inline'; img-src data: blob:"
    file = folder / "page.html"
    file.write_text(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Page</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}"><link rel="icon" href="data:,">'
        f'{"".join(blocks)}<script type="module">{script}</script></html>'
    )
    page.goto(file.as_uri())
    page.wait_for_selector(READY)
    settle(page)
    return page


def open_widget(page, folder, viewer):
    """Open the widget with this process as its kernel: messages and state go to and fro as with JupyterLab."""

    def ask(question):
        answers = []
        viewer.send = lambda content, buffers=None: answers.append((content, buffers))
        viewer._handle_custom_msg(question, [])
        return [answers[0][0], [base64.b64encode(buffer).decode() for buffer in answers[0][1]]]

    page.expose_function("ask", ask)
    page.expose_function("save", viewer.set_state)
    state = viewer.get_state([name for name in viewer.keys if name not in UNSENT])
    file = folder / "widget.html"
    file.write_text(
        f'<!doctype html><meta charset="utf-8"><style>{viewer_style()}</style><div id="here"></div>'
        f'<script type="application/json" id="state">{json.dumps(state)}</script>'
        f'<script type="module">{viewer_code()}{KERNEL}</script>'
    )
    page.goto(file.as_uri())
    page.wait_for_selector(READY)
    settle(page)
    return page


def settle(page, *, told=True):
    """Wait until the change is drawn, and told to Python."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    page.wait_for_timeout(150 if told else 0)


def canvas(page, selector="canvas", most=512):
    """Read pixels back: (row, column, 3), at most a corner of 512 x 512."""
    columns, rows = page.locator(selector).first.evaluate("canvas => [canvas.width, canvas.height]")
    rows, columns = min(rows, most), min(columns, most)
    data = base64.b64decode(page.evaluate(CROP, [selector, rows, columns]))
    found = np.frombuffer(data, np.uint8).reshape(rows, columns, 4)
    assert (found[..., 3] == 255).all()
    return found[..., :3]
