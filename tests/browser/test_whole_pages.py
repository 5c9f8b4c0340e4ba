"""Reports of made-up studies as a whole: the first screen of a phone, the length of texts, the heads of tables."""

import made_up
import opened_pages
import pandas as pd
import pytest
from actbench.analysis import claims as answered
from actbench.analysis import comparisons
from actbench.analysis.tables import of_setting
from actbench.report import contents, page
from actbench.report.section import Study
from actbench.report.sections import answer, claims, comparison, depths, learning, pairs, recipe
from actbench.storage import parquet
from actbench.study.claims import values
from actbench.study.relations import TRAINS
from conftest import ROOT

SECTIONS = [one.SECTION for one in (claims, answer, comparison, pairs, recipe, depths, learning)]
PICTURE = "data:image/gif;base64,R0lGODlhAQABAAAAACw="
MANY = tuple(f"activation{number}" for number in range(25))
CLAIMED = [
    "tanh > relu at depth 8",
    "elu = swish at depth 2",
    f"relu {TRAINS} sigmoid at depth 8",
    "sigmoid < relu at depth 8",
]
STUDIES = {"depths": {}, "activations": {"keys": MANY, "depths": (2,), "settings": ("default",)}}
# What is seen in the window says that a network did not train.
FAILURE = """() => [...document.querySelectorAll('main *')].some(one => {
        const box = one.getBoundingClientRect();
        return !one.children.length && /✕|did not train/i.test(one.textContent) && one.checkVisibility()
            && box.height > 1 && box.top >= 0 && box.bottom <= innerHeight && box.right <= innerWidth;
    })"""


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The report of a study by its kind, with claims or without."""
    folder, patched = tmp_path_factory.mktemp("whole"), pytest.MonkeyPatch()

    def write(kind, claimed=False):
        path = folder / f"{kind}-{claimed}.html"
        if path.exists():
            return path
        keys = STUDIES[kind].get("keys", tuple(made_up.LABELS))
        with patched.context() as patch:
            patch.setattr(made_up, "LABELS", {key: made_up.LABELS.get(key, key) for key in keys})
            patch.setattr(made_up, "FAILING", made_up.FAILING | {(MANY[7], 2)})
            path.write_text(rendered(STUDIES[kind], CLAIMED if claimed else []), encoding="utf-8")
        return path

    return write


def rendered(changes, claimed):
    """The page with every section that needs no measurement by layer."""
    config = made_up.config(**changes)
    config["report"]["claims"] = claimed
    every, names = made_up.tables(config), list(config["settings"])
    if claimed:
        rows = answered.claims(values(config), every, "relu", 0.01, made_up.N_IMAGES, made_up.CHANCE)
        every["claims"] = parquet.table(rows, answered.SCHEMA, answered.ORDER).to_pandas()
    tables = of_setting({name: table for name, table in every.items() if len(table)}, names[0])
    every["pairs"] = pd.DataFrame(comparisons.pairs(tables["runs"], 0.01, made_up.N_IMAGES))
    tables["pairs"] = every["pairs"]
    config["training"]["histograms"], config["probe_epochs"] = False, []
    figures = dict.fromkeys(("overview", "accuracy", "learning_curves"), PICTURE)
    lineage = {"mixed": {"torch": [], "device": []}, "stages": {"train": [{"device": "a machine"}]}}
    csvs = {name: page.embedded(table.to_csv(index=False)) for name, table in every.items()}
    study = Study(config, tables, figures, csvs, lineage, every)
    return contents.render(study, ROOT / "workflow/report/report.html", SECTIONS)


@pytest.fixture
def opened(browser, written):
    """Open the report of a kind of study at a width."""
    pages = []

    def open_(kind, width, claimed=False):
        one = browser.new_page(viewport={"width": width, "height": 800})
        one.goto(written(kind, claimed).as_uri())
        pages.append(one)
        return one

    yield open_
    for one in pages:
        one.close()


@pytest.mark.parametrize("kind", STUDIES)
def test_the_first_screen_of_a_phone_shows_failures_and_every_depth(opened, kind):
    shown = opened(kind, 375)
    assert shown.evaluate(FAILURE)
    assert "Did not train" in shown.locator(".lost").inner_text()
    ends = "all => all.map(one => one.getBoundingClientRect().right)"
    columns = shown.locator("table.ranking [class*='d-']").evaluate_all(ends)
    assert len(columns) > 6 and max(columns) <= 361  # less the margin
    assert not any("%" in cell for cell in shown.locator("table.ranking td").all_inner_texts())
    table, figure = (shown.locator(one).bounding_box() for one in (".first > .scroll", "#figure-overview"))
    assert figure["y"] - table["y"] - table["height"] < 40
    shown.set_viewport_size({"width": 1280, "height": 800})
    assert not shown.locator(".lost").is_visible()
    assert any("%" in cell for cell in shown.locator("table.ranking td").all_inner_texts())


@pytest.mark.parametrize("kind", STUDIES)
def test_a_phone_shows_the_ranking_whole_or_says_that_it_scrolls(opened, kind):
    shown = opened(kind, 375)
    box, n_rows = shown.locator(".first > .scroll").first, shown.locator("table.ranking tbody tr").count()
    assert box.evaluate("one => one.scrollWidth - one.clientWidth") <= 1
    scrolls = box.evaluate("one => one.scrollHeight > one.clientHeight + 1")
    assert scrolls is (kind == "activations") is shown.get_by_text(f"{n_rows} rows: scroll.").is_visible()
    if scrolls:
        caption, head = (shown.locator(f"table.ranking {one}").bounding_box() for one in ("caption", "thead"))
        assert caption["y"] < head["y"]


@pytest.mark.parametrize("kind", STUDIES)
def test_a_usual_window_shows_tables_whole(opened, kind):
    shown = opened(kind, 1280)
    wide = shown.locator(".scroll:has(table:not(.matrix))").evaluate_all(
        "all => all.filter(one => one.scrollWidth > one.clientWidth + 1).map(one => one.innerText.slice(0, 60))"
    )
    assert wide == []


@pytest.mark.parametrize(("width", "most"), [(1280, 30), (375, 75)])
def test_the_headline_comes_first_and_folded_claims_are_one_line_below_it(opened, width, most):
    shown = opened("depths", width, claimed=True)
    title, all_ = (shown.locator(one).bounding_box() for one in ("h1", "section.claims"))
    assert title["y"] < 70 and all_["height"] <= most
    assert 0 <= all_["y"] - title["y"] - title["height"] < 20
    assert all_["y"] + all_["height"] < shown.locator(".findings").bounding_box()["y"]
    assert not shown.locator("article.claim").first.is_visible()
    shown.locator(".claims > .all > summary").click()
    heights = shown.locator("article.claim").evaluate_all("all => all.map(one => one.offsetHeight)")
    assert len(heights) == 4 and max(heights) <= 30 * (1 + (width < 400))
    card = shown.locator("#claim-3")
    card.locator("summary").click()
    assert "exact test decides" in card.inner_text() and card.bounding_box()["height"] > 100


@pytest.mark.parametrize(("kind", "claimed"), [("depths", True), ("activations", False)])
def test_texts_are_short_heads_are_explained_and_findings_say_n(opened, kind, claimed):
    shown = opened(kind, 1280, claimed)
    assert opened_pages.long_texts(shown) == []
    assert shown.locator("thead th").count() > 40 and shown.evaluate(opened_pages.PLAIN) == []
    findings = shown.locator(".finding").all_text_contents()
    assert len(findings) >= 4 and [text for text in findings if not opened_pages.N.search(text)] == []
    if kind == "activations":
        head = shown.locator("table.matrix th.upright .head").nth(3)
        head.focus()
        said = shown.locator(".tip:visible").inner_text()
        assert said.startswith(head.inner_text() + ": mean test accuracy 9") and "average rank " in said
