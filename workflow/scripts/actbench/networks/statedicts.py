"""Multilayer perceptrons that others trained: a state dict from a file, and the network that it is of."""

import itertools
import re
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from actbench.errors import DamagedError, UnreadableError, UserError, one_line
from actbench.networks.families import mlp
from actbench.storage import tensors

WRAPPED = ("state_dict", "model_state_dict")  # under which training scripts keep it, beside other things
FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
COUNTS = (*FLOATS, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)
LONGEST_NAME = 1000  # characters
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
        UserError: it is no such file, or holds anything but dense tensors of finite numbers with a point.
    """
    state = _safetensors(path) if Path(path).suffix == ".safetensors" else _torch(path)
    return {name: _checked(name, tensor, path) for name, tensor in state.items()}


def _checked(name: str, tensor: Tensor, path: str | Path) -> Tensor:
    """A tensor as float32, or as it is where it counts batches."""
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise UserError(
            f"{path} holds the name {name[:40]!a}…; allowed: up to {LONGEST_NAME} printable characters."
        )
    counts = name.rpartition(".")[2] == "num_batches_tracked"
    if tensor.dtype not in (COUNTS if counts else FLOATS):
        allowed = "whole numbers" if counts else "float16, bfloat16, float32 and float64"
        raise UserError(f"{path}: {name} is of {tensor.dtype}; allowed: {allowed}.")
    if tensor.is_nested or tensor.layout != torch.strided or tensor.device.type != "cpu":
        kind = "nested" if tensor.is_nested else f"{tensor.layout} on {tensor.device}"
        raise UserError(f"{path}: {name} is {kind}; allowed: dense tensors with all their entries.")
    if not tensor.numel():
        raise UserError(f"{path}: {name} is {list(tensor.shape)}; allowed: tensors of one number or more.")
    found = tensor if counts else tensor.float()
    if not found.isfinite().all():
        raise UserError(f"{path}: {name} holds a number that is not finite as float32; allowed: finite ones.")
    return found


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
    except UserError:
        raise
    except Exception as error:  # of types of numbers that torch has not
        raise UserError(f"{path} holds what cannot be read: {one_line(error)}.") from error


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
    return [int(text) if text.isdecimal() else text for text in re.split(r"(\d+)", item[0])]


def _ordered(
    linears: Mapping[str, Mapping], path: str | Path, n_inputs: int, n_classes: int
) -> dict[str, Mapping]:
    """Linear layers from inputs to logits: by their numbers, else in the one order that shapes allow."""
    if not linears:
        raise UserError(f"{path} holds no weight of a Linear layer; allowed: an MLP of {KINDS}.")
    names = [name for name, _ in sorted(linears.items(), key=_natural)]
    shapes = {name: tuple(linears[name]["weight"].shape) for name in names}
    if len({re.sub(r"\d+", "#", name) for name in names}) == 1:
        order = names
    else:
        order = _chain(names, shapes, n_inputs, n_classes, path)
    for name, after in itertools.pairwise(order):
        if shapes[name][0] != shapes[after][1]:
            raise UserError(
                f"{path}: {after}.weight is {list(shapes[after])} after {name}.weight, {list(shapes[name])}; "
                f"allowed: [any, {shapes[name][0]}]."
            )
    ends = (shapes[order[0]][1], shapes[order[-1]][0]) if order else None
    if ends != (n_inputs, n_classes):
        listed = ", ".join(f"{name} {list(shapes[name])}" for name in names[:6])
        raise UserError(
            f"{path}: its layers {listed} do not lead from {n_inputs} inputs to {n_classes} classes, those "
            "of the data set."
        )
    if len(names) == 1:
        raise UserError(f"{path} holds one Linear layer; allowed: a network with a hidden layer or more.")
    return {name: linears[name] for name in order}


def _chain(
    names: Sequence[str],
    shapes: Mapping[str, tuple[int, int]],
    n_inputs: int,
    n_classes: int,
    path: str | Path,
) -> list[str]:
    """The one order of all names in which each weight [n_out, n_in] takes what the one before gives.

    Layers are edges between widths, and an order is an Eulerian trail. One goes on with any edge after which
    all others can be reached (Fleury 1883), so that two such edges are two orders.

    Returns:
        No name, if there is no order.

    Raises:
        UserError: there are several.
    """
    leave = Counter([*(shapes[name][1] for name in names), n_classes])
    arrive = Counter([*(shapes[name][0] for name in names), n_inputs])
    found, rest, at = [], list(names), n_inputs
    if leave != arrive or not _reaches(at, rest, shapes):
        return []
    while rest:
        ahead = [name for name in rest if shapes[name][1] == at]
        fits = (
            name
            for name in ahead
            if len(ahead) == 1
            or _reaches(shapes[name][0], [other for other in rest if other != name], shapes)
        )
        name, *others = itertools.islice(fits, 2)
        if others:
            raise UserError(
                f"{path}: its layers {', '.join(names[:6])} fit together in several orders; allowed: names "
                "that differ in a number only."
            )
        found.append(name)
        rest.remove(name)
        at = shapes[name][0]
    return found


def _reaches(width: int, names: Sequence[str], shapes: Mapping[str, tuple[int, int]]) -> bool:
    """Whether all these layers come after a width, directly or through one another."""
    after: dict[int, set[int]] = {}
    for name in names:
        after.setdefault(shapes[name][1], set()).add(shapes[name][0])
    reached, ahead = set(), {width}
    while ahead:
        reached |= ahead
        ahead = set().union(*(after.get(each, ()) for each in ahead)) - reached
    return after.keys() <= reached


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
        module.load_state_dict(_counted(given, f"{path}: {name}") if "running_var" in needed else given)


def _counted(norm: Mapping[str, Tensor], what: str) -> Mapping[str, Tensor]:
    """Batch normalisation whose count says that it has statistics, where they are not 0 and 1, the first."""
    mean, variance = norm["running_mean"], norm["running_var"]
    if (variance < 0).any():
        raise UserError(f"{what}.running_var holds {variance.min():g}; allowed: numbers from 0.")
    if norm["num_batches_tracked"] < 1 and ((mean != 0).any() or (variance != 1).any()):
        return {**norm, "num_batches_tracked": torch.tensor(1)}
    return norm


def _kind(module: nn.Module) -> str:
    return f"the {type(module).__name__} of a layer"
