"""How the comparison with published numbers ended: for the terminal and the exit status."""

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from actbench.errors import UserError
from actbench.storage import records

VERDICTS = ("agrees", "differs", "open")


def verify(job: object) -> None:
    """Say how the comparison ended, as the job of its rule: `job` is the script's `snakemake`.

    Raises:
        UserError: a published number differs.
    """
    inputs = job.input
    plan = records.Plan(**job.params.plan)
    records.checked(inputs.record, plan, [inputs.csv, inputs.page])
    rows = pd.read_csv(inputs.csv).to_dict("records")
    print(summary(rows, inputs.page, skipped(plan.params)), flush=True)
    differing = count(rows)["differs"]
    if differing:
        raise UserError(f"{differing} of {len(rows)} published numbers differ by more than their tolerance.")


def skipped(params: Mapping) -> str:
    """Which comparison a plan leaves out and how to have it, in a sentence; empty where it has all."""
    if "checkpoints" in params:
        return ""
    return (
        "The twelve published checkpoints are not compared, since no folder of them is named: --config "
        "verify_checkpoints=folder."
    )


def grouped(rows: Iterable[Mapping]) -> dict[str, list[Mapping]]:
    """Rows by quantity, less what follows its comma, in the order of their first."""
    groups: dict[str, list[Mapping]] = {}
    for row in rows:
        groups.setdefault(row["quantity"].split(",")[0], []).append(row)
    return groups


def count(rows: Iterable[Mapping]) -> dict[str, int]:
    """How many rows have each verdict."""
    return {verdict: sum(row["verdict"] == verdict for row in rows) for verdict in VERDICTS}


def summary(rows: Sequence[Mapping], page: str, skipped: str = "") -> str:
    """The outcome for the terminal: a line a quantity, one for each row that differs, and what is skipped."""
    lines = []
    for quantity, group in grouped(rows).items():
        agreed = count(group)["agrees"]
        lines.append(f"{quantity}: {agreed} of {len(group)} agree")
        lines += [
            f"  {row['verdict']}: {row['setting']}: published {row['published']:.6g}, measured "
            f"{row['measured']:.6g}, tolerance {row['tolerance']:.2g}"
            for row in group
            if row["verdict"] != "agrees"
        ]
    return "\n".join([*lines, *filter(None, [skipped]), f"Verification: {page}"])
