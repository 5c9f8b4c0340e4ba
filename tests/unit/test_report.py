import pandas as pd
import pytest
from actbench import report
from actbench.errors import UserError


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
