"""`make benchmark-scale`: planning, aggregation and report of studies of 100, 1,000 and 10,000 networks.

The networks are not trained: for each depth one small network is, for one epoch, and its tables are given
to every activation and seed, with noise. Everything after that is the workflow, in a copy of the project.
"""

import argparse
import functools
import os
from pathlib import Path

import copies
import numpy as np
import pandas as pd
import pyarrow as pa
import yaml
from actbench.analysis import aggregation
from actbench.data import prepared, splits
from actbench.networks.families import mlp
from actbench.networks.family import Recipe
from actbench.probes import dead_neurons, distributions, gradients, registry
from actbench.probes import tables as measured
from actbench.runtime import provenance, seeds, sources
from actbench.storage import files, histograms, manifest, parquet, yaml_files
from actbench.study import config, grid
from actbench.training import cost, fitting

N_EPOCHS = 20
STUDY = {
    "study": "scale",
    "activations": [
        "sigmoid",
        "tanh",
        "relu",
        "leakyrelu",
        "elu",
        "swish",
        "gelu",
        "selu",
        "mish",
        "softplus",
    ],
    "depths": list(range(1, 11)),
    "seeds_per_job": 10,
    "network": {"width": 16},
    "training": {"max_epochs": N_EPOCHS},
    "device": "cpu",
}
SIZES = {100: (5, 2, 10), 1_000: (10, 10, 10), 10_000: (10, 10, 100)}  # activations, depths, seeds
# Rules, files and jobs of the same shape and nothing else: what Snakemake itself takes to plan.
BARE = """
ACTIVATIONS, DEPTHS, BLOCKS = range({}), range({}), range({})
RUN = "results/{{a}}/d{{d}}/b{{b}}"
TABLES = ["config", "runs", "history", "histograms", "gradients", "distributions", "dead_neurons"]

rule all:
    input: "report"

rule data:
    output: "results/images"
    script: "script.py"

rule train:
    input: "results/images"
    output: *[f"{{RUN}}/{{name}}" for name in ["model", *TABLES[:4]]], "results/cost/{{a}}-d{{d}}-b{{b}}"
    log: "results/logs/train/{{a}}-d{{d}}-b{{b}}"
    benchmark: "results/timings/train/{{a}}-d{{d}}-b{{b}}"
    resources: gpu=1
    params: block=lambda wildcards: [wildcards.a, wildcards.d, wildcards.b]
    script: "script.py"

for name in TABLES[4:]:
    rule:
        name: f"probe_{{name}}"
        input: "results/images", *[f"{{RUN}}/{{name}}" for name in ["model", *TABLES[:2]]]
        output: f"{{RUN}}/{{name}}"
        log: f"results/logs/{{name}}/{{{{a}}}}-d{{{{d}}}}-b{{{{b}}}}"
        benchmark: f"results/timings/{{name}}/{{{{a}}}}-d{{{{d}}}}-b{{{{b}}}}"
        params: section=[1]
        script: "script.py"

rule aggregate:
    input: expand(RUN + "/{{name}}", a=ACTIVATIONS, d=DEPTHS, b=BLOCKS, name=TABLES)
    output: "results/tables"
    script: "script.py"

rule report:
    input: "results/tables", expand("results/cost/{{a}}-d{{d}}-b{{b}}", a=ACTIVATIONS, d=DEPTHS, b=BLOCKS)
    output: "report"
    script: "script.py"
"""
N_OTHER_JOBS = 7  # images, functions, their time, tables, two of figures, report
MEASURED = ("gradients", "distributions", "dead_neurons")
ORDER = aggregation.order(MEASURED)


class Study:
    """A copy of the project with the results of training and probes made up."""

    def __init__(self, folder: Path, size: tuple[int, int, int]):
        self.folder = folder
        copies.copy(folder)
        n_activations, n_depths, n_seeds = size
        chosen = STUDY | {
            "activations": STUDY["activations"][:n_activations],
            "depths": STUDY["depths"][:n_depths],
            "seeds": list(range(n_seeds)),
        }
        (folder / "config.yaml").write_text(yaml.safe_dump(chosen, sort_keys=False), encoding="utf-8")
        schema = registry.with_sections(yaml_files.read(folder / "workflow/schemas/config.schema.yaml"))
        os.chdir(folder)
        self.config = config.resolve(chosen, schema)
        self.n_networks = n_activations * n_depths * n_seeds

    def snakemake(self, *arguments: str) -> tuple[float, str]:
        """Seconds and output of one run."""
        return copies.snakemake(self.folder, *arguments)

    def make_up(self) -> None:
        """Write what training and probing would, and let Snakemake take it for its own."""
        self.snakemake("--quiet", "all", "--until", "prepare_data", "describe_activations", "theory")
        images = prepared.read("results/data/digits.safetensors")
        data = splits.split(images, self.config["evaluation"], self.config["normalisation"])
        blocks = grid.blocks(self.config["seeds"], self.config["seeds_per_job"])
        written = []
        for depth in self.config["depths"]:
            templates = template(self.config, depth, data)
            for entry in self.config["activations"]:
                for name, own in blocks.items():
                    folder = Path(f"results/scale/runs/{entry['id']}/d{depth}/default/seeds{name}")
                    params = grid.training_params(self.config, entry["spec"], depth, own)
                    write(folder, entry["id"], params, self.config, templates, images.digest)
                    written += [str(path) for path in folder.iterdir()]
        for start in range(0, len(written), 5000):
            self.snakemake("--quiet", "all", "--touch", "--force", "--", *written[start : start + 5000])


