"""A setting whose learning rates are tuned beside one whose rate is given, from images to report."""

from collections import Counter

import pandas as pd
import pytest
from actbench.storage import files
from reruns_of_keys import PROBES

FIXED = "settings={default: {}, tuned: {training: {learning_rate: tuned}}}"
GRID = "tuning={learning_rate: [0.05, 0.2], seeds: 2, max_epochs: 2}"
STUDY = ("--config", "depths=[1]", FIXED)
AFTER = dict.fromkeys(("aggregate", "figures", "histogram_figures", "report"), 1)
CELLS = Counter({"tune": 2, "train": 2, **dict.fromkeys(PROBES, 2), **AFTER})


@pytest.fixture(scope="module")
def tuned(tiny, tmp_path_factory):
    """The tiny study with one depth and one setting more."""
    project = tiny.copy(tmp_path_factory.mktemp("tuned") / "actbench")
    project.first_plan = project.planned(*STUDY, GRID)
    project.first_run = project.snakemake(*STUDY, GRID)
    assert project.first_run.returncode == 0, project.first_run.stdout
    return project


def table(project, name, folder="tables"):
    return pd.read_parquet(project.folder / "results" / "tiny" / folder / f"{name}.parquet")


def test_another_setting_runs_its_own_jobs_only(tuned):
    assert tuned.first_plan == CELLS + Counter(["theory"])
    assert tuned.planned(*STUDY, GRID) == Counter()


def test_the_networks_of_a_given_rate_are_those_of_before(tuned, tiny):
    before, now = table(tiny, "runs"), table(tuned, "runs")
    rows = [frame.drop(columns=["activation", "setting"]) for frame in (before, now)]
    default = rows[1][(now["setting"] == "default").to_numpy()].reset_index(drop=True)
    pd.testing.assert_frame_equal(default, rows[0][before["depth"] == 1].reset_index(drop=True))
    assert set(default["learning_rate"]) == {0.05}


def test_networks_are_trained_with_what_the_search_chose(tuned):
    runs, rates, trials = (table(tuned, name) for name in ("runs", "rates", "tuning"))
    chosen = rates.set_index("activation")["learning_rate"]
    for activation, cell in runs[runs["setting"] == "tuned"].groupby("activation", observed=True):
        assert set(cell["learning_rate"]) == {chosen[activation]}
    scores = trials.groupby(["activation", "learning_rate"], observed=True)["score"].mean()
    for activation, rate in chosen.items():
        assert scores[activation, rate] == scores[activation].max()
    assert len(trials) == 2 * 2 * 2 and set(trials["setting"]) == set(rates["setting"]) == {"tuned"}
    assert (
        list(rates["n_trials"]) == [4, 4] and list(rates["epochs_spent"]) == [8, 8] and rates["at_edge"].all()
    )


def test_a_search_is_recorded_and_its_cost_is_on_the_page(tuned):
    made = files.read_json(tuned.folder / "results/tiny/made_by/aggregate.json")
    assert made["jobs"]["stages"]["tune"][0]["jobs"] == 2
    block = files.read_json(tuned.folder / "results/tiny/runs/relu/d1/tuned/seeds0-1/config.json")
    assert block["chosen"] == files.digest(tuned.folder / "results/tiny/tuning/relu/d1/tuned/chosen.json")
    assert len(table(tuned, "tuning", "timings")) == 8
    assert "Networks tuned" in tuned.page() and '<th scope="row">tune</th><td>2</td>' in tuned.page()
    assert "tuned relu, depth 1, tuned: 0." in tuned.first_run.stdout


def test_settings_and_search_have_their_section_of_the_page_and_its_figures(tuned, tiny):
    page = tuned.page()
    for part in ("table-matrix", "table-attribution", "figure-sensitivity", "table-rates"):
        assert '<section id="recipe">' in page and f'id="{part}"' in page, part
    assert "All activations have the same learning rate with “default”, 0.05;" in page
    assert "2 of the 2 choices lie at the edge of the grid (" in page
    assert '<section id="recipe">' not in tiny.page() and "one recipe (" in tiny.page()


@pytest.mark.parametrize(
    "grid", ["learning_rate: [0.05, 0.2, 0.4], seeds: 2", "learning_rate: [0.05, 0.2], seeds: 3"]
)
def test_another_grid_tunes_and_trains_its_cells_again_and_no_others(tuned, grid):
    assert tuned.planned(*STUDY, f"tuning={{{grid}, max_epochs: 2}}") == CELLS


def test_more_seeds_are_trained_with_the_rates_that_there_are(tuned):
    planned = tuned.planned(*STUDY, GRID, "seeds=[0, 1, 2, 3]")
    assert planned == Counter({"train": 4, **dict.fromkeys(PROBES, 4), **AFTER})


@pytest.mark.parametrize(
    ("path", "again"),
    [
        ("training/tuning.py", CELLS),
        ("training/tuning_job.py", CELLS),
        ("analysis/searches.py", Counter(AFTER)),
    ],
)
def test_edited_code_of_the_search_runs_nothing_of_the_other_setting(tuned, path, again):
    with tuned.edited(f"workflow/scripts/actbench/{path}"):
        assert tuned.planned(*STUDY, GRID) == again


def test_without_the_setting_its_tables_go(tuned, tmp_path):
    project = tuned.copy(tmp_path / "actbench")
    done = project.snakemake("--config", "depths=[1]", "--until", "aggregate")
    assert done.returncode == 0, done.stdout
    assert not {"tuning.parquet", "rates.parquet", "rates.csv"} & project.tables().keys()
