"""A real Chromium shows the slide viewer: what is drawn is the slide, the hand moves it, and a page needs no kernel."""

import re
from itertools import pairwise

import numpy as np
import pytest
import tifffile
from pyramids import scene, write_pyramid
from viewers import READY, canvas, open_report, open_widget, settle

import eda_utils as eda
from eda_utils.viewer.slide_widget import slide_html, view_slide

NAME = """() => {
  const at = document.activeElement;
  return (at.getAttribute("aria-label") || at.textContent).trim();
}"""


@pytest.fixture(scope="module")
def path(samples):
    return samples / "pathology" / "CMU-1-Small-Region.svs"


@pytest.fixture
def opened(page, tmp_path, path):
    """The widget with a mask and a grid, and how often it asked for tiles."""
    with eda.open_slide(path) as slide:
        viewer = view_slide(slide, mask=eda.slides.tissue_mask(slide), grid=eda.slides.tile_grid(slide))
    open_widget(page, tmp_path, viewer)
    yield viewer
    viewer.close()


def sharp(page):
    settle(page)
    page.wait_for_selector(READY)
    settle(page)


def plain(page):
    """Take away what is drawn over the tissue."""
    page.locator(".eda-stage").focus()
    page.keyboard.press("m")
    page.keyboard.press("m")
    if page.get_by_role("button", name="Grid").get_attribute("aria-pressed") == "true":
        page.keyboard.press("g")
    sharp(page)


def look(page, **view):
    """Set the view as Python does."""
    for name, value in view.items():
        page.evaluate("([name, value]) => { model.set(name, value); model.save_changes(); }", [name, value])
    sharp(page)


def shown(page):
    """What is on the canvas."""
    return canvas(page, ".eda-stage canvas", most=4000)


def middle(page):
    box = page.locator(".eda-stage").bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(page, dx, dy):
    x, y = middle(page)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + dx / 2, y + dy / 2)
    page.mouse.move(x + dx, y + dy)
    page.mouse.up()
    sharp(page)


def region(slide, viewer, shape, downsample=1):
    """What must be on the canvas, from the slide itself."""
    top, left = (round(at - side / 2 * downsample) for at, side in zip(viewer.center, shape, strict=False))
    return slide.read_region(top, left, *shape[:2], mpp=slide.mpp * downsample if downsample > 1 else None)


@pytest.mark.parametrize("downsample", [1, 2, 4])
def test_what_is_drawn_is_the_slide(page, opened, downsample):
    plain(page)
    page.keyboard.press("o")
    look(page, center=[1200, 1000], downsample=downsample)
    found = shown(page)
    with eda.open_slide(opened.slide.path) as slide:
        expected = region(slide, opened, found.shape, downsample)
    assert found.std() > 20
    assert np.abs(found.astype(int) - expected).mean() < 4
    shifted = np.abs(found.astype(int)[:, 1:] - expected[:, :-1]).mean()
    assert shifted > 2 * np.abs(found.astype(int) - expected).mean()


def test_a_drag_moves_the_tissue_under_the_hand(page, opened):
    plain(page)
    page.keyboard.press("o")
    look(page, center=[1400, 1100], downsample=1)
    before = shown(page).astype(int)
    drag(page, 60, 40)
    assert opened.center == pytest.approx((1360, 1040), abs=0.01)
    after = shown(page).astype(int)
    np.testing.assert_array_equal(after[40:, 60:], before[:-40, :-60])


def test_the_wheel_zooms_about_the_mouse(page, opened):
    look(page, center=[1400, 1100], downsample=2)
    x, y = middle(page)
    page.mouse.move(x + 100, y - 50)
    settle(page)
    before = page.locator(".eda-probe").inner_text()
    page.mouse.wheel(0, -120)
    sharp(page)
    assert opened.downsample == pytest.approx(2 * np.exp(-0.4))
    assert places(page.locator(".eda-probe").inner_text()) == pytest.approx(places(before), abs=1.01)
    page.mouse.wheel(0, 120)
    sharp(page)
    assert opened.center == pytest.approx((1400, 1100), abs=0.02)


def places(text):
    return [int(number.replace(",", "")) for number in re.findall(r"(?:row|column) ([\d,]+)", text)]


def test_a_page_that_is_scrolled_is_not_caught(page, opened):
    page.evaluate("document.body.style.paddingTop = '300px'; document.body.style.paddingBottom = '2000px'")
    sharp(page)
    x, y = middle(page)
    before = opened.downsample
    page.mouse.move(x, 100)
    page.mouse.wheel(0, 100)
    page.mouse.move(x, y - 100)
    page.mouse.wheel(0, 100)
    settle(page)
    assert opened.downsample == before
    assert page.evaluate("scrollY") > 100


