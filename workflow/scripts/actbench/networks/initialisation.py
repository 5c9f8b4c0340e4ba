"""How weights and biases of Linear layers are drawn; the kinds and their sources: docs/measurements.md."""

import itertools
import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

SETTINGS = ("initialisation", "gain", "bias_std")  # those of a family that are meant for `draw`
CRITICAL = "critical"
INITIAL = ("first_weight_std", "weight_std", "bias_std")  # what `critical` draws with, see `draw`


def draw(
    linears: Sequence[nn.Linear],
    generator: torch.Generator,
    initial: Mapping[str, float] | None = None,
    initialisation: str = "default",
    gain: float = 1.0,
    bias_std: float = 0.0,
) -> None:
    """Fill layers in place, from one generator layer by layer, weight before bias.

    `default` is what `nn.Linear` itself draws, uniform on ±1/sqrt(n_in). All others scale one and the same
    standard normal tensor a seed and layer, so that networks of a seed stay paired: by σ_w/sqrt(n_in), or,
    `orthogonal`, to the Q of its QR decomposition times the gain. Biases are drawn by all, and are 0 but in
    `critical`.

    Args:
        linears: on the CPU.
        generator: a CPU generator.
        initial: σ_w of the first and of the other hidden layers and σ_b, by the names in `INITIAL`; for
            `critical` only, whose output layer is as in `lecun`.
        bias_std: has been used already, to find `initial`.

    Raises:
        ValueError: `critical` without `initial`.
    """
    if initialisation == CRITICAL and initial is None:
        raise ValueError("initialisation is 'critical', and initial, which it needs, is None")
    with torch.no_grad():
        for number, linear in enumerate(linears):
            if initialisation == "default":
                nn.init.kaiming_uniform_(linear.weight, a=math.sqrt(5), generator=generator)
                bound = 1 / math.sqrt(linear.in_features)
                nn.init.uniform_(linear.bias, -bound, bound, generator=generator)
                continue
            if initialisation == "orthogonal":
                _orthogonal(linear.weight, gain, generator)
            else:
                linear.weight.normal_(generator=generator)
                shape = linear.in_features, linear.out_features
                linear.weight.mul_(_std(*shape, initialisation, _place(number, len(linears)), initial))
            linear.bias.normal_(generator=generator)
            if initialisation == CRITICAL and linear is not linears[-1] and initial["bias_std"]:
                linear.bias.mul_(initial["bias_std"])
            else:
                linear.bias.zero_()


def variances(
    sizes: Sequence[int],
    initial: Mapping[str, float] | None = None,
    initialisation: str = "default",
    gain: float = 1.0,
    bias_std: float = 0.0,
) -> list[tuple[float, float]]:
    """σ_w² and σ_b² of each layer as `draw` draws it: variances of weights times n_in, and of biases.

    Args:
        sizes: n_inputs, the hidden widths, n_classes.
        initial, initialisation, gain, bias_std: see `draw`.

    >>> variances([64, 50, 10], initialisation="he")[1][1]
    0.0
    """
    found = []
    for number, (n_in, n_out) in enumerate(itertools.pairwise(sizes)):
        place = _place(number, len(sizes) - 1)
        if initialisation == "default":
            found.append((1 / 3, 1 / (3 * n_in)))
        elif initialisation == "orthogonal":
            found.append((gain**2 * min(1.0, n_in / n_out), 0.0))
        else:
            bias = initial["bias_std"] if initialisation == CRITICAL and place else 0.0
            found.append((_std(n_in, n_out, initialisation, place, initial) ** 2 * n_in, bias**2))
    return found


def _place(number: int, n_layers: int) -> str:
    """The key of `INITIAL` for the weights of a layer; none for the output layer."""
    if number == n_layers - 1:
        return ""
    return "weight_std" if number else "first_weight_std"


def _std(n_in: int, n_out: int, kind: str, place: str, initial: Mapping[str, float] | None) -> float:
    """σ_w/sqrt(n_in): He et al. 2015, Glorot & Bengio 2010, LeCun et al. 1998, or at the edge of chaos."""
    if kind == CRITICAL and place:
        return initial[place] / math.sqrt(n_in)
    return math.sqrt({"he": 2 / n_in, "xavier": 2 / (n_in + n_out)}.get(kind, 1 / n_in))


def _orthogonal(weight: Tensor, gain: float, generator: torch.Generator) -> None:
    """`nn.init.orthogonal_` on one thread: how many take part can change its last bits."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    nn.init.orthogonal_(weight, gain, generator)
    torch.set_num_threads(threads)
