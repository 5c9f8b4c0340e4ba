"""What to run next: how many seeds, by which command, and where to read on."""

import re

import made_up
import pandas as pd
import pytest
from actbench.analysis.tables import of_setting
from actbench.report import contents
from actbench.report.numbers import NBSP
from actbench.report.section import Study
from actbench.report.sections import next_runs
from conftest import ROOT

LABELS = {"relu": "ReLU", "tanh": "tanh", "elu": "ELU"}
ROW = {"depth": 4, "n_seeds": 5, "difference_low": -0.1, "required_seeds": None, "verdict": "inconclusive"}


def table(*rows):
    baseline = ROW | {"activation": "relu", "verdict": "baseline"}
    return pd.DataFrame([baseline, *({**ROW, "activation": "tanh"} | row for row in rows)])


def said(*rows):
    made = table(*rows)
    return next_runs.finding(made, next_runs.undecided(made, LABELS), "ReLU")


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
        ([{}, {"difference_low": None}], "2 of 2 comparisons with ReLU are undecided by n = 5 seeds."),
    ],
)
def test_the_finding_counts_what_is_undecided(rows, text):
    assert text is None or said(*rows).replace(NBSP, " ") == text


def test_one_seed_compares_nothing():
    made = table({}).assign(n_seeds=1)
    assert next_runs.finding(made, [], "ReLU") == "1 comparison with ReLU cannot be made from one seed."


def test_fewest_seeds_come_first_and_those_beyond_all_bounds_last():
    found = next_runs.undecided(table({}, {"required_seeds": 9.0, "activation": "elu"}), LABELS)
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
