"""How fast a GPU trains: the hardware's ceilings, steps, an epoch's parts, a job, a study of 180 networks."""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import contenders
import gpu_checks
import gpu_job
import pandas as pd
import setting
import torch
from actbench.networks.families import mlp
from actbench.networks.family import Recipe
from actbench.runtime import seeds
from actbench.training import fitting, loop
from actbench.training.stack import Stack
from gpu_run import Run
from torch import Tensor, func, nn

ACTIVATIONS = ("sigmoid", "tanh", "relu", "leakyrelu", "elu", "swish")
DEPTHS = {2: (512, 256), 4: (512, 256, 256, 128), 10: (256,) * 5 + (128,) * 5}
PRECISIONS = ("highest", "high")
PROGRAM = Path(__file__).with_name("gpu.py")
SEEDS, EPOCHS = 10, 50
STEP_DEPTH = 4
PRODUCTS = ((256, 784, 512), (256, 256, 256), (512, 256, 256), (256, 128, 10))  # of a step, [m, k] and [k, n]


class Vmapped(Stack):
    """The same stack by `torch.func`, for comparison: one network's code over stacked parameters."""

    def __init__(self, members: list[nn.Module]):
        nn.Module.__init__(self)
        self.networks = nn.ModuleList(members)
        self.parameters_of, self.buffers_of = func.stack_module_state(members)

    @property
    def trainable(self) -> list[Tensor]:
        return list(self.parameters_of.values())

    def forward(self, x: Tensor) -> Tensor:
        def one(parameters: dict, buffers: dict, own: Tensor) -> Tensor:
            return func.functional_call(self.networks[0], (parameters, buffers), (own,))

        return func.vmap(one)(self.parameters_of, self.buffers_of, x)

    def gradients(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, tuple[Tensor, ...]]:
        logits = self(x)
        losses = nn.functional.cross_entropy(logits.flatten(0, 1), y.flatten(), reduction="none")
        losses = losses.view(y.shape).mean(dim=1)
        return logits, losses, torch.autograd.grad(losses.sum(), self.trainable)

    def keep_gradients(self, gradients) -> None:
        pass


def members(activation: str, hidden: tuple, n_seeds: int, device: str) -> list[nn.Module]:
    """Networks of a block, each from its own seed."""
    recipe = Recipe((setting.SIZES[0], *hidden, setting.SIZES[-1]), activation)
    return [mlp.build(recipe, seeds.generator(s, "weights")).to(device) for s in range(n_seeds)]


def trainer(
    run: Run, activation: str, depth: int, n: int, precision: str = "highest", kind: type[Stack] = Stack
) -> loop.Trainer:
    """Of n networks, as a job makes it."""
    recipe = setting.settings(precision)
    fitting.prepare_torch(recipe)
    stack = kind(members(activation, DEPTHS[depth], n, run.device))
    tell = lambda line: run.say("trainer", activation=activation, depth=depth, n_networks=n, line=line)  # noqa: E731
    return loop.Trainer(stack, run.data.train, fitting.optimizer(stack, recipe), setting.BATCH, tell)


def some_rows(run: Run, n: int) -> Tensor:
    """Numbers of images of a mini-batch for each of n networks."""
    return torch.randint(run.images.n_train, (n, setting.BATCH), device=run.device)


def ceilings(run: Run) -> None:
    """The most that the hardware gives: one large product, batched ones of a step, copies, empty launches."""
    side = 256 if run.small else 8192
    for precision in PRECISIONS:
        torch.set_float32_matmul_precision(precision)
        a, b = (torch.randn(side, side, device=run.device) for _ in range(2))
        took = run.timed(lambda a=a, b=b: torch.mm(a, b), 3)
        run.say(
            "ceilings", of="product", side=side, precision=precision, tflops=2 * side**3 / took["low"] / 1e12
        )
        for n in (2,) if run.small else (10, 60):
            for m, k, o in PRODUCTS:
                a, b = torch.randn(n, m, k, device=run.device), torch.randn(n, k, o, device=run.device)
                took = run.timed(lambda a=a, b=b: torch.bmm(a, b), 50, 3)
                tflops = 2 * n * m * k * o / took["s"] / 1e12
                run.say(
                    "ceilings", of="batched", shape=(n, m, k, o), precision=precision, tflops=tflops, **took
                )
    torch.set_float32_matmul_precision("highest")
    here = torch.empty(2**16 if run.small else 2**28, device=run.device)
    there = torch.empty_like(here)
    took = run.timed(lambda: there.copy_(here), 5)
    run.say("ceilings", of="copy", terabytes_per_second=2 * here.numel() * 4 / took["low"] / 1e12)
    one = torch.zeros((), device=run.device)
    run.say("ceilings", of="launch", **run.timed(lambda: one.add_(1), 1000))


