"""Settings of the process that own code must leave as they are: numbers depend on them, or the job itself."""

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator

import numpy as np
import torch

# Of libraries that compute; others set variables of their own when they are imported.
VARIABLES = (
    "ATEN_",
    "CUBLAS_",
    "CUDA_",
    "DNNL_",
    "MKL_",
    "NVIDIA_",
    "OMP_",
    "ONEDNN_",
    "OPENBLAS_",
    "PYTORCH_",
)


def _variables() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith(VARIABLES)}


def _set_variables(before: dict[str, str]) -> None:
    for name in _variables().keys() - before.keys():
        del os.environ[name]
    os.environ.update(before)


def _handlers() -> dict[int, object]:
    return {number: signal.getsignal(number) for number in signal.valid_signals()}


def _set_handlers(before: dict[int, object]) -> None:
    for number, handler in before.items():
        if signal.getsignal(number) != handler and threading.current_thread() is threading.main_thread():
            signal.signal(number, handler)


def _set_device(device: torch.device) -> None:
    torch.set_default_device(None if device.type == "cpu" else device)


def _denormals_are_zero(_: object = None) -> bool:
    """Torch tells nobody how it was set for this thread."""
    return sys.float_info.min / 2 == 0


def _of(place: object, name: str) -> tuple[Callable, Callable]:
    """How an attribute is read and set."""
    return lambda: getattr(place, name), lambda value: setattr(place, name, value)


SWITCHES: dict[str, tuple[Callable[[], object], Callable[[object], object]]] = {
    "torch's number of threads": (torch.get_num_threads, torch.set_num_threads),
    "torch's default dtype": (torch.get_default_dtype, torch.set_default_dtype),
    "torch's default device": (torch.get_default_device, _set_device),
    "torch's gradient mode": (torch.is_grad_enabled, torch.set_grad_enabled),
    "torch's deterministic mode": (torch.get_deterministic_debug_mode, torch.set_deterministic_debug_mode),
    "torch's filling of new memory": _of(torch.utils.deterministic, "fill_uninitialized_memory"),
    "torch's precision of matrix products": (
        torch.get_float32_matmul_precision,
        torch.set_float32_matmul_precision,
    ),
    "torch's flushing of denormal numbers": (_denormals_are_zero, torch.set_flush_denormal),
    "torch's anomaly detection": (torch.is_anomaly_enabled, torch.autograd.set_detect_anomaly),
    "torch's autocast": (
        lambda: torch.is_autocast_enabled("cpu"),
        lambda value: torch.set_autocast_enabled("cpu", value),
    ),
    "cuDNN's benchmark mode": _of(torch.backends.cudnn, "benchmark"),
    "cuDNN's deterministic mode": _of(torch.backends.cudnn, "deterministic"),
    "numpy's handling of errors": (np.geterr, lambda value: np.seterr(**value)),
    "environment variables of libraries that compute": (_variables, _set_variables),
    "the working directory": (os.getcwd, os.chdir),
    "the handlers of signals": (_handlers, _set_handlers),
    "sys.excepthook": _of(sys, "excepthook"),
}


@contextlib.contextmanager
def restored() -> Iterator[list[str]]:
    """All switches are as before afterwards; the list then names those that had changed."""
    before = {name: get() for name, (get, _) in SWITCHES.items()}
    changed = []
    try:
        yield changed
    finally:
        for name, (get, put_back) in SWITCHES.items():
            if get() != before[name]:
                changed.append(name)
                put_back(before[name])


@contextlib.contextmanager
def kept(refusal: Callable[[str], Exception]) -> Iterator[None]:
    """Refuse a change of a switch; all are as before afterwards, whatever happened.

    Args:
        refusal: makes the exception from the words “changes …”.

    Raises:
        what `refusal` makes: one has changed, and nothing else was raised.
    """
    with restored() as changed:
        yield
    if changed:
        raise refusal(f"changes {' and '.join(changed)}")
