"""A real Chromium shows the viewer, on a page from disk and with a kernel's answers: the picture is that of numpy."""

import re

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from viewers import READY, canvas, open_report, open_widget, settle

import eda_utils as eda
from eda_utils.image.display import Window
from eda_utils.image.image import load_stages
from eda_utils.viewer import image_html
from eda_utils.viewer.image_widget import view_image

HOSTILE = "<img src=x onerror=alert(1)></script><script>alert(2)</script>"
CT = get_testdata_file("CT_small.dcm")
NAME = """() => {
  const at = document.activeElement;
  return (at.getAttribute("aria-label") || at.labels?.[0]?.textContent || at.textContent).trim();
}"""


def same_as(picture, most=512):
    cut = picture[:most, :most]
    return cut if cut.ndim == 3 else np.repeat(cut[..., None], 3, axis=-1)


def set_window(page, window):
    facts = {"center": float(window.center), "width": float(window.width), "kind": window.function, "text": ""}
    page.evaluate("(facts) => model.set('window', facts)", facts)
    settle(page, told=False)


def stage_drag(page, start, end, *, at=0):
    """Drag between two places that are given as shares of the stage's width and height."""
    box = page.locator(".eda-stage").nth(at).bounding_box()
    (x0, y0), (x1, y1) = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in (start, end)]
    page.mouse.move(x0, y0)
    page.mouse.down()
    page.mouse.move((x0 + x1) / 2, (y0 + y1) / 2)
    page.mouse.move(x1, y1)
    page.mouse.up()
    settle(page)


def tool(page, name):
    page.get_by_role("button", name=name, exact=True).click()
    settle(page)


def kinds(index):
    """One readable file of every modality, photometric interpretation, depth and number of frames."""
    shown = index[index["problem"].isna() & (index["Rows"].notna() | (index["kind"] == "image"))]
    return [
        path
        for path in shown.drop_duplicates(["Modality", "PhotometricInterpretation", "BitsStored"])["path"]
        if is_shown(path)
    ]


def is_shown(path):
    try:
        eda.load_image(path)
    except eda.EDAError:
        return False
    return True


def windows_for(image, rng):
    low, high = float(np.nanmin(image.pixels)), float(np.nanmax(image.pixels))
    yield Window(low + 1, 1, source="chosen")
    yield Window((low + high) / 2, max(high - low, 1), "LINEAR_EXACT", source="chosen")
    for function in ("LINEAR", "LINEAR_EXACT", "SIGMOID") * 2:
        center, width = rng.uniform(low, high), rng.uniform(1, max(high - low, 2))
        yield Window(round(center, 1), round(width, 2), function, source="chosen")


def test_the_canvas_is_the_picture_of_numpy(page, tmp_path, index):
    """Every kind of file, each with its own windows and others of all functions: no grey differs."""
    paths, rng, compared = kinds(index), np.random.default_rng(0), 0
    open_widget(page, tmp_path, view_image(paths))
    for position, path in enumerate(paths):
        page.evaluate("(position) => model.set('position', position)", position)
        page.wait_for_selector(READY)
        settle(page)
        image = eda.load_image(path)
        windows = ["auto"] if image.is_color else [*range(len(image.windows)), *windows_for(image, rng)]
        for window in windows:
            if isinstance(window, int):
                page.locator("select").first.select_option(str(window))
                settle(page, told=False)
            elif window != "auto":
                set_window(page, window)
            expected = same_as(eda.to_display(image, window=window)).astype(int)
            assert np.abs(canvas(page) - expected).max() == 0, (path, window)
            compared += 1
    assert len(paths) >= 10
    assert compared >= 100


def test_float_pixels_and_values_that_are_not_numbers(page, tmp_path):
    values = np.random.default_rng(2).normal(5, 3, (40, 50)).astype(np.float32)
    values[0, :3] = np.nan, np.inf, -np.inf
    image = eda.image.Image(values, "g/ml", window=Window(5, 6, "LINEAR_EXACT"))
    open_report(page, tmp_path, image_html(image))
    np.testing.assert_array_equal(canvas(page), same_as(eda.to_display(image)))
    assert "Histogram" in page.locator(".eda-histogram").get_attribute("aria-label")


