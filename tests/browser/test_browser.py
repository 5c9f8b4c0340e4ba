"""The report in a real browser: Chromium, headless, without network."""

import shutil

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        pytest.skip("Debian's chromium is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def open_report(tiny, browser):
    """Open the report at a width; give the page, its console messages and the addresses it asked for."""

    def open_at(width):
        page = browser.new_page(viewport={"width": width, "height": 800})
        messages, requests = [], []
        page.on("console", lambda message: messages.append(message.text))
        page.on("request", lambda request: requests.append(request.url))
        page.goto((tiny.folder / "reports" / "tiny.html").as_uri())
        return page, messages, requests

    return open_at


@pytest.mark.parametrize("width", [1280, 375])
def test_opens_without_requests_errors_or_sideways_scrolling(open_report, width):
    page, messages, requests = open_report(width)
    assert messages == []
    assert [url for url in requests[1:] if not url.startswith("data:")] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_every_figure_is_loaded_captioned_and_described(open_report):
    page, _, _ = open_report(1280)
    images = page.query_selector_all("figure img")
    assert len(images) == 10
    for image in images:
        assert image.evaluate("i => i.complete && i.naturalWidth > 0")
        assert len(image.get_attribute("alt")) > 15
    assert len(page.query_selector_all("figcaption")) == 10


def test_contents_lead_to_sections(open_report):
    page, _, _ = open_report(1280)
    targets = [link.get_attribute("href") for link in page.query_selector_all("nav a")]
    assert len(targets) == 9 and all(page.query_selector(target) for target in targets)


def test_the_comparison_table_can_be_downloaded(open_report, tiny):
    page, _, _ = open_report(1280)
    link = page.query_selector("a[download]")
    assert link.get_attribute("download") == "tiny-comparison.csv"
    with page.expect_download() as caught:
        link.click()
    expected = (tiny.folder / "results/tiny/tables/comparison.csv").read_bytes()
    assert caught.value.path().read_bytes() == expected
