import math

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from actbench.analysis import statistics
from actbench.storage import parquet


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


def test_a_bounded_interval_by_hand():
    """.98, .99, .97: standard error .01 / √3, on the logit scale over .98 · .02; t(2, .975) = 4.302653."""
    half = 4.302653 * 0.01 / math.sqrt(3) / (0.98 * 0.02)
    expected = [1 / (1 + math.exp(-(math.log(49) + side * half))) for side in (-1, 1)]
    assert statistics.bounded_interval([0.98, 0.99, 0.97], 300) == pytest.approx(expected, rel=1e-6)


def test_far_from_the_ends_a_bounded_interval_is_students():
    values = [0.499, 0.500, 0.501, 0.5005]
    assert statistics.bounded_interval(values, 10_000) == pytest.approx(
        statistics.t_interval(values), rel=1e-5
    )


def test_equal_shares_have_the_spread_that_whole_images_hide():
    half = 4.302653 * math.sqrt(1 / 12) / 300 / math.sqrt(3)
    assert statistics.bounded_interval([0.5] * 3, 300) == pytest.approx((0.5 - half, 0.5 + half), rel=1e-4)


@pytest.mark.parametrize("values", [[], [0.9], [0.9, 0.91], [1.0] * 5, [0.0] * 5, [0.38, 0.9, 0.95]])
def test_no_interval_where_it_would_say_nothing(values):
    assert statistics.bounded_interval(values, 300, widest=0.25) is None


@pytest.mark.parametrize(
    ("values", "apart"),
    [
        ([], False),
        ([0.4], False),
        ([0.9, 0.91], False),
        ([0.38, 0.9], True),
        ([0.7, 0.95], False),  # just 25 points
        ([0.7, 0.96], True),
        ([0.38, 0.9, 0.95], True),
        ([0.82, 0.9, 0.98], False),  # an interval of 40 points, and yet a mean that describes them
        ([1.0, 1.0, 1.0], False),
        ([0.6] * 10 + [0.95] * 10, True),  # an interval of 17 points around 77.5 %, where no run is
        ([0.975, 0.98, 0.985], False),
    ],
)
def test_runs_disagree_where_two_lie_more_than_25_points_apart(values, apart):
    assert statistics.disagree(values) is apart


def shown_interval(values, n_images):
    """As the comparison table has it."""
    return None if statistics.disagree(values) else statistics.bounded_interval(values, n_images, 0.25)


@pytest.mark.parametrize("n_images", [300, 10_000])
@pytest.mark.parametrize("n", [3, 5, 10])
def test_bounded_intervals_cover_also_near_100_percent(n_images, n):
    """Normal accuracies, cut at 100 % and rounded to whole images, against their true mean; nominal 95 %.

    Of the intervals that are shown. Of three seeds where many runs reach 100 % (mean 99.5 %, 2 points) four of
    ten studies show none, elsewhere hardly any.
    """
    rng, studies = np.random.default_rng(n), 800
    for mean in (0.3, 0.9, 0.97, 0.99, 0.995):
        for std in (0.002, 0.005, 0.01, 0.02):
            draws = rng.normal(mean, std, (30_000 + n * studies))
            accuracies = np.rint(np.minimum(draws, 1) * n_images) / n_images
            truth, runs = accuracies.mean(), accuracies[30_000:].reshape(studies, n)
            found = [shown_interval(values, n_images) for values in runs]
            shown = [interval for interval in found if interval]
            assert all(0 < low < high < 1 for low, high in shown)
            assert len(shown) > (0.97 if (1 - mean) / std >= 2 or n > 3 else 0.6) * studies
            covered = np.mean([low <= truth <= high for low, high in shown])
            assert covered >= 0.93, (mean, std, covered)


@pytest.mark.parametrize(("low", "n"), [(0.5, 3), (0.5, 5), (0.5, 10), (0.1, 3), (0.1, 5), (0.1, 10)])
def test_of_two_modes_no_interval_is_shown_unless_the_runs_show_one(low, n):
    """A share `low` of runs ends at 60 %, the others at 95 %: n show one mode in low^n + (1 - low)^n of studies.

    With half of either, an interval that is shown never holds the mean; with a tenth, neither: its share of
    studies is what docs/measurements.md states.
    """
    rng = np.random.default_rng(n)
    modes = np.where(rng.random((2000, n)) < low, 0.6, 0.95) + 0.005 * rng.normal(size=(2000, n))
    found = [shown_interval(values, 10_000) for values in modes]
    one_mode = low**n + (1 - low) ** n
    assert np.mean([interval is not None for interval in found]) == pytest.approx(one_mode, abs=0.03)
    mean = low * 0.6 + (1 - low) * 0.95
    covered = [interval[0] <= mean <= interval[1] for interval in found if interval]
    assert np.mean([*covered, 0]) < 0.02


def test_noise_makes_no_difference_and_a_difference_no_noise():
    values = [0.1 + 0.2, 0.3, np.nan, 0.3 + 1e-9, (0.7 + 0.8 + 0.9) / 3, (0.9 + 0.8 + 0.7) / 3, 0.8]
    exact = statistics.without_noise(values)
    assert exact[0] == exact[1] != exact[3] and np.isnan(exact[2]) and len(set(exact[4:])) == 1
    assert exact == pytest.approx(values, abs=1e-15, nan_ok=True)
    assert statistics.without_noise([]).tolist() == []


