import dataclasses

import pytest
from actbench.data import acquire, prepared
from actbench.training import block
from own_activations import Annealed, SquaredReLU, own
from test_fitting import SETTINGS


@pytest.mark.parametrize("cls", [SquaredReLU, Annealed])
def test_an_own_activation_trains_in_every_fold(tmp_path, cls):
    """Fresh networks are compared on the same images before and after, whatever fold those are of."""
    acquire.prepare("digits", "nowhere", tmp_path / "digits.safetensors")
    params = {
        "activation": own(cls),
        "evaluation": {"folds": 2, "validation": 0, "split_seed": 0},
        "hidden_sizes": [8],
        "network": {"family": "mlp"},
        "normalisation": "symmetric",
        "seeds": [0, 1],
        "training": dataclasses.asdict(SETTINGS) | {"max_epochs": 1, "patience": None, "keep": "last"},
    }
    done = block.train(
        "mine", params, prepared.read(tmp_path / "digits.safetensors"), "cpu", lambda line: None
    )
    assert [(row["seed"], row["fold"]) for row in done.runs] == [(0, 0), (1, 0), (0, 1), (1, 1)]
    assert done.states.keys() == {(0, 0), (1, 0), (0, 1), (1, 1)}
