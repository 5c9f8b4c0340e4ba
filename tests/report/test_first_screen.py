"""The first screen as it is rendered, of made-up studies of many kinds."""

import re
from html import unescape
from itertools import product

import made_up
import pandas as pd
import pytest
from actbench.report import contents
from actbench.report.numbers import NBSP
from actbench.report.section import Study
from actbench.report.sections import answer, comparison, method, recipe
from conftest import ROOT

TEMPLATE = ROOT / "workflow" / "report" / "report.html"
MANY = tuple(f"activation{number}" for number in range(25))
STUDIES = {
    "two settings": {},
    "five settings": {"settings": tuple(made_up.OVERRIDES)},
    "one setting": {"settings": ("default",)},
    "one rate": {"settings": ("default",), "rate": 0.05},
    "one seed": {"n_seeds": 1},
    "two seeds": {"n_seeds": 2},
    "one activation": {"keys": ("relu",)},
    "one depth": {"depths": (8,)},
    "many depths": {"depths": tuple(range(1, 13)), "settings": ("default",)},
    "many activations": {"keys": MANY, "settings": ("default",), "rate": 0.05},
    "folds": {"folds": 3},
    "folds of one seed": {"folds": 3, "n_seeds": 1, "settings": ("default",)},
    "nothing trained": {"failing": True},
    "mixed origins": {"mixed": {"torch": ["2.13.0", "2.14.1"], "device": [f"machine {n}" for n in range(9)]}},
}


def study(monkeypatch, failing=False, mixed=None, folds=None, **changes):
    keys = changes.get("keys", tuple(made_up.LABELS))
    monkeypatch.setattr(made_up, "LABELS", {key: made_up.LABELS.get(key, key) for key in keys})
    config = made_up.config(**changes)
    if failing:
        every = set(product(made_up.LABELS, config["depths"]))
        monkeypatch.setattr(made_up, "FAILING", every)
        config = made_up.config(**changes | {"settings": ("default",)})
    every, first = made_up.tables(config), next(iter(config["settings"]))
    every = {name: table for name, table in every.items() if len(table)}
    if folds:
        config["evaluation"]["folds"] = folds
        every["runs"] = pd.concat(every["runs"].assign(fold=fold) for fold in range(folds))
    tables = every | {
        name: every[name][every[name]["setting"] == first] for name in ("runs", "comparison", "over_depths")
    }
    lineage = {"mixed": mixed or {"torch": [], "device": []}}
    return Study(config, tables, dict.fromkeys(("overview", "accuracy"), "data:,"), {}, lineage, every)


def first_screen(study):
    sections = (answer.SECTION, recipe.SECTION)
    page = contents.render(study, TEMPLATE, sections)
    return page[page.index('<header id="answer">') : page.index("</header>")]


def plain(html):
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


def texts(html):
    """The words of each paragraph, item and caption, less what is folded."""
    html = re.sub(r"<details>.*?</details>", "", html, flags=re.DOTALL)
    found = re.findall(r"<(p|li|h1|caption|figcaption)\b[^>]*>(.*?)</\1>", html, re.DOTALL)
    return [(tag, plain(text)) for tag, text in found]


@pytest.mark.parametrize("kind", STUDIES)
def test_it_is_short_whatever_the_study(monkeypatch, kind):
    made = study(monkeypatch, **STUDIES[kind])
    found = texts(first_screen(made))
    assert [text for _, text in found if len(text.split()) > 60] == []
    items = [text for tag, text in found if tag == "li"]
    assert 3 <= len(items) <= 5
    assert [text for text in items if len(text.split()) > 40 or len(text) > 220] == []
    ((_, title),) = [one for one in found if one[0] == "h1"]
    assert len(title) < 165 and ". " not in title and "None " not in title.replace("None of", "")


def test_findings_lead_to_sections_of_the_page(monkeypatch):
    made = study(monkeypatch)
    html = first_screen(made)
    assert re.findall(r'<li><a href="#(\w+)">(\w+)</a>', html) == [("recipe", "Recipe")]
    assert re.findall(r"<li>\s*<b>(\w+)</b>", html) == ["Training", "Accuracy", "Limits"]
    whole = contents.render(made, TEMPLATE, (answer.SECTION, recipe.SECTION))
    assert 'id="recipe"' in whole


def test_the_table_says_what_did_not_train(monkeypatch):
    html = first_screen(study(monkeypatch))
    rows = {
        plain(row).split()[0]: plain(row) for row in re.findall(r"<tr[^>]*>(.*?)</tr>", html, re.DOTALL)[1:]
    }
    assert rows["sigmoid"].count("0 of 5 ✕") == 2 and rows["sigmoid"].startswith("sigmoid 5 of 15 9")
    assert "✕" not in rows["tanh"] and "15 of 15" in rows["tanh"]
    assert re.search(r"ELU .*? \d\d–\d\d % ", rows["ELU"].replace("\N{NO-BREAK SPACE}", " "))
    assert "at least a quarter of the way from chance to 100 %" in plain(html)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("two settings", "sigmoid (10 of 15), swish (5 of 15) and ELU (1 of 15)"),
        ("one activation", ""),
        ("folds", "sigmoid (10 of 15)"),
    ],
)
def test_who_did_not_train_is_named_above_the_table(monkeypatch, kind, words):
    made = study(monkeypatch, **STUDIES[kind])
    if kind == "two settings":
        elu = (made.comparison["activation"] == "elu") & (made.comparison["depth"] == 4)
        made.comparison.loc[elu, "n_trained"] -= 1
    text = answer.lost(made.comparison, made.labels)
    assert text.startswith(words) if words else text == ""
    html = plain(first_screen(made))
    assert (f"✕ Did not train: {words}" in html) == bool(words) == ("Did not train" in html)


