import math

import pandas as pd
import pytest
from actbench.report import numbers


def test_numbers_as_text():
    assert numbers.percent(0.9734) == "97.3\N{NO-BREAK SPACE}%" and numbers.percent(None) == "–"
    assert numbers.points(-0.01234) == "−1.23" and numbers.points(0.005) == "+0.50"
    assert (
        numbers.interval(0.95, 0.962) == "95.0–96.2\N{NO-BREAK SPACE}%" and numbers.interval(None, 1) == "–"
    )
    assert numbers.listed(["a"]) == "a" and numbers.listed(["a", "b", "c"]) == "a, b and c"


@pytest.mark.parametrize("high", [1.0, 1.02, 1.085])
def test_an_interval_is_shown_as_it_is(high):
    """Never cut: the tables hold none that leaves what an accuracy can be."""
    assert numbers.interval(0.95, high) == f"95.0–{100 * high:.1f}\N{NO-BREAK SPACE}%"


@pytest.mark.parametrize(
    ("low", "high", "digits", "text"),
    [
        (0.977, 0.9996, 1, "97.70–99.96"),
        (0.5550, 0.9975, 0, "55.5–99.8"),
        (0.0004, 0.3, 0, "0.04–30.00"),
        (0.4782, 1.0, 0, "48–100"),
        (0.0, 0.5218, 0, "0–52"),
        (0.5, 1 - 1e-9, 1, "50.000–100.000"),
    ],
)
def test_an_end_inside_does_not_read_as_a_bound(low, high, digits, text):
    assert numbers.interval(low, high, digits) == f"{text}{numbers.NBSP}%"


@pytest.mark.parametrize(("n", "text"), [(None, "+1.00 to +2.00"), (3, "+1.00 to +2.00"), (2, "–"), (0, "–")])
def test_two_seeds_give_no_interval(n, text):
    assert numbers.change(0.01, 0.02, n=n) == text


@pytest.mark.parametrize(
    ("verdict", "p_holm", "apart"),
    [
        ("worse", 0.94, True),
        ("better", 0.0501, True),
        ("worse", 0.05, False),
        ("inconclusive", 0.03, True),
        ("inconclusive", 0.94, False),
        ("equivalent", 0.94, False),
        ("equivalent", 0.01, False),
        ("baseline", None, False),
    ],
)
def test_verdict_and_p_that_disagree_are_seen(verdict, p_holm, apart):
    row = {
        "verdict": verdict,
        "p_holm": p_holm,
        "n_pairs": 5,
        "difference_low": -0.02,
        "difference_high": 0.03,
    }
    assert numbers.disagrees(row) is apart
    assert numbers.disagrees(row | {"p_holm": None, "n_pairs": 1}) is False


@pytest.mark.parametrize(
    ("low", "high", "n_pairs", "leaning"),
    [
        (-0.0747, -0.0065, 10, "worse"),
        (0.001, 0.2, 10, "better"),
        (-0.02, 0.0, 10, ""),
        (-0.02, 0.03, 10, ""),
        (-0.0747, -0.0065, 2, ""),
        (-1.2, -0.0065, 10, ""),
        (None, None, 10, ""),
    ],
)
def test_an_open_verdict_whose_interval_leaves_out_0_leans(low, high, n_pairs, leaning):
    """But not where no interval is shown: of two pairs, or beyond ±100 points."""
    row = {"verdict": "inconclusive", "n_pairs": n_pairs, "difference_low": low, "difference_high": high}
    assert numbers.leaning(row) == leaning
    assert numbers.verdict(row | {"difference": -0.04}) == (f"{leaning}?" if leaning else "inconclusive")
    assert numbers.verdict(row | {"difference": None}) == "runs disagree"
    assert numbers.disagrees(row | {"p_holm": 0.59}) is bool(leaning)
    assert numbers.disagrees(row | {"p_holm": 0.04}) is not bool(leaning)
    assert numbers.leaning(row | {"verdict": "worse"}) == ""


def test_every_interval_of_a_comparison_follows_one_rule():
    row = {"verdict": "inconclusive", "n_pairs": 2, "difference_low": -0.01, "difference_high": 0.02}
    assert numbers.interval_of(row) == "–"
    assert numbers.interval_of(row | {"n_pairs": 3}) == "−1.00 to +2.00"
    assert numbers.interval_of(row | {"verdict": "equivalent"}) == "−1.00 to +2.00"
    assert numbers.interval_of(row | {"n_pairs": 3}, 0) == "−1 to +2"


