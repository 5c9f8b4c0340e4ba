"""Figures in a page that hides, says and gives away what is in them, from made-up tables in a real browser."""

import gzip
import io
import re

import made_up
import pandas as pd
import pytest
from actbench.analysis.tables import of_setting
from actbench.figures import drawing, looks, overview, recipe, results, svg
from actbench.report import contents, page
from actbench.report.section import Study
from actbench.report.sections import answer, comparison, downloads
from actbench.report.sections import recipe as recipe_section
from conftest import HANG, ROOT

HOSTILE = "</script></style><b onclick=alert(1)>{{7*7}} $x$"
LABELS = made_up.LABELS | {"tanh": HOSTILE}
SECTIONS = (answer.SECTION, comparison.SECTION, recipe_section.SECTION, downloads.SECTION)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """The page of a study of two settings, one label of which is markup."""
    folder = tmp_path_factory.mktemp("figures")
    config = made_up.config()
    for entry in config["activations"]:
        entry["label"] = LABELS[entry["id"]]
    every, depths, names = made_up.tables(config), config["depths"], list(config["settings"])
    tables = of_setting(every, names[0])
    keys = ["activation", "depth", "setting", "seed", "fold"]
    tables["history"] = tables["runs"][keys].assign(epoch=1, train_loss=1 / 3)
    drawing.use_style()
    style = drawing.Style(LABELS)
    cells = tables["comparison"], depths, style, made_up.CHANCE
    drawn = {
        "overview": overview.overview(*cells),
        "accuracy": results.accuracy(tables["runs"], *cells),
        "sensitivity": recipe.sensitivity(every["tuning"], every["rates"], names, depths, style),
        "performance_profile": recipe.profile(every["profile"], names, style),
    }
    for name, figure in drawn.items():
        drawing.save(figure, folder / f"{name}.svg")
    figures = svg.inlined_files([folder / f"{name}.svg" for name in drawn], LABELS)
    csvs = {"runs": page.embedded(tables["runs"].to_csv(index=False), "text/csv")}
    lineage = {"mixed": {"torch": [], "device": []}, "stages": {"train": [{"device": "a machine"}]}}
    study = Study(config, tables, figures, csvs, lineage, every)
    written = folder / "report.html"
    written.write_text(contents.render(study, ROOT / "workflow/report/report.html", SECTIONS))
    return written


@pytest.fixture
def opened(browser, path):
    """Open the page; a test ends with an empty console."""
    said, pages = [], []

    def open_(width=1280, hash="", **options):
        one = browser.new_page(viewport={"width": width, "height": 800}, **options)
        one.on("console", lambda message: said.append(message.text))
        one.on("pageerror", lambda error: said.append(str(error)))
        one.goto(path.as_uri() + hash)
        pages.append(one)
        return one

    yield open_
    for one in pages:
        one.close()
    assert said == []


def shown(page, selector):
    """How many of these elements are seen."""
    return page.locator(f"{selector} >> visible=true").count()


def test_switches_work_by_keyboard_without_a_script_and_hide_in_every_figure(browser, path):
    context = browser.new_context(java_script_enabled=False, viewport={"width": 1280, "height": 800})
    context.set_default_timeout(HANG * 1000)
    page = context.new_page()
    page.goto(path.as_uri())
    before = {key: shown(page, f"figure .{looks.css_class(key)}") for key in LABELS}
    assert min(before.values()) > 15
    page.locator(".switches summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")  # the first activation
    after = {key: shown(page, f"figure .{looks.css_class(key)}") for key in LABELS}
    first, *others = LABELS
    assert after[first] == 0 and all(after[key] == before[key] for key in others)
    assert shown(page, f"tr.{looks.css_class(first)}") == 0 < shown(page, f"tr.{looks.css_class(others[0])}")
    panels = shown(page, "#figure-accuracy .d-8")
    page.uncheck("#show-d-8")
    assert (panels, shown(page, "#figure-accuracy .d-8"), shown(page, "#figure-accuracy .d-2")) == (1, 0, 1)
    assert shown(page, "tr.depth.d-8") == 0 and shown(page, "tr.depth.d-2") > 0
    page.uncheck("#show-s-critical")
    assert shown(page, "#figure-sensitivity .s-critical") == 0 < shown(page, "#figure-sensitivity .s-default")
    assert page.query_selector(".tools") is None
    page.emulate_media(media="print")
    assert not page.locator(".switches").is_visible()
    context.close()


