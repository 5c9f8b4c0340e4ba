import pandas as pd
import pytest
from actbench.report import sentences

pytestmark = pytest.mark.fault(
    "sentences on one depth",
    "results of which a sentence of the report would be false: nothing trained, one seed, ties, diverged or untrained runs, no pairs",
    "it does not appear, or says what holds",
)

LABELS = {"relu": "ReLU", "tanh": "tanh", "elu": "ELU", "sigmoid": "sigmoid"}
NBSP = sentences.NBSP


def cell(
    activation, n_trained=5, mean=0.97, verdict="inconclusive", n_pairs=5, n_diverged=0, n_seeds=5, **others
):
    none = n_trained < 2
    return {
        "activation": activation,
        "depth": 4,
        "n_seeds": n_seeds,
        "n_trained": n_trained,
        "n_diverged": n_diverged,
        "mean": None if none else mean,
        "ci_low": None if n_trained < 3 else mean - 0.01,
        "ci_high": None if n_trained < 3 else mean + 0.01,
        "min": mean - 0.005 if n_trained else None,
        "max": mean if n_trained else None,
        "baseline": "relu",
        "verdict": verdict,
        "n_pairs": n_pairs,
        "n_improving": 0,
        "runs_disagree": False,
        "difference": None if n_pairs < 2 else 0.01,
        "difference_low": None if n_pairs < 2 else -0.02,
        "difference_high": None if n_pairs < 2 else 0.04,
    } | others


def outcome(*cells):
    return sentences.outcome(pd.DataFrame(cells), LABELS)


def verdicts(*cells):
    return sentences.verdicts(pd.DataFrame(cells), LABELS)


def test_outcome_says_from_how_many_seeds_each_trained():
    text = outcome(
        cell("relu", 3), cell("tanh", mean=0.98), cell("elu", mean=0.96), cell("sigmoid", 0, n_diverged=2)
    )
    assert text == (
        "With 4 hidden layers, tanh and ELU trained from all 5 seeds, tanh with the highest mean test accuracy "
        f"of these, 98.0{NBSP}% (95{NBSP}% interval 97.0–99.0{NBSP}%); ReLU from 3 of 5; "
        "sigmoid from 0 of 5 (2 of 5 diverged)."
    )


def test_many_that_all_trained_are_counted():
    cells = [cell("relu"), cell("tanh", mean=0.98), cell("elu"), cell("sigmoid")]
    assert outcome(*cells).startswith(
        "With 4 hidden layers, all 4 activations trained from all 5 seeds, tanh with the highest"
    )
    assert outcome(*cells[:3]).startswith("With 4 hidden layers, ReLU, tanh and ELU trained from all 5 seeds")
    assert "all 4" not in outcome(*cells[:3], cell("sigmoid", 4))


def test_very_many_are_counted_though_one_did_not_train():
    keys = [f"own{number}" for number in range(9)]
    cells = pd.DataFrame([*(cell(key) for key in keys), cell("relu", 0)])
    text = sentences.outcome(cells, dict(zip(keys, keys, strict=True)) | LABELS)
    assert text.startswith("With 4 hidden layers, 9 of 10 activations trained from all 5 seeds, own0, own1")
    assert text.endswith("ReLU from 0 of 5.")


def test_outcome_of_one_activation():
    assert outcome(cell("relu")) == (
        f"With 4 hidden layers, ReLU trained from all 5 seeds, mean test accuracy 97.0{NBSP}% "
        f"(95{NBSP}% interval 96.0–98.0{NBSP}%)."
    )


def test_outcome_of_one_seed_claims_no_mean():
    one = {"n_trained": 1, "n_seeds": 1}
    assert outcome(cell("relu", **one)) == (
        f"With 4 hidden layers, ReLU trained from the one seed, test accuracy 97.0{NBSP}%."
    )
    assert outcome(cell("relu", **one), cell("tanh", mean=0.9, **one)).endswith(
        f"test accuracy up to 97.0{NBSP}%."
    )


def test_without_an_interval_the_outcome_names_the_range_of_the_runs():
    text = outcome(cell("relu", 2, n_seeds=2))
    assert "trained from both seeds" in text and "interval" not in text
    assert text.endswith(f"97.0{NBSP}% (runs 96.5–97.0{NBSP}%).")


