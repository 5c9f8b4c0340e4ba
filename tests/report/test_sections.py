"""What the sections of the report make of the study's tables."""

from itertools import product

import pandas as pd
import pytest
from actbench.activations import registry
from actbench.report import section
from actbench.report.sections import (
    answer,
    comparison,
    cost,
    dead_neurons,
    depths,
    functions,
    gradients,
    learning,
    pairs,
    provenance,
)


def test_stage_times_are_in_the_order_of_the_stages_and_a_new_probe_has_its_own():
    lineage = {
        "stages": {
            "probe_sparsity": [{"jobs": 4}],
            "aggregate": [{"jobs": 1}],
            "train": [{"jobs": 2}, {"jobs": 1}],
            "report": [{"jobs": 1}],
        },
        "stage_seconds": {"probe_sparsity": 4.0, "train": 5.0, "aggregate": 2.5, "report": 1.0},
    }
    assert provenance.stage_times(lineage) == [
        {"name": "train", "jobs": 3, "seconds": 5.0},
        {"name": "aggregate", "jobs": 1, "seconds": 2.5},
        {"name": "probe_sparsity", "jobs": 4, "seconds": 4.0},
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
    (row,) = dead_neurons.unit_shares(pd.DataFrame(rows), {"relu": "ReLU"})
    assert row["dead_init"] == pytest.approx(0.25) and row["n_init"] == 2 and "dead_trained" not in row


@pytest.mark.parametrize(("n", "interval"), [(2, (None, None)), (3, (-0.05, -0.01))])
def test_a_change_over_depths_of_two_seeds_has_no_interval(n, interval):
    measures = ("accuracy", "dead_init", "dead_trained")
    rows = [
        {
            "activation": "relu",
            "measure": f"{name}_{end}",
            "n": n,
            "mean": 0.5,
            "ci_low": -0.05,
            "ci_high": -0.01,
        }
        for name in measures
        for end in ("first", "last", "change")
    ]
    (row,) = depths.trends(pd.DataFrame(rows), {"relu": "ReLU"})
    assert [(part["ci_low"], part["ci_high"]) for part in row["parts"]] == [interval] * 3


def test_dead_units_are_told_of_initial_and_kept_weights_only():
    """Units that were dead after some epoch only do not bring their activation into the tables by layer."""
    row = {"activation": "relu", "depth": 1, "seed": 0, "fold": 0, "layer": 0, "n_neurons": 4}
    row |= {"n_dead": 0, "n_dormant": 0, "n_saturated": 0}
    rows = [row | {"checkpoint": "epoch1", "n_dead": 4}]
    rows += [row | {"checkpoint": name} for name in ("init", "trained")]
    over_depths = pd.DataFrame(columns=["activation", "measure", "n", "mean", "ci_low", "ci_high"])
    config = {"activations": [{"id": "relu", "label": "ReLU"}], "depths": [1], "settings": {"default": {}}}
    config["report"] = {"baseline": "relu"}
    study = section.Study(
        config, {"dead_neurons": pd.DataFrame(rows), "over_depths": over_depths}, {}, {}, {}
    )
    found = dead_neurons.context(study)
    assert found["dead"] == [] and not found["any_dead"]
    (shares,) = found["downloads"]["dead_units"].to_dict("records")
    assert (shares["dead_init"], shares["dead_trained"]) == (0, 0) and not any(
        "epoch" in key for key in shares
    )
    assert found["dead_layers"] == {} and list(found["downloads"]) == ["dead_units"]


def test_dead_units_by_layer_are_means_with_widths():
    keys = {"activation": "relu", "depth": 2, "fold": 0, "checkpoint": "init"}
    rows = [
        keys | {"seed": seed, "layer": layer, "n_neurons": 10 * (layer + 1), "n_dead": dead}
        for seed, layer, dead in [(0, 0, 0), (0, 1, 4), (1, 0, 1), (1, 1, 8)]
    ]
    rows += [row | {"activation": "tanh", "n_dead": 0} for row in rows]
    found = dead_neurons.dead_by_layer(pd.DataFrame(rows), {"tanh": "tanh", "relu": "ReLU"})
    assert found == {2: [{"key": "relu", "checkpoint": "init", "n": 2, "layers": [(0.5, 10), (6.0, 20)]}]}


def test_networks_side_by_side():
    config = {"depths": [1, 2], "network": {"hidden_sizes": [[5], [3, 3]]}}
    runs = pd.DataFrame({"depth": [1, 1, 2], "n_parameters": [60, 61, 40]})
    found = depths.networks(config, runs)
    assert [network["parameters"] for network in found] == [[60, 61], [40]]
    assert found[1]["hidden"] == [3, 3]


def test_training_cost_by_depth_and_activation():
    """Two jobs of two seeds, of 1 and 3 seconds a network; networks of one job are not two measurements."""
    relu = [("relu", 2, seed, seconds) for seed, seconds in enumerate((0.5, 1.5, 3.0, 3.0))]
    rows = pd.DataFrame([*relu, ("tanh", 2, 0, 4.0)], columns=["activation", "depth", "seed", "seconds"])
    rows = rows.assign(n_images=100, flops=8_000_000_000)
    (tanh, relu) = cost.training_cost(rows, {"tanh": "tanh", "relu": "ReLU"}, [[0, 1], [2, 3]])[2]
    assert relu["n"] == 2 and tanh["key"] == "tanh" and tanh["n"] == 1
    assert (relu["seconds"], relu["seconds_low"], relu["seconds_high"]) == (2, 1, 3)
    assert relu["images_per_second"] == 50 and relu["gflops"] == 4 and relu["gflop"] == 8


def test_cost_of_tuning_is_shown_beside_that_of_the_networks_that_are_evaluated():
    trained = pd.DataFrame({"activation": ["relu", "tanh", "relu"], "seconds": [1.0, 5.0, 2.0]})
    searched = pd.DataFrame(
        {"activation": ["relu"] * 4, "epochs_run": [4, 4, 2, 4], "seconds": [2.0, 2.0, 1.0, 4.0]}
    )
    labels = {"tanh": "tanh", "relu": "ReLU"}
    assert cost.tuning_cost({"training_cost": trained, "tuning_cost": searched}, labels) == [
        {
            "key": "relu",
            "n": 4,
            "epochs": 14,
            "seconds": 9.0,
            "n_evaluated": 2,
            "seconds_evaluated": 3.0,
            "share": 0.75,
        }
    ]
    assert cost.tuning_cost({"training_cost": trained}, labels) == []


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
    found = cost.activation_cost(frame, "relu")
    alone = {"ratio": 1.0, "ratio_low": 1.0, "ratio_high": 1.0}
    assert found["relu"] == {"forward": 5.5, "backward": 5.5, "n": 2} | alone
    assert found["tanh"]["ratio"] == 2 and found["tanh"]["forward"] == 16.5


def test_the_ratio_of_an_activations_cost_has_the_quartiles_of_its_rounds():
    rows = [
        (key, way, number, number if key == "tanh" else 1.0)
        for key, way, number in product(("relu", "tanh"), ("forward", "backward"), range(1, 6))
    ]
    frame = pd.DataFrame(rows, columns=["activation", "direction", "round", "ns_per_element"])
    found = cost.activation_cost(frame, "relu")["tanh"]
    assert (found["ratio_low"], found["ratio"], found["ratio_high"]) == (2, 3, 4)


def over_depths(*rows):
    names = ("activation", "measure", "n", "mean", "ci_low", "ci_high")
    return pd.DataFrame([dict(zip(names, row, strict=True)) for row in rows])


def test_ranking_is_best_rank_first_with_its_cells_and_totals():
    cells = [("relu", 2, 5, 0.9), ("relu", 4, 4, 0.8), ("tanh", 2, 5, 0.95), ("tanh", 4, 1, None)]
    cells = pd.DataFrame(cells, columns=["activation", "depth", "n_trained", "mean"]).assign(
        n_seeds=5, median=0.5
    )
    ranks = over_depths(("relu", "rank", 5, 1.6, 1.2, 2.0), ("tanh", "rank", 5, 1.4, 1.0, 1.8))
    tanh, relu = answer.ranking(cells, ranks, [4])
    assert (tanh["key"], relu["key"]) == ("tanh", "relu")
    assert (relu["n_trained"], relu["n_runs"], relu["ci_low"]) == (9, 10, 1.2)
    assert [cell["level"] for cell in tanh["cells"]] == [0.5] and len(relu["cells"]) == 1


def test_without_ranks_the_more_reliable_and_better_come_first():
    cells = [("relu", 2, 1, 0.9), ("elu", 2, 0, None), ("tanh", 2, 1, 0.95)]
    cells = pd.DataFrame(cells, columns=["activation", "depth", "n_trained", "mean"]).assign(
        n_seeds=1, median=0.0
    )
    ranks = over_depths(*((key, "rank", 1, None, None, None) for key in ("relu", "elu", "tanh")))
    assert [row["key"] for row in answer.ranking(cells, ranks, [2])] == ["tanh", "relu", "elu"]


def test_trends_have_accuracy_and_dead_units_in_the_order_of_the_labels():
    names = product(("accuracy", "dead_init", "dead_trained"), ("first", "last", "change"))
    measures = ["_".join(name) for name in names]
    rows = [(key, name, 5, i, i, i) for key in ("relu", "elu") for i, name in enumerate(measures)]
    found = depths.trends(over_depths(*rows), {"relu": "ReLU", "elu": "ELU"})
    assert [row["key"] for row in found] == ["relu", "elu"]
    parts = [(part["first"], part["last"], part["mean"]) for part in found[0]["parts"]]
    assert parts == [(0, 1, 2), (3, 4, 5), (6, 7, 8)]
    assert depths.trends(over_depths(("relu", "rank", 5, 1.0, 1.0, 1.0)), {"relu": "ReLU"}) == []


def test_decay_has_a_row_an_activation_and_dashes_where_nothing_was_measured():
    names = ("depth", "activation", "checkpoint", "tensor", "measure", "n", "mean")
    rows = [
        (2, "relu", "init", "weight", "slope", 5, 0.5),
        (2, "relu", "init", "weight", "log10_first_last", 5, 9.0),
        (2, "relu", "trained", "preactivation", "slope", 4, -0.1),
    ]
    (row,) = gradients.decay(pd.DataFrame(rows, columns=names), {"relu": "ReLU"})[2]
    assert [part["mean"] for part in row["parts"]] == [0.5, None, None, -0.1]
    assert [part["n"] for part in row["parts"]] == [5, 0, 0, 4]


def test_ranks_that_are_equal_but_for_noise_are_ordered_by_what_trained():
    """The mean of 1/3 and 2/3 and a half differ in the last bit for some such sums."""
    cells = [("relu", 2, 5, 0.9), ("tanh", 2, 4, 0.95)]
    cells = pd.DataFrame(cells, columns=["activation", "depth", "n_trained", "mean"]).assign(
        n_seeds=5, median=0.5
    )
    for noise in (-1e-16, 0.0, 1e-16):
        ranks = over_depths(("relu", "rank", 5, 1.5, 1, 2), ("tanh", "rank", 5, 1.5 * (1 + 2 * noise), 1, 2))
        assert [row["key"] for row in answer.ranking(cells, ranks, [2])] == ["relu", "tanh"]


def test_formulas_become_mathml_and_none_stays_none():
    found = functions.typeset({"formula": r"\frac{x}{1 + |x|}", "formula_derivative": None})
    assert found["formula"].startswith("<math") and "<mfrac>" in found["formula"]
    assert found["formula_derivative"] is None


@pytest.mark.parametrize("name", registry.REGISTRY)
def test_every_formula_of_the_registry_is_typeset(name):
    """A command that is not known would stand there with its backslash."""
    found = functions.typeset(registry.formulas(registry.named(name)))
    assert all(text.startswith("<math") and "\\" not in text for text in found.values())


def test_what_is_judged_by():
    def config(validation, each_epoch):
        evaluation = {"folds": None, "validation": validation}
        return {"dataset": "digits", "evaluation": evaluation, "training": {"test_each_epoch": each_epoch}}

    assert learning.judged(config(250, True)) == "validation"
    assert learning.judged(config(0, True)) == "test" and learning.judged(config(0, False)) == "training"


def test_test_set_error_is_the_binomial_one():
    table = pd.DataFrame({"mean": [0.88, 0.5]})
    assert comparison.test_set_error(table, 10000) == pytest.approx(0.00325, abs=1e-5)
    assert comparison.test_set_error(pd.DataFrame({"mean": [None]}, dtype=float), 100) is None


def test_diverged_runs_are_listed_with_their_setting_where_it_is_named():
    names = ("activation", "depth", "setting", "seed", "status")
    rows = [
        ("relu", 2, "default", 1, "diverged"),
        ("relu", 2, "default", 0, "diverged"),
        ("relu", 2, "adam", 3, "diverged"),
        ("relu", 4, "adam", 3, "ok"),
    ]
    runs, labels = pd.DataFrame(rows, columns=names), {"relu": "ReLU"}
    assert provenance.failures(runs[:2], labels, named=False) == ["ReLU, depth 2: seeds 0, 1"]
    assert provenance.failures(runs, labels, named=True) == [
        "ReLU, depth 2, adam: seeds 3",
        "ReLU, depth 2, default: seeds 0, 1",
    ]


def test_a_matrix_of_pairs_turns_verdicts_and_differences_below_its_diagonal():
    row = {"depth": 2, "difference": 0.012, "n_pairs": 5, "difference_low": 0.001, "difference_high": 0.023}
    rows = [
        row | {"activation": "relu", "other": "tanh", "verdict": "better"},
        row | {"activation": "relu", "other": "elu", "verdict": "inconclusive"},
        row | {"activation": "tanh", "other": "elu", "verdict": "inconclusive", "n_pairs": 1},
    ]
    labels = {"relu": "ReLU", "tanh": "tanh", "elu": "ELU"}
    (found,) = pairs.matrices(rows, ["elu", "tanh", "relu"], labels, 0.01).values()
    assert [[cell["mark"] for cell in line["cells"]] for line in found] == [
        ["", "–", "▼?"],
        ["–", "", "▼"],
        ["▲?", "▲", ""],
    ]
    below, above = found[1]["cells"][2], found[2]["cells"][1]
    assert above["said"] == "ReLU: better than tanh (+1.20 points, n = 5 pairs)"
    assert below["said"] == "tanh: worse than ReLU (−1.20 points, n = 5 pairs)"
    assert (above["verdict"], below["verdict"]) == ("better", "worse")
    open_ = found[0]["cells"][2]
    assert (open_["verdict"], open_["class"]) == ("worse?", "inconclusive")
    assert open_["said"].startswith("ELU: worse than ReLU, but not surely by more than 1 point (")
    assert found[0]["cells"][1]["said"] == "ELU and tanh: fewer than two pairs"