def test_columns_of_tables_are_hidden_too_and_the_page_says_that_something_is(opened):
    page = opened()
    assert page.get_by_text("Left out: 12 of 15 rows in which all networks of both trained").count() == 1
    assert page.locator("table:has(#table-shares) tbody tr:not(.depth)").count() == 3
    said = page.get_by_text("sentences are about all of them")
    assert not said.is_visible()
    page.click(".switches summary")
    before = shown(page, "table.ranking .d-8")
    page.uncheck("#show-d-8")
    assert (before, shown(page, "table.ranking .d-8")) == (1 + 6, 0) and said.is_visible()
    reference, other = "default", "critical"
    assert shown(page, f"table:has(#table-matrix) .s-{other}") == 1 + 6 * 2
    page.uncheck(f"#show-s-{other}")
    assert shown(page, f"table:has(#table-matrix) .s-{other}") == 0
    assert shown(page, f"table:has(#table-matrix) .s-{reference}") == 1 + 6 * 2
    assert shown(page, f"table:has(#table-attribution) tr.depth.s-{other}") == 0


def test_on_a_phone_the_answer_is_on_the_first_screen(opened):
    """Headline, findings and the first rows of the ranking, with the failures in sight; text of figures is readable."""
    page = opened(375)
    ends = "s => Math.max(...[...document.querySelectorAll(s)].map(e => e.getBoundingClientRect().bottom))"
    for selector in ("h1", ".findings li", "table.ranking tbody tr:nth-child(3)"):
        assert 0 < page.evaluate(ends, selector) <= 800, selector
    assert page.locator("table.ranking thead th").all_text_contents()[1].startswith("Trained")
    assert (
        page.evaluate("r => document.querySelector(r).getBoundingClientRect().right", "table.ranking td")
        <= 375
    )
    assert page.locator("#show-a-relu").is_visible() is False
    smallest = """svg => Math.min(...[...svg.querySelectorAll('text')].map(text =>
        parseFloat(getComputedStyle(text).fontSize) * svg.getBoundingClientRect().width / svg.viewBox.baseVal.width))"""
    sizes = page.locator("svg.drawing").evaluate_all(f"all => all.map({smallest})")
    assert len(sizes) == 4 and min(sizes) >= 7.9
    page.evaluate("""() => { const body = document.querySelector('table.ranking tbody'), rows = [...body.rows];
        for (let i = rows.length; i < 25; i++) body.append(rows[i % rows.length].cloneNode(true)); }""")
    ranking, head = page.locator(".first > .scroll").first, page.locator("table.ranking thead")
    assert ranking.evaluate("box => box.scrollTop = 200") == 200 and ranking.bounding_box()["height"] < 400
    assert head.locator("th").nth(2).bounding_box()["y"] == pytest.approx(ranking.bounding_box()["y"], abs=1)
    assert page.evaluate(ends, "#figure-overview svg") <= 1600


