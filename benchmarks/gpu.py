"""`make benchmark-gpu`: a study of 180 networks on one GPU, and ways to take the steps of a block.

Needs torch, numpy, pandas and pyarrow only. Everything is measured in this one run, the peak too, as the
product of two large matrices in the same precision.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import contenders
import pandas as pd
import pyarrow as pa
import setting
import torch
from actbench.networks.families import mlp
from actbench.networks.family import Recipe
from actbench.runtime import provenance, seeds
from actbench.storage import parquet
from actbench.training import fitting, loop
from actbench.training.stack import Stack
from torch import Tensor, func, nn

ACTIVATIONS = ("sigmoid", "tanh", "relu", "leakyrelu", "elu", "swish")
DEPTHS = {2: (512, 256), 4: (512, 256, 256, 128), 10: (256,) * 5 + (128,) * 5}
PEAK_SIZE = 8192
STEP_DEPTH = 4


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


def sizes_of(hidden: tuple) -> tuple:
    """Inputs, hidden widths and classes."""
    return (setting.SIZES[0], *hidden, setting.SIZES[-1])


def members(activation: str, hidden: tuple, n_seeds: int, device: str) -> list[nn.Module]:
    """Networks of a block, each from its own seed."""
    recipe = Recipe(sizes_of(hidden), activation)
    return [mlp.build(recipe, seeds.generator(s, "weights")).to(device) for s in range(n_seeds)]


def study(images: setting.Images, n_seeds: int, n_epochs: int, precision: str, device: str) -> pd.DataFrame:
    """Train the whole grid, a block at a time; one row a block."""
    recipe = setting.settings(precision, n_epochs)
    fitting.prepare_torch(recipe)
    data, rows = images.data().to(device), []
    for depth, hidden in DEPTHS.items():
        for activation in ACTIVATIONS:
            block = members(activation, hidden, n_seeds, device)
            order = [seeds.generator(seed, "batches") for seed in range(n_seeds)]
            fits = fitting.fit(block, data, recipe, order, print_unless_epoch)
            took = sum(result.seconds for result in fits)
            n_images = n_seeds * n_epochs * images.n_batches * setting.BATCH
            rows.append(
                {
                    "activation": activation,
                    "depth": depth,
                    "n_networks": n_seeds,
                    "n_epochs": n_epochs,
                    "precision": precision,
                    "seconds": took,
                    "images_per_second": n_images / took,
                    "tflops": n_images * block[0].flops[1] / took / 1e12,
                    "val_accuracy": sum(fit.best for fit in fits) / n_seeds,
                }
            )
            print(
                "{activation:9} depth {depth:2}: {seconds:6.2f} s, {tflops:5.1f} TFLOP/s".format(**rows[-1])
            )
    return pd.DataFrame(rows)


def steps(images: setting.Images, n_seeds: int, device: str) -> pd.DataFrame:
    """Images per second of one epoch of one block (relu, depth 4), by how its steps are taken."""
    fitting.prepare_torch(setting.settings())
    train = images.data().to(device).train
    kinds = {
        "one network, kernel by kernel": (Stack, 1, False),
        "one network, CUDA graph": (Stack, 1, True),
        "stack, kernel by kernel": (Stack, n_seeds, False),
        "stack by vmap, CUDA graph": (Vmapped, n_seeds, True),
        "stack, CUDA graph": (Stack, n_seeds, True),
    }
    rows = []
    for name, (kind, n, graph) in kinds.items():
        stack = kind(members(setting.ACTIVATION, DEPTHS[STEP_DEPTH], n, device))
        recipe = setting.settings()
        trainer = loop.Trainer(stack, train, fitting.optimizer(stack, recipe), setting.BATCH, print)
        if not graph:
            trainer.step = trainer.take_step
        order = [seeds.generator(seed, "batches") for seed in range(n)]
        trainer.run(order)  # warms up
        took = contenders.seconds(lambda trainer=trainer, order=order: trainer.run(order))
        rows.append({"way": name, "images_per_second": n * images.n_batches * setting.BATCH / took})
    return pd.DataFrame(rows)


def notebook_speed(images: setting.Images, device: str) -> float:
    """Images per second of the tutorial's loop on this device, one network, one epoch."""
    epoch = contenders.notebook(images, device)
    return images.n_batches * setting.BATCH / contenders.seconds(epoch)


