# The checked configuration, the grid and the paths; no rules.
import importlib.util
import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

from snakemake.io import IOFile
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
from actbench.study import activations, grid, study_files
from actbench.data import catalogue
from actbench.figures import shown
from actbench.probes import registry
from actbench.runtime import (
    cluster,
    devices,
    orphans,
    progress,
    provenance,
    sources,
    streams,
)
from actbench.storage import files, records, yaml_files
from actbench.verification import published
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
PROBES = registry.specs()
SCHEMA = registry.with_sections(
    yaml_files.read(ROOT / "workflow" / "schemas" / "config.schema.yaml")
)
PROJECT = Path("config.yaml")
if PROJECT.is_file() and not AS_MODULE:
    # No `configfile:` in the Snakefile, for Snakemake would merge the file into every study of --configfile.
    workflow.configfiles.append(PROJECT)


def given_config():
    """What the user wrote: for a module what `config:` hands over, else files and command line."""
    settings = workflow.config_settings
    if AS_MODULE:
        return study_files.of_module(config, workflow.modifier.skip_configfile)
    if settings.replace_workflow_config:
        raise UserError(
            "--replace-workflow-config is given; allowed: to leave it out, since a --configfile takes the "
            f"place of {PROJECT} by itself."
        )
    return study_files.given(
        settings.configfiles, PROJECT, settings.config_args, SCHEMA
    )


try:
    # A name of its own: the config that was given may belong to the workflow that uses this one.
    config = configuration.resolve(given_config(), SCHEMA)
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

STUDY = config["study"]
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
RUNS = "results/{study}/runs/{activation}/d{depth}/seeds{block}"
BLOCK = RUNS.replace("{study}", STUDY)
JOB = "{activation}-d{depth}-seeds{block}"
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
FAILURES = cluster.Failures()

UVA, MLP = study_files.REFERENCES
ORACLE = "results/verification/mlp_classifier/{activation}.parquet"
COMPARED = "+".join(config["studies"]) or "nothing"
VERIFICATION = dict(
    page="reports/verification.html",
    csv="results/verification.csv",
    record="results/verification/verification.json",
)


GRIDS = [grid.values(planned) for planned in STUDIES.values()]


wildcard_constraints:
    **{key: grid.one_of(values[key] for values in GRIDS) for key in GRID},
    study="|".join(STUDIES),
    dataset="|".join(catalogue.DATASETS),


def code(script, own=False):
    """A param: the files that the script is made of, with a digest of each. Edit one, and the stages
    that import it run again.

    A param and not inputs, for with these each job had 25 inputs more, and planning takes time for every one.
    With `own`, also the file of the user's activation that the wildcard names, and what it imports.
    """
    found = code_of(script)
    if not own or not any(OWN_FILES.values()):
        return found
    return lambda wildcards: found | own_code(wildcards.activation)


@cache
def code_of(script):
    """The digests of a script and of all that it imports of the package."""
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


# What the numbers of the study's tables depend on: not its name, labels, or order of keys.
NUMBERS = {
    **{
        key: config[key]
        for key in SCHEMA["properties"]
        if key not in (*configuration.PLACES, "study", "activations")
    },
    "activations": SPECS,
}
MEASURING = [
    "prepare_data",
    "train",
    *[probe.rule for probe in PROBES.values()],
    "describe_activations",
]
PREPARED_BY = files.digest_of(provenance.named(code_of("prepare_data"), SCRIPTS))


def plan(params, *scripts):
    """A param: what the files of a stage must have been made with, see `records.Plan`; the code is that of
    these scripts and of all activations."""
    found = every_own_code()
    for script in scripts:
        found |= code_of(script)
    return Shown(params=params, code=provenance.named(found, SCRIPTS))


def every_block(path):
    """The path of a file of each block's folder, over the whole grid."""
    return expand(f"{BLOCK}/{path}", **GRID)


def without_places():
    """The resolved config less what never changes the study: data's place, device, what other targets read.

    In the schema's order, since Snakemake compares params as text.
    """
    return {
        key: config[key]
        for key in SCHEMA["properties"]
        if key not in configuration.PLACES
    }


def params_of(study, activation, depth, seeds):
    """All that the numbers of these networks depend on."""
    planned = STUDIES[study]
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
        seeds[wildcards.block],
    )


