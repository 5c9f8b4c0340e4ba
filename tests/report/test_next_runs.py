"""What to run next: how many seeds, by which command, and where to read on."""

import re

import made_up
import pandas as pd
import pytest
from actbench.analysis.tables import of_setting
from actbench.report import contents, next_sentences
from actbench.report.numbers import NBSP
from actbench.report.search_sentences import Later
from actbench.report.section import Study
from actbench.report.sections import next_runs
from conftest import ROOT

LABELS = {"relu": "ReLU", "tanh": "tanh", "elu": "ELU"}
ROW = {
    "depth": 4,
    "n_seeds": 5,
    "n_pairs": 5,
    "difference": 0.0,
    "difference_low": -0.1,
    "difference_high": 0.1,
    "required_seeds": None,
    "verdict": "inconclusive",
}


def table(*rows):
    baseline = ROW | {"activation": "relu", "verdict": "baseline"}
    return pd.DataFrame([baseline, *({**ROW, "activation": "tanh"} | row for row in rows)])


def said(*rows):
    made = table(*rows)
    needed = [row["seeds"] for row in next_runs.undecided(made, LABELS, 0.01) if row["seeds"]]
    return next_sentences.finding(made, needed, "ReLU")


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ([], "1 activation is compared with no other."),
        ([{"n_seeds": 1}], None),
        ([{"verdict": "better"}], "The 1 comparison with ReLU is decided by n = 5 seeds."),
        (
            [{"required_seeds": 12.0}],
            "The 1 comparison with ReLU is undecided by n = 5 seeds; about 12 seeds would decide that one, were the differences as "
            "measured.",
        ),
        (
            [{"required_seeds": 30.0}, {"required_seeds": 12.0}, {}, {"verdict": "worse"}],
            "3 of 4 comparisons with ReLU are undecided by n = 5 seeds; about 12 to 30 seeds would decide 2 of them, were the "
            "differences as measured.",
        ),
        (
            [{}, {"difference": None}, {"n_pairs": 1}],
            "1 of 3 comparisons with ReLU is undecided by n = 5 seeds. 2 more have no difference of means (too few trained or "
            "runs disagree): more seeds alone may not change that.",
        ),
        (
            [{"difference_low": 0.001, "required_seeds": 9.0}, {"verdict": "worse"}, {"n_pairs": 0}],
            "1 of 3 comparisons with ReLU is undecided by n = 5 seeds; about 9 seeds would decide that one, were the differences "
            "as measured. 1 more has no difference of means (too few trained): more seeds alone may not change that.",
        ),
        (
            [{"verdict": "worse"}, {"n_pairs": 0}],
            "1 of 2 comparisons with ReLU is decided by n = 5 seeds. 1 more has no difference of means (too few trained): more "
            "seeds alone may not change that.",
        ),
        (
            [{"n_pairs": 0}, {"n_pairs": 0}],
            "No comparison with ReLU can be made from n = 5 seeds. 2 have no difference of means (too few trained): more seeds alone "
            "may not change that.",
        ),
    ],
)
def test_the_finding_counts_what_is_undecided(rows, text):
    assert text is None or said(*rows).replace(NBSP, " ") == text


def test_one_seed_compares_nothing():
    made = table({}).assign(n_seeds=1)
    assert next_sentences.finding(made, [], "ReLU") == "1 comparison with ReLU cannot be made from one seed."


def test_fewest_seeds_come_first_and_those_beyond_all_bounds_last():
    found = next_runs.undecided(table({}, {"required_seeds": 9.0, "activation": "elu"}), LABELS, 0.01)
    assert [(row["label"], row["seeds"]) for row in found] == [("ELU", 9), ("tanh", None)]


@pytest.mark.parametrize(
    ("seeds", "n", "block", "more"),
    [
        ([0, 1, 2, 3, 4], 11, 5, [*range(15)]),
        ([0, 1, 2, 3, 4], 5, 5, []),
        ([3, 7], 4, 1, [3, 7, 8, 9]),
        ([0, 1], 41, 1, []),
        ([0, 1], 0, 5, []),
    ],
)
def test_seeds_are_added_in_whole_blocks(seeds, n, block, more):
    assert next_runs.more_seeds(seeds, n, block) == more


def test_the_page_has_the_command_and_where_to_read_on():
    config = made_up.config(("default",))
    every = made_up.tables(config)
    study = Study(config | {"seeds_per_job": 5}, of_setting(every, "default"), {}, {}, {}, every)
    page = contents.render(study, ROOT / "workflow/report/report.html", [next_runs.SECTION])
    text = " ".join(re.sub("<[^>]*>", " ", page[page.index('<section id="next"') :]).split())
    command = r'snakemake --configfile results/made-up/config.yaml --config "seeds=\[0, 1, .*, \d+\]"'
    assert re.search(command, text)
    assert (
        "at least 10 seeds, whatever they find" in text
        and "(depth 2) : " not in text
        and "<script" not in page[: page.index("</main>")]
    )
    for name in ("docs/python.md", "docs/measurements.md", "README.md"):
        assert name in text and (ROOT / name).is_file()


