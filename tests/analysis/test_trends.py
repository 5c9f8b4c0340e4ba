import itertools
import math

import numpy as np
import pandas as pd
import pytest
from actbench.analysis import comparisons, statistics, trends
from actbench.storage import parquet

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
            "setting": "default",
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
    rows = runs[["activation", "depth", "setting", "seed", "fold"]].assign(layer=0, n_neurons=10)
    table = pd.concat(
        [rows.assign(checkpoint="init", n_dead=0), rows.assign(checkpoint="trained", n_dead=rows["depth"])]
    )
    diverged = (table["activation"] == "relu") & (table["seed"] == 1) & (table["depth"] == 4)
    return table[~(diverged & (table["checkpoint"] == "trained"))]


def over_depths(table):
    rows = trends.over_depths(table, dead(table), 300)
    parquet.table(rows, trends.SCHEMA, ["activation", "measure"])
    return {(row["activation"], row["measure"]): row for row in rows}


def test_ranks_by_hand():
    """relu: seed 0 ranks 2, 1, 1, seed 1 ranks 1, 1.5, 2; tanh: 1, 2, 2 and 2, 1.5, 1; elu is always last."""
    found = over_depths(runs())
    assert found["relu", "rank"]["mean"] == pytest.approx((4 / 3 + 4.5 / 3) / 2)
    assert found["tanh", "rank"]["mean"] == pytest.approx((5 / 3 + 4.5 / 3) / 2)
    assert found["elu", "rank"]["mean"] == 3
    assert found["relu", "rank"]["ci_low"] is None  # two seeds give none


def test_who_leads_stands_beside_the_ranks():
    """In two settings; elu never trained, and in the second relu is better in every seed."""
    level = [0.90, 0.92, 0.91, 0.93, 0.90]
    tied = runs(
        {"relu": [(a,) for a in level], "tanh": [(a,) for a in level[::-1]], "elu": [(0.1,)] * 5}, [2]
    )
    better = runs({"relu": [(0.95,)] * 5, "tanh": [(0.8,)] * 5}, [2]).assign(setting="he")
    table = pd.concat([tied, better])

    def leading(differences=None):
        rows = trends.over_depths(table, dead(table), 300, differences)
        assert all(row["leading"] is None for row in rows if row["measure"] != "rank")
        return {
            (row["setting"], row["activation"]): row["leading"] for row in rows if row["measure"] == "rank"
        }

    by_rank = {("default", "relu"): True, ("default", "tanh"): True, ("default", "elu"): None}
    by_rank |= {("he", "relu"): True, ("he", "tanh"): False}
    assert leading() == by_rank
    apart = {"activation": "tanh", "other": "relu", "n_pairs": 5, "verdict": "worse"}
    apart |= {"difference_low": -0.1, "difference_high": -0.02}
    (first,) = trends.leaders(tied[tied["trained"]])[:1]
    (other,) = {"relu", "tanh"} - {first}
    told = leading(pd.DataFrame([apart | {"setting": "default"}]))
    assert told == by_rank | {("default", other): False}
    assert leading(pd.DataFrame([apart | {"setting": "another"}])) == by_rank


def test_of_one_seed_or_of_one_activation_nobody_leads():
    for alone in ({"relu": [(0.9,)], "tanh": [(0.8,)]}, {"relu": [(0.9,)] * 3}):
        assert over_depths(runs(alone, [2]))["relu", "rank"]["leading"] is None


def test_networks_that_did_not_train_share_the_last_ranks_whatever_they_score():
    found = over_depths(runs({"relu": [(0.9,)] * 2, "elu": [(0.2,)] * 2, "tanh": [(0.1,)] * 2}, [2]))
    assert found["elu", "rank"]["mean"] == found["tanh", "rank"]["mean"] == 2.5


