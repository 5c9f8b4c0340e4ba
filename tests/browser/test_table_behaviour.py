"""A page of one table as the templates write them, in a real browser: sorting, explanations, scrolling, braces."""

import shutil

import pytest
from actbench.report import numbers, page
from actbench.report.sections.functions import typeset
from conftest import ROOT

FOLDER = ROOT / "workflow" / "report"
HOSTILE = "</th><img src=x onerror=document.title='ran'> with many words"
TEMPLATE = """{% extends "layout.html" %}
{% import "macros.html" as shared with context %}
{% set title = "tables" %}
{% block main %}
<h1>Tables</h1>
<p><a href="#end">Before</a></p>
<div style="height: 900px"></div>
<div class="scroll" tabindex="0">
<table class="wide">
{% call shared.caption("comparison") %}A table that is wider than a phone.{% endcall %}
<thead><tr>{{ shared.heads(names) }}</tr></thead>
<tbody>
{{ shared.depth_row(8, names | length) }}
{% for row in rows %}
<tr><th scope="row">{{ row[0] }}</th>{% for cell in row[1:] %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}
</tbody>
</table>
</div>
<div class="scroll" tabindex="0">
<table class="formulas">
{% call shared.caption("formulas") %}Formulas.{% endcall %}
<thead><tr>{{ shared.heads(["Activation", "f(x)", "f′(x)"]) }}</tr></thead>
<tbody><tr><th scope="row">elu</th><td>{{ formula }}</td><td>{{ formula_derivative }}</td></tr></tbody>
</table>
</div>
<p id="end" style="height: 900px">After</p>
{% endblock %}
"""
NAMES = [
    "Activation",
    "Trained",
    "Mean",
    "95 % interval",
    "SD",
    "p",
    "Difference to relu",
    "Interval",
    "Verdict",
]
# As long as the longest of the registry.
LONG = r"\frac{1}{2}\left(1 + \tanh\left(\sqrt{2/\pi}\,(x + 0.044715\,x^3)\right)\right)"
LONG += r" + \frac{x}{2}\left(1 - \tanh^2\left(\sqrt{2/\pi}\,(x + 0.044715\,x^3)\right)\right)\sqrt{2/\pi}"
SMALL = numbers.written(1.1e-5)  # the largest, 1.1, if its power of ten were not read
ROWS = [
    ["tanh", "5 of 5", "97.1 %", "96.0–98.2 %", "0.50 %", "0.062", "−1.20", "−2.00 to −0.40", "worse"],
    ["relu", "3 of 5", "98.3 %", "–", "0.10 %", "–", "–", "–", "baseline"],
    ["elu", "0 of 5", "–", "–", "–", "0.5", "+0.40", "−1.00 to +1.80", "inconclusive"],
    [
        HOSTILE,
        "10 of 10",
        "9.0 %",
        "runs 8–10 %",
        "not known",
        SMALL,
        "+12.00",
        "+2.00 to +22.00",
        "better",
    ],
]
SHADE = "s => getComputedStyle(document.querySelector(s)).boxShadow"


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables")
    for name in ("layout.html", "macros.html"):
        shutil.copy(FOLDER / name, folder)
    (folder / "page.html").write_text(TEMPLATE, encoding="utf-8")
    formula = typeset(
        {"formula": r"\begin{cases} x & x > 0 \\ \alpha x & x \leq 0 \end{cases}"}
        | {"formula_derivative": LONG}
    )
    shown = {"names": NAMES, "rows": ROWS} | formula
    around = {"css": page.stylesheet(FOLDER), "script": page.script(FOLDER)}
    path = folder / "made.html"
    path.write_text(page.render(folder / "page.html", shown | around), encoding="utf-8")
    return path


@pytest.fixture
def opened(browser, tables):
    pages = []

    def open_at(width=1280, **options):
        window = {"width": width, "height": 800}
        shown = browser.new_page(viewport=window, reduced_motion="reduce", **options)
        shown.goto(tables.as_uri())
        pages.append(shown)
        return shown

    yield open_at
    for shown in pages:
        shown.close()


def column(shown, number):
    rows = shown.query_selector_all("table.wide tbody tr:not(.depth)")
    return [row.query_selector_all("th, td")[number].inner_text() for row in rows]


def click(shown, name):
    heading = shown.locator("table.wide thead th").nth(NAMES.index(name))
    heading.locator("button").click()
    order = heading.get_attribute("aria-sort")
    assert shown.locator("[aria-sort]").count() == 1
    assert shown.locator("[role=status]").inner_text() == f"Sorted by {name}, {order}."
    return order, column(shown, NAMES.index(name))


