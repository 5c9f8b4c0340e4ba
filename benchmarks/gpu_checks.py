"""What must hold on a GPU before any speed counts, and what a failed capture does."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import setting
import torch
from actbench.activations import registry
from actbench.data.subsets import Data, Subset
from actbench.networks.families import mlp
from actbench.networks.family import Recipe
from actbench.runtime import provenance, seeds
from actbench.training import cuda_graph, fitting
from gpu_run import Run

ROOT = Path(__file__).resolve().parent.parent
SIZES = (12, 32, 16, 4)
FAR = 1e-3  # a weight that is further from the CPU's after a few steps is worth a line
LONGEST = 80.0  # seconds of `correctness`
QUERY = "name,driver_version,clocks.sm,clocks.max.sm,clocks.mem,power.limit,temperature.gpu,utilization.gpu"


def environment(run: Run) -> None:
    """Hardware and versions."""
    run.say(
        "environment",
        device=provenance.device_name(run.device),
        torch=torch.__version__,
        python=sys.version.split()[0],
        cuda=torch.version.cuda,
        cores=os.cpu_count(),
        properties=str(torch.cuda.get_device_properties(0)) if run.gpu else None,
        nvidia_smi=_nvidia_smi() if run.gpu else None,
        **provenance.commit(ROOT / "workflow" / "scripts"),
    )


def _nvidia_smi() -> str:
    command = ["nvidia-smi", f"--query-gpu={QUERY}", "--format=csv,noheader"]
    return subprocess.run(command, capture_output=True, text=True, timeout=20).stdout.strip()


def correctness(run: Run) -> None:
    """Each activation and update rule, alone and three together: the same bytes twice, replayed and launched
    kernel by kernel, and weights near those of the CPU. A line for each that is otherwise, and one for all.
    """
    data, names = _toy(), list(registry.REGISTRY)
    there = data.to(run.device)
    names = [name for name in names if not run.small or name in ("relu", "prelu", "rrelu")]
    end, n_cases, n_otherwise, furthest = run.left - LONGEST, 0, 0, 0.0
    for name in names:
        for optimizer in ("sgd", "adam"):
            recipe = replace(
                setting.settings(epochs=2), optimizer=optimizer, batch_size=64, keep="last", histograms=True
            )
            fitting.prepare_torch(recipe)
            ((on_cpu,), _) = fitted(name, 1, data, recipe, "cpu")
            for n in (1, 3):
                if run.left < end:
                    run.say("correctness", stopped=f"after {LONGEST:.0f} s, before {name}")
                    return
                first, lines = fitted(name, n, there, recipe, run.device)
                again, _ = fitted(name, n, there, recipe, run.device)
                with kernel_by_kernel():
                    plain, _ = fitted(name, n, there, recipe, run.device)
                random = name == "rrelu"
                far = 0.0 if random else distance(first[0], on_cpu)
                otherwise = {
                    "twice": difference(first, again),
                    "replayed": difference(first, plain),
                    "far_from_cpu": far if far > FAR else None,
                    "lines": lines if bool(lines) != (random and run.gpu) else None,
                }
                n_cases, furthest = n_cases + 1, max(furthest, far)
                if any(otherwise.values()):
                    n_otherwise += 1
                    run.say("correctness", activation=name, optimizer=optimizer, n=n, **otherwise)
    run.say("correctness", cases=n_cases, otherwise=n_otherwise, furthest_from_cpu=furthest)


def fitted(
    name: str, n: int, data: Data, recipe: fitting.Settings, device: str
) -> tuple[list[fitting.Fit], list[str]]:
    """Fits of n networks, and the lines that tell of no epoch."""
    members = [mlp.build(Recipe(SIZES, name), seeds.generator(s, "weights")).to(device) for s in range(n)]
    lines, batches = [], [seeds.generator(s, "batches") for s in range(n)]
    fits = fitting.fit(members, data, recipe, batches, lines.append)
    return fits, [line for line in lines if "epoch" not in line]


def difference(one: list[fitting.Fit], other: list[fitting.Fit]) -> str | None:
    """Where fits differ in a bit, if anywhere."""
    for first, second in zip(one, other, strict=True):
        for what in ("status", "history", "histograms"):
            if str(getattr(first, what)) != str(getattr(second, what)):
                return what
        if any(not torch.equal(first.state[name], second.state[name]) for name in first.state):
            return "weights"
    return None


def distance(one: fitting.Fit, other: fitting.Fit) -> float:
    """The largest difference of a weight."""
    return max((one.state[name].cpu() - own.cpu()).abs().max().item() for name, own in other.state.items())


@contextlib.contextmanager
def kernel_by_kernel() -> Iterator[None]:
    """Without CUDA graphs."""
    before, cuda_graph.captured = cuda_graph.captured, lambda step, *rest: step
    try:
        yield
    finally:
        cuda_graph.captured = before


def _toy() -> Data:
    generator = torch.Generator().manual_seed(0)

    def subset(n: int) -> Subset:
        x = torch.randn(n, SIZES[0], generator=generator)
        return Subset(x, x[:, : SIZES[-1]].argmax(dim=1))

    return Data(subset(512), subset(128), subset(0), SIZES[-1])


def gpu_tests(run: Run) -> None:
    """`tests/gpu`, in a process of its own."""
    options = ["--confcutdir=tests/gpu", "-p", "no:cacheprovider", "-ra", "--tb=short", "tests/gpu"]
    only = ["--collect-only"] if run.small else []
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *only],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=max(20, min(180, run.left)),
        env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )
    run.say("gpu_tests", status=done.returncode, last=done.stdout.strip().splitlines()[-1:])
    if done.returncode:
        run.say("gpu_tests", output=done.stdout[-6000:], errors=done.stderr[-1000:])


def failed_capture(run: Run) -> None:
    """A capture that fails, without the step that finds it before; last, for it may spoil the process."""
    if not run.gpu:
        run.say("failed_capture", left_out="no GPU")
        return
    total, new, lines = torch.zeros(2, device=run.device), torch.ones(2, device=run.device), []
    warm_up, cuda_graph._warm_up = cuda_graph._warm_up, lambda step, argument: step(argument)
    try:
        cuda_graph.captured(lambda x: total.add_(x.sum().item()), new, [total], lines.append)
    finally:
        cuda_graph._warm_up = warm_up
    own_stream = torch.cuda.current_stream() == torch.cuda.default_stream()
    run.say("failed_capture", lines=list(lines), stream_put_back=own_stream, state_put_back=total.tolist())
    step = lambda x: total.add_(x)  # noqa: E731
    again = cuda_graph.captured(step, new, [total], lines.append)
    again(new)
    run.say("failed_capture", captures_again=again is not step, total=total.tolist(), lines=lines[1:])