def test_first_and_last_depth_by_hand():
    """relu: .90 and .92 at depth 1, .93 and .86 at depth 4, changes +.03 and −.06; the depth between is not used."""
    found = over_depths(runs())
    assert found["relu", "accuracy_first"]["mean"] == pytest.approx(0.91)
    assert found["relu", "accuracy_last"]["mean"] == pytest.approx(0.895)
    change = found["relu", "accuracy_change"]
    assert (change["n"], change["mean"]) == (2, pytest.approx(-0.015))
    assert (change["ci_low"], change["ci_high"]) == pytest.approx(statistics.t_interval([0.03, -0.06]))
    assert found["relu", "accuracy_first"]["ci_low"] is None


def test_depths_may_stand_in_any_order():
    found = over_depths(runs({"relu": [(0.93, 0.90, 0.91), (0.86, 0.92, 0.90)]}, depths=(4, 1, 2)))
    assert found["relu", "accuracy_first"]["mean"] == pytest.approx(0.91)
    assert found["relu", "accuracy_last"]["mean"] == pytest.approx(0.895)


def test_a_change_is_of_seeds_that_trained_at_both_ends():
    for measure in ("accuracy_first", "accuracy_last", "accuracy_change"):
        row = over_depths(runs())["elu", measure]
        assert (row["n"], row["mean"]) == (0, None)


def test_there_is_no_change_of_runs_that_disagree():
    found = over_depths(runs({"relu": [(0.9, 0.6), (0.92, 0.9), (0.91, 0.9)]}, [1, 2]))
    for measure in ("accuracy_first", "accuracy_last", "accuracy_change"):
        row = found["relu", measure]
        assert row["n"] == 3 and row["mean"] is row["std"] is row["ci_low"] is row["ci_high"] is None


def test_equal_changes_have_the_spread_that_whole_images_hide():
    """.97 − .96 and .93 − .92 differ in the last bit; of 300 images the standard deviation is 1 / (300 √6)."""
    found = over_depths(runs({"relu": [(0.96, 0.97), (0.92, 0.93), (0.90, 0.91)]}, [1, 2]))
    change = found["relu", "accuracy_change"]
    half = 4.302653 / 300 / math.sqrt(6) / math.sqrt(3)
    assert (change["ci_low"], change["ci_high"]) == pytest.approx((0.01 - half, 0.01 + half), rel=1e-6)


def test_dead_units_at_the_first_and_the_last_depth():
    found = over_depths(runs())
    assert found["tanh", "dead_trained_first"]["mean"] == pytest.approx(0.1)
    assert found["tanh", "dead_trained_last"]["mean"] == pytest.approx(0.4)
    change = found["tanh", "dead_trained_change"]
    assert change["mean"] == pytest.approx(0.3) and change["ci_low"] is None  # equal in both seeds
    assert found["tanh", "dead_init_change"]["mean"] == pytest.approx(0)
    assert found["relu", "dead_trained_change"]["n"] == 1  # the other diverged


def test_a_change_of_dead_units_has_a_t_interval_where_seeds_differ():
    table = runs()
    died = dead(table)
    died.loc[(died["activation"] == "tanh") & (died["seed"] == 1) & (died["depth"] == 4), "n_dead"] = 6
    rows = {(r["activation"], r["measure"]): r for r in trends.over_depths(table, died, 300)}
    row = rows["tanh", "dead_trained_change"]
    assert (row["ci_low"], row["ci_high"]) == pytest.approx(statistics.t_interval([0.3, 0.5]))


def test_one_depth_has_ranks_and_no_ends():
    found = over_depths(runs({"relu": [(0.9,)] * 2, "elu": [(0.8,)] * 2}, [2]))
    assert {measure for _, measure in found} == {"rank"}


def test_one_seed_has_no_interval():
    found = over_depths(runs({name: seeds[:1] for name, seeds in SCORES.items()}))
    assert found["relu", "rank"] == {
        "activation": "relu",
        "setting": "default",
        "measure": "rank",
        "n": 1,
        "mean": None,
        "std": None,
        "ci_low": None,
        "ci_high": None,
        "leading": None,
    }


