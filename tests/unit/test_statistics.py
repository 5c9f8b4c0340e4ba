import math

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from actbench import parquet, statistics


def test_t_interval_by_hand():
    """1..5: mean 3, standard error sqrt(2.5 / 5), t(4, .975) = 2.776445."""
    low, high = statistics.t_interval([1, 2, 3, 4, 5])
    half = 2.776445 * math.sqrt(0.5)
    assert (low, high) == pytest.approx((3 - half, 3 + half), rel=1e-6)


def test_intervals_of_few_or_equal_values():
    assert statistics.t_interval([0.5]) is None
    assert statistics.t_interval([0.5, 0.5, 0.5]) == (0.5, 0.5)
    assert statistics.summary([0.5]) == {"n": 1, "mean": None, "std": None, "ci_low": None, "ci_high": None}


def test_t_interval_covers_at_small_n():
    rng = np.random.default_rng(0)
    for n in (3, 5, 10):
        intervals = [statistics.t_interval(rng.normal(size=n)) for _ in range(2000)]
        assert np.mean([low <= 0 <= high for low, high in intervals]) == pytest.approx(0.95, abs=0.02)


def test_clopper_pearson_by_closed_form():
    """All of n: the lower end is (alpha / 2)^(1 / n)."""
    assert statistics.share_interval(5, 5) == pytest.approx((0.025 ** (1 / 5), 1))
    assert statistics.share_interval(0, 5) == pytest.approx((0, 1 - 0.025 ** (1 / 5)))


@pytest.fixture
def folded_runs():
    """Accuracies on three folds, seed 0: three activations share the best mean, one fold of elu diverged."""
    scores = {"relu": [0.9, 0.8, 1.0], "tanh": [0.9, 0.9, 0.9], "elu": [0.5, np.nan, 0.7]}
    scores |= {"softsign": [0.8, 0.9, 1.0], "swish": [0.7, 0.7, 0.7]}
    rows = [
        {"activation": key, "depth": 2, "seed": 0, "fold": fold, "test_accuracy": score}
        for key, values in scores.items()
        for fold, score in enumerate(values)
    ]
    runs = pd.DataFrame(rows)
    ok = runs["test_accuracy"].notna()
    return runs.assign(status=np.where(ok, "ok", "diverged"), trained=ok)


def test_cross_validation_is_what_grid_search_reports(folded_runs):
    """Names, spread and ranks of cv_results_ for the same scores, given to GridSearchCV through a stub."""
    from sklearn.base import BaseEstimator
    from sklearn.model_selection import GridSearchCV, PredefinedSplit

    class Known(BaseEstimator):
        def __init__(self, key="relu"):
            self.key = key

        def fit(self, x, y):
            return self

        def score(self, x, y):
            runs = folded_runs[(folded_runs["activation"] == self.key) & (folded_runs["fold"] == x[0, 0])]
            return runs["test_accuracy"].item()

    keys = ["elu", "relu", "softsign", "swish", "tanh"]
    x = np.repeat(np.arange(3), 2)
    search = GridSearchCV(Known(), {"key": keys}, cv=PredefinedSplit(x), refit=False)
    with pytest.warns(UserWarning, match="non-finite"):
        search.fit(x[:, None], x)
    rows = {row["activation"]: row for row in statistics.cross_validation(folded_runs)}
    names = [name for name in statistics.cross_validation_schema(3).names if name.endswith("_score")]
    assert set(names) <= search.cv_results_.keys()
    for name in names:
        assert [rows[key][name] for key in keys] == pytest.approx(list(search.cv_results_[name]), nan_ok=True)
    table = parquet.table(rows.values(), statistics.cross_validation_schema(3), ["activation"])
    assert table["rank_test_score"].to_pylist() == [5, 1, 1, 4, 1]


def test_a_seed_is_one_value_however_many_folds(folded_runs):
    by_seed = statistics.per_seed(folded_runs).set_index("activation")
    assert by_seed.loc["relu", "test_accuracy"] == pytest.approx(0.9) and by_seed.loc["relu", "trained"]
    assert by_seed.loc["elu", "status"] == "diverged" and not by_seed.loc["elu", "trained"]
    assert by_seed["status"].drop("elu").tolist() == ["ok"] * 4