def template(resolved: dict, depth: int, data) -> dict[str, pa.Table]:
    """Tables of one network of this depth, trained for an epoch whose row is then repeated."""
    recipe = fitting.Settings(**resolved["training"] | {"max_epochs": 1})
    sizes = [64, *resolved["network"]["hidden_sizes"][resolved["depths"].index(depth)], 10]
    network = mlp.build(Recipe(sizes, "relu"), seeds.generator(0, "weights"))
    (fit,) = fitting.fit([network], data, recipe, [seeds.generator(0, "batches")])
    run = {"activation": "relu", "depth": depth, "setting": "default", "seed": 0, "fold": 0}
    rows = {
        "runs": [
            run
            | {"learning_rate": recipe.learning_rate}
            | fitting.score(network, data, fit)
            | {"epochs_run": N_EPOCHS, "trained": True}
        ],
        "history": [run | fit.history[0] | {"epoch": e, "is_best": e == 1} for e in range(1, N_EPOCHS + 1)],
        "gradients": gradients.measure(network, data.train.x[:256], data.train.y[:256], 100),
        "distributions": distributions.measure(network, data.train.x[:1024], 100),
        "dead_neurons": dead_neurons.measure(network, data.train.x, 0.025),
    }
    for name in MEASURED:
        rows[name] = [run | {"checkpoint": c} | row for c in ("init", "trained") for row in rows[name]]
    probes = (measured.schema(registry.specs()[name]) for name in MEASURED)
    schemas = (fitting.RUNS, fitting.HISTORY, *probes)
    tables = {
        name: parquet.table(rows[name], schema, ORDER[name])
        for name, schema in zip(rows, schemas, strict=True)
    }
    spent = {"seconds": 2.0, "n_images": 25_000, "flops": 10**9}
    tables["cost"] = parquet.table([run | spent], cost.SCHEMA, parquet.RUN)
    return tables | {"histograms": histograms.SCHEMA.empty_table()}


def write(folder: Path, activation: str, params: dict, resolved: dict, templates: dict, images: str) -> None:
    """Write one block, as its four jobs would."""
    folder.mkdir(parents=True)
    generator = np.random.default_rng(abs(hash(str(folder))))
    files.write_text(str(folder), folder / manifest.MODEL)
    for name, table in templates.items():
        block = pa.concat_tables([_of_seed(table, activation, seed, generator) for seed in params["seeds"]])
        block = parquet.ordered(block, ORDER.get(name, parquet.RUN))
        record = {
            "model": files.digest(folder / manifest.MODEL),
            "provenance": described(f"probe_{name}" if name in MEASURED else "train"),
            "seconds": 10.0,
        }
        measured = record | {"params": resolved[f"probe_{name}"]} if name in MEASURED else None
        parquet.write(block, folder / f"{name}.parquet", measured)
    manifest.write(folder, params, [64, 10], images, described("train"), "tested", 10.0)


@functools.cache
def described(stage: str) -> dict:
    """What a job says of itself."""
    script = f"workflow/scripts/{stage}.py"
    code = [script, *sources.imported(script, ["workflow/scripts"])]
    return provenance.describe({path: provenance.file_version(path) for path in code}, "cpu")


def _of_seed(table: pa.Table, activation: str, seed: int, generator: np.random.Generator) -> pa.Table:
    """A network's table as that of another one: its keys, and every mean or score up to a tenth off."""
    n, columns = table.num_rows, {name: table[name] for name in table.column_names}
    columns["activation"] = pa.array([activation] * n, pa.string()).dictionary_encode()
    columns["seed"] = pa.array([seed] * n, pa.int32())
    for name, column in columns.items():
        if column.type == pa.float64() and name not in ("low", "high") and not column.null_count:
            columns[name] = pa.array(np.asarray(column) * generator.uniform(0.9, 1.1, n))
    return pa.table(list(columns.values()), schema=table.schema)


def plan_bare(folder: Path, size: tuple[int, int, int]) -> float:
    """Seconds to plan a bare Snakefile of this shape."""
    folder.mkdir(parents=True)
    (folder / "script.py").touch()
    (folder / "Snakefile").write_text(BARE.format(*size[:2], -(-size[2] // 10)), encoding="utf-8")
    return copies.snakemake(folder, "-n", "--quiet", "all")[0]


def measure(folder: Path, size: tuple[int, int, int]) -> dict:
    """One row of the table of growth."""
    study = Study(folder, size)
    row = {"networks": study.n_networks, "jobs": 4 * size[0] * size[1] * -(-size[2] // 10) + N_OTHER_JOBS}
    row["bare_plan_s"] = plan_bare(folder.with_name(f"{folder.name}-bare"), size)
    row["plan_s"], _ = study.snakemake("-n", "--quiet", "all")
    study.make_up()
    study.snakemake()
    row["nothing_s"], output = study.snakemake("-n")
    if "Nothing to be done" not in output:
        raise SystemExit(f"Error: a second run would not do nothing:\n{output}")
    for stage in ("aggregate", "figures", "histogram_figures", "report"):
        imports, work, memory = copies.spent(Path(f"results/scale/logs/{stage}.log"))
        row |= {f"{stage}_cpu_s": imports + work, f"{stage}_gib": memory / 1024}
    row["report_mb"] = Path("reports/scale.html").stat().st_size / 1e6
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, help="where the copies go; a few GB, and it must not exist")
    parser.add_argument("--networks", type=int, nargs="+", choices=SIZES, default=list(SIZES))
    given = parser.parse_args()
    folder = given.folder.resolve()
    rows = [measure(folder / str(n), SIZES[n]) for n in given.networks]
    print(pd.DataFrame(rows).round(2).to_string(index=False))


if __name__ == "__main__":
    main()
