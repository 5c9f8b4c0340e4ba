"""Multilayer perceptrons that others trained: a state dict from a file, and the network that it is of."""

import itertools
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from actbench.errors import DamagedError, UnreadableError, UserError, one_line
from actbench.networks.families import mlp
from actbench.storage import tensors

WRAPPED = ("state_dict", "model_state_dict")  # under which training scripts keep it, beside other things
KINDS = "Linear layers and after each but the last BatchNorm1d, LayerNorm or nothing"


@dataclass(frozen=True)
class Shape:
    """What an MLP is by the shapes of its state dict.

    `sizes` are the inputs, the hidden widths and the classes, `norm` a key of `mlp.NORMS`, `bias` whether the
    Linear layers have one.
    """

    sizes: tuple[int, ...]
    norm: str
    bias: bool


def read(path: str | Path) -> dict[str, Tensor]:
    """The tensors of a file of one state dict, as float32: safetensors by its ending, else of `torch.save`.

    Nothing that the file holds is run: `torch.load` with `weights_only` takes tensors and plain containers.

    Raises:
        UnreadableError: it cannot be read.
        UserError: it is no such file, or holds anything but tensors of finite numbers with a point.
    """
    state = _safetensors(path) if Path(path).suffix == ".safetensors" else _torch(path)
    for name, tensor in state.items():
        counts = name.rpartition(".")[2] == "num_batches_tracked"
        if not (tensor.is_floating_point() or counts):
            raise UserError(f"{path}: {name} is of {tensor.dtype}; allowed: numbers with a point.")
        if not tensor.isfinite().all():
            raise UserError(f"{path}: {name} holds a number that is not finite; allowed: finite ones.")
    return {name: value.float() if value.is_floating_point() else value for name, value in state.items()}


def network(
    state: Mapping[str, Tensor], path: str | Path, activation: Mapping, n_inputs: int, n_classes: int
) -> tuple[mlp.MLP, Shape]:
    """The network that a state dict is of, in evaluation mode; its names may be any.

    Args:
        state: see `read`.
        path: of its file, for messages.
        activation: the resolved spec.
        n_inputs, n_classes: those of the data.

    Raises:
        UserError: it is no MLP of this activation, or has other inputs or classes.
    """
    parts: dict[str, dict[str, Tensor]] = {}
    for name, tensor in state.items():
        module, _, leaf = name.rpartition(".")
        parts.setdefault(module, {})[leaf] = tensor
    linears = _ordered({k: p for k, p in parts.items() if _is_linear(p)}, path, n_inputs, n_classes)
    others = {name: part for name, part in parts.items() if name not in linears}
    norms = {name: part for name, part in others.items() if _norm(part) != "none"}
    learnt = {name: part for name, part in others.items() if name not in norms}
    shape = _shape(list(linears.values()), list(norms.values()), path)
    found = mlp.MLP(shape.sizes, activation, norm=shape.norm)
    if not shape.bias:
        for linear in found.linears:
            linear.register_parameter("bias", None)
    _fill(found.linears, linears, path)
    _fill(found.norms if norms else [], dict(sorted(norms.items(), key=_natural)), path)
    learning = [module for module in found.activations if module.state_dict()]
    _fill(learning, dict(sorted(learnt.items(), key=_natural)), path)
    return found.eval(), shape


