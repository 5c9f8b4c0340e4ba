"""The report in a real browser: Chromium, headless, without network."""

import contextlib
import socket
import time

import opened_pages
import pandas as pd
import pytest
import yaml
from actbench.export import hiplot
from conftest import HANG, ROOT


@pytest.fixture
def open_report(tiny, browser):
    """Open the report at a width; give the page, its console messages and the addresses it asked for."""
    pages = []

    def open_at(width, **options):
        page = browser.new_page(viewport={"width": width, "height": 800}, **options)
        messages, requests = [], []
        page.on("console", lambda message: messages.append(message.text))
        page.on("request", lambda request: requests.append(request.url))
        page.goto((tiny.folder / "reports" / "tiny.html").as_uri())
        pages.append(page)
        return page, messages, requests

    yield open_at
    for page in pages:
        page.close()


@pytest.mark.parametrize("width", [1280, 375, 1920])
def test_opens_without_requests_errors_or_sideways_scrolling(open_report, width):
    page, messages, requests = open_report(width)
    assert messages == []
    assert [url for url in requests[1:] if not url.startswith("data:")] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_every_figure_is_loaded_captioned_and_described(open_report):
    page, _, _ = open_report(1280)
    image = page.query_selector("figure img")
    assert image.evaluate("i => i.complete && i.naturalWidth > 0")
    assert len(image.get_attribute("alt")) > 15
    drawings = page.query_selector_all("figure svg[role=img]")
    assert len(drawings) == 21
    for drawing in drawings:
        assert drawing.bounding_box()["height"] > 50 and len(drawing.get_attribute("aria-label")) > 15
    captions = page.query_selector_all("figcaption")
    assert len(captions) == 22
    for caption in captions:
        tools = [one.text_content().split()[0] for one in caption.query_selector_all(".tools button")]
        drawing = caption.query_selector(".readout") is not None
        name = caption.query_selector(".number").get_attribute("href")
        of_epochs = name.startswith("#figure-epoch_histograms")
        assert tools == ["PNG", *["SVG"] * drawing, *["CSV"] * (drawing and not of_epochs)], name
        caption.evaluate("c => c.querySelectorAll('details, .tools').forEach(part => part.remove())")
        assert 5 < len(caption.text_content().split()) <= 60


def test_contents_lead_to_sections(open_report):
    page, _, _ = open_report(1280)
    targets = [link.get_attribute("href") for link in page.query_selector_all("nav a, a.number")]
    assert len(targets) > 30 and all(page.query_selector(target) for target in targets)
    assert len(page.query_selector_all("nav a")) == 14


@pytest.mark.parametrize("width", [1280, 1920])
def test_the_first_screen_holds_answer_ranking_figure_and_what_was_run(open_report, width):
    page, _, _ = open_report(width)
    for selector in ("h1", "p.facts", ".findings", "table.ranking", "#figure-overview svg"):
        box = page.query_selector(selector).bounding_box()
        assert box["y"] >= 0 and box["y"] + box["height"] <= 800, selector
    assert page.query_selector(".findings").inner_text().count("%") >= 2


def test_texts_are_short_heads_are_explained_and_findings_say_n(open_report):
    page, _, _ = open_report(1280)
    assert opened_pages.long_texts(page) == []
    assert page.locator("thead th").count() > 60 and page.evaluate(opened_pages.PLAIN) == []
    findings = page.locator(
        "section:not(#the-functions, #method, #method ~ section) .finding"
    ).all_text_contents()
    assert len(findings) > 6 and [text for text in findings if not opened_pages.N.search(text)] == []


def test_contents_stay_in_sight(open_report):
    page, _, _ = open_report(1280)
    page.evaluate("window.scrollTo(0, 5000)")
    assert 0 <= page.query_selector("nav.contents li").bounding_box()["y"] < 100


