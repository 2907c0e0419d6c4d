"""The slide viewer from Python's side: what it answers, what is never stored, what a page gets."""

import base64
import io
import json
import re
import threading

import numpy as np
import pandas as pd
import pytest
import tifffile
from PIL import Image as Pillow
from pyramids import scene, write_pyramid

import eda_utils as eda
from eda_utils.core.errors import MissingError, RequestError
from eda_utils.viewer.html import PAGE_BYTES
from eda_utils.viewer.slide_widget import slide_html, view_slide


@pytest.fixture(scope="module")
def path(samples):
    return samples / "pathology" / "CMU-1-Small-Region.svs"


@pytest.fixture
def viewer(path):
    viewer = view_slide(path)
    yield viewer
    viewer.close()


def ask(viewer, **question):
    """Ask as the browser does and return what it gets."""
    answers = []
    viewer.send = lambda content, buffers: answers.append((content, buffers))
    viewer._handle_custom_msg({"want": "tiles", "id": "x"} | question, [])
    [(content, buffers)] = answers
    assert content["id"] == "x"
    return content, buffers


def decoded(data):
    return np.asarray(Pillow.open(io.BytesIO(data))).astype(int)


def data_of(block):
    return json.loads(re.search(r'<script type="application/json">(.*)</script>', block)[1])


def test_tiles_are_the_pixels_of_the_slide(viewer, path):
    content, buffers = ask(viewer, tiles=[[0, 3, 2], [2, 0, 0]])
    assert content["tiles"] == [[0, 3, 2], [2, 0, 0]]
    assert content["problem"] == ""
    with eda.open_slide(path) as slide:
        expected = [slide.read_region(768, 512, 256, 256), slide.read_region(0, 0, 256, 256, mpp=slide.mpp * 4)]
    for data, pixels in zip(buffers, expected, strict=True):
        assert np.abs(decoded(data) - pixels).mean() < 4


def test_what_is_no_tile_is_left_out(viewer):
    content, buffers = ask(viewer, tiles=[[0, 99, 0], [0, 0, 0], [7, 0, 0], [0, "0", None]])
    assert content["tiles"] == [[0, 0, 0]]
    assert len(buffers) == 1


def test_a_question_too_long_is_answered_in_part(viewer):
    assert len(ask(viewer, tiles=[[0, 0, 0]] * 1000)[1]) == 32


def test_a_tile_that_cannot_be_read_says_why_and_the_others_come(tmp_path):
    path = write_pyramid(tmp_path / "bad.tif", scene(700, 700), steps=(1,))
    with tifffile.TiffFile(path) as file:
        offset = file.pages[0].dataoffsets[4]
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(bytes(64))
    viewer = view_slide(path)
    content, buffers = ask(viewer, tiles=[[0, 0, 0], [0, 1, 1]])
    assert (len(buffers[0]) > 0, buffers[1]) == (True, b"")
    assert content["problem"]
    assert "bad.tif" not in content["problem"]
    viewer.close()


