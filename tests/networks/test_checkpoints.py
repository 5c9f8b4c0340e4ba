import sys

import pytest
import safetensors
import torch
from actbench.errors import DamagedError, UserError
from actbench.networks import checkpoints, modes
from actbench.networks.families import mlp
from actbench.networks.family import Recipe
from actbench.runtime import seeds
from actbench.storage import files, manifest
from conftest import NETWORK
from own_activations import RANDOM, STATEFUL, Annealed, CappedByBuffer, Widest, own


@pytest.fixture
def folder(tmp_path, spec):
    """A block with two trained-looking networks."""
    states = {}
    for seed in (3, 4):
        network = mlp.build(Recipe([4, 8, 3], spec("prelu")), seeds.generator(seed, "weights"))
        with torch.no_grad():
            for parameter in network.parameters():
                parameter += 1
        states[seed, 0] = network.state_dict()
    write(tmp_path, states, spec("prelu"))
    return tmp_path


def write(folder, states, spec, sizes=(4, 8, 3), said=None, params=None, of_epochs=None):
    """Write a block as training does; `said` are params that config.json gives instead of the true ones."""
    params = params or {"activation": spec, "network": NETWORK, "seeds": [3, 4]}
    checkpoints.save(states, folder / "model.safetensors", params, of_epochs)
    for name in manifest.WRITTEN[1:]:
        files.write_text(name, folder / name)
    manifest.write(folder, said or params, list(sizes), "images", {})


def states_of(folder):
    return {(seed, 0): checkpoints.load(folder, seed).state_dict() for seed in (3, 4)}


def test_damaged_weights_are_named(folder):
    path = folder / "model.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(DamagedError, match=r"model.safetensors is damaged .it is not the file that"):
        checkpoints.load(folder, seed=3)


@pytest.mark.parametrize("content", [b"", b"x" * 100, b"\x80\x04c__builtin__\nexec\n"])
def test_weights_that_are_no_safetensors_are_named(folder, content):
    (folder / "model.safetensors").write_bytes(content)
    manifest.write(folder, files.read_json(folder / "config.json")["params"], [4, 8, 3], "images", {})
    with pytest.raises(DamagedError, match=r"model.safetensors is damaged"):
        checkpoints.load(folder, seed=3)


def test_weights_of_another_config_are_refused(folder, spec):
    write(folder, states_of(folder), spec("prelu"), said={"activation": spec("prelu"), "seeds": [3]})
    with pytest.raises(DamagedError, match=r"trained with other params than config.json says"):
        checkpoints.load(folder, seed=3)


def test_weights_of_another_shape_are_refused(folder, spec):
    write(folder, states_of(folder), spec("prelu"), sizes=(4, 9, 3))
    with pytest.raises(DamagedError, match=r"weights of seed 3, fold 0 do not fit the network"):
        checkpoints.load(folder, seed=3)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 3e38])
def test_weights_are_given_back_whatever_they_are(folder, spec, value):
    """What is damaged is known by the checksums, and not by the numbers."""
    states = states_of(folder)
    states[4, 0]["linears.1.bias"][2] = value
    write(folder, states, spec("prelu"))
    bias = checkpoints.load(folder, seed=4).linears[1].bias
    assert torch.equal(bias.nan_to_num(7), states[4, 0]["linears.1.bias"].nan_to_num(7))


@pytest.mark.parametrize("cls", [CappedByBuffer, Widest])
def test_what_an_activation_keeps_besides_may_be_infinite(tmp_path, cls):
    network = mlp.build(Recipe([4, 8, 3], own(cls)), seeds.generator(3, "weights"))
    write(tmp_path, {(3, 0): network.state_dict()}, own(cls))
    assert torch.equal(
        checkpoints.load(tmp_path, 3, activation=cls)(torch.ones(2, 4)), network.eval()(torch.ones(2, 4))
    )


@pytest.mark.parametrize("cls", [*RANDOM, *STATEFUL], ids=lambda cls: cls.__name__)
def test_a_network_comes_back_with_the_state_of_its_activations(tmp_path, cls):
    states, expected, x = {}, {}, torch.randn(5, 4)
    for seed in (3, 4):
        network = mlp.build(Recipe([4, 8, 8, 3], own(cls)), seeds.generator(seed, "weights"))
        for step in range(5):
            network(step * x)
        states[seed, 0] = network.state_dict()
        with modes.frozen(network), modes.drawing(network):
            expected[seed] = network(x)
    write(tmp_path, states, own(cls), sizes=(4, 8, 8, 3))
    for seed, logits in expected.items():
        network = checkpoints.load(tmp_path, seed, activation=cls)
        with modes.frozen(network), modes.drawing(network):
            assert torch.equal(network(x), logits)


@pytest.mark.parametrize(("number", "kind"), [(7, int), (-(2**62), int), (0.1, float), (True, bool)])
def test_a_number_comes_back_as_it_was(tmp_path, number, kind):
    network = mlp.build(Recipe([4, 8, 3], own(Annealed)), seeds.generator(3, "weights"))
    network.activations[0].calls = number
    write(tmp_path, {(3, 0): network.state_dict()}, own(Annealed))
    calls = checkpoints.load(tmp_path, 3, activation=Annealed).activations[0].calls
    assert calls == number and type(calls) is kind
    assert checkpoints.load(tmp_path, 3, checkpoint="init", activation=Annealed).activations[0].calls == 0


