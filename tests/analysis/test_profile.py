import pandas as pd
import pytest
from actbench.analysis import profile
from actbench.storage import parquet
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_cells import runs


def steps(table, activation, setting=""):
    rows = profile.profile(table, 100, 0.1)
    parquet.table(rows, profile.SCHEMA, ["setting", "activation", "tau"])
    return [
        (row["tau"], row["share"])
        for row in rows
        if row["activation"] == activation and row["setting"] == setting
    ]


def test_a_profile_by_hand():
    """tanh is best in two of three seeds, and three of 100 images behind in the other; relu 1, 0 and 5 behind."""
    table = runs(relu=[0.90, 0.95, 0.80], tanh=[0.91, 0.92, 0.85])
    assert steps(table, "tanh") == [(0, pytest.approx(2 / 3)), (pytest.approx(0.03), 1)]
    assert steps(table, "relu") == [
        (0, pytest.approx(1 / 3)),
        (pytest.approx(0.01), pytest.approx(2 / 3)),
        (pytest.approx(0.05), 1),
    ]


def test_one_that_is_never_best_starts_at_zero():
    assert steps(runs(relu=[0.9, 0.9], tanh=[0.8, 0.7]), "tanh")[0] == (0, 0)


def test_equal_but_for_rounding_is_equal():
    assert (
        steps(runs(relu=[0.1 + 0.7], tanh=[0.8]), "tanh")
        == steps(runs(relu=[0.8], tanh=[0.8]), "tanh")
        == [(0, 1)]
    )


def test_untrained_and_diverged_ones_count():
    """A diverged run has chance, 10 of 100."""
    table = runs(relu=[0.9, 0.9], tanh=[0.2, None])
    assert steps(table, "tanh") == [(0, 0), (pytest.approx(0.7), 0.5), (pytest.approx(0.8), 1)]


def test_a_diverged_run_is_not_nearer_than_one_below_chance():
    """It has the lowest accuracy of its seed, 4 of 100; where another seed's is lower, it has chance."""
    table = runs(relu=[0.9, 0.9], tanh=[None, 0.03], elu=[0.04, None])
    assert steps(table, "tanh") == [(0, 0), (pytest.approx(0.86), 0.5), (pytest.approx(0.87), 1)]
    assert steps(table, "elu") == [(0, 0), (pytest.approx(0.86), 0.5), (pytest.approx(0.87), 1)]


def test_problems_in_which_nothing_trained_are_left_out():
    """Seed 1 at depth 2, and all of `adam`: of four problems of `default` three are left."""
    table = pd.concat(
        [
            runs(relu=[0.9, 0.2], tanh=[0.2, 0.1]),
            runs(depth=4, relu=[0.1, None], tanh=[0.8, 0.7]),
            runs(setting="adam", relu=[0.2, None], tanh=[0.3, 0.1]),
        ]
    )
    rows = profile.profile(table, 100, 0.1)
    assert {(row["setting"], row["activation"], row["n"]) for row in rows} == {
        (setting, key, 3) for setting in ("", "default") for key in ("relu", "tanh")
    }
    assert steps(table, "relu")[0] == (0, pytest.approx(1 / 3))
    assert steps(table, "tanh")[0] == (0, pytest.approx(2 / 3))


def test_where_nothing_trained_there_is_no_profile():
    assert steps(runs(relu=[0.2, None], tanh=[0.3, 0.1]), "tanh") == []


def test_depths_and_settings_are_problems_of_their_own():
    one, other = runs(relu=[0.9], tanh=[0.8]), runs(setting="adam", relu=[0.5], tanh=[0.7])
    deeper = runs(depth=4, relu=[0.6], tanh=[0.6])
    table = pd.concat([one, deeper, other])
    assert steps(table, "tanh") == [(0, pytest.approx(2 / 3)), (pytest.approx(0.1), 1)]
    assert steps(table, "tanh", "adam") == [(0, 1)]
    assert steps(table, "tanh", "default") == [(0, 0.5), (pytest.approx(0.1), 1)]
    assert {row["setting"] for row in profile.profile(one, 100, 0.1)} == {""}


accuracies = st.lists(st.integers(50, 100), min_size=4, max_size=4)


@settings(max_examples=25, deadline=None)
@given(accuracies, accuracies, accuracies)
def test_profiles_rise_from_tau_0_to_1(relu, tanh, elu):
    table = runs(
        **{name: [k / 100 for k in own] for name, own in {"relu": relu, "tanh": tanh, "elu": elu}.items()}
    )
    at_zero = 0
    for activation in ("relu", "tanh", "elu"):
        found = steps(table, activation)
        taus, shares = zip(*found, strict=True)
        assert taus[0] == 0 and shares[-1] == 1
        assert list(taus) == sorted(set(taus)) and list(shares) == sorted(set(shares))
        at_zero += shares[0]
    assert at_zero >= 1 - 1e-12  # some activation is the best of each problem


@settings(max_examples=25, deadline=None)
@given(st.permutations(range(4)))
def test_the_order_of_seeds_does_not_matter(order):
    relu, tanh = [0.9, 0.8, 0.7, 0.6], [0.85, 0.9, 0.7, 0.2]
    shuffled = runs(relu=[relu[i] for i in order], tanh=[tanh[i] for i in order])
    assert profile.profile(shuffled, 100, 0.1) == profile.profile(runs(relu=relu, tanh=tanh), 100, 0.1)
