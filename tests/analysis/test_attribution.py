import math
from itertools import cycle, product

import numpy as np
import pandas as pd
import pytest
from actbench.analysis import attribution, comparisons, statistics
from actbench.storage import parquet
from scipy import stats

N_IMAGES = 1000


def runs(cells):
    """Rows of runs from accuracies, one a seed, by (activation, depth, setting); None has not trained.

    A pair is of two folds.
    """
    return pd.DataFrame(
        {
            "activation": activation,
            "depth": depth,
            "setting": setting,
            "seed": seed,
            "fold": fold,
            "status": "ok",
            "trained": value is not None,
            "test_accuracy": 0.1 if value is None else value,
        }
        for (activation, depth, setting), values in cells.items()
        for seed, folds in enumerate(values)
        for fold, value in enumerate(folds if isinstance(folds, tuple) else [folds])
    )


def found(cells, margin=0.01):
    """The rows by activation, setting and depth; the first setting is `default`, though `adam` sorts first."""
    table = runs(cells)
    compared = comparisons.comparison(table, "relu", margin, N_IMAGES)
    rows = attribution.attribution(table, compared, "relu", "default", margin, N_IMAGES)
    parquet.table(rows, attribution.SCHEMA, ["activation", "setting", "depth"])
    return {(row["activation"], row["setting"], row["depth"]): row for row in rows}


ONE_DEPTH = {
    ("relu", 2, "default"): [0.90, 0.91, 0.92],
    ("tanh", 2, "default"): [0.80, 0.82, 0.83],
    ("relu", 2, "adam"): [0.95, 0.96, 0.95],
    ("tanh", 2, "adam"): [0.94, 0.97, 0.95],
}


def test_by_hand():
    """-.01 + .10, .01 + .09 and 0 + .09: .09, .10, .09, mean .28 / 3, standard deviation .01 / √3."""
    row = found(ONE_DEPTH)["tanh", "adam", None]
    assert row["difference"] == pytest.approx(0.28 / 3)
    half = stats.t.ppf(0.975, 2) * 0.01 / math.sqrt(3) / math.sqrt(3)
    assert row["difference_low"] == pytest.approx(0.28 / 3 - half)
    assert row["difference_high"] == pytest.approx(0.28 / 3 + half)
    assert (row["n"], row["n_left_out"], row["n_depths"], row["verdict"]) == (3, 0, 1, "setting")
    assert (row["trained_before"], row["trained_after"], row["n_runs"]) == (3, 3, 3)


def test_only_seeds_of_which_all_four_trained_count():
    for place in ONE_DEPTH:
        cells = ONE_DEPTH | {place: [None, *ONE_DEPTH[place][1:]]}
        row = found(cells)["tanh", "adam", 2]
        assert (row["n"], row["n_left_out"]) == (2, 1)
        assert row["difference"] == pytest.approx(0.095)
        counts = (row["trained_before"], row["trained_after"])
        assert counts == (3 - (place == ("tanh", 2, "default")), 3 - (place == ("tanh", 2, "adam")))


def test_a_cell_in_which_nothing_trained_has_counts_only():
    row = found(ONE_DEPTH | {("tanh", 2, "default"): [None] * 3})["tanh", "adam", None]
    assert (row["n"], row["n_left_out"], row["n_depths"], row["difference"]) == (0, 3, 0, None)
    assert row["difference_low"] is row["required_seeds"] is None and row["verdict"] == "inconclusive"
    assert (row["trained_before"], row["trained_after"], row["n_runs"]) == (0, 3, 3)


def test_a_cell_whose_runs_disagree_is_left_out_whichever_it_is():
    """One run 30 points or more below the others: no mean describes the cell, though all four networks trained."""
    for place in ONE_DEPTH:
        rows = found(ONE_DEPTH | {place: [0.5, *ONE_DEPTH[place][1:]]})
        for depth in (None, 2):
            row = rows["tanh", "adam", depth]
            assert (row["n"], row["n_left_out"], row["n_depths"], row["verdict"]) == (0, 3, 0, "inconclusive")
            assert row["difference"] is row["difference_low"] is row["required_seeds"] is None
            assert (row["trained_before"], row["trained_after"], row["n_runs"]) == (3, 3, 3)