@pytest.mark.parametrize(
    "folds",
    [
        [(0.7, 0.8, 0.9), (0.9, 0.8, 0.7), (0.8, 0.9, 0.7)],
        [(0.1, 0.2, 0.3), (0.3, 0.2, 0.1), (0.2, 0.2, 0.2)],
    ],
)
def test_equal_means_over_folds_share_their_rank(folds):
    rows = [
        {
            "activation": str(number),
            "depth": 2,
            "setting": "default",
            "seed": 0,
            "fold": fold,
            "test_accuracy": score,
        }
        for number, scores in enumerate([*folds, (0.0, 0.0, 0.1)])
        for fold, score in enumerate(scores)
    ]
    found = statistics.cross_validation(pd.DataFrame(rows))
    assert [row["rank_test_score"] for row in found] == [1, 1, 1, 4]


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
        {"activation": key, "depth": 2, "setting": "default", "seed": 0, "fold": fold, "test_accuracy": score}
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
            "setting": "default",
            "seed": seed,
            "fold": fold,
            "checkpoint": "init",
            "layer": 0,
            "rms": rms,
        }
        for seed, fold, rms in [(0, 0, 1.0), (0, 1, 3.0), (1, 0, 4.0), (1, 1, 4.0)]
    ]
    (row,) = statistics.over_seeds(pd.DataFrame(rows), ["layer"], ["rms"]).to_dict("records")
    assert (row["n"], row["mean"]) == (2, 3.0)


def test_summary_by_hand():
    """1, 2, 3, 4: variance 5/3, standard error sqrt(5/12), t(3, .975) = 3.182446."""
    half = 3.182446 * math.sqrt(5 / 12)
    expected = {"n": 4, "mean": 2.5, "std": math.sqrt(5 / 3), "ci_low": 2.5 - half, "ci_high": 2.5 + half}
    assert statistics.summary([1, 2, 3, 4]) == pytest.approx(expected, rel=1e-6)


KEY = [("activation", parquet.NAME), ("depth", pa.int16()), ("setting", parquet.NAME)]
SUMMARY = ["mean", "std", "ci_low", "ci_high"]


def test_schemas_say_what_may_be_null():
    schema = statistics.by_layer_schema(["layer", "tensor"])
    keys = ["activation", "depth", "setting", "checkpoint", "layer", "tensor", "measure"]
    assert schema.names == [*keys, "n", *SUMMARY]
    assert [field.nullable for field in schema] == [False] * 8 + [True] * 4
    assert schema.types == [
        *(kind for _, kind in KEY),
        *(pa.string(), pa.int16(), pa.string(), pa.string(), pa.int32()),
        *[pa.float64()] * 4,
    ]
    scores = statistics.cross_validation_schema(2)
    names = ["split0_test_score", "split1_test_score", "mean_test_score", "std_test_score"]
    assert scores.names == ["activation", "depth", "setting", "seed", *names, "rank_test_score"]
    assert [field.nullable for field in scores] == [False] * 4 + [True] * 4 + [False]
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
        rows, same = (function(one).to_dict("records") for one in (frame, categories(frame)))
        assert repr(sorted(rows, key=str)) == repr(sorted(same, key=str))


def gradient_rows(rms, seed=0, checkpoint="init"):
    return [
        {
            "activation": "relu",
            "depth": len(rms) - 1,
            "setting": "default",
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
    rows = statistics.decay(table).set_index("measure").to_dict("index")
    assert rows["slope"]["mean"] == pytest.approx(1.5) and rows["slope"]["n"] == 2
    assert rows["log10_first_last"]["mean"] == pytest.approx(-3)


def test_one_layer_has_no_decay():
    assert set(statistics.decay(pd.DataFrame(gradient_rows([0.5])))["n"]) == {0}


def test_decay_is_null_where_a_gradient_is_zero():
    table = pd.DataFrame(gradient_rows([0.0, 1e-3]) + gradient_rows([1e-4, 1e-3], seed=1))
    rows = statistics.decay(table)
    assert set(rows["n"]) == {1} and rows["mean"].isna().all()


def test_over_seeds_counts_only_values():
    table = pd.DataFrame(gradient_rows([1.0]) + gradient_rows([3.0], seed=1) + gradient_rows([None], seed=2))
    found = statistics.over_seeds(table, ["layer", "tensor"], ["rms"])
    (row,) = found.to_dict("records")
    assert (row["n"], row["mean"], row["std"]) == (2, 2.0, pytest.approx(math.sqrt(2)))
    assert (row["ci_low"], row["ci_high"]) == pytest.approx(statistics.t_interval([1.0, 3.0]))
    parquet.of_frame(found, statistics.by_layer_schema(["layer", "tensor"]), ["layer"])


def test_settings_are_summarised_apart():
    one = pd.DataFrame(gradient_rows([1.0, 2.0]) + gradient_rows([3.0, 4.0], seed=1))
    both = pd.concat([one, one.assign(setting="adam", rms=one["rms"] * 10)])
    rows = statistics.over_seeds(both, ["layer"], ["rms"])
    means = rows.set_index(["setting", "layer"])["mean"].to_dict()
    assert means == {("default", 0): 2, ("default", 1): 3, ("adam", 0): 20, ("adam", 1): 30}
    slopes = statistics.decay(both)
    slopes = set(zip(slopes["setting"], slopes["n"], strict=True))
    assert slopes == {("default", 2), ("adam", 2)}


def test_folds_of_a_setting_are_averaged_and_ranked_apart(folded_runs):
    """The other setting is better in every fold, and changes no rank of the first one."""
    other = folded_runs.assign(setting="adam", test_accuracy=folded_runs["test_accuracy"] + 0.001)
    both = pd.concat([folded_runs, other])
    found = [row for row in statistics.cross_validation(both) if row["setting"] == "default"]
    assert repr(found) == repr(statistics.cross_validation(folded_runs))  # some scores are nan
    seeds = statistics.per_seed(both)
    assert len(seeds) == 2 * len(statistics.per_seed(folded_runs))
    assert set(seeds["setting"]) == {"default", "adam"}
