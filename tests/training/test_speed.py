import pytest
from actbench.training import speed
from conftest import NETWORK

TRAINING = {
    "optimizer": "adam",
    "learning_rate": "tuned",
    "momentum": 0.9,
    "weight_decay": 0.0,
    "batch_size": 16,
    "max_epochs": 40,
    "patience": 5,
    "keep": "best",
    "test_each_epoch": False,
    "histograms": True,
    "precision": "highest",
    "threads": 1,
}


@pytest.mark.parametrize("network", [{}, {"initialisation": "critical"}, {"norm": "batch"}])
def test_a_step_takes_time(network):
    params = {"training": TRAINING, "network": NETWORK | network, "hidden_sizes": [8, 8]}
    assert 0 < speed.of_step(params, 20, 3, n_networks=2, seconds=0.01) < 1
