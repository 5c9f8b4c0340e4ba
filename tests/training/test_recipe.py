import dataclasses
import math

import actbench
import pytest
import torch
from actbench.activations import registry
from actbench.data import subsets
from actbench.errors import DamagedError, UserError
from actbench.networks import checkpoints, family
from actbench.networks.families import mlp
from actbench.runtime import seeds
from actbench.storage import files, manifest
from actbench.theory import critical
from actbench.training import fitting, recipe
from conftest import NETWORK
from own_activations import Annealed, HandTanh, own
from test_block import digits, train  # noqa: F401, a fixture
from test_fitting import SETTINGS

CRITICAL = {"initialisation": "critical"}


def params(activation="tanh", **network):
    spec = registry.named(activation) if isinstance(activation, str) else activation
    return {"activation": spec, "hidden_sizes": [8, 6], "network": NETWORK | network}


def test_most_need_nothing_of_the_images(toy):
    for kind in mlp.SETTINGS["initialisation"]["enum"][:-1]:
        found = recipe.of(toy, params(initialisation=kind))
        assert found.sizes == [4, 8, 6, 4] and found.initial is None
        assert found.settings["initialisation"] == kind


def test_the_mean_square_of_images():
    x = torch.arange(-12_000, 3_000, dtype=torch.float32).view(-1, 3) / 1000
    assert len(x) > recipe.CHUNK
    assert recipe.mean_square(x) == pytest.approx(x.double().square().mean().item(), rel=1e-12)


@pytest.mark.parametrize("bias_std", [0.2, 0.7])
def test_critical_weights_bring_the_first_layer_to_the_fixed_point(toy, bias_std):
    """σ_w1² q⁰ + σ_b² = q*."""
    found = recipe.of(toy, params(**CRITICAL, bias_std=bias_std)).initial
    edge = critical.point(torch.nn.Tanh(), bias_std)
    q = found["first_weight_std"] ** 2 * toy.train.x.double().square().mean().item() + bias_std**2
    assert q == pytest.approx(edge.q) and found["bias_std"] == bias_std
    assert found["weight_std"] == edge.weight_std


def test_where_every_size_is_kept_the_first_layer_is_as_the_others(toy):
    found = recipe.of(toy, params("relu", **CRITICAL)).initial
    assert found == {"first_weight_std": math.sqrt(2), "weight_std": math.sqrt(2), "bias_std": 0.0}


def test_images_of_zeros_scale_nothing(toy):
    toy = dataclasses.replace(toy, train=subsets.Subset(0 * toy.train.x, toy.train.y))
    found = recipe.of(toy, params(**CRITICAL)).initial
    assert found["first_weight_std"] == found["weight_std"]


def test_without_an_edge_of_chaos_it_is_refused_in_a_sentence():
    with pytest.raises(UserError) as caught:
        actbench.train("softplus", network=CRITICAL, training={"max_epochs": 1})
    words = "network.initialisation is critical, and softplus has no edge of chaos with network.bias_std 0.2;"
    assert str(caught.value).startswith(words)


@pytest.mark.parametrize(
    ("network", "words"),
    [
        (
            {"initialisation": "kaiming"},
            "network.initialisation is 'kaiming' (text); allowed: default, he, xavier, lecun, orthogonal, critical.",
        ),
        ({"gain": 0}, "network.gain is 0; allowed: a number above 0."),
        ({"bias_std": -0.1}, "network.bias_std is -0.1; allowed: a number above 0 to 1000."),
        ({"bias_std": float("inf")}, "network.bias_std is inf; allowed: a number above 0 to 1000."),
    ],
)
def test_a_bad_value_is_one_sentence(network, words):
    with pytest.raises(UserError) as caught:
        actbench.train("tanh", network=network)
    assert str(caught.value) == words


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("activation", [*registry.REGISTRY, HandTanh])
def test_every_initialisation_trains(toy, activation, optimizer, chaos):
    """One epoch; two networks, stacked where they may be."""
    if not chaos and optimizer != "sgd" and activation not in ("relu", "sigmoid", "prelu", "rrelu", HandTanh):
        pytest.skip("only with --chaos")
    given = params(activation if isinstance(activation, str) else own(activation))
    settings = dataclasses.replace(SETTINGS, optimizer=optimizer, learning_rate=0.01, max_epochs=1)
    for kind in mlp.SETTINGS["initialisation"]["enum"]:
        given["network"] = NETWORK | {"initialisation": kind}
        try:
            complete = recipe.of(toy, given)
        except UserError as error:
            assert kind == "critical" and "has no edge of chaos" in str(error)
            assert given["activation"]["name"] in (
                "softplus",
                "logsigmoid",
                "hardshrink",
                "threshold",
                "mine",
            )
            continue
        members = [family.build(complete, seeds.generator(seed, "weights")) for seed in (0, 1)]
        # With default weights no pre-activation exceeds 1, so that only the last biases have a gradient.
        moved = (
            "linears.0.weight" if activation != "threshold" else f"linears.{len(members[0].linears) - 1}.bias"
        )
        before = [network.state_dict()[moved].clone() for network in members]
        batches = [seeds.generator(seed, "batches") for seed in (0, 1)]
        for fit, weight in zip(fitting.fit(members, toy, settings, batches), before, strict=True):
            assert fit.status == "ok" and not torch.equal(fit.state[moved], weight)


