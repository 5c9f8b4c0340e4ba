"""From the planned blocks' files to the study's tables; anything that does not fit the plan is refused."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from actbench.analysis import attribution, claims, comparisons, endings, profile, shares, statistics, trends
from actbench.errors import DamagedError, UserError
from actbench.probes import registry
from actbench.probes import tables as measured
from actbench.probes.probe import Probe
from actbench.storage import files, histograms, manifest, parquet, snapshots, theory_tables
from actbench.storage.parquet import RUN
from actbench.storage.records import Plan

PROBES = registry.specs()  # all that there are; a study has those that are enabled
TRAINED = {"runs": RUN, "cost": RUN, "history": [*RUN, "epoch"]}
SHOWN_PROBLEMS = 10
# All that a study's folder of tables may hold of ours, whatever its config.
NAMES = (
    "runs",
    "history",
    *PROBES,
    "histograms",
    "comparison",
    "over_depths",
    *(probe.summary for probe in PROBES.values()),
    "decay",
    "properties",
    "activations",
    "settings",
    *theory_tables.SCHEMAS,
    "cross_validation",
    "pairs",
    "shares",
    "attribution",
    "profile",
    "tuning",
    "rates",
    "claims",
)
TABLES = tuple(f"{name}.{kind}" for name in NAMES for kind in ("parquet", "csv"))


@dataclass(frozen=True)
class Block:
    """One planned block.

    Args:
        folder: its folder.
        activation, depth, setting: its place in the grid.
        params: what its networks must have been trained with.
        probes: what each enabled probe must have measured with, by the name of its table.
        chosen: the chosen.json that its learning rates must have been read from, None where they were given.
    """

    folder: Path
    activation: str
    depth: int
    setting: str
    params: Mapping
    probes: Mapping[str, Mapping]
    chosen: Path | None = None

    def keys(self) -> set[tuple]:
        folds = range(self.params["evaluation"]["folds"] or 1)
        return set(product([self.activation], [self.depth], [self.setting], self.params["seeds"], folds))


def order(probes: Iterable[str]) -> dict[str, list[str]]:
    """The columns that tell the rows of each of a block's tables apart, by which they are sorted.

    Args:
        probes: the names of those that measured it.
    """
    return TRAINED | {name: measured.order(PROBES[name]) for name in probes}


def collect(blocks: Sequence[Block], code: Mapping[str, str]) -> dict[str, pa.Table]:
    """Read every planned file and stack its rows: the tables of `order`, and `histograms`.

    Histograms that probes took after `probe_epochs` stay in the blocks' tables.

    Args:
        blocks: all that are planned, at least one, measured by the same probes.
        code: digests of all code that they must have been made by, see `provenance.named`.

    Raises:
        UserError: a file is damaged or missing, was made with other params or code than planned, from
            other weights or images than its neighbours, or its rows are not exactly those of the plan;
            the sentence lists file and key.
    """
    sorted_by = order(blocks[0].probes)
    problems, parts, images = [], {name: [] for name in (*sorted_by, "histograms")}, {}
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
    refuse(problems)
    # What is stacked is let go: of thousands of networks the pieces take as much memory as the whole.
    stacked = {name: parquet.concat(parts.pop(name), columns) for name, columns in sorted_by.items()}
    pa.default_memory_pool().release_unused()  # or what thousands of small tables took stays with the process
    drawn = [PROBES[name] for name in blocks[0].probes if PROBES[name].histogram]
    kept = pc.field("checkpoint").isin(snapshots.names())
    rows = (measured.histogram_rows(probe, stacked[probe.name].filter(kept)) for probe in drawn)
    stacked["histograms"] = parquet.concat([*parts.pop("histograms"), *rows], histograms.ORDER)
    for probe in drawn:
        stacked[probe.name] = stacked[probe.name].drop_columns([c.name for c in histograms.COLUMNS])
    return stacked


def described(
    path: str | Path,
    specs: Mapping[str, Mapping],
    order: list[str],
    code: Mapping[str, str],
    params: Mapping | None = None,
) -> pa.Table:
    """Read a table that one job made of all activations: their curves, their properties, what theory says.

    Args:
        path: its file.
        specs: what each activation must have been made from.
        order: columns that name a row.
        code: see `collect`.
        params: what the table must have been made with, None for the specs alone.

    Raises:
        UserError: the file is damaged, or is not that of these activations.
    """
    try:
        table, found = parquet.read(path), parquet.record(path)
    except DamagedError as error:
        refuse([error.problem])
    planned = Plan(specs if params is None else params, code)
    problems = planned.differences(path, found["params"], found["provenance"]["code"])
    rows = [tuple(row.values()) for row in table.select(order).to_pylist()]
    if {row[0] for row in rows} != set(specs) or len(set(rows)) != len(rows):
        problems.append(f"{path} does not hold the rows of {', '.join(specs)}, each once")
    refuse(problems)
    return table


def summarise(
    tables: Mapping[str, pa.Table],
    baseline: str,
    margin: float,
    n_images: int,
    all_pairs: bool,
    *,
    reference: str,
    max_epochs: Mapping[str, int],
    chance: float,
    n_judged: int,
) -> dict[str, pa.Table]:
    """The tables over seeds: comparison, shares, profile, over depths, decay, each probe's summary.

    With cross-validation also the table of its scores, with several settings `attribution`, and `pairs` if
    all pairs are to be compared.

    Args:
        tables: see `collect`.
        baseline: the activation that the others are compared with.
        margin, n_images: see `comparisons.Rule`.
        all_pairs: whether to compare every two activations.
        reference: the first setting.
        max_epochs, chance, n_judged: see `endings.counts`.
    """
    probes = {name: probe for name, probe in PROBES.items() if name in tables}
    frames = {name: tables[name].to_pandas() for name in ("runs", "history", *probes)}
    compared = comparisons.comparison(frames["runs"], baseline, margin, n_images)
    ended = endings.counts(frames["runs"], frames["history"], max_epochs, chance, n_judged)
    compared = [row | ended[tuple(row[key] for key in parquet.CELL)] for row in compared]
    shared = shares.shares(frames["runs"], baseline, n_images, chance)
    steps = profile.profile(frames["runs"], n_images, chance)
    pairs = comparisons.pairs(frames["runs"], margin, n_images) if all_pairs else []
    differences = trends.accuracy_differences(compared, pairs)
    over_depths = trends.over_depths(frames["runs"], frames["dead_neurons"], n_images, differences)
    summaries = {
        "comparison": parquet.table(compared, comparisons.COMPARISON, parquet.CELL),
        "over_depths": parquet.table(over_depths, trends.SCHEMA, ["activation", "setting", "measure"]),
        "shares": parquet.table(shared, shares.SCHEMA, parquet.CELL),
        "profile": parquet.table(steps, profile.SCHEMA, ["setting", "activation", "tau"]),
    }
    if len(max_epochs) > 1:
        rows = attribution.attribution(frames["runs"], compared, baseline, reference, margin, n_images)
        order = ["activation", "setting", "depth"]
        summaries["attribution"] = parquet.table(rows, attribution.SCHEMA, order)
    if all_pairs:
        summaries["pairs"] = parquet.table(pairs, comparisons.PAIRS, [*parquet.CELL, "other"])
    for name, probe in probes.items():
        summaries[probe.summary] = over_seeds(probe, frames[name])
    summaries["decay"] = _layer_table(statistics.decay(frames["gradients"]), ["tensor"])
    n_folds = frames["runs"]["fold"].max() + 1
    if n_folds > 1:
        scores = statistics.cross_validation(frames["runs"])
        schema = statistics.cross_validation_schema(n_folds)
        summaries["cross_validation"] = parquet.table(scores, schema, [*parquet.CELL, "seed"])
    return summaries


def answered(claimed: Sequence[Mapping], tables: Mapping[str, pa.Table], section: Mapping) -> pa.Table:
    """The table `claims`.

    Args:
        claimed: see `study.claims.values`.
        tables: see `claims.claims`.
        section: what `summarise` is given.
    """
    names = {"runs", "comparison", "shares", "tuning"} & tables.keys()
    given = {key: section[key] for key in ("baseline", "margin", "n_images", "chance")}
    rows = claims.claims(claimed, {name: tables[name].to_pandas() for name in names}, **given)
    return parquet.table(rows, claims.SCHEMA, claims.ORDER)


def check_files(block: Block) -> tuple[dict, dict[str, pa.Table], dict[str, dict]]:
    """Read config.json, the tables of a block and the records of its probes, which must be whole.

    Raises:
        DamagedError: a file is not whole, or not what the block's training wrote.
    """
    own = [name for name in manifest.WRITTEN if name != manifest.MODEL]  # the probes have checked the weights
    written = manifest.read(block.folder, own)
    paths = {name: block.folder / f"{name}.parquet" for name in (*order(block.probes), "histograms")}
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
    if written["chosen"] != (None if block.chosen is None else files.digest(block.chosen)):
        source = "those of the config" if block.chosen is None else block.chosen
        problems.append(f"{block.folder / manifest.NAME} was trained with other learning rates than {source}")
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
    epochs = {
        (*(run[key] for key in RUN), epoch) for run in runs for epoch in range(1, run["epochs_run"] + 1)
    }
    expected = {"runs": block.keys(), "cost": block.keys(), "history": epochs}
    measuring = runs, block.depth, block.params.get("probe_epochs", [])
    expected |= {name: measured.planned(PROBES[name], *measuring) for name in block.probes}
    problems = []
    for name, columns in order(block.probes).items():
        path = block.folder / f"{name}.parquet"
        lacking = set(columns) - set(tables[name].column_names)
        if lacking:
            problems.append(f"{path} lacks the column {sorted(lacking)[0]}")
            continue
        found = list(zip(*(tables[name][key].to_pylist() for key in columns), strict=True))
        problems += _difference(path, found, expected[name])
    return problems


def refuse(problems: Sequence[str]) -> None:
    """Stop where results do not fit the plan.

    Raises:
        UserError: there are problems, each of which names a file.
    """
    if not problems:
        return
    more = len(problems) - SHOWN_PROBLEMS
    shown = "; ".join(problems[:SHOWN_PROBLEMS]) + (f"; and {more} more" if more > 0 else "")
    raise UserError(f"results do not fit the plan: {shown}. Delete the files named and run again.")


def _difference(path: Path, found: Sequence[tuple], expected: set[tuple]) -> list[str]:
    """`expected` may be shorter than the rows found, which are then numbered by the probe."""
    problems = []
    length = min(map(len, expected), default=None)
    places = {row[:length] for row in found}
    for words, keys in (
        ("lacks", expected - places),
        ("has the unplanned", places - expected),
        ("repeats", {key for key, n in Counter(found).items() if n > 1}),
    ):
        if keys:
            first = ", ".join(map(str, sorted(keys)[0]))
            more = f" and {len(keys) - 1} more" if len(keys) > 1 else ""
            problems.append(f"{path} {words} row ({first}){more}")
    return problems


def over_seeds(probe: Probe, frame: pd.DataFrame) -> pa.Table:
    """What a probe measured, by layer if it has any, over seeds; columns as in `statistics.by_layer_schema`.

    Args:
        probe: its spec.
        frame: its table of the study.
    """
    names = list(probe.summarised)
    if probe.total:
        shares = {f"{name.removeprefix('n_')}_fraction": frame[name] / frame[probe.total] for name in names}
        frame, names = frame.assign(**shares), [*names, *shares]
    if probe.numbered:
        places = [*RUN, "checkpoint", *probe.summary_keys]
        frame = frame.groupby(places, observed=True)[names].mean(skipna=False).reset_index()
    return _layer_table(statistics.over_seeds(frame, probe.summary_keys, names), probe.summary_keys)


def _layer_table(frame: pd.DataFrame, keys: Sequence[str]) -> pa.Table:
    order = [*parquet.CELL, "checkpoint", *keys, "measure"]
    return parquet.of_frame(frame, statistics.by_layer_schema(keys), order)