def test_with_folds_a_seed_is_one_value():
    table = runs({"relu": [(0.9, 0.8)] * 2, "elu": [(0.8, 0.9)] * 2}, [1, 2])
    found = over_depths(pd.concat([table, table.assign(fold=1)]))
    assert (found["relu", "rank"]["n"], found["relu", "rank"]["mean"]) == (2, 1.5)
    assert found["elu", "accuracy_change"]["n"] == found["elu", "dead_trained_change"]["n"] == 2


def test_folds_of_equal_accuracy_share_their_rank():
    """(.1 + .2 + .3) / 3 and (.3 + .2 + .1) / 3 differ in the last bit; so do others of nine such triples."""
    folds = [(0.7, 0.8, 0.9), (0.9, 0.8, 0.7), (0.8, 0.9, 0.7)]
    for first in folds:
        for second in folds:
            parts = [
                runs({"relu": [(a,)] * 2, "elu": [(b,)] * 2}, [2]).assign(fold=fold)
                for fold, (a, b) in enumerate(zip(first, second, strict=True))
            ]
            found = over_depths(pd.concat(parts))
            assert found["relu", "rank"]["mean"] == found["elu", "rank"]["mean"] == 1.5


def test_the_interval_of_a_rank_lies_inside_what_a_rank_can_be():
    """Ranks 1, 1.5 and 1 of 3 at two depths are shares 0, .25 and 0 of the way to the last."""
    table = runs(
        {"relu": [(0.9, 0.9), (0.9, 0.7), (0.9, 0.9)], "elu": [(0.8, 0.8)] * 3, "tanh": [(0.6, 0.6)] * 3},
        [1, 2],
    )
    row = over_depths(table)["relu", "rank"]
    low, high = statistics.bounded_interval([0, 0.25, 0], 4)
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((1 + 2 * low, 1 + 2 * high))
    assert 1 < row["ci_low"] < row["mean"] < row["ci_high"] < 3


@pytest.mark.parametrize(("n", "n_activations", "n_depths"), [(3, 3, 3), (5, 2, 1), (5, 6, 2), (10, 4, 3)])
def test_intervals_of_ranks_cover(n, n_activations, n_depths):
    """The first activation is half a standard deviation better than the others; nominal 95 %."""
    rng = np.random.default_rng(n)

    def average(size):
        level = rng.normal(size=(size, n, n_depths, n_activations))
        level[..., 0] += 0.5
        return ((-level).argsort(-1).argsort(-1)[..., 0].mean(2)) / (n_activations - 1)

    truth, steps = average(20_000).mean(), n_depths * (n_activations - 1)
    intervals = [statistics.bounded_interval(values, steps) for values in average(2000)]
    covered = [low <= truth <= high for low, high in filter(None, intervals)]
    assert len(covered) > 1000 and np.mean(covered) >= 0.93


def scored(level, names):
    """Runs of trained networks from accuracies [seeds, depths, activations]."""
    places = np.array(np.meshgrid(*map(range, level.shape), indexing="ij")).reshape(3, -1)
    frame = pd.DataFrame(places.T, columns=["seed", "depth", "activation"])
    frame["activation"] = frame["activation"].map(dict(enumerate(names)))
    return frame.assign(fold=0, status="ok", trained=True, test_accuracy=level.ravel())


@pytest.mark.parametrize(("n", "n_activations", "n_depths"), [(3, 2, 1), (3, 3, 3), (5, 2, 3), (10, 4, 2)])
def test_among_equals_hardly_one_is_said_to_be_first(n, n_activations, n_depths):
    rng, crowns, studies = np.random.default_rng(1), 0, 300
    names = list("abcdef"[:n_activations])
    for _ in range(studies):
        level = rng.normal(size=(n, n_depths, n_activations))
        crowns += len(trends.leaders(scored(level, names))) == 1
    assert crowns / studies < 0.05 + 2 * math.sqrt(0.05 * 0.95 / studies)


