"""`make benchmark`: one epoch in several ways, measured in turns on this machine, as ratios.

Two worker processes hold every contender. A round asks for each of them once, of one worker, or of both at
the same time; a ratio is taken within its round. The table, the Parquet file and the figure give the median
of the rounds and their range.
"""

import argparse
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pyarrow as pa
from actbench.figures import drawing
from actbench.figures.plotting import plt
from actbench.runtime import provenance
from actbench.storage import parquet

HERE = Path(__file__).resolve().parent

# name: (contender of contenders.py, its arguments, threads, processes)
ROWS = {
    "notebook loop (DataLoader)": ("notebook", {}, 2, 1),
    "plain loop in memory, 1 thread": ("plain", {}, 1, 1),
    "plain loop in memory, 2 threads": ("plain", {}, 2, 1),
    "JAX, jit + lax.scan": ("compiled", {}, 2, 1),
    "actbench, 1 thread": ("ours", {}, 1, 1),
    "actbench, 1 thread, medium": ("ours", {"precision": "medium"}, 1, 1),
    "actbench, 2 jobs side by side": ("ours", {}, 1, 2),
    "matrix products alone, 1 thread": ("products", {}, 1, 1),
    "matrix products alone, 2 threads": ("products", {}, 2, 1),
    "matrix products alone, 2 side by side": ("products", {}, 1, 2),
}
PRODUCTS = {row[2:]: name for name, row in ROWS.items() if row[0] == "products"}  # by threads and processes
NOTEBOOK = next(iter(ROWS))


def measure(rounds: int, n_train: int, n_validation: int, log=print) -> list[dict]:
    """One row a contender and round: name, round, n_images (trained on, by all processes), seconds."""
    rows = {
        name: row for name, row in ROWS.items() if row[0] != "compiled" or importlib.util.find_spec("jax")
    }
    workers = [Worker(n_train, n_validation) for _ in range(2)]
    measured = []
    for number in range(rounds + 1):  # round 0 warms up: allocations, page faults, JAX's compiler
        for name, (contender, arguments, threads, n_processes) in rows.items():
            for worker in workers[:n_processes]:
                worker.ask(contender, arguments, threads)
            answers = [worker.answer() for worker in workers[:n_processes]]
            n_images = sum(answer["n_images"] for answer in answers)
            took = max(answer["seconds"] for answer in answers)
            if number:
                measured.append({"name": name, "round": number, "n_images": n_images, "seconds": took})
        log(f"round {number} of {rounds}" + ("" if number else " (warming up)"))
    for worker in workers:
        worker.process.stdin.close()
        worker.process.wait()
    return measured


class Worker:
    """A process that times what it is asked for, by lines of JSON."""

    def __init__(self, n_train: int, n_validation: int):
        command = [sys.executable, str(HERE / "worker.py"), str(n_train), str(n_validation)]
        environment = os.environ | {
            "CUDA_VISIBLE_DEVICES": "",
            "JAX_PLATFORMS": "cpu",
        }
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen(command, env=environment, **pipes)

    def ask(self, contender: str, arguments: dict, threads: int) -> None:
        self.process.stdin.write(json.dumps([contender, arguments, threads]) + "\n")
        self.process.stdin.flush()

    def answer(self) -> dict:
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("Error: a benchmark process ended early; its message stands above.")
        return json.loads(line)


def summary(measured: list[dict]) -> pd.DataFrame:
    """A row a contender: seconds and images per second, the latter relative to the notebook's, the former to
    those of the matrix products with as many threads and processes; medians over rounds, low and high.
    """
    frame = pd.DataFrame(measured)
    names = list(dict.fromkeys(frame["name"]))
    seconds = frame.pivot(index="round", columns="name", values="seconds")[names]
    speed = frame.pivot(index="round", columns="name", values="n_images")[names] / seconds
    ratios = {
        "times_notebook": speed.div(speed[NOTEBOOK], axis=0),
        "products": pd.DataFrame({name: seconds[name] / seconds[PRODUCTS[ROWS[name][2:]]] for name in names}),
    }
    table = pd.DataFrame({"seconds": seconds.median(), "images_per_second": speed.median()})
    for column, ratio in ratios.items():
        table[column], table[f"{column}_low"], table[f"{column}_high"] = (
            ratio.median(),
            ratio.min(),
            ratio.max(),
        )
    table["n_rounds"] = len(seconds)
    return table.reset_index(names="name")


def text(table: pd.DataFrame) -> str:
    """The summary for a terminal."""
    lines = [f"{'':38} {'s/epoch':>8} {'images/s':>9} {'× notebook loop':>18} {'time ÷ its products':>21}"]
    for row in table.itertuples():
        notebook = f"{row.times_notebook:.1f} ({row.times_notebook_low:.1f}–{row.times_notebook_high:.1f})"
        products = f"{row.products:.2f} ({row.products_low:.2f}–{row.products_high:.2f})"
        lines.append(
            f"{row.name:38} {row.seconds:8.2f} {row.images_per_second:9,.0f} {notebook:>18} {products:>21}"
        )
    return "\n".join(lines)


def draw(table: pd.DataFrame, path: Path) -> None:
    """Images per second as bars, on an axis that starts at zero."""
    drawing.use_style()
    figure, axes = plt.subplots(figsize=(7, 0.34 * len(table) + 0.9))
    mine = ["#0173b2" if "actbench" in name else "#b3b3b3" for name in table["name"]]
    bars = axes.barh(table["name"], table["images_per_second"] / 1000, color=mine)
    axes.bar_label(bars, [f"{value:.1f}×" for value in table["times_notebook"]], padding=3)
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    axes.set(xlabel="thousand training images per second (label: × notebook loop)")
    drawing.save(figure, path)


def save(table: pd.DataFrame, folder: Path) -> None:
    """Write benchmark.parquet, with the processor in its record, and benchmark.svg."""
    content = pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata(None)
    parquet.write(content, folder / "benchmark.parquet", {"device": provenance.device_name("cpu")})
    draw(table, folder / "benchmark.svg")
    print(f"Saved {folder / 'benchmark.parquet'} and {folder / 'benchmark.svg'}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument(
        "--images", type=int, nargs=2, default=[50_000, 10_000], metavar=("TRAIN", "VALIDATION")
    )
    parser.add_argument("--save", type=Path, help="folder for benchmark.parquet and benchmark.svg")
    given = parser.parse_args()
    table = summary(measure(given.rounds, *given.images))
    print(f"\n{text(table)}\n\n{provenance.device_name('cpu')}; median of {given.rounds} rounds (range)")
    if given.save:
        save(table, given.save)


if __name__ == "__main__":
    main()