def test_a_depth_whose_runs_disagree_leaves_the_others_and_no_activation():
    cells = shifted(constant((0, 0), (0, 0)), n=10, jitter=0.0005)
    assert found(cells)["tanh", "adam", None]["verdict"] == "activation"
    cells["relu", 4, "adam"][0] = 0.5
    rows = found(cells)
    row = rows["tanh", "adam", None]
    assert (row["n"], row["n_left_out"], row["n_depths"], row["verdict"]) == (10, 0, 1, "inconclusive")
    assert row["difference"] == pytest.approx(rows["tanh", "adam", 2]["difference"])
    assert rows["tanh", "adam", 2]["verdict"] == "activation"
    assert (rows["tanh", "adam", 4]["n"], rows["tanh", "adam", 4]["n_left_out"]) == (0, 10)


def test_folds_of_a_seed_are_one_number_and_train_together():
    """Means over two folds that give the accuracies of above; a fold that did not train costs its seed."""
    folds = {place: [(one - 0.02, one + 0.02) for one in values] for place, values in ONE_DEPTH.items()}
    rows, whole = found(folds), found(ONE_DEPTH)
    assert rows.keys() == whole.keys()
    for place, row in rows.items():
        assert row == {name: pytest.approx(value) for name, value in whole[place].items()}
    lacking = folds | {("tanh", 2, "adam"): [(None, 0.96), *folds["tanh", 2, "adam"][1:]]}
    row = found(lacking)["tanh", "adam", 2]
    assert (row["n"], row["n_left_out"], row["trained_after"], row["n_runs"]) == (2, 1, 2, 3)
    assert row["difference"] == pytest.approx(0.095)


def shifted(shift, n=5, jitter=0.0, seed=0, depths=(2, 4), settings=("default", "adam")):
    """tanh is better than relu by `shift[setting, depth]`, but for jitter."""
    rng, cells = np.random.default_rng(seed), {}
    for depth in depths:
        for setting in settings:
            base = 0.9 + 0.01 * rng.normal(size=n)
            cells["relu", depth, setting] = base
            cells["tanh", depth, setting] = base + shift[setting, depth] + jitter * rng.normal(size=n)
    return {place: list(np.round(values, 3)) for place, values in cells.items()}


def test_over_depths_every_seed_is_a_mean_over_the_same_depths():
    """Depth 4 has a difference of .04, depth 2 none: a seed that lacks depth 4 must not pull the mean down."""
    shift = {("default", 2): 0, ("default", 4): 0, ("adam", 2): 0, ("adam", 4): 0.04}
    cells = shifted(shift)
    cells["tanh", 4, "adam"][0] = None
    row = found(cells)["tanh", "adam", None]
    assert row["difference"] == pytest.approx(0.02) and (row["n"], row["n_left_out"]) == (4, 1)
    assert row["n_depths"] == 2 and row["n_runs"] == 10
    assert (row["trained_before"], row["trained_after"]) == (10, 9)


def test_a_depth_at_which_half_of_the_seeds_lack_is_left_out_for_all():
    """Six seeds: three without depth 4. Those that have it would say .02, the others 0."""
    shift = {("default", 2): 0, ("default", 4): 0, ("adam", 2): 0, ("adam", 4): 0.04}
    cells = shifted(shift, n=6)
    cells["relu", 4, "default"][:3] = [None] * 3
    row = found(cells)["tanh", "adam", None]
    assert row["difference"] == pytest.approx(0) and (row["n"], row["n_left_out"], row["n_depths"]) == (
        6,
        0,
        1,
    )
    assert found(cells)["tanh", "adam", 4]["n"] == 3


@pytest.mark.parametrize(("lacking", "n", "n_depths"), [(2, 3, 1), (3, 0, 0)])
def test_a_single_depth_is_left_out_by_the_same_rule(lacking, n, n_depths):
    """Of five seeds, more than half must have a difference; the row of that depth has all that there are."""
    shift = {("default", 2): 0, ("adam", 2): 0.05}
    cells = shifted(shift, depths=(2,))
    cells["tanh", 2, "adam"][:lacking] = [None] * lacking
    rows = found(cells)
    row = rows["tanh", "adam", None]
    assert (row["n"], row["n_left_out"], row["n_depths"]) == (n, 5 - n, n_depths)
    assert row["verdict"] == ("setting" if n else "inconclusive")
    assert rows["tanh", "adam", 2]["n"] == 5 - lacking


