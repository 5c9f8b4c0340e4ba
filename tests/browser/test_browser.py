"""The report in a real browser: Chromium, headless, without network."""

import contextlib
import shutil
import socket

import pandas as pd
import pytest
import yaml
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
    assert len(targets) == 11 and all(page.query_selector(target) for target in targets)


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
LABELS = {
    "relu": "</script><img src=x onerror=document.title='ran'>{{7*7}}",
    "tanh": "_x $x_1$ \N{SLIGHTLY SMILING FACE} \N{HEBREW LETTER SHIN}\N{HEBREW LETTER LAMED} <b>",
}


@pytest.fixture(scope="module")
def hostile(tiny, tmp_path_factory):
    """The tiny study with other labels, which draws and writes its report anew."""
    project = tiny.copy(tmp_path_factory.mktemp("hostile") / "actbench")
    entries = [{"name": key, "label": label} for key, label in LABELS.items()]
    study = project.folder / "studies" / "tiny.yaml"
    study.write_text(yaml.safe_dump(yaml.safe_load(study.read_text()) | {"activations": entries}))
    done = project.snakemake()
    assert done.returncode == 0, done.stdout + done.stderr
    return project


def watched(browser, path):
    """Open a file; give the page, what its console says, and the addresses it asked for."""
    page = browser.new_page()
    said, requests = [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(path.as_uri())
    page.wait_for_timeout(300)
    return page, said, [url for url in requests[1:] if not url.startswith("data:")]


@pytest.mark.fault(
    "hostile labels",
    "labels that are markup with an event handler, a template's braces, mathematics of matplotlib, a hidden "
    "legend entry, an emoji, right-to-left letters; the report in a browser",
    "shown as text; nothing runs, nothing is asked for",
)
def test_hostile_labels_are_text(browser, hostile, tried):
    page, said, requests = watched(browser, hostile.folder / "reports" / "tiny.html")
    assert said == [] and requests == []
    assert page.title() == "actbench: tiny"
    assert page.query_selector("img[onerror]") is None and page.query_selector("script") is None
    rows = {cell.inner_text() for cell in page.query_selector_all("tbody th[scope=row]")}
    assert set(LABELS.values()) <= rows
    tried(len(LABELS), "as expected")


def said_to(server) -> bytes:
    """All that was sent to a server; a connection that a browser opens in advance says nothing."""
    text = b""
    with contextlib.suppress(TimeoutError):
        while True:
            connection, _ = server.accept()
            connection.settimeout(0.5)
            with connection, contextlib.suppress(TimeoutError):
                text += connection.recv(1000)
    return text


def test_snakemakes_archive_shows_a_figure_with_its_caption_and_runs_no_label(browser, hostile, tmp_path):
    done = hostile.snakemake("--report", str(tmp_path / "archive.html"))
    assert done.returncode == 0, done.stdout
    page, said, requests = watched(browser, tmp_path / "archive.html")
    assert requests == [] and all("tailwindcss" in line for line in said), said  # a hint to developers
    assert page.title() == "Snakemake Report" and page.query_selector("img[onerror]") is None
    page.get_by_text("Comparison", exact=True).click()
    view, about = page.locator("td a").all()
    view.click()
    image = page.locator(".h-screen > div > img")
    assert image.evaluate("i => i.decode().then(() => i.naturalWidth)") > 0
    about.click()
    page.get_by_text("Test accuracy of every network on digits").wait_for()
    page.get_by_role("link", name="comparison.csv").click()
    page.get_by_text("Test accuracy on digits over seeds (n = 2)").wait_for()


@pytest.mark.fault(
    "markup that was not escaped",
    "an inline script, an event handler, a foreign image, a form and a base address written into the report by "
    "hand, as if escaping had failed",
    "the page's Content-Security-Policy stops each",
)
def test_the_policy_stops_what_escaping_might_miss(browser, tiny, tmp_path, tried):
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.5)
        host = f"http://127.0.0.1:{server.getsockname()[1]}"
        page = (tiny.folder / "reports" / "tiny.html").read_text()
        ran = "document.title = 'ran'"
        bad = (
            f"<script>{ran}</script><img src=data:, onerror=\"{ran}\"><img src='{host}/a.png'><base href='{host}'>"
            f"<iframe srcdoc=\"<script>parent.{ran}</script>\"></iframe><link rel=stylesheet href='{host}/a.css'>"
            f"<form action='{host}'><button>send</button></form>"
        )
        (tmp_path / "bad.html").write_text(page.replace("<main>", f"<main>{bad}"))
        opened, said, _ = watched(browser, tmp_path / "bad.html")
        assert opened.title() == "actbench: tiny"
        opened.click("button", no_wait_after=True)
        opened.wait_for_timeout(300)
        assert said_to(server) == b""
    for kind in ("inline script", "event handler", "a.png", "base-uri", "a.css", "Sending form data"):
        assert kind in " ".join(said), said
    tried(6, "as expected")


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
