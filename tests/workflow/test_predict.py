"""`snakemake predict` from a clean copy: nothing trains, and every activation has its row, or why it has none."""

from collections import Counter

import pandas as pd
import pytest
import torch
from actbench.theory import critical
from conftest import Project

OWN = "import torch\n\nclass Mine(torch.nn.Module):\n    def forward(self, x):\n        return torch.tanh(2 * x)\n"
BAD = "\nclass Bad(torch.nn.Module):\n    def forward(self, x):\n        return x - x.mean()\n"
ACTIVATIONS = (
    "activations=[relu, softplus, {name: mine, import: 'own_here:Mine'}, {name: bad, import: 'own_here:Bad'}]"
)
PREDICT = ("--", "predict")


@pytest.fixture(scope="module")
def predicted(tmp_path_factory):
    project = Project(tmp_path_factory.mktemp("predict") / "actbench")
    (project.folder / "own_here.py").write_text(OWN + BAD)
    project.done = project.snakemake("--config", ACTIVATIONS, *PREDICT)
    assert project.done.returncode == 0, project.done.stdout
    return project


def table(project, name):
    return pd.read_parquet(project.folder / f"results/tiny/prediction/{name}.parquet")


def test_nothing_trains(predicted):
    assert {path.name for path in predicted.folder.glob("results/tiny/*")} == {
        "logs",
        "prediction",
    }
    assert predicted.planned("--config", ACTIVATIONS, *PREDICT) == Counter()
    said = ("seeds=[0, 1, 2]", "training={max_epochs: 5, learning_rate: 0.5}")
    assert predicted.planned("--config", ACTIVATIONS, *said, *PREDICT) == Counter()
    other = predicted.planned("--config", ACTIVATIONS, "network={norm: layer}", *PREDICT)
    assert other == Counter(["prediction", "predict"])


@pytest.mark.parametrize(
    "path",
    [
        "scripts/actbench/analysis/recommendation.py",
        "scripts/actbench/report/prediction.py",
        "scripts/actbench/report/prediction_sentences.py",
        "scripts/actbench/figures/prediction.py",
        "report/prediction.html",
    ],
)
def test_what_the_page_is_made_with_makes_it_again(predicted, path):
    with predicted.edited(f"workflow/{path}"):
        assert predicted.planned("--config", ACTIVATIONS, *PREDICT) == Counter(["predict"])


def test_every_initialisation_is_predicted_of_each_that_can_be(predicted):
    found = table(predicted, "expectations").set_index(["activation", "depth", "setting"])
    assert len(found) == 4 * 2 * 6
    assert (
        found.loc["relu", "log10_first_last"].notna().all() and found.loc["mine", "expected_to_train"].all()
    )
    assert set(found[found["log10_first_last"].isna()]["reason"]) == {
        "no edge of chaos with network.bias_std 0.2",
        "does not work entry by entry: with other entries changed, the output at an entry changes too; one that "
        "works on each entry alone is needed (own_here.py:8)",
    }
    assert len(table(predicted, "predictions")) == 4 * 6 * (2 + 3)


def test_a_users_activation_has_its_recommendation_and_what_its_edge_of_chaos_is(predicted):
    row = table(predicted, "recommended").set_index("activation").loc["mine"]
    # tanh(2x) is tanh of weights and biases that are twice as large.
    expected = critical.point(torch.nn.Tanh(), 2 * 0.2)
    assert row["edge_gain"] == pytest.approx(expected.weight_std / 2) and row["edge_bias_std"] == 0.2
    assert row["depth"] == 2 and row["initialisation"] in table(predicted, "expectations")["setting"].unique()
    bad = table(predicted, "recommended").set_index("activation").loc["bad"]
    assert pd.isna(bad["initialisation"]) and "entry by entry" in bad["reason"]


def test_the_page_answers(predicted):
    page = predicted.page("tiny_prediction")
    assert "<h1>With PyTorch’s default initialisation, theory expects all 6 networks to train<" in page
    assert "theory predicts nothing of bad: does not work entry by entry" in page and "docs/theory.md" in page
