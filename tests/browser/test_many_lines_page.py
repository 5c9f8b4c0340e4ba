"""A figure of many activations in a page: grey lines get their colour and a name where few are shown."""

import itertools

import pandas as pd
import pytest
from actbench.figures import drawing, looks, results, shown, svg
from actbench.report import page as pages
from conftest import ROOT

KEYS = [f"mine{i}" for i in range(shown.LINES + 4)]
COLOURED = KEYS[:2]
STROKES = (
    """key => [...document.querySelectorAll(`.${key} > path`)].map((one) => getComputedStyle(one).stroke)"""
)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """A page with a switch an activation, which are numbered by their values."""
    folder = tmp_path_factory.mktemp("page")
    rows = [
        {"activation": key, "checkpoint": "init", "layer": layer, "rms": 10.0**i}
        for i, key in enumerate(KEYS)
        for layer in (0, 1)
    ]
    table = pd.DataFrame(rows).assign(depth=1, setting="default", seed=0, fold=0, tensor="weight")
    drawing.use_style()
    style = drawing.Style({key: key for key in KEYS}, foremost=COLOURED)
    drawing.save(results.gradients(table, [1], style, "weight"), folder / "a.svg")
    figure = svg.inlined((folder / "a.svg").read_text(encoding="utf-8"), "a", dict(style.labels))
    boxes = "".join(f'<label><input type="checkbox" id="show-a-{key}" checked>{key}</label>' for key in KEYS)
    hides = "".join(
        f"body:has(#show-a-{key}:not(:checked)) main .a-{key} {{ display: none }}" for key in KEYS
    )
    scripts = "".join(f"<script>{one['code']}</script>" for one in pages.script(ROOT / "workflow/report"))
    css = pages.stylesheet(ROOT / "workflow/report") + hides
    written = folder / "page.html"
    written.write_text(
        f"<!doctype html><meta charset='utf-8'><style>{css}</style><body><div class='switches'>"
        f"<fieldset data-few='{shown.LINES}'><legend>Activations</legend>{boxes}</fieldset></div>"
        f"<main><figure id='figure-a'><div class='scroll'>{figure}</div><figcaption></figcaption></figure>"
        f"</main>{scripts}",
        encoding="utf-8",
    )
    return written


@pytest.fixture
def opened(browser, path):
    one = browser.new_page(viewport={"width": 1280, "height": 800})
    one.goto(path.as_uri())
    yield one
    one.close()


def rgb(colour):
    return f"rgb({int(colour[1:3], 16)}, {int(colour[3:5], 16)}, {int(colour[5:7], 16)})"


def test_with_few_activations_grey_lines_have_their_colour_and_a_name(opened):
    colours = looks.colours(KEYS)
    grey, late = rgb(looks.BEHIND["color"]), KEYS[-1]
    assert set(opened.evaluate(STROKES, f"a-{late}")) == {grey}
    assert rgb(colours[COLOURED[0]]) in opened.evaluate(STROKES, f"a-{COLOURED[0]}")
    for key in KEYS[2:5]:
        opened.uncheck(f"#show-a-{key}")
    assert opened.locator(".named").count() == 0  # nine are shown
    assert opened.locator(".others text").is_visible()
    opened.uncheck(f"#show-a-{KEYS[5]}")
    assert set(opened.evaluate(STROKES, f"a-{late}")) == {rgb(colours[late])}
    assert sorted(opened.locator(".named").all_text_contents()) == sorted(KEYS[6:])
    assert not opened.locator(".others text").is_visible()
    boxes = [one.bounding_box() for one in opened.locator("main .drawing text[class^=named]").all()]
    tops = sorted(box["y"] for box in boxes)
    assert min(high - low for low, high in itertools.pairwise(tops)) > 8
    opened.check(f"#show-a-{KEYS[5]}")
    assert opened.locator(".named").count() == 0
    assert set(opened.evaluate(STROKES, f"a-{late}")) == {grey}


@pytest.mark.parametrize("few", [True, False])
def test_a_picture_has_the_colours_that_are_shown(opened, few, tmp_path):
    for key in KEYS[2:6] if few else ():
        opened.uncheck(f"#show-a-{key}")
    with opened.expect_download() as caught:
        opened.get_by_role("button", name="SVG").click()
    caught.value.save_as(tmp_path / "a.svg")
    drawn = (tmp_path / "a.svg").read_text(encoding="utf-8")
    assert "var(" not in drawn and "currentColor" not in drawn
    assert (looks.BEHIND["color"] in drawn) is not few
    assert (looks.colours(KEYS)[KEYS[-1]] in drawn) is few
    assert (f">{KEYS[-1]}</text>" in drawn) is few
