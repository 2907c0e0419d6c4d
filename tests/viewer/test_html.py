"""Blocks of HTML for pages without a kernel: safe to put anywhere, within their budget, and readable without script."""

import base64
import hashlib
import json
import re
import zlib

import numpy as np
import pytest
from parts import ROOT
from pydicom.data import get_testdata_file

import eda_utils as eda
from eda_utils import viewer
from eda_utils.viewer.html import static_figure

CT = get_testdata_file("CT_small.dcm")
CINE = get_testdata_file("examples_ybr_color.dcm")
SCRIPTS = sorted((ROOT / "eda_utils" / "viewer" / "static").glob("*.js"))


def data_of(block):
    return json.loads(re.search(r'<script type="application/json">(.*)</script>', block)[1])


def unpacked(frame):
    facts, data = frame["facts"], frame["data"]["pixels"]
    dtype = np.dtype(f"<{facts['type']}")
    planes = np.frombuffer(zlib.decompress(base64.b64decode(data)), np.uint8).reshape(dtype.itemsize, -1)
    shape = (facts["rows"], facts["columns"]) + (() if facts["grey"] else (3,))
    return np.ascontiguousarray(planes.T).view(dtype).reshape(shape)


def test_a_block_holds_the_values_of_the_file():
    [[frame]] = data_of(viewer.image_html(CT))["pictures"]
    assert frame["facts"]["factor"] == 1
    np.testing.assert_array_equal(unpacked(frame).astype(int) - 1024, eda.load_image(CT).pixels)


@pytest.mark.parametrize("budget", [200_000, 60_000, 40_000])
def test_a_block_keeps_its_budget(make_dicom, budget):
    noise = np.random.default_rng(0).integers(0, 65535, (500, 700)).astype(np.uint16)
    assert len(viewer.image_html([make_dicom(noise), CINE], budget_bytes=budget)) <= budget * 1.02


def test_without_room_the_picture_stays_static():
    block = viewer.image_html(CT, budget_bytes=5000)
    assert data_of(block)["pictures"] == [[]]
    assert block.count("<img") == 1


def test_of_many_frames_some_are_taken_evenly():
    [frames] = data_of(viewer.image_html(CINE))["pictures"]
    stops = frames[0]["facts"]["stops"]
    assert len(stops) == len(frames) == 16
    assert (stops[0], stops[-1]) == (0, 29)
    assert [frame["facts"]["frame"] for frame in frames] == stops


def test_one_frame_of_an_image_is_one_frame():
    [frames] = data_of(viewer.image_html(eda.load_image(CINE, frame=3)))["pictures"]
    assert [frame["facts"]["stops"] for frame in frames] == [[3]]


def test_what_cannot_be_shown_says_why():
    block = viewer.image_html([CT, get_testdata_file("reportsi.dcm")])
    problem = "has no Pixel Data (7FE0,0010); look at its header with header_table"
    assert data_of(block)["pictures"][1] == [{"facts": {"problem": problem}, "data": {}}]
    assert f"This image cannot be shown: {problem}." in block


def test_nothing_in_the_data_can_end_the_script(make_dicom):
    hostile = "</script><img src=x onerror=alert(1)>&<!--"
    windows = {"WindowCenter": 5, "WindowWidth": 9, "WindowCenterWidthExplanation": hostile}
    block = viewer.image_html(make_dicom(np.arange(16, dtype=np.uint8).reshape(4, 4), **windows))
    assert block.count("</script>") == 1
    assert "<!--" not in block
    assert data_of(block)["pictures"][0][0]["facts"]["menu"][0]["label"].startswith(hostile)
    assert "<img src=x" not in block


def test_a_static_figure_has_a_text_without_a_name():
    figure = static_figure(eda.load_image(CT))
    assert re.search(r'alt="CT, 128 × 128: rescale 1/-1024 · window [^"]+"', figure)
    assert "CT_small" not in figure


def test_the_hash_is_that_of_the_script():
    text, sha256 = viewer.script()
    assert sha256 == "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    assert "</script" not in text.lower()
    assert "<!--" not in text


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_the_script_writes_text_only_and_asks_nobody(path):
    code = path.read_text(encoding="utf-8")
    words = ("innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval(", "Function(", "fetch(", "XMLHttp")
    words += (
        "WebSocket",
        "import(",
        "import ",
        "createContextualFragment",
        "localStorage",
        "document.cookie",
        "http://",
    )
    assert [word for word in words if word in code.replace("http://www.w3.org/2000/svg", "")] == []
    assert len(code.splitlines()) < 350
    assert max(map(len, code.splitlines())) <= 120
