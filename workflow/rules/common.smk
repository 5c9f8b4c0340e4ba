# The checked configuration, the grid and the paths; no rules.
import os
import sys
import time
from functools import cache
from pathlib import Path

from snakemake.logging import logger

# Whether another workflow uses this one with `module`: then its config alone counts, and no handler fires.
AS_MODULE = not workflow.modifier.is_main_snakefile()
HERE = workflow.current_basedir.get_path_or_uri(secret_free=True)
if not Path(HERE).is_dir():
    sys.exit(
        f"Error: the Snakefile is read from {HERE}; allowed: a folder of this machine, since jobs load from it."
    )
# Relative, so that a copied or moved folder has the same inputs as before.
ROOT = Path(os.path.relpath(Path(HERE).parents[1]))
SCRIPTS = ROOT / "workflow" / "scripts"
PAGES = ROOT / "workflow" / "report"
# This checkout's package and its source, whatever PYTHONPATH says and whatever was imported before.
for name in [name for name in sys.modules if name.partition(".")[0] == "actbench"]:
    del sys.modules[name]
sys.path.insert(0, str(SCRIPTS.resolve()))
sys.pycache_prefix = os.devnull
from actbench.runtime import imports

imports.install()
from actbench.study import config as configuration
from actbench.study import (
    activations,
    claims,
    estimate,
    grid,
    settings,
    status,
    study_files,
)
from actbench.data import catalogue
from actbench.figures import looks, shown
from actbench.networks import family
from actbench.probes import registry
from actbench.runtime import (
    bottom_line,
    cluster,
    devices,
    fork_server,
    orphans,
    preflight,
    progress,
    provenance,
    sources,
    streams,
    waiting,
)
from actbench.storage import choices, files, records, yaml_files
from actbench.theory import expectation
from actbench.verification import checkpoint_files, published
from actbench.errors import UserError

# Snakemake ends, and its jobs with it, when its terminal is gone (`snakemake 2>&1 | head`).
streams.never_fail(logger.handlers)
# Snakemake takes braces for wildcards, in the middle of the run.
for folder in (str(Path.cwd()), str(ROOT.resolve())):
    if "{" in folder or "}" in folder:
        sys.exit(
            f"Error: the project's folder is {folder}; allowed: a path without {{ and }}."
        )
orphans.announce()
cluster.name_user()
# A module's `prefix:` for a path; Snakemake puts it before those of rules by itself.
placed = workflow.modifier.path_modifier.replace_prefix
try:
    SCHEMA = registry.with_sections(
        yaml_files.read(ROOT / "workflow" / "schemas" / "config.schema.yaml")
    )
except UserError as error:
    sys.exit(f"Error: {error}")
PROJECT = Path("config.yaml")
if PROJECT.is_file() and not AS_MODULE:
    # No `configfile:` in the Snakefile, for Snakemake would merge the file into every study of --configfile.
    workflow.configfiles.append(PROJECT)


def given_config():
    """What the user wrote: for a module what `config:` hands over, else files and command line."""
    options = workflow.config_settings
    if AS_MODULE:
        return study_files.of_module(config, workflow.modifier.skip_configfile)
    if options.replace_workflow_config:
        raise UserError(
            "--replace-workflow-config is given; allowed: to leave it out, since a --configfile takes the "
            f"place of {PROJECT} by itself."
        )
    return study_files.given(options.configfiles, PROJECT, options.config_args, SCHEMA)


try:
    # A name of its own: the config that was given may belong to the workflow that uses this one.
    config = settings.with_recipes(given_config(), SCHEMA)
    # Studies whose networks are trained: the one of the config, and those that verification asks for.
    STUDIES = {config["study"]: config}
    if config["verify"] == "full":
        STUDIES |= study_files.references(config["study"], ROOT / "studies", SCHEMA)
    ACTIVATIONS = {entry["id"]: entry for entry in config["activations"]}
    OWN_FILES = {
        key: activations.user_files(entry["spec"], ".")
        for key, entry in ACTIVATIONS.items()
    }
