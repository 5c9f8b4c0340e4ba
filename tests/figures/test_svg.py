"""Figures as they stand in a page."""

import re
from xml.etree import ElementTree

import pytest
from actbench.figures import drawing, looks, svg

LABELS = {"relu": "ReLU", "tanh": "</script><b> & $x$", "mine": "mine"}
NAMESPACE = f"{{{svg.SVG}}}"


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A figure of two panels with lines, marks, a text, a legend and a scatter, as a file."""
    drawing.use_style()
    style = drawing.Style(LABELS)
    figure, axes = drawing.panels(1, 2, height=2)
    for axis, depth in zip(axes.flat, (2, 8), strict=True):
        for number, key in enumerate(LABELS):
            axis.plot([0, 1, 2], [number, 1, 2], **style.looks[key])
        drawing.of_panel(axis, depth=depth)
    points = axes[0][0].scatter([0, 1], [0.5, 1.5], c=["white", "white"], edgecolors="#123456")
    drawing.say(points, "seed 0, 97.0 %", "seed 1, < 98 %")
    (mark,) = axes[0][1].plot(1, 1, color=style.looks["tanh"]["color"], marker="o")
    drawing.say(mark, "96.9 %")
    axes[0][0].axhline(0.3, color="#888888")
    style.legend(figure)
    path = tmp_path_factory.mktemp("svg") / "a.svg"
    drawing.save(figure, path)
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(written):
    return svg.inlined(written, "overview", LABELS)


def parsed(text):
    return ElementTree.fromstring(text)  # noqa: S314, drawn above


def titles(root, classes):
    """What groups of a class say."""
    return [
        title.text
        for group in root.iter()
        if classes in group.get("class", "").split()
        for title in group.iter(f"{NAMESPACE}title")
    ]


def test_a_file_is_valid_and_has_no_id_twice(written):
    root = parsed(written)
    ids = [one.get("id") for one in root.iter() if "id" in one.attrib]
    assert written.startswith("<?xml") and len(ids) == len(set(ids)) > 5
    assert not [name for name in ids if " " in name or "|" in name]
    assert {"d-2", "d-8"} <= {one.get("class") for one in root.iter()}


def test_text_is_text_in_a_font_that_every_system_replaces(written, page):
    root = parsed(page)
    texts = {"".join(text.itertext()) for text in root.iter(f"{NAMESPACE}text")}
    assert set(LABELS.values()) <= texts
    assert "sans-serif" in written and root.get("style").endswith("sans-serif")


def test_ids_of_two_figures_never_meet_and_each_reference_has_its_target(written):
    pages = [svg.inlined(written, name, LABELS) for name in ("one", "two")]
    ids = [set(re.findall(r'\bid="([^"]+)"', text)) for text in pages]
    assert ids[0] and ids[0].isdisjoint(ids[1])
    for text, own in zip(pages, ids, strict=True):
        references = re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', text)
        assert {one or other for one, other in references} == own


def test_a_figure_is_the_same_after_another_of_its_styles(written, page):
    """Styles are parsed once, and none is changed where it is kept."""
    assert svg.inlined(written, "overview", LABELS) == page


def test_no_grey_and_no_white_is_left(page):
    found = set(re.findall(r"#[0-9a-f]{6}", page))
    assert found == {*looks.colours(LABELS).values(), "#123456", "#ffffff"}
    assert all(
        f"var(--{looks.css_class(key)},{colour})" in page for key, colour in looks.colours(LABELS).items()
    )
    assert page.count("#ffffff") == page.count("var(--paper,#ffffff)") == 2  # the hollow marks, and no ground
    assert "stroke:currentColor;stroke-width:0.6;stroke-linecap:round;stroke-opacity:0.13" in page  # the grid


def test_each_activation_has_its_class_in_panels_and_legend(page):
    root = parsed(page)
    for key in LABELS:
        drawn = [one for one in root.iter() if looks.css_class(key) in one.get("class", "").split()]
        assert len(drawn) >= 4, key  # a line in two panels, and the legend's line and text


def test_marks_and_lines_say_what_they_are(page):
    root = parsed(page)
    assert set(titles(root, "a-relu")) == {"ReLU"}
    assert "</script><b> & $x$: 8 hidden layers, 96.9 %" in titles(root, "a-tanh")
    said = {title.text for title in root.iter(f"{NAMESPACE}title")}
    assert {"2 hidden layers, seed 0, 97.0 %", "2 hidden layers, seed 1, < 98 %"} <= said
    assert "</script>" not in page


def test_only_references_into_a_figure_get_its_name(written):
    bitmap = '<image xlink:href="data:image/png;base64,AAAA" id="x"/></svg>'
    page = svg.inlined(written.replace("</svg>", bitmap), "a", LABELS)
    assert 'href="data:image/png;base64,AAAA"' in page and "#a-ata" not in page


def test_a_text_on_hover_is_kept_as_it_was_written():
    note = svg.note(["a-relu"], ["a | b, 50 %", "%7C"])
    marks = '<path d="M 0 0"/><path d="M 0 0"/>'
    page = svg.noted(f'<svg xmlns="{svg.SVG}"><g id="{note}">{marks}</g></svg>')
    assert [title.text for title in parsed(page).iter(f"{NAMESPACE}title")] == ["a | b, 50 %", "%7C"]


def test_a_panel_begins_what_is_said_in_it_and_says_nothing_itself():
    panel, inside, outside = svg.note(["d-2"], ["2 | 3"], svg.PANEL), svg.note([], ["1"]), svg.note([], ["5"])
    marks = (
        f'<g id="{panel}"><g id="{inside}"><path d="M 0 0"/></g></g><g id="{outside}"><path d="M 0 0"/></g>'
    )
    root = parsed(svg.noted(f'<svg xmlns="{svg.SVG}">{marks}</svg>'))
    assert [title.text for title in root.iter(f"{NAMESPACE}title")] == ["2 | 3, 1", "5"]
    assert [group.get("class") for group in root] == ["d-2", None]


@pytest.mark.parametrize(
    ("path", "short"),
    [
        ("M 0 0 \nL 10.06 0 \nL 10.06 20.31 \n", "M0 0H10.1V20.3"),
        ("M 0 1 \nL 0.01 1.02 \nL 3.5 -0.26 \nz\n", "M0 1L3.5 -.3z"),
        ("M 1 2 \nC 1.25 2 3 4 5 6 \nL 5 9 \n", "M1 2C1.2 2 3 4 5 6V9"),
        ("M 0 0 \nL 1 1 \nM 0 5 \nL 1 5 \n", "M0 0L1 1M0 5H1"),
        ("M 0 0 \nL 1 1 \nz\nL 1 5 \n", "M0 0L1 1zL1 5"),
    ],
)
def test_paths_are_short(path, short):
    assert svg.shortened(path) == short


def test_a_page_takes_a_quarter_less_than_the_file(written, page):
    assert len(page) < 0.75 * len(written)


def test_a_figure_of_other_things_has_no_class(written):
    root = parsed(svg.inlined(written, "a", {}))
    assert not [one for one in root.iter() if re.search(r"\ba-elu\b", one.get("class", ""))]