def test_the_mean_is_not_biased_by_which_depths_trained():
    """D is .01 at depth 2 and .05 at depth 4, where one seed in four does not train: .03 in the mean.

    A mean over the depths that each seed has would be .025 in the mean. In some studies too few seeds have depth
    4, which is then left out, and said to be by `n_depths`.
    """
    rng, shift = (
        np.random.default_rng(0),
        {("default", 2): 0, ("default", 4): 0, ("adam", 2): 0.01, ("adam", 4): 0.05},
    )
    means = []
    for seed in range(60):
        cells = shifted(shift, n=12, jitter=0.004, seed=seed)
        cells["tanh", 4, "adam"] = [
            None if rng.random() < 0.25 else value for value in cells["tanh", 4, "adam"]
        ]
        changes = pd.DataFrame(
            {
                depth: np.array(cells["tanh", depth, "adam"], dtype=float)
                - np.array(cells["relu", depth, "adam"])
                - np.array(cells["tanh", depth, "default"])
                + np.array(cells["relu", depth, "default"])
                for depth in (2, 4)
            }
        )
        values, depths = attribution.averaged(changes, attribution.MOST)
        if depths == [2, 4]:
            means.append(values.mean())
    assert len(means) > 50
    assert np.mean(means) == pytest.approx(0.03, abs=4 * np.std(means) / math.sqrt(60))


def test_intervals_are_for_each_family():
    """Two activations and two further settings are four rows over depths, and eight of two depths."""
    settings = ("default", "adam", "layer")
    shift = {(setting, depth): 0.01 * depth for setting in settings for depth in (2, 4)}
    cells = shifted(shift, jitter=0.003, settings=settings)
    cells |= {("elu", *place): values for (key, *place), values in cells.items() if key == "tanh"}
    rows = found(cells)
    assert len(rows) == 4 + 8
    changes = {}
    for depth in (2, 4):
        level = {key: np.array(cells[key, depth, s]) for key in ("tanh", "relu") for s in ["adam"]}
        before = {key: np.array(cells[key, depth, "default"]) for key in ("tanh", "relu")}
        changes[depth] = level["tanh"] - level["relu"] - before["tanh"] + before["relu"]
    for depth, values, family in (
        (2, changes[2], 8),
        (4, changes[4], 8),
        (None, (changes[2] + changes[4]) / 2, 4),
    ):
        row = rows["tanh", "adam", depth]
        assert (row["difference_low"], row["difference_high"]) == pytest.approx(
            statistics.t_interval(values, 1 - 0.05 / family)
        )


def test_seeds_that_agree_have_the_spread_that_whole_images_hide():
    """Four rounded accuracies a depth, each with variance 1/12 of an image, over two depths."""
    shift = dict.fromkeys([(s, d) for s in ("default", "adam") for d in (2, 4)], 0.02)
    rows = found(shifted(shift))
    for depth, n_depths, family in ((None, 2, 1), (2, 1, 2)):
        half = stats.t.ppf(1 - 0.025 / family, 4) * math.sqrt(4 / 12 / n_depths) / N_IMAGES / math.sqrt(5)
        assert rows["tanh", "adam", depth]["difference_high"] == pytest.approx(half)


def constant(default, adam):
    return {
        ("default", 2): default[0],
        ("default", 4): default[1],
        ("adam", 2): adam[0],
        ("adam", 4): adam[1],
    }