def test_layers_are_summarised_over_seeds_not_folds():
    rows = [
        {
            "activation": "relu",
            "depth": 1,
            "seed": seed,
            "fold": fold,
            "checkpoint": "init",
            "layer": 0,
            "rms": rms,
        }
        for seed, fold, rms in [(0, 0, 1.0), (0, 1, 3.0), (1, 0, 4.0), (1, 1, 4.0)]
    ]
    (row,) = statistics.over_seeds(pd.DataFrame(rows), ["layer"], ["rms"])
    assert (row["n"], row["mean"]) == (2, 3.0)


def test_summary_by_hand():
    """1, 2, 3, 4: variance 5/3, standard error sqrt(5/12), t(3, .975) = 3.182446."""
    half = 3.182446 * math.sqrt(5 / 12)
    expected = {"n": 4, "mean": 2.5, "std": math.sqrt(5 / 3), "ci_low": 2.5 - half, "ci_high": 2.5 + half}
    assert statistics.summary([1, 2, 3, 4]) == pytest.approx(expected, rel=1e-6)


KEY = [("activation", parquet.ACTIVATION), ("depth", pa.int16())]
SUMMARY = ["mean", "std", "ci_low", "ci_high"]


def test_schemas_say_what_may_be_null():
    schema = statistics.by_layer_schema(["layer", "tensor"])
    keys = ["activation", "depth", "checkpoint", "layer", "tensor", "measure"]
    assert schema.names == [*keys, "n", *SUMMARY]
    assert [field.nullable for field in schema] == [False] * 7 + [True] * 4
    assert schema.types == [
        *(kind for _, kind in KEY),
        *(pa.string(), pa.int16(), pa.string(), pa.string(), pa.int32()),
        *[pa.float64()] * 4,
    ]
    scores = statistics.cross_validation_schema(2)
    names = ["split0_test_score", "split1_test_score", "mean_test_score", "std_test_score"]
    assert scores.names == ["activation", "depth", "seed", *names, "rank_test_score"]
    assert [field.nullable for field in scores] == [False] * 3 + [True] * 4 + [False]
    assert scores.field("rank_test_score").type == pa.int32()


def categories(frame):
    """As Arrow gives them: activations are categories, some of which no row has."""
    return frame.assign(activation=pd.Categorical(frame["activation"], [*set(frame["activation"]), "absent"]))


def test_activations_that_no_row_has_are_no_rows():
    table = pd.DataFrame(gradient_rows([1.0, 2.0]))
    for frame, function in (
        (table, lambda f: statistics.over_seeds(f, ["layer"], ["rms"])),
        (pd.concat([table, table.assign(fold=1)]), lambda f: statistics.over_seeds(f, ["layer"], ["rms"])),
        (table, statistics.decay),
    ):
        rows, same = function(frame), function(categories(frame))
        assert repr(sorted(rows, key=str)) == repr(sorted(same, key=str))


def gradient_rows(rms, seed=0, checkpoint="init"):
    return [
        {
            "activation": "relu",
            "depth": len(rms) - 1,
            "seed": seed,
            "fold": 0,
            "checkpoint": checkpoint,
            "tensor": "weight",
            "layer": layer,
            "rms": value,
        }
        for layer, value in enumerate(rms)
    ]


def test_decay_of_exact_powers():
    table = pd.DataFrame(gradient_rows([1e-4, 1e-3, 1e-2]) + gradient_rows([1e-6, 1e-4, 1e-2], seed=1))
    rows = {row["measure"]: row for row in statistics.decay(table)}
    assert rows["slope"]["mean"] == pytest.approx(1.5) and rows["slope"]["n"] == 2
    assert rows["log10_first_last"]["mean"] == pytest.approx(-3)


def test_one_layer_has_no_decay():
    assert {row["n"] for row in statistics.decay(pd.DataFrame(gradient_rows([0.5])))} == {0}


def test_decay_is_null_where_a_gradient_is_zero():
    table = pd.DataFrame(gradient_rows([0.0, 1e-3]) + gradient_rows([1e-4, 1e-3], seed=1))
    rows = statistics.decay(table)
    assert {row["n"] for row in rows} == {1} and rows[0]["mean"] is None


def test_over_seeds_counts_only_values():
    table = pd.DataFrame(gradient_rows([1.0]) + gradient_rows([3.0], seed=1) + gradient_rows([None], seed=2))
    (row,) = statistics.over_seeds(table, ["layer", "tensor"], ["rms"])
    assert (row["n"], row["mean"], row["std"]) == (2, 2.0, pytest.approx(math.sqrt(2)))
    assert (row["ci_low"], row["ci_high"]) == pytest.approx(statistics.t_interval([1.0, 3.0]))
    parquet.table([row], statistics.by_layer_schema(["layer", "tensor"]), ["layer"])
