"""Plain numbers that a module keeps as attributes, stored with its parameters and buffers."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

MARK = "#"  # before an attribute's name; no parameter or buffer of a module is called so
LARGEST = 2**63 - 1
OURS = frozenset(vars(nn.Module()))
TYPES = {bool: torch.bool, int: torch.int64, float: torch.float64}
FIXED = ("torch.nn.modules.activation", "actbench.activations")  # whose classes keep all that they are


def keep_numbers(module: nn.Module) -> None:
    """Let `state_dict` and `load_state_dict` of a module include the numbers among its attributes.

    Each int, float and bool of the module and of the modules in it is an entry `{place}.#{attribute}`, a
    tensor without dimensions. An int beyond 64 bits is left out.
    """
    for part in module.modules():
        if isinstance(part, torch.jit.ScriptModule):  # takes no hooks, and keeps its state as buffers
            continue
        part.register_state_dict_post_hook(_add)
        part.register_load_state_dict_pre_hook(_take)


def fixed(module: nn.Module) -> tuple | None:
    """Class and attributes of an activation, which two modules share that are the same function.

    None of a module that learns or keeps more than numbers and texts, or whose class is neither torch's nor
    ours: what its function depends on is not known.
    """
    kind, own = type(module), {name: value for name, value in vars(module).items() if name not in OURS}
    ours = kind.__module__ in FIXED or kind.__module__.startswith(f"{FIXED[1]}.")
    plain = all(value is None or type(value) in (*TYPES, str) for value in own.values())
    hooked = module._forward_hooks or module._forward_pre_hooks
    if not ours or not plain or hooked or [*module.parameters(), *module.buffers(), *module.children()]:
        return None
    return kind, *sorted(own.items())


def _add(module: nn.Module, state: dict[str, Tensor], prefix: str, *_: object) -> None:
    for name, number, kind in _numbers(module):
        state[prefix + MARK + name] = torch.tensor(number, dtype=TYPES[kind])


def _take(module: nn.Module, state: dict[str, Tensor], prefix: str, *_: object) -> None:
    for key in [key for key in state if key.startswith(prefix + MARK)]:
        setattr(module, key.removeprefix(prefix + MARK), state.pop(key).item())


def _numbers(module: nn.Module) -> Iterator[tuple[str, float, type]]:
    for name, value in vars(module).items():
        kind = type(value) if type(value) in TYPES else None
        too_large = kind is int and abs(value) > LARGEST
        if name not in OURS and kind is not None and not too_large:
            yield name, value, kind
