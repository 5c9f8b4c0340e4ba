"""Which stages run after a change of the tiny study's config: a line for every key."""

import json

from actbench.probes import registry
from actbench.storage import yaml_files
from conftest import ROOT, SCHEMA, another

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