def test_an_outcome_without_any_that_always_trained_is_a_sentence():
    assert outcome(cell("relu", 0)) == "With 4 hidden layers, ReLU trained from 0 of 5 seeds."
    assert outcome(cell("relu", 3, n_diverged=1), cell("tanh", 2)) == (
        "With 4 hidden layers, ReLU trained from 3 of 5 seeds (1 of 5 diverged); tanh from 2 of 5."
    )
    assert outcome(cell("relu", 0, n_diverged=5), cell("elu", 0, n_diverged=5)) == (
        "With 4 hidden layers, ReLU and ELU trained from 0 of 5 seeds (10 of 10 networks diverged)."
    )


def test_what_an_untrained_run_reached_meanwhile_is_not_claimed():
    """A run that did not train may have reached 19.7 %: the table does not say that it never left chance."""
    for text in (outcome(cell("relu", 3)), outcome(cell("relu", 0)), outcome(cell("relu", 4, n_diverged=1))):
        assert "chance" not in text and "never" not in text


def test_equal_means_share_the_highest():
    text = outcome(
        cell("tanh", mean=(0.7 + 0.8 + 0.9) / 3),
        cell("elu", mean=(0.9 + 0.8 + 0.7) / 3),
        cell("relu", mean=0.7),
    )
    assert text.endswith(f"tanh and ELU with the highest mean test accuracy of these, 80.0{NBSP}%.")


def test_a_higher_mean_of_one_that_trained_less_often_is_not_denied():
    assert "highest mean test accuracy of these" in outcome(
        cell("tanh"), cell("elu"), cell("relu", 4, mean=0.99)
    )


@pytest.mark.parametrize(("n_improving", "said"), [(0, False), (1, True), (5, True)])
def test_runs_that_were_still_improving_are_counted(n_improving, said):
    text = outcome(cell("relu", n_improving=n_improving))
    assert (f", {n_improving} of 5 still improving)" in text) is said


def apart(activation, **others):
    """The runs of this cell disagree: no mean, and no difference to it."""
    values = {
        "mean": None,
        "ci_low": None,
        "ci_high": None,
        "runs_disagree": True,
        "difference_low": None,
        "difference": None,
    }
    return cell(activation, **others) | values | {"required_seeds": None, "min": 0.38, "max": 0.97}


def test_runs_that_disagree_have_no_mean():
    assert outcome(apart("relu"), cell("tanh")).endswith(
        f"tanh with the highest mean test accuracy of these, 97.0{NBSP}% (95{NBSP}% interval 96.0–98.0{NBSP}%), "
        "the runs of ReLU lying too far apart for a mean."
    )
    assert outcome(apart("relu")).endswith(f"trained from all 5 seeds, test accuracy 38.0–97.0{NBSP}%.")
    assert verdicts(cell("relu", verdict="baseline"), apart("tanh")) == (
        "tanh cannot be compared with ReLU by means: runs lie too far apart."
    )
    assert sentences.required_seeds(pd.DataFrame([apart("tanh")]), LABELS) == ""


def test_verdicts_by_kind():
    text = verdicts(
        cell("relu", verdict="baseline"),
        cell("tanh", verdict="better"),
        cell("elu"),
        cell("sigmoid", 0, n_pairs=0),
    )
    assert text == (
        "tanh is better than ReLU; the comparison of ELU with ReLU is inconclusive; sigmoid cannot be compared "
        "with ReLU: 0 of 5 seeds trained in one of the two."
    )


def test_an_interval_without_0_is_not_said_to_be_inconclusive():
    text = verdicts(
        cell("relu", verdict="baseline"),
        cell("tanh", difference_low=-0.0747, difference_high=-0.0065),
        cell("elu", difference_low=0.0065, difference_high=0.0747),
        cell("sigmoid"),
    )
    assert text == (
        "ELU is better than ReLU, but whether by more than the margin is open; tanh is worse than ReLU, but whether by "
        "more than the margin is open; the comparison of sigmoid with ReLU is inconclusive."
    )


def test_of_many_without_a_verdict_a_few_are_named():
    keys = [f"own{number}" for number in range(5)]
    cells = pd.DataFrame([cell("relu", verdict="baseline"), *(cell(key) for key in keys)])
    assert sentences.verdicts(cells, dict(zip(keys, keys, strict=True)) | LABELS) == (
        "The comparisons of own0, own1, own2 and 2 more with ReLU are inconclusive."
    )


def test_verdicts_of_the_baseline_alone():
    assert verdicts(cell("relu", verdict="baseline")) == ""


