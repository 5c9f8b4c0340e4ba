"""Units that have stopped working, over the whole training set in one pass."""

from collections.abc import Iterable, Mapping

from torch import Tensor, nn

from actbench.activations import sampling, saturation
from actbench.data.subsets import Data
from actbench.networks import modes
from actbench.networks.family import Layer, Network
from actbench.probes.probe import Probe

BATCH = 2048


class LayerCounter:
    """Running statistics of the units of one layer: never more than one batch is held."""

    def __init__(self, activation: nn.Module):
        self.activation = activation
        self.saturation = saturation.of(activation)
        self.size = None

    def update(self, z: Tensor) -> None:
        """Take in the pre-activations [N, n_l] of one batch."""
        h, derivative = sampling.evaluate(self.activation, z)
        dead, zero_gradient = (h == 0).all(dim=0), (derivative == 0).all(dim=0)
        saturated = self.saturation(z, derivative).all(dim=0)
        size = h.double().abs().sum(dim=0)
        if self.size is not None:
            dead, zero_gradient = dead & self.dead, zero_gradient & self.zero_gradient
            saturated, size = saturated & self.saturated, size + self.size
        self.dead, self.zero_gradient, self.saturated, self.size = dead, zero_gradient, saturated, size

    def counts(self, dormant_threshold: float) -> dict:
        """The columns of `PROBE` after `layer`."""
        return {
            "n_neurons": len(self.size),
            "n_dead": int(self.dead.sum()),
            "n_zero_gradient": int(self.zero_gradient.sum()),
            "n_dormant": self._n_dormant(dormant_threshold),
            "n_saturated": int(self.saturated.sum()),
        }

    def _n_dormant(self, threshold: float) -> int | None:
        """Null where a unit's output overflows: it has no size to be compared with."""
        return int(dormant(self.size, threshold).sum()) if self.size.isfinite().all() else None


def measure(network: Network, x: Tensor, dormant_threshold: float) -> list[dict]:
    """Count dead, zero-gradient, dormant and saturated units of every hidden layer.

    A unit is dead if h = 0 exactly for every input, zero-gradient if f′(z) = 0 exactly for every
    input, saturated if it is known to be so for every input (`saturation.of`), dormant as
    `dormant` says.

    Args:
        network: of any family.
        x: inputs [N, n_pixels], the whole training set.
        dormant_threshold: 0.025 in the paper.
    """
    counters: list[LayerCounter] = []
    with modes.frozen(network):
        for batch in x.split(BATCH - (len(x) % BATCH == 1)):  # one image alone has no batch statistics
            _update(counters, (layer for layer in network.trace(batch) if layer.activation is not None))
    return [{"layer": layer} | counter.counts(dormant_threshold) for layer, counter in enumerate(counters)]


def dormant(size: Tensor, threshold: float) -> Tensor:
    """Which units are dormant: E|h_i| over the layer's mean of it is at most `threshold`.

    `size` is E|h_i| or, since only ratios count, the sum of |h_i| over any number of inputs. A silent
    layer is all dormant. Sokar, Agarwal, Castro & Evci (2023), arXiv:2302.12902, eq. 1.
    """
    return size <= threshold * size.mean()


def _update(counters: list[LayerCounter], hidden: Iterable[Layer]) -> None:
    for number, layer in enumerate(hidden):
        if number == len(counters):  # in the first batch
            counters.append(LayerCounter(layer.activation))
        counters[number].update(layer.z)


def _of_run(network: Network, data: Data, section: Mapping) -> list[dict]:
    return measure(network, data.train.x, section["dormant_threshold"])


PROBE = Probe(
    name="dead_neurons",
    title="Dead neurons",
    description="units that have stopped working",
    section={
        "dormant_threshold": {
            "type": "number",
            "minimum": 0,
            "maximum": 1,
            "default": 0.025,
            "description": "share of the layer's mean activity up to which a unit is dormant "
            "(Sokar et al. 2023)",
        }
    },
    layers="hidden",
    columns={
        "n_neurons": "int32",
        "n_dead": "int32",
        "n_zero_gradient": "int32",
        "n_dormant": "int32?",
        "n_saturated": "int32",
    },
    summarised=["n_dead", "n_zero_gradient", "n_dormant", "n_saturated"],
    total="n_neurons",
    measure=_of_run,
)
