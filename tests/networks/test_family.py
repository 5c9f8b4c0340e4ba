"""What every family of networks keeps to, those of the package and one that is added here."""

import json
import sys

import actbench
import jsonschema
import pytest
import torch
from actbench.errors import DamagedError, UserError
from actbench.networks import checkpoints, families, family, modes
from actbench.networks.families import mlp
from actbench.networks.family import Recipe
from actbench.runtime import seeds
from actbench.storage import files, manifest, yaml_files
from actbench.training.stack import Stack
from conftest import ROOT
from dropout_family import MODULE
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

SIZES = [5, 8, 8, 3]
SCHEMA = yaml_files.read(ROOT / "workflow/schemas/config.schema.yaml")
NAMES = [*family.names(), "dropout"]
NORMALISED = {
    f"mlp, {norm}{', residual' * residual}": {"norm": norm, "residual": residual}
    for norm in ("none", "layer", "batch")
    for residual in (False, True)
    if residual or norm != "none"
}
KINDS = [*NAMES, *NORMALISED]
ALL = ", ".join(sorted(NAMES))


@pytest.fixture(autouse=True)
def dropout(tmp_path, monkeypatch):
    """The added family, in a folder of its own."""
    folder = tmp_path / "families"
    folder.mkdir()
    (folder / "dropout.py").write_text(MODULE)
    monkeypatch.setattr(families, "__path__", [*families.__path__, str(folder)])
    yield
    sys.modules.pop(f"{families.__name__}.dropout", None)


def built(kind, seed=0, activation="tanh", **settings):
    name, settings = kind.partition(",")[0], NORMALISED.get(kind, {}) | settings
    defaults = {key: part["default"] for key, part in family.settings(name).items()}
    return family.build(
        Recipe(SIZES, activation, name, defaults | settings), seeds.generator(seed, "weights")
    )


@pytest.fixture
def x():
    return torch.randn(7, SIZES[0], generator=torch.Generator().manual_seed(0))


def test_families_are_the_modules_of_the_folder():
    assert family.names() == sorted(NAMES) and "mlp" in NAMES


@pytest.mark.parametrize("name", NAMES)
def test_settings_have_valid_defaults_and_names_of_their_own(name):
    own = family.settings(name)
    for part in own.values():
        jsonschema.Draft202012Validator.check_schema(part)
        jsonschema.validate(part["default"], part)
        assert part["description"]
    assert not own.keys() & SCHEMA["properties"]["network"]["properties"].keys()
    assert json.loads(json.dumps(own)) == own


@pytest.mark.parametrize("name", KINDS)
def test_weights_depend_on_the_generators_seed_only(name):
    torch.manual_seed(0)
    first, other = built(name), built(name, seed=1)
    torch.manual_seed(1)
    before = torch.get_rng_state()
    again = built(name)
    assert torch.equal(torch.get_rng_state(), before)
    assert first.state_dict().keys() == again.state_dict().keys()
    assert all(torch.equal(tensor, again.state_dict()[key]) for key, tensor in first.state_dict().items())
    assert any(not torch.equal(tensor, other.state_dict()[key]) for key, tensor in first.state_dict().items())
    assert first.seed == again.seed != other.seed


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", KINDS)
def test_a_trace_is_what_forward_computes(name, training, x):
    """Bit by bit, whether or not it draws."""
    network = built(name).train(training)
    with modes.drawing(network):
        logits = network(x)
    with modes.drawing(network):
        layers = list(network.trace(x))
    assert torch.equal(layers[-1].z, logits)
    assert [layer.z.shape for layer in layers] == [(len(x), n) for n in SIZES[1:]]
    assert layers[-1].h is layers[-1].activation is None
    for layer in layers[:-1]:
        assert torch.equal(layer.h, layer.activation(layer.z))