@pytest.mark.parametrize("n_pairs", [0, 1])
def test_what_cannot_be_compared_is_neither_decided_nor_inconclusive(n_pairs):
    text = verdicts(cell("relu", verdict="baseline"), cell("tanh", n_pairs=n_pairs))
    assert text == "tanh cannot be compared with ReLU: fewer than two seeds trained in both."


def test_where_nothing_trained_no_seeds_are_asked_for():
    """More seeds of a cell in which none trains decide nothing about its accuracy."""
    nothing = [cell(key, 0, n_pairs=0) for key in ("tanh", "elu", "sigmoid")]
    baseline = cell("relu", 0, verdict="baseline", n_pairs=0)
    assert verdicts(baseline, cell("tanh", n_pairs=0)) == (
        "tanh cannot be compared with ReLU: 0 of 5 seeds trained in one of the two."
    )
    assert verdicts(cell("relu", verdict="baseline"), *nothing[:2], cell("sigmoid", 1, n_pairs=1)) == (
        "tanh, ELU and sigmoid cannot be compared with ReLU: fewer than two seeds trained in both, in 2 of them "
        "0 of 5 seeds trained in one of the two."
    )
    assert sentences.required_seeds(pd.DataFrame(nothing).assign(required_seeds=None), LABELS) == ""


def test_required_seeds_say_how_many_seeds_and_under_which_condition():
    cells = pd.DataFrame(
        [
            cell("relu", verdict="baseline"),
            cell("tanh"),
            cell("elu"),
            cell("sigmoid"),
            cell("relu", n_pairs=1),
        ]
    )
    cells["required_seeds"] = [None, 40.0, 12.0, None, None]
    assert sentences.required_seeds(cells, LABELS) == (
        "Were the measured differences and spreads the true ones, four of five studies would decide with this many "
        "seeds that train in both: 12 for ELU and 40 for tanh; no number up to 1,000 for sigmoid."
    )
    assert sentences.required_seeds(cells[:1], LABELS) == ""


def test_of_many_required_numbers_the_least_are_said():
    cells = pd.DataFrame([cell(key) for key in LABELS] + [cell("relu", verdict="baseline")] + [cell("tanh")])
    cells["required_seeds"] = [16.0, 24.0, 64.0, 445.0, None, 71.0]
    assert sentences.required_seeds(cells, LABELS).endswith(
        ": 16 for ReLU, 24 for tanh, 64 for ELU and 2 more."
    )
    cells.loc[[3, 5], "required_seeds"] = None
    assert sentences.required_seeds(cells, LABELS).endswith(
        ": 16 for ReLU, 24 for tanh and 64 for ELU; no number up to 1,000 for sigmoid and tanh."
    )


@pytest.mark.parametrize(
    ("n", "family", "words"),
    [
        (9, 15, "of 9 pairs is 0.0039, and 0.059 after Holm's adjustment for 15 comparisons; of fewer"),
        (5, 15, "and 0.94 after Holm's adjustment for 15 comparisons; of fewer"),
        (5, 1, "is 0.063; of fewer pairs it is larger."),
        (10, 1, "is 0.002; of fewer"),
        (25, 1, "is 0.0002 (9,999 random flips)."),
    ],
)
def test_smallest_p(n, family, words):
    """2 / 2^9 = .0039, fifteen times that .0586; above 20 pairs 2 of 10,000, which 20 pairs go below."""
    text = sentences.smallest_p(n, family)
    assert words in text and text.endswith("so they may disagree.")


def test_one_seed_has_no_p_value():
    assert "add seeds" in sentences.smallest_p(1) and "p of" not in sentences.smallest_p(1)


def test_nothing_mixed_is_no_sentence():
    assert sentences.mixture({"code": [], "torch": [], "device": []}) == ""


def test_many_mixed_origins_are_counted():
    mixed = {"torch": [f"2.{n}" for n in range(5)], "device": []}
    assert "(2.0, 2.1, 2.2, and 2 more)" in sentences.mixture(mixed)


def test_what_is_mixed_is_named():
    mixed = {"torch": ["2.13.0", "2.14.1"], "device": ["EPYC", "H100"]}
    text = sentences.mixture(mixed)
    assert (
        "more than one version of torch (2.13.0, 2.14.1) and more than one kind of machine (EPYC, H100), so"
        in text
    )
    assert text.endswith("--forceall makes all of them anew.")