def test_a_zero_has_no_minus():
    assert numbers.points(-0.00001) == "0.00" and numbers.points(-0.004, 0) == "0"
    assert numbers.points(-0.0001) == "−0.01" and numbers.points(0.0) == "0.00"


def test_names_keep_their_first_letter():
    names = ["prelu", "swish"]
    assert numbers.sentence("prelu trained", names) == "prelu trained"
    assert numbers.sentence("prelus trained", names) == "Prelus trained"
    text = "Two trained; swish did not; prelu and elu did"
    assert numbers.paragraphs(text, 3, names) == ["Two trained.", "swish did not.", "prelu and elu did."]


@pytest.mark.parametrize(
    ("label", "isolated"),
    [
        ("ReLU (α = 0.1), 中", False),
        ("\N{HEBREW LETTER SHIN}1", True),
        ("\N{ARABIC-INDIC DIGIT ONE}", True),
        ("a\N{RIGHT-TO-LEFT OVERRIDE}b", True),
    ],
)
def test_a_label_of_another_direction_is_isolated(label, isolated):
    first, last = "\N{FIRST STRONG ISOLATE}", "\N{POP DIRECTIONAL ISOLATE}"
    assert numbers.isolated(label) == (f"{first}{label}{last}" if isolated else label)


def cell(**changes):
    return {"n_trained": 3, "mean": 0.9, "ci_low": 0.85, "ci_high": 0.93, "min": 0.88, "max": 0.92} | changes


@pytest.mark.parametrize("none", [None, math.nan])
def test_without_an_interval_the_runs_are_shown(none):
    assert numbers.spread(cell()) == "85.0–93.0\N{NO-BREAK SPACE}%"
    assert numbers.spread(cell(ci_low=none, ci_high=none), 2) == "runs 88.00–92.00\N{NO-BREAK SPACE}%"
    assert (
        numbers.spread(cell(ci_low=none, ci_high=none, mean=none), 2) == "runs 88.00–92.00\N{NO-BREAK SPACE}%"
    )
    assert numbers.spread(cell(n_trained=1, ci_low=none, ci_high=none, mean=none)) == "–"


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (-0.0123, 0.005, "−1.23 to +0.50"),
        (-1.07, 1.13, "–"),
        (-1.001, 0.2, "–"),
        (0.2, 1.001, "–"),
        (None, None, "–"),
        (math.nan, math.nan, "–"),
    ],
)
def test_an_interval_beyond_what_a_difference_can_be_is_none(low, high, text):
    assert numbers.change(low, high) == text


def test_the_change_of_a_difference_reaches_further_than_a_difference():
    assert numbers.change(-1.415, 1.089, bound=2) == "−141.50 to +108.90"
    assert numbers.change(-2.001, 0.2, bound=2) == "–"


@pytest.mark.parametrize(
    ("verdict", "n_pairs", "text"),
    [
        ("inconclusive", 0, "–"),
        ("inconclusive", 1, "–"),
        ("inconclusive", 2, "inconclusive"),
        ("better", 5, "better"),
        ("baseline", 0, "baseline"),
    ],
)
def test_what_cannot_be_compared_is_not_inconclusive(verdict, n_pairs, text):
    found = {"difference": 0.01, "difference_low": -0.1, "difference_high": 0.1}
    assert numbers.verdict(pd.Series({"verdict": verdict, "n_pairs": n_pairs} | found)) == text


def test_a_sentence_starts_with_a_capital_and_is_otherwise_left_alone():
    assert numbers.sentence("thin lines: n = 5") == "Thin lines: n = 5" and numbers.sentence("") == ""


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (-7.2166, "6.1 × 10⁻⁸"),
        (-2.0001, "0.010"),
        (-2.1, "7.9 × 10⁻³"),
        (-1.41, "0.039"),
        (-0.4, "0.40"),
        (0.04, "1.1"),
        (0.9999, "10"),
        (1.99, "98"),
        (1.999, "1.0 × 10²"),
        (12.3, "2.0 × 10¹²"),
        (-400.0, "1.0 × 10⁻⁴⁰⁰"),
    ],
)
def test_powers_of_ten_as_text(value, text):
    assert numbers.of_log10(value) == text.replace(" ", numbers.NBSP)


def test_of_many_names_a_few_are_said_and_the_rest_counted():
    assert numbers.some("abcd") == "a, b, c and d" and numbers.some("abcde") == "a, b, c and 2 more"
    assert numbers.count(1, "cell") == "1 cell" and numbers.count(1200, "cell") == "1,200 cells"
    assert numbers.signed(-0.004) == "0.00" and numbers.signed(-0.26, 1) == "−0.3"


