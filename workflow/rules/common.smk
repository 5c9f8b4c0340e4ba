# The checked configuration, the grid and the paths; no rules.
import os
import sys
from pathlib import Path

import yaml

# Relative, so that a copied or moved folder has the same inputs as before.
ROOT = Path(os.path.relpath(workflow.basedir))
SCRIPTS = ROOT / "workflow" / "scripts"
sys.path.insert(0, str(SCRIPTS.resolve()))

from actbench import config as configuration
from actbench import devices, progress, sources
from actbench.errors import UserError

SCHEMA = yaml.safe_load(
    (ROOT / "workflow" / "schemas" / "config.schema.yaml").read_text()
)

try:
    configuration.check_duplicate_keys(workflow.configfiles)
    given = configuration.merged(config, workflow.config_settings.config)
    config.update(configuration.resolve(given, SCHEMA))
    ACTIVATIONS = {entry["id"]: entry for entry in config["activations"]}
    OWN_FILES = {
        key: configuration.user_file(entry["spec"], ".")
        for key, entry in ACTIVATIONS.items()
    }
except UserError as error:
    sys.exit(f"Config error: {error}")

STUDY = config["study"]
BLOCKS = configuration.blocks(config["seeds"], config["seeds_per_job"])
GPU = int(devices.resolve(config["device"]) == "cuda")

RESULTS = f"results/{STUDY}"
BLOCK = f"{RESULTS}/runs/{{activation}}/d{{depth}}/seeds{{block}}"
JOB = "{activation}-d{depth}-seeds{block}"
TABLES, FIGURES = f"{RESULTS}/tables", f"{RESULTS}/figures"
DATA = f"results/data/{config['dataset']}.safetensors"
TRAINED = dict(
    data=DATA,
    model=f"{BLOCK}/model.safetensors",
    config=f"{BLOCK}/config.json",
    runs=f"{BLOCK}/runs.parquet",
)
REPORT = f"reports/{STUDY}.html"
PROGRESS = f"{RESULTS}/logs/progress.txt"


wildcard_constraints:
    activation="|".join(re.escape(key) for key in ACTIVATIONS),
    depth="|".join(map(str, config["depths"])),
    block="|".join(BLOCKS),


def lib(script, own=False):
    """The script's own modules as inputs: edit one, and the stages that import it run again.

    With `own`, also the file of the user's activation that the wildcard names, and what it imports.
    """
    path = SCRIPTS / f"{script}.py"
    found = [str(path), *sources.imported(path, [SCRIPTS])]
    if not own:
        return found
    return lambda wildcards: [*found, *own_sources(OWN_FILES[wildcards.activation])]


def own_sources(path):
    """A user's activation module and what it imports from the working directory."""
    return [] if path is None else [str(path), *sources.imported(path, ["."])]


def every_block(path):
    """The path of a file of each block's folder, over the whole grid."""
    return expand(
        f"{BLOCK}/{path}", activation=ACTIVATIONS, depth=config["depths"], block=BLOCKS
    )


def every_activation(path):
    """The path of a file that there is once for each activation."""
    return expand(f"{RESULTS}/activations/{{key}}/{path}", key=ACTIVATIONS)


def timings():
    """The benchmark file of every planned job but the report's own."""
    stages = ["train", "probe_gradients", "probe_distributions", "probe_dead_neurons"]
    grid = dict(activation=ACTIVATIONS, depth=config["depths"], block=BLOCKS)
    return [
        *expand(f"{RESULTS}/timings/{{stage}}/{JOB}.tsv", stage=stages, **grid),
        *expand(f"{RESULTS}/timings/describe_activations/{{key}}.tsv", key=ACTIVATIONS),
        f"{RESULTS}/timings/aggregate.tsv",
        f"{RESULTS}/timings/figures.tsv",
    ]


def without_places():
    """The resolved config less what never changes a result: where data lie, what device trains."""
    return {
        key: value for key, value in config.items() if key not in ("data_dir", "device")
    }


def begin_progress(workflow):
    """Tell the training jobs how many of them there are."""
    planned = [job for job in workflow.dag.needrun_jobs() if job.rule.name == "train"]
    if planned:
        progress.begin(PROGRESS, len(planned))
