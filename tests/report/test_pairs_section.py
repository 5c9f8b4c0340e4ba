"""The section of all pairs: its signs, why it may differ from the table against the baseline, identical runs."""

import re

import made_up
import pandas as pd
import pytest
from actbench.analysis import comparisons
from actbench.report import contents, numbers
from actbench.report.section import Study
from actbench.report.sections import pairs
from actbench.report.verdict_sentences import SIGNS
from conftest import ROOT

TEMPLATE = ROOT / "workflow/report/report.html"
KEYS = ("relu", "tanh", "elu", "sigmoid", "swish")
# Seeds against relu: tanh is better by both tables, elu by the smaller family only, swish may be equal.
LEVELS = {
    "relu": [0.900, 0.902, 0.904, 0.906, 0.908],
    "tanh": [0.950, 0.952, 0.953, 0.956, 0.958],
    "elu": [0.925, 0.931, 0.921, 0.936, 0.926],
    "sigmoid": [0.950, 0.952, 0.953, 0.956, 0.958],
    "swish": [0.900, 0.907, 0.901, 0.907, 0.907],
}


@pytest.fixture
def study(monkeypatch):
    monkeypatch.setattr(pairs, "LARGEST", 1)
    config = made_up.config(settings=("default",), depths=(2,), keys=KEYS)
    frame = pd.DataFrame(
        {
            "activation": key,
            "depth": 2,
            "setting": "default",
            "seed": seed,
            "fold": 0,
            "status": "ok",
            "trained": True,
            "train_loss": 1 - value,
            "test_loss": 1 - value,
            "test_accuracy": value,
        }
        for key, own in LEVELS.items()
        for seed, value in enumerate(own)
    )
    tables = {
        "runs": frame,
        "comparison": pd.DataFrame(comparisons.comparison(frame, "relu", 0.01, 1000)),
        "pairs": pd.DataFrame(comparisons.pairs(frame, 0.01, 1000)),
    }
    return Study(config, tables, {}, {}, {"mixed": {"torch": [], "device": []}}, tables)


def section(study):
    page = contents.render(study, TEMPLATE, (pairs.SECTION,))
    html = page[page.index('<section id="pairs">') :]
    return html[: html.index("</section>")]


def plain(html):
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


def test_a_verdict_that_the_larger_family_leaves_open_is_named_with_what_to_quote(study):
    above = {row["activation"]: numbers.verdict(row) for row in study.comparison.to_dict("records")}
    text = plain(section(study))
    changed = pairs.against_baseline(study.comparison, study.tables["pairs"], "relu")
    assert [(key, depth) for key, depth, *_ in changed] == [("elu", 2)]
    ((_, _, first, second),) = changed
    assert first == above["elu"] == "better" and second == "better?"
    assert (
        "Intervals hold for 10 comparisons at once here and for 4 against ReLU above, so they are wider here, and "
        "verdicts differ for ELU (better above, better? here). Quote those above for a comparison with ReLU, "
        "those here for one that was chosen among all pairs." in text
    )


def test_every_sign_of_the_matrix_is_the_one_of_its_table_and_in_the_legend(study):
    html = section(study)
    matrix, table = html.split('class="wide"')
    caption = plain(re.search(r"<caption.*?</caption>", matrix, re.DOTALL)[0])
    signs = re.findall(r'<td class="[^"]*"[^>]*>\s*([^<\s]+)<span class="hidden"> ([^<]+)</span>', matrix)
    assert len(signs) == 20 and all(SIGNS[word] == sign for sign, word in signs)
    words = {word for _, word in signs}
    assert {"better?", "worse?", "better", "worse", "equivalent"} <= words
    for word in words:
        assert SIGNS[word] in caption.split()
    told = re.findall(r'<td class="(?:better|worse|equivalent|inconclusive)">([^<]+)</td>', table)
    assert sorted(told) == sorted(numbers.verdict(row) for row in study.tables["pairs"].to_dict("records"))


def test_one_function_under_two_names_is_said_once(study):
    text = plain(section(study))
    assert text.count("The runs of tanh and sigmoid are the same in every loss and accuracy") == 1
    assert text.index("equivalent within ±1 point") < text.index("that they are equivalent is no finding")
    lone = study.tables["runs"].assign(
        test_loss=lambda rows: rows["test_loss"] + 1e-9 * (rows["activation"] == "tanh")
    )
    study.tables["runs"] = lone
    assert "one function" not in plain(section(study))
