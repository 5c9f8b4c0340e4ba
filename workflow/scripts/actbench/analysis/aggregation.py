"""From the planned blocks' files to the study's tables; anything that does not fit the plan is refused."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute

from actbench.analysis import comparisons, statistics, trends
from actbench.errors import DamagedError, UserError
from actbench.storage import histograms, manifest, parquet
from actbench.storage.parquet import RUN
from actbench.storage.records import Plan

ORDER = {
    "runs": RUN,
    "cost": RUN,
    "history": [*RUN, "epoch"],
    "gradients": [*RUN, "checkpoint", "layer", "tensor"],
    "distributions": [*RUN, "checkpoint", "layer", "signal"],
    "dead_neurons": [*RUN, "checkpoint", "layer"],
}
HISTOGRAM_KEYS = ["source", "checkpoint", "epoch", "layer", "tensor"]
HISTOGRAM = ["low", "high", "counts"]
SHOWN_PROBLEMS = 10
# All that a study's folder of tables may hold of ours, whatever its config.
NAMES = (
    *(name for name in ORDER if name != "cost"),
    "histograms",
    "comparison",
    "over_depths",
    "gradients_by_layer",
    "distributions_by_layer",
    "dead_neurons_by_layer",
    "decay",
    "properties",
    "activations",
    "cross_validation",
    "pairs",
)
TABLES = tuple(f"{name}.{kind}" for name in NAMES for kind in ("parquet", "csv"))


@dataclass(frozen=True)
class Block:
    """One planned block.

    Args:
        folder: its folder.
        activation, depth: its place in the grid.
        params: what its networks must have been trained with.
        probes: what each probe must have measured with, by the name of its table.
    """

    folder: Path
    activation: str
    depth: int
    params: Mapping
    probes: Mapping[str, Mapping]

    def keys(self) -> set[tuple]:
        folds = range(self.params["evaluation"]["folds"] or 1)
        return {(self.activation, self.depth, *key) for key in product(self.params["seeds"], folds)}


def collect(blocks: Sequence[Block], code: Mapping[str, str]) -> dict[str, pa.Table]:
    """Read every planned file and stack its rows: the tables of `ORDER`, and `histograms`.

    Args:
        blocks: all that are planned.
        code: digests of all code that they must have been made by, see `provenance.named`.

    Raises:
        UserError: a file is damaged or missing, was made with other params or code than planned, from
            other weights or images than its neighbours, or its rows are not exactly those of the plan;
            the sentence lists file and key.
    """
    problems, parts, images = [], {name: [] for name in (*ORDER, "histograms")}, {}
    for block in blocks:
        try:
            written, tables, records = check_files(block)
        except DamagedError as error:
            problems.append(error.problem)
            continue
        images.setdefault(written["data"], block.folder)
        problems += check_params(block, written, records, code) + check_columns(block, tables, parts)
        problems += check_rows(block, tables)
        for name, table in tables.items():
            parts[name].append(table)
    if len(images) > 1:
        folders = " and ".join(str(folder) for folder in images.values())
        problems.append(f"{folders} were trained on different images")
    _refuse(problems)
    stacked = {name: parquet.concat(parts[name], ORDER[name]) for name in ORDER}
    drawn = (_histograms(stacked[name], name) for name in ("gradients", "distributions"))
    stacked["histograms"] = parquet.concat([*parts["histograms"], *drawn], [*RUN, *HISTOGRAM_KEYS])
    for name in ("gradients", "distributions"):
        stacked[name] = stacked[name].drop_columns(HISTOGRAM)
    return stacked


def described(
    path: str | Path, specs: Mapping[str, Mapping], order: list[str], code: Mapping[str, str]
) -> pa.Table:
    """Read the table of the activations' curves, or of their properties.

    Args:
        path: its file.
        specs: what each activation must have been made from.
        order: columns that name a row.
        code: see `collect`.

    Raises:
        UserError: the file is damaged, or is not that of these activations.
    """
    try:
        table, found = parquet.read(path), parquet.record(path)
    except DamagedError as error:
        _refuse([error.problem])
    problems = Plan(specs, code).differences(path, found["params"], found["provenance"]["code"])
    rows = [tuple(row.values()) for row in table.select(order).to_pylist()]
    if {row[0] for row in rows} != set(specs) or len(set(rows)) != len(rows):
        problems.append(f"{path} does not hold the rows of {', '.join(specs)}, each once")
    _refuse(problems)
    return table


def summarise(
    tables: Mapping[str, pa.Table], baseline: str, margin: float, n_images: int, all_pairs: bool
) -> dict[str, pa.Table]:
    """The tables over seeds: comparison, over depths, decay; gradients, distributions, dead neurons by layer.

    With cross-validation also the table of its scores, and `pairs` if all pairs are to be compared.

    Args:
        tables: see `collect`.
        baseline: the activation that the others are compared with.
        margin, n_images: see `comparisons.Rule`.
        all_pairs: whether to compare every two activations.
    """
    frames = {name: tables[name].to_pandas() for name in ("runs", "gradients", "distributions")}
    dead, measures = _with_fractions(tables["dead_neurons"].to_pandas())
    cell = ["activation", "depth"]
    compared = comparisons.comparison(frames["runs"], baseline, margin, n_images)
    layered = {
        "gradients_by_layer": (["layer", "tensor"], frames["gradients"], ["l2_norm", "rms", "zero_fraction"]),
        "distributions_by_layer": (
            ["layer", "signal"],
            frames["distributions"],
            ["mean", "std", "zero_fraction", "saturated_fraction", "effective_rank"],
        ),
        "dead_neurons_by_layer": (["layer"], dead, measures),
    }
    over_depths = trends.over_depths(frames["runs"], dead, n_images)
    summaries = {
        "comparison": parquet.table(compared, comparisons.COMPARISON, cell),
        "over_depths": parquet.table(over_depths, trends.SCHEMA, ["activation", "measure"]),
    }
    if all_pairs:
        rows = comparisons.pairs(frames["runs"], margin, n_images)
        summaries["pairs"] = parquet.table(rows, comparisons.PAIRS, [*cell, "other"])
    for name, (keys, frame, columns) in layered.items():
        summaries[name] = _layer_table(statistics.over_seeds(frame, keys, columns), keys)
    summaries["decay"] = _layer_table(statistics.decay(frames["gradients"]), ["tensor"])
    n_folds = frames["runs"]["fold"].max() + 1
    if n_folds > 1:
        scores = statistics.cross_validation(frames["runs"])
        schema = statistics.cross_validation_schema(n_folds)
        summaries["cross_validation"] = parquet.table(scores, schema, [*cell, "seed"])
    return summaries


def check_files(block: Block) -> tuple[dict, dict[str, pa.Table], dict[str, dict]]:
    """Read config.json, the tables of a block and the records of its probes, which must be whole.

    Raises:
        DamagedError: a file is not whole, or not what the block's training wrote.
    """
    own = [name for name in manifest.WRITTEN if name != manifest.MODEL]  # the probes have checked the weights
    written = manifest.read(block.folder, own)
    paths = {name: block.folder / f"{name}.parquet" for name in (*ORDER, "histograms")}
    read = {name: parquet.read_with_record(path) for name, path in paths.items()}
    for name in block.probes:
        if read[name][1] is None:
            raise DamagedError(paths[name], "it does not say what it was made from")
    return (
        written,
        {name: table for name, (table, _) in read.items()},
        {name: read[name][1] for name in block.probes},
    )


def check_params(
    block: Block, written: Mapping, records: Mapping[str, Mapping], code: Mapping[str, str]
) -> list[str]:
    """Say which params and which code of a block's networks and probes are not those of the plan."""
    problems = Plan(block.params, code).differences(
        block.folder / manifest.NAME, written["params"], written["provenance"]["code"], "trained"
    )
    for name, planned in block.probes.items():
        path = block.folder / f"{name}.parquet"
        record = records[name]
        problems += Plan(planned, code).differences(
            path, record["params"], record["provenance"]["code"], "measured"
        )
        if record["model"] != written["files"][manifest.MODEL]:
            problems.append(f"{path} was measured on other weights than {block.folder / manifest.MODEL}")
    return problems


