"""Weights at the edge of chaos, through Snakemake: refused before anything trains, and stored with the block."""

import pytest
import torch
from actbench.networks import checkpoints
from actbench.storage import files

CRITICAL = "network={width: 16, initialisation: critical, bias_std: 0.3}"
MINE = "import torch\n\nclass Quiet(torch.nn.Tanh):\n    pass\n\nclass Soft(torch.nn.Softplus):\n    pass\n"


@pytest.mark.parametrize("name", ["softplus", "soft"])
def test_an_activation_without_one_is_refused_before_anything_trains(tiny, tmp_path, name):
    project = tiny.copy(tmp_path / "actbench")
    (project.folder / "mine_here.py").write_text(MINE)
    soft = '{"name": "soft", "import": "mine_here:Soft"}' if name == "soft" else name
    running = project.start("--config", f"activations=[tanh, {soft}]", CRITICAL, "study=edge")
    text, _ = running.communicate()
    assert running.returncode == 1 and "Traceback" not in text
    words = (
        f"Error: network.initialisation is critical, and {name} has no edge of chaos with network.bias_std 0.3; "
        "allowed for it: default, he, xavier, lecun, orthogonal, or no setting with critical."
    )
    assert [line for line in text.splitlines() if line.startswith("Error")] == [words]
    assert not list((project.folder / "results/edge").rglob("*.parquet"))


def test_the_weights_of_before_training_come_back(tiny, tmp_path):
    project = tiny.copy(tmp_path / "actbench")
    block = "results/tiny/runs/tanh/d2/default/seeds0-1"
    done = project.snakemake("--quiet", "all", "--config", CRITICAL, "--", f"{block}/gradients.parquet")
    assert done.returncode == 0, done.stdout
    folder = project.folder / block
    config = files.read_json(folder / "config.json")
    assert config["params"]["network"]["initialisation"] == "critical"
    (drawn,) = config["initial"]
    network = checkpoints.load(folder, seed=1, checkpoint="init")
    assert network.linears[1].weight.std().item() == pytest.approx(drawn["weight_std"] / 4, rel=0.2)
    assert network.linears[1].bias.std().item() == pytest.approx(0.3, rel=0.6)
    assert torch.equal(network.linears[2].bias, torch.zeros(10))
    assert "initial" not in files.read_json(tiny.folder / block / "config.json")
