import pandas as pd
import pytest
from actbench.report import exports

LABELS = {"relu": "ReLU & co_1", "tanh": "a|b"}


@pytest.fixture
def comparison():
    base = {
        "depth": 4,
        "n_trained": 5,
        "n_seeds": 5,
        "mean": 0.9734,
        "ci_low": 0.9612,
        "ci_high": 0.9856,
        "std": 0.01,
        "min": 0.96,
        "max": 0.98,
    }
    nothing = dict.fromkeys(["difference", "difference_low", "difference_high", "p_holm", "d_z"])
    compared = {
        "difference": -0.0123,
        "difference_low": -0.02,
        "difference_high": -0.0046,
        "p_holm": 0.0625,
        "d_z": -1.5,
    }
    rows = [
        base | nothing | {"activation": "relu", "verdict": "baseline", "n_pairs": 0},
        base | compared | {"activation": "tanh", "verdict": "worse", "n_pairs": 5},
    ]
    return pd.DataFrame(rows)


def test_latex_is_a_booktabs_table_with_escaped_text(comparison):
    text = exports.latex(comparison, LABELS)
    assert [line for line in text.splitlines() if "rule" in line] == [
        "\\toprule",
        "\\midrule",
        "\\bottomrule",
    ]
    assert r"ReLU \& co\_1" in text and r"97.34 \%" in text and r"95 \% interval" in text
    assert r"-1.23 & -2.00 to -0.46 & 0.062 & -1.50 & worse \\" in text
    assert text.isascii() is ("–" not in text)


def test_markdown_is_a_table_whose_cells_hold_no_bar(comparison):
    lines = exports.markdown(comparison, LABELS).splitlines()
    assert len(lines) == 4 and set(lines[1]) <= set("|:- ")
    assert r"a\|b" in lines[3] and "−1.23" in lines[3] and lines[3].count("|") - 1 == lines[0].count("|")
    assert "| –" in lines[2]


def test_what_the_runs_do_not_give_is_not_shown(comparison):
    """No interval: the range of the runs; no pairs, or an interval beyond 100 points: a dash."""
    table = comparison.assign(ci_low=None, ci_high=None, difference_low=-1.07, difference_high=1.13)
    table.loc[0, ["verdict", "n_pairs"]] = ["inconclusive", 1]
    table.loc[1, ["verdict", "n_pairs"]] = ["inconclusive", 2]
    first, second = exports.markdown(table, LABELS).splitlines()[2:]
    for line in (first, second):
        assert "runs 96.00–98.00" in line and "107" not in line
    assert first.count("inconclusive") == 0 and second.count("inconclusive") == 1