@pytest.mark.parametrize(
    ("values", "joint", "text"),
    [
        ([5, 5], "to", "5"),
        ([7, 3], "to", "3 to 7"),
        ([7, 3], "or", "3 or 7"),
        ([7, 3, 3], "and", "3 and 7"),
        ([5, 9, 3], "or", "3 to 9"),
        (pd.Series([1200.0, 300.0]), "to", "300 to 1,200"),
        (iter([4000]), "and", "4,000"),
    ],
)
def test_counts_from_least_to_most(values, joint, text):
    assert numbers.span(values, joint) == text


@pytest.mark.parametrize(
    ("share", "text"), [(0.01, "1 point"), (0.005, "0.5 points"), (0.07, "7 points"), (0.0, "0 points")]
)
def test_the_size_of_a_difference_in_points(share, text):
    assert numbers.n_points(share) == text


def compared(verdict, difference=0.01, low=-0.1, high=0.1, n_pairs=5):
    return {
        "verdict": verdict,
        "difference": difference,
        "difference_low": low,
        "difference_high": high,
        "n_pairs": n_pairs,
    }


def test_verdicts_are_counted_as_tables_show_them():
    """Two pairs lean to no side, and an interval beyond ±100 points neither."""
    rows = [
        compared("better"),
        compared("better"),
        compared("inconclusive"),
        compared("inconclusive", low=0.005),
        compared("inconclusive", high=-0.005),
        compared("inconclusive", low=0.005, n_pairs=2),
        compared("inconclusive", low=0.005, high=1.2),
        compared("inconclusive", difference=None),
        compared("inconclusive", difference=None, n_pairs=1),
    ]
    found = numbers.verdicts(pd.DataFrame(rows))
    assert found == {"better": 2, "inconclusive": 3, "better?": 1, "worse?": 1, "runs disagree": 1, "–": 1}
    assert found["equivalent"] == 0 and numbers.verdicts(pd.DataFrame()) == {}


@pytest.mark.parametrize(
    ("value", "digits", "form", "text"),
    [
        (6.05, 1, "", "6.1"),
        (13.05, 1, "", "13.1"),
        (100 * 0.9735, 1, "", "97.4"),
        (-0.125, 2, "+", "-0.13"),
        (6.0499, 1, "", "6.0"),
        (12345.5, 0, ",", "12,346"),
        (math.inf, 1, "", "Infinity"),
    ],
)
def test_halves_are_rounded_away_from_0_whatever_their_binary_form(value, digits, form, text):
    assert numbers.fixed(value, digits, form) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0625, "0.063"),
        (0.125, "0.13"),
        (0.625, "0.63"),
        (0.9375, "0.94"),
        (0.5, "0.5"),
        (1.0, "1"),
        (0.000025, "2.5e-05"),
        (0.0, "0"),
    ],
)
def test_a_p_at_the_floor_of_its_test_is_not_rounded_below_it(value, text):
    assert numbers.significant(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.12e-5, "1.1_×_10⁻⁵"),
        (0.00012, "0.00012"),
        (-3.46e-12, "−3.5_×_10⁻¹²"),
        (1234567.0, "1.2_×_10⁶"),
        (-0.5, "−0.5"),
        (0.0, "0"),
        (math.inf, "inf"),
    ],
)
def test_a_page_has_powers_of_ten_and_no_e(value, text):
    assert numbers.written(value) == text.replace("_", numbers.NBSP)


def test_what_rounding_leaves_of_an_average_of_0_is_0():
    assert [numbers.average(value) for value in (-1.18e-10, 9.9e-9, 1.23456e-6, -0.5)] == [
        *("0", "0"),
        f"1.23{numbers.NBSP}×{numbers.NBSP}10⁻⁶",
        "−0.5",
    ]


def test_levels_and_differences_follow_the_same_rule():
    assert (
        numbers.percent(0.6005) == f"60.1{numbers.NBSP}%"
        and numbers.percent(0.1305) == f"13.1{numbers.NBSP}%"
    )
    assert numbers.points(-0.00125) == "−0.13" and numbers.points(0.00125) == "+0.13"
    assert (
        numbers.interval(0.6005, 0.6105) == f"60.1–61.1{numbers.NBSP}%" and numbers.signed(-0.125) == "−0.13"
    )
    assert numbers.of_log10(math.log10(1.25e-8)) == f"1.3{numbers.NBSP}×{numbers.NBSP}10⁻⁸"


@pytest.mark.parametrize("value", [0.0, -0.0, 4e-5, -4e-5])
def test_a_difference_that_rounds_to_0_has_no_sign(value):
    assert numbers.points(value) == "0.00" and numbers.change(value, value) == "0.00 to 0.00"