def reference_runs(study, depth):
    """The scores of one depth of a study whose published numbers are known, with the params of each file."""
    planned = STUDIES[study]
    seeds = grid.blocks(planned["seeds"], planned["seeds_per_job"])
    return {
        f"{RUNS}/runs.parquet".format(
            study=study, activation=activation, depth=depth, block=block
        ): params_of(study, activation, depth, seeds[block])
        for activation in grid.values(planned)["activation"]
        for block in seeds
    }


def oracle_params(activation):
    """What scikit-learn's classifier is trained with."""
    return params_of(MLP, activation, 1, STUDIES[MLP]["seeds"])


def trained_references():
    """What the full verification compares: our runs, and those of scikit-learn's classifier, with their params."""
    if config["verify"] != "full":
        return {}
    names = grid.values(STUDIES[MLP])["activation"]
    return dict(
        runs=reference_runs(UVA, depth=published.UVA_DEPTH),
        mlp_runs=reference_runs(MLP, depth=1),
        oracle={ORACLE.format(activation=name): oracle_params(name) for name in names},
    )


def report_of_this_study(wildcards):
    """The report, unless it was made with another config or code and Snakemake has no record to see that.

    Results that were copied without .snakemake would pass for up to date, whatever the config says.
    """
    if taken_as_it_is(REPORT):
        checked_record(PROVENANCE, REPORT_PLAN, REPORT)
    return REPORT


def tables_record(wildcards):
    """The record of the study's tables, for whoever reads one, unless it is of another config or code."""
    if taken_as_it_is(TABLES_MADE_BY):
        checked_record(TABLES_MADE_BY, TABLES_PLAN)
    return TABLES_MADE_BY


@cache
def taken_as_it_is(path):
    """Whether Snakemake would take a file for up to date whatever it was made with."""
    settings = workflow.dag_settings
    by_params = "PARAMS" in {trigger.name for trigger in workflow.rerun_triggers}
    known = workflow.persistence.metadata(IOFile(placed(path))) and by_params
    return (
        Path(placed(path)).exists()
        and (workflow.touch or not known)
        and not settings.forcerun
        and not (settings.forceall and not workflow.touch)
    )


def checked_record(path, planned, *files):
    """Compare a record with the plan; Snakemake would build on what does not fit."""
    try:
        records.checked(
            placed(path), records.Plan(**planned), [placed(file) for file in files]
        )
    except UserError as error:
        sys.exit(f"Error: {error}")


class Shown(dict):
    """A param with words of the user's, such as labels, of a rule whose outputs are archived.

    The archive holds a text of the params inside of a script, unescaped: no "<" may be in it. It stays the
    literal of the same dict, which is what the rule's script gets.
    """

    def __repr__(self):
        return super().__repr__().replace("<", r"\x3c")

    def __reduce__(self):
        return dict, (dict(self),)


def archived(path, caption, category, **labels):
    """An output that is shown in the archive of `snakemake --report`: where, and with which caption.

    The summary of a further probe has no caption of its own, but a general one.
    """
    if not (PAGES / "captions" / f"{caption}.rst").is_file():
        caption = "by_layer"
    caption = f"../report/captions/{caption}.rst"
    return report(path, caption=caption, category=category, labels=checked(labels))


def checked(labels):
    """Labels of an archived output, which are asked for when the archive is made: it is checked then."""

    def after_a_check(wildcards):
        check_archived()
        return labels

    return after_a_check


@cache
def check_archived():
    """Compare all that the archive of `snakemake --report` shows with the plan."""
    plans = {
        TABLES_MADE_BY: TABLES_PLAN,
        rules.figures.output.made_by: FIGURES_PLAN,
        rules.histogram_figures.output.made_by: HISTOGRAMS_PLAN,
        PROVENANCE: REPORT_PLAN,
    }
    try:
        for path, planned in plans.items():
            found = records.read(placed(path))
            found.expect(records.Plan(**planned))
            found.vouch(found.paths())
            # What aggregation read, the blocks, was compared with the tables when these were made.
            if path != TABLES_MADE_BY:
                found.vouch(found.paths("inputs"), "inputs")
    except UserError as error:
        sys.exit(f"Error: {error}")


