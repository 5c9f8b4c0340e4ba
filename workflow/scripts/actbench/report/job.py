"""The job of the report: check what it reads, write the page, the resolved config and the provenance."""

from collections.abc import Mapping
from itertools import product
from pathlib import Path

import pandas as pd

from actbench.analysis import lineage
from actbench.analysis.tables import of_setting
from actbench.errors import UserError
from actbench.report import contents, page
from actbench.report.section import Study
from actbench.runtime import provenance
from actbench.storage import files, parquet, records, yaml_files
from actbench.study import grid


def run(job: object) -> None:
    """Write a study's report, as the job of its rule: `job` is the script's `snakemake`."""
    inputs, output, written = job.input, job.output, job.params.config
    plans = {name: records.Plan(**plan) for name, plan in job.params.plans.items()}
    needed = contents.tables()
    tables = {Path(path).stem: path for path in inputs.tables if Path(path).stem in needed}
    costs = {"training_cost": inputs.cost}
    if "tuning_cost" in inputs.keys():  # noqa: SIM118, a Namedlist is no mapping
        costs["tuning_cost"] = inputs.tuning_cost
    read = [*tables.values(), *inputs.csvs, *costs.values()]
    made = {"aggregate": records.checked(inputs.aggregate, plans["aggregate"], read)}
    for stage, inlined in zip(("figures", "histogram_figures"), inputs.inlined, strict=True):
        drawn = [*inputs[stage], inlined]
        made[stage] = records.checked(inputs[f"{stage}_made_by"], plans[stage], drawn)
        made[stage].verify([inputs.aggregate], "inputs")
    timed = parquet.record(inputs.cost_of_activations)
    plans["time_activations"].expect(inputs.cost_of_activations, timed["params"], timed["provenance"]["code"])

    described = provenance.describe(job.params.code, "cpu")
    summarised = {stage: record.content for stage, record in made.items()} | {
        "time_activations": timed,
        "report": {"provenance": described, "seconds": provenance.seconds()},
    }
    jobs = made["aggregate"].content["jobs"]
    made_by = lineage.gather(written, jobs, summarised, job.config.get("own_data"))
    tables |= costs | {"function_cost": inputs.cost_of_activations}
    figures = [*inputs.figures, *inputs.histogram_figures]
    every = {name: parquet.read(path).to_pandas() for name, path in tables.items()}
    reference = grid.reference(job.config)
    shown = {Path(path).stem: page.data_uri(path) for path in figures if Path(path).suffix == ".png"}
    for path in inputs.inlined:
        shown |= files.read_json(path)
    study = Study(
        grid.with_setting(job.config, reference),
        of_setting(every, reference),
        shown,
        {Path(path).stem: page.data_uri(path) for path in inputs.csvs},
        made_by,
        every,
        written,
    )
    check_runs(job.config, study.every["runs"])
    files.write_text(yaml_files.dump(written), output.config)
    files.write_text(contents.render(study, inputs.page[0]), output.page)
    read += [*figures, *inputs.inlined, inputs.cost_of_activations]
    plan = records.Plan(**job.params.plan)
    records.write(output.provenance, plan, read, output, described, provenance.seconds(), **made_by)


def check_runs(config: Mapping, runs: pd.DataFrame) -> None:
    """Compare the table of runs with the config it is to be reported with.

    Raises:
        UserError: it is not the table of exactly these runs.
    """
    activations, folds = [entry["id"] for entry in config["activations"]], config["evaluation"]["folds"] or 1
    planned = product(activations, config["depths"], config["settings"], config["seeds"], range(folds))
    found = runs[parquet.RUN].astype({"activation": str, "setting": str}).itertuples(index=False, name=None)
    if sorted(found) != sorted(planned):
        raise UserError(
            f"results/{config['study']}/tables/runs.parquet holds other runs than are planned: "
            "delete it and run again."
        )
