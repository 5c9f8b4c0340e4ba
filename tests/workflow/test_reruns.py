"""You changed X: these stages run, and no others (by dry run after a finished study).

Every config key, script, module and page must have its line here: a new one without fails the test.
"""

import json
import os
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest
import yaml
from actbench.probes import registry
from actbench.runtime import sources
from actbench.storage import yaml_files
from conftest import ROOT, SCHEMA, Project, Server, another

EVERY_PROBE = tuple(probe.rule for probe in registry.specs().values())
PROBES = tuple(probe.rule for probe in registry.enabled({}).values())
COUNTS = {
    "prepare_data": 1,
    "train": 4,
    **dict.fromkeys(PROBES, 4),
    "describe_activations": 1,
    "time_activations": 1,
    "theory": 1,
    "aggregate": 1,
    "figures": 1,
    "histogram_figures": 1,
    "report": 1,
}
NEXT = {
    "prepare_data": ("train", "theory", "figures"),
    "train": PROBES,
    **dict.fromkeys((*PROBES, "describe_activations", "theory"), ("aggregate",)),
    "time_activations": ("report",),
    "aggregate": ("figures", "histogram_figures"),
    **dict.fromkeys(("figures", "histogram_figures"), ("report",)),
    "report": (),
}


def stages(*first: str) -> dict[str, int]:
    """These stages and all after them, with all their jobs."""
    found = set(first)
    for stage in first:
        found |= stages(*NEXT[stage]).keys()
    return {stage: n for stage, n in COUNTS.items() if stage in found}


