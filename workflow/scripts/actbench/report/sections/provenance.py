"""Seeds, machines, versions, stages and the resolved configuration."""

from collections.abc import Mapping

import pandas as pd

from actbench.report import layer_findings
from actbench.report.section import Section, Study
from actbench.storage import parquet, yaml_files
from actbench.study import grid

STAGES = (
    "tune",
    "train",
    "probe_gradients",
    "probe_distributions",
    "probe_dead_neurons",
    "describe_activations",
    "theory",
    "time_activations",
    "aggregate",
    "figures",
    "histogram_figures",
)


def context(study: Study) -> dict:
    """See `Section`."""
    stages = stage_times(study.lineage)
    runs = study.every["runs"]
    finding = layer_findings.provenance(stages, len(runs), int((runs["status"] == "diverged").sum()))
    return {
        "finding": finding,
        "failures": failures(study.every["runs"], study.labels, grid.is_named(study.config)),
        "stages": stages,
        "config_yaml": yaml_files.dump(dict(study.written)),
        "downloads": {"stages": pd.DataFrame(stages)},
    }


def failures(runs: pd.DataFrame, labels: Mapping[str, str], named: bool) -> list[str]:
    """A line for each activation, depth and setting, which is said where `named`, of which runs diverged."""
    diverged = runs[runs["status"] == "diverged"]
    return [
        f"{labels[activation]}, depth {depth}{f', {setting}' if named else ''}: "
        f"seeds {', '.join(map(str, sorted(set(cell['seed']))))}"
        for (activation, depth, setting), cell in diverged.groupby(parquet.CELL, observed=True)
    ]


def stage_times(lineage: Mapping) -> list[dict]:
    """Jobs and their summed wall time in seconds, stage by stage; probes that `STAGES` lacks come last.

    `lineage` as `lineage.gather` gives it.
    """
    others = sorted(lineage["stages"].keys() - {*STAGES, "report"})
    return [
        {
            "name": stage,
            "jobs": sum(record["jobs"] for record in lineage["stages"][stage]),
            "seconds": lineage["stage_seconds"][stage],
        }
        for stage in (*STAGES, *others)
        if stage in lineage["stages"]
    ]


SECTION = Section(
    id="run",
    title="Provenance",
    template="provenance.html",
    tables=("runs",),
    context=context,
)
