"""The job of aggregation: from the planned blocks to the study's tables, and the record of what made them."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import pyarrow as pa

from actbench.analysis import aggregation, lineage, predicted, recipes, searches
from actbench.errors import UserError
from actbench.probes import registry
from actbench.runtime import provenance
from actbench.storage import choices, files, manifest, parquet, records, theory_tables
from actbench.study import grid


def run(job: object) -> None:
    """Write a study's tables as the job of its rule: `job` is the script's `snakemake`.

    Tables of an earlier config that are not this one's are removed. The record is written last.
    """
    config, output, plan = job.config, job.output, records.Plan(**job.params.plan)
    specs = {entry["id"]: entry["spec"] for entry in config["activations"]}
    probes = registry.enabled(config)
    _check_specs(probes, plan.code)
    blocks = [_block(Path(path).parent, config, specs) for path in job.input.blocks]
    tables = aggregation.collect(blocks, plan.code)
    tables |= aggregation.summarise(tables, **job.params.section)
    searched = [_search(Path(path), config, specs) for path in job.input.get("chosen", [])]
    if searched:
        tables |= searches.collect(searched, plan.code, job.params.section["margin"])
        parquet.write(tables.pop("tuning_cost"), output.tuning_cost)
    claimed = job.params.get("claims", [])
    if claimed:
        tables["claims"] = aggregation.answered(claimed, tables, job.params.section)
    for name, path, order in (
        ("activations", job.input.curves, ["activation", "x"]),
        ("properties", job.input.properties, ["activation"]),
    ):
        tables[name] = aggregation.described(path, specs, order, plan.code)
    tables |= _theory(job.input, config, specs, plan.code, blocks[0].folder)
    tables |= predicted.beside(tables)
    tables["settings"] = recipes.table(job.params.settings)
    hidden = [] if grid.is_named(config) else ["setting"]
    parquet.write(tables.pop("cost"), output.cost)
    for name, table in tables.items():
        parquet.write(table, output[name])
        csv = output.get(f"{name}_csv")
        if csv is not None:
            parquet.write_csv(table, csv, hidden)
    files.remove_others(Path(output.runs).parent, aggregation.TABLES, output)
    folders = [block.folder for block in blocks]
    measured = {
        probe.rule: [folder / f"{name}.parquet" for folder in folders] for name, probe in probes.items()
    }
    measured |= {"describe_activations": [job.input.properties], "theory": [job.input.theory]}
    done = lineage.of_jobs(folders, measured, [one.chosen for one in searched])
    described = provenance.describe(job.params.code, "cpu")
    inputs = [*(folder / manifest.NAME for folder in folders), *(one.chosen for one in searched)]
    records.write(output.made_by, plan, inputs, output, described, provenance.seconds(), jobs=done)


def _check_specs(probes: Iterable[str], code: Mapping[str, str]) -> None:
    """Compare the modules that the specs of probes are read from with those that were planned."""
    for name in probes:
        path = registry.HERE / f"{name}.py"
        if provenance.file_version(path) != code.get(f"actbench/probes/{name}.py"):
            raise UserError(
                f"{path} is not the version that was planned: it was edited while the study ran. Run again."
            )


def _block(folder: Path, config: Mapping, specs: Mapping[str, Mapping]) -> aggregation.Block:
    """The planned block whose folder this is."""
    activation, depth, setting, block = folder.parts[-4:]
    config, depth = grid.with_setting(config, setting), int(depth[1:])
    seeds = grid.blocks(config["seeds"], config["seeds_per_job"])[block.removeprefix("seeds")]
    params = grid.training_params(config, specs[activation], depth, seeds)
    chosen = folder.parents[4].joinpath("tuning", *folder.parts[-4:-1], choices.NAME)
    return aggregation.Block(
        folder,
        activation,
        depth,
        setting,
        params,
        registry.of_config(config),
        chosen if grid.tuned(config) else None,
    )


def _theory(
    inputs: object, config: Mapping, specs: Mapping[str, Mapping], code: Mapping[str, str], folder: Path
) -> dict[str, pa.Table]:
    """The tables of theory, which must be of the images that the networks of a folder were trained on."""
    params, found = grid.theory_params(config), {}
    for name, order in theory_tables.ORDER.items():
        found[name] = aggregation.described(inputs[name], specs, order, code, params)
        if parquet.record(inputs[name])["data"] != manifest.read(folder, [])["data"]:
            aggregation.refuse([f"{inputs[name]} was made of other images than {folder} was trained on"])
    return found


def _search(chosen: Path, config: Mapping, specs: Mapping[str, Mapping]) -> searches.Searched:
    """The planned search whose chosen.json this is."""
    activation, depth, setting, _ = chosen.parts[-4:]
    params = grid.training_params(grid.with_setting(config, setting), specs[activation], int(depth[1:]), [])
    return searches.Searched(chosen, activation, int(depth[1:]), setting, choices.search_params(params))
