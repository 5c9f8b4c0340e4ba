"""What sections on accuracy and training open with: known answers, and studies with little to say."""

import made_up
import made_up_theory
import pandas as pd
import pytest
from actbench.report import findings

LABELS = {"relu": "ReLU", "tanh": "tanh", "elu": "ELU"}
NBSP = "\N{NO-BREAK SPACE}"


def cells(*rows, n_seeds=5):
    """Rows of `comparison`: activation, depth, n_trained, mean, verdict and n_pairs."""
    names = ["activation", "depth", "n_trained", "mean", "verdict", "n_pairs"]
    table = pd.DataFrame(rows, columns=names).astype({"mean": float})
    table = table.assign(n_seeds=n_seeds, median=table["mean"], baseline="relu", n_improving=0, n_diverged=0)
    table = table.assign(difference=0.0, runs_disagree=False, min=table["mean"], max=table["mean"])
    return table.assign(difference_low=-0.1, difference_high=0.1)


RELU = ("relu", 2, 5, 0.95, "baseline", 5)
STUDY = [RELU, ("tanh", 2, 5, 0.97, "better", 5), ("elu", 2, 4, 0.951, "inconclusive", 4)]
DEEP = [
    ("relu", 8, 5, 0.9, "baseline", 5),
    ("tanh", 8, 0, None, "inconclusive", 0),
    ("elu", 8, 5, 0.9, "equivalent", 5),
]


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (
            cells(*STUDY, *DEEP),
            f"Of 30 networks at 2 depths, 24 trained, with mean test accuracies from 90.0 to 97.0{NBSP}%. Of 4 comparisons "
            "with ReLU (n = 5 seeds), 1 is better, 1 is equivalent within ±1 point, 1 is inconclusive and 1 cannot be made.",
        ),
        (
            cells(RELU),
            f"Of 5 networks at 1 depth, 5 trained, with mean test accuracies of 95.0{NBSP}%. There is no other activation "
            "to compare with.",
        ),
        (
            cells(("relu", 2, 0, None, "baseline", 0), ("elu", 2, 0, None, "inconclusive", 0)),
            "Of 10 networks at 1 depth, none trained, so there are no accuracies to compare.",
        ),
        (
            cells(("relu", 2, 1, 0.9, "baseline", 1), ("elu", 2, 0, None, "inconclusive", 0), n_seeds=1),
            f"Of 2 networks at 1 depth, 1 trained, with test accuracies of 90.0{NBSP}%. One seed gives no interval "
            "and no verdict.",
        ),
    ],
    ids=["several", "one activation", "nothing trained", "one seed"],
)
def test_comparison(table, expected):
    assert findings.comparison(table, LABELS, 0.01) == expected


def test_networks_without_a_mean_have_the_accuracies_of_their_medians():
    table = cells(("relu", 2, 1, 0.9, "baseline", 1), ("elu", 2, 1, 0.8, "inconclusive", 1), n_seeds=1)
    text = findings.comparison(table.assign(mean=float("nan")), LABELS, 0.01)
    assert f"2 trained, with test accuracies from 80.0 to 90.0{NBSP}%." in text


def test_runs_that_disagree_have_a_range_and_comparisons_without_a_mean():
    table = cells(RELU, ("tanh", 8, 4, None, "inconclusive", 4), ("elu", 8, 1, None, "inconclusive", 1))
    table = table.assign(
        min=[0.9, 0.45, 0.8], max=[0.96, 0.74, 0.8], difference=[None] * 3, n_diverged=[0, 1, 0]
    )
    assert findings.comparison(table, LABELS, 0.01) == (
        f"Of 15 networks at 2 depths, 10 trained (1 diverged), with mean test accuracies of 95.0{NBSP}%; tanh at depth 8 "
        f"has no mean (45.0 to 74.0{NBSP}%) and ELU at depth 8 has no mean (one trained, 80.0{NBSP}%). Of 2 comparisons "
        "with ReLU (n = 5 seeds), 1 has no mean difference (runs disagree) and 1 cannot be made."
    )


def test_with_folds_what_is_counted_is_said():
    text = findings.comparison(cells(*STUDY), LABELS, 0.005, folds=3)
    assert text.startswith("Of 15 sets of 3 folds at 1 depth, 14 trained")
    assert findings.depths(cells(*STUDY), pd.DataFrame(), 5, folds=3).endswith(
        f"14 of 15 sets of 3 folds trained (n{NBSP}={NBSP}5 seeds)."
    )


