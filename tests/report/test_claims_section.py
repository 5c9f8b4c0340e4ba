"""The cards of claims: one each, above all else, and every word of the user's escaped."""

import re

import made_up
import pytest
from actbench.analysis import claims as answered
from actbench.analysis.tables import of_setting
from actbench.report import contents
from actbench.report.section import Study
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


@pytest.mark.parametrize(("n", "folded"), [(2, 0), (3, 3)])
def test_many_cards_are_folded_to_their_claim_and_answer(study, n, folded):
    study.config["report"]["claims"] = CLAIMS[:n]
    study.every["claims"] = study.every["claims"].query("claim <= @n")
    page = contents.render(study, ROOT / "workflow/report/report.html", [claims.SECTION])
    page = page[page.index("<section") : page.index("</section>")]
    assert page.count('<details><summary><b class="text">') == page.count("</details>") - 1 == folded
    assert page.count("<blockquote>") == page.count('class="text"') == n


def test_the_cards_come_first_and_are_escaped(study):
    assert contents.SECTIONS[0] is claims.SECTION
    page = contents.render(study, ROOT / "workflow/report/report.html", [claims.SECTION])
    assert re.findall(r'<article class="claim \w+" id="(.*?)">', page) == ["claim-1", "claim-2", "claim-3"]
    assert "&lt;b&gt;tanh" in page and "<b>tanh" not in page
    assert "tanh &gt; relu at depth 4: <span" in page
