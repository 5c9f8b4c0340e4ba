import pandas as pd
import pytest
from actbench import parquet, statistics, trends

SCORES = {  # depth 1, 2, 4 of seeds 0 and 1; below .5 a network did not train
    "relu": [(0.90, 0.91, 0.93), (0.92, 0.90, 0.86)],
    "tanh": [(0.91, 0.90, 0.88), (0.90, 0.90, 0.90)],
    "elu": [(0.80, 0.20, 0.10), (0.80, 0.70, 0.10)],
}


def runs(scores=SCORES, depths=(1, 2, 4)):
    return pd.DataFrame(
        {
            "activation": name,
            "depth": depth,
            "seed": seed,
            "fold": 0,
            "status": "ok",
            "trained": accuracy >= 0.5,
            "test_accuracy": accuracy,
        }
        for name, seeds in scores.items()
        for seed, values in enumerate(seeds)
        for depth, accuracy in zip(depths, values, strict=True)
    )


def dead(runs):
    """Of 10 units, after training as many are dead as the network has layers; seed 1 of relu diverged at depth 4."""
    rows = runs[["activation", "depth", "seed", "fold"]].assign(layer=0, n_neurons=10)
    table = pd.concat(
        [rows.assign(checkpoint="init", n_dead=0), rows.assign(checkpoint="trained", n_dead=rows["depth"])]
    )
    diverged = (table["activation"] == "relu") & (table["seed"] == 1) & (table["depth"] == 4)
    return table[~(diverged & (table["checkpoint"] == "trained"))]


def over_depths(table):
    rows = trends.over_depths(table, dead(table))
    parquet.table(rows, trends.SCHEMA, ["activation", "measure"])
    return {(row["activation"], row["measure"]): row for row in rows}


def test_ranks_by_hand():
    """relu: seed 0 ranks 2, 1, 1, seed 1 ranks 1, 1.5, 2; tanh: 1, 2, 2 and 2, 1.5, 1; elu is always last."""
    found = over_depths(runs())
    assert found["relu", "rank"]["mean"] == pytest.approx((4 / 3 + 4.5 / 3) / 2)
    assert found["tanh", "rank"]["mean"] == pytest.approx((5 / 3 + 4.5 / 3) / 2)
    assert found["elu", "rank"]["mean"] == 3
    interval = statistics.t_interval([4 / 3, 1.5])
    assert (found["relu", "rank"]["ci_low"], found["relu", "rank"]["ci_high"]) == pytest.approx(interval)


def test_networks_that_did_not_train_share_the_last_ranks_whatever_they_score():
    found = over_depths(runs({"relu": [(0.9,)] * 2, "elu": [(0.2,)] * 2, "tanh": [(0.1,)] * 2}, [2]))
    assert found["elu", "rank"]["mean"] == found["tanh", "rank"]["mean"] == 2.5


def test_slopes_by_hand():
    """Depths 1, 2, 4 less their mean 7/3: squares 14/3; relu, seed 0: (−4/3 · .90 − 1/3 · .91 + 5/3 · .93) / (14/3)."""
    found = over_depths(runs())
    seed_0 = (-4 / 3 * 0.90 - 1 / 3 * 0.91 + 5 / 3 * 0.93) / (14 / 3)
    seed_1 = (-4 / 3 * 0.92 - 1 / 3 * 0.90 + 5 / 3 * 0.86) / (14 / 3)
    assert found["relu", "accuracy_per_layer"]["mean"] == pytest.approx((seed_0 + seed_1) / 2)
    assert found["tanh", "accuracy_per_layer"]["n"] == 2


def test_a_slope_is_of_seeds_that_trained_at_every_depth():
    row = over_depths(runs())["elu", "accuracy_per_layer"]
    assert (row["n"], row["mean"]) == (0, None)


def test_dead_units_grow_by_one_of_ten_a_layer():
    found = over_depths(runs())
    assert found["tanh", "dead_per_layer_trained"]["mean"] == pytest.approx(0.1)
    assert found["tanh", "dead_per_layer_init"]["mean"] == pytest.approx(0)
    assert found["relu", "dead_per_layer_trained"]["n"] == 1  # the other diverged


def test_one_depth_has_ranks_and_no_slopes():
    found = over_depths(runs({"relu": [(0.9,)] * 2, "elu": [(0.8,)] * 2}, [2]))
    assert {measure for _, measure in found} == {"rank"}


def test_one_seed_has_no_interval():
    found = over_depths(runs({name: seeds[:1] for name, seeds in SCORES.items()}))
    assert found["relu", "rank"] == {
        "activation": "relu",
        "measure": "rank",
        "n": 1,
        "mean": None,
        "std": None,
        "ci_low": None,
        "ci_high": None,
    }


def test_with_folds_a_seed_is_one_value():
    table = runs({"relu": [(0.9, 0.8)] * 2, "elu": [(0.8, 0.9)] * 2}, [1, 2])
    found = over_depths(pd.concat([table, table.assign(fold=1)]))
    assert (found["relu", "rank"]["n"], found["relu", "rank"]["mean"]) == (2, 1.5)
    assert found["elu", "accuracy_per_layer"]["n"] == found["elu", "dead_per_layer_trained"]["n"] == 2