def steps(run: Run) -> None:
    """A step by number of networks, depth and precision; then in other ways, and with other activations."""
    for precision in PRECISIONS:
        for depth in (2,) if run.small else DEPTHS:
            for n in (2,) if run.small else (1, 10, 30, 60):
                step(run, "stack", "relu", depth, n, precision)
    step(run, "stack, kernel by kernel", "relu", STEP_DEPTH, 1, captured=False)
    if run.small:
        return
    step(run, "stack, kernel by kernel", "relu", STEP_DEPTH, SEEDS, captured=False)
    step(run, "stack by vmap", "relu", STEP_DEPTH, SEEDS, kind=Vmapped)
    for activation in ("sigmoid", "gelu", "prelu", "softsign", "relu_autograd"):
        step(run, "stack", activation, STEP_DEPTH, SEEDS)


def step(
    run: Run,
    way: str,
    activation: str,
    depth: int,
    n: int,
    precision: str = "highest",
    captured: bool = True,
    kind: type[Stack] = Stack,
) -> None:
    """One line: a step's time and what it comes to."""
    own, rows = trainer(run, activation, depth, n, precision, kind), some_rows(run, n)
    take = own.step if captured else own.take_step
    took = run.timed(lambda: take(rows), 100, 3)
    operations = n * setting.BATCH * own.stack.networks[0].flops[1]
    run.say(
        "steps",
        way=way,
        activation=activation,
        depth=depth,
        n_networks=n,
        precision=precision,
        captured=captured and own.step != own.take_step,
        images_per_second=n * setting.BATCH / took["s"],
        tflops=operations / took["s"] / 1e12,
        **took,
    )


def epoch_parts(run: Run) -> None:
    """What an epoch of a block consists of, and what is done once."""
    n = 2 if run.small else SEEDS
    own = trainer(run, "relu", STEP_DEPTH, n)
    batches = [seeds.generator(seed, "batches") for seed in range(n)]
    own.run(batches)
    parts = {
        "epoch without validation": lambda: own.run(batches),
        "next permutations drawn": lambda: own.permutations.draw(batches),
        "permutations handed over": lambda: own.permutations.take(batches),
        "validation": lambda: loop.evaluate(own.stack, run.data.validation),
        "copies of the weights": lambda: [fitting._copy(network) for network in own.stack.networks],
        "gradients handed over": lambda: own.stack.keep_gradients(own.gradients),
        "trainer made, step captured": lambda: trainer(run, "relu", STEP_DEPTH, n),
    }
    for part, work in parts.items():
        run.say("epoch_parts", part=part, n_networks=n, **run.timed(work))


def kernel_table(run: Run) -> None:
    """`kernels` in a process of its own: what the profiler leaves behind must not slow what follows."""
    with tempfile.TemporaryDirectory() as folder:
        options = ["--device", run.device, "--save", folder, "--only", "kernels"]
        done = subprocess.run(
            [sys.executable, str(PROGRAM), *options, *(["--small"] if run.small else [])],
            capture_output=True,
            text=True,
            timeout=max(20, min(90, run.left)),
        )
        path = Path(folder, "benchmark-gpu.jsonl")
        for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
            run.say(
                "kernel_table", **{k: v for k, v in json.loads(line).items() if k not in ("section", "at")}
            )
    if done.returncode:
        run.say("kernel_table", status=done.returncode, errors=done.stderr[-1000:])


def kernels(run: Run) -> None:
    """The kernels of a step by time, from PyTorch's profiler."""
    from torch.profiler import ProfilerActivity, profile

    n, repeats = (2, 1) if run.small else (SEEDS, 20)
    own, rows = trainer(run, "relu", STEP_DEPTH, n), some_rows(run, n)
    kind, key = (
        (ProfilerActivity.CUDA, "device_time_total")
        if run.gpu
        else (ProfilerActivity.CPU, "self_cpu_time_total")
    )
    own.step(rows)
    with profile(activities=[kind]) as profiled:
        for _ in range(repeats):
            own.step(rows)
        run.wait()
    table = sorted(profiled.key_averages(), key=lambda row: -getattr(row, key))
    for row in table[: 3 if run.small else 40]:
        microseconds = getattr(row, key) / repeats
        run.say("kernels", kernel=row.key[:150], calls=row.count / repeats, microseconds=microseconds)


def tutorial(run: Run) -> None:
    """The tutorial's loop, warmed up, several rounds; fewer images, since its speed is that of one image."""
    torch.set_deterministic_debug_mode("default")
    torch.set_num_threads(run.threads)
    images = setting.images(*((512, 256) if run.small else (10_240, 2_048)))
    took = run.timed(contenders.notebook(images, run.device), 1, 3)
    n = images.n_batches * setting.BATCH
    run.say("tutorial", images_per_second=n / took["s"], n_images=n, **took)


