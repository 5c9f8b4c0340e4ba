"""The twelve trained networks that UvA published: the numbers printed of them beside ours.

Those of JAX are pickles. They are read instruction by instruction; nothing that they name is imported or
called.
"""

import json
import math
import pickletools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from actbench.activations import registry
from actbench.errors import UserError
from actbench.networks import modes, statedicts
from actbench.networks.families import mlp
from actbench.storage import files
from actbench.verification import checkpoint_files
from actbench.verification import published as ref

FROZEN, DTYPE, NDARRAY = "flax.core.frozen_dict FrozenDict", "numpy dtype", "numpy ndarray"
ARRAYS = {f"numpy.{core}.multiarray _reconstruct" for core in ("core", "_core")}  # of numpy 1 and 2
NAMED = {FROZEN, DTYPE, NDARRAY, *ARRAYS}  # all that the published pickles name
LITERALS = {"BINUNICODE", "BININT", "BININT1", "BININT2", "BINBYTES", "SHORT_BINBYTES"}
CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
MARK = object()


def load(folder: str | Path, source: str, name: str) -> mlp.MLP:
    """One network, in evaluation mode.

    Args:
        folder: see `checkpoint_files.paths`.
        source: `published.UVA_PYTORCH` or `published.UVA_JAX`.
        name: of its activation.

    Raises:
        UserError: the file would run code, is not whole, or holds another network than was published.
    """
    path = Path(folder, checkpoint_files.FOLDERS[source], f"FashionMNIST_{name}.tar")
    _check_description(path.with_suffix(".config"), name)
    state = statedicts.read(path) if source == ref.UVA_PYTORCH else flax(path)
    n_inputs, *_, n_classes = ref.UVA_SIZES
    network, shape = statedicts.network(state, path, registry.named(name), n_inputs, n_classes)
    if shape != statedicts.Shape(ref.UVA_SIZES, "none", bias=True):
        allowed = f"{list(ref.UVA_SIZES)}, with biases"
        raise UserError(f"{path} has the sizes {list(shape.sizes)}; allowed: {allowed}.")
    return network


def accuracy(network: mlp.MLP, x: Tensor, y: Tensor) -> float:
    """Share of the inputs [N, 784] whose largest logit is that of their class [N]."""
    with modes.frozen(network):
        return (network(x).argmax(dim=1) == y).double().mean().item()


def flax(path: str | Path) -> dict[str, Tensor]:
    """The state dict of a pickled flax network of Dense layers; its kernels are weights transposed.

    Raises:
        UserError: it holds anything else, or a number that is not finite.
    """
    content = files.read_bytes(path)
    try:
        layers = _dictionary(_Pickle(path).read(content))["params"]
        arrays = {
            (layer, leaf): _array(value)
            for layer, leaves in _dictionary(layers).items()
            for leaf, value in _dictionary(leaves).items()
        }
        words = {"kernel": "weight", "bias": "bias"}
        state = {
            f"{layer}.{words[leaf]}": array.mT.contiguous() if array.ndim > 1 else array
            for (layer, leaf), array in arrays.items()
        }
    except UserError:
        raise
    except Exception as error:  # a stranger's file leads to whatever it likes
        raise UserError(
            f"{path} is no pickle of a flax network's params, or not all of one; allowed: what the notebook "
            "wrote."
        ) from error
    for name, tensor in state.items():
        if not tensor.isfinite().all():
            raise UserError(f"{path}: {name} holds a number that is not finite; allowed: finite ones.")
    return state


@dataclass
class _Made:
    """What a pickle would have a function make, which is not called: its name, arguments and state."""

    name: object
    arguments: tuple
    state: object = None


class _Pickle:
    """Reads the few instructions that a pickle of dictionaries of numpy arrays consists of."""

    def __init__(self, path: str | Path):
        self.path, self.stack, self.memo = path, [], {}

    def read(self, content: bytes) -> object:
        for code, argument, _ in pickletools.genops(content):
            if code.name == "STOP":
                (found,) = self.stack
                return found
            self.step(code.name, argument)
        raise ValueError("no end")

    def step(self, name: str, argument: object) -> None:
        stack = self.stack
        if name in LITERALS or name in CONSTANTS:
            stack.append(CONSTANTS.get(name, argument))
        elif name == "GLOBAL" and argument in NAMED:
            stack.append(argument)
        elif name == "MARK":
            stack.append(MARK)
        elif name == "EMPTY_DICT":
            stack.append({})
        elif name in ("BINPUT", "LONG_BINPUT"):
            self.memo[argument] = stack[-1]
        elif name in ("BINGET", "LONG_BINGET"):
            stack.append(self.memo[argument])
        elif name in ("TUPLE1", "TUPLE2", "TUPLE3"):
            n = int(name[-1])
            stack[-n:] = [tuple(stack[-n:])]
        elif name == "TUPLE":
            stack.append(tuple(self.since_mark()))
        elif name == "SETITEM":
            *_, found, key, value = stack
            found[key] = value
            del stack[-2:]
        elif name == "SETITEMS":
            items = self.since_mark()
            stack[-1].update(zip(items[::2], items[1::2], strict=True))
        elif name == "REDUCE":
            arguments = stack.pop()
            stack.append(_Made(stack.pop(), arguments))
        elif name == "BUILD":
            state = stack.pop()
            stack[-1].state = state
        elif name != "PROTO":
            what = f"names {argument}" if name == "GLOBAL" else f"has the instruction {name}"
            raise UserError(
                f"{self.path} {what}, which could run code; allowed: dictionaries of numpy's arrays."
            )

    def since_mark(self) -> list:
        """What was put on the stack since the last mark, taken from it with the mark."""
        place = len(self.stack) - 1 - self.stack[::-1].index(MARK)
        found = self.stack[place + 1 :]
        del self.stack[place:]
        return found


def _dictionary(value: object) -> Mapping:
    """A dictionary, or a FrozenDict of one."""
    if isinstance(value, _Made) and value.name == FROZEN:
        (value,) = value.arguments
    if not isinstance(value, Mapping):
        raise TypeError(value)
    return value


def _array(made: object) -> Tensor:
    """A float32 array of numpy's, as it pickles: version, shape, dtype, column by column or not, bytes."""
    if not isinstance(made, _Made) or made.name not in ARRAYS:
        raise TypeError(made)
    _, shape, kind, by_column, content = made.state
    if kind.name != DTYPE or kind.arguments[0] != "f4" or kind.state[1] != "<" or by_column:
        raise TypeError(kind)
    if len(content) != 4 * math.prod(shape):
        raise ValueError(shape)
    return torch.from_numpy(np.frombuffer(content, "<f4").reshape(shape).copy())


def _check_description(path: Path, name: str) -> None:
    """Compare what stands beside a network with what was published."""
    try:
        described = json.loads(files.read_bytes(path))
        found = (described["act_fn"]["name"].lower(), *described["hidden_sizes"], described["num_classes"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UserError(f"{path} does not describe a network; allowed: what the notebook wrote.") from error
    if found != (name, *ref.UVA_SIZES[1:]):
        sizes = ", ".join(map(str, found))
        allowed = ", ".join(map(str, ref.UVA_SIZES[1:]))
        raise UserError(f"{path} describes {sizes}; allowed: {name}, {allowed}.")
