"""What the networks of one fold are built from: sizes, activation, family, and numbers from its images."""

import math
from collections.abc import Mapping

from torch import Tensor

from actbench.data.subsets import Data
from actbench.networks import initialisation
from actbench.networks.family import Recipe
from actbench.theory import critical

CHUNK = 4096  # images whose squares are in memory at once


def of(data: Data, params: Mapping) -> Recipe:
    """The complete recipe of a block's networks for one fold, for `family.build`.

    Args:
        data: the split of the fold.
        params: see `grid.training_params`.

    Raises:
        UserError: the initialisation is `critical`, and the activation has no edge of chaos.
    """
    sizes = [data.train.x.shape[1], *params["hidden_sizes"], data.n_classes]
    network = params["network"]
    if network.get("initialisation") != initialisation.CRITICAL:
        return Recipe.of(sizes, params)
    edge = critical.required(params["activation"], network["bias_std"])
    return Recipe.of(sizes, params, initial(edge, mean_square(data.train.x)))


def mean_square(x: Tensor) -> float:
    """Of all entries of the images [N, n_inputs]."""
    return sum(part.double().square().sum().item() for part in x.split(CHUNK)) / x.numel()


def initial(edge: critical.Point, of_images: float) -> dict[str, float]:
    """What `initialisation.draw` needs: the first layer's pre-activations have the mean square q at once."""
    first = edge.weight_std
    if edge.q is not None and of_images:
        first = math.sqrt((edge.q - edge.bias_std**2) / of_images)
    return dict(zip(initialisation.INITIAL, (first, edge.weight_std, edge.bias_std), strict=True))