def check_columns(block: Block, tables: Mapping[str, pa.Table], parts: Mapping[str, list]) -> list[str]:
    """Say which of a block's tables have other columns than those of the blocks before it."""
    return [
        f"{block.folder / name}.parquet has other columns than the same table of other blocks"
        for name, table in tables.items()
        if parts[name] and not table.schema.equals(parts[name][0].schema)
    ]


def check_rows(block: Block, tables: Mapping[str, pa.Table]) -> list[str]:
    """Say which rows of a block's tables are missing, double or not planned."""
    runs = tables["runs"].to_pylist()
    expected = _expected_rows(block, runs)
    problems = []
    for name, order in ORDER.items():
        path = block.folder / f"{name}.parquet"
        lacking = set(order) - set(tables[name].column_names)
        if lacking:
            problems.append(f"{path} lacks the column {sorted(lacking)[0]}")
            continue
        rows = tables[name].select(order).to_pylist()
        found = [tuple(row[key] for key in order) for row in rows]
        problems += _difference(path, found, expected[name])
    return problems


def _refuse(problems: Sequence[str]) -> None:
    if not problems:
        return
    more = len(problems) - SHOWN_PROBLEMS
    shown = "; ".join(problems[:SHOWN_PROBLEMS]) + (f"; and {more} more" if more > 0 else "")
    raise UserError(f"results do not fit the plan: {shown}. Delete the files named and run again.")


