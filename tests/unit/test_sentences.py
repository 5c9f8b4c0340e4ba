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
        "98.0 % (95 % interval 97.0–99.0 %); ReLU in 3 of 5 runs; sigmoid never trained (2 runs diverged)."
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