def test_the_larger_the_better_comes_first_and_what_is_none_last(opened):
    shown = opened()
    for name, order, expected in [
        ("Mean", "descending", ["98.3 %", "97.1 %", "9.0 %", "–"]),
        ("Mean", "ascending", ["9.0 %", "97.1 %", "98.3 %", "–"]),
        ("Trained", "descending", ["10 of 10", "5 of 5", "3 of 5", "0 of 5"]),
        ("SD", "descending", ["0.50 %", "0.10 %", "not known", "–"]),
        ("p", "ascending", [SMALL, "0.062", "0.5", "–"]),
        ("p", "descending", ["0.5", "0.062", SMALL, "–"]),
        ("Difference to relu", "descending", ["+12.00", "+0.40", "−1.20", "–"]),
        ("Verdict", "ascending", ["baseline", "better", "inconclusive", "worse"]),
    ]:
        found, cells = click(shown, name)
        missing = {"–", "not known"}
        assert (found, [cell for cell in cells if cell not in missing]) == (
            order,
            [cell for cell in expected if cell not in missing],
        )
        assert [cell in missing for cell in cells] == [cell in missing for cell in expected]
    assert shown.title() == "tables"
    sd = shown.locator("table.wide thead th").nth(NAMES.index("SD"))
    for order in ("descending", "ascending"):
        sd.click(position={"x": 1, "y": 1})  # beside the words
        assert sd.get_attribute("aria-sort") == order
        cells = column(shown, NAMES.index("SD"))
        assert set(cells[2:]) == {"not known", "–"}
    sd.locator(".tip").dispatch_event("click")
    assert sd.get_attribute("aria-sort") == "ascending"


def test_a_column_shows_that_it_can_be_sorted_before_it_is(opened):
    shown = opened()
    cue = "b => { const s = getComputedStyle(b, '::after'); return [s.width, s.height, s.clipPath]; }"
    button = shown.locator("table.wide thead button").nth(2)
    width, height, before = button.evaluate(cue)
    assert float(width.removesuffix("px")) >= 5 and float(height.removesuffix("px")) >= 10
    button.click()
    down = button.evaluate(cue)[2]
    button.click()
    assert len({before, down, button.evaluate(cue)[2]}) == 3
    assert shown.locator("table.formulas thead button").count() == 0  # one row


def inside(shown, selector, width):
    box = shown.locator(selector).bounding_box()
    return (
        box["x"] >= 0
        and box["x"] + box["width"] <= width
        and box["y"] >= 0
        and box["y"] + box["height"] <= 800
    )


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (375, "dark")], ids=["desk", "phone"])
def test_every_column_is_explained_on_focus_and_on_hover(opened, width, scheme, script):
    """Whole, within the window and over the table; by keyboard alone too; Escape hides it where there is a script."""
    shown = opened(width, color_scheme=scheme, java_script_enabled=script)
    heads = shown.locator("table.wide .head")
    assert heads.count() == len(NAMES)
    assert shown.locator(".tip:visible").count() == 0
    shown.locator("table.wide a.number").focus()
    for number, name in enumerate(NAMES):
        shown.keyboard.press("Tab")
        tip = f"#{heads.nth(number).get_attribute('aria-describedby')}"
        assert shown.locator(":focus").inner_text() == name
        assert shown.locator(".tip:visible").count() == 1 and inside(shown, tip, width), name
        box = shown.locator(tip).bounding_box()
        top = "([x, y]) => document.elementFromPoint(x, y).closest('.tip')?.id"
        middle = [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]
        assert shown.evaluate(top, middle) == tip[1:]
    shown.locator("h1").click()
    assert shown.locator(".tip:visible").count() == 0
    heads.nth(2).hover()
    assert (
        shown.locator(".tip:visible")
        .inner_text()
        .startswith("Mean test accuracy of the networks that trained")
    )
    if script:
        shown.keyboard.press("Escape")
        assert shown.locator(".tip:visible").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_while_an_explanation_is_shown(opened, scheme):
    from axe_playwright_python.sync_playwright import Axe

    shown = opened(375, color_scheme=scheme)
    shown.locator("table.wide .head").nth(1).focus()
    found = Axe().run(shown).response["violations"]
    assert [(rule["id"], rule["nodes"][0]["html"]) for rule in found if rule["impact"] != "minor"] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_first_column_stays_over_the_others_and_the_edges_say_where_more_is(opened, scheme):
    shown = opened(375, color_scheme=scheme)
    first = shown.locator("table.wide tbody th[scope=row]").first
    first.scroll_into_view_if_needed()
    before, caption = first.bounding_box()["x"], shown.locator("table.wide caption span").bounding_box()["x"]
    assert shown.evaluate(SHADE, "table.wide tbody th[scope=row]") in (
        "none",
        "rgba(0, 0, 0, 0) 0px 0px 0px 0px",
    )
    edge = "getComputedStyle(document.querySelector('.scroll')).backgroundAttachment"
    assert shown.evaluate(edge) == "local, scroll"
    shown.evaluate("document.querySelector('.scroll').scrollLeft = 200")
    shown.wait_for_timeout(100)
    assert first.bounding_box()["x"] == before
    assert shown.locator("table.wide caption span").bounding_box()["x"] == caption
    assert shown.locator("tr.depth span").bounding_box()["x"] >= 0
    assert shown.evaluate(SHADE, "table.wide tbody th[scope=row]").startswith("rgba(")
    box = first.bounding_box()
    assert box["width"] < 0.45 * 375
    paper = "getComputedStyle(document.querySelector('{}')).backgroundColor"
    assert shown.evaluate(paper.format("table.wide tbody th[scope=row]")) == shown.evaluate(
        paper.format("body")
    )
    point = [box["x"] + box["width"] - 2, box["y"] + box["height"] / 2]
    assert shown.evaluate("([x, y]) => document.elementFromPoint(x, y).tagName", point) == "TH"
    assert shown.evaluate("document.documentElement.scrollWidth") <= 375


