"""You changed X: these stages run, and no others (by dry run after a finished study)."""

from collections import Counter
from contextlib import contextmanager

import pytest
from conftest import Project

SCRIPTS = "workflow/scripts"
LAST = {"figures": 1, "report": 1}
AFTER = {"aggregate": 1, **LAST}
PROBES = {"probe_gradients": 4, "probe_distributions": 4, "probe_dead_neurons": 4}
TRAINING = {"train": 4, **PROBES, **AFTER}
ALL = {"prepare_data": 1, "describe_activations": 2, **TRAINING}

CONFIG = {
    "learning rate": ("training={learning_rate: 0.07}", TRAINING),
    "a probe's setting": ("probe_gradients={bins: 7}", {"probe_gradients": 4, **AFTER}),
    "another probe's setting": (
        "probe_dead_neurons={dormant_threshold: 0.1}",
        {"probe_dead_neurons": 4, **AFTER},
    ),
    "one more activation": (
        "activations=[relu, tanh, elu]",
        {
            "train": 2,
            "probe_gradients": 2,
            "probe_distributions": 2,
            "probe_dead_neurons": 2,
            "describe_activations": 1,
            **AFTER,
        },
    ),
    "one more depth": (
        "depths=[1, 2, 3]",
        {"train": 2, "probe_gradients": 2, "probe_distributions": 2, "probe_dead_neurons": 2, **AFTER},
    ),
    "one more block of seeds": ("seeds=[0, 1, 2, 3]", TRAINING),
    "one activation less": ("activations=[relu]", AFTER),
    "order of seeds": ("seeds=[1, 0]", {}),
    "label": ("activations=[{name: relu, label: ReLU}, tanh]", LAST),
    "margin of equivalence": ("report={equivalence: 0.5}", {"aggregate": 1, "figures": 1, "report": 1}),
    "device": ("device=cpu", {}),
    "folder of raw files": ("data_dir=elsewhere", {}),
    "extent of the verification": ("verify=full", {}),
    "cross-validation": ("evaluation={folds: 2}", TRAINING),
}


@pytest.mark.parametrize("change", CONFIG)
def test_changed_config(tiny, change):
    given, expected = CONFIG[change]
    assert tiny.planned("--config", given) == Counter(expected)


@contextmanager
def edited(tiny, path, text="\n# edited\n"):
    """Append to a file for a while."""
    file = tiny.folder / path
    before = file.read_text()
    file.write_text(before + text)
    try:
        yield
    finally:
        file.write_text(before)


FILES = {
    "scripts/actbench/figures.py": LAST,
    "scripts/actbench/sentences.py": {"report": 1},
    "scripts/actbench/statistics.py": AFTER,
    "scripts/actbench/aggregation.py": AFTER,
    "scripts/actbench/gradients.py": {"probe_gradients": 4, **AFTER},
    "scripts/actbench/dead_neurons.py": {"probe_dead_neurons": 4, **AFTER},
    "scripts/actbench/properties.py": {
        "describe_activations": 2,
        "probe_distributions": 4,
        "probe_dead_neurons": 4,
        **AFTER,
    },
    "scripts/actbench/probes.py": {**PROBES, **AFTER},
    "scripts/actbench/training.py": TRAINING,
    "scripts/actbench/activations.py": {"describe_activations": 2, **TRAINING},
    "scripts/actbench/datasets.py": {"prepare_data": 1, **TRAINING},
    "scripts/actbench/parquet.py": {"describe_activations": 2, **TRAINING},
    "scripts/actbench/errors.py": ALL,
    "scripts/train.py": TRAINING,
    "scripts/probe_distributions.py": {"probe_distributions": 4, **AFTER},
    "scripts/figures.py": LAST,
    "scripts/actbench/page.py": {"report": 1},
    "scripts/actbench/relu_autograd.py": {"describe_activations": 2, **TRAINING},
    "scripts/actbench/verification.py": {},
    "scripts/actbench/event_files.py": {},
    "report/page.css": {"report": 1},
    "report/head.html": {"report": 1},
    "report/verification.html": {},
}


@pytest.mark.parametrize("path", FILES)
def test_edited_file(tiny, path):
    with edited(tiny, f"workflow/{path}"):
        assert tiny.planned() == Counter(FILES[path])


def test_touch_re_runs_nothing(tiny):
    """Nor does an edit that was taken back, as the tests above leave them."""
    for path in [*tiny.folder.glob("workflow/**/*"), tiny.folder / "config.yaml"]:
        path.touch()
    assert tiny.planned() == Counter()


def test_own_activation_and_what_it_imports_are_inputs(tiny):
    (tiny.folder / "helper_of_mine.py").write_text("SCALE = 1\n")
    (tiny.folder / "mine.py").write_text(
        "import helper_of_mine\nfrom torch import nn\n"
        "class Mine(nn.Module):\n    def forward(self, x):\n        return helper_of_mine.SCALE * x\n"
    )
    given = ["--config", "study=own", "activations=[relu, {name: mine, import: 'mine:Mine'}]"]
    done = tiny.snakemake("--quiet", "all", *given)
    assert done.returncode == 0, done.stderr
    assert tiny.planned(*given) == Counter()
    half = {"train": 2, "probe_gradients": 2, "probe_distributions": 2, "probe_dead_neurons": 2}
    for name in ("mine.py", "helper_of_mine.py"):
        with edited(tiny, name):
            assert tiny.planned(*given) == Counter({**half, "describe_activations": 1, **AFTER}), name


def test_a_copy_elsewhere_re_runs_nothing(tiny, tmp_path):
    """Code, results and Snakemake's records copied together stay up to date."""
    copy = Project(tmp_path / "copy", source=tiny.folder, ignored=())
    assert copy.planned() == Counter()
