"""Widgets of a notebook that was run, as plain outputs: a page has no kernel that could answer them."""

from html import escape

STATE = "application/vnd.jupyter.widget-state+json"
VIEW = "application/vnd.jupyter.widget-view+json"
LINK = "IPY_MODEL_"
MARKUP = ("HTMLModel", "HTMLMathModel")


def flatten_widgets(notebook):
    """Give every output that is a widget the HTML of what it showed when the notebook was run.

    Pictures, tables and texts stay, also inside of boxes, tabs and `interactive`; a control becomes its name and value.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        With its outputs, and the state of the widgets in its metadata, as nbclient leaves it.
    """
    states = notebook.metadata.get("widgets", {}).get(STATE, {}).get("state", {})
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if VIEW in data and "text/html" not in data:
                data["text/html"] = _html(data[VIEW]["model_id"], states, frozenset()) or "<p>(a widget)</p>"


def _html(model, states, seen):
    """The markup of one widget and of what is inside of it; `clean` makes it harmless."""
    widget = states.get(model)
    if widget is None or model in seen:
        return ""
    name, state = widget["model_name"], widget["state"]
    inside = state.get("children", [])
    if inside:
        return "".join(_html(child.removeprefix(LINK), states, seen | {model}) for child in inside)
    if name == "OutputModel":
        return "".join(map(_output, state.get("outputs", [])))
    if name == "ImageModel":
        return "".join(_picture(buffer["data"], state.get("format", "png")) for buffer in widget.get("buffers", []))
    if name in MARKUP:
        return f"<div>{state.get('value', '')}</div>"
    return _control(state)


def _output(output):
    data = output.get("data", {})
    if "text/html" in data:
        return _joined(data["text/html"])
    if "image/png" in data:
        return _picture(_joined(data["image/png"]), "png")
    return f"<pre>{escape(_joined(data.get('text/plain', output.get('text', ''))))}</pre>"


def _joined(text):
    return "".join(text)


def _picture(data, kind):
    return f'<img alt="Picture of a widget" src="data:image/{escape(kind)};base64,{data}">'


def _control(state):
    """What it is called and what was chosen; of a list the text and not the number."""
    value, labels = state.get("value"), state.get("_options_labels")
    if labels and isinstance(state.get("index"), int):
        value = labels[state["index"]]
    named = [str(part) for part in (state.get("description"), value) if part not in (None, "", [])]
    return f"<p>{escape(': '.join(named))}</p>" if named else ""
