import pytest
import torch
from actbench import files, manifest, networks, seeds
from actbench.errors import DamagedError
from torch import nn


def test_layers_and_fresh_activations(spec):
    network = networks.MLP([4, 8, 6, 3], spec("prelu"))
    assert [linear.weight.shape for linear in network.linears] == [(8, 4), (6, 8), (3, 6)]
    assert len({id(activation) for activation in network.activations}) == 2
    assert network(torch.zeros(5, 4)).shape == (5, 3)


def test_layers_give_what_forward_computes(spec):
    network = networks.build([4, 8, 6, 3], spec("tanh"), seeds.generator(0, "weights"))
    x = torch.randn(7, 4)
    pairs = list(network.layers(x))
    assert len(pairs) == 3 and pairs[-1][1] is None
    assert torch.equal(pairs[-1][0], network(x))
    assert torch.equal(pairs[0][1], torch.tanh(pairs[0][0]))


def test_initialisation_is_pytorchs_own(spec):
    torch.manual_seed(42)
    reference = [nn.Linear(4, 8), nn.Linear(8, 3)]
    network = networks.build([4, 8, 3], spec("relu"), torch.Generator().manual_seed(42))
    for ours, theirs in zip(network.linears, reference, strict=True):
        assert torch.equal(ours.weight, theirs.weight) and torch.equal(ours.bias, theirs.bias)


def test_initial_weights_do_not_depend_on_the_activation_or_on_global_state(spec):
    torch.manual_seed(0)
    first = networks.build([4, 8, 3], spec("relu"), seeds.generator(5, "weights"))
    torch.manual_seed(1)
    state = torch.get_rng_state()
    second = networks.build([4, 8, 3], spec("prelu"), seeds.generator(5, "weights"))
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(first.linears[1].weight, second.linears[1].weight)


@pytest.fixture
def folder(tmp_path, spec):
    """A block with two trained-looking networks."""
    states = {}
    for seed in (3, 4):
        network = networks.build([4, 8, 3], spec("prelu"), seeds.generator(seed, "weights"))
        with torch.no_grad():
            for parameter in network.parameters():
                parameter += 1
        states[seed, 0] = network.state_dict()
    write(tmp_path, states, spec("prelu"))
    return tmp_path


def write(folder, states, spec, sizes=(4, 8, 3), said=None):
    """Write a block as training does; `said` are params that config.json gives instead of the true ones."""
    params = {"activation": spec, "seeds": [3, 4]}
    networks.save(states, folder / "model.safetensors", params)
    for name in manifest.WRITTEN[1:]:
        files.write_text(name, folder / name)
    manifest.write(folder, said or params, list(sizes), "images", {})


def states_of(folder):
    return {(seed, 0): networks.load(folder, seed).state_dict() for seed in (3, 4)}


def test_damaged_weights_are_named(folder):
    path = folder / "model.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(DamagedError, match=r"model.safetensors is damaged .it is not the file that"):
        networks.load(folder, seed=3)


@pytest.mark.parametrize("content", [b"", b"x" * 100, b"\x80\x04c__builtin__\nexec\n"])
def test_weights_that_are_no_safetensors_are_named(folder, content):
    (folder / "model.safetensors").write_bytes(content)
    manifest.write(folder, files.read_json(folder / "config.json")["params"], [4, 8, 3], "images", {})
    with pytest.raises(DamagedError, match=r"model.safetensors is damaged"):
        networks.load(folder, seed=3)


def test_weights_of_another_config_are_refused(folder, spec):
    write(folder, states_of(folder), spec("prelu"), said={"activation": spec("prelu"), "seeds": [3]})
    with pytest.raises(DamagedError, match=r"trained with other params than config.json says"):
        networks.load(folder, seed=3)


def test_weights_of_another_shape_are_refused(folder, spec):
    write(folder, states_of(folder), spec("prelu"), sizes=(4, 9, 3))
    with pytest.raises(DamagedError, match=r"weights of seed 3, fold 0 do not fit the network"):
        networks.load(folder, seed=3)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_refused(folder, spec, value):
    states = states_of(folder)
    states[4, 0]["linears.1.bias"][2] = value
    write(folder, states, spec("prelu"))
    networks.load(folder, seed=3)
    with pytest.raises(DamagedError, match=r"weights of seed 4, fold 0 are not finite"):
        networks.load(folder, seed=4)
    networks.load(folder, seed=4, checkpoint="init")


def test_load_gives_back_trained_and_initial_weights(folder):
    trained = networks.load(folder, seed=4)
    initial = networks.load(folder, seed=4, checkpoint="init")
    assert torch.allclose(trained.linears[0].weight, initial.linears[0].weight + 1)
    assert torch.allclose(trained.activations[0].weight, initial.activations[0].weight + 1)
    assert not trained.training


def test_load_refuses_what_is_not_there(folder):
    with pytest.raises(KeyError, match="seed 7"):
        networks.load(folder, seed=7)
    with pytest.raises(KeyError, match="init, trained"):
        networks.load(folder, seed=4, checkpoint="last")


def test_same_states_give_the_same_bytes(folder):
    params = files.read_json(folder / "config.json")["params"]
    networks.save(states_of(folder), folder / "again.safetensors", params)
    assert (folder / "again.safetensors").read_bytes() == (folder / "model.safetensors").read_bytes()


def test_frozen_goes_back_to_training_mode(spec):
    network = networks.MLP([2, 3, 2], spec("relu")).train()
    with networks.frozen(network):
        assert not network.training and not torch.is_grad_enabled()
    assert network.training