def peak(precision: str, device: str, size: int = PEAK_SIZE) -> float:
    """TFLOP/s of one large matrix product."""
    torch.set_float32_matmul_precision(precision)
    a, b = (torch.randn(size, size, device=device) for _ in range(2))
    times = [timed(lambda: torch.mm(a, b), device) for _ in range(6)]
    return 2 * size**3 / min(times) / 1e12


def timed(work: Callable[[], object], device: str) -> float:
    """Seconds until the device has done the work."""
    wait = torch.cuda.synchronize if device.startswith("cuda") else lambda: None
    wait()
    started = time.perf_counter()
    work()
    wait()
    return time.perf_counter() - started


def print_unless_epoch(line: str) -> None:
    """Say what is not a line of progress: that a step could not become a CUDA graph."""
    if "epoch" not in line:
        print(line)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--images", type=int, nargs=2, default=[50_000, 10_000])
    parser.add_argument("--precision", nargs="+", default=["highest", "high"])
    parser.add_argument("--peak-size", type=int, default=PEAK_SIZE)
    parser.add_argument(
        "--save", type=Path, help="folder for benchmark-gpu.parquet and benchmark-gpu-steps.parquet"
    )
    given = parser.parse_args()
    if given.device == "cuda" and not torch.cuda.is_available():
        raise SystemExit(
            "Error: torch sees no CUDA GPU here; allowed: a machine with one, or --device cpu to try."
        )
    images = setting.images(*given.images)
    name = provenance.device_name(given.device)
    print(f"{name}, torch {torch.__version__}")
    slow = notebook_speed(images, given.device)
    print(f"\n{'the tutorial loop, one network':32} {slow:12,.0f} images/s      1×")
    ways = steps(images, given.seeds, given.device)
    for row in ways.itertuples():
        print(f"{row.way:32} {row.images_per_second:12,.0f} images/s  {row.images_per_second / slow:5.0f}×")
    studies = []
    for precision in given.precision:
        print(f"\nprecision {precision}")
        blocks = study(images, given.seeds, given.epochs, precision, given.device)
        blocks["peak_tflops"] = peak(precision, given.device, given.peak_size)
        blocks["times_notebook"] = blocks["images_per_second"] / slow
        studies.append(blocks)
        print(total(blocks, slow))
    if given.save:
        save(pd.concat(studies), given.save / "benchmark-gpu.parquet", name)
        save(
            ways.assign(times_notebook=ways["images_per_second"] / slow),
            given.save / "benchmark-gpu-steps.parquet",
            name,
        )


def total(blocks: pd.DataFrame, slow: float) -> str:
    """The study in one sentence."""
    seconds, n_networks = blocks["seconds"].sum(), blocks["n_networks"].sum()
    speed = (blocks["images_per_second"] * blocks["seconds"]).sum() / seconds
    tflops = (blocks["tflops"] * blocks["seconds"]).sum() / seconds
    of_peak = tflops / blocks["peak_tflops"].iloc[0]
    return (
        f"{n_networks} networks in {seconds:.1f} s of training: {speed:,.0f} images/s, "
        f"{speed / slow:.0f}× the tutorial loop; {tflops:.1f} TFLOP/s, {100 * of_peak:.0f} % of peak"
    )


def save(frame: pd.DataFrame, path: Path, device: str) -> None:
    """Write a table with the device in its record."""
    content = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    parquet.write(content, path, {"device": device, "torch": torch.__version__})
    print(f"Saved {path}")


if __name__ == "__main__":
    main()