def test_a_registry_activation_stores_its_parameters_only(folder, spec):
    network = mlp.build(Recipe([4, 8, 3], spec("leakyrelu")), seeds.generator(3, "weights"))
    assert list(network.state_dict()) == [
        f"linears.{i}.{part}" for i in (0, 1) for part in ("weight", "bias")
    ]


def test_load_gives_back_trained_and_initial_weights(folder):
    trained = checkpoints.load(folder, seed=4)
    initial = checkpoints.load(folder, seed=4, checkpoint="init")
    assert torch.allclose(trained.linears[0].weight, initial.linears[0].weight + 1)
    assert torch.allclose(trained.activations[0].weight, initial.activations[0].weight + 1)
    assert not trained.training


def test_load_refuses_what_is_not_there(folder):
    with pytest.raises(KeyError, match="seed 7"):
        checkpoints.load(folder, seed=7)
    with pytest.raises(KeyError, match="init, trained"):
        checkpoints.load(folder, seed=4, checkpoint="last")


@pytest.fixture
def with_epochs(tmp_path, spec):
    """Two networks with batch norm, of which the second ended before its tenth epoch."""
    settings = {"norm": "batch"}
    params = {"activation": spec("relu"), "network": NETWORK | settings, "seeds": [3, 4]}
    params["probe_epochs"] = [1, 10]
    states = {}
    for seed, epoch in ((3, 1), (3, 10), (3, None), (4, 1), (4, None)):
        network = mlp.build(Recipe([4, 8, 3], spec("relu"), settings=settings), seeds.generator(7, "weights"))
        network(torch.randn(6, 4) * (epoch or 100))
        states[seed, 0, epoch] = network.state_dict()
    kept = {run: state for (*run, epoch), state in states.items() if epoch is None for run in [tuple(run)]}
    of_epochs = {place: state for place, state in states.items() if place[2]}
    write(tmp_path, kept, spec("relu"), params=params, of_epochs=of_epochs)
    return tmp_path, states


def test_load_gives_back_the_weights_of_an_epoch(with_epochs):
    """With the running statistics of that epoch."""
    folder, states = with_epochs
    for (seed, _, epoch), state in states.items():
        network = checkpoints.load(folder, seed, checkpoint=f"epoch{epoch}" if epoch else "trained")
        assert not network.training and network.state_dict().keys() == state.keys()
        assert all(torch.equal(tensor, state[name]) for name, tensor in network.state_dict().items())
    assert checkpoints.load(folder, 3, checkpoint="init").norms[0].num_batches_tracked == 0


def test_an_epoch_that_is_not_there_is_said(with_epochs):
    folder, _ = with_epochs
    with pytest.raises(KeyError, match="allowed: init, epoch1, epoch10, trained"):
        checkpoints.load(folder, 3, checkpoint="epoch2")
    with pytest.raises(KeyError, match="no weights of seed 4, fold 0, epoch 10: the run ended before"):
        checkpoints.load(folder, 4, checkpoint="epoch10")
    with pytest.raises(KeyError, match="holds no run of seed 5"):
        checkpoints.load(folder, 5, checkpoint="epoch1")


@pytest.mark.parametrize("epochs", ["12", [1, "2"], [0], {"1": 2}, 3, [True]])
def test_epochs_are_whole_numbers_or_the_folder_is_damaged(folder, spec, epochs):
    params = files.read_json(folder / "config.json")["params"] | {"probe_epochs": epochs}
    write(folder, states_of(folder), spec("prelu"), params=params)
    with pytest.raises(DamagedError, match=r"config.json is damaged .its probe_epochs are"):
        checkpoints.load(folder, 3)


def test_weights_of_epochs_change_no_name_of_the_kept_ones(folder, with_epochs):
    with safetensors.safe_open(with_epochs[0] / "model.safetensors", framework="pt") as stored:
        names = set(stored.keys())
    kept = {name for name in names if not name.startswith("epoch")}
    assert {name.split("/")[0] for name in kept} == {"seed3", "seed4"}
    assert {f"epoch1/{name}" for name in kept} < names
    assert {"/".join(name.split("/")[:3]) for name in names - kept} == {
        "epoch1/seed3/fold0",
        "epoch1/seed4/fold0",
        "epoch10/seed3/fold0",
    }


def test_same_states_give_the_same_bytes(folder):
    params = files.read_json(folder / "config.json")["params"]
    checkpoints.save(states_of(folder), folder / "again.safetensors", params)
    assert (folder / "again.safetensors").read_bytes() == (folder / "model.safetensors").read_bytes()


STRANGERS = {
    "subprocess:Popen": {"args": ["touch", "mark"]},
    "os:system": {"command": "touch mark"},
    "builtins:exec": {"source": "open('mark', 'w')"},
    "evil:Net": {},
    "torch.nn:Tanh": {},
}