def shown_labels(depths=1):
    """The labels of the activations that a figure shows."""
    return {key: LABELS[key] for key in shown.activations(config, depths)}


def shown_figures(files):
    """Those of a rule's outputs that the page shows."""
    return [path for path in files if path.endswith((".svg", ".png"))]


def compared(path):
    """The path of a file of each of the two studies that `snakemake compare` puts side by side."""

    def of_both(wildcards):
        if len(config["studies"]) != 2:
            sys.exit('Config error: compare needs two: --config studies="[a, b]".')
        for name in config["studies"]:
            needed = placed(f"results/{name}/config.yaml")
            if name != STUDY and not Path(needed).is_file():
                sys.exit(
                    f"Config error: studies: {name} has no {needed}; run that study first."
                )
        return [f"results/{name}/{path}" for name in config["studies"]]

    return of_both


def page(template, *more):
    """A template, what every page shares with it, and `more`; a module's `prefix:` is not for them."""
    return [
        local(f"{PAGES}/{name}") if AS_MODULE else f"{PAGES}/{name}"
        for name in (template, "head.html", "macros.html", "page.css", *more)
    ]


def asked_for(workflow, rule):
    """Whether a rule was a target of this run."""
    return any(job.rule.name == rule for job in workflow.dag.targetjobs)


def check_own_activations(planned):
    """Try the user's activations that are to be trained before anything trains; without torch here, jobs do."""
    keys = {job.wildcards.activation for job in planned if job.rule.name == "train"}
    own = {key: SPECS[key] for key in sorted(keys & SPECS.keys()) if OWN_FILES[key]}
    if not own or importlib.util.find_spec("torch") is None:
        return
    script = SCRIPTS / "check_activations.py"
    asked = dict(specs=own, code=code_of(script.stem) | every_own_code())
    done = subprocess.run(
        [sys.executable, str(script)],
        input=json.dumps(asked),
        stdout=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
    )
    if done.returncode < 0:
        raise UserError(
            f"activations: trying {', '.join(own)} ended by signal {-done.returncode}."
        )
    found = (done.stdout.strip() or "activations: they end Python.").splitlines()[-1]
    if done.returncode or found != "tried":
        raise UserError(found)


def check_device(planned):
    """Try the GPU before anything trains, if jobs here are to use one; without torch here, jobs do.

    With `device: auto` all jobs take the CPU if no GPU can be used, and the terminal is told why, once.
    """
    if not GPU or not any("gpu" in job.rule.resources for job in planned):
        return
    if importlib.util.find_spec("torch") is None:
        return
    reason = why_no_gpu()
    if reason and config["device"] == "cuda":
        raise UserError(devices.no_gpu(reason))
    if reason:
        logger.warning(devices.refuse(reason))


def why_no_gpu():
    """Why torch can use no GPU of this machine, or an empty text; asked in a process of its own."""
    command = [sys.executable, str(SCRIPTS / "check_device.py")]
    try:
        done = subprocess.run(
            command, capture_output=True, encoding="utf-8", timeout=300
        )
    except subprocess.TimeoutExpired:
        return "torch got no answer from the GPU in 5 minutes"
    if done.returncode < 0:
        return f"trying the GPU ended by signal {-done.returncode}"
    if done.returncode:
        raise UserError((done.stderr.strip() or "the GPU ends Python").splitlines()[-1])
    return done.stdout


def begin(workflow):
    """Tell the training jobs how many of them there are; on a cluster, ask whether it would take these jobs."""
    planned = list(workflow.dag.needrun_jobs())
    streams.never_fail(logger.handlers)  # its log file is open now
    try:
        if workflow.non_local_exec:
            study_files.check_handed_over(workflow.config_settings.config_args)
        if workflow.executor_plugin.name == "slurm":
            remote = [job for job in planned if not job.is_local]
            submitted = dict.fromkeys(
                workflow.dag.get_job_group(job) or job for job in remote
            )
            cluster.check(submitted, workflow.executor_settings)
            logger.addHandler(FAILURES)
        check_own_activations(planned)
        if not workflow.non_local_exec:
            check_device(planned)
        n_blocks = sum(job.rule.name == "train" for job in planned)
        if n_blocks:
            progress.begin(PROGRESS, n_blocks)
    except UserError as error:
        sys.exit(f"Error: {error}")
