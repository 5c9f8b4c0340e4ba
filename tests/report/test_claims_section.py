"""The cards of claims: one each, below the headline, and every word of the user's escaped."""

import re
from html import unescape

import made_up
import pandas as pd
import pytest
from actbench.analysis import claims as answered
from actbench.analysis.tables import of_setting
from actbench.report import contents
from actbench.report.section import Section, Study
from actbench.report.sections import claims
from actbench.storage import parquet
from actbench.study.claims import values
from actbench.study.relations import TRAINS
from conftest import ROOT

CLAIMS = [
    "tanh > relu at depth 4",
    "sigmoid = relu at depth 4 in critical",
    f"relu {TRAINS} sigmoid at depth 4",
]

FIRST = {
    "in_settings": [],
    "headline": "A headline",
    "basis": "a basis",
    "findings": [],
    "lost": "",
    "ranking": [],
    "verdict_legend": "",
}
FIRST |= {
    "disagree": False,
    "all_trained": True,
    "in_rows": False,
    "mixture": "",
    "n_runs": 60,
    "ranges": False,
    "hollow": False,
}


@pytest.fixture
def study():
    config = made_up.config(depths=(2, 4), keys=("sigmoid", "tanh", "relu"))
    config["report"]["claims"] = CLAIMS
    config["activations"][1]["label"] = "<b>tanh"
    every = made_up.tables(config)
    rows = answered.claims(values(config), every, "relu", 0.01, made_up.N_IMAGES, made_up.CHANCE)
    every["claims"] = parquet.table(rows, answered.SCHEMA, answered.ORDER).to_pandas()
    return Study(config, of_setting(every, "default"), {}, {}, {}, every)


def test_every_claim_has_its_card_in_their_order(study):
    cards = claims.context(study)["cards"]
    assert [card["text"] for card in cards] == CLAIMS
    found = study.every["claims"].query("claimed").sort_values("claim")
    assert [card["answer"] for card in cards] == list(found["answer"])
    assert "(setting critical)" in cards[1]["quote"] and "(setting default)" in cards[0]["quote"]
    elsewhere = [dict(card["facts"])["Other settings"] for card in cards]
    assert [text.split(" in ")[1] for text in elsewhere] == ["critical", "default", "critical"]


def section(study):
    page = contents.render(study, ROOT / "workflow/report/report.html", [claims.SECTION])
    return page[page.index("<section") : page.index("</section>")]


def plain(html):
    return " ".join(unescape(re.sub("<[^>]*>", "", html)).split())


@pytest.mark.parametrize("n", [1, 2, 3])
def test_each_card_is_a_closed_line_and_more_than_two_are_one(study, n):
    study.config["report"]["claims"] = CLAIMS[:n]
    study.every["claims"] = study.every["claims"].query("claim <= @n")
    html = section(study)
    assert html.count("<blockquote>") == html.count('class="text"') == html.count("<article") == n
    assert "<details open" not in html and html.count("<details") == html.count("</details>")
    lines = [plain(text) for text in re.findall("<summary>(.*?)</summary>", html, re.DOTALL)]
    opened = html.index("<details") < html.index("<article")
    assert opened is (n > 2)
    (first, *_) = lines
    if n > 2:
        assert first.startswith("3 claims on 300 test images: ") and len(lines) == 5
    else:
        assert first.startswith("tanh > relu at depth 4: ") and " on these 300 test images" in first
    assert first.endswith("; whether written before the runs: not known")
    assert html.count("This page cannot tell whether they were written before") == (1 if n > 2 else n)


def test_claims_are_counted_by_outcome():
    card = {"outcome": "holds", "but": ""}
    cards = [card, card | {"but": "but behind"}, card | {"outcome": "does not hold"}]
    cards += [card | {"outcome": "no finding", "but": "no finding: the runs are identical"}]
    assert [(one["words"], one["note"], one["colour"]) for one in claims.counts(cards)] == [
        ("2 hold", "1 reversed in the search", "better"),
        ("1 does not hold", "", "worse"),
        ("1 no finding", "identical runs", "inconclusive"),
    ]
    assert claims.counts([card | {"outcome": "inconclusive"}])[0]["words"] == "1 inconclusive"


def test_the_search_and_the_epochs_of_a_claim_are_those_of_its_setting(study):
    trials = study.every["tuning"]
    place = (
        (trials["depth"] == 4)
        & trials["activation"].isin(["sigmoid", "relu"])
        & (trials["setting"] == "critical")
    )
    trials.loc[place, "score"] = trials.loc[place, "activation"].map({"sigmoid": 0.2, "relu": 0.5})
    runs = study.every["runs"]
    epochs = pd.concat(runs.assign(epoch=epoch, val_accuracy=0.1 * epoch) for epoch in (1, 2, 3))
    late = (epochs["activation"] == "tanh") & (epochs["setting"] == "default")
    study.every["history"] = epochs.assign(
        val_accuracy=epochs["val_accuracy"].where(~late, 0.15 * epochs["epoch"] - 0.1)
    )
    found = [dict(card["facts"]) for card in claims.context(study)["cards"]]
    assert found[0]["By epoch"].startswith("<b>tanh stays ahead of ReLU from epoch 3 of 3 on (best")
    assert found[1]["Learning rates"].startswith(
        "in the 20-epoch search sigmoid was below ReLU at all 5 rates,"
    )
    assert found[1]["By epoch"].startswith("sigmoid and ReLU end level") and "By epoch" not in found[2]


def test_identical_runs_are_no_finding(study):
    runs = study.every["runs"].query("activation != 'sigmoid'").assign(train_loss=0.1, test_loss=0.2)
    same = runs[runs["activation"] == "relu"].assign(activation="sigmoid")
    study.every["runs"] = pd.concat([runs, same])
    card = claims.context(study)["cards"][1]
    assert (card["outcome"], card["but"]) == ("no finding", "no finding: the runs are identical")
    assert "No finding: the runs of both are the same" in card["quote"]
    assert {"Learning rates", "By epoch"}.isdisjoint(dict(card["facts"]))
    assert " 2 no finding (identical runs)" in plain(section(study))


def test_the_cards_stand_below_the_headline_and_are_escaped(study):
    inner = Section(id="answer", title="Answer", template="answer.html", context=lambda _: FIRST)
    page = contents.render(study, ROOT / "workflow/report/report.html", [inner, claims.SECTION])
    assert re.findall(r'<a href="#(\w+)">(?:Answer|Claims)</a>', page) == ["answer", "claims"]
    assert (
        page.index("<h1>")
        < page.index('id="claims"')
        < page.index('class="findings"')
        < page.index("</header>")
    )
    assert page.count('id="claims"') == 1
    assert re.findall(r'<article class="claim \w+" id="(.*?)">', page) == ["claim-1", "claim-2", "claim-3"]
    assert "&lt;b&gt;tanh" in page and "<b>tanh" not in page
    assert "tanh &gt; relu at depth 4: <span" in page
