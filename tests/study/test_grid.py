from actbench.study import config, grid
from conftest import SCHEMA


def resolve(**given):
    return config.resolve(given, SCHEMA)


def test_blocks_are_aligned_slots():
    assert grid.blocks(range(7), 5) == {"0-4": [0, 1, 2, 3, 4], "5-9": [5, 6]}
    assert grid.blocks([3, 12], 5) == {"0-4": [3], "10-14": [12]}
    assert grid.blocks([3], 1) == {"3-3": [3]}


def test_training_params_leave_out_what_does_not_change_numbers():
    resolved = resolve(activations=[dict(name="relu", label="ReLU!")], data_dir="/x", device="cpu")
    params = grid.training_params(resolved, resolved["activations"][0]["spec"], 2, [0, 1])
    assert "ReLU!" not in repr(params) and "/x" not in repr(params) and "cpu" not in repr(params)
    assert list(params) == sorted(params)


def test_probe_epochs_are_params_of_a_block_only_where_there_are_any():
    without, given = (
        grid.training_params(resolved, resolved["activations"][0]["spec"], 2, [0])
        for resolved in (resolve(probe_epochs=[]), resolve(probe_epochs=[1, 5]))
    )
    assert given == without | {"probe_epochs": [1, 5]} and "probe_epochs" not in without
    assert list(given) == sorted(given)


def test_theory_depends_on_networks_before_they_train_and_on_nothing_else():
    network = {"family": "mlp", "width": 8, "hidden_sizes": [[8], [8, 8]], "initialisation": "he"}
    recipe = {"network": network, "normalisation": "standard", "training": {"learning_rate": 0.1}}
    config = {
        "activations": [{"id": key, "label": key, "spec": {"name": key}} for key in ("tanh", "relu")],
        "dataset": "digits",
        "evaluation": {"folds": None},
        "probe_gradients": {"images": 64, "bins": 7},
        "seeds": [0],
        "settings": {"wide": recipe, "adam": recipe},
    }
    found = grid.theory_params(config)
    assert found["activations"] == {"relu": {"name": "relu"}, "tanh": {"name": "tanh"}}
    assert list(found["activations"]) == ["relu", "tanh"] and list(found["settings"]) == ["adam", "wide"]
    own = {key: value for key, value in network.items() if key != "width"}
    assert found["settings"]["wide"] == {"network": own, "normalisation": "standard"}
    assert found | {"settings": {}, "activations": {}} == {
        "activations": {},
        "dataset": "digits",
        "evaluation": {"folds": None},
        "images": 64,
        "settings": {},
    }
    kinds = grid.initialisations(config, {"initialisation": {"enum": ["default", "he"]}})
    assert {name: part["network"]["initialisation"] for name, part in kinds.items()} == {
        "default": "default",
        "he": "he",
    }
    assert grid.initialisations(config, {}) == {"default": recipe}
