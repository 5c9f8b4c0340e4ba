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
    """Be in evaluation mode, and go back to the mode before."""
    training = network.training
    network.eval()
    try:
        yield
    finally:
        network.train(training)


@contextlib.contextmanager
def frozen(network: nn.Module) -> Iterator[None]:
    """Evaluate without tracking gradients, in evaluation mode, and go back to the mode before."""
    with evaluating(network), torch.no_grad():
        yield
