"""The page of published numbers: what it says of rows whose outcome is known."""

import re

import opened_pages
import pytest
from actbench.report import page, published
from conftest import ROOT

HEAD = {"quantity": "gain", "source": "long name of a source", "n": 1, "tolerance_from": "<b>digits</b>"}
NAMES = {"long name of a source": "short"}


def row(setting, published_number, measured, tolerance, verdict="agrees", **changes):
    values = {"published": published_number, "measured": measured, "tolerance": tolerance}
    return HEAD | {"setting": f"{setting}, 1/std f(z)"} | values | {"verdict": verdict} | changes


SAME = row("relu", 3.0, 3.0, 0.0)
NEAR = row("tanh", 1.0, 1.02, 0.1)
FAR = row("elu", 1.0, 1.25, 0.1, "differs")
EXACT_BUT_NOT = row("gelu", 3.0, 4.0, 0.0, "differs")
OPEN = row("swish", 0.5, None, None, "open")
OTHER = row("relu, hidden layer 1 of 8-8", 1.0, 1.001, 0.01, source="other", quantity="cosine, mean")
DEEPER = row("relu, hidden layer 2 of 8-8", 1.0, 1.001, 0.01, source="other", quantity="cosine, mean")


def said(*rows, extent="full", skipped=""):
    return published.findings(list(published.labelled(rows)), NAMES | {"other": "other"}, extent, skipped)


def test_the_answer_counts():
    assert published.answer([SAME, NEAR]) == (
        "2 of 2 published numbers agree with ours within tolerances fixed before the comparison."
    )
    assert published.answer([SAME, FAR, OPEN]).endswith("comparison; 1 differs; 1 stays open.")
    assert published.answer([NEAR]).startswith("1 of 1 published number agrees")


def test_labels_say_what_sets_a_number_apart():
    rows = list(published.labelled([SAME, NEAR, OTHER, DEEPER]))
    assert [one["label"] for one in rows] == ["relu", "tanh", "hidden layer 1, mean", "hidden layer 2, mean"]
    (alone,) = published.labelled([SAME])
    assert alone["label"] == "relu"


def test_findings_name_what_differs_and_how_wide_tolerances_are():
    found = said(SAME, NEAR, FAR, OPEN, OTHER)
    assert found == [
        ("Differs", "Gain, elu (short: published 1, measured 1.25)."),
        ("Exact", "1 number may not differ at all, and does not."),
        (
            "Closest",
            "Nearest to its limit is gain, tanh (short: published 1, measured 1.02): 20\N{NO-BREAK SPACE}% of the tolerance.",
        ),
        ("Loose", "2 tolerances are wider than 2 % of the published number: agreement says little there."),
        ("Open", "1 number: fewer than two of our runs can be compared with the published one."),
    ]
    many = said(*[row(f"f{i}", 1.0, 2.0, 0.1, "differs") for i in range(9)])
    assert many[0][1].startswith("Gain, f0 (") and many[0][1].endswith("and 6 more.")


def test_what_is_left_out_is_said():
    assert said(SAME, extent="quick", skipped="Not all.")[-1] == (
        "Left out",
        "Not all. Test accuracies of trained networks are compared with verify=full only.",
    )
    assert said(SAME) == [("Exact", "1 number may not differ at all, and does not.")]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([SAME, SAME], "All 2 agree; all are the same to the last digit."),
        ([SAME], "1 of 1 agree; it is the same to the last digit."),
        ([SAME, NEAR], "All 2 agree; the largest deviation is 20\N{NO-BREAK SPACE}% of the tolerance (gain, tanh)."),
        ([NEAR, FAR], "1 of 2 agree; 1 differs; the largest deviation is 2.5 times the tolerance (gain, elu)."),
        ([EXACT_BUT_NOT], "0 of 1 agree; 1 differs; the largest deviation is beyond a tolerance of 0 (gain, gelu)."),
        ([OPEN], "0 of 1 agree; 1 stays open."),
    ],
)  # fmt: skip
def test_a_source_has_its_finding(rows, words):
    assert published.finding(list(published.labelled(rows))) == words


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The page of made-up rows, and the PDF beside it."""
    folder = tmp_path_factory.mktemp("verification")
    found = published.context([SAME, NEAR, FAR, OPEN, OTHER], NAMES, "quick", "", folder / "figures.pdf")
    place = {"device": "cpu", "platform": "Linux", "python": "3", "versions": {"torch": "2"}, "commit": None}
    template = ROOT / "workflow/report/verification.html"
    found |= {"described": place, "csv": "results/verification.csv"}
    found |= {"css": page.stylesheet(template.parent), "script": page.script(template.parent)}
    path = folder / "page.html"
    path.write_text(page.render(template, found), encoding="utf-8")
    return path


def test_the_page_shows_every_number_and_escapes_what_others_wrote(written):
    text = written.read_text(encoding="utf-8")
    assert re.findall(r"<h2>(.*?)</h2>", text) == ["short", "other", "Measured on"]
    assert (
        "<h1>3 of 5 published numbers agree with ours within tolerances fixed before the comparison; 1 differs"
        in text
    )
    assert text.count('<p class="finding">') == 2 and text.count("<figure") == 3 and text.count("<table") == 2
    assert text.count('scope="row"') == 5 and "&lt;b&gt;digits" in text and "<b>digits" not in text
    assert re.search(r'<td class="worse">differs</td>', text) and re.search(r'"inconclusive">open</td>', text)
    assert written.with_name("figures.pdf").stat().st_size > 1000


def test_in_a_browser(browser, written):
    opened_pages.check(browser, written)
