"""`make benchmark-around`: where the CPU time of a whole study goes, from nothing to the report.

Each job's log says how much went into starting Python and its imports and how much into work. Jobs that
train, tune, probe or look at functions are forks of one process, whose CPU time is in their logs alone; what
all other processes used beyond their own logs is Snakemake itself, with the processes that wait for forks.
"""

import argparse
import resource
import tempfile
import time
from pathlib import Path

import copies
import pandas as pd
import yaml
from actbench.data import prepared, splits

GROUPS = {
    "training": ("train",),
    "tuning": ("tune",),
    "probing": ("probe_gradients", "probe_distributions", "probe_dead_neurons"),
    "describing and timing activations": ("describe_activations", "time_activations"),
    "theory": ("theory",),
    "preparing data": ("prepare_data",),
    "aggregation": ("aggregate",),
    "figures": ("figures", "histogram_figures"),
    "report": ("report",),
}


def measure(folder: Path, arguments: list[str]) -> tuple[float, pd.DataFrame]:
    """Wall seconds, and CPU seconds by what they went into."""
    copies.copy(folder)
    before = _children()
    wall, _ = copies.snakemake(folder, *arguments)
    total = _children() - before
    (training,) = folder.glob("results/*/logs/train")
    logs = training.parent
    rows, imports, forked, n_jobs = [], 0.0, 0.0, 0
    for group, stages in GROUPS.items():
        pairs = [copies.spent(path)[:2] for stage in stages for path in _logs(logs, stage)]
        rows.append((group, sum(work for _, work in pairs)))
        imports, n_jobs = imports + sum(start for start, _ in pairs), n_jobs + len(pairs)
        forked += sum(map(sum, pairs))
    total += forked
    loading = _loading(logs.parent) * sum(
        len(list(_logs(logs, stage))) for stage in (*GROUPS["training"], *GROUPS["probing"])
    )
    rows[0], rows[2] = (rows[0][0], rows[0][1] - loading / 4), (rows[2][0], rows[2][1] - loading * 3 / 4)
    rows += [("loading data", loading), (f"starting Python and imports, {n_jobs} jobs", imports)]
    rows.append(("Snakemake itself", total - imports - sum(value for _, value in rows[:-1])))
    table = pd.DataFrame(rows, columns=["what", "cpu_seconds"])
    return wall, table.assign(share=table["cpu_seconds"] / total)


def _logs(folder: Path, stage: str):
    """The logs of all jobs of a stage; data are shared by studies and lie beside them."""
    if stage == "prepare_data":
        return folder.parent.parent.glob("data/logs/*.log")
    return [*folder.glob(f"{stage}/*.log"), *folder.glob(f"{stage}.log")]


def _loading(study: Path) -> float:
    """CPU seconds that one job takes to read, split and normalise its images."""
    resolved = yaml.safe_load((study / "config.yaml").read_text(encoding="utf-8"))
    times = []
    for _ in range(3):
        started = time.process_time()
        images = prepared.read(study.parent / "data" / f"{resolved['dataset']}.safetensors")
        splits.split(images, resolved["evaluation"], resolved["normalisation"])
        times.append(time.process_time() - started)
    return min(times)


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "arguments", nargs="*", help="for Snakemake, after --: a --configfile, --config values"
    )
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        wall, table = measure(Path(folder), given.arguments)
    print(f"wall time {wall:.0f} s, CPU time {table['cpu_seconds'].sum():.0f} s")
    for row in table.itertuples():
        print(f"{row.what:40} {row.cpu_seconds:8.1f} s {100 * row.share:6.1f} %")


if __name__ == "__main__":
    main()
