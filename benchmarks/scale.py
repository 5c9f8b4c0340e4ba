"""`make benchmark-scale`: planning, aggregation and report of studies of 100, 1,000 and 10,000 networks.

Those of the kind `fixed` have one setting and a fixed learning rate; those of the kind `recipes` the settings
and the searches of studies/fair.yaml. The networks are not trained: for each depth and setting one small
network is, for one epoch, and its tables are given to every activation and seed, with noise. What searches
find is made up. Everything after that is the workflow, in a copy of the project.
"""

import argparse
import functools
import math
import os
import resource
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from pathlib import Path

import copies
import numpy as np
import pandas as pd
import pyarrow as pa
import yaml
from actbench.analysis import aggregation
from actbench.data import prepared, splits
from actbench.data.subsets import Data
from actbench.networks import family
from actbench.probes import dead_neurons, distributions, gradients, registry
from actbench.probes import tables as measured
from actbench.runtime import provenance, seeds, sources
from actbench.storage import choices, files, histograms, manifest, parquet, yaml_files
from actbench.study import grid, settings
from actbench.training import cost, fitting, recipe, scoring, trials, tuning

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
        "softsign",
    ],
    "depths": list(range(1, 11)),
    "seeds_per_job": 10,
    "network": {"width": 16},
    "training": {"max_epochs": N_EPOCHS},
    "device": "cpu",
}
FAIR = yaml_files.read(copies.ROOT / "studies" / "fair.yaml")
RECIPES = {
    "training": STUDY["training"] | {"learning_rate": grid.TUNED},
    **{key: FAIR[key] for key in ("tuning", "settings")},
}
KINDS = {"fixed": {}, "recipes": RECIPES}
SIZES = {  # activations, depths, seeds
    "fixed": {100: (5, 2, 10), 1_000: (10, 10, 10), 10_000: (10, 10, 100)},
    "recipes": {100: (5, 2, 2), 1_000: (10, 10, 2), 10_000: (10, 10, 20)},
}
# Rules, files and jobs of the same shape and nothing else: what Snakemake itself takes to plan.
BARE = """
ACTIVATIONS, DEPTHS, SETTINGS, BLOCKS = range({}), range({}), range({}), range({})
SEARCHED = {}
SEARCH = "results/tuning/{{a}}/d{{d}}/{{s}}"
RUN = "results/runs/{{a}}/d{{d}}/{{s}}/b{{b}}"
TABLES = ["config", "runs", "history", "histograms", "gradients", "distributions", "dead_neurons"]

def every(path):
    keys = dict(a=ACTIVATIONS, d=DEPTHS, s=SETTINGS, b=BLOCKS, name=TABLES, file=SEARCHED)
    return lambda wildcards: expand(path, **keys)

rule all:
    input: "report"

rule data:
    output: "results/images"
    script: "script.py"

if SEARCHED:
    rule tune:
        input: "results/images"
        output: *[f"{{SEARCH}}/{{name}}" for name in SEARCHED]
        log: "results/logs/tune/{{a}}-d{{d}}-{{s}}"
        resources: gpu=1
        params: search=lambda wildcards: [wildcards.a, wildcards.d, wildcards.s]
        script: "script.py"

rule train:
    input: "results/images", *[f"{{SEARCH}}/{{name}}" for name in SEARCHED[:1]]
    output: *[f"{{RUN}}/{{name}}" for name in ["model", "cost", *TABLES[:4]]]
    log: "results/logs/train/{{a}}-d{{d}}-{{s}}-b{{b}}"
    resources: gpu=1
    params: block=lambda wildcards: [wildcards.a, wildcards.d, wildcards.s, wildcards.b]
    script: "script.py"

for name in TABLES[4:]:
    rule:
        name: f"probe_{{name}}"
        input: "results/images", *[f"{{RUN}}/{{name}}" for name in ["model", *TABLES[:2]]]
        output: f"{{RUN}}/{{name}}"
        log: f"results/logs/{{name}}/{{{{a}}}}-d{{{{d}}}}-{{{{s}}}}-b{{{{b}}}}"
        params: section=[1]
        script: "script.py"

rule aggregate:
    input: every(RUN + "/{{name}}"), every(RUN + "/cost"), every(SEARCH + "/{{file}}")
    output: "results/tables"
    script: "script.py"

rule report:
    input: "results/tables"
    output: "report"
    script: "script.py"
"""
N_OTHER_JOBS = 8  # images, functions, their time, theory, tables, two of figures, report
SPENT = {"seconds": 2.0, "n_images": 25_000, "flops": 10**9}
MEASURED = ("gradients", "distributions", "dead_neurons")
ORDER = aggregation.order(MEASURED)


