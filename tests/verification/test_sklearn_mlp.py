import pytest
import torch
from actbench.data import acquire, prepared, splits
from actbench.networks.families import mlp
from actbench.training import optimizers
from actbench.verification import sklearn_mlp
from torch.nn import functional

PARAMS = {
    "activation": {"name": "tanh", "import": None, "parameters": {}},
    "evaluation": {"folds": None, "validation": 0, "split_seed": 42},
    "hidden_sizes": [20],
    "normalisation": "per_pixel",
    "seeds": [0, 1],
    "training": {"batch_size": 200, "learning_rate": 0.001, "max_epochs": 12},
}


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "digits.safetensors"
    acquire.prepare("digits", "nowhere", path)
    return path


def test_trains_exactly_the_epochs_it_is_given(digits):
    rows = sklearn_mlp.fit(digits, PARAMS)
    assert [row["epochs_run"] for row in rows] == [12, 12]
    assert (
        rows[0]["test_accuracy"] != rows[1]["test_accuracy"] and min(r["test_accuracy"] for r in rows) > 0.6
    )
    assert sklearn_mlp.table(rows).num_rows == 2


def test_one_step_of_ours_is_one_step_of_scikit_learns(digits):
    """From the same weights and one full batch, loss and weights after a step of Adam agree.

    Weights of pixels that never change have next to no gradient; there Adam's epsilon decides, which
    scikit-learn puts elsewhere.
    """
    data = splits.split(prepared.read(digits), PARAMS["evaluation"], PARAMS["normalisation"])
    x, y = data.train.x, data.train.y
    params = PARAMS | {"training": {"batch_size": len(y), "learning_rate": 0.001, "max_epochs": 1}}
    theirs = sklearn_mlp._classifier(params, 0)
    theirs.set_params(shuffle=False, warm_start=True, max_iter=1)
    with pytest.warns(Warning, match="Maximum iterations"):
        theirs.fit(x.numpy(), y.numpy())
    network = mlp.MLP([64, 20, 10], "tanh").float()

    def adopt():
        for linear, weight, bias in zip(network.linears, theirs.coefs_, theirs.intercepts_, strict=True):
            linear.weight.data = torch.from_numpy(weight.T.copy()).float()
            linear.bias.data = torch.from_numpy(bias.copy()).float()

    adopt()
    parameters = list(network.parameters())
    optimizer = optimizers.Adam(parameters, lr=0.001, weight_decay=sklearn_mlp.ALPHA / len(y))
    loss = functional.cross_entropy(network(x), y)
    optimizer.step(torch.autograd.grad(loss, parameters))
    theirs._optimizer = None  # a fresh Adam, as ours is
    with pytest.warns(Warning, match="Maximum iterations"):
        theirs.fit(x.numpy(), y.numpy())
    penalty = sum((w**2).sum() for w in theirs.coefs_) * sklearn_mlp.ALPHA / 2 / len(y)
    assert theirs.loss_ == pytest.approx(loss.item() + penalty, abs=2e-5)
    varies = x.std(dim=0) > 0.05
    ours = (network.linears[0].weight.data[:, varies], network.linears[1].weight.data)
    stepped = (theirs.coefs_[0].T[:, varies.numpy()], theirs.coefs_[1].T)
    for weight, expected in zip(ours, stepped, strict=True):
        assert torch.allclose(weight, torch.from_numpy(expected.copy()).float(), atol=2e-5)