@pytest.mark.parametrize(
    ("default", "adam", "verdict"),
    [
        ((0.05, 0.05), (0.05, 0.05), "activation"),  # better everywhere, by the same
        ((-0.05, -0.05), (-0.05, -0.05), "activation"),
        ((0.0, 0.0), (0.0, 0.0), "activation"),  # equivalent everywhere
        ((0.05, 0.05), (0.0, 0.0), "setting"),
        ((0.0, 0.0), (0.05, 0.05), "setting"),
        ((0.05, 0.0), (0.05, 0.0), "inconclusive"),  # better at one depth, equivalent at the other
        ((0.05, -0.05), (0.05, -0.05), "inconclusive"),
        ((0.012, 0.012), (0.008, 0.008), "inconclusive"),  # better there, equivalent here, and hardly moved
    ],
)
def test_verdicts_over_depths(default, adam, verdict):
    rows = found(shifted(constant(default, adam), n=10, jitter=0.0005))
    row = rows["tanh", "adam", None]
    assert row["verdict"] == verdict
    assert row["required_seeds"] is None  # D is within the margin, or decided
    if default == adam:
        assert rows["tanh", "adam", 2]["verdict"] == rows["tanh", "adam", 4]["verdict"] == "activation"


def test_one_setting_that_is_not_decided_leaves_the_activation_open():
    settings = ("default", "adam", "layer")
    shift = {(setting, 2): 0.0105 if setting == "layer" else 0.015 for setting in settings}
    rows = found(shifted(shift, n=10, jitter=0.001, depths=(2,), settings=settings))
    assert rows["tanh", "adam", None]["verdict"] == "inconclusive"
    assert rows["tanh", "adam", None]["required_seeds"] is None


@pytest.mark.parametrize("place", list(product(("tanh", "relu"), (2, 4), ("default", "adam"))))
def test_another_number_of_trained_networks_is_no_activation(place):
    """One network in ten does not train in one of the settings; if one in both, they are as many again."""
    key, depth, setting = place
    other = {"default": "adam", "adam": "default"}[setting]
    cells = shifted(constant((0.05, 0.05), (0.05, 0.05)), n=10, jitter=0.0005)
    cells[key, depth, setting][0] = None
    rows = found(cells)
    assert rows["tanh", "adam", None]["verdict"] == "inconclusive"
    assert rows["tanh", "adam", None]["required_seeds"] is None
    assert rows["tanh", "adam", depth]["verdict"] == "inconclusive"
    assert rows["tanh", "adam", 6 - depth]["verdict"] == "activation"
    cells[key, depth, other][1] = None
    row = found(cells)["tanh", "adam", None]
    assert (row["verdict"], row["n"], row["n_depths"]) == ("activation", 8, 2)


def test_counts_are_compared_at_each_depth():
    """Nine and ten networks trained in one setting, ten and nine in the other: as many in the sum only."""
    cells = shifted(constant((0.05, 0.05), (0.05, 0.05)), n=10, jitter=0.0005)
    cells["tanh", 2, "default"][0] = cells["tanh", 4, "adam"][0] = None
    row = found(cells)["tanh", "adam", None]
    assert row["trained_before"] == row["trained_after"] == 19 and row["verdict"] == "inconclusive"


def test_a_depth_that_is_left_out_and_turned_leaves_no_activation():
    """Better at both depths, but at depth 4 worse in the other setting, where most did not train."""
    cells = shifted(constant((0.05, 0.05), (0.05, -0.05)), n=12, jitter=0.0005)
    for setting in ("default", "adam"):
        cells["tanh", 4, setting][:7] = [None] * 7
    rows = found(cells)
    compared = comparisons.comparison(runs(cells), "relu", 0.01, N_IMAGES)
    turned = {
        row["setting"]: row["verdict"] for row in compared if (row["activation"], row["depth"]) == ("tanh", 4)
    }
    assert turned == {"default": "better", "adam": "worse"}
    row = rows["tanh", "adam", None]
    assert (row["n_depths"], row["n"], row["verdict"]) == (1, 12, "inconclusive")
    assert -0.01 < row["difference_low"] < row["difference_high"] < 0.01 and row["required_seeds"] is None
    assert rows["tanh", "adam", 2]["verdict"] == "activation"
    assert rows["tanh", "adam", 4]["verdict"] == "setting"