@pytest.mark.parametrize("name", ["comparison", "over_depths", "decay", "properties", "runs"])
def test_tables_can_be_downloaded(open_report, tiny, name):
    page, _, _ = open_report(1280)
    with page.expect_download() as caught:
        page.click(f"#downloads a[download='tiny-{name}.csv']")
    expected = (tiny.folder / f"results/tiny/tables/{name}.csv").read_bytes()
    assert caught.value.path().read_bytes() == expected


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("comparison.tex", r"\toprule"),
        ("comparison-narrow.tex", r"\label{tab:tiny-narrow}"),
        ("comparison.md", "|:--"),
        ("sentences.txt", "relu"),
        ("sources.bib", "@inproceedings{nair2010"),
    ],
)
def test_papers_can_download(open_report, name, words):
    page, _, _ = open_report(1280)
    with page.expect_download() as caught:
        page.click(f"#downloads a[download='tiny-{name}']")
    assert words in caught.value.path().read_text()


def column(page, table, number):
    """The texts of one column, body by body."""
    bodies = page.query_selector_all(f"table:has(#table-{table}) tbody")
    return [
        [
            row.query_selector_all("th, td")[number].inner_text()
            for row in body.query_selector_all("tr:not(.depth)")
        ]
        for body in bodies
    ]


def test_tables_are_sorted_by_keyboard_and_by_mouse(open_report):
    page, _, _ = open_report(1280)
    heading = page.locator("table:has(#table-comparison) thead th").nth(3)
    heading.locator("button").focus()
    page.keyboard.press("Enter")
    assert heading.get_attribute("aria-sort") == "descending"
    bodies = column(page, "comparison", 3)
    assert len(bodies) == 2 and all(len(body) == 2 for body in bodies)
    numbers = [[float(text.split()[0]) for text in body if text[0].isdigit()] for body in bodies]
    assert numbers == [sorted(body, reverse=True) for body in numbers]
    heading.locator("button").click()
    assert heading.get_attribute("aria-sort") == "ascending"
    numbers = [
        [float(text.split()[0]) for text in body if text[0].isdigit()]
        for body in column(page, "comparison", 4)
    ]
    assert numbers == [sorted(body) for body in numbers]
    page.locator("table:has(#table-comparison) thead th button").first.click()
    assert [sorted(body) for body in column(page, "comparison", 0)] == column(page, "comparison", 0)


def test_values_that_are_none_go_last_and_true_minus_is_minus(browser, tmp_path):
    """Both ways; and text that starts with no number is sorted as text."""
    script = (ROOT / "workflow" / "report" / "sort.js").read_text()
    cells = ["– ?", "–", "−2.0 %", "+1,000", "0.5 to 3", "−10", "−∞ to 3", "runs 2–4 %", "– to –"]
    rows = "".join(f"<tr><th>x</th><td>{cell}</td></tr>" for cell in cells)
    rows = f"<tr><th>x</th><td data-value=''>0 of 5</td></tr>{rows}"
    path = tmp_path / "table.html"
    path.write_text(
        f"<meta charset=utf-8><table><thead><tr><th>a</th><th>b</th></tr></thead><tbody>{rows}</tbody></table>"
        f"<script>{script}</script>"
    )
    page = browser.new_page()
    page.goto(path.as_uri())
    for expected in (
        ["−∞ to 3", "−10", "−2.0 %", "0.5 to 3", "runs 2–4 %", "+1,000", "0 of 5", "– ?", "–", "– to –"],
        ["+1,000", "runs 2–4 %", "0.5 to 3", "−2.0 %", "−10", "−∞ to 3", "0 of 5", "– ?", "–", "– to –"],
    ):
        page.click("thead th:nth-child(2) button")
        assert [cell.inner_text() for cell in page.query_selector_all("td")] == expected


def without_tools(page):
    """What a page says less the buttons beside its figures."""
    page.evaluate("document.querySelectorAll('.tools').forEach(one => one.remove())")
    return page.inner_text("main")


def test_readable_without_javascript(open_report, browser, tiny):
    context = browser.new_context(java_script_enabled=False)
    context.set_default_timeout(HANG * 1000)
    page = context.new_page()
    page.goto((tiny.folder / "reports" / "tiny.html").as_uri())
    with_script, _, _ = open_report(1280)
    assert page.inner_text("main").split() == without_tools(with_script).split()
    assert page.query_selector("thead button, .tools") is None
    context.close()


