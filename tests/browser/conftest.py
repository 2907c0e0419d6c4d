"""The browser that the tests share: Debian's Chromium, without a screen and without calls of its own."""

import pytest
from parts import program

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program("chromium"), args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def page(browser):
    """A page that notes what it asked for and complained about; nobody may do either."""
    page = browser.new_page(viewport={"width": 1100, "height": 1000})
    requests, complaints = [], []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append(dialog.message))
    yield page
    page.close()
    assert [text for text in complaints if "willReadFrequently" not in text] == []  # it is the tests that read back
    assert [url for url in requests if not url.startswith(("file:", "data:", "blob:"))] == []
    assert sum(url.startswith("file:") for url in requests) == 1