def test_print_has_no_explanations_cues_or_edges(opened):
    shown = opened(color_scheme="dark")
    shown.locator("table.wide .head").nth(1).focus()
    shown.emulate_media(media="print")
    assert shown.locator(".tip:visible").count() == 0
    assert (
        shown.evaluate("getComputedStyle(document.querySelector('thead button'), '::after').display")
        == "none"
    )
    assert shown.evaluate("getComputedStyle(document.querySelector('.scroll')).backgroundImage") == "none"


def test_long_formulas_and_wide_tables_do_not_shrink_what_is_printed(opened, tmp_path):
    """Text keeps its size, every page is upright, and a table of many columns is no wider than the page."""
    import pypdf

    shown = opened()
    shown.evaluate(
        "document.querySelectorAll('.wide tr:not(.depth)').forEach(r => { for (let i = 0; i < 4; i++) "
        "r.append(r.lastElementChild.cloneNode(true)); })"
    )
    shown.emulate_media(media="print")
    assert shown.evaluate("getComputedStyle(document.querySelector('thead')).display") == "table-header-group"
    shown.set_viewport_size({"width": 703, "height": 1016})  # A4 less its margins, in CSS pixels
    widths = shown.locator("main, main .scroll").evaluate_all("all => all.map(one => one.scrollWidth)")
    assert len(widths) == 3 and max(widths) <= 703
    shown.pdf(path=tmp_path / "page.pdf", prefer_css_page_size=True)
    sizes, upright = {}, []

    def keep(text, transformed, matrix, font, size):
        if text.strip():
            sizes[text.strip()] = abs(size * matrix[3] * transformed[3])

    for sheet in pypdf.PdfReader(tmp_path / "page.pdf").pages:
        sheet.extract_text(visitor_text=keep)
        upright.append(sheet.mediabox.width < sheet.mediabox.height)
    assert all(upright) and sizes["After"] == pytest.approx(10, abs=0.1)
    assert sizes["worse"] == pytest.approx(7, abs=0.1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_brace_is_as_high_as_its_lines_with_any_font(opened, scheme):
    """Drawn in the colour of the text: the left edge of the lines has ink at the top, the middle and the foot."""
    shown = opened(color_scheme=scheme)
    shown.add_style_tag(content="math, math * { font-family: 'DejaVu Sans' !important; }")
    style = "getComputedStyle(document.querySelector('math mtable'))"
    ink = {"light": "1b1f24", "dark": "e6e9ec"}[scheme]
    assert f"%23{ink}" in shown.evaluate(f"{style}.backgroundImage")
    assert shown.evaluate(f"{style}.backgroundSize").endswith(" 100%")
    table = shown.locator("math mtable").bounding_box()
    row = shown.locator("math mtd").first.bounding_box()
    assert table["height"] > 1.8 * row["height"]
    assert shown.locator("math mo[fence]").first.bounding_box()["width"] < 1
    assert "{" in shown.locator("math mo[fence]").first.text_content()
