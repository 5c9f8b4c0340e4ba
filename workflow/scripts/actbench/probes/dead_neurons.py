"""Units that have stopped working, over the whole training set."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import torch
from torch import Tensor, nn

from actbench.activations import sampling, saturation
from actbench.data.subsets import Data
from actbench.networks import modes
from actbench.networks.family import Layer, Network
from actbench.probes.probe import Probe

BATCH = 2048


class LayerCounter:
    """Running statistics of the units of one layer: never more than one batch is held.

    Two passes over all inputs: `update` with every batch, then `update_deviation` with every batch.
    """

    def __init__(self, activation: nn.Module):
        self.activation = activation
        self.saturation = saturation.of(activation)
        self.n, self.zero_gradient, self.saturated = 0, True, True
        self.size, self.shift, self.deviation = 0.0, 0.0, 0.0

    def update(self, z: Tensor) -> None:
        """Take in the pre-activations [N, n_l] of one batch."""
        h, derivative = sampling.evaluate(self.activation, z)
        h = _numbers(h)
        self.zero_gradient = (derivative.abs().amax(dim=0) == 0) & self.zero_gradient
        self.saturated = self.saturation(z, derivative).all(dim=0) & self.saturated
        if not self.n:
            self.first = h[0].double()
        self.n += len(h)
        self.size = self.size + h.abs().sum(dim=0, dtype=torch.float64)
        self.shift = self.shift + (h - self.first).sum(dim=0)

    def update_deviation(self, h: Tensor) -> None:
        """Take in the activations [N, n_l] of one batch of the second pass.

        All are taken less those of the first image, so that a constant unit deviates by exactly 0.
        """
        deviation = _numbers(h) - (self.first + self.shift / self.n)
        self.deviation = self.deviation + deviation.abs_().sum(dim=0)

    @property
    def dead(self) -> Tensor:
        """Which units were 0 exactly for every input: the sum of their sizes is."""
        return self.size == 0

    def counts(self, dormant_threshold: float) -> dict:
        """The columns of `PROBE` after `layer`."""
        return {
            "n_neurons": len(self.size),
            "n_dead": int(self.dead.sum()),
            "n_zero_gradient": int(self.zero_gradient.sum()),
            "n_dormant": n_dormant(self.size, dormant_threshold),
            "n_dormant_centred": n_dormant(self.deviation, dormant_threshold),
            "n_saturated": int(self.saturated.sum()),
        }


def measure(network: Network, x: Tensor, dormant_threshold: float, at_once: int | None = None) -> list[dict]:
    """Count dead, zero-gradient, dormant and saturated units of every hidden layer.

    A unit is dead if h = 0 exactly for every input, zero-gradient if f′(z) = 0 exactly for every
    input, saturated if it is known to be so for every input (`saturation.of`), dormant as
    `dormant` says, of h or (`n_dormant_centred`) of h less the unit's mean over all inputs.

    Args:
        network: of any family.
        x: inputs [N, n_pixels], the whole training set.
        dormant_threshold: 0.025 in the paper.
        at_once: inputs that go through the network at once; None for `BATCH`.
    """
    counters: list[LayerCounter] = []
    batches = _batches(x, at_once or BATCH)
    with modes.frozen(network):
        for batch in batches:
            _update(counters, _hidden(network, batch))
        for batch in batches:
            for counter, layer in zip(counters, _hidden(network, batch), strict=True):
                counter.update_deviation(layer.h)
    return [{"layer": layer} | counter.counts(dormant_threshold) for layer, counter in enumerate(counters)]


def n_dead(network: Network, x: Tensor) -> list[int]:
    """How many units of each hidden layer are dead, as `measure` has it where nothing is drawn at random."""
    with modes.frozen(network):
        largest = [
            [_numbers(layer.h).abs().amax(dim=0) for layer in _hidden(network, batch)]
            for batch in _batches(x, BATCH)
        ]
    return [int((torch.stack(sizes).amax(dim=0) == 0).sum()) for sizes in zip(*largest, strict=True)]


def dormant(size: Tensor, threshold: float) -> Tensor:
    """Which units are dormant: E|h_i| over the layer's mean of it is at most `threshold`.

    `size` is E|h_i| or, since only ratios count, the sum of |h_i| over any number of inputs, or the same of
    h_i − E h_i, by which a constant unit is dormant however large it is. A silent layer is all dormant.
    Sokar, Agarwal, Castro & Evci (2023), arXiv:2302.12902, eq. 1.
    """
    return size <= threshold * size.mean()


def n_dormant(size: Tensor, threshold: float) -> int | None:
    """How many units are `dormant`; null where a unit's output overflows: it has no size to compare with."""
    return int(dormant(size, threshold).sum()) if size.isfinite().all() else None


def _hidden(network: Network, x: Tensor) -> Iterator[Layer]:
    return (layer for layer in network.trace(x) if layer.activation is not None)


def _numbers(h: Tensor) -> Tensor:
    """Activations, also of a function that says true or false."""
    return h if h.is_floating_point() else h.double()


def _batches(x: Tensor, at_once: int) -> Sequence[Tensor]:
    return x.split(at_once - (len(x) % at_once == 1))  # one image alone has no batch statistics


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
        "n_dormant_centred": "int32?",
        "n_saturated": "int32",
    },
    summarised=["n_dead", "n_zero_gradient", "n_dormant", "n_dormant_centred", "n_saturated"],
    total="n_neurons",
    measure=_of_run,
)
