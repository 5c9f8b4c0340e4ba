"""The report in a real browser: Chromium, headless, without network."""

import shutil

import pandas as pd
import pytest
from actbench import parallel_coordinates

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
    assert len(images) == 14
    for image in images:
        assert image.evaluate("i => i.complete && i.naturalWidth > 0")
        assert len(image.get_attribute("alt")) > 15
    assert len(page.query_selector_all("figcaption")) == 14


def test_contents_lead_to_sections(open_report):
    page, _, _ = open_report(1280)
    targets = [link.get_attribute("href") for link in page.query_selector_all("nav a")]
    assert len(targets) == 10 and all(page.query_selector(target) for target in targets)


def test_the_comparison_table_can_be_downloaded(open_report, tiny):
    page, _, _ = open_report(1280)
    link = page.query_selector("a[download]")
    assert link.get_attribute("download") == "tiny-comparison.csv"
    with page.expect_download() as caught:
        link.click()
    expected = (tiny.folder / "results/tiny/tables/comparison.csv").read_bytes()
    assert caught.value.path().read_bytes() == expected


def test_formulas_are_typeset(open_report):
    page, _, _ = open_report(1280)
    formulas = page.query_selector_all("table.formulas math")
    assert len(formulas) == 4
    for formula in formulas:
        box = formula.bounding_box()
        assert box["width"] > 20 and box["height"] > 10


HOSTILE = "<img src=x onerror=document.title='ran'>"


def test_hiplot_page_works_without_network_and_runs_no_label(browser, tmp_path):
    history = pd.DataFrame(
        {"activation": "relu", "depth": 2, "seed": [0, 0, 1, 1], "fold": 0, "epoch": [1, 2] * 2}
    )
    blank = dict.fromkeys(parallel_coordinates.MEASURES)
    history = history.assign(**blank | {"train_loss": [3.0, 2.0, 2.5, 1.5]})
    path = tmp_path / "hiplot.html"
    path.write_text(parallel_coordinates.page(history.assign(val_accuracy=0.5), {"relu": HOSTILE}))
    page = browser.new_page()
    requests, errors = [], []
    page.on("request", lambda request: requests.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(path.as_uri())
    page.wait_for_selector("text=relu/2/1/0/2")
    assert [url for url in requests[1:] if not url.startswith("data:")] == [] and errors == []
    assert page.query_selector("text=train_loss") and page.query_selector("canvas")
    assert page.title() == "HiPlot" and page.query_selector("text=‹img src=x")
