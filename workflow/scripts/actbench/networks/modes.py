"""How a network runs for a while: in evaluation mode, without gradients, drawing from its own seed."""

import contextlib
from collections.abc import Iterator

import torch
from torch import nn

from actbench.runtime import seeds


@contextlib.contextmanager
def drawing(network: nn.Module) -> Iterator[None]:
    """Let a network draw from its own seed for a while, always from the same random state.

    The global generators are as before afterwards. Where a network is pure nothing is done.
    """
    if getattr(network, "pure", True):
        yield
        return
    seed = seeds.generator(network.seed, "activations").initial_seed()
    with seeds.drawn_from(seed, next(network.parameters()).device):
        yield


@contextlib.contextmanager
def evaluating(network: nn.Module) -> Iterator[None]:
    """Be in evaluation mode, and go back to the mode before.

    Batch normalisation of the network's `norms` that has seen no batch yet takes the statistics of each batch
    that it is given, and keeps none: its running ones are still 0 and 1, and would normalise nothing.
    """
    training, fresh = network.training, [norm for norm in getattr(network, "norms", ()) if _is_fresh(norm)]
    running = [(norm.running_mean, norm.running_var) for norm in fresh]
    network.eval()
    for norm in fresh:
        norm.running_mean = norm.running_var = None
    try:
        yield
    finally:
        network.train(training)
        for norm, (mean, variance) in zip(fresh, running, strict=True):
            norm.running_mean, norm.running_var = mean, variance


@contextlib.contextmanager
def frozen(network: nn.Module) -> Iterator[None]:
    """Evaluate without tracking gradients, in evaluation mode, and go back to the mode before."""
    with evaluating(network), torch.no_grad():
        yield


def _is_fresh(norm: nn.Module) -> bool:
    return getattr(norm, "running_mean", None) is not None and not norm.num_batches_tracked
