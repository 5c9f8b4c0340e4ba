"""The claims of the config, each answered on a card of its own."""

from collections.abc import Mapping, Sequence

import pandas as pd

from actbench.analysis.claims import FAILS, HOLDS, OPEN
from actbench.data import catalogue
from actbench.report import claim_sentences, lead, quotes, search_sentences
from actbench.report.claim_sentences import NO_FINDING, Beside
from actbench.report.section import Section, Study
from actbench.study.relations import TRAINS

# By outcome the border of its card, its colour, and its words of one claim and of several.
LOOKS = {
    HOLDS: ("holds", "better", "holds", "hold"),
    FAILS: ("fails", "worse", "does not hold", "do not hold"),
    OPEN: ("open", "inconclusive", "inconclusive", "inconclusive"),
    NO_FINDING: ("open", "inconclusive", "no finding", "no finding"),
}


def context(study: Study) -> dict:
    """See `Section`."""
    table, claimed = study.every["claims"], study.config["report"]["claims"]
    cards = [card(study, text, table[table["claim"] == number]) for number, text in enumerate(claimed, 1)]
    return {
        "cards": cards,
        "counts": counts(cards),
        "of_accuracy": bool((table["relation"] != TRAINS).any()),
    }


def counts(cards: Sequence[Mapping]) -> list[dict]:
    """How many claims have each outcome, and of how many of them the search says the opposite.

    Args:
        cards: see `card`.
    """
    found = []
    for outcome, (_, colour, one, several) in LOOKS.items():
        own = [card for card in cards if card["outcome"] == outcome]
        n_against = sum(bool(card["but"]) for card in own)
        note = f"{n_against} reversed in the search" if n_against else ""
        note = "identical runs" if outcome == NO_FINDING else note
        words = f"{len(own)} {one if len(own) == 1 else several}"
        found += [{"words": words, "colour": colour, "note": note}] if own else []
    return found


def card(study: Study, text: str, rows: pd.DataFrame) -> dict:
    """What the card of one claim shows.

    Args:
        text: the claim's.
        rows: its own of the table `claims`, one a setting.
    """
    settings = list(study.config["settings"])
    (row,) = rows[rows["claimed"]].to_dict("records")
    others = rows[~rows["claimed"]].sort_values(
        "setting", key=lambda names: names.astype(str).map(settings.index)
    )
    known = quotes.about(study)._replace(setting=row["setting"] if len(settings) > 1 else "")
    found = beside(study, row, known)
    outcome = claim_sentences.outcome(row, found)
    border, colour, _, _ = LOOKS[outcome]
    return {
        "text": text,
        "border": border,
        "colour": colour,
        "answer": row["answer"],
        "outcome": outcome,
        "but": claim_sentences.but(row, found),
        "quote": claim_sentences.quote(row, study.labels, known),
        "facts": claim_sentences.facts(row, others, study.labels, known.margin, found),
    }


def beside(study: Study, row: Mapping, known: quotes.About) -> Beside:
    """What other tables than `claims` say of a claim's two activations.

    Args:
        row: of that table, of the claim's setting.
        known: of that setting.
    """
    pair = row["activation"], row["other"]
    found = Beside(
        same=known.is_same(row, [study.labels[key] for key in pair]),
        validated=bool(catalogue.image_counts(study.config)["validation"]),
    )
    if found.same or row["relation"] == TRAINS:
        return found
    horizon = search_sentences.horizon(study.config["settings"][row["setting"]])
    own = {
        name: lead.of_place(study.every[name], row)
        for name in ("tuning", "history", "runs")
        if name in study.every
    }
    if horizon and "tuning" in own:
        found = found._replace(search=lead.search(own["tuning"], *pair, epochs=horizon[0]))
    if "history" in own and not row["runs_disagree"]:
        found = found._replace(lead=lead.by_depth(own["history"], own["runs"], *pair).get(row["depth"]))
    return found


SECTION = Section(
    id="claims",
    title="Claims",
    template="claims.html",
    tables=("claims",),
    optional=("runs", "tuning", "history"),
    context=context,
    within="answer",
)