def _expected_rows(block: Block, runs: Sequence[Mapping]) -> dict[str, set[tuple]]:
    keys = block.keys()
    done = [(tuple(row[key] for key in RUN), row) for row in runs]
    measured = [
        (*key, checkpoint)
        for key, row in done
        for checkpoint in (("init", "trained") if row["status"] == "ok" else ("init",))
    ]
    hidden, every = range(block.depth), range(block.depth + 1)
    signals = [(layer, "preactivation") for layer in every] + [(layer, "activation") for layer in hidden]
    return {
        "runs": keys,
        "cost": keys,
        "history": {(*key, epoch) for key, row in done for epoch in range(1, row["epochs_run"] + 1)},
        "gradients": {
            (*key, layer, tensor)
            for key, layer, tensor in product(measured, every, ("weight", "bias", "preactivation"))
        },
        "distributions": {(*key, *place) for key, place in product(measured, signals)},
        "dead_neurons": {(*key, layer) for key, layer in product(measured, hidden)},
    }


def _difference(path: Path, found: Sequence[tuple], expected: set[tuple]) -> list[str]:
    problems = []
    for words, keys in (
        ("lacks", expected - set(found)),
        ("has the unplanned", set(found) - expected),
        ("repeats", {key for key, n in Counter(found).items() if n > 1}),
    ):
        if keys:
            first = ", ".join(map(str, sorted(keys)[0]))
            more = f" and {len(keys) - 1} more" if len(keys) > 1 else ""
            problems.append(f"{path} {words} row ({first}){more}")
    return problems


def _histograms(table: pa.Table, name: str) -> pa.Table:
    """The histogram columns of a probe's table in the shape of the training histograms."""
    n = table.num_rows
    source = pa.array([name.removesuffix("s")] * n, pa.string())
    tensor = table["tensor" if name == "gradients" else "signal"]
    columns = [
        *(table[key] for key in RUN),
        source,
        table["checkpoint"],
        pa.nulls(n, pa.int32()),
        table["layer"],
        tensor,
        *(table[key] for key in HISTOGRAM),
    ]
    return pa.table(columns, schema=histograms.SCHEMA)


def _with_fractions(dead: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Add a fraction column for each count of dead, zero-gradient, dormant and saturated units."""
    counts = ["n_dead", "n_zero_gradient", "n_dormant", "n_saturated"]
    fractions = [count.removeprefix("n_") + "_fraction" for count in counts]
    for count, fraction in zip(counts, fractions, strict=True):
        dead[fraction] = dead[count] / dead["n_neurons"]
    return dead, [*counts, *fractions]


def _layer_table(rows: Sequence[Mapping], keys: Sequence[str]) -> pa.Table:
    order = ["activation", "depth", "checkpoint", *keys, "measure"]
    return parquet.table(rows, statistics.by_layer_schema(keys), order)
