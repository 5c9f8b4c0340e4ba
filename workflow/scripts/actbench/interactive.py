"""Training and probing from a notebook, with a study's recipe, seeds and images; nothing is written."""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd
from torch import Tensor, nn

from actbench.activations import switches
from actbench.data import acquire, catalogue, own, prepared
from actbench.data.subsets import Data
from actbench.errors import UserError, one_line
from actbench.networks import modes
from actbench.probes import hooked, registry
from actbench.probes.probe import SECTION
from actbench.runtime import imports
from actbench.storage import choices, yaml_files
from actbench.study import config as configuration
from actbench.study import grid
from actbench.training import block, fitting, tuning

if TYPE_CHECKING:
    from actbench.figures.plotting import Figure

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
        images: a prepared data set, see `prepared.read` and `own.of_arrays`; None for `dataset`, which is
            scikit-learn's digits where `recipe` does not say.
        device: `cpu` or `cuda:<i>`.
        log: is called with a line an epoch and network.
        recipe: further keys of config.yaml, such as `network={"width": 32}`, `training={"max_epochs": 3}`.

    Raises:
        UserError: a key or value is wrong; the sentence names it.

    >>> trained = train("relu", depth=1, seeds=[0], training={"max_epochs": 2})
    >>> trained.runs[0]["test_accuracy"] > 0.5
    True
    """
    name, config, params = planned(activation, depth, seeds, recipe, images)
    if images is None:
        images = acquire.dataset(config["dataset"], config["data_dir"], facts=config.get("own_data"))
    with switches.restored():
        fitting.prepare_torch(fitting.Settings(**params["training"]))
        rates = None
        if grid.tuned(config):
            rates = tuning.search(name, choices.search_params(params), images, device, log).rates
        return block.train(name, params, images, device, log, rates=rates)


def planned(
    activation: str | Mapping | type[nn.Module],
    depth: int,
    seeds: Sequence[int],
    recipe: Mapping,
    images: prepared.Prepared | None = None,
) -> tuple[str, dict, dict]:
    """What a study of one activation and depth would train.

    Args:
        activation, depth, seeds, images: see `train`.
        recipe: further keys of config.yaml.

    Returns:
        The activation's name, the resolved config, and the params of the job, see `grid.training_params`.

    Raises:
        UserError: a key or value is wrong; the sentence names it.
    """
    is_class = isinstance(activation, type)
    given = {"activations": ["relu" if is_class else activation], "depths": [depth], "seeds": list(seeds)}
    if taken := [key for key in OURS if key in recipe]:
        raise UserError(f"{taken[0]} is given twice; allowed: as the argument activation, depth or seeds.")
    if recipe.get("settings") is not None:
        raise UserError(
            "settings is given; allowed: network, training, normalisation and tuning of the one wanted."
        )
    config = _resolved(recipe | given, images)
    name, spec = (config["activations"][0][key] for key in ("id", "spec"))
    if is_class:
        name = activation.__name__.lower()
        spec = {"import": activation, "name": name, "parameters": {}}
    return name, config, grid.training_params(config, spec, config["depths"][0], config["seeds"])


class Measured(dict):
    """The tables of a network by the name of their probe; `figures` has a small figure of each."""

    @functools.cached_property
    def figures(self) -> dict[str, "Figure"]:
        """matplotlib's figures by the name of the probe, drawn when they are first asked for.

        Raises:
            UserError: matplotlib refuses the user's settings.
        """
        try:
            import matplotlib  # noqa: F401, by the user's settings, which figures.plotting leaves out
        except Exception as error:  # what is wrong with these
            raise UserError(f"matplotlib cannot be imported: {one_line(error)}.") from error
        from actbench.figures import layers  # 0.5 s

        return {name: layers.FIGURES[name](self[name]) for name in layers.FIGURES if name in self}


def probe(
    network: nn.Module,
    data: Data | Tensor,
    y: Tensor | None = None,
    activations: str | type | nn.Module | Sequence[str | type | nn.Module] = (),
    **sections: Mapping,
) -> Measured:
    """Measure one network as the study's probes do: one of ours, or any classifier.

    A classifier of somebody else's is left as it is: a copy is measured on the CPU, in evaluation mode. Its
    layers are the calls of its activation modules, and at last the logits. Units are the channels of
    [N, C, H, W], after a Linear layer the last dimension, as of [N, T, D]; every position is an input then.

    Args:
        network: one of ours on the CPU, or any module that takes x to logits [N, n_classes].
        data: its split, as `train` gives it; gradients and distributions are measured on the first training
            images, units on all. Of any other classifier examples x [N, …] in their place.
        y: their class indices [N].
        activations: a name, class or module in the network that is its activation, entrywise, or several;
            none for all of `torch.nn` and the registry. A function that its forward calls cannot be seen.
        sections: config sections of the probes, such as `probe_gradients={"images": 64}`.

    Returns:
        A table a probe by name, `gradients`, `distributions` and `dead_neurons`: a row a layer and tensor or
        signal; of any other classifier with the name of the activation's `module`. `.figures` draws them.
        Optional probes, such as `jacobian`, have one where their section says `enabled`; of ours only.

    Raises:
        UserError: a key or value of a section is wrong, or the network cannot be measured on the examples;
            the sentence says why.

    >>> trained = train("relu", depth=1, training={"max_epochs": 1})
    >>> probe(trained.network(seed=0), trained.data)["dead_neurons"]["n_neurons"].tolist()
    [64]
    >>> layers = torch.nn.Linear(64, 20), torch.nn.GELU(), torch.nn.Linear(20, 10)
    >>> found = probe(torch.nn.Sequential(*layers), trained.data.test.x, trained.data.test.y)
    >>> found["dead_neurons"]["module"].tolist()
    ['1']
    """
    config = _resolved(sections | {"dataset": "fashion_mnist"})  # with room for any sample
    ours = isinstance(data, Data)
    if ours and (y is not None or activations):
        raise UserError("y or activations is given beside a split; allowed: both with examples x.")
    measured = data if ours else hooked.examples(network, data, y)
    for name in registry.of_config(config):
        n, n_train = sections.get(f"{SECTION}{name}", {}).get("images"), len(measured.train.y)
        if n is not None and n > n_train:
            what = "training images of the split" if ours else "examples"
            raise UserError(f"{SECTION}{name}.images is {n}; allowed: at most {n_train}, the {what}.")
    if not ours:
        rows = hooked.measure(network, measured, registry.of_config(config), activations)
        return Measured({name: pd.DataFrame(found) for name, found in rows.items()})
    found = Measured()
    for name, section in registry.of_config(config).items():
        with modes.drawing(network):
            found[name] = pd.DataFrame(registry.load(name).measure(network, data, section))
    return found


def _resolved(given: Mapping, images: prepared.Prepared | None = None) -> dict:
    defaults = {"activations": ["relu"], "depths": [1], "seeds": [0]}
    data = None
    if images is not None:
        data = {"dataset": images.name}
        if images.name not in catalogue.DATASETS:
            data["own_data"] = own.facts_of(images)
    return configuration.resolve(defaults | given, _schema(), data)


@functools.cache
def _schema() -> dict:
    """It takes 0.1 s to read, which a grid search would spend on every network."""
    return registry.with_sections(yaml_files.read(SCHEMA))