def test_inverting_turns_every_grey(page, tmp_path):
    image = eda.load_image(get_testdata_file("MR_small.dcm"))
    open_report(page, tmp_path, image_html([image, get_testdata_file("examples_rgb_color.dcm")]))
    tool(page, "Invert")
    np.testing.assert_array_equal(canvas(page), 255 - same_as(eda.to_display(image)))
    assert "inverted by hand" in page.locator(".eda-caption").inner_text()
    color = 255 - same_as(eda.to_display(eda.load_image(get_testdata_file("examples_rgb_color.dcm"))))
    tool(page, "Next")
    page.wait_for_selector(READY)
    settle(page)
    np.testing.assert_array_equal(canvas(page), color)


def test_a_page_from_disk_shows_every_file_as_numpy_does(page, tmp_path, index):
    paths = [path for path in kinds(index) if eda.load_image(path).pixels.size < 400_000]
    open_report(page, tmp_path, image_html(paths, budget_bytes=30_000_000))
    for path in paths:
        np.testing.assert_array_equal(canvas(page), same_as(eda.to_display(eda.load_image(path))), str(path))
        page.keyboard.press("n") if page.evaluate("document.activeElement !== document.body") else tool(page, "Next")
        page.wait_for_selector(READY)
        settle(page)
    assert page.locator(".eda-strip [role=status]").inner_text() == f"image {len(paths)} of {len(paths)}"


def test_overlay_and_shutter_are_drawn_as_by_to_display(page, tmp_path):
    image = eda.load_image(get_testdata_file("examples_overlay.dcm"))
    open_report(page, tmp_path, image_html(image))
    np.testing.assert_array_equal(canvas(page), same_as(eda.to_display(image)))
    tool(page, "Overlay")
    np.testing.assert_array_equal(canvas(page), same_as(eda.to_display(image, overlays=True)))
    assert "overlay drawn" in page.locator(".eda-caption").inner_text()
    assert not page.get_by_role("button", name="Shutter").is_visible()


def test_a_drag_changes_the_window_as_on_a_workstation(page, tmp_path):
    viewer = view_image(CT, window=(40, 400))
    open_widget(page, tmp_path, viewer)
    stage_drag(page, (0.3, 0.5), (0.6, 0.5))
    assert viewer.window.center == 40
    assert viewer.window.width > 500
    stage_drag(page, (0.5, 0.3), (0.5, 0.6))
    assert viewer.window.center > 100
    np.testing.assert_array_equal(canvas(page), same_as(eda.to_display(viewer.image, window=viewer.window)))
    text = f"window {viewer.window.center:g}/{viewer.window.width:g} chosen · LINEAR"
    assert text in page.locator(".eda-caption").inner_text()


def test_python_can_set_what_it_can_read(page, tmp_path):
    path = get_testdata_file("examples_ybr_color.dcm")
    viewer = view_image(path)
    open_widget(page, tmp_path, viewer)
    page.evaluate("() => model.set('frame', 7)")
    page.wait_for_selector(READY)
    settle(page)
    np.testing.assert_array_equal(canvas(page), same_as(eda.to_display(eda.load_image(path, frame=7))))
    assert viewer.frame == 7
    assert viewer.window is None


def test_a_window_for_a_picture_on_its_way_is_not_lost(page, tmp_path):
    paths = [CT, get_testdata_file("MR_small.dcm")]
    open_widget(page, tmp_path, view_image(paths))
    facts = {"center": 500.0, "width": 700.0, "kind": "LINEAR", "text": ""}
    page.evaluate("(facts) => { model.set('position', 1); model.set('window', facts); }", facts)
    page.wait_for_selector(READY)
    settle(page)
    np.testing.assert_array_equal(canvas(page), same_as(eda.to_display(eda.load_image(paths[1]), window=(500, 700))))


