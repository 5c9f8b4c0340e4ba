"""The table of docs/performance.md, from the lines of `gpu.py`; it stands between two marks of that page."""

from pathlib import Path

from gpu_run import Run

BEGIN, END = "<!-- benchmark-gpu: written by `make benchmark-gpu` -->", "<!-- end of benchmark-gpu -->"
HEAD = (
    "| networks | layers | activation | precision | step | time | images/s | TFLOP/s | of a large product |",
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
)
NAMES = {"highest": "float32", "high": "TF32"}


def replaced(page: str, text: str) -> str:
    """The page with the text between its marks.

    Raises:
        SystemExit: it has not each mark once.
    """
    if page.count(BEGIN) != 1 or page.count(END) != 1 or page.index(BEGIN) > page.index(END):
        raise SystemExit(f"Error: the page has not the marks {BEGIN} and {END} once each, in this order.")
    before, rest = page.split(BEGIN)
    return before + BEGIN + "\n\n" + text + "\n\n" + END + rest.split(END)[1]


def write(run: Run, path: Path) -> None:
    """Replace the text of the page."""
    page = path.read_text(encoding="utf-8")
    path.write_text(replaced(page, text(run)), encoding="utf-8")
    run.say("page", written=str(path))


def text(run: Run) -> str:
    """Sentences and tables; what was not measured is left out."""
    machine = run.found("environment")[0]
    measured = (
        f"Measured by `make benchmark-gpu` on one {machine['device']}, torch {machine['torch']}, n = 1."
    )
    checks = [_checked(row, run) for row in run.found("correctness") if "cases" in row]
    steps = [_step(row, run) for row in run.found("steps") if "s" in row]
    table = ["\n".join([*HEAD, *steps])] if steps else []
    studies = [_studied(row) for row in run.found("study_total")]
    jobs = [_started(row) for row in run.found("job", status=0)]
    return "\n\n".join([measured, *checks, *table, *studies, *jobs])


def _checked(row: dict, run: Run) -> str:
    """What was compared, and how the tests ended."""
    tests = [own["status"] for own in run.found("gpu_tests") if "status" in own]
    ended = f" {'Not all' if any(tests) else 'All'} tests of `tests/gpu` pass." if tests else ""
    return (
        f"Of {row['cases']} trainings (each activation, SGD and Adam, one network and three), "
        f"{row['otherwise']} differ when they are repeated, from the same with each kernel launched alone, "
        f"or from the CPU's weights by more than 0.001; the furthest weight is off by "
        f"{row['furthest_from_cpu']:.1g}.{ended}"
    )


def _step(row: dict, run: Run) -> str:
    """A line of the table."""
    peak, how = run.peak(row["precision"]), row["way"].removeprefix("stack").removeprefix(", ")
    cells = [
        row["n_networks"],
        row["depth"],
        row["activation"],
        NAMES[row["precision"]],
        how or ("captured" if row["captured"] else "not captured"),
        f"{1e6 * row['s']:.0f} µs",
        f"{row['images_per_second']:,.0f}",
        f"{row['tflops']:.1f}",
        f"{100 * row['tflops'] / peak:.0f} %" if peak else "–",
    ]
    return f"| {' | '.join(map(str, cells))} |"


def _started(row: dict) -> str:
    """What a job took."""
    return (
        f"The training script takes {row['seconds']:.1f} s from its start to its end for {row['n_networks']} "
        f"networks with {row['activation']} and {row['n_epochs']} epochs, {row['training']:.1f} s of it "
        "training."
    )


def _studied(row: dict) -> str:
    """The study in a sentence or two."""
    said = (
        f"{row['n_networks']} networks, {row['n_epochs']} epochs each, in {NAMES[row['precision']]}: "
        f"{row['seconds']:.1f} s, {row['images_per_second']:,.0f} images/s"
    )
    if row["times_tutorial"]:
        said += f", {row['times_tutorial']:,.0f} times the tutorial's loop on the same machine"
    if row["of_peak"]:
        said += f", {100 * row['of_peak']:.0f} % of a large product's TFLOP/s"
    if not row["differences"]:
        return said + "."
    far = max(row["differences"], key=lambda own: abs(own["mean"]))
    mean = sum(own["mean"] for own in row["differences"]) / len(row["differences"])
    return (
        f"{said}. Validation accuracy on these made-up images is {100 * mean:+.2f} percentage points from "
        f"that in float32, mean of {len(row['differences'])} blocks; furthest {100 * far['mean']:+.2f} "
        f"({far['activation']}, {far['depth']} hidden layers)."
    )
