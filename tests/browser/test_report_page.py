"""A real Chromium opens the page from disk: no request, no complaint, legible wide and narrow, alive and printed."""

import pytest


@pytest.fixture
def opened(browser, samples_report):
    """The page, and what it asked for and complained about."""
    page = browser.new_page(viewport={"width": 1300, "height": 1000}, reduced_motion="reduce")
    page.requests, page.complaints = [], []
    page.on("request", lambda request: page.requests.append(request.url))
    page.on("console", lambda message: page.complaints.append(message.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.goto(samples_report.as_uri())
    yield page
    page.close()


def test_no_request_and_no_complaint(opened, samples_report):
    outside = [url for url in opened.requests if not url.startswith("data:")]
    assert outside == [samples_report.as_uri()]
    assert opened.complaints == []


def test_every_picture_is_drawn_and_described(opened):
    pictures = opened.locator("main img")
    assert pictures.count() >= 5
    for number in range(pictures.count()):
        assert pictures.nth(number).evaluate("image => image.complete && image.naturalWidth > 0")
        assert len(pictures.nth(number).get_attribute("alt")) > 20


@pytest.mark.parametrize("width", [1300, 420])
def test_nothing_runs_over_the_edge(opened, width):
    opened.set_viewport_size({"width": width, "height": 900})
    assert opened.evaluate("document.documentElement.scrollWidth") <= width


def test_contents_lead_to_sections(opened):
    link = opened.locator("nav a", has_text="What could not be read")
    link.click()
    heading = opened.locator("h2", has_text="What could not be read")
    assert heading.bounding_box()["y"] < 1000


def test_tree_opens_without_script(opened):
    study = opened.locator("details details summary").first
    inner = opened.locator("details details details summary").first
    assert not inner.is_visible()
    study.click()
    assert inner.is_visible()


def test_prints(opened, tmp_path):
    opened.pdf(path=str(tmp_path / "report.pdf"), format="A4")
    assert (tmp_path / "report.pdf").stat().st_size > 100_000


def test_tables_sort_by_number_and_by_text(opened):
    section = opened.locator("section.code", has=opened.get_by_role("button", name="Manufacturer", exact=True)).first
    files = section.get_by_role("button", name="files")

    def column(at):
        return [text.strip() for text in section.locator(f"tbody tr :nth-child({at})").all_inner_texts()]

    names = section.locator("thead th").all_inner_texts()
    at = next(number for number, name in enumerate(names, 1) if name.startswith("files"))
    files.click()
    assert [int(text) for text in column(at)] == sorted(int(text) for text in column(at))
    files.click()
    numbers = [int(text) for text in column(at)]
    assert numbers == sorted(numbers, reverse=True)
    assert numbers[0] > numbers[-1]
    assert section.locator("th[aria-sort=descending]").count() == 1
    section.get_by_role("button", name="Manufacturer", exact=True).click()
    stated = [text for text in column(1) if text]
    assert stated == sorted(stated, key=str.lower)


def test_tables_filter(opened):
    field = opened.get_by_role("searchbox").first
    table = field.locator("xpath=ancestor::div[@class='table']//table")
    rows = table.locator("tbody tr")
    whole, text = rows.count(), rows.last.inner_text().split("\t")[0]
    field.fill(text.upper())
    shown = [row for row in rows.all() if row.is_visible()]
    assert 0 < len(shown) < whole
    assert all(text in row.inner_text() for row in shown)
    assert f"{len(shown)} of {whole} rows" in table.locator("xpath=..").inner_text()


def test_the_gallery_filters(opened):
    cards = opened.locator(".eda-card")
    opened.get_by_label("Modality", exact=True).select_option("CT")
    shown = [card for card in cards.all() if card.is_visible()]
    assert 0 < len(shown) < cards.count() == 24
    assert all(". CT," in card.locator(".eda-name").inner_text() for card in shown)
    assert f"{len(shown)} of 24 images" in opened.locator(".eda-gallery").inner_text()


def test_a_click_opens_the_viewer_and_escape_closes_it(opened):
    card = opened.locator(".eda-card", has_text=". CT,").first
    card.get_by_role("button", name="Open").click()
    opened.wait_for_selector("dialog .eda-viewer:not([aria-busy])")
    dialog = opened.get_by_role("dialog")
    before = dialog.locator(".eda-caption").inner_text()
    dialog.locator(".eda-stage").focus()
    opened.keyboard.press("ArrowRight")
    opened.wait_for_function("(text) => document.querySelector('dialog .eda-caption').innerText !== text", arg=before)
    assert "chosen" in dialog.locator(".eda-caption").inner_text()
    assert dialog.get_by_text("Header, ").is_visible()
    opened.keyboard.press("Escape")
    assert opened.locator("dialog").count() == 0
    assert card.get_by_text("Header, ").is_visible()


def test_a_header_is_searched(opened):
    card = opened.locator(".eda-card", has_text=". CT,").first
    card.get_by_text("Header, ").click()
    card.get_by_role("searchbox").fill("pixelspacing")
    shown = [row.inner_text() for row in card.locator("tbody tr").all() if row.is_visible()]
    assert len(shown) == 1
    assert "(0028,0030)" in shown[0]


def test_every_control_has_a_name(opened):
    opened.locator(".eda-card .open").first.click()
    opened.wait_for_selector("dialog .eda-viewer:not([aria-busy])")
    names = "at => (at.getAttribute('aria-label') || at.labels?.[0]?.textContent || at.textContent || '').trim()"
    controls = opened.locator(":is(button, select, input, summary, a[href], dialog)").all()
    assert len(controls) > 60
    assert [control.evaluate("at => at.outerHTML") for control in controls if not control.evaluate(names)] == []


def test_without_script_everything_is_there(browser, samples_report):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(samples_report.as_uri())
    pictures = page.locator("main img")
    assert pictures.count() >= 26
    assert all(picture.is_visible() for picture in pictures.all())
    assert page.locator(".eda-card details").first.is_visible()
    assert page.locator(".filter").count() == 0
    context.close()


def test_frames_zoom_and_ruler_work_in_the_report(opened):
    cards = [card for card in opened.locator(".eda-card").all() if "frame 1 of" in card.inner_text()]
    cards[0].get_by_role("button", name="Open").click()
    opened.wait_for_selector("dialog .eda-viewer:not([aria-busy])")
    dialog = opened.get_by_role("dialog")
    first = dialog.locator(".eda-row span").first.inner_text()
    dialog.locator(".eda-stage").focus()
    opened.keyboard.press("PageDown")
    opened.wait_for_function("(text) => document.querySelector('dialog .eda-row span').innerText !== text", arg=first)
    before = dialog.locator("canvas").evaluate("at => at.style.transform")
    opened.keyboard.press("+")
    opened.wait_for_function("(text) => document.querySelector('dialog canvas').style.transform !== text", arg=before)
    for key in ("4", "Enter", "Shift+ArrowRight", "Enter"):
        opened.keyboard.press(key)
    opened.wait_for_function("() => document.querySelector('dialog .eda-measure').innerText.startsWith('Ruler: ')")


CONTRAST = """() => {
  const number = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = (color) => number(color).slice(0, 3).map((part) => part / 255)
    .map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
  const paper = (at) => {
    for (let up = at; up; up = up.parentElement) {
      const color = getComputedStyle(up).backgroundColor;
      if (color !== "transparent" && !(number(color).length === 4 && number(color)[3] < 1)) return color;
    }
    return getComputedStyle(document.body).backgroundColor;
  };
  const found = [];
  let checked = 0;
  for (const at of document.querySelectorAll("body *:not(script):not(style)")) {
    const own = [...at.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
    if (!own || !at.checkVisibility() || at.disabled || at.closest("svg")) continue;
    checked += 1;
    const style = getComputedStyle(at), [a, b] = [light(style.color), light(paper(at))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05), isLarge = parseFloat(style.fontSize) >= 24;
    if (ratio >= (isLarge ? 3 : 4.5)) continue;
    found.push(`${at.tagName} ${at.className} ${ratio.toFixed(2)} ${at.innerText.slice(0, 30)}`);
  }
  return { checked, found };
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_background(opened, scheme):
    """WCAG 2.1, 1.4.3: 4.5 to 1, large text 3 to 1."""
    opened.emulate_media(color_scheme=scheme)
    opened.locator(".eda-card .open").first.click()
    opened.wait_for_selector("dialog .eda-viewer:not([aria-busy])")
    answer = opened.evaluate(CONTRAST)
    assert answer["checked"] > 300
    assert answer["found"] == []