def differences_of(level, names):
    """All pairs of these accuracies [seeds, depths, activations], with intervals that hold at once."""
    places = list(itertools.product(itertools.combinations(range(len(names)), 2), range(level.shape[1])))
    rule = comparisons.Rule(0.01, 1000, len(places))
    rows = []
    for (one, other), depth in places:
        found = level[:, depth, one] - level[:, depth, other]
        low, high = statistics.t_interval(found, rule.confidence, rule.least_std)
        verdict = comparisons.verdict(low, high, rule.margin)
        rows.append((names[one], names[other], depth, len(found), low, high, verdict))
    names = ["activation", "other", "depth", "n_pairs", "difference_low", "difference_high", "verdict"]
    return pd.DataFrame(rows, columns=names)


@pytest.mark.parametrize(("n", "n_activations", "n_depths"), [(5, 3, 3), (10, 12, 1)])
def test_among_equals_hardly_any_is_told_apart_by_rank_or_accuracy(n, n_activations, n_depths):
    """At most 5 % of studies for the ranks and for all pairs of accuracies, 10 % for both."""
    rng, by_rank, by_both, studies = np.random.default_rng(2), 0, 0, 150
    names = list("abcdefghijkl"[:n_activations])
    for _ in range(studies):
        level = np.rint(600 + 5 * rng.normal(size=(n, n_depths, n_activations))) / 1000
        frame = scored(level, names)
        by_rank += len(trends.leaders(frame)) < n_activations
        by_both += len(trends.leaders(frame, differences_of(level, names))) < n_activations
    for share, limit in ((by_rank, 0.05), (by_both, 0.1)):
        assert share / studies < limit + 2 * math.sqrt(limit * (1 - limit) / studies)


def test_an_interval_that_the_page_does_not_show_tells_nothing_apart():
    """Of two pairs without a verdict, and beyond 100 points."""
    tied = scored(np.array([[[0.9, 0.8]], [[0.8, 0.9]]] * 2), "ab")
    shown = {"activation": "a", "other": "b", "depth": 0, "n_pairs": 4, "verdict": "inconclusive"}
    shown |= {"difference_low": 0.001, "difference_high": 0.9}
    for changes, n in (({}, 1), ({"n_pairs": 2}, 2), ({"difference_high": 1.2}, 2)):
        assert len(trends.leaders(tied, pd.DataFrame([shown | changes]))) == n
    decided = {"n_pairs": 2, "verdict": "better", "difference_low": 0.011}
    assert trends.leaders(tied, pd.DataFrame([shown | decided])) == ["a"]


def test_a_leader_by_far_stands_alone_and_equals_stand_together():
    steady = np.array([[[0.9, 0.8, 0.7]] * 3] * 5)
    assert trends.leaders(scored(steady, "abc")) == ["a"]
    swapped = steady.copy()
    swapped[::2, :, :2] = swapped[::2, :, 1::-1]
    assert sorted(trends.leaders(scored(swapped, "abc"))) == ["a", "b"]
    assert trends.leaders(scored(steady[:1], "abc")) == ["a", "b", "c"]  # one seed tells nothing
    assert trends.leaders(scored(steady[:, :, :1], "a")) == ["a"]


def test_ranks_and_changes_are_those_of_each_setting():
    one = runs()
    worse = one.assign(
        setting="slow", test_accuracy=one["test_accuracy"].where(one["activation"] != "relu", 0.6)
    )
    both = pd.concat([one, worse])
    rows = trends.over_depths(both, dead(both), 300)
    alone = trends.over_depths(one, dead(one), 300) + trends.over_depths(worse, dead(worse), 300)
    assert sorted(map(str, rows)) == sorted(map(str, alone))
    parquet.table(rows, trends.SCHEMA, ["activation", "setting", "measure"])