def test_many_threads_ask_at_once(viewer):
    seen = []
    threads = [
        threading.Thread(target=lambda row=row: seen.append(viewer._answer_tiles([[0, row, 1]])[1][0]))
        for row in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    alone = [viewer._answer_tiles([[0, row, 1]])[1][0] for row in range(8)]
    assert sorted(seen) == sorted(alone)


def test_the_state_that_notebooks_store_holds_no_pixels_and_no_names(viewer):
    state = {name: value for name, value in viewer.get_state().items() if name not in ("_esm", "_css")}
    text = json.dumps(state)
    assert len(text) < 1500
    assert "CMU-1" not in text
    assert "Kanarinsky" not in text


def test_the_browser_takes_what_comes_with_the_viewer_and_asks_again_after_a_reload(viewer):
    viewer._repr_mimebundle_()
    assert len(viewer._given["tiles"]) == len(viewer._given["data"]) > 5
    viewer.set_state({"_given": None})
    assert viewer._given is None
    content, buffers = ask(viewer, want="base")
    assert len(content["tiles"]) == len(buffers)
    assert sum(map(len, buffers)) < 400_000
    assert max(decoded(data).shape[0] for data in buffers) <= 256


def test_python_sets_and_reads_the_view(viewer):
    assert viewer.um_per_px == 0
    viewer.um_per_px = 4.99
    assert viewer.downsample == pytest.approx(10)
    viewer.set_state({"center": [100.5, 200], "downsample": 2})
    assert viewer.center == (100.5, 200)
    assert viewer.um_per_px == pytest.approx(0.998)


def test_without_spacing_it_says_so(samples):
    viewer = view_slide(samples / "pathology" / "ihc_colon.png")
    assert viewer._setup["spacing"] == "no spacing"
    assert viewer.um_per_px is None
    with pytest.raises(RequestError, match="um_per_px: the slide has no spacing; give mpp, or set downsample"):
        viewer.um_per_px = 1
    viewer.close()
    viewer = view_slide(samples / "pathology" / "ihc_colon.png", mpp=0.5)
    viewer.um_per_px = 1
    assert viewer.downsample == 2
    viewer.close()


def test_it_has_a_handle_of_its_own_and_closes_it(path):
    with eda.open_slide(path, mpp=0.3) as slide:
        viewer = view_slide(slide)
    assert ask(viewer, tiles=[[0, 0, 0]])[0]["problem"] == ""
    assert viewer.slide.mpp == 0.3
    viewer.close()
    content, buffers = ask(viewer, tiles=[[0, 0, 0]])
    assert content["problem"] == "is closed; open it again with open_slide"
    assert buffers == [b""]


def test_a_wrong_file_and_wrong_overlays_are_refused(path):
    with pytest.raises(MissingError):
        view_slide(path.with_name("none.svs"))
    with pytest.raises(RequestError, match="mask: is no Mask"):
        view_slide(path, mask=np.ones((2, 2)))
    with pytest.raises(RequestError, match="grid: has no column col"):
        view_slide(path, grid=pd.DataFrame({"row": [1]}))


def test_a_notebook_gets_the_widget_and_a_picture_for_readers_without_script(viewer):
    bundle, _ = viewer._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert bundle["text/html"].count("<img") == 1
    assert "Slide, 2,967 × 2,220 pixels · 0.499 µm per pixel" in bundle["text/html"]
    assert "CMU-1" not in bundle["text/html"]


def test_a_page_gets_a_pyramid_within_its_budget(viewer, monkeypatch):
    monkeypatch.setenv("EDA_REPORT", "1")
    bundle = viewer._repr_mimebundle_()
    assert list(bundle) == ["text/html"]
    assert PAGE_BYTES / 2 < len(bundle["text/html"]) <= PAGE_BYTES
    facts = data_of(bundle["text/html"])
    assert facts["finest"] < 1.3
    assert facts["mask"] is None
    assert "CMU-1" not in bundle["text/html"]


@pytest.mark.parametrize("budget", [1_000_000, 200_000, 50_000])
def test_a_block_keeps_its_budget(path, budget):
    with eda.open_slide(path) as slide:
        mask, grid = eda.slides.tissue_mask(slide), eda.slides.tile_grid(slide)
    block = slide_html(path, mask=mask, grid=grid, budget_bytes=budget)
    assert len(block) <= budget
    facts = data_of(block)
    assert (facts["grid"]["count"], facts["mask"]["rows"]) == (len(grid), mask.pixels.shape[0])
    tile = decoded(base64.b64decode(facts["tiles"]["0/0/0"]))
    assert tile.shape == (256, 256, 3)


def test_without_room_the_picture_stays_static(path):
    block = slide_html(path, budget_bytes=5000)
    assert block.count("<img") == 1
    assert "<script" not in block


def test_neither_label_nor_macro_is_on_a_page(path):
    """Their size and proportions differ from the slide's: no embedded picture has them."""
    with eda.open_slide(path) as slide:
        others = {
            tuple(row) for row in slide.associated.loc[slide.associated["possible_phi"], ["rows", "columns"]].to_numpy()
        }
    block = slide_html(path, budget_bytes=300_000)
    pictures = [*data_of(block)["tiles"].values(), re.search(r'base64,([^"]+)"', block)[1]]
    assert others
    assert others & {decoded(base64.b64decode(data)).shape[:2] for data in pictures} == set()


def test_what_belongs_to_widgets_stays_where_the_front_end_sent_it(path):
    """ipykernel 7.4 asks the comm which subshell a message is for: the one that JupyterLab chose."""

    viewer = view_slide(path)
    viewer.comm._reply_subshell_for = lambda data, asked: None
    viewer._stay_in_subshell()
    assert viewer.comm._reply_subshell_for({}, "subshell-1") == "subshell-1"
    viewer.close()