@pytest.mark.parametrize("name", KINDS)
def test_a_trace_names_parameters_that_have_gradients(name, x):
    network = built(name).eval()
    layers = list(network.trace(x))
    functional.cross_entropy(layers[-1].z, torch.arange(len(x)) % SIZES[-1]).backward()
    known = {id(parameter) for parameter in network.parameters()}
    for layer in layers:
        assert layer.parameters.keys() == {"weight", "bias"}
        assert {id(parameter) for parameter in layer.parameters.values()} <= known
        assert all(parameter.grad is not None for parameter in layer.parameters.values())


@pytest.mark.parametrize("name", KINDS)
def test_operations_are_counted_as_pytorch_counts_them(name, x):
    network = built(name)
    with FlopCounterMode(display=False) as forward:
        logits = network(x)
    with FlopCounterMode(display=False) as backward:
        logits.sum().backward()
    per_image = [counter.get_total_flops() // len(x) for counter in (forward, backward)]
    assert network.flops == (per_image[0], sum(per_image))


@pytest.mark.parametrize("name", KINDS)
def test_a_network_comes_back_from_its_state(name, x):
    network, other = built(name).eval(), built(name, seed=1).eval()
    assert not torch.equal(network(x), other(x))
    other.load_state_dict(network.state_dict())
    assert torch.equal(network(x), other(x))


@pytest.mark.parametrize("name", KINDS)
def test_a_pure_network_draws_nothing_and_keeps_nothing_while_it_trains(name, x):
    network = built(name).train()
    before = {key: parameter.clone() for key, parameter in network.named_parameters()}
    buffers = list(network.buffers())
    positions, logits = seeds.positions(), [network(x), network(x)]
    still = all(torch.equal(parameter, before[key]) for key, parameter in network.named_parameters())
    in_place = all(one is other for one, other in zip(buffers, network.buffers(), strict=True))
    drawn = seeds.positions() != positions or not torch.equal(*logits)
    assert network.pure == (still and in_place and not drawn)


@pytest.mark.parametrize("name", KINDS)
def test_stackable_networks_are_the_same_function_in_a_stack(name):
    members, apart = ([built(name, seed) for seed in range(3)] for _ in "ab")
    if not members[0].stackable:
        pytest.skip("trains one by one")
    inputs = torch.randn(3, 7, SIZES[0], generator=torch.Generator().manual_seed(0))
    expected = torch.stack([network(own) for network, own in zip(apart, inputs, strict=True)])
    stack = Stack(members)
    logits = stack._forward(inputs)[0]  # as it trains; on a CPU, networks are evaluated one by one
    torch.testing.assert_close(logits, expected)
    size = sum(own.numel() for network in apart for own in network.parameters())
    assert sum(tensor.numel() for tensor in stack.trainable) == size


def test_a_family_of_mlps_says_itself_that_it_stacks():
    class Deeper(mlp.MLP):
        def forward(self, x):
            return 2 * super().forward(x)

    assert mlp.MLP(SIZES, "relu").stackable and not Deeper(SIZES, "relu").stackable


def test_operations_of_an_mlp_by_hand():
    """5-8-8-3: 2·40 + 2·64 + 2·24 forward; as many for weight gradients; all but the first for inputs."""
    assert built("mlp").flops == (256, 256 + 256 + 176)


def trained(given, name="dropout", **network):
    return actbench.train(
        "relu", 1, given, network={"family": name, "width": 16} | network, training={"max_epochs": 3}
    )


def test_an_added_family_trains_and_is_probed_as_the_others():
    together = trained([0, 1])
    for seed, run in enumerate(together.runs):
        (alone,) = trained([seed]).runs
        assert alone == run and run["test_accuracy"] > 0.5
    assert together.network(seed=1).dropped.p == 0.5
    measured = actbench.probe(together.network(seed=1), together.data)
    assert measured["gradients"].groupby("tensor").size().to_dict() == {
        "bias": 2,
        "preactivation": 2,
        "weight": 2,
    }
    assert len(measured["distributions"]) == 3 and measured["dead_neurons"]["n_neurons"].tolist() == [16]


def test_without_dropout_it_is_an_mlp():
    assert trained([0, 1], dropout=0.0).runs == trained([0, 1], "mlp").runs
    assert trained([0]).runs != trained([0], "mlp").runs


def test_probes_measure_in_evaluation_mode():
    done = trained([0])
    network, same = done.network(0).train(), done.network(0)
    everything = {"probe_jacobian": {"enabled": True}}
    expected = actbench.probe(same, done.data, **everything)
    assert expected["jacobian"].shape == (8, 5)
    for name, table in actbench.probe(network, done.data, **everything).items():
        assert table.equals(expected[name])
    assert network.training


@pytest.mark.parametrize(
    ("network", "words"),
    [
        (
            {"family": "dropuot"},
            f"network.family is 'dropuot' (text), did you mean dropout?; allowed: {ALL}.",
        ),
        ({"family": 3}, f"network.family is 3; allowed: {ALL}."),
        (
            {"family": "mlp", "dropout": 0.5},
            "network.dropout is not a key of the config; allowed here: family, ",
        ),
        ({"family": "dropout", "dropout": 1}, "network.dropout is 1; allowed: a number from 0 below 1."),
        ({"dropout": 0.5}, "network.dropout is not a key of the config"),
    ],
)
def test_a_bad_value_is_one_sentence(network, words):
    with pytest.raises(UserError) as caught:
        actbench.train("relu", network=network)
    assert str(caught.value).startswith(words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "SETTINGS = dict(dropout={})\n",
            r"dropout\.py: SETTINGS is computed; allowed: a literal mapping\.$",
        ),
        ("SETTINGS: dict = {**{}}\n", r"dropout\.py: SETTINGS is computed; allowed: a literal mapping\.$"),
        ("x = 1\nSETTINGS = {\n", r"dropout\.py:2 is no Python: "),
    ],
)
def test_settings_that_cannot_be_read_are_one_sentence(tmp_path, text, words):
    (tmp_path / "families" / "dropout.py").write_text(text)
    with pytest.raises(UserError, match=words):
        actbench.train("relu", network={"family": "dropout"})


