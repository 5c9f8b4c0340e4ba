"""Linear maps of any classifier, such as Linear layers and convolutions: which one a tensor comes from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

NORMS = (nn.LayerNorm, nn.RMSNorm)  # whose weights scale entries, of however many dimensions


@dataclass(frozen=True, eq=False)
class Map:
    """A linear map that ran: its module, the shape of what it gave, and its `weight` and `bias`."""

    part: nn.Module
    shape: torch.Size
    parameters: dict[str, Tensor]


def is_one(part: nn.Module) -> bool:
    """Whether a module has a weight of two or more dimensions that does not just scale entries."""
    weight = getattr(part, "weight", None)
    return isinstance(weight, Tensor) and weight.ndim > 1 and not isinstance(part, NORMS)


def used(part: nn.Module) -> dict[str, Tensor]:
    """The weight and bias that a linear map has used; those that are computed keep their gradient."""
    found = {key: getattr(part, key, None) for key in ("weight", "bias")}
    found = {key: value for key, value in found.items() if isinstance(value, Tensor)}
    for value in found.values():
        if value.requires_grad and torch.is_grad_enabled():
            value.retain_grad()
    return found


def reached(node: object, nodes: Mapping) -> list[Map | None]:
    """Values of those nodes of the autograd graph that are met first, from one against its direction."""
    met, seen, ahead = [], set(), [node]
    while ahead:
        node = ahead.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if node in nodes:
            met.append(nodes[node])
        else:
            ahead += [before for before, _ in node.next_functions]
    return met


def nearest(maps: Sequence[Map], shape: torch.Size) -> Map | None:
    """The last map that gave this shape, else as many dimensions, else anything; None without any."""
    alike = [each for each in maps if each.shape == shape]
    return (alike or [each for each in maps if len(each.shape) == len(shape)] or [*maps] or [None])[-1]
