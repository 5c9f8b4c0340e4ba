from itertools import product
from pathlib import Path

import pandas as pd
import pytest
from actbench.errors import UserError
from actbench.report import section


def test_formulas_become_mathml_and_none_stays_none():
    found = section.typeset({"formula": r"\frac{x}{1 + |x|}", "formula_derivative": None})
    assert found["formula"].startswith("<math") and "<mfrac>" in found["formula"]
    assert found["formula_derivative"] is None


def test_what_is_judged_by():
    def config(validation, each_epoch):
        evaluation = {"folds": None, "validation": validation}
        return {"dataset": "digits", "evaluation": evaluation, "training": {"test_each_epoch": each_epoch}}

    assert section.judged(config(250, True)) == "validation"
    assert section.judged(config(0, True)) == "test" and section.judged(config(0, False)) == "training"


def test_test_set_error_is_the_binomial_one():
    table = pd.DataFrame({"mean": [0.88, 0.5]})
    assert section.test_set_error(table, 10000) == pytest.approx(0.00325, abs=1e-5)
    assert section.test_set_error(pd.DataFrame({"mean": [None]}, dtype=float), 100) is None


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
        section.check_runs(config, runs)
        return
    with pytest.raises(
        UserError, match=r"results/mine/tables/runs.parquet holds other runs than are planned"
    ):
        section.check_runs(config | change, runs)


def answered(seeds, scores=None):
    config = {"seeds": seeds}
    rows = [("relu", 2, "baseline"), ("tanh", 2, "undecided"), ("relu", 4, "baseline"), ("tanh", 4, "better")]
    cells = pd.DataFrame(rows, columns=["activation", "depth", "verdict"]).assign(
        n_seeds=len(seeds),
        n_trained=len(seeds),
        n_diverged=0,
        mean=0.9,
        ci_low=0.8,
        ci_high=0.95,
        max=0.95,
        baseline="relu",
        n_pairs=len(seeds),
        n_improving=0,
    )
    ranks = pd.DataFrame(
        [("relu", 2.0, 2.0, 2.0), ("tanh", 1.0, 1.0, 1.0)],
        columns=["activation", "mean", "ci_low", "ci_high"],
    ).assign(measure="rank", n=len(seeds))
    places = product(("relu", "tanh"), (2, 4), seeds)
    runs = pd.DataFrame(places, columns=["activation", "depth", "seed"]).assign(
        fold=0, status="ok", trained=True
    )
    runs["test_accuracy"] = runs["activation"].map({"relu": 0.8, "tanh": 0.9})
    tables = {"runs": runs, "over_depths": ranks} | ({} if scores is None else {"cross_validation": scores})
    by_depth = dict(list(cells.groupby("depth")))
    return section.answer(config, by_depth, tables, {"relu": "ReLU", "tanh": "tanh"})


def test_the_answer_is_ranking_both_ends_of_depth_and_what_is_decided():
    ranking, deepest, shallowest, decided = answered([0, 1, 2, 3, 4])
    assert ranking.startswith("tanh has the best average rank over 2 depths")
    assert deepest.startswith("With 4 hidden layers") and shallowest.startswith("With 2 hidden layers")
    assert "1 is decided: tanh (depth 4) is better" in decided


def test_two_seeds_crown_nothing():
    assert answered([0, 1])[0].startswith(
        "By average rank over 2 depths, tanh (1.0 of 2) cannot be told apart"
    )


def test_one_seed_answers_with_its_doubt():
    assert answered([0])[-1] == "One seed cannot say how sure this is."


def test_with_cross_validation_its_scores_come_first():
    scores = pd.DataFrame(
        [("relu", 2, 0.9, 0.9, 0.0)],
        columns=["activation", "depth", "split0_test_score", "mean_test_score", "std_test_score"],
    )
    first, decided = answered([0, 1], scores)
    assert first.startswith("In 1-fold cross-validation with 2 hidden layers") and "decided" in decided


WITHDRAWN = [
    "left chance",
    "not enough seeds",
    "with each layer",
    "further hidden layer",
    "narrowing stack",
    "is a vanishing gradient",
    "gradients have vanished",
    "it explodes",
    "over an interval can have any",
    "asks for this many",
]


@pytest.mark.parametrize("words", WITHDRAWN)
def test_claims_that_some_study_makes_false_are_made_nowhere(words):
    workflow = Path(section.__file__).parents[3]
    texts = [*workflow.glob("report/**/*.html"), *workflow.glob("report/**/*.rst"), *workflow.rglob("*.py")]
    assert len(texts) > 40
    assert [path.name for path in texts if words in path.read_text(encoding="utf-8")] == []