@pytest.fixture
def started(monkeypatch):
    """The weights that trainings start from, in their order."""
    fit, found = fitting.fit, []

    def recorded(members, *rest, **more):
        found.extend({k: v.clone() for k, v in network.state_dict().items()} for network in members)
        return fit(members, *rest, **more)

    monkeypatch.setattr(fitting, "fit", recorded)
    return found


def stored(done, folder, activation, network):
    """A folder as the job writes it."""
    given = {"activation": activation, "network": NETWORK | network}
    checkpoints.save(done.states, folder / manifest.MODEL, given)
    for name in manifest.WRITTEN[1:]:
        files.write_text(name, folder / name)
    manifest.write(folder, given, done.recipe.sizes, "images", {}, initial=done.initial)


@pytest.mark.parametrize(
    ("cls", "kind"),
    [
        *((None, kind) for kind in mlp.SETTINGS["initialisation"]["enum"]),
        (Annealed, "critical"),
        (HandTanh, "critical"),
    ],
)
def test_networks_at_initialisation_come_back_bit_for_bit(digits, started, tmp_path, cls, kind):  # noqa: F811
    """Those that training started from, of each fold its own; and the trained ones."""
    spec = own(cls) if cls else registry.named("tanh")
    done = train(digits, spec, [0, 1], network={"initialisation": kind}, max_epochs=1)
    stored(done, tmp_path, spec, {"initialisation": kind})
    runs = [(0, 0), (1, 0), (0, 1), (1, 1)]
    assert len(started) == len(runs) and len(done.initial) == (2 if kind == "critical" else 0)
    for (seed, fold), before in zip(runs, started, strict=True):
        for which, expected in (("init", before), ("trained", done.states[seed, fold])):
            found = checkpoints.load(tmp_path, seed, fold, which, activation=cls).state_dict()
            assert found.keys() == expected.keys()
            assert all(torch.equal(found[key], expected[key]) for key in found)
    if kind == "critical" and cls is not Annealed:
        first, second = (weights["linears.0.weight"] for weights in (started[0], started[2]))
        assert not torch.equal(first, second)
        torch.testing.assert_close(first, second, rtol=0.05, atol=0)
    else:
        assert torch.equal(started[0]["linears.1.weight"], started[2]["linears.1.weight"])


def test_config_json_says_nothing_of_it_where_nothing_is_needed(digits, tmp_path):  # noqa: F811
    done = train(digits, registry.named("tanh"), [0], network={"initialisation": "he"}, max_epochs=1)
    stored(done, tmp_path, registry.named("tanh"), {"initialisation": "he"})
    assert "initial" not in files.read_json(tmp_path / manifest.NAME)


@pytest.mark.parametrize(
    "initial",
    [
        None,
        [],
        3,
        [{"weight_std": 1.0}],
        [{"first_weight_std": "x", "weight_std": 1.0, "bias_std": 0.2}],
        [{"first_weight_std": 10**400, "weight_std": 1.0, "bias_std": 0.2}],
        [{"first_weight_std": "inf", "weight_std": 1.0, "bias_std": 0.2}],
    ],
)
def test_a_folder_that_lacks_it_is_damaged(digits, tmp_path, initial):  # noqa: F811
    spec = registry.named("tanh")
    done = train(digits, spec, [0], validation=0, network=CRITICAL, max_epochs=1, keep="last")
    stored(done, tmp_path, spec, CRITICAL)
    config = files.read_json(tmp_path / manifest.NAME)
    files.write_json(config | {"initial": initial}, tmp_path / manifest.NAME)
    words = "config.json is damaged .it does not say what the weights of fold 0 were drawn with"
    with pytest.raises(DamagedError, match=words):
        checkpoints.load(tmp_path, 0)