def write(folder, network):
    """A block of one network, said to be of another family or with other settings."""
    params = {"activation": {"import": None, "name": "tanh", "parameters": {}}, "network": network}
    checkpoints.save({(0, 0): built("dropout", dropout=0.25).state_dict()}, folder / manifest.MODEL, params)
    for name in manifest.WRITTEN[1:]:
        files.write_text(name, folder / name)
    manifest.write(folder, params, SIZES, "images", {})


def test_a_stored_network_is_of_its_family(tmp_path, x):
    write(tmp_path, {"family": "dropout", "dropout": 0.25})
    network = checkpoints.load(tmp_path, 0)
    assert network.dropped.p == 0.25 and torch.equal(network(x), built("dropout").eval()(x))


@pytest.mark.parametrize(
    ("network", "kind", "words"),
    [
        (None, UserError, "names no network family: an earlier version trained it; train it again."),
        ({"family": "os"}, UserError, f"has the network {{'family': 'os'}}; allowed: a family of {ALL}."),
        ({"family": ["mlp"]}, UserError, f"allowed: a family of {ALL}."),
        ("mlp", UserError, f"allowed: a family of {ALL}."),
        (
            {"family": "dropout"},
            UserError,
            "names no network.dropout: an earlier version trained it; train it",
        ),
        ({"family": "mlp", "dropout": 0.5}, DamagedError, "has not the settings of its family"),
        ({"family": "dropout", "dropout": 7}, DamagedError, "has not the settings of its family"),
        ({"family": "dropout", "dropout": "0.5"}, DamagedError, "has not the settings of its family"),
    ],
)
def test_a_folder_builds_nothing_but_a_family_of_ours_with_its_settings(tmp_path, network, kind, words):
    write(tmp_path, network)
    with pytest.raises(kind) as caught:
        checkpoints.load(tmp_path, 0)
    assert "config.json" in str(caught.value) and words in str(caught.value)
