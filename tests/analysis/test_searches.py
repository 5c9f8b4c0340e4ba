"""The tables of the searches for learning rates, and what of them does not fit the plan."""

import dataclasses
import math

import pytest
from actbench.analysis import searches
from actbench.errors import UserError
from actbench.storage import choices, parquet
from actbench.training import trials as tables_of_search
from actbench.training import tuning

PARAMS = {
    "evaluation": {"folds": 2},
    "training": {"learning_rate": "tuned"},
    "tuning": {"learning_rate": [0.01, 0.1, 1.0], "seeds": 2},
}
CODE = {"tune.py": "a"}
SCORES = {0.01: 0.8, 0.1: 0.9, 1.0: 0.895}


def rows_of(activation, depth=2, seeds=2, scores=SCORES):
    cell = {"activation": activation, "depth": depth, "setting": "default"}
    done = {"status": "ok", "epochs_run": 3, "best_epoch": 2, "val_loss": 1.0}
    return [
        cell
        | {"fold": fold, "learning_rate": rate, "seed": seed}
        | done
        | {"val_accuracy": score, "score": score}
        for fold in range(2)
        for rate, score in scores.items()
        for seed in range(seeds)
    ]


def write(folder, activation, rows=None, data="images", code=CODE, params=PARAMS):
    rows = rows_of(activation) if rows is None else rows
    spent = {"epochs_run": 3, "seconds": 1.0, "n_images": 9, "flops": 9}
    cost = [{key: row[key] for key in tables_of_search.TRIAL} | spent for row in rows]
    parquet.write(
        parquet.table(rows, tables_of_search.TRIALS, tables_of_search.TRIAL), folder / choices.TRIALS
    )
    parquet.write(parquet.table(cost, tables_of_search.COST, tables_of_search.TRIAL), folder / choices.COST)
    folds = [[row for row in rows if row["fold"] == fold] for fold in range(2)]
    chosen = [{"fold": fold} | tuning.choose(own, 0.3) for fold, own in enumerate(folds)]
    choices.write(folder, chosen, params, data, {"code": code}, 1.0)
    return searches.Searched(folder / choices.NAME, activation, 2, "default", PARAMS)


@pytest.fixture
def searched(tmp_path):
    return [write(tmp_path / name, name) for name in ("tanh", "relu")]


def test_every_trial_and_the_choice_of_each_fold(searched):
    tables = searches.collect(searched, CODE, 0.01)
    assert tables["tuning"].num_rows == tables["tuning_cost"].num_rows == 24
    assert tables["tuning"].schema.names == [
        *("activation", "depth", "setting", "fold", "learning_rate", "seed", "status", "epochs_run"),
        *("best_epoch", "val_loss", "val_accuracy", "score"),
    ]
    expected = {"learning_rate": 0.1, "score": 0.9, "at_edge": False, "n_trials": 6, "epochs_spent": 18}
    assert tables["rates"].to_pylist() == [
        {"activation": name, "depth": 2, "setting": "default", "fold": fold}
        | expected
        | {"n_trained": 2, "decades_within_margin": 1.0}
        for name in ("relu", "tanh")
        for fold in (0, 1)
    ]


def test_no_width_where_no_network_with_the_chosen_rate_trained(tmp_path):
    """All candidates are at chance and so within the margin of each other, which says nothing about rates."""
    rows = rows_of("elu", scores={0.01: 0.1, 0.1: 0.11, 1.0: 0.105})
    (first, second) = searches.collect([write(tmp_path, "elu", rows)], CODE, 0.01)["rates"].to_pylist()
    for rate in (first, second):
        assert (rate["learning_rate"], rate["n_trained"]) == (0.1, 0)
        assert rate["decades_within_margin"] is None


@pytest.mark.parametrize(
    ("scores", "chosen", "decades"),
    [
        ({0.1: 0.9}, 0.1, 0.0),
        ({0.01: 0.895, 0.1: 0.9, 1.0: 0.89}, 0.1, 2.0),
        ({0.01: 0.9, 0.1: 0.5, 1.0: 0.91}, 1.0, 0.0),  # the run of candidates is broken
        ({0.01: 0.5, 0.03: 0.9, 0.09: 0.9}, 0.03, math.log10(3)),
        ({0.1: 0.97, 1.0: 0.96}, 0.1, 1.0),  # a difference of 0.01 is within 0.01
        ({0.1: 0.97, 1.0: 0.9599}, 0.1, 0.0),
    ],
)
def test_how_wide_the_range_of_good_rates_is(scores, chosen, decades):
    trials = [{"learning_rate": rate, "score": score} for rate, score in scores.items()]
    assert searches.decades_within(trials, chosen, 0.01) == pytest.approx(decades, abs=1e-12)


def refused(searched, words):
    with pytest.raises(UserError, match=words) as caught:
        searches.collect(searched, CODE, 0.01)
    assert str(caught.value).startswith("results do not fit the plan: ")


@pytest.mark.parametrize(
    "rows",
    [
        rows_of("elu")[1:],
        [*rows_of("elu"), rows_of("elu")[0]],
        rows_of("elu", seeds=3),
        rows_of("elu", depth=3),
        rows_of("relu"),
        rows_of("elu", scores=SCORES | {10.0: 0.3}),
    ],
    ids=["one less", "one twice", "more seeds", "another depth", "another activation", "more candidates"],
)
def test_other_trials_than_planned_are_refused(searched, tmp_path, rows):
    refused(
        [*searched, write(tmp_path / "elu", "elu", rows)], "trials.parquet does not hold the planned trials"
    )


def test_other_params_code_images_or_files_are_refused(searched, tmp_path):
    params = PARAMS | {"tuning": PARAMS["tuning"] | {"seeds": 5}}
    refused([dataclasses.replace(searched[0], params=params)], "chosen with tuning.seeds 2 instead of 5")
    refused([write(tmp_path / "a", "elu", code={"tune.py": "b"})], "by another version of tune.py")
    refused([*searched, write(tmp_path / "b", "elu", data="others")], "were chosen by different images")
    (tmp_path / "b" / choices.TRIALS).write_bytes(searched[0].chosen.with_name(choices.TRIALS).read_bytes())
    refused(
        [
            write(tmp_path / "c", "elu"),
            dataclasses.replace(searched[0], chosen=tmp_path / "b" / choices.NAME),
        ],
        "trials.parquet is damaged",
    )
