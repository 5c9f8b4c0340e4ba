"""Who is ahead in a search and by epoch, of scores and curves written by hand."""

import math
from types import SimpleNamespace

import pandas as pd
import pytest
from actbench.report import lead
from actbench.report.sections import learning


def trials(**scores):
    """Two networks a rate, 0.01 on either side of its mean score."""
    rows = [
        {"activation": key, "learning_rate": 10.0**place, "score": mean + apart}
        for key, means in scores.items()
        for place, mean in enumerate(means)
        for apart in (-0.01, 0.01)
    ]
    return pd.DataFrame(rows)


def curves(by_key, failed=()):
    """History and runs of validation accuracies by epoch, a list a seed; those in `failed` did not train."""
    rows, runs = [], []
    for key, seeds in by_key.items():
        for seed, values in enumerate(seeds):
            runs.append({"activation": key, "seed": seed, "fold": 0, "trained": (key, seed) not in failed})
            rows += [
                {"activation": key, "seed": seed, "fold": 0, "epoch": epoch, "val_accuracy": value}
                for epoch, value in enumerate(values, 1)
            ]
    return pd.DataFrame(rows), pd.DataFrame(runs)


def at_depth(history, runs, first, other):
    """The lead at the one depth of these tables."""
    return lead.by_depth(history.assign(depth=2), runs.assign(depth=2), first, other).get(2)


@pytest.mark.parametrize(
    ("first", "other", "words", "against"),
    [
        ([0.1, 0.4, 0.2], [0.2, 0.5, 0.3], "mine was below relu at all 3 rates,", "behind at all 3 rates in the 20-epoch search"),
        ([0.3, 0.6, 0.5], [0.2, 0.5, 0.3], "mine was above relu at all 3 rates,", ""),
        (
            [0.3, 0.4, 0.2],
            [0.2, 0.5, 0.3],
            "mine was above relu at 1 of 3 rates (rate 1) and below it at 2 (rates 10 and 100),",
            "behind in the 20-epoch search, each at its best rate",
        ),
        ([0.3, 0.5, 0.2], [0.2, 0.5, 0.3], "(rate 1), below it at 1 (rate 100) and level with it at 1 (rate 10),", ""),
        ([0.4], [0.5], "mine was below relu at the one rate,", "behind at the one rate in the 20-epoch search"),
    ],
)  # fmt: skip
def test_the_search_is_told_by_rates_and_what_it_says_against(first, other, words, against):
    found = lead.search(trials(mine=first, relu=other), "mine", "relu", 20)
    assert words in found.sentence("mine", "relu")
    assert found.sentence("mine", "relu").endswith(
        "with one rate for both (mean validation accuracy; not tested)"
    )
    assert found.against(+0.05) == against
    mirrored = lead.search(trials(mine=other, relu=first), "mine", "relu", 20)
    assert mirrored.against(-0.05) == against.replace("behind", "ahead")


def test_without_both_in_the_search_nothing_is_said():
    assert lead.search(trials(mine=[0.1]), "mine", "relu", 20) is None


def test_the_best_so_far_decides_from_when_on_one_stays_ahead():
    # Means of the best so far: mine 0.2, 0.5, 0.6, 0.8; relu 0.3, 0.4, 0.7, 0.7.
    history, runs = curves(
        {
            "mine": [[0.2, 0.6, 0.5, 1.0], [0.2, 0.4, 0.6]],
            "relu": [[0.3, 0.4, 0.7, 0.1], [0.3, 0.4, 0.7, 0.6]],
        }
    )
    found = at_depth(history, runs, "mine", "relu")
    assert found[:4] == (1, 4, 4, 2)
    assert math.isclose(found.kept, 0.1) and math.isclose(found.last, 0.8 - 0.35)
    assert found.sentence("mine", "ReLU") == (
        "mine stays ahead of ReLU from epoch 4 of 4 on (best validation accuracy so far, mean of 2 seeds); at the end "
        "+10.00 points by each network's best epoch, +45.00 by its last"
    )
    turned = at_depth(history, runs, "relu", "mine")
    assert turned[:4] == (-1, 4, 4, 2) and turned.sentence("ReLU", "mine") == found.sentence("mine", "ReLU")
    early = at_depth(history[history["epoch"] < 4], runs, "mine", "relu")
    assert early.sentence("mine", "ReLU").startswith("ReLU stays ahead of mine from epoch 3 of 3 on (best")


