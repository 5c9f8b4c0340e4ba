"""Dead, dormant and saturated units, over all hidden units and by layer."""

from collections.abc import Mapping

import pandas as pd

from actbench.figures import shown
from actbench.report import layer_findings, sentences
from actbench.report.section import Section, Study
from actbench.storage import snapshots

MEASURES = tuple(
    f"{measure}_{checkpoint}"
    for measure in ("dead", "dormant", "saturated")
    for checkpoint in snapshots.names()
)


def context(study: Study) -> dict:
    """See `Section`."""
    dead, labels = study.tables["dead_neurons"], study.labels
    dead = dead[dead["checkpoint"].isin(snapshots.names())]
    shares, layers = unit_shares(dead, labels), dead_by_layer(dead, labels)
    effect = sentences.depth_effect(study.tables["over_depths"], labels, sorted(study.config["depths"]))
    drawn = dead[
        dead["depth"].isin(study.shown_depths) & dead["activation"].isin(shown.activations(study.config))
    ]
    by_layer = {f"dead_by_layer_d{depth}": as_rows(rows) for depth, rows in layers.items()}
    finding = layer_findings.dead(unit_shares(of_trained(dead, study.tables.get("runs")), labels), labels)
    return {
        "finding": finding,
        "dead": [row for row in shares if any(row.get(name, 0) for name in MEASURES)],
        "measures": [name for name in ("dead", "dormant", "saturated") if occurs(shares, name)],
        "any_dead": bool((drawn["n_dead"] > 0).any()),
        "dead_layers": layers,
        "dead_effect": effect.get("dead_trained", ""),
        "downloads": {"dead_units": pd.DataFrame(shares)} | by_layer,
    }


def of_trained(dead: pd.DataFrame, runs: pd.DataFrame | None) -> pd.DataFrame:
    """The rows at initialisation of all networks, and those after training of networks that trained.

    Args:
        dead: the table `dead_neurons`.
        runs: the table of that name; without it all rows are kept.
    """
    if runs is None:
        return dead
    keys = ["activation", "depth", "seed", "fold"]
    trained = pd.MultiIndex.from_frame(
        runs.loc[runs["trained"].astype(bool), keys].astype({"activation": str})
    )
    own = pd.MultiIndex.from_frame(dead[keys].astype({"activation": str})).isin(trained)
    return dead[own | (dead["checkpoint"] == "init")]


def unit_shares(dead: pd.DataFrame, labels: Mapping[str, str]) -> list[dict]:
    """Shares of all hidden units that are dead, dormant or saturated, a row an activation and depth.

    Means over runs; keys `{measure}_{checkpoint}`, and `n_{checkpoint}` for the number of runs.
    """
    keys = ["activation", "depth", "checkpoint"]
    counts = ["n_neurons", "n_dead", "n_dormant", "n_saturated"]
    grouped = dead.groupby([*keys, "seed", "fold"], observed=True)[counts]
    runs = grouped.sum().where(grouped.count().eq(grouped.size(), axis=0))  # null where a layer's count is
    shares = runs.div(runs["n_neurons"], axis=0).groupby(keys, observed=True)
    means = shares[counts[1:]].mean()
    rows: dict[tuple, dict] = {}
    for (activation, depth, checkpoint), *mean, n in means.assign(n=shares.size()).itertuples(name=None):
        row = rows.setdefault((depth, list(labels).index(activation)), {"depth": depth, "key": activation})
        names = [f"{count.removeprefix('n_')}_{checkpoint}" for count in counts[1:]]
        row |= dict(zip(names, mean, strict=True)) | {f"n_{checkpoint}": n}
    return [rows[place] for place in sorted(rows)]


def occurs(shares: list[dict], measure: str) -> bool:
    """Whether any unit is that, before or after training, or it is not known."""
    return any(
        row.get(f"{measure}_{checkpoint}", 0) != 0 for row in shares for checkpoint in snapshots.names()
    )


def dead_by_layer(dead: pd.DataFrame, labels: Mapping[str, str]) -> dict[int, list[dict]]:
    """Dead units of each layer, by depth: rows of activation, checkpoint, n and (mean count, width) pairs.

    Means over runs; only activations of which any unit died.
    """
    dying = dead.groupby("activation", observed=True)["n_dead"].sum()
    dead = dead[dead["activation"].isin(dying[dying > 0].index)]
    keys = ["depth", "activation", "checkpoint", "layer"]
    means = dead.groupby(keys, observed=True).agg(
        n=("n_dead", "size"), mean=("n_dead", "mean"), width=("n_neurons", "first")
    )
    places: dict[tuple, dict] = {}
    for (*place, _layer), n, mean, width in means.itertuples(name=None):
        row = {"key": place[1], "checkpoint": place[2], "n": n, "layers": []}
        places.setdefault(tuple(place), row)["layers"].append((mean, width))
    found: dict[int, list[dict]] = {}
    for (depth, *_), row in places.items():
        found.setdefault(int(depth), []).append(row)
    order = list(labels)
    return {
        d: sorted(rows, key=lambda r: (order.index(r["key"]), r["checkpoint"])) for d, rows in found.items()
    }


def as_rows(found: list[dict]) -> pd.DataFrame:
    """The rows of one depth of `dead_by_layer` with a number a column: a row a layer."""
    return pd.DataFrame(
        [
            {"activation": row["key"], "checkpoint": row["checkpoint"], "n": row["n"]}
            | {"layer": layer, "dead": mean, "units": width}
            for row in found
            for layer, (mean, width) in enumerate(row["layers"])
        ]
    )


SECTION = Section(
    id="units",
    title="Dead neurons",
    template="dead_neurons.html",
    tables=("dead_neurons", "over_depths"),
    optional=("dead_neurons_by_layer", "runs"),
    figures=("dead_neurons",),
    context=context,
)
