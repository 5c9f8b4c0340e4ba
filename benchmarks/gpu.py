"""`make benchmark-gpu`: all that is asked of a GPU, in one run of less than ten minutes.

Needs torch, numpy, pandas, pyarrow, safetensors and pytest only. Writes a line of JSON for each result as
soon as it is known. A section that fails, or for which no time is left, is a line, and the next one follows.
"""

import argparse
import faulthandler
import os
from pathlib import Path

os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # before CUDA starts

import gpu_checks
import gpu_page
import gpu_speed
import torch
from gpu_run import Run

BUDGET = 460.0
HANGING = 120.0  # seconds after the budget at which the process ends, whatever it does


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--budget", type=float, default=BUDGET, help="seconds")
    parser.add_argument("--small", action="store_true", help="go through everything, with next to no work")
    parser.add_argument("--save", type=Path, default=Path(), help="folder for benchmark-gpu.jsonl")
    parser.add_argument("--only", help="one section, by its name")
    parser.add_argument("--page", type=Path, help="page whose table is written anew, on a GPU only")
    given = parser.parse_args()
    if given.device.startswith("cuda") and not torch.cuda.is_available():
        raise SystemExit(
            "Error: torch sees no CUDA GPU here; allowed: a machine with one, or --device cpu --small to try."
        )
    faulthandler.dump_traceback_later(given.budget + HANGING, exit=True)
    run = Run(given.device, given.save / "benchmark-gpu.jsonl", given.budget, given.small)
    sections = {work.__name__: (work, needs) for work, needs in (*gpu_speed.SECTIONS, *gpu_speed.APART)}
    if given.only not in (None, *sections):
        raise SystemExit(f"Error: --only is {given.only}; allowed: {', '.join(sections)}.")
    for work, needs in [sections[given.only]] if given.only else gpu_speed.SECTIONS:
        run.section(work, 0 if given.small else needs)
    if given.only:
        return

    def page(run: Run) -> None:
        gpu_page.write(run, given.page)

    if given.page and run.gpu:
        run.section(page, 0)
    run.section(gpu_checks.failed_capture, 0)


if __name__ == "__main__":
    main()
