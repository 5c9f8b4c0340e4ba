"""One tiny study from images to report."""

import json
import re

import duckdb
import pandas as pd
import pytest
from actbench import networks, splits, training

TABLES = {
    "runs": 8,
    "history": 8 * 4,
    "gradients": 4 * 2 * 3 * (2 + 3),
    "distributions": 4 * 2 * (3 + 5),
    "dead_neurons": 4 * 2 * (1 + 2),
    "histograms": 4 * 2 * 3 * (2 + 3) + 4 * 2 * (3 + 5) + 8 * 4 * 2 * 2,
    "comparison": 4,
    "properties": 2,
    "activations": 2 * 401,
}


def table(tiny, name):
    return tiny.folder / "results" / "tiny" / "tables" / f"{name}.parquet"


@pytest.mark.parametrize("name", TABLES)
def test_tables_have_a_row_for_everything_planned(tiny, name):
    path = table(tiny, name)
    frame = pd.read_parquet(path)
    assert len(frame) == TABLES[name]
    assert duckdb.sql(f"select count(*) from '{path}'").fetchall() == [(len(frame),)]


def test_keys_have_the_types_of_the_plan(tiny):
    frame = pd.read_parquet(table(tiny, "runs"))
    assert str(frame["activation"].dtype) == "category"
    assert [str(frame[key].dtype) for key in ("depth", "seed", "fold")] == ["int16", "int32", "int16"]
    kinds = dict(row[:2] for row in duckdb.sql(f"describe select * from '{table(tiny, 'runs')}'").fetchall())
    assert kinds["activation"].startswith(("VARCHAR", "ENUM")) and kinds["trained"] == "BOOLEAN"


def test_csv_says_the_same_as_parquet(tiny):
    for name in ("comparison", "runs", "decay"):
        path = table(tiny, name)
        csv, parquet = pd.read_csv(path.with_suffix(".csv")), pd.read_parquet(path)
        parquet["activation"] = parquet["activation"].astype(str)
        pd.testing.assert_frame_equal(csv, parquet, check_dtype=False)


def test_networks_learn_and_their_weights_score_what_the_table_says(tiny, monkeypatch):
    monkeypatch.chdir(tiny.folder)
    runs = pd.read_parquet(table(tiny, "runs"))
    assert runs["test_accuracy"].min() > 0.7
    data = splits.load(
        "results/data/digits.safetensors",
        {"folds": None, "validation": 250, "split_seed": 42},
        "symmetric",
    )
    for row in runs.itertuples():
        folder = f"results/tiny/runs/{row.activation}/d{row.depth}/seeds0-1"
        network = networks.load(folder, seed=row.seed)
        assert training.evaluate(network, data.test) == (row.test_loss, row.test_accuracy)


def test_runs_record_where_they_come_from_and_tables_do_not(tiny):
    config = json.loads((tiny.folder / "results/tiny/runs/relu/d1/seeds0-1/config.json").read_text())
    assert config["params"]["seeds"] == [0, 1]
    assert {"commit", "device", "versions", "python"} <= config["provenance"].keys()
    assert (tiny.folder / "results/tiny/config.yaml").read_text().startswith("study: tiny")


def test_first_run_tells_a_line_a_block_and_where_the_report_is(tiny):
    text = tiny.first_run.stdout + tiny.first_run.stderr
    lines = re.findall(r"^\[\d/4\] \w+, depth \d, seeds 0-1: test accuracy .* of 2 trained, .*$", text, re.M)
    assert len(lines) == 4 and lines[-1].startswith("[4/4]") and lines[-1].endswith("training done")
    assert "Report: reports/tiny.html" in text
    assert "Reason:" not in text


def test_report_is_one_file_with_every_section(tiny):
    page = (tiny.folder / "reports" / "tiny.html").read_text()
    assert not re.search(r"""(src|href)=["'](?!data:|#)""", page)
    for section in (
        "comparison",
        "learning",
        "gradients",
        "activations",
        "units",
        "the-functions",
        "data",
        "run",
    ):
        assert f'id="{section}"' in page
    assert page.count("<figure") == 7 + 2 + 1
    assert "8 networks: 2 activations × 2 depths × 2 seeds" in page


def test_every_log_and_timing_is_there(tiny):
    study = tiny.folder / "results" / "tiny"
    assert len(list(study.glob("timings/train/*.tsv"))) == 4
    log = (study / "logs/train/relu-d1-seeds0-1.log").read_text()
    assert log.count("epoch ") == 2 * 4


def test_second_run_does_nothing(tiny):
    again = tiny.snakemake("--resources", "gpu=1")
    assert again.returncode == 0 and "Nothing to be done" in again.stdout + again.stderr


def test_another_order_and_block_size_give_the_same_table(tiny):
    """A run's numbers do not depend on the block it is trained in."""
    changed = ["--config", "study=other", "seeds=[1,0]", "seeds_per_job=1", "--", "aggregate"]
    done = tiny.snakemake("--quiet", "all", *changed)
    assert done.returncode == 0, done.stderr
    for name in ("runs", "history", "gradients", "distributions", "dead_neurons", "comparison"):
        other = tiny.folder / "results" / "other" / "tables" / f"{name}.parquet"
        assert other.read_bytes() == table(tiny, name).read_bytes(), name


def test_a_study_in_which_everything_diverges_still_has_its_report(tiny):
    given = ["study=diverged", "activations=[identity]", "depths=[2]", "training={learning_rate: 1.0e+9}"]
    done = tiny.snakemake("--config", *given)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "identity, depth 2, seeds 0-1: all 2 diverged" in done.stdout + done.stderr
    (row,) = pd.read_csv(tiny.folder / "results/diverged/tables/comparison.csv").to_dict("records")
    assert (row["n_seeds"], row["n_trained"], row["n_diverged"]) == (2, 0, 2)
    page = (tiny.folder / "reports" / "diverged.html").read_text()
    assert "identity never trained (2 runs diverged)" in page
    assert "identity, depth 2: seeds 0, 1" in page