class Study:
    """A copy of the project with the results of training, searches and probes made up."""

    def __init__(self, folder: Path, kind: str, size: tuple[int, int, int]):
        self.folder = folder
        copies.copy(folder)
        os.chdir(folder)
        self.config = configured(kind, size)
        (folder / "config.yaml").write_text(yaml.safe_dump(settings.written(self.config)), encoding="utf-8")
        counts = {name: len(values) for name, values in grid.values(self.config).items()}
        self.shape = tuple(counts.values())
        n_cells = counts["activation"] * counts["depth"] * counts["setting"]
        self.n_networks = n_cells * len(self.config["seeds"])
        self.n_jobs = n_cells * (4 * counts["block"] + grid.tuned(self.config)) + N_OTHER_JOBS

    def snakemake(self, *arguments: str) -> tuple[float, str]:
        """Seconds and output of one run."""
        return copies.snakemake(self.folder, *arguments)

    def make_up(self) -> None:
        """Write what training, searches and probing would, and let Snakemake take it for its own."""
        self.snakemake("--quiet", "all", "--until", "describe_activations", "theory")
        make_up(self.config, prepared.read("results/data/digits.safetensors"))
        copies.touch(self.folder, "--forceall", "--omit-from", "aggregate")


def configured(kind: str, size: tuple[int, int, int]) -> dict:
    """The resolved config of a study of this kind, with so many activations, depths and seeds."""
    n_activations, n_depths, n_seeds = size
    chosen = STUDY | {
        "activations": STUDY["activations"][:n_activations],
        "depths": STUDY["depths"][:n_depths],
        "seeds": list(range(n_seeds)),
    }
    schema = yaml_files.read(copies.ROOT / "workflow" / "schemas" / "config.schema.yaml")
    return settings.with_recipes(chosen | KINDS[kind], registry.with_sections(schema))


def make_up(resolved: dict, images: prepared.Prepared) -> None:
    """Write the files of every block and every search below results/scale."""
    blocks = grid.blocks(resolved["seeds"], resolved["seeds_per_job"])
    for depth, setting in product(resolved["depths"], resolved["settings"]):
        planned = grid.with_setting(resolved, setting)
        data = splits.split(images, planned["evaluation"], planned["normalisation"])
        templates = template(planned, depth, setting, data)
        for entry in planned["activations"]:
            cell = Path(entry["id"], f"d{depth}", setting)
            chosen = None
            if grid.tuned(planned):
                chosen = Path("results/scale/tuning", cell, choices.NAME)
                params = grid.training_params(planned, entry["spec"], depth, [])
                place = dict(zip(parquet.CELL, (entry["id"], depth, setting), strict=True))
                search(chosen, place, choices.search_params(params), images.digest)
            for name, own in blocks.items():
                folder = Path("results/scale/runs", cell, f"seeds{name}")
                params = grid.training_params(planned, entry["spec"], depth, own)
                write(folder, entry["id"], params, planned, templates, images.digest, chosen)


