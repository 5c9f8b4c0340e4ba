"""How long a step of training takes on this machine, measured in less than a second on made-up images."""

import time
from collections.abc import Mapping

import torch

from actbench.data.subsets import Data, Subset
from actbench.networks import family
from actbench.runtime import seeds
from actbench.training import fitting
from actbench.training import recipe as recipes

BATCHES = 8  # of an epoch
FEW = {"max_epochs": 4, "patience": None, "test_each_epoch": False, "histograms": False, "warmup_epochs": 0}
RATE = 1e-3  # where the learning rate is to be searched
RELU = {"name": "relu", "import": None, "parameters": {}}


def of_step(params: Mapping, n_pixels: int, n_classes: int, n_networks: int, seconds: float = 0.4) -> float:
    """Seconds of one step of one network, of several with relu that train in one job on the CPU.

    The least of several measurements, by CPU time: what else runs at this moment hardly counts.

    Args:
        params: see `grid.training_params`; their activation and initialisation do not count.
        n_pixels, n_classes: of the images that are made up.
        n_networks: how many train side by side.
        seconds: how long to train, after a first time that does not count.
    """
    training = params["training"] | FEW
    if not isinstance(training["learning_rate"], float):
        training["learning_rate"] = RATE
    settings = fitting.Settings(**training)
    fitting.prepare_torch(settings)
    drawn = torch.Generator().manual_seed(0)
    x = torch.randn(BATCHES * settings.batch_size, n_pixels, generator=drawn)
    y = torch.arange(len(x)) % n_classes
    data = Data(Subset(x, y), Subset(x[:n_classes], y[:n_classes]), Subset(x[:0], y[:0]), n_classes)
    network = {key: value for key, value in params["network"].items() if key != "initialisation"}
    recipe = recipes.of(data, dict(params) | {"activation": RELU, "network": network})

    def trained() -> float:
        uses = ("weights", "batches")
        weights, batches = ([seeds.generator(seed, use) for seed in range(n_networks)] for use in uses)
        members = [family.build(recipe, own) for own in weights]
        began = time.process_time()
        fits = fitting.fit(members, data, settings, batches)
        n_steps = BATCHES * sum(len(fit.history) for fit in fits)
        return (time.process_time() - began) / settings.threads / n_steps

    trained()
    start, found = time.monotonic(), [trained()]
    while time.monotonic() - start < seconds:
        found.append(trained())
    return min(found)
