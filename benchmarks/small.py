"""`make benchmark-small`: a block of small networks trained as a job does it today, against the same networks
trained one by one with the loop of commit 466686a, in turns on this machine.

Two worker processes hold the two states of the code; the older one comes from this repository's history. A
round asks both for each width once, and a ratio is taken within its round. Both must give the same bytes.
"""

import argparse
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import pandas as pd
from actbench.runtime import provenance
from copies import ROOT

BEFORE = "466686a"
PACKAGE = "workflow/scripts/actbench"
WIDTHS = (16, 32, 64, 128, 256, 512)
# The default study's.
RECIPE = {
    "optimizer": "sgd",
    "learning_rate": 0.05,
    "momentum": 0.9,
    "weight_decay": 0.0,
    "batch_size": 64,
    "patience": None,
    "keep": "best",
    "test_each_epoch": False,
    "histograms": False,
    "precision": "highest",
    "threads": 1,
}


def unpack(folder: Path) -> Path:
    """The package as it was; gives the folder from which it is imported."""
    archive = ["git", "archive", BEFORE, PACKAGE]
    done = subprocess.run(archive, cwd=ROOT, capture_output=True)
    if done.returncode:
        raise SystemExit(
            f"Error: commit {BEFORE} is not in this folder's history; allowed: a full clone of the project."
        )
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as files:
        files.extractall(folder, filter="data")
    return (folder / PACKAGE).parent


class Worker:
    """A process that trains what it is asked for with one state of the code."""

    def __init__(self, state: str, scripts: Path):
        command = [sys.executable, str(ROOT / "benchmarks" / "small_worker.py"), state]
        environment = os.environ | {"CUDA_VISIBLE_DEVICES": "", "PYTHONPATH": str(scripts)}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen(command, env=environment, **pipes)

    def train(self, asked: dict) -> dict:
        """Seconds, and a digest of all weights."""
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("Error: a benchmark process ended early; its message stands above.")
        return json.loads(line)


def measure(rounds: int, widths: list[int], epochs: int, shape: dict, log=print) -> pd.DataFrame:
    """A row a width and round: seconds `then` and `now`."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        places = {"then": unpack(Path(folder)), "now": (ROOT / PACKAGE).parent}
        workers = {state: Worker(state, scripts) for state, scripts in places.items()}
        for number in range(rounds + 1):  # round 0 warms up
            for width in widths:
                asked = shape | {"width": width, "training": RECIPE | {"max_epochs": epochs}}
                order = list(workers) if number % 2 else list(workers)[::-1]
                answers = {state: workers[state].train(asked) for state in order}
                if answers["then"]["weights"] != answers["now"]["weights"]:
                    raise SystemExit(f"Error: at width {width} the networks have other weights than before.")
                row = {state: answer["seconds"] for state, answer in answers.items()}
                if number:
                    rows.append({"width": width, "round": number} | row)
            log(f"round {number} of {rounds}" + ("" if number else " (warming up)"))
        for worker in workers.values():
            worker.process.stdin.close()
            worker.process.wait()
    return pd.DataFrame(rows)


def summary(measured: pd.DataFrame) -> pd.DataFrame:
    """A row a width: median seconds, and how many times as fast it is now (median of rounds, low, high)."""
    table = measured.groupby("width")[["then", "now"]].median()
    ratio = (measured["then"] / measured["now"]).groupby(measured["width"])
    return table.assign(times=ratio.median(), low=ratio.min(), high=ratio.max()).reset_index()


def text(table: pd.DataFrame) -> str:
    """The summary for a terminal."""
    lines = [f"{'width':>5} {'one by one, ' + BEFORE:>20} {'now':>9} {'times as fast':>20}"]
    for row in table.itertuples():
        times = f"{row.times:.2f} ({row.low:.2f}–{row.high:.2f})"
        lines.append(f"{row.width:5} {row.then:18.3f} s {row.now:7.3f} s {times:>20}")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--widths", type=int, nargs="+", default=WIDTHS)
    parser.add_argument("--depth", type=int, default=4)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--activation", default="relu", help="a name of the registry")
    given = parser.parse_args()
    shape = {"depth": given.depth, "seeds": given.seeds, "activation": given.activation}
    table = summary(measure(given.rounds, given.widths, given.epochs, shape))
    what = f"{given.seeds} networks, {given.activation}, depth {given.depth}, {given.epochs} epochs"
    print(f"\n{what}; same bytes")
    print(f"{text(table)}\n\n{provenance.device_name('cpu')}; median of {given.rounds} rounds (range)")


if __name__ == "__main__":
    main()
