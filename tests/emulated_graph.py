"""CUDA graphs on the CPU: what a step does to memory is recorded, and done again without Python or autograd.

`captured` goes the way of `cuda_graph.captured` itself, with a stand-in for `torch.cuda`.
"""

import contextlib
from types import SimpleNamespace
from unittest.mock import patch

import torch
from actbench.training import cuda_graph
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

REAL = cuda_graph.captured
WAITING = {"aten::_local_scalar_dense", "aten::nonzero", "aten::masked_select", "aten::_unique2"}


class Graph:
    """Operations with their very tensors, in order."""

    def __init__(self):
        self.tape = []

    def replay(self):
        with torch.no_grad():
            for function, given, keywords, left in self.tape:
                found = function(*given, **keywords)
                for old, new in zip(tree_leaves(left), tree_leaves(found), strict=True):
                    if isinstance(old, Tensor) and _place(old) != _place(new):
                        old.detach().copy_(new)


class Recording(TorchDispatchMode):
    """A capture; the step runs as well, and what it changed is put back by `cuda_graph.captured`."""

    def __init__(self, graph):
        super().__init__()
        self.tape = graph.tape

    def __torch_dispatch__(self, function, types, given=(), keywords=None):
        left = function(*given, **(keywords or {}))
        self.tape.append((function, given, keywords or {}, left))
        return left


class Refusing(TorchDispatchMode):
    """What `set_sync_debug_mode("error")` is on a GPU."""

    def __torch_dispatch__(self, function, types, given=(), keywords=None):
        if function._schema.name in WAITING:
            raise RuntimeError("called a synchronizing CUDA operation\nmore")
        return function(*given, **(keywords or {}))


class Cuda:
    """What capturing asks of `torch.cuda`."""

    def __init__(self):
        self.mode, self.refusing = 0, None
        self.stream_in_use = SimpleNamespace(wait_stream=lambda other: None)

    def get_sync_debug_mode(self):
        return self.mode

    def set_sync_debug_mode(self, mode):
        self.mode = mode
        if mode == "error":
            self.refusing = Refusing()
            self.refusing.__enter__()
        else:
            self.refusing.__exit__(None, None, None)

    def stand_ins(self):
        return {
            "CUDAGraph": Graph,
            "Stream": lambda: SimpleNamespace(wait_stream=lambda other: None),
            "current_stream": lambda: self.stream_in_use,
            "device": contextlib.nullcontext,
            "get_sync_debug_mode": self.get_sync_debug_mode,
            "graph": Recording,
            "set_sync_debug_mode": self.set_sync_debug_mode,
            "stream": contextlib.nullcontext,
            "synchronize": lambda device: None,
        }


def captured(step, example, changed, log=lambda line: None, pure=True):
    """`cuda_graph.captured` as if `example` were on a GPU."""
    on_gpu = SimpleNamespace(device=SimpleNamespace(type="cuda"), clone=example.clone)
    with patch.multiple(torch.cuda, **Cuda().stand_ins()):
        replay = REAL(step, on_gpu, changed, log, pure)
    if replay is step:
        return step

    def launched(new):
        with patch.object(torch.cuda, "device", contextlib.nullcontext):
            replay(new)

    return launched


def _place(tensor):
    return tensor.untyped_storage().data_ptr()