def stranger(folder, spec):
    """A block whose config.json names something to import, all checksums adjusted."""
    network = mlp.build(Recipe([4, 8, 3], "tanh"), seeds.generator(3, "weights"))
    write(folder, {(3, 0): network.state_dict()}, spec)


@pytest.mark.fault(
    "code that a results folder names",
    "a block whose config.json names a function of Python's to import, with text, numbers or nothing as parameters, all "
    "checksums adjusted",
    "refused; nothing is imported or called",
)
@pytest.mark.parametrize("target", STRANGERS)
@pytest.mark.parametrize("number", [0, 0.5, None])
def test_nothing_that_a_folder_names_is_imported(tmp_path, monkeypatch, target, number):
    """However its parameters look; text and lists among them are refused as such."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "evil.py").write_text("open('mark', 'w')\nclass Net: ...\n")
    parameters = STRANGERS[target] if number is None else {"beta": number}
    stranger(tmp_path, {"import": target, "name": "mine", "parameters": parameters})
    with pytest.raises(UserError, match=r"nothing that a results folder names is imported|and not numbers"):
        checkpoints.load(tmp_path, 3)
    assert not (tmp_path / "mark").exists() and "evil" not in sys.modules


@pytest.mark.parametrize(
    "parameters", [{"args": ["sh"]}, {"a": "text"}, {"a": True}, {"a": None}, ["a"], {"a": {}}]
)
def test_parameters_of_a_folder_are_numbers_or_refused(tmp_path, parameters):
    stranger(tmp_path, {"import": None, "name": "leakyrelu", "parameters": parameters})
    with pytest.raises(DamagedError, match=r"config.json is damaged .the parameters of its activation"):
        checkpoints.load(tmp_path, 3)


@pytest.mark.parametrize(
    "spec",
    [
        None,
        "torch.nn:Tanh",
        {"import": None, "name": "tanh"},
        {"import": None, "name": "nosuch", "parameters": {}},
        {"import": None, "name": ["tanh"], "parameters": {}},
        {"import": None, "name": "tanh", "parameters": {"beta": 1}},
    ],
)
def test_a_folder_that_names_no_activation_is_damaged(tmp_path, spec):
    stranger(tmp_path, spec)
    with pytest.raises(DamagedError, match=r"config.json is damaged"):
        checkpoints.load(tmp_path, 3)


@pytest.mark.parametrize("sizes", [None, "abc", [4, "8", 3], [4, -8, 3], [4, 8.0, 3], [True, 8, 3], {"a": 1}])
def test_sizes_are_whole_numbers_or_the_folder_is_damaged(folder, spec, sizes):
    config = files.read_json(folder / "config.json")
    files.write_json(config | {"sizes": sizes}, folder / "config.json")
    with pytest.raises(DamagedError, match=r"config.json is damaged .its sizes are"):
        checkpoints.load(folder, 3)


def test_an_activation_of_ones_own_is_given_by_its_class(tmp_path):
    spec = own(Annealed)
    network = mlp.build(Recipe([4, 8, 3], spec), seeds.generator(3, "weights"))
    write(tmp_path, {(3, 0): network.state_dict()}, spec)
    with pytest.raises(UserError, match=r"give its class, checkpoints.load.…, activation=Mine.\.$"):
        checkpoints.load(tmp_path, 3)
    for given in (Annealed, spec):
        found = checkpoints.load(tmp_path, 3, activation=given).activations[0]
        assert type(found).__name__ == "Annealed"
    for wrong in (dict, print, "Annealed", torch.nn.functional.relu):
        with pytest.raises(UserError):
            checkpoints.load(tmp_path, 3, activation=wrong)
    with pytest.raises(UserError, match="was trained with another activation"):
        checkpoints.load(tmp_path, 3, activation=own(CappedByBuffer))


@pytest.mark.parametrize("norm", ["layer", "batch"])
def test_a_normalised_network_comes_back_with_its_statistics(tmp_path, spec, norm):
    """Running ones as float32, the batches that they have seen as int64."""
    settings = {"norm": norm, "residual": True}
    network = mlp.build(Recipe([4, 8, 8, 3], spec("relu"), settings=settings), seeds.generator(3, "weights"))
    for step in range(5):
        network(torch.randn(6, 4) * step)
    params = {"activation": spec("relu"), "network": NETWORK | settings, "seeds": [3]}
    write(tmp_path, {(3, 0): network.state_dict()}, spec("relu"), sizes=(4, 8, 8, 3), params=params)
    loaded, x = checkpoints.load(tmp_path, 3), torch.randn(5, 4)
    assert loaded.state_dict().keys() == network.state_dict().keys()
    for name, tensor in network.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], tensor)
        assert loaded.state_dict()[name].dtype == tensor.dtype
    assert torch.equal(loaded(x), network.eval()(x)) and loaded.shortcuts == [False, True]
    if norm == "batch":
        assert loaded.norms[1].num_batches_tracked == 5
        assert checkpoints.load(tmp_path, 3, checkpoint="init").norms[1].num_batches_tracked == 0
