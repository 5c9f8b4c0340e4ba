"""Published numbers that need no data; those that do: tests/workflow/test_verify.py."""

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from actbench.verification import checks
from actbench.verification import published as ref
from scipy import stats

PUBLISHED = Path(os.environ.get("ACTBENCH_DATA_DIR", "")).parent / "published.json"


def differing(rows):
    return [row for row in rows if row.verdict != "agrees"]


def test_gains():
    rows = checks.gains()
    assert len(rows) == 12 and not differing(rows)


@pytest.mark.parametrize("measure", [checks.correlations, checks.born_dead])
def test_closed_forms(measure):
    rows = measure()
    assert not differing(rows)
    assert all(row.tolerance < 0.03 for row in rows)


def test_published_closed_forms_are_what_the_formulas_give():
    cosine = 0.0
    for published in ref.CORRELATIONS:
        angle = np.arccos(cosine)
        cosine = (np.sin(angle) + (np.pi - angle) * np.cos(angle)) / np.pi
        assert published == pytest.approx(cosine, abs=6e-6)
    for width, published in ref.BORN_DEAD.items():
        assert published == pytest.approx(1 - (1 - 2.0**-width) ** ref.BORN_DEAD_LAYERS, abs=6e-5)


def test_references_carry_every_published_number():
    """Where the file of published numbers is at hand, each of its numbers stands in `references`."""
    if not PUBLISHED.is_file():
        pytest.skip("published.json is not beside ACTBENCH_DATA_DIR")

    def numbers(value):
        if isinstance(value, dict):
            return [n for key, item in value.items() if key not in ("widths", "layer") for n in numbers(item)]
        if isinstance(value, list):
            return [n for item in value for n in numbers(item)]
        return [value] if isinstance(value, int | float) and not isinstance(value, bool) else []

    carried = Path(ref.__file__).read_text(encoding="utf-8")
    missing = [n for n in numbers(json.loads(PUBLISHED.read_text())) if str(n) not in carried]
    assert not missing


def runs(activation, accuracies, trained=True):
    return pd.DataFrame({"activation": activation, "test_accuracy": accuracies, "trained": trained})


def test_interval_for_one_further_run_by_hand():
    """.88, .89, .90: mean .89, s = .01, half width t s sqrt(1 + 1/3)."""
    mean, half = checks._further(np.array([0.88, 0.89, 0.9]), 0.95, 1)
    assert mean == pytest.approx(0.89)
    assert half == pytest.approx(stats.t.ppf(0.975, 2) * 0.01 * np.sqrt(4 / 3))
    assert checks._further(np.array([0.88]), 0.95, 1) == (0.88, None)


def test_the_interval_holds_one_further_run_as_often_as_it_says():
    rng = np.random.default_rng(0)
    inside = []
    for _ in range(4000):
        values = rng.normal(size=6)
        mean, half = checks._further(values[:5], 0.95, 1)
        inside.append(abs(values[5] - mean) <= half)
    assert np.mean(inside) == pytest.approx(0.95, abs=0.012)


def test_a_published_run_is_compared_with_runs_of_the_same_outcome():
    """The PyTorch notebook's sigmoid network never trained, the JAX one did; each has its own two runs here."""
    table = pd.concat([runs("sigmoid", [0.1, 0.1], False), runs("sigmoid", [0.78, 0.79])])
    rows = {row.source: row for row in checks.accuracies(table) if row.setting.startswith("sigmoid")}
    untrained, trained = rows[ref.UVA_PYTORCH], rows[ref.UVA_JAX]
    assert untrained.measured == pytest.approx(0.1) and untrained.verdict == "agrees"
    assert "2 of our 4 did not train too" in untrained.setting
    assert trained.measured == pytest.approx(0.785) and trained.n == 2


def test_too_few_runs_leave_a_number_open_and_a_wrong_one_differs():
    table = pd.concat([runs("relu", [0.70, 0.701, 0.702, 0.703, 0.704]), runs("tanh", [0.88])])
    rows = {row.setting.split(",")[0]: row for row in checks.accuracies(table)}
    assert rows["relu"].verdict == "differs" and rows["tanh"].verdict == "open" and rows["elu"].n == 0


def test_scikit_learns_runs_stand_beside_ours():
    ours = pd.concat([runs("relu", [0.87, 0.872, 0.871]), runs("tanh", [0.868, 0.869, 0.867])])
    rows = checks.mlp_accuracies(ours, ours.assign(test_accuracy=ours["test_accuracy"] + 0.001))
    assert [row.verdict for row in rows] == ["agrees"] * 6
    assert rows[2].measured - rows[2].published == pytest.approx(-0.001)