def template(planned: dict, depth: int, setting: str, data: Data) -> dict[str, pa.Table]:
    """Tables of one network of this depth and setting, trained for an epoch whose row is then repeated."""
    tuned = grid.tuned(planned)
    short = {"max_epochs": 1} | ({"learning_rate": 0.1} if tuned else {})
    asked = fitting.Settings(**planned["training"] | short)
    relu = next(entry["spec"] for entry in planned["activations"] if entry["id"] == "relu")
    built = recipe.of(data, grid.training_params(planned, relu, depth, [0]))
    network = family.build(built, seeds.generator(0, "weights"))
    (fit,) = fitting.fit([network], data, asked, [seeds.generator(0, "batches")])
    run = {"activation": "relu", "depth": depth, "setting": setting, "seed": 0, "fold": 0}
    score = run | {"learning_rate": asked.learning_rate} | scoring.score(network, data, fit)
    score |= {"epochs_run": N_EPOCHS, "trained": score["trained"] or not tuned}
    rows = {
        "runs": [score],
        "history": [run | fit.history[0] | {"epoch": e, "is_best": e == 1} for e in range(1, N_EPOCHS + 1)],
        "gradients": gradients.measure(network, data.train.x[:256], data.train.y[:256], 100),
        "distributions": distributions.measure(network, data.train.x[:1024], 100),
        "dead_neurons": dead_neurons.measure(network, data.train.x, 0.025),
    }
    for name in MEASURED:
        rows[name] = [run | {"checkpoint": c} | row for c in ("init", "trained") for row in rows[name]]
    probes = (measured.schema(registry.specs()[name]) for name in MEASURED)
    schemas = (scoring.RUNS, fitting.HISTORY, *probes)
    tables = {
        name: parquet.table(rows[name], schema, ORDER[name])
        for name, schema in zip(rows, schemas, strict=True)
    }
    tables["cost"] = parquet.table([run | SPENT], cost.SCHEMA, parquet.RUN)
    return tables | {"histograms": histograms.SCHEMA.empty_table()}


def search(chosen: Path, cell: dict, params: dict, images: str) -> None:
    """Write one search, as its job would: accuracies fall with the distance from some rate."""
    chosen.parent.mkdir(parents=True)
    generator = np.random.default_rng(abs(hash(str(chosen))))
    rates, best = params["tuning"]["learning_rate"], generator.uniform(-3, 0)
    epochs = {"epochs_run": params["tuning"]["max_epochs"]}
    rows, spent = [], []
    for rate, seed in product(rates, range(params["tuning"]["seeds"])):
        accuracy = math.exp(-((math.log10(rate) - best) ** 2)) * float(generator.uniform(0.8, 0.9))
        place = cell | {"fold": 0, "learning_rate": rate, "seed": seed}
        score = {"val_loss": -math.log(accuracy), "val_accuracy": accuracy, "score": accuracy}
        rows.append(place | epochs | {"status": "ok", "best_epoch": 1} | score)
        spent.append(place | epochs | SPENT)
    for name, found, schema in ((choices.TRIALS, rows, trials.TRIALS), (choices.COST, spent, trials.COST)):
        parquet.write(parquet.table(found, schema, trials.TRIAL), chosen.with_name(name))
    rate = {"fold": 0} | tuning.choose(rows, 0.325)
    choices.write(chosen.parent, [rate], params, images, described("tune"), 10.0)


def write(
    folder: Path,
    activation: str,
    params: dict,
    planned: dict,
    templates: Mapping[str, pa.Table],
    images: str,
    chosen: Path | None,
) -> None:
    """Write one block, as its four jobs would."""
    folder.mkdir(parents=True)
    generator = np.random.default_rng(abs(hash(str(folder))))
    rate = params["training"]["learning_rate"]
    if chosen:
        rate = choices.read(chosen)["rates"][0]["learning_rate"]
    files.write_text(str(folder), folder / manifest.MODEL)
    for name, table in templates.items():
        own = (_of_seed(table, activation, seed, rate, generator) for seed in params["seeds"])
        block = parquet.ordered(pa.concat_tables(own), ORDER.get(name, parquet.RUN))
        record = {
            "model": files.digest(folder / manifest.MODEL),
            "provenance": described(f"probe_{name}" if name in MEASURED else "train"),
            "seconds": 10.0,
        }
        measured = record | {"params": planned[f"probe_{name}"]} if name in MEASURED else None
        parquet.write(block, folder / f"{name}.parquet", measured)
    digest = files.digest(chosen) if chosen else None
    manifest.write(folder, params, [64, 10], images, described("train"), "tested", 10.0, digest)