def test_pairs():
    rows = pd.DataFrame(
        {
            "verdict": ["better", "worse", "equivalent", "inconclusive", "inconclusive"],
            "n_pairs": [5, 5, 5, 2, 1],
        }
    ).assign(depth=2, difference=0.0, difference_low=-0.1, difference_high=0.1)
    assert findings.pairs(rows, 0.01, 5) == (
        "Of 5 pairs at 1 depth (n = 5 seeds), 2 differ by more than 1 point, 1 is equivalent within ±1 point, "
        "1 is inconclusive and 1 cannot be compared."
    )
    rows.loc[3, "difference_low"] = 0.001
    assert findings.pairs(rows, 0.01, 5).endswith("1 is inconclusive and 1 cannot be compared.")
    rows.loc[3, "n_pairs"] = 3
    assert findings.pairs(rows, 0.01, 5).endswith(
        "1 differs, but not surely by more than 1 point and 1 cannot be compared."
    )
    assert findings.pairs(rows, 0.01, 1) == "One seed decides none of 5 pairs."
    assert findings.pairs(rows[:0], 0.01, 5) == "There is one activation, so there are no pairs."


def scores(*rows, n_folds=2):
    names = ["activation", "depth", "seed", "mean_test_score", "std_test_score"]
    table = pd.DataFrame(rows, columns=names).astype({"mean_test_score": float, "std_test_score": float})
    return table.assign(**{f"split{fold}_test_score": 0.5 for fold in range(n_folds)})


def test_cross_validation_names_the_highest_mean_at_both_ends_and_ties():
    rows = [
        ("relu", 2, 0, 0.9, 0.01),
        ("relu", 2, 1, 0.8, 0.02),
        ("tanh", 2, 0, 0.85, 0.01),
        ("tanh", 2, 1, 0.85, 0.0),
    ]
    rows += [("relu", 4, 0, 0.99, 0.01), ("tanh", 8, 0, None, None), ("relu", 8, 0, 0.7, 0.01)]
    assert findings.cross_validation(scores(*rows), LABELS) == (
        f"The highest mean accuracy over 2 folds, n = 2 seeds is 85.00{NBSP}% with 2 hidden layers (ReLU and tanh) and "
        f"70.00{NBSP}% with 8 hidden layers (ReLU); the folds of one seed have a standard deviation of 0.00 to 2.00 points."
    )


def test_cross_validation_of_one_activation_and_of_diverged_folds():
    one = findings.cross_validation(scores(("relu", 2, 0, 0.9, 0.01)), LABELS)
    assert one.startswith("The mean accuracy over 2 folds, n = 1 seed is") and one.endswith(
        "deviation of 1.00 points."
    )
    lost = findings.cross_validation(scores(("relu", 2, 0, None, None)), LABELS)
    assert lost == "Every activation diverged in some fold (2 folds, n = 1 seed)."


def attribution(*verdicts):
    table = pd.DataFrame({"verdict": verdicts}).assign(depth=float("nan"))
    return pd.concat([table, table.assign(depth=2.0)])


def test_recipe_counts_networks_by_setting_and_what_becomes_of_differences():
    config = made_up.config(("default", "critical"))
    runs = pd.DataFrame(
        {
            "setting": ["default"] * 4 + ["critical"] * 4,
            "seed": [0, 1] * 4,
            "trained": [True, False] * 2 + [True] * 4,
        }
    )
    text = findings.recipe(
        runs,
        config["settings"],
        attribution("setting", "inconclusive", "inconclusive"),
        None,
        "ReLU",
        made_up.LABELS,
    )
    assert text == (
        f"Of 4 networks in each setting (n{NBSP}={NBSP}2 seeds), 2 trained with “default” and 4 with “critical”. Of 3 differences to ReLU, 1 changes "
        "with the setting and 2 are inconclusive."
    )
    open_ = findings.recipe(
        runs, config["settings"], attribution(*["inconclusive"] * 5), None, "ReLU", made_up.LABELS
    )
    assert open_.endswith(" Whether the setting changes the difference to ReLU is inconclusive for all 5.")
    alone = findings.recipe(runs, config["settings"], attribution()[:0], None, "ReLU", made_up.LABELS)
    assert alone == text.partition(" Of 3 differences")[0]


def test_recipe_of_many_settings_gives_the_ends_and_of_one_what_was_tuned():
    names = [f"s{n}" for n in range(8)]
    runs = pd.DataFrame(
        {"setting": sorted(names * 3), "seed": [0, 1, 2] * 8, "trained": [False] * 3 + [True] * 21}
    )
    text = findings.recipe(runs, dict.fromkeys(names), None, None, "ReLU", made_up.LABELS)
    assert (
        text == f"Of 3 networks in each setting (n{NBSP}={NBSP}3 seeds), 0 to 3 trained with the 8 settings."
    )
    config = made_up.config(("default",))
    tables = made_up.tables(config)
    tuned = findings.recipe(tables["runs"], config["settings"], None, tables["rates"], "ReLU", made_up.LABELS)
    assert tuned.startswith("Learning rates are tuned for each activation and depth, over 5 candidates")
    none = findings.recipe(runs, {"default": {}}, None, None, "ReLU", made_up.LABELS)
    assert none == "There is one setting, and no learning rate was chosen from several."