def test_sentences_are_copied_and_printed(opened, browser):
    page = opened()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.click("details.quotes summary")
    first = page.locator(".quotes li").first
    text = first.evaluate("li => li.firstChild.textContent.trim()")
    assert text.startswith("On scikit-learn") and first.locator("button").text_content() == "Copy"
    first.locator("button").click()
    first.locator("button", has_text="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == text
    page.click("details.quotes summary")
    page.emulate_media(media="print")
    assert page.locator(".quotes li").last.is_visible() and not first.locator("button").is_visible()
    assert page.locator("details.quotes").get_attribute("open") is None
    without = browser.new_context(java_script_enabled=False).new_page()
    without.goto(page.url)
    assert without.locator(".quotes li").count() > 10 and without.locator(".quotes button").count() == 0
    without.close()


def test_prints_upright_with_heads_on_each_page_and_no_page_nearly_empty(opened, tmp_path):
    import pypdf

    page = opened()

    def printed():
        page.pdf(path=tmp_path / "page.pdf", prefer_css_page_size=True)
        sheets = pypdf.PdfReader(tmp_path / "page.pdf").pages
        assert all(sheet.mediabox.height > sheet.mediabox.width for sheet in sheets)
        return [sheet.extract_text() for sheet in sheets]

    said = printed()
    assert len(said) > 3 and min(len(text.split()) for text in said[:-1]) > 100
    page.add_style_tag(content="table:has(#table-comparison) tr.depth { break-before: page; }")
    assert sum("Required" in text and "5 of 5" in text for text in printed()) >= 3


@pytest.mark.parametrize("width", [375, 900, 1280])
def test_a_link_of_the_contents_shows_its_heading(opened, width):
    page = opened(width)
    page.evaluate("document.querySelector(\"nav a[href='#recipe']\").click()")
    page.wait_for_function("scrollY > 100")
    heading = page.locator("#recipe h2").bounding_box()
    middle = [heading["x"] + 5, heading["y"] + heading["height"] / 2]
    assert page.evaluate("([x, y]) => document.elementFromPoint(x, y)?.tagName", middle) == "H2"


def test_the_values_of_a_figure_are_read_by_keyboard(opened):
    page = opened()
    page.locator("#figure-overview .scroll").focus()
    line = page.locator("#figure-overview [role=status]")
    page.keyboard.press("ArrowRight")
    first = line.inner_text()
    page.keyboard.press("ArrowRight")
    second = line.inner_text()
    assert "(1 of " in first and "(2 of " in second and "trained" in first
    assert page.locator("#figure-overview .read").count() == 1
    page.keyboard.press("ArrowLeft")
    assert line.inner_text() == first
    steps = page.locator("#figure-overview title").all_text_contents()
    last = int(second.rpartition(" of ")[2].rstrip(")"))
    assert last == len({text for text in steps if ": " in text}) and first.partition(" (1")[0] in steps


def test_captions_are_short_and_say_the_rest_where_it_is_asked_for(opened):
    page = opened()
    count = "all => all.map(one => { one.querySelectorAll('details, .tools').forEach(part => part.remove());"
    count += "return one.textContent.trim().split(/\\s+/).length; })"
    folded = page.locator("figcaption details")
    assert folded.count() >= 2 and not folded.first.locator("code").is_visible()
    folded.first.locator("summary").click()
    assert folded.first.locator("code").is_visible()
    words = page.locator("figcaption").evaluate_all(count)
    assert len(words) == 4 and 10 < max(words) <= 60


def test_a_button_shows_all_none_or_the_baseline_alone_and_what_is_hidden_is_said_in_sight(opened):
    page = opened(375)
    page.click(".switches summary")
    group, said = (
        page.locator(".switches fieldset").first,
        page.get_by_text("sentences are about all of them"),
    )
    n = len(LABELS)
    for text, left in (("none", 0), ("all", n), ("only the baseline", 1)):
        group.get_by_role("button", name=text).click()
        assert group.locator("input:checked").count() == left, text
        assert said.is_visible() == (left < n)
    assert page.is_checked("#show-a-relu") and page.url.count("a-") == n - 1
    page.evaluate("scrollTo(0, 3000)")
    assert 0 < said.bounding_box()["y"] < 800
    heights = page.locator(".tools button").evaluate_all(
        "all => all.map(b => b.getBoundingClientRect().height)"
    )
    assert min(height for height in heights if height) >= 24


def test_what_is_hidden_stands_in_the_link_and_comes_back(opened):
    page = opened(hash="#comparison")
    page.click(".switches summary")
    page.uncheck("#show-a-relu")
    page.uncheck("#show-d-4")
    link = page.url.partition("#")[2]
    assert link == "comparison&hide=a-relu,d-4"
    page.click("nav a[href='#recipe']")
    page.wait_for_function("location.hash === '#recipe&hide=a-relu,d-4'")
    page.check("#show-a-relu")
    page.check("#show-d-4")
    assert page.url.endswith("#recipe")
    again = opened(hash=f"#{link}")
    assert not again.is_checked("#show-a-relu") and again.is_checked("#show-a-tanh")
    assert shown(again, "figure .a-relu") == 0
    assert again.evaluate("scrollY") > 100
    opened(hash="#hide=nothing,%22%3E%3Cb%3E")
    opened(hash="#%E0%A4%A&hide=a-relu")


def test_figures_leave_the_page(opened, tmp_path):
    """As a slide, as a file of its own without what is hidden, and as data; on white also from a dark page."""
    from PIL import Image

    page = opened(color_scheme="dark")
    page.click(".switches summary")
    page.uncheck("#show-a-relu")

    def downloaded(figure, kind):
        with page.expect_download() as caught:
            page.click(f"#figure-{figure} .tools button:text-matches('^{kind}')")
        path = tmp_path / caught.value.suggested_filename
        caught.value.save_as(path)
        return path

    said = page.locator("#figure-overview .tools button").first.inner_text()
    picture = downloaded("overview", "PNG")
    image = Image.open(picture).convert("RGB")
    assert picture.name == "made-up-overview.png" and said == f"PNG {image.width} × {image.height}"
    assert image.width >= 1920 and image.height > 1000
    assert image.getpixel((2, 2)) == (255, 255, 255) and len(image.getcolors(10**6)) > 100
    drawn = downloaded("overview", "SVG").read_text()
    assert "currentColor" not in drawn and "var(" not in drawn and "a-relu" not in drawn
    assert "a-elu" in drawn and looks.colours(["elu"])["elu"] in drawn
    assert looks.on_dark(["elu"])["elu"] not in drawn and looks.DARK_PAPER not in drawn
    assert "made-up, default, n = 5 seeds, bars: 95 % interval over seeds · actbench</text>" in drawn
    (footer,) = re.findall(r'font-size="([\d.]+)">made-up', drawn)
    assert float(footer) <= 1.05 * max(map(float, re.findall(r"font-size: ?([\d.]+)px", drawn)))
    page.goto((tmp_path / "made-up-overview.svg").as_uri())
    assert page.evaluate("document.documentElement.nodeName") == "svg"
    smallest = (
        "Math.min(...[...document.querySelectorAll('text')].map(t => t.getBoundingClientRect().height))"
    )
    assert (
        page.evaluate("document.documentElement.width.baseVal.value") == 1280 and page.evaluate(smallest) > 16
    )
    page.go_back()
    runs = pd.read_csv(downloaded("accuracy", "CSV"))
    assert len(runs) == 6 * 3 * 5


def test_the_history_is_in_the_page_packed(opened, tmp_path):
    page = opened()
    with page.expect_download() as caught:
        page.click("#downloads a[download='made-up-history.csv.gz']")
    text = gzip.decompress(caught.value.path().read_bytes()).decode()
    assert "0.333333\n" in text and len(pd.read_csv(io.StringIO(text))) == 6 * 3 * 5


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_figures_wear_the_colours_of_the_page(opened, scheme):
    page = opened(color_scheme=scheme)
    colour = "getComputedStyle(document.querySelector('{}')).{}"
    ink, paper = (page.evaluate(colour.format("body", part)) for part in ("color", "backgroundColor"))
    assert page.evaluate(colour.format("#figure-accuracy text", "fill")) == ink
    hollow = '#figure-accuracy [style*="fill:var(--paper"]'
    assert page.evaluate(colour.format(hollow, "fill")) == paper
    assert page.locator("figure svg [style*='fill:#ffffff']").count() == 0
    colours = looks.colours(["relu"]) if scheme == "light" else looks.on_dark(["relu"])
    red, green, blue = (int(colours["relu"][i : i + 2], 16) for i in (1, 3, 5))
    line = "#figure-overview [style*='stroke:var(--a-relu']"
    assert page.evaluate(colour.format(line.replace("'", '"'), "stroke")) == f"rgb({red}, {green}, {blue})"


def test_marks_say_their_values_and_labels_are_text(opened):
    page = opened()
    said = page.locator("#figure-overview title").all_text_contents()
    assert any(text.startswith(f"{HOSTILE}: ") and "5 of 5 trained" in text for text in said)
    assert page.query_selector("b[onclick]") is None and page.query_selector("main style") is None
    labels = page.locator(".switches label").all_text_contents()
    assert HOSTILE in [text.strip() for text in labels]


@pytest.mark.parametrize(
    ("width", "scheme"), [(375, "dark"), (1280, "light"), (1920, "light")], ids=["phone", "desk", "wide"]
)
def test_nothing_serious_for_axe_with_open_switches_and_no_sideways_scrolling(opened, width, scheme):
    from axe_playwright_python.sync_playwright import Axe

    page = opened(width, color_scheme=scheme)
    page.click(".switches summary")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    found = Axe().run(page).response["violations"]
    assert [(rule["id"], rule["nodes"][0]["html"]) for rule in found if rule["impact"] != "minor"] == []
    figure = page.locator("#figure-sensitivity svg.drawing").bounding_box()
    if width == 1920:
        caption = page.locator("#figure-sensitivity figcaption").bounding_box()
        assert caption["x"] > figure["x"] + figure["width"] > 1000