except UserError as error:
    of_module = f"module {workflow.modifier.namespace}: " if AS_MODULE else ""
    sys.exit(f"Config error: {of_module}{error}")
try:
    for study in STUDIES:
        settings.refuse_older(placed(f"results/{study}"))
except UserError as error:
    sys.exit(f"Error: {error}")

STUDY = config["study"]
# Those that this study measures with.
PROBES = registry.enabled(config)
# The recipe that figures and most of the report show.
REFERENCE = config["settings"][grid.reference(config)]
LABELS = {key: entry["label"] for key, entry in ACTIVATIONS.items()}
SPECS = {key: entry["spec"] for key, entry in sorted(ACTIVATIONS.items())}
GRID = grid.values(config)
GPU = int(devices.resolve(config["device"]) == "cuda")
if GPU and config["device"] == "auto":
    # A GPU of this machine says nothing about the nodes of a cluster: there `auto` is cpu. A function, since
    # the executor is not known yet; not always one, since planning takes 1 ms for each call. Snakemake calls
    # it when a job is about to start: `check_device` has looked by then.
    GPU = lambda wildcards: int(
        not devices.refused() and workflow.local_exec and not workflow.remote_exec
    )

RESULTS = f"results/{STUDY}"
RUNS = "results/{study}/runs/{activation}/d{depth}/{setting}/seeds{block}"
BLOCK = RUNS.replace("{study}", STUDY)
JOB = "{activation}-d{depth}-{setting}-seeds{block}"
TUNING = "results/{study}/tuning/{activation}/d{depth}/{setting}"
# A job's networks, in the messages of its rule.
NETWORKS = "{wildcards.activation}, depth {wildcards.depth}, "
if any(map(grid.is_named, STUDIES.values())):
    NETWORKS += "{wildcards.setting}, "
NETWORKS += "seeds {wildcards.block}"
TABLES, FIGURES = f"{RESULTS}/tables", f"{RESULTS}/figures"
IMAGES = "results/data/{dataset}.safetensors"
DATA = IMAGES.format(dataset=config["dataset"])
TRAINED = dict(
    data=DATA,
    model=f"{BLOCK}/model.safetensors",
    config=f"{BLOCK}/config.json",
    runs=f"{BLOCK}/runs.parquet",
)
REPORT = f"reports/{STUDY}.html"
PROVENANCE = f"{RESULTS}/provenance.json"
MADE_BY = f"{RESULTS}/made_by/{{stage}}.json"
TABLES_MADE_BY = MADE_BY.format(stage="aggregate")
PROGRESS = f"{RESULTS}/logs/progress.txt"

RECIPES = [
    recipe for planned in STUDIES.values() for recipe in planned["settings"].values()
]
GRIDS = [grid.values(planned) for planned in STUDIES.values()]
# The settings of this study whose learning rates are searched.
TUNED = [name for name, recipe in config["settings"].items() if grid.tuned(recipe)]


wildcard_constraints:
    **{key: grid.one_of(values[key] for values in GRIDS) for key in GRID},
    study="|".join(STUDIES),
    dataset="|".join(catalogue.DATASETS),


def code(script, own=False):
    """A param: the files that the script is made of, with a digest of each. Edit one, and the stages
    that import it run again.

    A param and not inputs, for with these each job had 25 inputs more, and planning takes time for every one.
    With `own`, also the module of the network family, the file of the user's activation that the wildcard
    names, and what they import.
    """
    found = code_of(script)
    if not own:
        return Recorded(found)
    families = {family_module(recipe) for recipe in RECIPES}
    if len(families) == 1 and not any(OWN_FILES.values()):
        return found | code_of(*families)
    return lambda wildcards: (
        found
        | code_of(family_module(recipe_of(wildcards)))
        | own_code(wildcards.activation)
    )


def recipe_of(wildcards):
    """The recipe of a job's networks."""
    planned = STUDIES[wildcards.get("study", STUDY)]
    return planned["settings"][wildcards.setting]


