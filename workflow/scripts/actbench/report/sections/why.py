"""Why: from the derivative over what a layer does to signals and gradients to who trained."""

import math
from collections.abc import Mapping
from functools import partial

import pandas as pd

from actbench.analysis import statistics
from actbench.figures import shown
from actbench.report import findings, gap_sentences, recipe_sentences
from actbench.report import theory_sentences as sentences
from actbench.report.numbers import written
from actbench.report.section import Section, Study
from actbench.storage import parquet
from actbench.study import grid
from actbench.theory import expectation

CELL = ["activation", "depth", "setting"]
CRITICAL = "critical"
ONE = 1e-6  # how close to 1 counts as 1, as in `theory.mean_field`


def context(study: Study) -> dict:
    """See `Section`."""
    config, every, labels = study.config, study.every, study.labels
    rows = study.once(cells)
    setting = predicted_setting(config, rows)
    theory = every["theory"][every["theory"]["setting"] == setting]
    others = not_plain(config)
    largest = largest_derivatives(study.tables["properties"])
    words = partial(initialisation, config)
    unit = "seed" if config["evaluation"]["folds"] else "network"
    signals = signal_gaps(every["distributions"], every["predictions"])
    return {
        "finding": findings.why(rows),
        "predicted": bool(rows["predicted"].notna().any()),
        "drawn": {"settings": shown.THEORY_SETTINGS, "marked": shown.MARKED_SETTINGS},
        "no_expectation": bool((rows["predicted"].notna() & rows["expected"].isna()).any()),
        "numbered": len(rows) <= shown.NUMBERED_CELLS and rows["depth"].nunique() > 1,
        "downloads": {"decay_and_training": rows},
        "limit": f"{expectation.LIMIT:g}".replace("-", "−"),
        "derivatives": sentences.derivatives({key: largest.get(key) for key in labels}, labels),
        "setting": setting,
        "not_plain": sentences.not_plain(others, several=len(config["settings"]) > 1),
        "critical": any(
            one["network"].get("initialisation") == CRITICAL for one in config["settings"].values()
        ),
        "marked": "none" if len(others) == len(config["settings"]) else "some" if others else "all",
        "one_layer": sentences.one_layer(theory, labels, words(setting), study.examples),
        "edge": sentences.edge(theory, labels),
        "stories": sentences.stories(rows, every["theory"], largest, labels, words, unit),
        "who_trains": sentences.who_trains(rows, labels, unit),
        "chosen": sentences.chosen(rows, chosen_on(config, rows)),
        "gaps": said(
            gap_sentences.agreement(rows, labels, unit),
            gap_sentences.saturated(rows, saturated_shares(every["distributions"]), labels),
            gap_sentences.signals(signals, labels),
            gap_sentences.average(every["theory"], signals, study.examples),
            gap_sentences.widths(every["predictions"]),
            gap_sentences.after_training(rows, labels),
        ),
        "not_predicted": sentences.not_predicted(rows, labels),
        "one_layer_rows": one_layer_rows(theory, largest, labels),
    }


def chosen_on(config: Mapping, rows: pd.DataFrame) -> pd.Series:
    """Of each of the cells, whether the limit of training was chosen on it."""
    specs = {entry["id"]: entry["spec"] for entry in config["activations"]}

    def is_one(row: Mapping) -> bool:
        network = config["settings"][row["setting"]]["network"]
        hidden = [sizes for sizes in network["hidden_sizes"] if len(sizes) == row["depth"]]
        return any(
            expectation.chosen_on(config["dataset"], specs[row["activation"]], network, sizes)
            for sizes in hidden
        )

    return pd.Series([is_one(row) for row in rows.to_dict("records")], rows.index, dtype=bool)


def pointer(study: Study) -> str:
    """For the first screen, see `findings.why`; empty where nothing is predicted."""
    if not SECTION.is_shown(study):
        return ""
    rows = study.once(cells)
    return findings.why(rows) if rows["predicted"].notna().any() else ""


def predicted_setting(config: Mapping, rows: pd.DataFrame) -> str:
    """The first setting of which something is predicted, the first if nothing is."""
    known = rows.loc[rows["predicted"].notna(), "setting"]
    return next(iter([*known, *config["settings"]]))


def not_plain(config: Mapping) -> list[str]:
    """The settings whose networks are normalised or residual, which have another map."""
    return [name for name, recipe in config["settings"].items() if not grid.is_plain(recipe["network"])]


def said(*texts: str) -> list[str]:
    return [text for text in texts if text]


def cells(study: Study) -> pd.DataFrame:
    """What `theory_sentences` calls cells, of all settings in the order of the config."""
    every = study.every
    places = {"setting": list(study.config["settings"]), "activation": list(study.labels)}
    rows = every["expectations"][[*CELL, "log10_first_last", "expected_to_train", "reason"]]
    rows = _plain(rows).rename(columns={"log10_first_last": "predicted", "expected_to_train": "expected"})
    trained = _plain(every["comparison"][[*CELL, "n_seeds", "n_trained", "n_diverged"]])
    rows = rows.merge(trained, on=CELL, validate="one_to_one")
    ratios = measured(every["gradients"])
    new = ratios[ratios["checkpoint"] == "init"].drop(columns="checkpoint")
    after = ratios.loc[ratios["checkpoint"] == "trained", [*CELL, "measured", "n"]]
    after = after.rename(columns={"measured": "after", "n": "n_after"})
    rows = rows.merge(new, on=CELL, how="left").merge(after, on=CELL, how="left")
    return rows.sort_values(
        ["setting", "activation", "depth"],
        key=lambda column: column.map(places[column.name].index) if column.name in places else column,
        ignore_index=True,
    )


