"""A training step as a CUDA graph: launched whole, without Python or a launch for each of its kernels."""

import contextlib
from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

from actbench.errors import one_line

WARM_UP = 3  # https://docs.pytorch.org/docs/stable/notes/cuda.html#cuda-graphs


def captured(
    step: Callable[[Tensor], None],
    example: Tensor,
    changed: Sequence[Tensor],
    log: Callable[[str], None] = lambda line: None,
    pure: bool = True,
) -> Callable[[Tensor], None]:
    """Give `step` as a CUDA graph, or itself where there is no GPU or the step cannot be captured.

    Args:
        step: takes a tensor of fixed shape and changes tensors in place; what it leaves in attributes
            stays at the same place in memory from replay to replay.
        example: an argument of the right shape, type and device.
        changed: every tensor that a step changes; they are the same afterwards as before.
        log: is called with why a step could not be captured: the first error, and not what followed from it.
        pure: whether a step draws no random numbers, and keeps nothing but the tensors in `changed`. A replay
            runs no Python: a state that the step binds anew or counts in Python would stand still.
    """
    if example.device.type != "cuda":
        return step
    if not pure:
        reason = "the network is not pure, or its activation does not say cuda_graph_safe"
        log(f"no CUDA graph, each kernel is launched by itself: {reason}")
        return step
    before = [tensor.clone() for tensor in changed]
    try:
        with torch.cuda.device(example.device):
            return _capture(step, example)
    except RuntimeError as error:
        log(f"no CUDA graph, each kernel is launched by itself: {_first(error)}")
        return step
    finally:
        torch.cuda.synchronize(example.device)
        for tensor, value in zip(changed, before, strict=True):
            tensor.copy_(value)


def _capture(step: Callable[[Tensor], None], example: Tensor) -> Callable[[Tensor], None]:
    argument = example.clone()
    _warm_up(step, argument)
    graph = torch.cuda.CUDAGraph()
    # `torch.cuda.graph` leaves its own stream current when its capture fails.
    with torch.cuda.stream(torch.cuda.current_stream()), torch.cuda.graph(graph):
        step(argument)

    def replay(new: Tensor) -> None:
        with torch.cuda.device(argument.device):
            argument.copy_(new)
            graph.replay()

    return replay


def _warm_up(step: Callable[[Tensor], None], argument: Tensor) -> None:
    """Take steps aside from the current stream.

    The last one fails where it would wait for the GPU: no graph can hold that, and a capture that fails may
    leave a process in which no other succeeds.
    """
    aside = torch.cuda.Stream()
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):
        for _ in range(WARM_UP - 1):
            step(argument)
        with _never_waiting():
            step(argument)
    torch.cuda.current_stream().wait_stream(aside)


@contextlib.contextmanager
def _never_waiting() -> Iterator[None]:
    """Let torch refuse what waits for the GPU, such as `.item()`."""
    before = torch.cuda.get_sync_debug_mode()
    torch.cuda.set_sync_debug_mode("error")
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode(before)


def _first(error: BaseException) -> str:
    """The first line of the error that others followed from."""
    while error.__context__ is not None:
        error = error.__context__
    return one_line(error)