def test_only_seeds_that_trained_with_both_count():
    history, runs = curves({"mine": [[0.9], [0.5]], "relu": [[0.8], [0.9]]}, failed={("mine", 1)})
    assert at_depth(history, runs, "mine", "relu")[:4] == (1, 1, 1, 1)
    _, none = curves({"mine": [[0.9]], "relu": [[0.8]]}, failed={("relu", 0)})
    assert at_depth(history, none, "mine", "relu") is None


def test_without_validation_nobody_is_ahead_and_the_same_end_level():
    history, runs = curves({"mine": [[0.2, 0.5]], "relu": [[0.3, 0.5]]})
    level = at_depth(history, runs, "mine", "relu")
    assert level.sign == 0 and level.sentence("mine", "ReLU").startswith("mine and ReLU end level (best")
    assert at_depth(history.assign(val_accuracy=math.nan), runs, "mine", "relu") is None


def test_each_depth_ends_with_its_own_last_epoch():
    short = curves({"mine": [[0.2, 0.6]], "relu": [[0.3, 0.5]]})
    long = curves({"mine": [[0.4, 0.5, 0.5], [0.1]], "relu": [[0.3, 0.4, 0.7], [0.2]]})
    history, runs = (
        pd.concat([one.assign(depth=2), two.assign(depth=8)]) for one, two in zip(short, long, strict=True)
    )
    found = lead.by_depth(history, runs, "mine", "relu")
    assert found[2][:4] == (1, 2, 2, 1) and found[8][:4] == (-1, 3, 3, 2) and set(found) == {2, 8}
    assert math.isclose(found[2].kept, 0.1) and math.isclose(found[8].kept, 0.3 - 0.45)
    every_second = history[history["depth"].eq(2) | (history["epoch"] % 2 == 1)]
    assert lead.by_depth(every_second, runs, "mine", "relu")[8][:4] == (-1, 3, 3, 2)


def test_the_first_of_a_ranking_is_told_by_depth():
    one, two = lead.Lead(1, 22, 50, 10, 0.0442, 0.0073), lead.Lead(-1, 3, 40, 8, -0.02, -0.01)
    assert lead.over_depths({2: one}, "mine", "ReLU") == (
        "mine, first in the ranking, stays ahead of ReLU from epoch 22 of 50 on at depth 2 (best validation accuracy so far, "
        "mean of 10 seeds); at the end +4.42 points by each network's best epoch, +0.73 by its last."
    )
    assert lead.over_depths({2: one, 8: two}, "mine", "ReLU") == (
        "mine, first in the ranking, stays ahead of ReLU from epoch 22 of 50 on at depth 2 and does not end ahead of it at "
        "depth 8 (best validation accuracy so far, mean of 8 to 10 seeds)."
    )
    assert lead.over_depths({}, "mine", "ReLU") == ""


def test_depths_at_which_runs_disagree_are_left_out_of_the_sentence():
    history, runs = curves({"mine": [[0.2, 0.6]], "relu": [[0.3, 0.5]]})
    history, runs = (pd.concat(rows.assign(depth=depth) for depth in (2, 8)) for rows in (history, runs))
    places = [(key, depth) for key in ("mine", "relu") for depth in (2, 8)]
    cells = pd.DataFrame(places, columns=["activation", "depth"]).assign(
        mean=0.5, median=0.5, n_trained=1, n_seeds=1
    )
    cells["runs_disagree"] = (cells["activation"] == "relu") & (cells["depth"] == 8)
    ranks = pd.DataFrame({"activation": ["mine", "relu"], "measure": "rank", "mean": [1.0, 2.0]})
    study = SimpleNamespace(
        tables={"history": history, "runs": runs, "over_depths": ranks},
        config={"report": {"baseline": "relu"}, "depths": [2, 8]},
        comparison=cells,
        labels={"mine": "mine", "relu": "ReLU"},
    )
    text = learning.led(study)
    assert text.startswith(
        "mine, first in the ranking, stays ahead of ReLU from epoch 2 of 2 on at depth 2 (best"
    )
    assert text.endswith(". Not said of depth 8: runs disagree or too few trained.")
    study.config["report"]["baseline"] = "mine"
    assert learning.led(study) == ""