def measured(gradients: pd.DataFrame) -> pd.DataFrame:
    """Mean (also of one seed), std and n over seeds of log10 of first over last, by cell and checkpoint.

    With cross-validation, a seed's is the mean over its folds.
    """
    columns = [*parquet.RUN, "checkpoint", "tensor", "layer", "rms"]
    ratios = statistics.decays(_plain(gradients.loc[gradients["tensor"] == "preactivation", columns]))
    of_seeds = ratios.groupby([*CELL, "checkpoint", "seed"])["log10_first_last"].mean()
    found = of_seeds.groupby([*CELL, "checkpoint"]).agg(measured="mean", std="std", n="count")
    return found.reset_index()


def signal_gaps(distributions: pd.DataFrame, predictions: pd.DataFrame) -> pd.DataFrame:
    """By cell and hidden layer the measured standard deviation of new activations by the predicted one."""
    chosen = (distributions["signal"] == "activation") & (distributions["checkpoint"] == "init")
    place = [*CELL, "layer"]
    new = _plain(distributions.loc[chosen, [*place, "std"]]).dropna(subset="std")
    found = new.groupby(place)["std"].agg(["mean", "count"])
    rows = _plain(predictions).merge(found.reset_index(), on=place)
    ratio = rows["mean"] / rows["activation_std"].astype(float)
    return rows[place].assign(ratio=ratio, n=rows["count"])


def saturated_shares(distributions: pd.DataFrame) -> pd.DataFrame:
    """By cell the mean share of saturated pre-activations over the hidden layers of new networks."""
    chosen = (distributions["signal"] == "preactivation") & (distributions["checkpoint"] == "init")
    shares = _plain(distributions.loc[chosen, [*CELL, "saturated_fraction"]])
    shares = shares.groupby(CELL)["saturated_fraction"].mean()
    return shares.rename("share").reset_index()


def largest_derivatives(properties: pd.DataFrame) -> dict[str, float | None]:
    """The largest |f′| by activation: infinite where it has no bound, None where that is not known."""
    found: dict[str, float | None] = {}
    for row in properties.to_dict("records"):
        bounded = [row[f"derivative_bounded_{side}"] for side in ("below", "above")]
        ends = [row[f"derivative_{end}"] for end in ("low", "high")]
        if False in bounded:
            found[row["activation"]] = math.inf
        elif any(pd.isna(value) for value in (*bounded, *ends)):
            found[row["activation"]] = None
        else:
            found[row["activation"]] = max(map(abs, ends))
    return found


def initialisation(config: Mapping, setting: str) -> str:
    """How a setting's networks are initialised, in words, with its name where there are several."""
    kind = config["settings"][setting]["network"].get("initialisation")
    words = recipe_sentences.INITIALISATIONS.get(kind, "this initialisation")
    return f"{words} (“{setting}”)" if len(config["settings"]) > 1 else words


def one_layer_rows(
    theory: pd.DataFrame, largest: Mapping[str, float | None], labels: Mapping[str, str]
) -> list[dict]:
    """A row an activation: the texts of max |f′|, σ_w, σ_b, q*, stable, χ, ξ_q, ξ_c, the edge's σ_w, σ_b."""
    rows = _plain(theory).set_index("activation").to_dict("index")
    yes, found = {True: "yes", False: "no"}, []
    for key in (key for key in labels if key in rows):
        row = rows[key]
        loose = pd.notna(row["edge_q"]) and pd.notna(row["edge_stable"]) and not row["edge_stable"]
        cells = [
            *(number(value) for value in (largest.get(key), row["weight_std"], row["bias_std"])),
            number(row["q"], 2),
            "–" if pd.isna(row["stable"]) else yes[bool(row["stable"])],
            number(row["chi"], 2),
            xi(row["xi_q"], row["slope"]),
            xi(row["xi_c"], row["chi"]),
            f"{number(row['edge_weight_std'])}{', unstable' if loose else ''}",
            number(row["edge_bias_std"]),
        ]
        found.append({"key": key, "cells": cells})
    return found


def number(value: float | None, digits: int = 3) -> str:
    """With so many digits; `∞`, and a dash where there is none."""
    if pd.isna(value):
        return "–"
    return "∞" if math.isinf(value) else written(value, digits)


def xi(length: float | None, factor: float | None) -> str:
    """A number of layers, `∞`, or `grows` where a difference does; a dash where the factor is not known."""
    if pd.isna(factor):
        return "–"
    if not pd.isna(length) and math.isfinite(length):
        return written(length)
    return "grows" if abs(factor) > 1 + ONE else "∞"


def _plain(table: pd.DataFrame) -> pd.DataFrame:
    """Names as text, so that tables of different dictionaries can be merged and grouped."""
    return table.astype({"activation": str, "setting": str})


SECTION = Section(
    id="why",
    title="Why",
    template="why.html",
    optional=("correlations", "edges"),
    tables=(
        *("theory", "expectations", "predictions"),
        *("gradients", "distributions", "comparison", "properties"),
    ),
    context=context,
)