def _safetensors(path: str | Path) -> dict[str, Tensor]:
    try:
        with tensors.opened(path, "pt") as stored:
            return {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118
    except DamagedError as error:
        problem = one_line(error.__cause__)
        raise UserError(f"{path} is no file of safetensors, or not all of one ({problem}).") from error


def _torch(path: str | Path) -> dict[str, Tensor]:
    try:
        with Path(path).open("rb") as stream, warnings.catch_warnings(action="ignore"):
            found = torch.load(stream, map_location="cpu", weights_only=True)
    except OSError as error:
        raise UnreadableError(path, error) from error
    except Exception as error:  # torch.load raises whatever a file that it does not know leads to
        raise UserError(
            f"{path} is no state dict of torch.save, or not all of one, or holds more than tensors and plain "
            "containers, which could run code; allowed: torch.save(module.state_dict(), …), or safetensors."
        ) from error
    for key in WRAPPED:
        if isinstance(found, Mapping) and isinstance(found.get(key), Mapping):
            found = found[key]
    if not isinstance(found, Mapping) or not all(
        isinstance(key, str) and isinstance(value, Tensor) for key, value in found.items()
    ):
        raise UserError(f"{path} holds {type(found).__name__}; allowed: a state dict of names and tensors.")
    return dict(found)


def _is_linear(part: Mapping[str, Tensor]) -> bool:
    return "weight" in part and part["weight"].ndim == 2


def _norm(part: Mapping[str, Tensor]) -> str:
    if "running_mean" in part:
        return "batch"
    return "layer" if part.keys() == {"weight", "bias"} else "none"


def _natural(item: tuple[str, object]) -> list:
    """Sort key of names by the numbers in them: layers.2 before layers.10."""
    return [int(text) if text.isdigit() else text for text in re.split(r"(\d+)", item[0])]


def _ordered(
    linears: Mapping[str, Mapping], path: str | Path, n_inputs: int, n_classes: int
) -> dict[str, Mapping]:
    """Linear layers from inputs to logits: by their numbers, else in the one order that shapes allow."""
    if not linears:
        raise UserError(f"{path} holds no weight of a Linear layer; allowed: an MLP of {KINDS}.")
    names = [name for name, _ in sorted(linears.items(), key=_natural)]
    shapes = {name: tuple(linears[name]["weight"].shape) for name in names}
    if len({re.sub(r"\d+", "#", name) for name in names}) == 1:
        orders = [names]
    else:
        orders = list(itertools.islice(_chains(names, shapes, n_inputs, n_classes), 2))
    if len(orders) > 1:
        raise UserError(
            f"{path}: its layers {', '.join(names[:6])} fit together in several orders; allowed: names that "
            "differ in a number only."
        )
    for name, after in itertools.pairwise(orders[0] if orders else ()):
        if shapes[name][0] != shapes[after][1]:
            raise UserError(
                f"{path}: {after}.weight is {list(shapes[after])} after {name}.weight, {list(shapes[name])}; "
                f"allowed: [any, {shapes[name][0]}]."
            )
    ends = (shapes[orders[0][0]][1], shapes[orders[0][-1]][0]) if orders else None
    if ends != (n_inputs, n_classes):
        listed = ", ".join(f"{name} {list(shapes[name])}" for name in names[:6])
        raise UserError(
            f"{path}: its layers {listed} do not lead from {n_inputs} inputs to {n_classes} classes, those "
            "of the data set."
        )
    if len(names) == 1:
        raise UserError(f"{path} holds one Linear layer; allowed: a network with a hidden layer or more.")
    return {name: linears[name] for name in orders[0]}


def _chains(
    names: Sequence[str], shapes: Mapping[str, tuple[int, int]], n_inputs: int, n_classes: int
) -> Iterator[list[str]]:
    """Orders of all names in which each weight [n_out, n_in] takes what the one before gives."""
    if not names and n_inputs == n_classes:
        yield []
    for name in names:
        if shapes[name][1] == n_inputs:
            rest = [other for other in names if other != name]
            yield from ([name, *after] for after in _chains(rest, shapes, shapes[name][0], n_classes))


def _shape(linears: Sequence[Mapping], norms: Sequence[Mapping], path: str | Path) -> Shape:
    biased, kinds = {"bias" in part for part in linears}, {_norm(part) for part in norms}
    if len(biased) > 1:
        raise UserError(f"{path}: some Linear layers have a bias, and some not; allowed: all or none.")
    if len(kinds) > 1 or (norms and len(norms) != len(linears) - 1):
        raise UserError(
            f"{path} has {len(norms)} normalisations of {len(linears) - 1} hidden layers; allowed: {KINDS}."
        )
    sizes = (linears[0]["weight"].shape[1], *(len(part["weight"]) for part in linears))
    return Shape(sizes, kinds.pop() if kinds else "none", biased.pop())


def _fill(modules: Sequence[nn.Module], parts: Mapping[str, Mapping[str, Tensor]], path: str | Path) -> None:
    """Give the parts to the modules in their order; a normalisation's count of batches may be missing."""
    if len(parts) > len(modules):
        raise UserError(
            f"{path} holds {', '.join(list(parts)[len(modules) :][:3])}, which no layer has; allowed: "
            f"{KINDS}, and the activation of the config."
        )
    for module, (name, part) in itertools.zip_longest(modules, parts.items(), fillvalue=("", {})):
        needed = module.state_dict()
        given = {"num_batches_tracked": torch.tensor(1)} | part if "running_mean" in needed else part
        if missing := sorted(needed.keys() - given.keys()):
            raise UserError(f"{path} lacks {'.'.join(filter(None, (name, missing[0])))} of {_kind(module)}.")
        if more := sorted(given.keys() - needed.keys()):
            raise UserError(f"{path} holds {name}.{more[0]}, which {_kind(module)} has not.")
        for leaf, tensor in given.items():
            if tensor.shape != needed[leaf].shape:
                shapes = f"{list(tensor.shape)}; allowed: {list(needed[leaf].shape)}"
                raise UserError(f"{path}: {name}.{leaf} is {shapes}, as {_kind(module)} has.")
        module.load_state_dict(given)


def _kind(module: nn.Module) -> str:
    return f"the {type(module).__name__} of a layer"