def test_everything_can_be_done_by_keyboard(page, tmp_path):
    viewer = view_image(CT, window=(40, 400))
    open_widget(page, tmp_path, viewer)
    stage = page.locator(".eda-stage")
    stage.focus()
    for key in ("ArrowRight", "ArrowDown", "Shift+ArrowRight"):
        page.keyboard.press(key)
    settle(page)
    assert viewer.window.width > 480
    assert viewer.window.center > 45
    before = canvas(page)
    page.keyboard.press("i")
    settle(page)
    np.testing.assert_array_equal(canvas(page), 255 - before)
    for key in ("4", "ArrowLeft", "Enter", "Shift+ArrowRight", "Shift+ArrowDown", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    settle(page)
    assert viewer.ruler["from"] == [64, 63]
    assert viewer.ruler["to"] == [75, 73]
    page.keyboard.press("Escape")
    page.keyboard.press("0")
    settle(page)
    assert viewer.ruler is None
    assert viewer.window[:2] == (40, 400)


def test_keys_are_kept_from_jupyterlab(page, tmp_path):
    """Lumino looks for this attribute from the focused element upwards, and stops at the first that it matches."""
    open_report(page, tmp_path, image_html([CT, CT]))
    focusable = page.locator(".eda-viewer :is(button, input, select, summary, [tabindex])")
    guarded = page.locator(".eda-viewer [data-lm-suppress-shortcuts]")
    assert focusable.count() == guarded.count() > 20


def test_every_control_is_reached_by_tab_and_has_a_name(page, tmp_path):
    open_report(page, tmp_path, image_html([CT, get_testdata_file("MR_small.dcm")]))
    seen = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        seen.add(page.evaluate(NAME))
    assert {"Window", "Ruler", "Invert", "Zoom in (+)", "Centre", "Width", "Next", "Image 2", "Keys"} <= seen
    assert any(name.startswith("CT, 128 × 128") for name in seen)
    assert "" not in seen


def test_the_probe_reads_what_numpy_reads(page, tmp_path):
    stored, image = load_stages(CT)
    open_report(page, tmp_path, image_html(CT))
    greys = eda.to_display(image)
    box = page.locator(".eda-stage").bounding_box()
    for share in ((0.1, 0.2), (0.52, 0.5), (0.9, 0.7)):
        page.mouse.move(box["x"] + share[0] * box["width"], box["y"] + share[1] * box["height"])
        settle(page)
        text = page.locator(".eda-probe").inner_text()
        row, column = map(int, re.match(r"row (\d+), column (\d+)", text).groups())
        values = f"stored {stored[row, column]} · {image.pixels[row, column]} HU · grey {greys[row, column]} of 255"
        assert text == f"row {row}, column {column} · {values}"
        assert abs(column - share[0] * 128) < 14


def test_the_ruler_names_the_source_of_its_spacing(page, tmp_path, make_dicom):
    path = make_dicom(np.zeros((100, 200), np.uint16), PixelSpacing=[0.5, 0.25], Modality="MR")
    viewer = view_image(path)
    open_widget(page, tmp_path, viewer)
    tool(page, "Ruler")
    stage_drag(page, (0.2, 0.3), (0.7, 0.8))
    (r0, c0), (r1, c1) = viewer.ruler["from"], viewer.ruler["to"]
    assert c1 - c0 > 80
    assert r1 - r0 > 40
    expected = np.hypot((r1 - r0) * 0.5, (c1 - c0) * 0.25)
    assert viewer.ruler["length"] == pytest.approx(expected, rel=1e-12)
    assert f"Ruler: {expected:.2f} mm (PixelSpacing)" in page.locator(".eda-measure").inner_text()
    assert f"{expected:.1f} mm" in page.locator(".eda-marks").text_content()


def test_without_a_spacing_the_ruler_counts_pixels(page, tmp_path, make_dicom):
    open_report(page, tmp_path, image_html(make_dicom(np.zeros((100, 100), np.uint8))))
    tool(page, "Ruler")
    stage_drag(page, (0.2, 0.5), (0.7, 0.5))
    assert re.search(r"^Ruler: \d+\.\d\d px \(no spacing in header\)", page.locator(".eda-measure").inner_text())


def test_the_rectangle_measures_what_numpy_measures(page, tmp_path, make_dicom):
    pixels = np.random.default_rng(1).integers(0, 4000, (80, 120)).astype(np.int16)
    pixels[:, 60:62] = -2000
    attributes = {"PixelPaddingValue": -2000, "RescaleSlope": "0.5", "RescaleIntercept": "-7", "Modality": "CT"}
    viewer = view_image(make_dicom(pixels, **attributes))
    open_widget(page, tmp_path, viewer)
    tool(page, "Rectangle")
    stage_drag(page, (0.75, 0.8), (0.25, 0.2))
    area = viewer.rectangle
    part = (slice(area["row"], area["row"] + area["rows"]), slice(area["column"], area["column"] + area["columns"]))
    values = (pixels[part] * 0.5 - 7)[pixels[part] != -2000]
    assert area["n"] == values.size < pixels[part].size
    assert area["unit"] == "HU"
    expected = [values.mean(), values.std(), values.min(), values.max()]
    assert [area[name] for name in ("mean", "sd", "min", "max")] == pytest.approx(expected, rel=1e-9)


def test_frames_by_slider_key_wheel_and_cine(page, tmp_path):
    path = get_testdata_file("examples_ybr_color.dcm")
    viewer = view_image(path)
    open_widget(page, tmp_path, viewer)
    text = page.locator(".eda-row span").first

    def shows(frame):
        page.wait_for_function(
            "(text) => document.querySelector('.eda-row span').textContent === text", arg=f"frame {frame + 1} of 30"
        )
        settle(page)
        np.testing.assert_array_equal(canvas(page), same_as(eda.to_display(eda.load_image(path, frame=frame))))

    page.mouse.move(300, 300)
    page.mouse.wheel(0, 120)
    settle(page)
    assert text.inner_text() == "frame 1 of 30"  # the page scrolls until the viewer has the focus
    page.locator(".eda-stage").click()
    page.mouse.wheel(0, 120)
    shows(1)
    page.keyboard.press("PageDown")
    shows(2)
    page.get_by_label("Frame", exact=True).fill("5")
    shows(5)
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("() => Number(document.querySelector('.eda-row input').value) > 8")
    page.get_by_role("button", name="Stop").click()


def test_turn_flip_zoom_and_pan_leave_the_values_alone(page, tmp_path):
    open_report(page, tmp_path, image_html(CT))
    before = canvas(page)
    box = page.locator(".eda-stage").bounding_box()

    def probed(x, y):
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
        settle(page)
        return tuple(map(int, re.findall(r"\d+", page.locator(".eda-probe").inner_text())[:2]))

    row, column = probed(0.5, 0.25)
    tool(page, "Turn")  # what was above the middle is to its right
    assert probed(0.75, 0.5) == pytest.approx((row, column), abs=9)
    tool(page, "Flip")  # and now to its left
    assert probed(0.25, 0.5) == pytest.approx((row, column), abs=9)
    tool(page, "Reset")
    page.get_by_role("button", name="Zoom in (+)").click()
    tool(page, "Pan")
    stage_drag(page, (0.5, 0.5), (0.6, 0.5))
    assert probed(0.6, 0.5) == pytest.approx((64, 64), abs=2)
    np.testing.assert_array_equal(canvas(page), before)


def test_pixels_that_are_not_square_are_shown_in_their_shape(page, tmp_path, make_dicom):
    path = make_dicom(np.zeros((100, 100), np.uint8), PixelSpacing=[2, 1])
    open_report(page, tmp_path, image_html(path))
    a, b = page.locator("canvas").evaluate("c => { const m = new DOMMatrix(c.style.transform); return [m.a, m.d]; }")
    assert b == pytest.approx(2 * a)


def test_two_pictures_keep_in_step(page, tmp_path):
    paths = [CT, get_testdata_file("CT_small.dcm")]
    viewer = view_image(paths, linked=True)
    open_widget(page, tmp_path, viewer)
    stage_drag(page, (0.3, 0.5), (0.7, 0.4), at=1)
    left, right = (canvas(page, f".eda-pane:nth-child({number}) canvas") for number in (1, 2))
    np.testing.assert_array_equal(left, right)
    assert viewer.position == 1
    np.testing.assert_array_equal(left, same_as(eda.to_display(viewer.image, window=viewer.window)))
    tool(page, "Ruler")
    stage_drag(page, (0.3, 0.5), (0.7, 0.4))
    texts = page.locator(".eda-measure").all_inner_texts()
    assert texts[0] == texts[1] != ""


def test_pointing_in_one_picture_reads_the_other_too(page, tmp_path):
    open_report(page, tmp_path, image_html([CT, CT], linked=True))
    page.locator(".eda-stage").first.hover()
    settle(page)
    texts = page.locator(".eda-probe").all_inner_texts()
    assert texts[0] == texts[1]
    assert "HU" in texts[0]


def test_a_touch_is_a_drag(page, tmp_path):
    open_report(page, tmp_path, image_html(CT))
    before = canvas(page)
    page.locator(".eda-stage").evaluate(
        """stage => { const send = (type, x, y, id) => stage.dispatchEvent(new PointerEvent(type, {pointerId: id,
        pointerType: "touch", clientX: x, clientY: y, bubbles: true})); stage.setPointerCapture = () => {};
        send("pointerdown", 200, 200, 1); send("pointermove", 260, 200, 1); send("pointerup", 260, 200, 1); }"""
    )
    settle(page)
    assert (canvas(page) != before).any()
    page.locator(".eda-stage").evaluate(
        """stage => { const send = (type, x, y, id) => stage.dispatchEvent(new PointerEvent(type, {pointerId: id,
        pointerType: "touch", clientX: x, clientY: y, bubbles: true}));
        send("pointerdown", 200, 200, 1); send("pointerdown", 300, 200, 2); send("pointermove", 400, 200, 2);
        send("pointerup", 200, 200, 1); send("pointerup", 400, 200, 2); }"""
    )
    settle(page)
    scale = page.locator("canvas").evaluate(
        "c => new DOMMatrix(c.style.transform).a * 128 / c.parentElement.clientHeight"
    )
    assert scale == pytest.approx(2, rel=0.05)


def test_hostile_text_is_shown_as_text(page, tmp_path, make_dicom):
    pixels = np.arange(4096, dtype=np.uint16).reshape(64, 64)
    windows = {
        "WindowCenter": [40, 50],
        "WindowWidth": [80, 90],
        "WindowCenterWidthExplanation": [HOSTILE[:64], "plain"],
    }
    path = make_dicom(pixels, **windows, RescaleSlope=1, RescaleIntercept=-5, RescaleType="<b>HU", Modality="<i>CT")
    block = image_html([path, path])
    open_report(page, tmp_path, block)
    assert "<img src=x" in page.locator(".eda-caption").inner_text()
    assert page.locator("img[src=x], b, i").count() == 0
    assert page.locator("option", has_text="<img src=x").count() == 1


def test_a_histogram_has_the_window_on_it_and_leaves_padding_out(page, tmp_path, make_dicom):
    pixels = np.tile(np.arange(100, dtype=np.int16), (100, 1))
    pixels[:30] = -2000
    open_report(page, tmp_path, image_html(make_dicom(pixels, PixelPaddingValue=-2000), window=(50, 21)))
    label = page.locator(".eda-histogram").get_attribute("aria-label")
    assert label.startswith("Histogram, counts on a logarithmic scale, 0 to 99, padding left out")
    shade = page.locator(".eda-histogram rect").evaluate("r => [r.x.baseVal.value, r.width.baseVal.value]")
    assert shade == pytest.approx([39.5 / 99 * 128, 20 / 99 * 128], rel=1e-4)


def test_large_pictures_are_reduced_and_say_so(page, tmp_path, make_dicom):
    pixels = np.random.default_rng(0).integers(0, 60000, (600, 900)).astype(np.uint16)
    open_report(page, tmp_path, image_html(make_dicom(pixels), budget_bytes=300_000))
    factor = int(re.search(r"means of (\d+) × \1 pixels", page.locator(".eda-caption").inner_text())[1])
    assert factor > 1
    page.locator(".eda-stage").hover(position={"x": 5, "y": 5})
    assert f"mean of {factor} × {factor} pixels" in page.locator(".eda-probe").inner_text()


def test_without_script_every_picture_is_there(browser, tmp_path):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    file = tmp_path / "page.html"
    file.write_text(image_html([CT, get_testdata_file("MR_small.dcm"), get_testdata_file("reportsi.dcm")]))
    page.goto(file.as_uri())
    assert page.locator("figure img").count() == 2
    assert page.locator("figure img").first.is_visible()
    assert page.get_by_text("has no Pixel Data").is_visible()
    context.close()


@pytest.mark.parametrize("width", [1280, 420])
def test_nothing_runs_over_the_edge(page, tmp_path, width):
    page.set_viewport_size({"width": width, "height": 900})
    open_report(page, tmp_path, image_html([get_testdata_file("examples_overlay.dcm"), CT]))
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_is_legible_on_its_ground(page, tmp_path, scheme):
    """WCAG 2.2, 1.4.3: a contrast of at least 4.5."""
    page.emulate_media(color_scheme=scheme)
    open_report(page, tmp_path, image_html(CT))
    for selector in (".eda-caption", ".eda-probe", "button[aria-pressed=true]", "button[aria-pressed=false]", "select"):
        ink, ground = page.locator(selector).first.evaluate(
            """e => { const ink = getComputedStyle(e).color; let at = e;
            while (getComputedStyle(at).backgroundColor === "rgba(0, 0, 0, 0)") at = at.parentElement;
            return [ink, getComputedStyle(at).backgroundColor]; }"""
        )
        bright, dark = sorted((luminance(color) for color in (ink, ground)), reverse=True)
        assert (bright + 0.05) / (dark + 0.05) >= 4.5, selector


def luminance(color):
    parts = np.array([float(part) for part in re.findall(r"[\d.]+", color)[:3]]) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def test_jupyterlab_themes_win_over_the_system(page, tmp_path):
    page.emulate_media(color_scheme="light")
    open_widget(page, tmp_path, view_image(CT))
    ground = "e => getComputedStyle(e).backgroundColor"
    light = page.locator(".eda-viewer").evaluate(ground)
    page.evaluate("document.body.dataset.jpThemeLight = 'false'")
    assert page.locator(".eda-viewer").evaluate(ground) != light


def test_nothing_identifies_the_patient(page, tmp_path):
    dataset = dcmread(CT)
    dataset.PatientName, dataset.filename = "Kanarinsky^Lee", "/secret/Kanarinsky.dcm"
    block = image_html(dataset)
    for secret in ("Kanarinsky", "secret", str(dataset.SOPInstanceUID), str(dataset.PatientID), str(dataset.StudyDate)):
        assert secret not in block
    open_report(page, tmp_path, block)


def test_a_viewer_that_is_taken_out_while_it_grows_fills_its_place_again(page, tmp_path):
    """JupyterLab takes cells out of the page and puts them back within one frame."""
    open_widget(page, tmp_path, view_image(CT))
    page.evaluate(
        """() => new Promise((done) => requestAnimationFrame(() => {
          const root = document.querySelector(".eda-viewer"), place = root.parentNode;
          const after = new ResizeObserver(() => {
            after.disconnect();
            requestAnimationFrame(() => done(place.append(root)));
          });
          place.style.width = "500px";
          after.observe(place);
          requestAnimationFrame(() => root.remove());
        }))"""
    )
    settle(page)
    stage, picture = (page.locator(name).bounding_box() for name in (".eda-stage", ".eda-stage canvas"))
    assert picture["width"] == pytest.approx(stage["width"], abs=1)
