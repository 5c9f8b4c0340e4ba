"""Activations whose networks overflow before they are trained."""

import pandas as pd
import pytest

MODULE = """
import torch
from torch import nn


class Exp(nn.Module):
    def forward(self, x):
        return torch.exp(x)


class Ninth(nn.Module):
    def forward(self, x):
        return x**9


class Huge(nn.Module):
    def forward(self, x):
        return 1e30 * x
"""
OWN = ", ".join(f"{{name: {name.lower()}, import: 'overflows:{name}'}}" for name in ("Exp", "Ninth", "Huge"))


@pytest.mark.fault(
    "signals that overflow",
    "activations that give infinity, NaN, or numbers whose squares overflow, in some entries and in all; exp, the ninth power "
    "and a factor of 1e30 in networks of 8 layers, beside relu and by themselves",
    "null in the tables where a number needs all values; the study goes on to its report",
)
@pytest.mark.parametrize("others", ["relu, ", ""])
def test_networks_that_overflow_at_initialisation(tiny, tmp_path, others, only_chaos):
    project = tiny.fresh(tmp_path / "actbench")
    (project.folder / "overflows.py").write_text(MODULE, encoding="utf-8")
    given = [
        f"activations=[{others}{OWN}]",
        "depths=[8]",
        "seeds=[0]",
        "training={max_epochs: 1, batch_size: 64}",
    ]
    done = project.snakemake("--config", *given)
    assert done.returncode == 0, done.stdout
    assert (project.folder / "reports" / "tiny.html").is_file()
    tables = project.folder / "results" / "tiny" / "tables"
    rows = pd.read_parquet(tables / "distributions.parquet")
    overflown = rows[rows["activation"].eq("exp") & rows["layer"].eq(7) & rows["signal"].eq("activation")]
    assert len(overflown) and overflown[["mean", "std", "effective_rank"]].isna().all(axis=None)
    runs = pd.read_parquet(tables / "runs.parquet").set_index("activation")
    assert runs.loc["exp", "status"] == "diverged"
    if others:
        fine = rows[rows["activation"].eq("relu") & rows["signal"].eq("activation")]
        assert fine[["mean", "std", "effective_rank"]].notna().all(axis=None)
