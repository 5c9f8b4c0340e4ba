"""The page before training: what theory predicts under each initialisation, and which one to use."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from actbench.analysis import recommendation
from actbench.data import catalogue
from actbench.figures import drawing, shown
from actbench.figures import prediction as figures
from actbench.report import numbers, page
from actbench.report import prediction_sentences as sentences
from actbench.report.drawn import embedded
from actbench.storage import files, parquet, records
from actbench.study import grid

TABLES = ("theory", "predictions", "expectations")


def run(job: object) -> None:
    """Write the page and `recommended`, as the job of its rule: `job` is the script's `snakemake`."""
    plan, labels, tables = records.Plan(**job.params.plan), job.params.labels, {}
    for name in TABLES:
        made = parquet.record(job.input[name])
        plan.expect(job.input[name], made["params"], made["provenance"]["code"])
        tables[name] = parquet.read(job.input[name]).to_pandas().astype({"activation": str, "setting": str})
    rows = recommendation.table(tables, list(labels))
    recommended = parquet.table(rows, recommendation.SCHEMA, ["activation"])
    parquet.write(recommended, job.output.recommended, made)
    found = context(job.config, labels, tables["expectations"], rows, made)
    found["figure"] = drawn(job.config, labels, tables["expectations"], made["limit"])
    template = Path(job.input.page[0])
    found |= {"css": page.stylesheet(template.parent), "script": page.script(template.parent)}
    csvs = {"expectations": tables["expectations"], "recommended": recommended.to_pandas()}
    found["csvs"] = {
        name: page.embedded(table.to_csv(index=False), page.MEDIA[".csv"]) for name, table in csvs.items()
    }
    files.write_text(page.render(template, found), job.output.page)


def context(
    config: Mapping,
    labels: Mapping[str, str],
    expectations: pd.DataFrame,
    recommended: Sequence[Mapping],
    made: Mapping,
) -> dict:
    """What the template shows, but for what it embeds.

    Args:
        config: the resolved one.
        labels: id to display text.
        expectations: the table of that name, whose settings are initialisations.
        recommended: rows of `recommendation.SCHEMA`.
        made: the record of the tables.
    """
    network = config["settings"][grid.reference(config)]["network"]
    own = network.get("initialisation", grid.DEFAULT)
    first, *others = sentences.findings(expectations, recommended, labels, own)
    dataset = catalogue.of(config)
    examples = numbers.examples(dataset)
    return {
        "study": config["study"],
        "dataset": dataset.title,
        "examples": examples,
        "n_images": catalogue.image_counts(config)["training"],
        "network": network,
        "setting": grid.reference(config) if grid.is_named(config) else "",
        "own": own,
        "kinds": names(expectations),
        "depths": config["depths"],
        "labels": labels,
        "cells": expectations.set_index(["activation", "depth", "setting"]).to_dict("index"),
        "headline": first[1].removesuffix("."),
        "findings": others,
        "by_initialisation": sentences.by_initialisation(expectations, names(expectations)),
        "recommendations": sentences.recommendations(recommended, labels),
        "advice": [
            (labels[row["activation"]], sentences.advice(row, network, examples)) for row in recommended
        ],
        "reasons": sentences.reasons(expectations, labels),
        "growing": sentences.growing(expectations, labels),
        "limit": made["limit"],
        "made": made["provenance"],
        "digest": made["data"],
    }


def names(expectations: pd.DataFrame) -> list[str]:
    """The initialisations: PyTorch's default, then from the simplest on, and any others by name."""
    found = set(expectations["setting"])
    known = dict.fromkeys((grid.DEFAULT, *recommendation.SIMPLEST))
    return [*(name for name in known if name in found), *sorted(found - known.keys())]


def drawn(config: Mapping, labels: Mapping[str, str], expectations: pd.DataFrame, limit: float) -> str:
    """The embedded figure; empty where there is one depth, or nothing to draw."""
    if len(config["depths"]) < 2 or expectations["log10_first_last"].isna().all():
        return ""
    drawing.use_style()
    known = set(expectations.dropna(subset="log10_first_last")["activation"])
    drawn_labels = {key: labels[key] for key in shown.activations(config) if key in known}
    style = drawing.Style(drawn_labels, every=list(labels))
    figure = figures.decay(expectations, names(expectations), style, limit)
    return embedded(figure, "decay", labels)
