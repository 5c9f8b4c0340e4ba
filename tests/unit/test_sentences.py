import pandas as pd
import pytest
from actbench import sentences

LABELS = {"relu": "ReLU", "tanh": "tanh", "elu": "ELU", "sigmoid": "sigmoid"}


def cell(activation, n_trained=5, mean=0.97, verdict="undecided", n_pairs=5, n_diverged=0, n_seeds=5):
    none = n_trained < 2
    return {
        "activation": activation,
        "depth": 4,
        "n_seeds": n_seeds,
        "n_trained": n_trained,
        "n_diverged": n_diverged,
        "mean": None if none else mean,
        "ci_low": None if none else mean - 0.01,
        "ci_high": None if none else mean + 0.01,
        "max": mean if n_trained else None,
        "baseline": "relu",
        "verdict": verdict,
        "n_pairs": n_pairs,
    }


def outcome(*cells):
    return sentences.outcome(pd.DataFrame(cells), LABELS)


def verdicts(*cells):
    return sentences.verdicts(pd.DataFrame(cells), LABELS)


def test_outcome_names_always_sometimes_and_never():
    text = outcome(
        cell("relu", 3),
        cell("tanh", mean=0.98),
        cell("elu", mean=0.96),
        cell("sigmoid", 0, n_diverged=2),
    )
    assert text == (
        "With 4 hidden layers, tanh and ELU trained in all 5 runs, tanh with the highest mean test accuracy, "
        "98.0 % (95 % interval 97.0–99.0 %); ReLU in 3 of 5 runs (2 never left chance); sigmoid never trained (2 runs diverged)."
    )


def test_outcome_of_one_activation():
    assert outcome(cell("relu")) == (
        "With 4 hidden layers, ReLU trained in all 5 runs, mean test accuracy 97.0 % (95 % interval 96.0–98.0 %)."
    )


def test_outcome_of_one_seed_claims_no_mean():
    assert outcome(cell("relu", 1, n_seeds=1)) == (
        "With 4 hidden layers, ReLU trained in the one run, up to 97.0 % test accuracy."
    )


def test_nothing_trained():
    assert outcome(cell("relu", 0)) == "With 4 hidden layers, ReLU never trained."


def test_verdicts_by_kind():
    text = verdicts(
        cell("relu", verdict="baseline"),
        cell("tanh", verdict="better"),
        cell("elu"),
        cell("sigmoid", 0, n_pairs=0),
    )
    assert text == (
        "tanh is better than ReLU; the seeds do not decide between ReLU and ELU; sigmoid cannot be compared: "
        "fewer than two seeds trained both it and ReLU."
    )


def test_verdicts_of_the_baseline_alone():
    assert verdicts(cell("relu", verdict="baseline")) == ""


def trend(activation, measure, mean, low, high, n=5):
    return dict(
        zip(
            ("activation", "measure", "n", "mean", "ci_low", "ci_high"),
            (activation, measure, n, mean, low, high),
            strict=True,
        )
    )


def test_ranking_names_the_best_its_interval_and_the_next():
    rows = [
        trend("relu", "rank", 2.25, 1.5, 3.0),
        trend("tanh", "rank", 1.25, 0.8, 1.7),
        trend("elu", "rank", 2.5, 2.2, 3.4),
    ]
    assert sentences.ranking(pd.DataFrame(rows), LABELS, 3) == (
        "tanh has the best average rank over 3 depths, 1.2 of 3 (95\N{NO-BREAK SPACE}% interval 1.0–1.7, n = 5 seeds); next comes ReLU with 2.2."
    )


def test_a_shared_best_rank_is_shared():
    rows = [trend(key, "rank", 1.5, 1.0, 2.0) for key in ("relu", "tanh")]
    assert sentences.ranking(pd.DataFrame(rows), LABELS, 1) == (
        "ReLU and tanh share the best average rank, 1.5 of 2 (95\N{NO-BREAK SPACE}% interval 1.0–2.0, n = 5 seeds)."
    )