def job(run: Run) -> None:
    """The training script itself from its start to its end, as Snakemake would start it."""
    n_seeds, n_epochs, n_images = (2, 1, 2_100) if run.small else (SEEDS, 10, 70_000)
    for activation in ("relu",) if run.small else ("relu", "prelu"):
        with tempfile.TemporaryDirectory() as folder:
            gpu_job.prepare(
                Path(folder), "cuda" if run.gpu else "cpu", activation, n_seeds, n_epochs, n_images
            )
            started = time.perf_counter()
            done = subprocess.run(
                [sys.executable, gpu_job.__file__, folder],
                capture_output=True,
                text=True,
                timeout=max(20, min(100, run.left)),
            )
            took = time.perf_counter() - started
            row = {"activation": activation, "n_networks": n_seeds, "n_epochs": n_epochs, "seconds": took}
            if done.returncode:
                run.say("job", status=done.returncode, errors=done.stderr[-2000:], **row)
                continue
            trained = pd.read_parquet(Path(folder, gpu_job.OUTPUT["cost"]))["seconds"].sum()
            log = Path(folder, "log.txt").read_text(encoding="utf-8").splitlines()
            notes = [line for line in log if "CUDA graph" in line]
            run.say("job", status=0, training=trained, last=log[-1], notes=notes, **row)


def study(run: Run) -> None:
    """The whole grid, a block at a time, in float32 and then in TF32; a line a block, and one for all."""
    for precision in PRECISIONS[: 1 if run.small else 2]:
        longest = 0.0
        for depth, activation in [(d, a) for d in DEPTHS for a in ACTIVATIONS][: 1 if run.small else None]:
            if run.left < 1.3 * longest + 10:
                run.say("study", precision=precision, stopped=f"{run.left:.0f} s left")
                break
            longest = max(longest, block(run, activation, depth, precision))
        total(run, precision)


def block(run: Run, activation: str, depth: int, precision: str) -> float:
    """Train a block; how long it took."""
    n_seeds, n_epochs = (2, 1) if run.small else (SEEDS, EPOCHS)
    recipe = replace(setting.settings(precision, n_epochs), keep="best")
    fitting.prepare_torch(recipe)
    networks, lines = members(activation, DEPTHS[depth], n_seeds, run.device), []
    order = [seeds.generator(seed, "batches") for seed in range(n_seeds)]
    started = time.perf_counter()
    fits = fitting.fit(networks, run.data, recipe, order, lines.append)
    took = time.perf_counter() - started
    n_images = n_seeds * n_epochs * run.images.n_batches * setting.BATCH
    run.say(
        "study",
        activation=activation,
        depth=depth,
        n_networks=n_seeds,
        n_epochs=n_epochs,
        precision=precision,
        seconds=took,
        n_images=n_images,
        operations=n_images * networks[0].flops[1],
        notes=[line for line in lines if "epoch" not in line],
        best=[fit.best for fit in fits],
    )
    return took


def total(run: Run, precision: str) -> None:
    """The study in one line: speed, share of the peak, times the tutorial's loop; TF32 against float32."""
    blocks = [row for row in run.found("study", precision=precision) if "best" in row]
    if not blocks:
        return
    seconds = sum(row["seconds"] for row in blocks)
    speed = sum(row["n_images"] for row in blocks) / seconds
    tflops, peak = sum(row["operations"] for row in blocks) / seconds / 1e12, run.peak(precision)
    loops = run.found("tutorial")
    usual = next((row["images_per_second"] for row in loops if "images_per_second" in row), None)
    run.say(
        "study_total",
        precision=precision,
        n_networks=sum(row["n_networks"] for row in blocks),
        n_epochs=blocks[0]["n_epochs"],
        seconds=seconds,
        images_per_second=speed,
        tflops=tflops,
        of_peak=peak and tflops / peak,
        times_tutorial=usual and speed / usual,
        differences=differences(run) if precision == "high" else None,
    )


def differences(run: Run) -> list[dict]:
    """Best validation accuracy in TF32 minus that in float32, by block: mean over seeds, standard error."""
    found = []
    for row in run.found("study", precision="high"):
        for other in run.found("study", precision="highest", **_place(row)) if "best" in row else ():
            pairs = [one - before for one, before in zip(row["best"], other["best"], strict=True)]
            spread = statistics.stdev(pairs) / len(pairs) ** 0.5 if len(pairs) > 1 else None
            found.append(_place(row) | {"mean": statistics.mean(pairs), "standard_error": spread})
    return found


def _place(row: dict) -> dict:
    return {"activation": row["activation"], "depth": row["depth"]}


APART = ((kernels, 0),)  # by its name only, see `kernel_table`
SECTIONS = (
    (gpu_checks.environment, 0),
    (gpu_checks.correctness, 20),
    (gpu_checks.gpu_tests, 20),
    (ceilings, 10),
    (steps, 40),
    (epoch_parts, 15),
    (kernel_table, 20),
    (job, 40),
    (tutorial, 25),
    (study, 20),
)