@pytest.mark.parametrize("value", [0.0, 0.05])
def test_two_seeds_that_agree_decide_nothing(value):
    """Of 10,000 images even the spread that rounding hides leaves a short interval; a third seed decides."""
    rule = comparisons.Rule(0.01, 10_000)
    two, three = (attribution.judged(np.full(n, value), 1, rule, True) for n in (2, 3))
    assert two["difference_high"] - two["difference_low"] < 0.02 and two["verdict"] == "inconclusive"
    assert two["required_seeds"] == (3 if value else None)
    assert three["verdict"] == ("setting" if value else "activation") and three["required_seeds"] is None


@pytest.mark.parametrize(("difference", "spread"), [(0.02, 0.02), (-0.015, 0.006), (0.013, 0.008)])
def test_required_seeds_reach_beyond_the_margin_in_four_of_five_studies(difference, spread):
    """By simulation of normal seeds with the difference and spread that were measured."""
    rule, n_studies = comparisons.Rule(0.01, N_IMAGES, family=5), 1000
    measured = difference + spread * np.array([-1, 0, 1])  # its standard deviation is spread
    row = attribution.judged(measured, 1, rule, False)
    assert row["verdict"] == "inconclusive" and row["difference"] == pytest.approx(difference)
    rng = np.random.default_rng(0)

    def decided(n):
        studies = difference + spread * rng.normal(size=(n_studies, n))
        return np.mean([attribution.judged(own, 1, rule, False)["verdict"] == "setting" for own in studies])

    noise = 3 * math.sqrt(0.8 * 0.2 / n_studies)
    assert decided(row["required_seeds"]) > 0.8 - noise
    assert decided(row["required_seeds"] - 1) < 0.8 + noise


@pytest.mark.parametrize(("difference", "required"), [(0.009, False), (0.01, False), (0.012, True)])
def test_within_the_margin_no_number_of_seeds_is_named(difference, required):
    row = attribution.judged(
        difference + np.array([-0.004, 0, 0.004]), 1, comparisons.Rule(0.01, N_IMAGES), True
    )
    assert row["verdict"] == "inconclusive" and (row["required_seeds"] is not None) == required


def test_required_seeds_are_those_of_the_paired_comparison():
    cells = shifted(constant((0, 0), (0.02, 0.02)), n=5, jitter=0.02, seed=3)
    row = found(cells)["tanh", "adam", None]
    values = np.mean(
        [
            np.array(cells["tanh", d, "adam"])
            - cells["relu", d, "adam"]
            - (np.array(cells["tanh", d, "default"]) - cells["relu", d, "default"])
            for d in (2, 4)
        ],
        axis=0,
    )
    rule = comparisons.Rule(0.01, N_IMAGES)
    assert row["verdict"] == "inconclusive"
    assert row["required_seeds"] == comparisons.required_seeds(values.mean(), values.std(ddof=1), rule)


def test_families_in_which_nothing_moved_rarely_name_the_setting():
    """With hardly any margin, any verdict of setting is an error: at most 5 % of families may have one.

    One network in twenty does not train, whichever; most families have verdicts to err with.
    """
    rng, wrong, able, families = np.random.default_rng(0), 0, 0, 180
    places = list(product(("relu", "tanh", "elu", "gelu"), (2, 4), ("default", "adam")))
    compared = [
        {"activation": key, "depth": depth, "setting": setting}
        | {"runs_disagree": False, "verdict": "inconclusive"}
        for key, depth, setting in places
    ]
    tables = [runs({place: [0.9] * n for place in places}) for n in (3, 5, 10)]
    for _, table in zip(range(families), cycle(tables)):
        accuracies = np.round(0.9 + 0.005 * rng.normal(size=len(table)), 3)
        drawn = table.assign(test_accuracy=accuracies, trained=rng.random(len(table)) > 0.05)
        rows = attribution.attribution(drawn, compared, "relu", "default", 1e-12, N_IMAGES)
        over_depths = [row for row in rows if row["depth"] is None]
        assert len(over_depths) == 3
        able += any(row["n"] >= 3 for row in over_depths)
        wrong += any(row["verdict"] == "setting" for row in over_depths)
    assert able / families > 0.6
    assert wrong / families < 0.05 + 2 * math.sqrt(0.05 * 0.95 / families)