def test_a_double_click_zooms_in(page, opened):
    look(page, downsample=2)
    page.mouse.dblclick(*middle(page))
    sharp(page)
    assert opened.downsample == pytest.approx(1)


def test_two_fingers_zoom(page, opened):
    look(page, center=[1400, 1100], downsample=2)
    x, y = middle(page)
    session = page.context.new_cdp_session(page)
    for kind, far in (("touchStart", 40), ("touchMove", 60), ("touchMove", 80), ("touchEnd", None)):
        points = [] if far is None else [{"x": x - far, "y": y, "id": 0}, {"x": x + far, "y": y, "id": 1}]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    sharp(page)
    assert opened.downsample == pytest.approx(1, rel=0.05)


def test_the_overview_leads_to_a_place(page, opened):
    look(page, downsample=1)
    box = page.locator(".eda-inset").bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.75)
    sharp(page)
    assert opened.center == pytest.approx((2967 * 0.75, 2220 * 0.25), rel=0.03)
    assert canvas(page, ".eda-inset").std() > 10


def test_everything_can_be_done_by_keyboard(page, opened):
    page.locator(".eda-stage").focus()
    sharp(page)
    whole = opened.downsample
    assert whole > 3
    page.keyboard.press("1")
    sharp(page)
    assert opened.downsample == 1
    before = opened.center
    for key in ("ArrowRight", "Shift+ArrowDown"):
        page.keyboard.press(key)
    sharp(page)
    width, height = page.locator(".eda-stage").evaluate("at => [at.clientWidth, at.clientHeight]")
    assert np.subtract(opened.center, before) == pytest.approx((height / 2, width / 10), abs=0.02)
    page.keyboard.press("+")
    page.keyboard.press("-")
    page.keyboard.press("-")
    sharp(page)
    assert opened.downsample == pytest.approx(1.5)
    pictures = [shown(page)]
    for key in ("m", "m", "g"):
        page.keyboard.press(key)
        settle(page)
        pictures.append(shown(page))
    assert all((one != other).any() for one, other in pairwise(pictures))
    page.keyboard.press("o")
    settle(page)
    assert not page.locator(".eda-inset").is_visible()
    page.keyboard.press("0")
    sharp(page)
    assert opened.downsample == whole


def test_every_control_is_reached_by_tab_and_has_a_name(page, opened):
    seen = []
    for _ in range(12):
        page.keyboard.press("Tab")
        seen.append(page.evaluate(NAME))
    wanted = {"Zoom in (+)", "Zoom out (−)", "Whole slide", "1:1", "Mask: outline", "Grid", "Overview", "Full screen"}
    assert wanted | {"Keys"} <= set(seen)
    assert any(name.startswith("Slide, 2,967 × 2,220 pixels") and "per screen pixel" in name for name in seen)
    focusable = page.locator(".eda-viewer :is(button, summary, [tabindex])")
    assert focusable.count() == page.locator(".eda-viewer [data-lm-suppress-shortcuts]").count() == 10


def test_the_scale_bar_is_as_long_as_it_says(page, opened):
    lengths = set()
    for downsample in (0.25, 1, 3, 4):
        look(page, downsample=downsample)
        bar = page.locator(".eda-scale")
        value, unit = bar.inner_text().split()
        um = float(value) * {"µm": 1, "mm": 1000}[unit]
        width = bar.evaluate("at => parseFloat(getComputedStyle(at).width)")
        assert width * downsample * 0.499 == pytest.approx(um, rel=0.01)
        assert 40 < width <= 130
        lengths.add(um)
    assert len(lengths) == 4


def test_position_and_fineness_are_said_in_micrometres(page, opened):
    look(page, center=[1000, 600], downsample=2)
    x, y = middle(page)
    page.mouse.move(x + 50, y + 25)
    settle(page)
    row, column = places(page.locator(".eda-probe").inner_text())
    assert (row, column) == pytest.approx((1050, 700), abs=2)
    down, across = re.findall(r"([\d,.]+) µm", page.locator(".eda-probe").inner_text())
    assert (float(down), float(across)) == pytest.approx((row * 0.499, column * 0.499), abs=1)
    assert page.locator(".eda-fine").inner_text() == "0.998 µm per screen pixel"
    assert "x" not in page.locator(".eda-fine").inner_text().replace("pixel", "")


