"""The claims of the studies: each can be answered by its study, and docs/results.md has it word by word."""

import re

import pandas as pd
import pytest
from actbench.data import catalogue
from actbench.report import claim_sentences
from actbench.report.quotes import About
from actbench.storage import yaml_files
from actbench.study import claims, settings
from conftest import ROOT, SCHEMA

PAGE = (ROOT / "docs/results.md").read_text(encoding="utf-8")
STUDIES = {
    path.stem: settings.with_recipes(yaml_files.read(path), SCHEMA) for path in ROOT.glob("studies/*.yaml")
}
CLAIMED = {name: claims.of_config(config) for name, config in STUDIES.items() if "claims" in config["report"]}


def row(claim):
    """The cells of the docs' row of a claim, those after its text."""
    (found,) = re.findall(rf"^\| `{re.escape(claim.text)}` \|(.*)\|$", PAGE, re.MULTILINE)
    return [cell.strip() for cell in found.split(" | ")]


def test_the_studies_and_the_page_state_the_same_claims():
    stated = [claim.text for found in CLAIMED.values() for claim in found]
    assert len(stated) == len(set(stated)) > 10
    quoted = [
        text for text in re.findall(r"^\| `(.*?)` \|", PAGE, re.MULTILINE) if claims.FORM.fullmatch(text)
    ]
    assert sorted(quoted) == sorted(stated)


def test_the_cards_of_mnist1d_are_quoted_word_by_word():
    config, table = (
        STUDIES["mnist1d"],
        pd.read_csv(ROOT / "docs/claims.csv", keep_default_na=False, na_values=[""]),
    )
    labels = {entry["id"]: entry["label"] for entry in config["activations"]}
    assert list(table["claim"]) == list(range(1, len(CLAIMED["mnist1d"]) + 1))
    for claim, found in zip(CLAIMED["mnist1d"], table.to_dict("records"), strict=True):
        assert (claim.activation, claim.relation, claim.other) == tuple(
            found[key] for key in ("activation", "relation", "other")
        )
        known = About(
            "mnist1d", catalogue.of(config).title, "", "", 10, 1, 0, config["report"]["equivalence"], 1000
        )._replace(same={(2, ""): [("celu", "elu")]})
        quote = claim_sentences.quote(found, labels, known)
        assert row(claim) == [found["answer"], quote.replace("\N{NO-BREAK SPACE}", " ")]


@pytest.mark.parametrize("claim", CLAIMED["fair"], ids=lambda claim: claim.text)
def test_what_is_known_of_fair_is_in_its_table(claim):
    table = pd.read_csv(ROOT / "docs/fair.csv").set_index(["activation", "depth", "setting"])
    found = table.loc[(claim.activation, claim.depth, claim.setting)]
    other = table.loc[(claim.other, claim.depth, claim.setting)]
    assert found["verdict"] == {">": "better", "<": "worse"}[claim.relation]
    assert other["verdict"] == "baseline" and (table["verdict"] != "baseline").sum() == 50
    low, mean, high = (
        f"{100 * found[name]:+.2f}".replace("-", "−")
        for name in ("difference_low", "difference", "difference_high")
    )
    trained = f"trained {found['n_trained']} and {other['n_trained']} of {found['n_seeds']}"
    assert row(claim) == ["`fair`", f"holds: {mean} points ({low} to {high}), {trained}"]


@pytest.mark.parametrize("name", sorted(CLAIMED.keys() - {"mnist1d"}))
def test_every_other_claim_names_its_study(name):
    assert all(row(claim)[0] == f"`{name}`" for claim in CLAIMED[name])