@pytest.mark.parametrize(
    ("width", "scheme"), [(1280, "light"), (1280, "dark"), (375, "light")], ids=["desk", "dark", "phone"]
)
def test_nothing_serious_for_axe(open_report, width, scheme):
    from axe_playwright_python.sync_playwright import Axe

    page, _, _ = open_report(width, color_scheme=scheme)
    found = Axe().run(page).response["violations"]
    assert [
        (rule["impact"], rule["id"], rule["nodes"][0]["html"]) for rule in found if rule["impact"] != "minor"
    ] == []


def test_dark_is_dark_and_only_images_keep_their_paper(open_report):
    page, _, _ = open_report(1280, color_scheme="dark")
    shade = "getComputedStyle(document.querySelector('{}')).{}"
    assert page.evaluate(shade.format("body", "backgroundColor")) == "rgb(20, 23, 27)"
    assert page.evaluate(shade.format("figure img", "backgroundColor")) == "rgb(255, 255, 255)"
    assert page.evaluate(shade.format("figure svg text", "fill")) == "rgb(230, 233, 236)"


def test_prints_as_a_clean_pdf(open_report, tmp_path):
    """Nothing sticks out of the page, contents and buttons stay away, every caption is there that is not folded."""
    import pypdf

    page, _, _ = open_report(1280, color_scheme="dark")
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not page.query_selector("nav.contents").is_visible()
    page.set_viewport_size({"width": 703, "height": 1016})  # A4 less its margins, in CSS pixels
    widths = page.locator("main, main .scroll").evaluate_all("all => all.map(one => one.scrollWidth)")
    assert max(widths) <= 703
    page.pdf(path=tmp_path / "report.pdf", prefer_css_page_size=True)
    pages = pypdf.PdfReader(tmp_path / "report.pdf").pages
    text = "".join(sheet.extract_text() for sheet in pages)
    open_ones = "links => links.filter(link => !link.closest('details')).map(link => link.textContent)"
    captions = page.eval_on_selector_all("figcaption .number", open_ones)
    assert len(pages) < 25 and len(captions) > 14 and all(caption in text for caption in captions)


def test_reports_stay_small(tiny):
    assert (tiny.folder / "reports" / "tiny.html").stat().st_size < 3e6


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
    assert page.query_selector("img[onerror]") is None
    assert len(page.query_selector_all("script")) == 2
    isolates = dict.fromkeys(map(ord, "\N{FIRST STRONG ISOLATE}\N{POP DIRECTIONAL ISOLATE}"))
    rows = {cell.inner_text().translate(isolates) for cell in page.query_selector_all("tbody th[scope=row]")}
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
    page.get_by_text("2. Comparison", exact=True).click()
    view, about = page.locator("tr", has_text="test accuracy").locator("td a").all()
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
        opened.click("form button", no_wait_after=True)
        kinds = ("inline script", "event handler", "a.png", "base-uri", "a.css", "Sending form data")
        end = time.monotonic() + HANG
        while not all(kind in " ".join(said) for kind in kinds):
            assert time.monotonic() < end, said
            opened.wait_for_timeout(50)
        assert said_to(server) == b""
    tried(6, "as expected")


def test_hiplot_page_works_without_network_and_runs_no_label(browser, tmp_path):
    runs = pd.DataFrame({"activation": "relu", "depth": 2, "setting": "default", "seed": [0, 1], "fold": 0})
    runs = runs.assign(**dict.fromkeys(["learning_rate", "train_loss", "train_accuracy", "val_loss"], 0.5))
    runs = runs.assign(
        val_accuracy=None, epochs_run=1, best_epoch=1, trained=True, test_accuracy=[0.875, 0.75]
    )
    path = tmp_path / "hiplot.html"
    path.write_text(hiplot.page(runs, {"relu": HOSTILE}, {"relu": "#0072b2"}))
    page = browser.new_page()
    requests, errors = [], []
    page.on("request", lambda request: requests.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(path.as_uri())
    page.wait_for_selector("td:text('87.5')")
    assert [url for url in requests[1:] if not url.startswith("data:")] == [] and errors == []
    assert page.query_selector("text=test accuracy, %") and page.query_selector("canvas")
    assert page.title() == "HiPlot" and page.query_selector("text=‹img src=x")
