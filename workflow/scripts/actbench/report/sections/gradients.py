"""Gradients by layer, and how they change towards the input."""

from collections.abc import Mapping
from itertools import product

import pandas as pd

from actbench.report import findings, layer_findings, sentences
from actbench.report.section import Section, Study


def context(study: Study) -> dict:
    """See `Section`."""
    rows = study.tables["decay"]
    tables, labels, finding = study.tables, study.labels, ""
    if {"gradients", "runs"} <= tables.keys():
        finding = layer_findings.gradients(tables["gradients"], tables["runs"], labels)
    return {
        "finding": finding,
        "placed": findings.placed(finding, study.config["settings"]),
        "decay": decay(rows, study.labels),
        "gradient_decay": sentences.gradient_decay(rows, study.labels),
    }


def decay(rows: pd.DataFrame, labels: Mapping[str, str]) -> dict[int, list[dict]]:
    """By depth a row an activation: slopes of the weights' and the pre-activations' gradients.

    `parts` are those of the weights at initialisation and after training, then of the pre-activations.
    """
    columns = list(product(("weight", "preactivation"), ("init", "trained")))
    slopes = rows[rows["measure"] == "slope"].set_index(["depth", "activation", "tensor", "checkpoint"])
    found, nothing = slopes.to_dict("index"), {"n": 0, "mean": None}
    return {
        depth: [
            {"key": key, "parts": [found.get((depth, key, *column), nothing) for column in columns]}
            for key in labels
        ]
        for depth in sorted(rows["depth"].unique())
    }


SECTION = Section(
    id="gradients",
    title="Gradients",
    template="gradients.html",
    tables=("decay",),
    figures=("gradients_weight", "gradients_preactivation"),
    optional=("gradients", "gradients_by_layer", "runs"),
    context=context,
)
