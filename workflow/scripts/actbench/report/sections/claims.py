"""The claims of the config, each answered on a card of its own."""

import pandas as pd

from actbench.analysis.claims import FAILS, HOLDS, OPEN
from actbench.data import catalogue
from actbench.report import claim_sentences, quotes
from actbench.report.section import Section, Study
from actbench.study.relations import TRAINS

COLOURS = {HOLDS: ("holds", "better"), FAILS: ("fails", "worse"), OPEN: ("open", "inconclusive")}


def context(study: Study) -> dict:
    """See `Section`."""
    table, claimed = study.every["claims"], study.config["report"]["claims"]
    return {
        "cards": [
            card(study, text, table[table["claim"] == number]) for number, text in enumerate(claimed, 1)
        ],
        "of_accuracy": bool((table["relation"] != TRAINS).any()),
    }


def card(study: Study, text: str, rows: pd.DataFrame) -> dict:
    """What the card of one claim shows.

    Args:
        text: the claim's.
        rows: its own of the table `claims`, one a setting.
    """
    config, settings = study.config, list(study.config["settings"])
    (row,) = rows[rows["claimed"]].to_dict("records")
    others = rows[~rows["claimed"]].sort_values(
        "setting", key=lambda names: names.astype(str).map(settings.index)
    )
    border, colour = COLOURS[row["answer"]]
    known = quotes.about(study)._replace(setting=row["setting"] if len(settings) > 1 else "")
    return {
        "text": text,
        "border": border,
        "colour": colour,
        "answer": row["answer"],
        "quote": claim_sentences.quote(row, study.labels, known),
        "facts": claim_sentences.facts(
            row, others, study.labels, known.margin, bool(catalogue.image_counts(config)["validation"])
        ),
    }


SECTION = Section(
    id="claims",
    title="Claims",
    template="claims.html",
    tables=("claims",),
    context=context,
)
