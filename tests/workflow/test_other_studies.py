"""Studies that go another way than the tiny one: networks that diverge, mixed origins, folds, no validation."""

import json
from importlib.metadata import version

import pandas as pd
import pytest
from actbench.storage import files


def test_a_study_in_which_everything_diverges_still_has_its_report(tiny):
    given = ["study=diverged", "activations=[identity]", "depths=[2]", "training={learning_rate: 1.0e+9}"]
    done = tiny.snakemake("--config", *given)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "identity, depth 2, seeds 0-1: all 2 diverged" in done.stdout + done.stderr
    (row,) = pd.read_csv(tiny.folder / "results/diverged/tables/comparison.csv").to_dict("records")
    assert (row["n_seeds"], row["n_trained"], row["n_diverged"]) == (2, 0, 2)
    page = tiny.page("diverged")
    assert "identity trained from 0 of 2 seeds (2 of 2 diverged)" in page
    assert "identity, depth 2: seeds 0, 1" in page


SOMETIMES = """
import torch
from torch import nn


class Sometimes(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = 1.0 if torch.rand(()) < 0.5 else 1e30

    def forward(self, x):
        return self.scale * x
"""


@pytest.mark.fault(
    "runs that diverge",
    "an activation that lets the networks of some seeds overflow",
    "a full report, which shows them and counts them in every n",
)
def test_some_diverged_runs_are_shown_and_counted(tiny, tried):
    (tiny.folder / "sometimes.py").write_text(SOMETIMES)
    own = "activations=[relu, {name: sometimes, import: 'sometimes:Sometimes'}]"
    given = [own, "depths=[1]", "seeds=[0, 1, 2]", "seeds_per_job=3"]
    given.append("report={pairs: all, claims: [relu > sometimes at depth 1]}")
    done = tiny.snakemake("--config", "study=some", *given)
    assert done.returncode == 0, done.stdout + done.stderr
    tables = tiny.folder / "results" / "some" / "tables"
    runs = pd.read_parquet(tables / "runs.parquet").query("activation == 'sometimes'")
    diverged = runs[runs["status"] == "diverged"]
    assert 0 < len(diverged) < 3 and diverged["test_accuracy"].isna().all()
    row = pd.read_csv(tables / "comparison.csv").set_index("activation").loc["sometimes"]
    assert (row["n_seeds"], row["n_trained"]) == (3, 3 - len(diverged))
    assert row["n_diverged"] == len(diverged) and row["n_pairs"] == 3 - len(diverged)
    assert row["trained_share"] == pytest.approx(1 - len(diverged) / 3)
    layers = pd.read_csv(tables / "dead_neurons_by_layer.csv").query("activation == 'sometimes'")
    counted = layers.groupby("checkpoint")["n"].unique().map(list).to_dict()
    assert counted == {"init": [3], "trained": [3 - len(diverged)]}
    page = tiny.page("some")
    (pair,) = pd.read_parquet(tables / "pairs.parquet").to_dict("records")
    assert (pair["activation"], pair["other"], pair["n_pairs"]) == ("relu", "sometimes", 3 - len(diverged))
    (row,) = pd.read_csv(tables / "claims.csv").to_dict("records")
    assert (row["activation"], row["other"], row["claimed"]) == ("relu", "sometimes", True)
    assert (row["n_trained"], row["n_trained_other"]) == (3, 3 - len(diverged))
    assert row["n_pairs"] == 3 - len(diverged) and row["family"] == 1
    assert "relu &gt; sometimes at depth 1" in page and 'download="some-claims.csv"' in page
    assert page.index("<h1>") < page.index('id="claims"') < page.index('class="findings"')
    assert 'id="pairs"' in page and "intervals hold for the one pair" in page
    seeds = ", ".join(map(str, diverged["seed"]))
    assert f"sometimes, depth 1: seeds {seeds}" in page
    assert f"{3 - len(diverged)} of 3 ({len(diverged)} diverged)" in page
    tried(1, f"{len(diverged)} of 3 diverged, as expected")


def test_mixed_origins_are_said_on_the_first_screen(tiny, tmp_path):
    project = tiny.copy(tmp_path / "actbench")
    path = project.folder / "results/tiny/runs/relu/d1/default/seeds0-1/config.json"
    config = files.read_json(path)
    config["provenance"]["versions"]["torch"] = "2.13.0"
    files.write_json(config, path)
    rules = ["--allowed-rules", "aggregate", "figures", "report", "--forcerun", "aggregate"]
    done = project.snakemake(*rules, "--", "reports/tiny.html")
    assert done.returncode == 0, done.stdout + done.stderr
    page = project.page()
    first_screen = page[: page.index("<table")]
    assert "Mixed origins" in first_screen
    assert f"more than one version of torch (2.13.0, {version('torch')})" in first_screen
    found = json.loads((project.folder / "results/tiny/provenance.json").read_text())["mixed"]
    assert found == {"torch": ["2.13.0", version("torch")], "device": []}


@pytest.fixture(scope="module")
def folded(tiny):
    """A study with two folds, without validation images."""
    given = ["study=folded", "activations=[relu, relu_autograd]", "depths=[1]"]
    given += [
        "evaluation={folds: 2, validation: 0}",
        "training={keep: last, test_each_epoch: true, histograms: false}",
    ]
    done = tiny.snakemake("--quiet", "all", "--config", *given)
    assert done.returncode == 0, done.stdout + done.stderr
    return tiny.folder / "results" / "folded" / "tables"


def test_folds_are_a_key_of_every_table_and_scored_as_scikit_learn_names_it(folded):
    for name in ("runs", "history", "gradients", "distributions", "dead_neurons", "histograms"):
        assert set(pd.read_parquet(folded / f"{name}.parquet")["fold"]) == {0, 1}, name
    scores = pd.read_csv(folded / "cross_validation.csv")
    runs = pd.read_csv(folded / "runs.csv").pivot(
        index=["activation", "depth", "seed"], columns="fold", values="test_accuracy"
    )
    for fold in (0, 1):
        assert scores[f"split{fold}_test_score"].tolist() == runs[fold].tolist()
    assert scores["mean_test_score"].tolist() == pytest.approx(runs.mean(axis=1).tolist())
    assert scores["std_test_score"].tolist() == pytest.approx(runs.std(axis=1, ddof=0).tolist())
    assert set(scores["rank_test_score"]) == {1}  # relu and relu_autograd are the same function


def test_relu_by_hand_gives_relus_numbers_through_the_whole_pipeline(folded):
    runs = pd.read_csv(folded / "runs.csv").drop(columns="activation")
    half = len(runs) // 2
    pd.testing.assert_frame_equal(runs[:half], runs[half:].reset_index(drop=True))


def test_report_of_folds(tiny, folded):
    page = tiny.page("folded")
    assert "with 1 hidden layer (relu and relu_autograd)" in page
    assert "8 networks: 2 cells (2 activations × 1 depth) × 2 seeds × 2 folds" in " ".join(page.split())
    assert 'id="cross-validation"' in page and "<code>split1_test_score</code>" in page


def test_a_study_without_validation_images(tiny, folded):
    runs, history = (pd.read_parquet(folded / f"{name}.parquet") for name in ("runs", "history"))
    assert runs["val_accuracy"].isna().all() and runs["trained"].all()
    assert history["val_loss"].isna().all() and history["test_accuracy"].notna().all()
    page = tiny.page("folded")
    assert "no validation, " in page
    assert "reached a training accuracy at least a quarter" in page and "epoch_histograms" not in page