def test_why_counts_cells_near_theory_and_right_expectations():
    table = made_up_theory.cells(
        made_up_theory.cell(predicted=-6.9, measured=-6.93),
        made_up_theory.cell("relu", predicted=-1.0, measured=-1.45, n_trained=5),
    )
    text = findings.why(table)
    assert text == (
        "Before training, the gradient ratio (first over last layer) lies within 0.1 of theory (log10) in 1 of 2 cells "
        "(n = 5; largest gap 0.45)."
    )
    unknown = made_up_theory.cells(made_up_theory.cell(predicted=None))
    assert findings.why(unknown) == "No gradient that theory predicts could be compared with a measured one."


def changes(*rows):
    names = ["activation", "n", "ci_low", "ci_high"]
    table = pd.DataFrame(rows, columns=names).astype({"ci_low": float, "ci_high": float})
    return table.assign(measure="accuracy_change")


def test_depths_count_networks_at_both_ends_and_changes_that_are_sure():
    table = changes(("relu", 5, -0.1, -0.02), ("elu", 3, -0.1, 0.02), ("tanh", 0, None, None))
    start = "With 2 hidden layers 14 of 15 networks trained, with 8 hidden layers 10 of 15."
    assert findings.depths(cells(*STUDY, *DEEP), table, 5) == (
        f"{start} From 2 to 8 layers test accuracy falls for 1 and rises for none of 2 activations; for 1 the interval "
        f"of the change includes 0 (each interval by itself, n{NBSP}={NBSP}3 to 5 seeds that trained at both)."
    )
    assert findings.depths(cells(*STUDY, *DEEP), table[2:], 5) == (
        f"{start} No change of test accuracy between them has an interval of at least 3 seeds (n{NBSP}={NBSP}5 seeds)."
    )
    two = changes(("relu", 2, -0.1, -0.02))
    assert "No change" in findings.depths(cells(*STUDY, *DEEP), two, 5)


def test_who_has_no_mean_at_one_end_is_named_with_its_accuracies():
    table = cells(*STUDY, *DEEP)
    own, deep = table["activation"] == "relu", table["depth"] == 8
    table["runs_disagree"] = deep
    table.loc[own, "min"], table.loc[own, "max"] = [0.967, 0.45], [0.987, 0.74]
    table = table[own | ~deep]
    said = f"ReLU (97 to 99{NBSP}% and 45 to 74{NBSP}%) has no mean at one of these depths."
    assert findings.without_mean(table, LABELS) == said
    assert findings.without_mean(cells(*STUDY, *DEEP).assign(runs_disagree=False), LABELS) == ""


def test_one_depth_and_one_seed_say_nothing_of_changes():
    one = findings.depths(cells(*STUDY), changes()[:0], 5)
    assert one == f"There is one depth, 2 hidden layers: 14 of 15 networks trained (n{NBSP}={NBSP}5 seeds)."
    assert findings.depths(cells(*STUDY, *DEEP, n_seeds=1), changes()[:0], 1).endswith(
        f"One seed (n{NBSP}={NBSP}1) cannot say how accuracy changes."
    )


def runs(*rows):
    return pd.DataFrame(rows, columns=["status", "trained", "best_epoch"]).astype({"best_epoch": float})


def test_learning_gives_best_epochs_of_those_that_trained_and_who_was_not_done():
    table = runs(("ok", True, 10), ("ok", True, 40), ("ok", False, 3), ("diverged", False, None))
    late = cells(RELU).assign(n_improving=1)
    assert findings.learning(table, late, 40) == (
        f"Of 4 networks (n{NBSP}={NBSP}5 seeds), 2 trained and 1 diverged. Of those that trained, the best epoch is 10 to 40 (median 25) of at "
        "most 40; 1 was still improving in the last tenth."
    )
    assert "; 1 of 5 sets of 2 folds was still improving" in findings.learning(table, late, 40, folds=2)
    assert "best epoch is 10 (median 10) of at most 40; none were still" in findings.learning(
        table[:1], cells(RELU), 40
    )


def test_learning_without_validation_or_trained_networks():
    assert findings.learning(runs(("ok", True, None)), cells(RELU), 40) == (
        f"Of 1 network (n{NBSP}={NBSP}5 seeds), 1 trained and none diverged; without validation data there is no best epoch."
    )
    assert (
        findings.learning(runs(("ok", False, 3)), cells(RELU), 40)
        == f"Of 1 network (n{NBSP}={NBSP}5 seeds), 0 trained and none diverged."
    )


def test_the_setting_stands_before_a_sentence_where_there_are_several():
    assert findings.placed("ReLU trained.", ["he", "layer"]) == "Setting “he”: ReLU trained."
    assert (
        findings.placed("ReLU trained.", {"he": {}}) == "ReLU trained."
        and findings.placed("", ["a", "b"]) == ""
    )
