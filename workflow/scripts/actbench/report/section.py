"""What the report says and shows: the context of its template, from the study's tables and figures."""

import math
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path

import latex2mathml.converter
import pandas as pd
from markupsafe import Markup

from actbench.analysis import trends
from actbench.data import catalogue
from actbench.errors import UserError
from actbench.figures import shown
from actbench.report import citations, exports, page, report_tables, sentences
from actbench.storage import parquet, yaml_files


def context(
    config: Mapping,
    tables: Mapping[str, pd.DataFrame],
    figures: Sequence[str | Path],
    csvs: Sequence[str | Path],
    lineage: Mapping,
    costs: Mapping[str, pd.DataFrame],
    folder: str | Path,
) -> dict:
    """Everything the template shows.

    Args:
        config: the resolved config.
        tables: `runs`, `comparison`, `over_depths`, `decay`, `distributions`, `dead_neurons` and `properties`
            of the study, `cross_validation` if it has folds, `pairs` if all pairs were compared.
        figures: the figure files; embedded under their stems.
        csvs: tables to embed for download, by their stems.
        lineage: what the tables were made by, see `lineage.gather`.
        costs: `training` by network (see `cost`) and `activations` by function (see `function_cost`).
        folder: where stylesheet and script lie.
    """
    check_runs(config, tables["runs"])
    labels = {entry["id"]: entry["label"] for entry in config["activations"]}
    comparison, images = tables["comparison"], catalogue.image_counts(config)
    comparison = comparison.join(
        report_tables.improving(tables["runs"], config["training"]["max_epochs"]), on=["activation", "depth"]
    )
    by_depth = {depth: _ranked(comparison[comparison["depth"] == depth]) for depth in config["depths"]}
    n_seeds, over_depths = len(config["seeds"]), tables["over_depths"]
    shown_depths = shown.depths(config)
    ranked = pd.concat([_in_order(cells, labels) for cells in by_depth.values()])
    dead_layers = report_tables.dead_by_layer(tables["dead_neurons"], labels)
    shares = report_tables.unit_shares(tables["dead_neurons"], labels)
    stages, networks = report_tables.stage_times(lineage), report_tables.networks(config, tables["runs"])
    shown_tables = {
        "dead_units": pd.DataFrame(shares),
        "networks": pd.DataFrame(networks),
        "function_cost": costs["activations"],
        "stages": pd.DataFrame(stages),
    }
    if not shown.summarised(config):
        shown_tables["training_cost"] = costs["training"]
    shown_tables |= {f"dead_by_layer_d{depth}": pd.DataFrame(rows) for depth, rows in dead_layers.items()}
    return {
        "config": config,
        "labels": labels,
        "dataset": catalogue.DATASETS[config["dataset"]].title,
        "images": images,
        "css": page.stylesheet(folder),
        "config_yaml": yaml_files.dump(dict(config)),
        "figures": {Path(path).stem: page.data_uri(path) for path in figures},
        "script": page.script(folder),
        "csvs": {Path(path).stem: page.data_uri(path) for path in csvs} | _embedded(shown_tables),
        "papers": {
            "comparison.tex": page.embedded(exports.latex(ranked, labels)),
            "comparison.md": page.embedded(exports.markdown(ranked, labels)),
            "sources.bib": page.embedded(
                citations.of(entry["spec"]["name"] for entry in config["activations"])
            ),
        },
        "answer": answer(config, by_depth, tables, labels),
        "ranking": report_tables.ranking(comparison, over_depths, shown_depths),
        "trends": report_tables.trends(over_depths, labels) if n_seeds > 1 else [],
        "depth_effect": sentences.depth_effect(over_depths, labels, sorted(config["depths"])),
        "decay": report_tables.decay(tables["decay"], labels),
        "overflows": sentences.overflows(tables["distributions"], labels),
        "gradient_decay": sentences.gradient_decay(tables["decay"], labels),
        "pairs": report_tables.pairs(tables.get("pairs"), labels),
        "settle": {depth: sentences.settle(cells, labels) for depth, cells in by_depth.items()},
        "depths": by_depth,
        "outcomes": {depth: sentences.outcome(cells, labels) for depth, cells in by_depth.items()},
        "verdicts": {depth: sentences.verdicts(cells, labels) for depth, cells in by_depth.items()},
        "smallest_p": sentences.smallest_p(n_seeds, len(comparison) - len(config["depths"])),
        "cross_validation": report_tables.cross_validation(tables.get("cross_validation")),
        "judged": judged(config),
        "summarised": shown.summarised(config),
        "shown_depths": shown_depths,
        "limits": {"panels": shown.PANELS, "epochs": shown.EPOCHS, "layers": shown.LAYERS},
        "shown_activations": {
            "everywhere": shown.activations(config),
            "histograms": shown.activations(config, len(shown_depths)),
        },
        "networks": networks,
        "dead_layers": dead_layers,
        "test_error": test_set_error(comparison, images["tested"]),
        "n_runs": len(tables["runs"]),
        "failures": failures(tables["runs"], labels),
        "dead": shares,
        "properties": {
            row["activation"]: row | typeset(row) for row in tables["properties"].to_dict("records")
        },
        "lineage": lineage,
        "mixture": sentences.mixture(lineage["mixed"]),
        "stages": stages,
        "training_cost": report_tables.training_cost(costs["training"], labels),
        "activation_cost": report_tables.activation_cost(costs["activations"], config["report"]["baseline"]),
        "timed_shape": (config["training"]["batch_size"], max(map(max, config["network"]["hidden_sizes"]))),
    }


