"""One more probe costs its module and its script; rule, config section, tables and re-runs follow."""

import pandas as pd
import pytest
from conftest import ROOT

MODULE = '''"""How often each unit of a hidden layer is silent."""

from actbench.networks import modes
from actbench.probes.probe import Probe


def _of_run(network, data, section):
    x, rows = data.train.x[: section["images"]], []
    with modes.frozen(network):
        for number, layer in enumerate(network.trace(x)):
            shares = [] if layer.h is None else (layer.h == 0).double().mean(dim=0).tolist()
            rows += [{"layer": number, "unit": unit, "silent": share} for unit, share in enumerate(shares)]
    return rows


PROBE = Probe(
    name="sparsity",
    title="Sparsity",
    description="how often units are silent",
    section={
        "images": {
            "type": "integer",
            "minimum": 1,
            "default": 100,
            "description": "training images",
        }
    },
    columns={"silent": "float64"},
    layers="hidden",
    key="unit",
    summarised=["silent"],
    measure=_of_run,
)
'''


@pytest.fixture(scope="module")
def project(tiny, tmp_path_factory):
    """The tiny study after it has been given one more probe, and what then was planned."""
    project = tiny.copy(tmp_path_factory.mktemp("probe") / "actbench")
    scripts = project.folder / "workflow" / "scripts"
    (scripts / "actbench" / "probes" / "sparsity.py").write_text(MODULE)
    script = (ROOT / "workflow" / "scripts" / "probe_gradients.py").read_text()
    (scripts / "probe_sparsity.py").write_text(script.replace("gradients", "sparsity"))
    project.first_plan = project.planned()
    done = project.snakemake()
    assert done.returncode == 0, done.stdout
    return project


def test_nothing_but_the_probe_and_what_follows_it_runs(project):
    assert project.first_plan["probe_sparsity"] == 4 and project.first_plan["aggregate"] == 1
    assert not {"train", "probe_gradients", "describe_activations"} & set(project.first_plan)
    assert not project.planned()


def test_it_has_a_table_and_a_summary_by_layer(project):
    tables = project.folder / "results" / "tiny" / "tables"
    rows = pd.read_parquet(tables / "sparsity.parquet")
    width = rows.groupby(["activation", "depth", "seed", "checkpoint", "layer"], observed=True).size()
    assert set(width) == {16} and len(width) == 2 * 2 * 2 * (1 + 2)
    summary = pd.read_csv(tables / "sparsity_by_layer.csv")
    chosen = "activation == 'relu' and depth == 2 and checkpoint == 'trained' and layer == 1"
    (found,) = summary.query(chosen).to_dict("records")
    by_seed = rows.query(chosen).groupby("seed")["silent"].mean()
    assert found["measure"] == "silent" and found["n"] == 2
    assert found["mean"] == pytest.approx(by_seed.mean()) and 0 < found["mean"] < 1
    assert (tables / "sparsity_by_layer.parquet").is_file()


def test_its_section_is_a_part_of_the_config(project):
    plan = project.planned("--config", "probe_sparsity={images: 50}")
    assert plan["probe_sparsity"] == 4 and not {"train", "probe_gradients"} & set(plan)
    refused = project.snakemake("--config", "probe_sparsity={images: 0}")
    assert refused.returncode == 1 and "probe_sparsity.images is 0" in refused.stdout
    many = project.snakemake("--config", "probe_sparsity={images: 100000}")
    assert "probe_sparsity.images is 100000; allowed: at most" in many.stdout
    assert "probe_sparsity" in (project.folder / "results" / "tiny" / "config.yaml").read_text()
