"""The widget from Python's side: what it answers, what can be set and read, what is never stored."""

import json
from pathlib import Path

import numpy as np
import pytest
from pydicom.data import get_testdata_file

import eda_utils as eda
from eda_utils.core.errors import FrameError, NoPixelDataError, RequestError
from eda_utils.image.display import Window
from eda_utils.viewer.image_widget import view_image

CT = get_testdata_file("CT_small.dcm")
CINE = get_testdata_file("examples_ybr_color.dcm")
REPORT = get_testdata_file("reportsi.dcm")


def ask(viewer, **question):
    """Ask as the browser does and return what it gets."""
    answers = []
    viewer.send = lambda content, buffers: answers.append((content, buffers))
    viewer._handle_custom_msg({"want": "picture", "position": 0, "frame": 0, "id": "x"} | question, [])
    return answers[0] if answers else None


def test_pixels_are_sent_when_they_are_asked_for():
    content, [pixels] = ask(view_image(CT))
    assert content["id"] == "x"
    assert content["arrays"] == ["pixels"]
    values = np.frombuffer(pixels, content["facts"]["type"]).reshape(128, 128).astype(int) - 1024
    np.testing.assert_array_equal(values, eda.load_image(CT).pixels)


def test_frames_are_sent_one_by_one():
    content, [pixels] = ask(view_image(CINE), frame=12)
    expected = eda.to_display(eda.load_image(CINE, frame=12))
    np.testing.assert_array_equal(np.frombuffer(pixels, np.uint8).reshape(expected.shape), expected)
    assert content["facts"]["frame"] == 12
    assert content["facts"]["frames"] == 30


def test_the_state_that_notebooks_store_holds_no_pixels_and_no_names():
    viewer = view_image([CT, CINE])
    state = {name: value for name, value in viewer.get_state().items() if name not in ("_esm", "_css")}
    text = json.dumps(state)
    assert len(text) < 1000
    assert "CT_small" not in text
    assert str(Path(CT).parent) not in text


def test_a_thumbnail_is_a_small_picture():
    _, [png] = ask(view_image([CT, CINE]), want="thumbnail", position=1)
    assert png.startswith(b"\x89PNG")


def test_what_cannot_be_shown_says_why_without_its_name():
    content, buffers = ask(view_image([REPORT, CT], window="lung"))
    assert content["facts"] == {"problem": "has no Pixel Data (7FE0,0010); look at its header with header_table"}
    assert buffers == []


@pytest.mark.parametrize("position", [-1, 1, 99])
def test_a_position_that_is_not_there_is_not_answered(position):
    assert ask(view_image(CT), position=position) is None


@pytest.mark.parametrize(
    ("given", "window"),
    [
        ("lung", (-600, 1500, "LINEAR")),
        ((50, 60), (50, 60, "LINEAR")),
        (Window(1, 2, "SIGMOID"), (1, 2, "SIGMOID")),
        ({"center": 7, "width": 8.5, "kind": "LINEAR_EXACT", "text": ""}, (7, 8.5, "LINEAR_EXACT")),
    ],
)
def test_a_window_is_set_as_to_display_takes_it(given, window):
    viewer = view_image(CT)
    viewer.window = given
    assert viewer.window[:3] == window
    eda.to_display(viewer.image, window=viewer.window)


def test_a_voi_lut_is_found_again_by_its_text(index):
    path = next(path for path in index["path"] if path.endswith("PAT0011/ST0002/SE0001/IM0001"))
    viewer = view_image(path)
    lut = next(window for window in viewer.image.windows if window.lut)
    viewer.window = {"center": 0, "width": 1, "kind": "LUT", "text": str(lut)}
    assert viewer.window is lut


def test_the_browser_sets_position_frame_and_window_together():
    viewer = view_image([CT, CINE])
    viewer.set_state({"window": None, "frame": 4, "position": 1})
    assert viewer.image.frame == 4
    assert viewer.window is None


def test_wrong_requests_are_refused():
    with pytest.raises(RequestError, match="2 images; give a number from 0 to 1"):
        view_image([CT, CINE]).position = 2
    with pytest.raises(RequestError, match="there is no preset or window of that name"):
        view_image(CT).window = "kidney"
    with pytest.raises(RequestError, match="1 image cannot be shown in step; give a list of 2 to 4 images"):
        view_image(CT, linked=True)
    with pytest.raises(NoPixelDataError):
        view_image(REPORT)
    with pytest.raises(FrameError):
        view_image(CINE, frame=30)


def test_a_notebook_gets_the_widget_and_a_picture_for_readers_without_script():
    bundle, _ = view_image(CT)._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert bundle["text/html"].startswith('<figure class="eda-static"')
    assert "CT_small" not in bundle["text/html"]


def test_a_page_gets_a_live_block(monkeypatch):
    monkeypatch.setenv("EDA_REPORT", "1")
    bundle = view_image([CT, CINE], window="auto")._repr_mimebundle_()
    assert list(bundle) == ["text/html"]
    assert bundle["text/html"].count("<img") == 2


def test_every_kind_of_source_is_taken(index):
    image = eda.load_image(CINE, frame=5)
    assert view_image(image).image is image
    assert ask(view_image(image))[0]["facts"]["stops"] == [5]
    assert view_image(index)._setup["count"] > 40
