import pandas as pd
import pytest
from actbench import report
from actbench.errors import UserError


def test_stage_times_are_summed_by_stage(tmp_path):
    for name in ("train/relu-d2-seeds0-4", "train/tanh-d2-seeds0-4", "aggregate"):
        path = tmp_path / "timings" / f"{name}.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("s\th:m:s\n2.5\t0:00:02\n")
    rows = report.stage_times(tmp_path.rglob("*.tsv"))
    assert rows == [
        {"name": "train", "jobs": 2, "seconds": 5.0},
        {"name": "aggregate", "jobs": 1, "seconds": 2.5},
    ]


def test_unit_shares_are_means_over_runs():
    keys = {"activation": "relu", "depth": 2, "fold": 0, "checkpoint": "init"}
    counts = {"n_dormant": 0, "n_saturated": 0}
    rows = [
        keys | counts | {"seed": 0, "layer": 0, "n_neurons": 10, "n_dead": 0},
        keys | counts | {"seed": 0, "layer": 1, "n_neurons": 30, "n_dead": 20},
        keys | counts | {"seed": 1, "layer": 0, "n_neurons": 10, "n_dead": 0},
        keys | counts | {"seed": 1, "layer": 1, "n_neurons": 30, "n_dead": 0},
    ]
    (row,) = report.unit_shares(pd.DataFrame(rows), {"relu": "ReLU"})
    assert row["dead_init"] == pytest.approx(0.25) and row["n_init"] == 2 and "dead_trained" not in row


def test_dead_units_by_layer_are_means_with_widths():
    keys = {"activation": "relu", "depth": 2, "fold": 0, "checkpoint": "init"}
    rows = [
        keys | {"seed": seed, "layer": layer, "n_neurons": 10 * (layer + 1), "n_dead": dead}
        for seed, layer, dead in [(0, 0, 0), (0, 1, 4), (1, 0, 1), (1, 1, 8)]
    ]
    rows += [row | {"activation": "tanh", "n_dead": 0} for row in rows]
    found = report.dead_by_layer(pd.DataFrame(rows), {"tanh": "tanh", "relu": "ReLU"})
    assert found == {2: [{"key": "relu", "checkpoint": "init", "n": 2, "layers": [(0.5, 10), (6.0, 20)]}]}


def test_networks_side_by_side():
    config = {"depths": [1, 2], "network": {"hidden_sizes": [[5], [3, 3]]}}
    runs = pd.DataFrame({"depth": [1, 1, 2], "n_parameters": [60, 61, 40]})
    found = report.networks(config, runs)
    assert [network["parameters"] for network in found] == [[60, 61], [40]]
    assert found[1]["hidden"] == [3, 3]


def test_formulas_become_mathml_and_none_stays_none():
    found = report.typeset({"formula": r"\frac{x}{1 + |x|}", "formula_derivative": None})
    assert found["formula"].startswith("<math") and "<mfrac>" in found["formula"]
    assert found["formula_derivative"] is None


def test_what_is_judged_by():
    def config(validation, each_epoch):
        evaluation = {"folds": None, "validation": validation}
        return {"dataset": "digits", "evaluation": evaluation, "training": {"test_each_epoch": each_epoch}}

    assert report.judged(config(250, True)) == "validation"
    assert report.judged(config(0, True)) == "test" and report.judged(config(0, False)) == "training"


def test_test_set_error_is_the_binomial_one():
    table = pd.DataFrame({"mean": [0.88, 0.5]})
    assert report.test_set_error(table, 10000) == pytest.approx(0.00325, abs=1e-5)
    assert report.test_set_error(pd.DataFrame({"mean": [None]}, dtype=float), 100) is None


@pytest.mark.parametrize("change", [{}, {"seeds": [0]}, {"depths": [2, 3]}, {"evaluation": {"folds": 2}}])
def test_a_table_of_other_runs_is_not_reported(change):
    config = {
        "study": "mine",
        "activations": [{"id": "relu"}, {"id": "tanh"}],
        "depths": [2],
        "seeds": [0, 1],
        "evaluation": {"folds": None},
    }
    rows = [(key, 2, seed, 0) for key in ("tanh", "relu") for seed in (1, 0)]
    runs = pd.DataFrame(rows, columns=["activation", "depth", "seed", "fold"])
    runs["activation"] = pd.Categorical(runs["activation"], ["relu", "tanh", "elu"])
    if not change:
        report.check_runs(config, runs)
        return
    with pytest.raises(
        UserError, match=r"results/mine/tables/runs.parquet holds other runs than are planned"
    ):
        report.check_runs(config | change, runs)


def test_training_cost_by_depth_and_activation():
    rows = pd.DataFrame(
        [("relu", 2, 1.0), ("relu", 2, 3.0), ("tanh", 2, 4.0)], columns=["activation", "depth", "seconds"]
    ).assign(n_images=100, flops=8_000_000_000)
    (tanh, relu) = report.training_cost(rows, {"tanh": "tanh", "relu": "ReLU"})[2]
    assert relu["n"] == 2 and tanh["key"] == "tanh"
    assert (relu["seconds"], relu["seconds_low"], relu["seconds_high"]) == (2, 1, 3)
    assert relu["images_per_second"] == 50 and relu["gflops"] == 4 and relu["gflop"] == 8


def test_activation_cost_is_relative_to_the_baseline_of_the_same_round():
    rows = [
        ("relu", "forward", 1, 1.0),
        ("relu", "backward", 1, 1.0),
        ("tanh", "forward", 1, 3.0),
        ("tanh", "backward", 1, 1.0),
        ("relu", "forward", 2, 10.0),
        ("relu", "backward", 2, 10.0),
        ("tanh", "forward", 2, 30.0),
        ("tanh", "backward", 2, 10.0),
    ]
    frame = pd.DataFrame(rows, columns=["activation", "direction", "round", "ns_per_element"])
    found = report.activation_cost(frame, "relu")
    assert found["relu"] == {"forward": 5.5, "backward": 5.5, "ratio": 1.0, "n": 2}
    assert found["tanh"]["ratio"] == 2 and found["tanh"]["forward"] == 16.5