def test_who_trained_may_be_decided_where_accuracies_cannot_be_compared():
    made = table({"n_pairs": 0, "difference": None}, {"verdict": "worse", "activation": "elu"})
    shares = pd.DataFrame([{"activation": "tanh", "depth": 4, "verdict": "fewer"}])
    assert next_sentences.finding(made, [], "ReLU", shares).endswith(" change that; who trained decides it.")
    assert next_sentences.finding(made, [], "ReLU", shares.assign(depth=2)).endswith(" change that.")


@pytest.mark.parametrize(
    ("difference", "word"),
    [
        (0.0, "equivalent"),
        (-0.01, "equivalent"),
        (0.01, "equivalent"),
        (0.0153, "better"),
        (-0.0273, "worse"),
    ],
)
def test_the_verdict_that_more_seeds_would_give_is_that_of_the_difference(difference, word):
    assert next_sentences.likely(difference, 0.01) == word
    assert next_runs.undecided(table({"difference": difference}), LABELS, 0.01)[0]["likely"] == word


SETTING = {
    "network": {"family": "mlp", "initialisation": "default"},
    "training": {"learning_rate": "tuned", "max_epochs": 50},
    "tuning": {"learning_rate": [0.01, 0.03, 0.1], "seeds": 2, "max_epochs": 20},
}
CRITICAL = SETTING | {"network": {"family": "mlp", "initialisation": "critical"}}
FIXED = SETTING | {"training": {"learning_rate": 0.05, "max_epochs": 50}}
PLACE = {"activation": "tanh", "depth": 4, "setting": "default", "fold": 0}


def tried(n_trained=5, settings=None, later=None, scores=(0.5, 0.6, 0.6), other=None, found=2, **rate):
    """What may be tried of one cell of tanh, whose search chose 0.1."""
    cells = [PLACE | {"n_seeds": 5, "n_trained": n_trained}]
    cells += [PLACE | {"setting": "critical", "n_seeds": 5, "n_trained": other}] if other is not None else []
    rates = pd.DataFrame(
        [PLACE | {"learning_rate": 0.1, "score": scores[-1], "at_edge": False, "n_trained": found} | rate]
    )
    tuning = pd.DataFrame(
        PLACE | {"learning_rate": value, "score": score}
        for value, score in zip((0.01, 0.03, 0.1), scores, strict=True)
    )
    settings = settings or {"default": SETTING}
    return next_sentences.to_try(pd.DataFrame(cells), rates, tuning, later or {}, settings, LABELS, 0.01)


def test_nothing_is_to_be_tried_where_all_trained_within_the_candidates():
    assert tried() == []


def test_what_diverged_after_the_search_is_told_with_a_smaller_rate_that_did_as_well():
    late = {("tanh", 4, "default"): Later((0.1,), (), (2, 2), 20, 50, 5, 5, (27, 39, 30, 31, 28))}
    assert tried(0, later=late) == [
        "Diverged in training with a rate that had trained in the search: tanh, depth 4 (5 of 5 with 0.1; 0.03 scored "
        "within 1 point of it). `tuning.max_epochs: null` searches as long as training. `training.learning_rate: 0.03` "
        "gives that rate to all."
    ]
    (worse,) = tried(0, later=late, scores=(0.5, 0.58, 0.6))
    assert "0.03" not in worse and "training.learning_rate" not in worse
    early = {("tanh", 4, "default"): Later((0.1,), (), (2, 2), 20, 50, 1, 5, (3,))}
    (early,) = tried(4, later=early)
    assert early.endswith("A larger `tuning.seeds` would see this more often.")


def test_a_choice_at_the_edge_asks_for_wider_candidates():
    assert tried(at_edge=True) == [
        "The chosen rate is the least or the largest candidate (tanh, 0.1): a wider `tuning.learning_rate` may hold a "
        "better one."
    ]


@pytest.mark.parametrize(
    ("settings", "other", "text"),
    [
        (
            {"default": SETTING},
            None,
            "No network with the chosen rate trained in the search of tanh: `network.initialisation: critical` has not been "
            "tried here.",
        ),
        (
            {"default": SETTING, "critical": CRITICAL},
            5,
            "With “default” no network with the chosen rate trained in the search of tanh: with “critical” it trained from every "
            "seed.",
        ),
        (
            {"default": SETTING, "critical": CRITICAL},
            4,
            "With “default” no network with the chosen rate trained in the search of tanh: a wider or longer search "
            "(`tuning.learning_rate`, `tuning.max_epochs`) may find one.",
        ),
        (
            {"default": FIXED},
            None,
            "The one learning rate of all did not train each network of tanh: `training.learning_rate: tuned` searches "
            "a rate for each.",
        ),
    ],
)
def test_what_did_not_train_is_told_with_what_was_or_was_not_tried(settings, other, text):
    assert tried(0, settings, other=other, found=0) == [text]
    assert tried(5, settings, other=other, found=0) == []
