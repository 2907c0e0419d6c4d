"""A real Chromium opens the page from disk: no request, no script, no console error, legible wide and narrow."""

import pytest
from parts import program

from eda_utils import render_report

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


@pytest.fixture(scope="module")
def page_path(samples, tmp_path_factory):
    return render_report(samples, tmp_path_factory.mktemp("page") / "report.html", progress=False)


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    executable = program("chromium")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def opened(browser, page_path):
    """The page, and what it asked for and complained about."""
    page = browser.new_page(viewport={"width": 1300, "height": 1000}, reduced_motion="reduce")
    page.requests, page.complaints = [], []
    page.on("request", lambda request: page.requests.append(request.url))
    page.on("console", lambda message: page.complaints.append(message.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.goto(page_path.as_uri())
    yield page
    page.close()


def test_no_request_and_no_complaint(opened, page_path):
    outside = [url for url in opened.requests if not url.startswith("data:")]
    assert outside == [page_path.as_uri()]
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