def test_one_seed_or_one_activation_is_not_ranked():
    one_seed = [trend(key, "rank", None, None, None, 1) for key in ("relu", "tanh")]
    assert sentences.ranking(pd.DataFrame(one_seed, dtype=object), LABELS, 3) == ""
    assert sentences.ranking(pd.DataFrame([trend("relu", "rank", 1.0, 1.0, 1.0)]), LABELS, 3) == ""


def test_decided_counts_and_names():
    cells = [
        cell("relu", verdict="baseline"),
        cell("tanh", verdict="better"),
        cell("elu"),
        cell("sigmoid", verdict="worse"),
    ]
    table = pd.DataFrame(
        cells + [c | {"depth": 8} for c in cells[:2]] + [c | {"depth": 8} for c in cells[2:3]]
    )
    assert sentences.decided(table, LABELS) == (
        "Of the 5 comparisons with ReLU, 3 are decided: tanh (depth 4 and 8) is better; sigmoid (depth 4) is worse; "
        "for the others there are not enough seeds."
    )


def test_nothing_decided_is_a_sentence_too():
    table = pd.DataFrame([cell("relu", verdict="baseline"), cell("tanh")])
    assert (
        sentences.decided(table, LABELS) == "There are not enough seeds to decide the comparison with ReLU."
    )
    assert sentences.decided(table[:1], LABELS) == ""
    table = pd.DataFrame([cell("relu", verdict="baseline"), cell("tanh", verdict="worse")])
    assert sentences.decided(table, LABELS) == "The comparison with ReLU is decided: tanh (depth 4) is worse."


def test_settle_says_how_many_seeds():
    cells = pd.DataFrame(
        [
            cell("relu", verdict="baseline"),
            cell("tanh"),
            cell("elu"),
            cell("sigmoid"),
            cell("relu", n_pairs=1),
        ]
    )
    cells["seeds_to_settle"] = [None, 40.0, 12.0, None, None]
    assert sentences.settle(cells, LABELS) == (
        "To decide in four of five studies, the measured spread asks for this many seeds that train in both: 12 for ELU, 40 for tanh "
        "and more than 1,000 for sigmoid."
    )
    assert sentences.settle(cells[:1], LABELS) == ""


def test_two_studies():
    def row(activation, verdict, n_pairs=5):
        return {"activation": activation, "depth": 4, "verdict": verdict, "n_pairs": n_pairs}

    def told(*rows):
        return sentences.two_studies(rows, LABELS, ("a", "b"))

    assert told(row("relu", "worse"), row("tanh", "undecided"), row("elu", "worse")) == (
        "Against a, b is worse for ReLU (depth 4) and ELU (depth 4); 1 of 3 are undecided."
    )
    assert told(row("relu", "equivalent")) == "Against a, b is equivalent for ReLU (depth 4)."
    assert told(row("relu", "undecided")) == "There are not enough seeds to decide between a and b anywhere."
    assert "side by side" in told(row("relu", "undecided", 0)) and "nothing" not in told()
    assert told() == "a and b have no activation and depth in common."


def test_depth_effect_claims_only_what_its_interval_allows():
    rows = [
        trend("relu", "accuracy_per_layer", -0.01, -0.02, -0.001),
        trend("tanh", "accuracy_per_layer", 0.002, 0.001, 0.003),
        trend("elu", "accuracy_per_layer", -0.01, -0.03, 0.01),
        trend("relu", "dead_per_layer_trained", 0.01, -0.01, 0.03),
    ]
    assert sentences.depth_effect(pd.DataFrame(rows), LABELS) == [
        "Test accuracy falls with each layer for ReLU (−1.00 points) and rises with each layer for tanh (+0.20 points).",
        "The share of dead units after training has no slope over depth that the seeds are sure of.",
    ]
    nothing = pd.DataFrame([trend("elu", "accuracy_per_layer", None, None, None, 0)], dtype=object)
    assert sentences.depth_effect(nothing, LABELS) == []


