"""Training and probing from a notebook, with a study's recipe, seeds and images; nothing is written."""

from collections.abc import Callable, Mapping, Sequence

import pandas as pd
from torch import nn

from actbench.activations import switches
from actbench.data import acquire, prepared
from actbench.data.subsets import Data
from actbench.errors import UserError
from actbench.networks import family, modes
from actbench.probes import registry
from actbench.probes.probe import SECTION
from actbench.runtime import imports
from actbench.storage import choices, yaml_files
from actbench.study import config as configuration
from actbench.study import grid
from actbench.training import block, fitting, tuning

SCHEMA = imports.SCRIPTS.parent / "schemas" / "config.schema.yaml"
OURS = ("activations", "depths", "seeds")  # keys of the config that have an argument of their own


def train(
    activation: str | Mapping | type[nn.Module] = "relu",
    depth: int = 2,
    seeds: Sequence[int] = (0,),
    images: prepared.Prepared | None = None,
    device: str = "cpu",
    log: Callable[[str], None] = lambda line: None,
    **recipe: object,
) -> block.Trained:
    """Train and score networks of one activation and depth, as a study does, with the same numbers.

    Args:
        activation: a name, a mapping as in config.yaml, or a class of your own.
        depth: hidden layers.
        seeds: of initial weights and batches, one network each (and fold).
        images: a prepared data set, see `prepared.read`; None for scikit-learn's digits.
        device: `cpu` or `cuda:<i>`.
        log: is called with a line an epoch and network.
        recipe: further keys of config.yaml, such as `network={"width": 32}`, `training={"max_epochs": 3}`.

    Raises:
        UserError: a key or value is wrong; the sentence names it.

    >>> trained = train("relu", depth=1, seeds=[0], training={"max_epochs": 2})
    >>> trained.runs[0]["test_accuracy"] > 0.5
    True
    """
    own = isinstance(activation, type)
    given = {"activations": ["relu" if own else activation], "depths": [depth], "seeds": list(seeds)}
    if taken := [key for key in OURS if key in recipe]:
        raise UserError(f"{taken[0]} is given twice; allowed: as the argument activation, depth or seeds.")
    if recipe.get("settings") is not None:
        raise UserError(
            "settings is given; allowed: network, training, normalisation and tuning of the one wanted."
        )
    if images is not None:
        given["dataset"] = images.name
    config = _resolved(recipe | given)
    name, spec = (config["activations"][0][key] for key in ("id", "spec"))
    if own:
        name = activation.__name__.lower()
        spec = {"import": activation, "name": name, "parameters": {}}
    images = images or acquire.dataset(config["dataset"], config["data_dir"])
    params = grid.training_params(config, spec, config["depths"][0], config["seeds"])
    with switches.restored():
        fitting.prepare_torch(fitting.Settings(**params["training"]))
        rates = None
        if grid.tuned(config):
            rates = tuning.search(name, choices.search_params(params), images, device, log).rates
        return block.train(name, params, images, device, log, rates=rates)


def probe(network: family.Network, data: Data, **sections: Mapping) -> dict[str, pd.DataFrame]:
    """Measure one network as the study's probes do.

    Args:
        network: on the CPU.
        data: its split, as `train` gives it; gradients and distributions are measured on the first training
            images, units on all.
        sections: config sections of the probes, such as `probe_gradients={"images": 64}`.

    Returns:
        A table a probe by name, `gradients`, `distributions` and `dead_neurons`: a row a layer and tensor or
        signal. Optional probes, such as `jacobian`, have one where their section says `enabled`.

    Raises:
        UserError: a key or value of a section is wrong; the sentence names it.

    >>> trained = train("relu", depth=1, training={"max_epochs": 1})
    >>> probe(trained.network(seed=0), trained.data)["dead_neurons"]["n_neurons"].tolist()
    [64]
    """
    config, found = _resolved(sections | {"dataset": "fashion_mnist"}), {}  # with room for any sample
    n_train = len(data.train.y)
    for name, section in registry.of_config(config).items():
        rule = f"{SECTION}{name}"
        given = sections.get(rule, {}).get("images")
        if given is not None and given > n_train:
            raise UserError(
                f"{rule}.images is {given}; allowed: at most {n_train}, the training images of the split."
            )
        with modes.drawing(network):
            found[name] = pd.DataFrame(registry.load(name).measure(network, data, section))
    return found


def _resolved(given: Mapping) -> dict:
    defaults = {"activations": ["relu"], "depths": [1], "seeds": [0]}
    schema = registry.with_sections(yaml_files.read(SCHEMA))
    return configuration.resolve(defaults | given, schema)