def family_module(recipe):
    """The module of a recipe's network family, as `code_of` takes it."""
    return f"actbench/networks/families/{recipe['network']['family']}"


@cache
def code_of(script):
    """The digests of a script, or of a module of the package, and of all that it imports of the package."""
    path = SCRIPTS / f"{script}.py"
    return versions(str(path), *sources.imported(path, [SCRIPTS]))


def versions(*paths):
    """The digest of each file."""
    return {path: provenance.file_version(path) for path in paths}


@cache
def own_code(activation):
    """The same of a user's activation module and what it imports from the working directory."""
    return versions(*OWN_FILES.get(activation, []))


def every_own_code():
    """The same of all activations of the study."""
    found = {}
    for activation in sorted(ACTIVATIONS):
        found |= own_code(activation)
    return found


# The first is the reference.
POSITIONS = {name: position for position, name in enumerate(config["settings"])}
# What the numbers of the study's tables depend on: not its name, labels, or order of keys.
NUMBERS = {
    **{
        key: config[key]
        for key in SCHEMA["properties"]
        if key in config
        and key not in (*configuration.PLACES, "study", "activations")
        and (TUNED or key != "tuning")
    },
    **grid.own_data(config),
    "activations": SPECS,
    "settings": {
        name: dict(position=position, overrides=config["settings"][name]["overrides"])
        for name, position in sorted(POSITIONS.items())
    },
    "reference": next(iter(config["settings"])),
}
MEASURING = [
    "prepare_data",
    *(["tune"] if TUNED else []),
    "train",
    *sorted({family_module(recipe) for recipe in config["settings"].values()}),
    *[probe.rule for probe in PROBES.values()],
    "describe_activations",
    "theory",
]


def prepared_by(planned):
    """A param: what a study's data set must have been prepared by, see `acquire.prepare`."""
    by_code = provenance.named(code_of("prepare_data"), SCRIPTS)
    return files.digest_of(by_code | catalogue.identity(planned.get("own_data")))


PREPARED_BY = prepared_by(config)
# The same for a rule of several studies; a function only where they differ, since these take time to plan.
EACH_PREPARED_BY = PREPARED_BY
if len(set(map(prepared_by, STUDIES.values()))) > 1:
    EACH_PREPARED_BY = lambda wildcards: prepared_by(STUDIES[wildcards.study])


def plan(params, *scripts):
    """A param: what the files of a stage must have been made with, see `records.Plan`; the code is that of
    these scripts and modules and of all activations."""
    found = every_own_code()
    for script in scripts:
        found |= code_of(script)
    return Recorded(params=params, code=provenance.named(found, SCRIPTS))


def every_block(path):
    """The path of a file of each block's folder, over the whole grid."""
    return expand(f"{BLOCK}/{path}", **GRID)


def every_search(path):
    """The same of a file of each search's folder."""
    values = GRID | dict(setting=TUNED)
    return expand(f"{TUNING}/{path}", study=STUDY, **values) if TUNED else []


def params_of(study, activation, depth, setting, seeds):
    """All that the numbers of these networks depend on."""
    planned = grid.with_setting(STUDIES[study], setting)
    specs = {entry["id"]: entry["spec"] for entry in planned["activations"]}
    return grid.training_params(planned, specs[activation], depth, seeds)


def block_params(wildcards):
    """The params of one block of one study."""
    planned = STUDIES[wildcards.study]
    seeds = grid.blocks(planned["seeds"], planned["seeds_per_job"])
    return params_of(
        wildcards.study,
        wildcards.activation,
        int(wildcards.depth),
        wildcards.setting,
        seeds[wildcards.block],
    )


def search_params(wildcards):
    """The params of one search for a learning rate."""
    cell = (wildcards.activation, int(wildcards.depth), wildcards.setting)
    return choices.search_params(params_of(wildcards.study, *cell, seeds=[]))


def chosen_of(wildcards):
    """What the search chose whose learning rates a block's networks are trained with."""
    tuned = grid.tuned(recipe_of(wildcards))
    return f"{TUNING}/chosen.json".format(**wildcards) if tuned else []
