"""`make benchmark-slurm`: jobs of SLURM and wall time of 300 networks, with and without groups and arrays.

On a cluster of two virtual nodes with two CPUs each, all of them on this machine: the numbers of jobs and of
requests are those of any cluster, the times are not.
"""

import argparse
import re
import tempfile
from pathlib import Path

import copies
import virtual_cluster
import yaml

STUDY = {
    "study": "small",
    "activations": ["sigmoid", "tanh", "relu", "leakyrelu", "elu"],
    "depths": [1, 2],
    "seeds": list(range(30)),
    "seeds_per_job": 10,
    "network": {"width": 16},
    "training": {"batch_size": 64, "max_epochs": 4},
    "device": "cpu",
}
GROUPS = ("groups", "group-components")
# What each way changes of the profile; None takes an entry away.
WAYS = {
    "each of Snakemake's jobs by itself": dict.fromkeys(GROUPS),
    "groups, as in the profile": {},
    "groups, and ten blocks a training job": {
        "groups": ["train=training"],
        "group-components": ["training=10"],
    },
    "arrays of training and of probes": dict.fromkeys(GROUPS)
    | {"slurm-array-jobs": "train, probe_gradients, probe_distributions, probe_dead_neurons"},
}


def run(cluster: virtual_cluster.Cluster, folder: Path, changes: dict) -> dict:
    """The study from images to report, in a copy of the project with the profile changed."""
    copies.copy(folder)
    path = folder / "profiles" / "slurm" / "config.yaml"
    profile = yaml.safe_load(path.read_text(encoding="utf-8"))
    for key, value in changes.items():
        if value is None:
            profile.pop(key)
        elif isinstance(value, list):
            profile[key] = profile[key] + value
        else:
            profile[key] = value
    path.write_text(yaml.safe_dump(profile), encoding="utf-8")
    (folder / "small.yaml").write_text(yaml.safe_dump(STUDY), encoding="utf-8")
    cluster.ask("sdiag", "--reset")
    arguments = ["--workflow-profile", "profiles/slurm", "--configfile", "small.yaml"]
    seconds, printed = copies.run(folder, *arguments, environment=cluster.environment)
    submissions = len(
        re.findall(r"^(?:Job \S+ has been submitted|Submitted array job)", printed, re.MULTILINE)
    )
    return dict(submissions=submissions, **cluster.load(), minutes=round(seconds / 60, 1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--way", action="append", choices=list(WAYS), help="only this one")
    ways = parser.parse_args().way or list(WAYS)
    why = virtual_cluster.missing()
    if why:
        raise SystemExit(f"no cluster can be started here: {why}")
    print("| | calls of sbatch | jobs of SLURM | requests to the controller | minutes |")
    print("| --- | --- | --- | --- | --- |")
    with (
        tempfile.TemporaryDirectory(prefix="actbench-") as folder,
        virtual_cluster.running(Path(folder) / "cluster") as cluster,
    ):
        for number, way in enumerate(ways):
            row = run(cluster, Path(folder) / str(number), WAYS[way])
            print(f"| {way} | " + " | ".join(str(value) for value in row.values()) + " |", flush=True)


if __name__ == "__main__":
    main()
