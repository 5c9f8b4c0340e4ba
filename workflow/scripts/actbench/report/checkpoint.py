"""The page of a network that somebody else trained: its scores, and the probes' numbers layer by layer."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from actbench.data import catalogue
from actbench.figures import drawing, layers, shown
from actbench.report import numbers, page
from actbench.report.drawn import embedded
from actbench.storage import files, parquet, records

TABLES = tuple(layers.FIGURES)
SUBSETS = ("training", "validation", "test")


def run(job: object) -> None:
    """Write the page as the job of its rule: `job` is the script's `snakemake`."""
    plan, tables = records.Plan(**job.params.plan), {}
    for name in TABLES:
        read, made = parquet.read_with_record(job.input[name])
        plan.expect(job.input[name], made["params"], made["provenance"]["code"])
        tables[name] = read.to_pandas()
    (label,) = job.params.labels.values()
    found = context(job.params.name, label, job.config, tables, made)
    template = Path(job.input.page[0])
    found |= {"css": page.stylesheet(template.parent), "script": page.script(template.parent)}
    found["figures"] = drawn(tables)
    found["csvs"] = {
        name: page.embedded(table.drop(columns="counts", errors="ignore").to_csv(index=False))
        for name, table in tables.items()
    }
    files.write_text(page.render(template, found), job.output[0])


def context(
    name: str, label: str, config: Mapping, tables: Mapping[str, pd.DataFrame], made: Mapping
) -> dict:
    """What the template shows, but for what it embeds.

    Args:
        name: of the file.
        label: of its activation.
        config: the resolved one.
        tables: those of the probes, by name.
        made: their record.
    """
    data = catalogue.of(config)
    examples = numbers.examples(data)
    return {
        "name": name,
        "label": label,
        "study": config["study"],
        "dataset": data.title,
        "examples": examples,
        "folds": config["evaluation"]["folds"],
        "normalisation": config["normalisation"],
        "images": {key: config[f"probe_{key}"]["images"] for key in ("gradients", "distributions")},
        "threshold": config["probe_dead_neurons"]["dormant_threshold"],
        "network": made["network"],
        "scores": {key: made["scores"][key] for key in SUBSETS if key in made["scores"]},
        "rows": by_layer(tables),
        "chance": catalogue.chance(config),
        "headline": headline(name, made, examples),
        "findings": findings(tables, made, examples),
        "by_layer": finding_by_layer(tables),
        "checkpoint_digest": made["params"]["digest"],
        "digest": made["data"],
        "made": made["provenance"],
    }


def by_layer(tables: Mapping[str, pd.DataFrame]) -> list[dict]:
    """A row a layer: its counts of units, and the size of each signal and gradient, None if it has none."""
    counts = tables["dead_neurons"].set_index("layer").to_dict("index")
    spread = tables["distributions"].set_index(["layer", "signal"]).to_dict("index")
    sizes = tables["gradients"].set_index(["layer", "tensor"])["rms"].to_dict()
    return [
        {
            "layer": layer,
            "units": counts.get(layer),
            "z": spread[layer, "preactivation"],
            "h": spread.get((layer, "activation")),
            "weight": sizes.get((layer, "weight")),
            "preactivation": sizes.get((layer, "preactivation")),
        }
        for layer in sorted(tables["gradients"]["layer"].unique())
    ]


def headline(name: str, made: Mapping, examples: str = "images") -> str:
    """What it scores on the test examples.

    Args:
        name: of the file.
        made: see `context`.
        examples: what they are called, see `numbers.examples`.
    """
    score = made["scores"]["test"]
    share = numbers.percent(score["accuracy"])
    return f"{name} classifies {share} of the {score['n']:,} test {examples} right"


def findings(
    tables: Mapping[str, pd.DataFrame], made: Mapping, examples: str = "images"
) -> list[tuple[str, str]]:
    """What it scores on other examples, how many units are dead, how the first layer's gradient compares.

    A name and a sentence each.
    """
    others, found = [key for key in SUBSETS if key != "test" and key in made["scores"]], []
    if others:
        scores = [(key, made["scores"][key]) for key in others]
        parts = [f"{numbers.percent(score['accuracy'])} of the {score['n']:,} {key}" for key, score in scores]
        text = f"It classifies {numbers.listed(parts)} {examples} right"
        found.append(("Elsewhere", f"{text}; which of all it was trained on is not known."))
    units = tables["dead_neurons"]
    dead, total = int(units["n_dead"].sum()), int(units["n_neurons"].sum())
    where = [f"{n} in layer {layer}" for layer, n in zip(units["layer"], units["n_dead"], strict=True) if n]
    said = "none is dead" if not dead else f"{dead:,} {'is' if dead == 1 else 'are'} dead ({_some(where)})"
    found.append(("Units", f"Of its {total:,} hidden units, {said}."))
    sizes = _gradients(tables)
    first, last = sizes.iloc[0], sizes.iloc[-1]
    if first > 0 and last > 0:
        text = f"The gradient of its first layer is {numbers.significant(first / last)} times that of its "
        found.append(("Gradients", f"{text}logits (root mean square, with respect to pre-activations)."))
    return found


def finding_by_layer(tables: Mapping[str, pd.DataFrame]) -> str:
    """The layer with most dead units, and between which sizes gradients lie."""
    units = tables["dead_neurons"]
    shares = (units["n_dead"] / units["n_neurons"]).set_axis(units["layer"])
    if shares.max() > 0:
        row = units.set_index("layer").loc[shares.idxmax()]
        said = (
            f"Most units are dead in layer {shares.idxmax()}: {row['n_dead']:.0f} of {row['n_neurons']:.0f}"
        )
    else:
        said = f"No unit is dead in any of the {numbers.count(len(units), 'hidden layer')}"
    sizes = _gradients(tables)
    if not (sizes > 0).all():
        return f"{said}."
    low, high = sizes.idxmin(), sizes.idxmax()
    least, most = (numbers.significant(sizes[layer]) for layer in (low, high))
    return f"{said}; gradients lie between {least} (layer {low}) and {most} (layer {high})."


def _gradients(tables: Mapping[str, pd.DataFrame]) -> pd.Series:
    """Root mean squares with respect to the pre-activations, by layer."""
    rows = tables["gradients"].query("tensor == 'preactivation'")
    return rows.set_index("layer")["rms"].sort_index()


def drawn(tables: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    """The embedded figures by the name of their table."""
    drawing.use_style()
    return {name: embedded(draw(tables[name]), name) for name, draw in layers.FIGURES.items()}


def _some(places: Sequence[str]) -> str:
    return numbers.listed(shown.some(places, 8))