def test_of_those_that_did_not_train_the_diverged_are_counted():
    cells = pd.DataFrame({"activation": ["a", "a", "b", "c"], "n_seeds": 5, "n_trained": [5, 0, 3, 5]})
    cells["n_diverged"] = [0, 5, 1, 0]
    labels = {"a": "A", "b": "B", "c": "C"}
    assert answer.lost(cells, labels) == "A (5 of 10 diverged) and B (2 of 5, 1 diverged)"


def test_folds_are_counted_as_sets(monkeypatch):
    html = plain(first_screen(study(monkeypatch, folds=3)))
    assert "540 networks: 36 cells (6 activations × 3 depths × 2 settings) × 5 seeds × 3 folds" in html
    assert "75 of 90 sets of 3 folds trained" in html and "n = 5 seeds" in html


def test_it_says_what_settings_cells_and_words_are(monkeypatch):
    html = unescape(plain(first_screen(study(monkeypatch)))).replace(NBSP, " ")
    assert "default (shown): PyTorch's default initialisation, 75 of 90 networks trained, " in html
    assert re.search(
        r"; critical : critical initialisation, 88 of 90 networks trained, \d\d\.\d to \d\d\.\d % at depth 8\.",
        html,
    )
    assert "Diverged: infinite or NaN loss; not scored, whatever it reached before." in html
    assert "against ReLU (•): " in html and "∗ no mean" not in html
    one = plain(first_screen(study(monkeypatch, settings=("default",), rate=0.05)))
    assert "(shown)" not in one


def test_hostile_labels_are_escaped(monkeypatch):
    monkeypatch.setitem(made_up.LABELS, "tanh", "<b>&")
    html = first_screen(study(monkeypatch))
    assert "&lt;b&gt;&amp;" in html and "<b>&" not in html


def test_what_is_mixed_is_said_above_the_findings(monkeypatch):
    html = first_screen(study(monkeypatch, **STUDIES["mixed origins"]))
    assert html.index("Mixed origins.") < html.index('class="findings"')


def test_findings_are_those_of_the_settings_shown(monkeypatch):
    made = study(monkeypatch)
    found = answer.findings(made)
    assert [one["name"] for one in found] == ["Training", "Accuracy", "Recipe", "Limits"]
    assert found[0]["text"].startswith("75 of 90 networks trained; none of sigmoid (depth 4 and 8) and swish")
    assert comparison.SECTION.id == found[0]["section"] and method.SECTION.id == found[-1]["section"]


@pytest.mark.parametrize("kind", STUDIES)
def test_its_sentences_are_quoted_so_that_each_stands_alone(monkeypatch, kind):
    made = study(monkeypatch, **STUDIES[kind])
    claim, decides = answer.quoted(made)
    tested = "1,797" if made.config["evaluation"]["folds"] else "300"
    n = len(made.config["seeds"])
    for text in (claim, decides):
        assert text.startswith("On scikit-learn's digits (8×8), ") and text.endswith(".") and ".." not in text
        assert f"n{NBSP}={NBSP}{n} seed{'' if n == 1 else 's'}" in text
    assert claim.endswith(f", on the same {tested} test examples).") and len(claim.split()) < 45


def test_the_quoted_headline_and_recipe_have_their_numbers(monkeypatch):
    claim, decides = (text.replace(NBSP, " ") for text in answer.quoted(study(monkeypatch)))
    assert claim == (
        "On scikit-learn's digits (8×8), with “default”, ReLU cannot be told apart from any other (of 4 activations that always "
        "trained, by average rank over 3 depths and accuracy intervals, n = 5 seeds, on the same 300 test examples)."
    )
    assert decides == (
        "On scikit-learn's digits (8×8), n = 5 seeds: with “critical” instead of “default”, sigmoid (depth 4 and 8) and "
        "swish (depth 8) trained from all 5 seeds instead of none: so these failures with “default” are not due to the "
        "activation alone (not tested; rates tuned anew)."
    )
    one = study(monkeypatch, settings=("default",), rate=0.05)
    assert (
        "n = 5 seeds, SGD at learning rate 0.05, PyTorch's default initialisation, no normalisation of layers, 64 units "
        "a hidden layer: one learning rate (0.05) for all activations;"
    ) in answer.quoted(one)[1].replace(NBSP, " ")


def test_they_stand_before_those_of_comparisons(monkeypatch):
    made = study(monkeypatch)
    found = comparison.quoted(made, made.comparison)
    assert found[:2] == answer.quoted(made) and len(found) == 2 + 15 and found[2].startswith("With ")
    assert comparison.quoted(study(monkeypatch, n_seeds=1), made.comparison) == []


def test_the_theory_is_quoted_with_what_a_cell_is(monkeypatch):
    made = study(monkeypatch)
    monkeypatch.setattr(
        answer.why, "pointer", lambda _: "Before training, it lies near in 9 of 9 cells (n = 5)."
    )
    assert answer.quoted(made)[2] == (
        "On scikit-learn's digits (8×8), before training, it lies near in 9 of 9 cells (n = 5); a cell is an activation "
        "and depth of a setting."
    )