def test_the_outline_runs_where_the_mask_ends(page, tmp_path):
    pixels = np.full((1200, 1600, 3), 200, np.uint8)
    path = write_pyramid(tmp_path / "plain.tif", pixels, compression=None)
    inside = np.zeros((120, 160), bool)
    inside[30:60, 40:120] = True
    viewer = view_slide(path, mask=eda.slides.Mask(inside, (5.0, 5.0), (10.0, 10.0)))
    open_widget(page, tmp_path, viewer)
    page.locator(".eda-stage").focus()
    page.keyboard.press("o")
    look(page, center=[600, 800], downsample=1.25)
    found = shown(page).astype(int)
    blue = (found[..., 2] - found[..., 0]) > 100
    rows, columns = (np.flatnonzero(blue.any(axis=axis)) for axis in (1, 0))
    top, left = (side / 2 - at for side, at in zip(found.shape, (480, 640), strict=False))
    assert (rows.min(), rows.max()) == pytest.approx((top + 240, top + 480), abs=2)
    assert (columns.min(), columns.max()) == pytest.approx((left + 320, left + 960), abs=2)
    page.keyboard.press("m")
    settle(page)
    tinted = shown(page).astype(int)
    within = tinted[int(top) + 250 : int(top) + 470, int(left) + 330 : int(left) + 950]
    assert (within[..., 2] - within[..., 0] > 30).all()
    viewer.close()


def test_a_tile_that_cannot_be_read_is_crossed_out(page, tmp_path):
    path = write_pyramid(tmp_path / "bad.tif", scene(700, 700), steps=(1,))
    with tifffile.TiffFile(path) as file:
        offset = file.pages[0].dataoffsets[4]
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(bytes(64))
    viewer = view_slide(path)
    open_widget(page, tmp_path, viewer)
    look(page, center=[384, 384], downsample=1)
    assert re.search(r"\d tiles? crossed out: cannot be read, ", page.locator(".eda-caption").inner_text())
    red = shown(page).astype(int)
    assert ((red[..., 0] > 200) & (red[..., 2] < 40)).sum() > 500
    viewer.close()


def test_without_spacing_it_says_so(page, tmp_path, samples):
    viewer = view_slide(samples / "pathology" / "ihc_colon.png")
    open_widget(page, tmp_path, viewer)
    assert page.locator(".eda-scale").inner_text() == "no spacing"
    assert "µm" not in page.locator(".eda-lines").inner_text()
    assert not page.get_by_role("button", name="Grid").is_visible()
    viewer.close()


def test_a_large_slide_asks_for_what_it_shows_and_forgets_nothing_it_needs(page, tmp_path):
    path = eda.samples.write_phantom_slide(tmp_path / "large.tif", shape=(6000, 8000), mpp=0.5, seed=3)
    viewer, asked = view_slide(path), []
    answer = viewer._answer_tiles
    viewer._answer_tiles = lambda tiles: asked.extend(map(tuple, tiles)) or answer(tiles)
    open_widget(page, tmp_path, viewer)
    look(page, center=[3000, 4000], downsample=1)
    assert len(asked) == len(set(asked)) < 120  # of 1,000
    count = len(asked)
    look(page, downsample=4)
    look(page, downsample=1)
    assert len(asked) < count + 60
    viewer.close()


def test_a_page_from_disk_zooms_without_a_request(page, tmp_path, path):
    with eda.open_slide(path) as slide:
        block = slide_html(slide, mask=eda.slides.tissue_mask(slide), grid=eda.slides.tile_grid(slide))
        open_report(page, tmp_path, block)
        assert not page.locator(".eda-static").is_visible()
        plain(page)
        page.keyboard.press("o")
        page.keyboard.press("1")
        sharp(page)
        found = shown(page)
        top, left = (round(at / 2 - side / 2) for at, side in zip(slide.shape, found.shape, strict=False))
        expected = slide.read_region(top, left, *found.shape[:2])
    assert page.locator(".eda-fine").inner_text() == "0.499 µm per screen pixel"
    assert np.abs(found.astype(int) - expected).mean() < 8
    assert found.std() > 20
    x, y = middle(page)
    page.mouse.move(x, y)
    page.mouse.wheel(0, -300)
    sharp(page)
    assert (shown(page) != found).any()


def test_a_page_without_script_shows_a_picture_with_its_caption(browser, tmp_path, path):
    page = browser.new_context(java_script_enabled=False).new_page()
    file = tmp_path / "page.html"
    file.write_text(f"<!doctype html><meta charset='utf-8'>{slide_html(path, budget_bytes=300_000)}")
    page.goto(file.as_uri())
    assert page.locator("img").bounding_box()["height"] > 200
    assert "Slide, 2,967 × 2,220 pixels · 0.499 µm per pixel" in page.locator("figcaption").inner_text()
    page.context.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_sticks_out(page, tmp_path, path, width):
    page.set_viewport_size({"width": width, "height": 900})
    open_report(page, tmp_path, slide_html(path, budget_bytes=300_000))
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator(".eda-inset").bounding_box()["width"] < width / 3
    assert canvas(page, ".eda-inset").std() > 10
