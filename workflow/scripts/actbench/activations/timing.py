"""What an activation function itself costs, forward and backward."""

import functools
import time
from collections.abc import Callable, Mapping

import pyarrow as pa
import torch

from actbench.activations import registry
from actbench.runtime import devices, provenance
from actbench.storage import parquet

SCHEMA = pa.schema(
    [
        pa.field("activation", parquet.NAME, nullable=False),
        pa.field("direction", pa.string(), nullable=False),
        pa.field("round", pa.int16(), nullable=False),
        pa.field("ns_per_element", pa.float64(), nullable=False),
    ]
)
ROUNDS = 15
ROUND_SECONDS = 0.005


def run(job: object) -> None:
    """Time a study's activations as the job of its rule: `job` is the script's `snakemake`."""
    params = job.params
    torch.set_num_threads(params.threads)
    with devices.claimed(job.config["device"] if job.resources.gpu else "cpu") as device:
        rows = measure(params.specs, params.shape, device)
    record = {
        "params": {key: params[key] for key in ("specs", "shape", "threads")},
        "provenance": provenance.describe(params.code, device),
        "seconds": provenance.seconds(),
    }
    table = parquet.table(rows, SCHEMA, ["activation", "direction", "round"])
    parquet.write(table, job.output[0], record)


def measure(specs: Mapping[str, Mapping], shape: tuple[int, int], device: str) -> list[dict]:
    """Time each activation's forward and backward pass, in turns, so that a busy moment hits all alike.

    Args:
        specs: by id, see `registry.create`.
        shape: of the pre-activations, mini-batch and width.
        device: `cpu` or `cuda:<i>`.

    Returns:
        Rows of `SCHEMA`; a round repeats the call until it takes 5 ms. What is timed goes from the first call
        to when the device has done the last one: on a GPU the launches, one after another, or the kernels,
        whichever take longer. Training launches a captured step whole, and pays for the kernels only.
    """
    z = torch.randn(shape, generator=torch.Generator().manual_seed(0)).to(device).requires_grad_()
    upstream = torch.ones_like(z)
    wait = _waiting(device)
    calls = {}
    for key, spec in specs.items():
        module, other = (registry.create(spec).to(device) for _ in range(2))
        h = other(z)  # a forward pass may change a module's state, which the backward pass of before needs
        calls[key, "forward"] = lambda module=module: module(z)
        calls[key, "backward"] = lambda h=h: torch.autograd.grad(h, z, upstream, retain_graph=True)
    repeats = {place: _repeats(call, wait) for place, call in calls.items()}
    return [
        {
            "activation": key,
            "direction": direction,
            "round": number,
            "ns_per_element": _seconds(call, repeats[key, direction], wait) / z.numel() * 1e9,
        }
        for number in range(1, ROUNDS + 1)
        for (key, direction), call in calls.items()
    ]


def _waiting(device: str) -> Callable[[], None]:
    """What waits until a device has done all that it was given; a CPU always has."""
    return functools.partial(torch.cuda.synchronize, device) if device.startswith("cuda") else lambda: None


def _repeats(call: Callable[[], object], wait: Callable[[], None]) -> int:
    """How often a call fits into a round, after a first one that warms up."""
    call()
    return max(1, round(ROUND_SECONDS / max(_seconds(call, 3, wait), 1e-7)))


def _seconds(call: Callable[[], object], repeats: int, wait: Callable[[], None]) -> float:
    """Mean time of a call."""
    wait()
    started = time.perf_counter()
    for _ in range(repeats):
        call()
    wait()
    return (time.perf_counter() - started) / repeats