@functools.cache
def described(stage: str) -> dict:
    """What a job says of itself."""
    script = f"workflow/scripts/{stage}.py"
    code = [script, *sources.imported(script, ["workflow/scripts"])]
    return provenance.describe({path: provenance.file_version(path) for path in code}, "cpu")


def _of_seed(
    table: pa.Table, activation: str, seed: int, rate: float, generator: np.random.Generator
) -> pa.Table:
    """A network's table as that of another one: its keys, and every mean or score up to a tenth off."""
    n, columns = table.num_rows, {name: table[name] for name in table.column_names}
    columns["activation"] = pa.array([activation] * n, pa.string()).dictionary_encode()
    columns["seed"] = pa.array([seed] * n, pa.int32())
    for name, column in columns.items():
        if name == "learning_rate":
            columns[name] = pa.array([rate] * n)
        elif column.type == pa.float64() and name not in ("low", "high") and not column.null_count:
            columns[name] = pa.array(np.asarray(column) * generator.uniform(0.9, 1.1, n))
    return pa.table(list(columns.values()), schema=table.schema)


def plan_bare(folder: Path, shape: tuple[int, int, int, int], searched: list[str]) -> float:
    """Seconds to plan a bare Snakefile of this shape, whose searches write these files."""
    folder.mkdir(parents=True)
    (folder / "script.py").touch()
    (folder / "Snakefile").write_text(BARE.format(*shape, searched), encoding="utf-8")
    return copies.snakemake(folder, "-n", "--quiet", "all")[0]


def measure(folder: Path, kind: str, size: tuple[int, int, int]) -> dict:
    """One row of the table of growth; only a process that measures one study knows its memory."""
    study = Study(folder, kind, size)
    searched = ["chosen", "trials", "cost"] if grid.tuned(study.config) else []
    row = {"kind": kind, "networks": study.n_networks, "jobs": study.n_jobs}
    row["bare_plan_s"] = plan_bare(folder.with_name(f"{folder.name}-bare"), study.shape, searched)
    row["plan_s"], _ = study.snakemake("-n", "--quiet", "all")
    study.make_up()
    study.snakemake()
    row["nothing_s"], output = study.snakemake("-n")
    if "Nothing to be done" not in output:
        raise SystemExit(f"Error: a second run would not do nothing:\n{output}")
    for stage in ("aggregate", "figures", "histogram_figures", "report"):
        imports, work, memory = copies.spent(Path(f"results/scale/logs/{stage}.log"))
        row |= {f"{stage}_cpu_s": imports + work, f"{stage}_gib": memory / 1024}
    row["most_gib"] = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024**2
    row["report_mb"] = Path("reports/scale.html").stat().st_size / 1e6
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, help="where the copies go; a few GB, and it must not exist")
    sizes = list(SIZES["fixed"])
    parser.add_argument("--networks", type=int, nargs="+", choices=sizes, default=sizes)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    given = parser.parse_args()
    folder = given.folder.resolve()
    studies = [(kind, n) for kind in given.kinds for n in given.networks]
    with ProcessPoolExecutor(1, max_tasks_per_child=1) as alone:
        jobs = [alone.submit(measure, folder / f"{kind}-{n}", kind, SIZES[kind][n]) for kind, n in studies]
        rows = [job.result() for job in jobs]
    print(pd.DataFrame(rows).round(2).T.to_string(header=False))


if __name__ == "__main__":
    main()