def test_gradient_decay_is_of_the_deepest_untrained_networks():
    """10^.3 = 2, 10^1 = 10."""
    names = ("activation", "depth", "checkpoint", "tensor", "measure", "mean")
    rows = [
        ("relu", 8, "init", "preactivation", "slope", 0.30103),
        ("sigmoid", 8, "init", "preactivation", "slope", 1.0),
        ("tanh", 8, "init", "preactivation", "slope", None),
        ("elu", 2, "init", "preactivation", "slope", 3.0),
        ("elu", 8, "trained", "preactivation", "slope", 3.0),
        ("elu", 8, "init", "weight", "slope", 3.0),
        ("elu", 8, "init", "preactivation", "log10_first_last", 3.0),
    ]
    assert sentences.gradient_decay(pd.DataFrame(rows, columns=names), LABELS) == (
        "At initialisation, with 8 hidden layers, the back-propagated signal shrinks from layer to layer towards the "
        "input most for sigmoid (10×) and least for ReLU (2×)."
    )
    assert sentences.gradient_decay(pd.DataFrame(rows[:1], columns=names), LABELS) == ""


def test_smallest_p_of_a_family():
    """2 / 2^9 = .0039, fifteen times that .0586."""
    assert "occur is 0.0039, and after Holm's adjustment for 15 comparisons 0.059;" in sentences.smallest_p(
        9, 15
    )
    assert "adjustment for 15 comparisons 0.94;" in sentences.smallest_p(5, 15)


@pytest.mark.parametrize(("n", "words"), [(5, "0.062"), (10, "0.002"), (1, "add seeds")])
def test_smallest_p(n, words):
    assert words in sentences.smallest_p(n)


def scores(**rows):
    """Rows of the table of cross-validation: two folds an activation."""
    table = pd.DataFrame(rows.values(), columns=["split0_test_score", "split1_test_score"])
    return table.assign(
        activation=list(rows), mean_test_score=table.mean(axis=1, skipna=False), std_test_score=0.01
    )


def test_cross_validation_names_the_best_and_the_others():
    text = sentences.cross_validation(scores(elu=[0.8, 0.9], tanh=[0.9, 0.96]), LABELS, 2)
    assert text == (
        "In 2-fold cross-validation with 2 hidden layers, tanh has the highest mean accuracy, 93.00 % (standard "
        "deviation over the folds 1.00 points); ELU 85.00 %."
    )


def test_cross_validation_with_equal_scores_and_with_diverged_folds():
    text = sentences.cross_validation(scores(elu=[0.8, 0.9], tanh=[0.8, 0.9]), LABELS, 1)
    assert "ELU and tanh share the highest mean accuracy, 85.00 %" in text and text.endswith("points).")
    assert "every activation diverged" in sentences.cross_validation(scores(elu=[0.8, None]), LABELS, 1)


def test_numbers_as_text():
    assert sentences.percent(0.9734) == "97.3 %" and sentences.percent(None) == "–"
    assert sentences.points(-0.01234) == "−1.23" and sentences.points(0.005) == "+0.50"
    assert sentences.interval(0.95, 1.02) == "95.0–100.0 %" and sentences.interval(None, 1) == "–"
    assert sentences.listed(["a"]) == "a" and sentences.listed(["a", "b", "c"]) == "a, b and c"


def test_nothing_mixed_is_no_sentence():
    assert sentences.mixture({"code": [], "torch": [], "device": []}) == ""


def test_many_mixed_files_are_counted():
    mixed = {"code": [f"{name}.py" for name in "abcde"], "torch": [], "device": []}
    assert "(a.py, b.py, c.py, and 2 more)" in sentences.mixture(mixed)


def test_what_is_mixed_is_named():
    mixed = {"code": ["train.py"], "torch": ["2.13.0", "2.14.1"], "device": []}
    text = sentences.mixture(mixed)
    assert (
        "more than one version of the code (train.py) and more than one version of torch (2.13.0, 2.14.1), so"
        in text
    )
    assert "machine" not in text and text.endswith("--forceall makes all of them anew.")


def test_a_sentence_starts_with_a_capital_and_is_otherwise_left_alone():
    assert sentences.sentence("thin lines: n = 5") == "Thin lines: n = 5" and sentences.sentence("") == ""
