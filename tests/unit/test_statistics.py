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
    rows = {row["activation"]: row for row in statistics.comparison(folded_runs, "relu", 0.01)}
    assert (rows["relu"]["n_seeds"], rows["elu"]["n_diverged"]) == (1, 1)
    assert rows["tanh"]["n_pairs"] == 1 and rows["tanh"]["verdict"] == "undecided"


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


def test_sign_flip_p_is_exact():
    assert statistics.sign_flip_p([1, 2, 3]) == pytest.approx(2 / 2**3)
    assert statistics.sign_flip_p([1, 2, 3, 4, 5]) == pytest.approx(2 / 2**5)
    assert statistics.sign_flip_p([1, -1]) == pytest.approx(1)
    assert statistics.sign_flip_p([1]) is None
    assert statistics.sign_flip_p([0.1] * 25) == pytest.approx(2 / 10000)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.02, 0.03, "better"),
        (-0.03, -0.02, "worse"),
        (-0.01, 0.01, "equivalent"),
        (0.0, 0.02, "undecided"),
        (-0.02, 0.005, "undecided"),
        (0.97 - 0.96, 0.97 - 0.96, "equivalent"),  # a little more than 0.01 in floating point
        (-0.02, -0.01, "undecided"),
        (0.01, 0.02, "undecided"),
        (0.01 + 4e-13, 0.02, "undecided"),
        (-0.02, -0.01 - 4e-13, "undecided"),
    ],
)
def test_verdicts(low, high, expected):
    assert statistics.verdict(low, high, 0.01) == expected


def test_a_margin_is_rounded_like_the_interval():
    assert statistics.verdict(0.01, 0.02, 0.01 - 4e-13) == "undecided"


def test_summary_by_hand():
    """1, 2, 3, 4: variance 5/3, standard error sqrt(5/12), t(3, .975) = 3.182446."""
    half = 3.182446 * math.sqrt(5 / 12)
    expected = {"n": 4, "mean": 2.5, "std": math.sqrt(5 / 3), "ci_low": 2.5 - half, "ci_high": 2.5 + half}
    assert statistics.summary([1, 2, 3, 4]) == pytest.approx(expected, rel=1e-6)


def test_sign_flips_are_exact_up_to_twenty_pairs_and_repeatable_above():
    assert statistics.sign_flip_p([0.1] * 20) == 2 / 2**20
    assert statistics.sign_flip_p([0.1] * 21) == 2 / 10_000
    mixed = np.random.default_rng(3).normal(0.3, size=25)
    first, second = (statistics.sign_flip_p(mixed) for _ in range(2))
    assert 0.01 < first == second < 0.9


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


def test_activations_that_no_row_has_are_no_rows(folded_runs):
    plain, table = runs(relu=[0.9, 0.8, 0.7], tanh=[0.9, 0.7, 0.8]), pd.DataFrame(gradient_rows([1.0, 2.0]))
    for frame, function in (
        (plain, lambda f: statistics.comparison(f, "relu", 0.01)),
        (folded_runs, lambda f: statistics.comparison(f, "relu", 0.01)),
        (table, lambda f: statistics.over_seeds(f, ["layer"], ["rms"])),
        (pd.concat([table, table.assign(fold=1)]), lambda f: statistics.over_seeds(f, ["layer"], ["rms"])),
        (table, statistics.decay),
    ):
        rows, same = function(frame), function(categories(frame))
        assert repr(sorted(rows, key=str)) == repr(sorted(same, key=str))


def test_a_family_of_one_is_not_corrected():
    row = compare(runs(relu=[0.80, 0.90, 0.85], tanh=[0.82, 0.93, 0.86]))["tanh"]
    expected = statistics.t_interval([0.02, 0.03, 0.01])
    assert (row["difference_low"], row["difference_high"]) == pytest.approx(expected)


def runs(**accuracies):
    """Rows of runs at depth 2: a number is a trained run, None a diverged one, below 0.5 untrained."""
    return pd.DataFrame(
        {
            "activation": name,
            "depth": 2,
            "seed": seed,
            "fold": 0,
            "status": "diverged" if value is None else "ok",
            "trained": value is not None and value >= 0.5,
            "test_accuracy": np.nan if value is None else value,
        }
        for name, values in accuracies.items()
        for seed, value in enumerate(values)
    )


def compare(table, margin=0.01):
    rows = statistics.comparison(table, "relu", margin)
    parquet.table(rows, statistics.COMPARISON, ["activation", "depth"])
    return {row["activation"]: row for row in rows}


def test_two_modes_are_never_averaged():
    row = compare(runs(relu=[0.9, 0.92, 0.1, 0.94], tanh=[0.9] * 4))["relu"]
    assert (row["n_seeds"], row["n_trained"], row["n_diverged"]) == (4, 3, 0)
    assert row["mean"] == pytest.approx(0.92) and row["min"] == 0.9
    assert row["trained_share"] == 0.75 and row["verdict"] == "baseline"


def test_differences_are_paired_over_seeds_where_both_trained():
    table = runs(relu=[0.80, 0.90, 0.1, 0.85], tanh=[0.82, 0.92, 0.95, None])
    row = compare(table)["tanh"]
    assert (row["n_pairs"], row["n_diverged"]) == (2, 1)
    assert row["difference"] == pytest.approx(0.02)


def test_interval_is_for_the_whole_family():
    table = runs(relu=[0.80, 0.90, 0.85], tanh=[0.82, 0.93, 0.86], elu=[0.9, 0.9, 0.9])
    row = compare(table)["tanh"]
    expected = statistics.t_interval([0.02, 0.03, 0.01], 1 - 0.05 / 2)
    assert (row["difference_low"], row["difference_high"]) == pytest.approx(expected)


def test_clear_differences_get_clear_verdicts():
    jitter = np.array([0.0, 0.001, -0.001, 0.0005, -0.0005])
    table = runs(relu=0.8 + jitter, tanh=0.9 + jitter[::-1], elu=0.7 - jitter, swish=0.8 + jitter[::-1])
    found = {name: row["verdict"] for name, row in compare(table, 0.02).items()}
    assert found == {"relu": "baseline", "tanh": "better", "elu": "worse", "swish": "equivalent"}


def test_nothing_trained_gives_nulls_and_no_verdict():
    row = compare(runs(relu=[0.9, 0.9], tanh=[0.1, None]))["tanh"]
    assert row["mean"] is None and math.isnan(row["median"]) and row["verdict"] == "undecided"
    assert (row["n_trained"], row["n_pairs"], row["difference"]) == (0, 0, None)


def test_families_of_equal_activations_rarely_get_a_verdict():
    """With margin 0 any better or worse is an error: at most 5 % of families may have one."""
    rng, wrong, families = np.random.default_rng(1), 0, 400
    for _ in range(families):
        names = ["relu", "a", "b", "c"]
        table = runs(**{name: 0.8 + 0.01 * rng.normal(size=5) for name in names})
        rows = statistics.comparison(table, "relu", 1e-12)
        wrong += any(row["verdict"] in ("better", "worse") for row in rows)
    assert wrong / families < 0.05 + 2 * math.sqrt(0.05 * 0.95 / families)


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