def half(*first: str) -> dict[str, int]:
    """The same for one of two activations, or one of two depths: half the jobs of each grid stage."""
    return {stage: n // 2 if n > 1 else n for stage, n in stages(*first).items()}


TINY = yaml_files.read(ROOT / "studies" / "tiny.yaml")


def every_key(section: str, first: str) -> dict[str, tuple[str, dict[str, int]]]:
    """A line for each key of a section that changes what a stage and those after it compute.

    What is said of a probe that is not enabled changes nothing.
    """
    found, now = {}, TINY.get(section, {})
    for key, part in SCHEMA["properties"][section]["properties"].items():
        value = json.dumps(another(section, key, now.get(key, part["default"])))
        expected = stages(first) if first in COUNTS else {}
        found[f"{section}.{key}"] = (f"{section}={{{key}: {value}}}", expected)
    return found


TRAINING = stages("train")
LAST = stages("figures", "histogram_figures")
UNTRAINED = stages("train", "theory")  # what networks are before they train
RECIPE = stages("train", "time_activations")

ADDED = {**stages("theory"), "train": 4, **dict.fromkeys(PROBES, 4)}  # one setting more

KEYS = {
    "study": ("study=another", stages("train", "describe_activations", "theory", "time_activations")),
    "dataset": ("dataset=mnist", stages("prepare_data")),
    "data_dir": ("data_dir=elsewhere", {}),
    "device": ("device=cpu", {}),
    "verify": ("verify=full", {}),
    "studies": ("studies=[tiny, other]", {}),
    "checkpoint": ("checkpoint=weights.pt", {}),
    "verify_checkpoints": ("verify_checkpoints=elsewhere", {}),
    "activations": ("activations=[relu, {name: tanh, label: Tanh}]", LAST),
    "depths": ("depths=[1, 3]", half("train", "theory")),
    "seeds": ("seeds=[0, 1, 2, 3]", TRAINING),
    "seeds_per_job": ("seeds_per_job=1", {**TRAINING, "train": 8, **dict.fromkeys(PROBES, 8)}),
    "normalisation": ("normalisation=standard", UNTRAINED),
    "network.family": ("network={family: mlp}", {}),
    "network.width": ("network={width: 17}", stages("train", "theory", "time_activations")),
    "network.hidden_sizes": (
        ("depths=null", "network={width: null, hidden_sizes: [[16], [16, 15]]}"),
        half("train", "theory"),
    ),
    "evaluation.folds": ("evaluation={folds: 2}", UNTRAINED),
    "evaluation.validation": ("evaluation={validation: 200}", UNTRAINED),
    "evaluation.training": ("evaluation={training: 1024}", UNTRAINED),
    "evaluation.split_seed": ("evaluation={split_seed: 1}", UNTRAINED),
    **every_key("training", "train"),
    "training.batch_size": ("training={batch_size: 33}", RECIPE),
    "training.threads": ("training={threads: 2}", RECIPE),
    # Of a study whose learning rate is given; of one that is tuned: test_tuned_study.py.
    **{key: (value, stages("report")) for key, (value, _) in every_key("tuning", "train").items()},
    "settings": ("settings={default: {}, adam: {training: {optimizer: adam}}}", ADDED),
    "probe_epochs": ("probe_epochs=[1, 3]", TRAINING),
    **{key: line for rule in EVERY_PROBE for key, line in every_key(rule, rule).items()},
    "probe_gradients.images": ("probe_gradients={images: 7}", stages("probe_gradients", "theory")),
    **{
        f"{rule}.enabled": (f"{rule}={{enabled: true}}", {rule: 4, **stages("aggregate")})
        for rule in EVERY_PROBE
        if rule not in PROBES
    },
    "report.baseline": ("report={baseline: tanh}", stages("aggregate")),
    "report.pairs": ("report={pairs: all}", stages("aggregate")),
    "report.equivalence": ("report={equivalence: 0.5}", stages("aggregate")),
    "report.claims": ("report={claims: [relu = tanh at depth 1]}", stages("aggregate")),
}
CHANGES = {
    **KEYS,
    "one more activation": (
        "activations=[relu, tanh, elu]",
        half("train", "describe_activations", "theory", "time_activations"),
    ),
    "one more depth": ("depths=[1, 2, 3]", half("train", "theory")),
    "one activation less": (
        "activations=[relu]",
        stages("describe_activations", "theory", "time_activations"),
    ),
    "the default as the one setting": ("settings={default: {}}", {}),
    "another setting first": ("settings={adam: {training: {optimizer: adam}}, default: {}}", ADDED),
    "a setting that says what is said anyway": (
        "settings={default: {training: {momentum: 0.9}}}",
        stages("aggregate"),
    ),
    "a setting of another shape first": (
        "settings={wide: {network: {width: 17}}, default: {}}",
        {**ADDED, "time_activations": 1},
    ),
    "another setting only": ("settings={adam: {training: {optimizer: adam}}}", ADDED),
    "other initial weights": ("network={initialisation: he}", UNTRAINED),
    "the order of seeds": ("seeds=[1, 0]", {}),
    "the order of depths": ("depths=[2, 1]", {}),
    "a norm": ("network={norm: layer}", UNTRAINED),
    "residual connections": ("network={residual: true}", UNTRAINED),
    "what is said anyway": ("training={momentum: 0.9}", {}),
    "no epoch that is probed": ("probe_epochs=[]", {}),
    "a number in another form": ("training={learning_rate: 5.0e-2}", {}),
}

PACKAGE = "workflow/scripts/actbench"
EVERY = stages("prepare_data", "describe_activations", "time_activations")
NUMBERS = stages("train", "describe_activations", "theory", "time_activations")
FUNCTIONS = stages("train", "describe_activations", "theory")
TAILS = stages("probe_distributions", "probe_dead_neurons", "describe_activations")
ROOMS = {
    "activations": NUMBERS,
    "analysis": stages("aggregate"),
    "data": stages("prepare_data"),
    "export": {},
    "figures": LAST,
    "networks": UNTRAINED,
    "probes": stages(*PROBES),
    "report": stages("report"),
    "runtime": EVERY,
    "storage": EVERY,
    "study": stages("aggregate"),
    "theory": UNTRAINED,
    "training": UNTRAINED,
    "verification": {},
}
FILES = {
    **{f"{PACKAGE}/{room}/__init__.py": expected for room, expected in ROOMS.items()},
    f"{PACKAGE}/__init__.py": EVERY,
    f"{PACKAGE}/activations/registry.py": NUMBERS,
    f"{PACKAGE}/analysis/aggregation.py": stages("aggregate"),
    f"{PACKAGE}/analysis/attribution.py": stages("aggregate"),
    f"{PACKAGE}/analysis/claims.py": stages("aggregate"),
    f"{PACKAGE}/analysis/endings.py": stages("aggregate"),
    f"{PACKAGE}/analysis/profile.py": stages("aggregate"),
    f"{PACKAGE}/analysis/shares.py": stages("aggregate"),
    f"{PACKAGE}/report/numbers.py": stages("report"),
    f"{PACKAGE}/report/citations.py": stages("report"),
    f"{PACKAGE}/training/block.py": TRAINING,
    f"{PACKAGE}/data/catalogue.py": stages("prepare_data"),
    f"{PACKAGE}/networks/checkpoints.py": TRAINING,
    f"{PACKAGE}/networks/family.py": UNTRAINED,
    f"{PACKAGE}/networks/initialisation.py": UNTRAINED,
    f"{PACKAGE}/networks/modes.py": TRAINING,
    f"{PACKAGE}/networks/statedicts.py": {},
    f"{PACKAGE}/runtime/bottom_line.py": {},
    f"{PACKAGE}/runtime/cluster.py": {},
    f"{PACKAGE}/analysis/comparisons.py": stages("aggregate"),
    f"{PACKAGE}/study/config.py": {},
    f"{PACKAGE}/study/activations.py": {},
    f"{PACKAGE}/study/claims.py": {},
    f"{PACKAGE}/study/dataset.py": {},
    f"{PACKAGE}/study/estimate.py": {},
    f"{PACKAGE}/study/evaluation.py": {},
    f"{PACKAGE}/study/grid.py": stages("aggregate"),
    f"{PACKAGE}/study/network.py": {},
    f"{PACKAGE}/study/relations.py": stages("aggregate"),
    f"{PACKAGE}/study/settings.py": {},
    f"{PACKAGE}/study/status.py": {},
    f"{PACKAGE}/analysis/predicted.py": stages("aggregate"),
    f"{PACKAGE}/analysis/recommendation.py": {},
    f"{PACKAGE}/analysis/recipes.py": stages("aggregate"),
    f"{PACKAGE}/activations/contract.py": NUMBERS,
    f"{PACKAGE}/training/cost.py": TRAINING,
    f"{PACKAGE}/data/acquire.py": stages("prepare_data"),
    f"{PACKAGE}/data/archives.py": stages("prepare_data"),
    f"{PACKAGE}/runtime/devices.py": RECIPE,
    f"{PACKAGE}/activations/entries.py": NUMBERS,
    f"{PACKAGE}/training/loop.py": TRAINING,
    f"{PACKAGE}/training/recipe.py": UNTRAINED,
    f"{PACKAGE}/theory/correlation.py": stages("theory"),
    f"{PACKAGE}/theory/critical.py": UNTRAINED,
    f"{PACKAGE}/theory/edges.py": stages("theory"),
    f"{PACKAGE}/theory/expectation.py": stages("theory"),
    f"{PACKAGE}/theory/gaussian.py": UNTRAINED,
    f"{PACKAGE}/theory/mean_field.py": stages("theory"),
    f"{PACKAGE}/theory/predictions.py": stages("theory"),
    f"{PACKAGE}/theory/softmax.py": stages("theory"),
    f"{PACKAGE}/errors.py": EVERY,
    f"{PACKAGE}/export/tensorboard.py": {},
    f"{PACKAGE}/figures/drawing.py": LAST,
    f"{PACKAGE}/figures/looks.py": LAST,
    f"{PACKAGE}/figures/svg.py": LAST,
    f"{PACKAGE}/report/exports.py": stages("report"),
    f"{PACKAGE}/report/columns.py": stages("report"),
    f"{PACKAGE}/report/quotes.py": stages("report"),
    f"{PACKAGE}/report/tex.py": stages("report"),
    f"{PACKAGE}/figures/results_job.py": stages("figures"),
    f"{PACKAGE}/figures/histograms_job.py": stages("histogram_figures"),
    f"{PACKAGE}/figures/results.py": stages("figures"),
    f"{PACKAGE}/figures/overview.py": stages("figures"),
    f"{PACKAGE}/figures/failures.py": stages("figures"),
    f"{PACKAGE}/figures/heat_maps.py": stages("figures"),
    f"{PACKAGE}/figures/labels.py": stages("figures"),
    f"{PACKAGE}/figures/layers.py": {},
    f"{PACKAGE}/figures/prediction.py": {},
    f"{PACKAGE}/figures/published.py": {},
    f"{PACKAGE}/figures/recipe.py": stages("figures"),
    f"{PACKAGE}/figures/theory.py": stages("figures"),
    f"{PACKAGE}/figures/while_training.py": stages("figures"),
    f"{PACKAGE}/storage/files.py": EVERY,
    f"{PACKAGE}/activations/description.py": stages("describe_activations"),
    f"{PACKAGE}/activations/trial.py": {},
    f"{PACKAGE}/activations/timing.py": stages("time_activations"),
    f"{PACKAGE}/training/cuda_graph.py": TRAINING,
    f"{PACKAGE}/figures/histogram_figures.py": stages("histogram_figures"),
    f"{PACKAGE}/storage/histograms.py": TRAINING,
    f"{PACKAGE}/runtime/imports.py": EVERY,
    f"{PACKAGE}/runtime/jobs.py": EVERY,
    f"{PACKAGE}/analysis/job.py": stages("aggregate"),
    f"{PACKAGE}/analysis/lineage.py": stages("aggregate"),
    f"{PACKAGE}/storage/manifest.py": TRAINING,
    f"{PACKAGE}/verification/sklearn_mlp.py": {},
    # A family counts for the studies that name it; the tiny one's is mlp.
    **{
        f"{PACKAGE}/networks/families/{path.name}": {"__init__": UNTRAINED, "mlp": TRAINING}.get(
            path.stem, {}
        )
        for path in ROOT.glob(f"{PACKAGE}/networks/families/*.py")
    },
    f"{PACKAGE}/training/optimizers.py": TRAINING,
    f"{PACKAGE}/runtime/fork_server.py": EVERY,
    f"{PACKAGE}/runtime/orphans.py": EVERY,
    f"{PACKAGE}/report/page.py": stages("report"),
    f"{PACKAGE}/report/embedded.py": stages("report"),
    f"{PACKAGE}/runtime/outside.py": EVERY,
    f"{PACKAGE}/export/hiplot.py": {},
    f"{PACKAGE}/storage/parquet.py": NUMBERS,
    f"{PACKAGE}/activations/patience.py": NUMBERS,
    f"{PACKAGE}/activations/places.py": NUMBERS,
    f"{PACKAGE}/figures/plotting.py": LAST,
    f"{PACKAGE}/data/own.py": stages("prepare_data"),
    f"{PACKAGE}/data/own_files.py": stages("prepare_data"),
    f"{PACKAGE}/data/prepared.py": stages("prepare_data"),
    **{
        f"{PACKAGE}/probes/{name}.py": {} if probe.optional else stages(probe.rule)
        for name, probe in registry.specs().items()
    },
    f"{PACKAGE}/probes/checkpoint.py": {},
    f"{PACKAGE}/probes/hooked.py": {},
    f"{PACKAGE}/probes/linear_maps.py": {},
    f"{PACKAGE}/probes/probe.py": stages(*PROBES),
    f"{PACKAGE}/probes/registry.py": stages("aggregate"),
    f"{PACKAGE}/probes/runner.py": stages(*PROBES),
    f"{PACKAGE}/probes/tables.py": stages(*PROBES),
    f"{PACKAGE}/training/job.py": TRAINING,
    f"{PACKAGE}/training/speed.py": {},
    f"{PACKAGE}/training/compared.py": TRAINING,
    f"{PACKAGE}/analysis/tables.py": stages("report"),
    f"{PACKAGE}/classifier.py": {},
    f"{PACKAGE}/interactive.py": {},
    f"{PACKAGE}/runtime/preflight.py": {},
    f"{PACKAGE}/runtime/progress.py": TRAINING,
    f"{PACKAGE}/activations/properties.py": stages("describe_activations"),
    f"{PACKAGE}/runtime/provenance.py": EVERY,
    f"{PACKAGE}/storage/records.py": stages("aggregate"),
    f"{PACKAGE}/verification/published.py": {},
    f"{PACKAGE}/activations/functions.py": NUMBERS,
    f"{PACKAGE}/activations/modules.py": NUMBERS,
    f"{PACKAGE}/activations/relu_autograd.py": NUMBERS,
    f"{PACKAGE}/report/contents.py": stages("report"),
    f"{PACKAGE}/report/findings.py": stages("report"),
    f"{PACKAGE}/report/layer_findings.py": stages("report"),
    f"{PACKAGE}/report/job.py": stages("report"),
    f"{PACKAGE}/report/section.py": stages("report"),
    f"{PACKAGE}/report/sections/__init__.py": stages("report"),
    f"{PACKAGE}/report/sections/answer.py": stages("report"),
    f"{PACKAGE}/report/sections/claims.py": stages("report"),
    f"{PACKAGE}/report/sections/comparison.py": stages("report"),
    f"{PACKAGE}/report/sections/cost.py": stages("report"),
    f"{PACKAGE}/report/sections/cross_validation.py": stages("report"),
    f"{PACKAGE}/report/sections/dead_neurons.py": stages("report"),
    f"{PACKAGE}/report/sections/depths.py": stages("report"),
    f"{PACKAGE}/report/sections/distributions.py": stages("report"),
    f"{PACKAGE}/report/sections/downloads.py": stages("report"),
    f"{PACKAGE}/report/sections/functions.py": stages("report"),
    f"{PACKAGE}/report/sections/gradients.py": stages("report"),
    f"{PACKAGE}/report/sections/learning.py": stages("report"),
    f"{PACKAGE}/report/sections/method.py": stages("report"),
    f"{PACKAGE}/report/sections/pairs.py": stages("report"),
    f"{PACKAGE}/report/sections/provenance.py": stages("report"),
    f"{PACKAGE}/report/sections/recipe.py": stages("report"),
    f"{PACKAGE}/report/checkpoint.py": {},
    f"{PACKAGE}/report/prediction.py": {},
    f"{PACKAGE}/report/prediction_sentences.py": {},
    f"{PACKAGE}/report/compared_sentences.py": {},
    f"{PACKAGE}/report/drawn.py": {},
    f"{PACKAGE}/report/published.py": {},
    f"{PACKAGE}/report/recipe_sentences.py": stages("report"),
    f"{PACKAGE}/report/sections/why.py": stages("report"),
    f"{PACKAGE}/report/theory_sentences.py": stages("report"),
    f"{PACKAGE}/report/share_sentences.py": stages("report"),
    f"{PACKAGE}/report/gap_sentences.py": stages("report"),
    f"{PACKAGE}/report/headline.py": stages("report"),
    f"{PACKAGE}/report/collapse_sentences.py": stages("report"),
    f"{PACKAGE}/report/claim_sentences.py": stages("report"),
    f"{PACKAGE}/report/verdict_sentences.py": stages("report"),
    f"{PACKAGE}/activations/sampling.py": FUNCTIONS,
    f"{PACKAGE}/activations/saturation.py": stages("probe_distributions", "probe_dead_neurons"),
    f"{PACKAGE}/runtime/seeds.py": NUMBERS,
    f"{PACKAGE}/report/sentences.py": stages("report"),
    f"{PACKAGE}/figures/shown.py": LAST,
    f"{PACKAGE}/analysis/cells.py": {},
    f"{PACKAGE}/report/pooled.py": {},
    f"{PACKAGE}/report/side_by_side.py": {},
    f"{PACKAGE}/runtime/sources.py": {},
    f"{PACKAGE}/runtime/waiting.py": {},
    f"{PACKAGE}/runtime/parsing.py": UNTRAINED,
    f"{PACKAGE}/data/splits.py": UNTRAINED,
    f"{PACKAGE}/training/schedules.py": TRAINING,
    f"{PACKAGE}/training/stack.py": TRAINING,
    **{f"{PACKAGE}/training/theory_{name}.py": stages("theory") for name in ("job", "rows")},
    f"{PACKAGE}/storage/theory_tables.py": stages("theory"),
    f"{PACKAGE}/training/tuning.py": {},
    f"{PACKAGE}/training/trials.py": TRAINING,
    f"{PACKAGE}/training/tuning_job.py": {},
    f"{PACKAGE}/storage/choices.py": TRAINING,
    f"{PACKAGE}/storage/snapshots.py": TRAINING,
    f"{PACKAGE}/study/tuning.py": {},
    f"{PACKAGE}/analysis/searches.py": stages("aggregate"),
    f"{PACKAGE}/activations/states.py": NUMBERS,
    f"{PACKAGE}/analysis/statistics.py": stages("aggregate"),
    f"{PACKAGE}/activations/steps.py": FUNCTIONS,
    f"{PACKAGE}/runtime/streams.py": EVERY,
    f"{PACKAGE}/study/study_files.py": {},
    f"{PACKAGE}/data/subsets.py": UNTRAINED,
    f"{PACKAGE}/activations/switches.py": NUMBERS,
    f"{PACKAGE}/activations/tails.py": TAILS,
    f"{PACKAGE}/storage/tensors.py": stages("prepare_data"),
    f"{PACKAGE}/training/fitting.py": TRAINING,
    f"{PACKAGE}/analysis/trends.py": stages("aggregate"),
    f"{PACKAGE}/verification/checkpoint_files.py": {},
    f"{PACKAGE}/verification/checkpoints.py": {},
    f"{PACKAGE}/verification/checks.py": {},
    f"{PACKAGE}/verification/job.py": {},
    f"{PACKAGE}/verification/outcome.py": {},
    f"{PACKAGE}/study/messages.py": {},
    f"{PACKAGE}/storage/yaml_files.py": stages("report"),
    "workflow/scripts/aggregate.py": stages("aggregate"),
    **{f"workflow/scripts/{rule}.py": stages(rule) if rule in PROBES else {} for rule in EVERY_PROBE},
    "workflow/scripts/check_activations.py": {},
    "workflow/scripts/check_device.py": {},
    "workflow/scripts/measure_speed.py": {},
    "workflow/scripts/checkpoint.py": {},
    "workflow/scripts/compare.py": {},
    "workflow/scripts/describe_activations.py": stages("describe_activations"),
    "workflow/scripts/figures.py": stages("figures"),
    "workflow/scripts/fork_server.py": {},
    "workflow/scripts/histogram_figures.py": stages("histogram_figures"),
    "workflow/scripts/fit_mlp_classifier.py": {},
    "workflow/scripts/predict.py": {},
    "workflow/scripts/probe.py": {},
    "workflow/scripts/prepare_data.py": stages("prepare_data"),
    "workflow/scripts/report.py": stages("report"),
    "workflow/scripts/theory.py": stages("theory"),
    "workflow/scripts/time_activations.py": stages("time_activations"),
    "workflow/scripts/train.py": TRAINING,
    "workflow/scripts/tune.py": {},
    "workflow/scripts/verification.py": {},
    "workflow/scripts/verify.py": {},
    "workflow/scripts/write_hiplot.py": {},
    "workflow/scripts/write_tensorboard.py": {},
    "workflow/report/bibliography.bib": stages("report"),
    "workflow/report/checkpoint.html": {},
    "workflow/report/compare.html": {},
    "workflow/report/layout.html": stages("report"),
    "workflow/report/macros.html": stages("report"),
    "workflow/report/page.css": stages("report"),
    "workflow/report/figures.js": stages("report"),
    "workflow/report/prediction.html": {},
    "workflow/report/parts.html": stages("report"),
    "workflow/report/report.html": stages("report"),
    "workflow/report/sections/answer.html": stages("report"),
    "workflow/report/sections/claims.html": stages("report"),
    "workflow/report/sections/comparison.html": stages("report"),
    "workflow/report/sections/cost.html": stages("report"),
    "workflow/report/sections/cross_validation.html": stages("report"),
    "workflow/report/sections/dead_neurons.html": stages("report"),
    "workflow/report/sections/depths.html": stages("report"),
    "workflow/report/sections/distributions.html": stages("report"),
    "workflow/report/sections/downloads.html": stages("report"),
    "workflow/report/sections/functions.html": stages("report"),
    "workflow/report/sections/gradients.html": stages("report"),
    "workflow/report/sections/learning.html": stages("report"),
    "workflow/report/sections/method.html": stages("report"),
    "workflow/report/sections/pairs.html": stages("report"),
    "workflow/report/sections/provenance.html": stages("report"),
    "workflow/report/sections/recipe.html": stages("report"),
    "workflow/report/sections/why.html": stages("report"),
    "workflow/report/sort.js": stages("report"),
    "workflow/report/verification.html": {},
    **{f"workflow/rules/{path.name}": {} for path in ROOT.glob("workflow/rules/*.smk")},
    "workflow/schemas/config.schema.yaml": {},
}


SCRIPTS = ROOT / "workflow" / "scripts"
PYTHON = [path for path in FILES if path.endswith(".py")]
PARTIALS = [path for path in FILES if path.startswith("workflow/report/sections/")]
# That are edited: of Python files the last one of each kind, which is a script where one has it to itself; one
# of the report's partial templates, which the rule finds in their folder.
PLANNED = {
    *(path for path in FILES if path not in PYTHON and path not in PARTIALS[1:]),
    *{repr(FILES[path]): path for path in PYTHON}.values(),
}


@cache
def code_of(script: str) -> set[str]:
    """The files of a rule's param `code`."""
    starts = [SCRIPTS / f"{script}.py"]
    if script in ("train", *PROBES):
        starts.append(SCRIPTS / "actbench" / "networks" / "families" / "mlp.py")
    found = {path for start in starts for path in (start, *sources.imported(start, [SCRIPTS]))}
    return {str(Path(path).relative_to(ROOT)) for path in found}


def leaves(schema, prefix=""):
    for key, part in schema["properties"].items():
        if "properties" in part:
            yield from leaves(part, f"{prefix}{key}.")
        else:
            yield prefix + key


def test_every_config_key_has_its_line():
    assert set(leaves(SCHEMA)) == KEYS.keys()


def test_every_file_of_the_workflow_has_its_line():
    kinds = (
        "scripts/*.py",
        "scripts/actbench/**/*.py",
        "report/*",
        "report/sections/*",
        "rules/*",
        "schemas/*",
    )
    found = [path for kind in kinds for path in ROOT.glob(f"workflow/{kind}") if path.is_file()]
    assert {str(path.relative_to(ROOT)) for path in found} == FILES.keys()


class Planner:
    """Dry runs after a change, or several at once, in a copy of the tiny project."""

    def __init__(self, tiny: Project, folder: Path):
        self.project, self.runs = tiny.copy(folder), Server()

    def changed(self, changes: Iterable[str]) -> Counter:
        return self.project.planned(
            "--config", *(value for name in changes for value in given(name)), by=self.runs
        )

    def edited(self, paths: Iterable[str]) -> Counter:
        comments = {".html": "\n<!-- edited -->\n", ".css": "\n/* edited */\n", ".js": "\n// edited\n"}
        with ExitStack() as edits:
            for path in paths:
                comment = comments.get(Path(path).suffix, "\n# edited\n")
                edits.enter_context(self.project.edited(path, comment))
            return self.project.planned(by=self.runs)


def given(change: str) -> tuple[str, ...]:
    """What `--config` is given for it."""
    values = CHANGES[change][0]
    return (values,) if isinstance(values, str) else values


def together(changes: Iterable[str]) -> list[list[str]]:
    """Changes in groups of which none names a key twice."""
    groups: list[tuple[set[str], list[str]]] = []
    for change in changes:
        keys = {value.partition("=")[0] for value in given(change)}
        for named, group in groups:
            if not named & keys:
                named |= keys
                group.append(change)
                break
        else:
            groups.append((keys, [change]))
    return [group for _, group in groups]


@pytest.fixture(scope="module")
def plans(tiny, tmp_path_factory, request):
    """The plan after each change, by its name; two at a time.

    Those that re-run nothing are made together: one that did would show. With --chaos each is by itself.
    """
    chaos = request.config.getoption("--chaos")
    planners = [Planner(tiny, tmp_path_factory.mktemp("plans") / "actbench") for _ in range(2)]
    files = [path for path in FILES if chaos or path in PLANNED]
    quiet = [change for change, (_, jobs) in CHANGES.items() if not jobs and not chaos]
    idle = [path for path in files if not FILES[path] and not chaos]
    tasks = [
        ("changed", group) for group in [*together(quiet), *([name] for name in CHANGES if name not in quiet)]
    ]
    tasks += [("edited", group) for group in [idle, *([path] for path in files if path not in idle)] if group]

    def work(number):
        mine, found = tasks[number :: len(planners)], {}
        for how, names in mine:
            found |= dict.fromkeys(names, getattr(planners[number], how)(names))
        return found

    with ThreadPoolExecutor(len(planners)) as pool:
        first, second = pool.map(work, range(len(planners)))
    for planner in planners:
        planner.runs.end()
    return first | second


@pytest.mark.parametrize("change", CHANGES)
def test_changed_config(plans, change):
    assert plans[change] == Counter(CHANGES[change][1])


@pytest.mark.parametrize("path", FILES)
def test_edited_file(plans, path):
    if path in plans:
        assert plans[path] == Counter(FILES[path])


@pytest.mark.parametrize("path", PYTHON)
def test_a_file_counts_for_the_rules_whose_scripts_import_it(path):
    """As their param `code` names it; that a change of it re-runs the rule is tried with one file of a kind."""
    using = [name for name in COUNTS if path in code_of(name)]
    assert stages(*using) == FILES[path]


def test_one_file_of_each_kind_is_planned_with():
    assert {repr(FILES[path]) for path in PYTHON} == {repr(FILES[path]) for path in PLANNED if path in PYTHON}


def test_touch_and_a_formatter_that_changes_nothing_re_run_nothing(tiny, tmp_path):
    """Nor does an edit that was taken back."""
    project = tiny.copy(tmp_path / "actbench")
    for path in [*project.folder.glob("workflow/**/*"), project.folder / "config.yaml"]:
        if path.is_file():
            path.write_bytes(path.read_bytes())
        path.touch()
    assert project.planned() == Counter()


def test_edited_captions_of_the_archive_re_run_nothing(tiny):
    captions = sorted(tiny.folder.glob("workflow/report/captions/*"))
    assert captions
    with ExitStack() as edits:
        for path in captions:
            edits.enter_context(tiny.edited(path))
        assert tiny.planned() == Counter()


def test_keys_in_another_order_re_run_nothing(tiny):
    def reversed_keys(value):
        return {k: reversed_keys(v) for k, v in reversed(value.items())} if isinstance(value, dict) else value

    path = tiny.folder / "studies" / "tiny.yaml"
    reordered = yaml.safe_dump(reversed_keys(yaml.safe_load(path.read_text())), sort_keys=False)
    with tiny.replaced("studies/tiny.yaml", reordered):
        assert tiny.planned() == Counter()


def test_a_copy_elsewhere_re_runs_nothing(tiny, tmp_path):
    """Code, results and Snakemake's records copied together stay up to date."""
    copy = tiny.copy(tmp_path / "copy")
    for path in copy.folder.rglob("*"):
        os.utime(path)
    assert copy.planned() == Counter()