def check_runs(config: Mapping, runs: pd.DataFrame) -> None:
    """Compare the table of runs with the config it is to be reported with.

    Raises:
        UserError: it is not the table of exactly these runs.
    """
    seeds, folds = config["seeds"], range(config["evaluation"]["folds"] or 1)
    planned = product((entry["id"] for entry in config["activations"]), config["depths"], seeds, folds)
    found = runs[parquet.RUN].astype({"activation": str}).itertuples(index=False, name=None)
    if sorted(found) != sorted(planned):
        raise UserError(
            f"results/{config['study']}/tables/runs.parquet holds other runs than are planned: "
            "delete it and run again."
        )


def answer(
    config: Mapping,
    by_depth: Mapping[int, pd.DataFrame],
    tables: Mapping[str, pd.DataFrame],
    labels: Mapping[str, str],
) -> list[str]:
    """The first paragraph's sentences: ranking, outcomes at the ends of the depths, what is decided."""
    scores = tables.get("cross_validation")
    if scores is not None:
        first = [sentences.cross_validation(rows, labels, d) for d, rows in scores.groupby("depth")]
    else:
        leaders = trends.leaders(tables["runs"])
        first = [sentences.ranking(tables["over_depths"], labels, len(by_depth), leaders)]
        ends = sorted({max(by_depth), min(by_depth)}, reverse=True)
        first += [sentences.outcome(by_depth[depth], labels) for depth in ends]
    if len(config["seeds"]) == 1:
        first.append("One seed cannot say how sure this is.")
    else:
        first.append(sentences.decided(pd.concat(by_depth.values()), labels))
    return [text for text in first if text]


def judged(config: Mapping) -> str:
    """The images whose accuracy by epoch is drawn: validation, test or training."""
    if catalogue.image_counts(config)["validation"]:
        return "validation"
    return "test" if config["training"]["test_each_epoch"] else "training"


def typeset(row: Mapping) -> dict[str, Markup | None]:
    """MathML of an activation's formula and derivative, None where there is no formula."""
    keys = ("formula", "formula_derivative")
    convert = latex2mathml.converter.convert
    return {
        key: Markup(convert(row[key])) if isinstance(row[key], str) else None  # noqa: S704, the registry's own
        for key in keys
    }


def test_set_error(comparison: pd.DataFrame, n_test: int) -> float | None:
    """Standard error of the best mean accuracy that comes from testing on `n_test` images only."""
    best = comparison["mean"].max()
    return None if pd.isna(best) else math.sqrt(best * (1 - best) / n_test)


def failures(runs: pd.DataFrame, labels: Mapping[str, str]) -> list[str]:
    """A line for each activation and depth of which runs diverged."""
    diverged = runs[runs["status"] == "diverged"]
    return [
        f"{labels[activation]}, depth {depth}: seeds {', '.join(map(str, sorted(set(cell['seed']))))}"
        for (activation, depth), cell in diverged.groupby(["activation", "depth"], observed=True)
    ]


def _embedded(tables: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    """Tables that only the page shows, as CSV for download."""
    return {name: page.embedded(t.to_csv(index=False), page.MEDIA[".csv"]) for name, t in tables.items()}


def _in_order(cells: pd.DataFrame, labels: Mapping[str, str]) -> pd.DataFrame:
    """The rows of one depth in the order of the labels."""
    return cells.sort_values("activation", key=lambda column: column.map(list(labels).index).astype(int))


def _ranked(cells: pd.DataFrame) -> pd.DataFrame:
    """Most reliably trained first, then highest mean (or median, where runs are too few for a mean)."""
    level = cells["mean"].fillna(cells["median"]).fillna(0)
    order = cells.assign(level=level).sort_values(["n_trained", "level"], ascending=False, kind="stable")
    return order.drop(columns="level")
