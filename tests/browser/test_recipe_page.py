"""The report of a study of several settings and tuned rates in a real browser, from made-up tables."""

import made_up
import made_up_theory
import pytest
from actbench.analysis import claims as answered
from actbench.analysis.tables import of_setting
from actbench.figures import decay, drawing, overview, recipe, results, svg, theory
from actbench.report import contents, page
from actbench.report.section import Study
from actbench.report.sections import answer, claims, comparison, why
from actbench.report.sections import recipe as section
from actbench.storage import parquet
from actbench.study.claims import values
from actbench.study.relations import TRAINS
from conftest import ROOT

SECTIONS = (claims.SECTION, answer.SECTION, comparison.SECTION, section.SECTION, why.SECTION)


@pytest.fixture(
    scope="module", params=[tuple(made_up.OVERRIDES), ("default", "critical")], ids=["five", "two"]
)
def report(request, tmp_path_factory):
    """The page, with those sections that settings or tuning change."""
    folder = tmp_path_factory.mktemp("report")
    config = made_up.config(request.param)
    config["report"]["claims"] = [
        "tanh > relu at depth 8",
        "elu = swish at depth 2 in critical",
        f"relu {TRAINS} sigmoid at depth 8",
        "sigmoid < relu at depth 8",
    ]
    every, depths, names = made_up.tables(config), config["depths"], list(config["settings"])
    rows = answered.claims(values(config), every, "relu", 0.01, made_up.N_IMAGES, made_up.CHANCE)
    every["claims"] = parquet.table(rows, answered.SCHEMA, answered.ORDER).to_pandas()
    predicted = made_up_theory.tables(config)
    every |= predicted
    own = ("comparison", "runs", "shares", "over_depths")
    tables = every | {name: every[name][every[name]["setting"] == names[0]] for name in own}
    tables |= of_setting(predicted, names[0])
    drawing.use_style()
    style = drawing.Style(made_up.LABELS)
    drawn = {
        "overview": overview.overview(tables["comparison"], depths, style, made_up.CHANCE),
        "accuracy": results.accuracy(tables["runs"], tables["comparison"], depths, style, made_up.CHANCE),
        "sensitivity": recipe.sensitivity(every["tuning"], every["rates"], names, depths, style),
        "performance_profile": recipe.profile(every["profile"], names, style),
        "theory_gradients": theory.gradients(every["gradients"], every["predictions"], names, depths, style),
        "decay_and_training": decay.decay_and_training(
            every["expectations"], every["comparison"], names, -3.5, style
        ),
    }
    for name, figure in drawn.items():
        drawing.save(figure, folder / f"{name}.svg")
    figures = svg.inlined_files([folder / f"{name}.svg" for name in drawn], made_up.LABELS)
    csvs = {name: page.embedded(table.to_csv(index=False)) for name, table in every.items()}
    lineage = {"mixed": {"torch": [], "device": []}, "stages": {"train": [{"device": "a machine"}]}}
    text = contents.render(
        Study(config, tables, figures, csvs, lineage, every), ROOT / "workflow/report/report.html", SECTIONS
    )
    path = folder / "report.html"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("width", "scheme"), [(1280, "light"), (1280, "dark"), (375, "light")], ids=["desk", "dark", "phone"]
)
def test_the_recipe_fits_loads_and_is_accessible(browser, report, width, scheme, chaos, request):
    """Five settings add no kind of element to two; with --chaos axe looks at these, too."""
    from axe_playwright_python.sync_playwright import Axe

    opened = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    said = []
    opened.on("console", lambda message: said.append(message.text))
    opened.goto(report.as_uri())
    assert said == []
    opened.click("#recipe summary")
    assert opened.evaluate("document.documentElement.scrollWidth") <= width
    for name in ("sensitivity", "performance_profile", "theory_gradients", "decay_and_training"):
        assert opened.query_selector(f"#figure-{name} svg").bounding_box()["height"] > 50
    if chaos or len(request.node.callspec.params["report"]) == 2:
        found = Axe().run(opened).response["violations"]
        assert [(rule["id"], rule["nodes"][0]["html"]) for rule in found if rule["impact"] != "minor"] == []
    opened.close()


@pytest.mark.parametrize(("width", "last", "n_lines"), [(375, "table.ranking thead", 5), (1280, "figure", 1)])
def test_the_first_screen_is_headline_findings_ranking_and_figure(browser, report, width, last, n_lines):
    """From the top of its own, a line of four claims among it; 110 pixels are left to the line of contents."""
    opened = browser.new_page(viewport={"width": width, "height": 800})
    opened.goto(report.as_uri())
    box = "e => e.getBoundingClientRect()"
    top = opened.eval_on_selector("#answer", box)["top"]
    assert opened.eval_on_selector(f"#answer {last}", box)["bottom"] - top <= 800 - 110 * (width < 400)
    heights = opened.eval_on_selector_all(".findings li", "all => all.map(e => e.offsetHeight)")
    assert len(heights) == 5 and max(heights) <= 24 * n_lines
    opened.close()


def test_the_recipe_prints_within_its_page(browser, report):
    opened = browser.new_page(viewport={"width": 690, "height": 980})
    opened.goto(report.as_uri())
    opened.emulate_media(media="print")
    assert opened.evaluate("document.documentElement.scrollWidth") <= 690
    opened.close()


def test_rates_are_sorted_by_their_numbers(browser, report):
    opened = browser.new_page()
    opened.goto(report.as_uri())
    opened.click("table:has(#table-rates) thead th:nth-child(2) button")
    body = opened.query_selector("table:has(#table-rates) tbody")
    cells = [row.query_selector("td").inner_text() for row in body.query_selector_all("tr:not(.depth)")]
    rates = [float(cell.split()[0]) for cell in cells]
    assert rates == sorted(rates) and len(set(rates)) > 1
    opened.close()
