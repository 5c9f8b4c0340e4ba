"""What changes with depth: who trains, accuracy and dead units at both ends, the networks."""

from collections.abc import Mapping

import pandas as pd

from actbench.report import findings
from actbench.report.numbers import FEWEST
from actbench.report.section import Section, Study
from actbench.storage import snapshots

ENDS = ("first", "last")


def context(study: Study) -> dict:
    """See `Section`."""
    over_depths, n_seeds = study.tables["over_depths"], len(study.config["seeds"])
    folds = study.config["evaluation"]["folds"] or 1
    finding = findings.depths(study.comparison, over_depths, n_seeds, folds)
    changes = trends(over_depths, study.labels) if n_seeds > 1 else []
    side_by_side = networks(study.config, study.tables["runs"])
    return {
        "finding": finding,
        "without_mean": findings.without_mean(study.comparison, study.labels) if n_seeds > 1 else "",
        "trained": trained(study.ranked),
        "trends": changes,
        "dying": dying(changes),
        "changing": changing(over_depths),
        "networks": side_by_side,
        "downloads": {"networks": by_layer(side_by_side)},
    }


def several(study: Study) -> bool:
    """Whether the study has more than one depth."""
    return len(study.config["depths"]) > 1


def trained(ranked: pd.DataFrame) -> dict[str, list[tuple]]:
    """By activation, depth by depth: the depth, the seeds that trained, and the interval of their share.

    Args:
        ranked: see `Study`.
    """
    columns = ["activation", "depth", "n_trained", "trained_low", "trained_high"]
    found: dict[str, list[tuple]] = {}
    for key, *cell in ranked[columns].itertuples(index=False, name=None):
        found.setdefault(key, []).append(tuple(cell))
    return found


def trends(over_depths: pd.DataFrame, labels: Mapping[str, str]) -> list[dict]:
    """A row an activation: accuracy and dead units at the first and the last depth, see `trends.over_depths`.

    Each part is the summary of the change with the means `first` and `last`, without the interval that two
    seeds give. None where there is one depth.
    """
    found = over_depths.set_index(["activation", "measure"]).to_dict("index")
    if not any(measure.endswith("_change") for _, measure in found):
        return []
    return [
        {
            "key": key,
            "parts": [
                found[key, f"{name}_change"]
                | {end: found[key, f"{name}_{end}"]["mean"] for end in ENDS}
                | ({} if found[key, f"{name}_change"]["n"] >= FEWEST else {"ci_low": None, "ci_high": None})
                for name in ("accuracy", "dead_init", "dead_trained")
            ],
        }
        for key in labels
    ]


def dying(changes: list[dict]) -> list[dict]:
    """The rows of `trends` of which any unit is dead, at either depth, before or after training."""
    return [row for row in changes if any(part[end] > 0 for part in row["parts"][1:] for end in ENDS)]


def changing(over_depths: pd.DataFrame) -> list[int]:
    """Which parts of `trends` show dead units: 1 before, 2 after training."""
    dead = [f"dead_{checkpoint}_" for checkpoint in snapshots.names()]
    means = [over_depths.loc[over_depths["measure"].str.startswith(name), "mean"] for name in dead]
    return [place for place, values in enumerate(means, 1) if (values.fillna(0) != 0).any()]


def networks(config: Mapping, runs: pd.DataFrame) -> list[dict]:
    """Hidden sizes and numbers of parameters of each depth; these differ if an activation has its own."""
    counts = runs.groupby("depth")["n_parameters"].unique()
    return [
        {"depth": depth, "hidden": sizes, "parameters": sorted(counts[depth])}
        for depth, sizes in zip(config["depths"], config["network"]["hidden_sizes"], strict=True)
    ]


def by_layer(networks: list[dict]) -> pd.DataFrame:
    """The same with a number a column: a row a hidden layer, from the input, with its units.

    Args:
        networks: see `networks`.
    """
    return pd.DataFrame(
        [
            {
                "depth": one["depth"],
                "layer": layer,
                "units": units,
                "parameters_low": one["parameters"][0],
                "parameters_high": one["parameters"][-1],
            }
            for one in networks
            for layer, units in enumerate(one["hidden"])
        ]
    )


SECTION = Section(
    id="depth",
    title="Across depths",
    template="depths.html",
    tables=("runs", "comparison", "over_depths"),
    context=context,
    needed=several,
)
