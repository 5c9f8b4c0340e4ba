"""Probes that a study gets later: one that is optional, and one that is new.

An optional one leaves no trace before it is enabled. A new one costs its module and its script; rule, config
section, tables and re-runs follow. Both add their jobs only.
"""

from collections import Counter

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


AFTER = ("figures", "histogram_figures", "report")
ON = ("--config", "probe_jacobian={enabled: true, images: 3}")


def traces(project):
    """Files of the study that name the probe."""
    folders = [project.folder / "results" / "tiny", project.folder / "reports"]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return [path for path in files if b"jacobian" in (str(path).encode() + path.read_bytes()).lower()]


@pytest.fixture(scope="module")
def project(tiny, tmp_path_factory):
    """The tiny study after it has been given both, with what was there before and what was planned for each."""
    project = tiny.copy(tmp_path_factory.mktemp("optional") / "actbench")
    project.before, project.first_traces = project.tables(), traces(project)
    project.plan_of_optional = project.planned(*ON)
    scripts = project.folder / "workflow" / "scripts"
    (scripts / "actbench" / "probes" / "sparsity.py").write_text(MODULE)
    script = (ROOT / "workflow" / "scripts" / "probe_gradients.py").read_text()
    (scripts / "probe_sparsity.py").write_text(script.replace("gradients", "sparsity"))
    project.plan_of_new = project.planned()
    done = project.snakemake(*ON)
    assert done.returncode == 0, done.stdout
    return project


def test_there_is_no_trace_of_it_before(project):
    assert project.first_traces == []


def test_only_their_jobs_and_what_follows_them_run(project):
    following = dict.fromkeys(["aggregate", *AFTER], 1)
    assert project.plan_of_optional == Counter({"probe_jacobian": 4} | following)
    assert project.plan_of_new == Counter({"probe_sparsity": 4} | following)
    assert not project.planned(*ON)


def test_they_add_their_tables_and_change_no_other(project):
    now = project.tables()
    assert now.keys() - project.before.keys() == {
        *("jacobian.parquet", "jacobian_over_seeds.parquet", "jacobian_over_seeds.csv"),
        *("sparsity.parquet", "sparsity_by_layer.parquet", "sparsity_by_layer.csv"),
    }
    assert all(now[name] == content for name, content in project.before.items())
    tables = project.folder / "results" / "tiny" / "tables"
    rows = pd.read_parquet(tables / "jacobian.parquet")
    assert len(rows) == 2 * 2 * 2 * 2 * 3 and set(rows["image"]) == {0, 1, 2}
    summary = pd.read_csv(tables / "jacobian_over_seeds.csv")
    assert len(summary) == 2 * 2 * 2 * 4 and set(summary.query("measure != 'condition'")["n"]) == {2}
    where = "activation == 'tanh' and depth == 2 and checkpoint == 'trained'"
    (found,) = summary.query(f"{where} and measure == 'largest'")["mean"]
    assert found == pytest.approx(rows.query(where)["largest"].mean()) and found > 0


def test_the_new_one_has_a_table_and_a_summary_by_layer(project):
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


def test_config_record_and_page_say_so(project):
    study = project.folder / "results" / "tiny"
    assert "probe_jacobian:\n  enabled: true\n  images: 3\n" in (study / "config.yaml").read_text()
    assert "probe_jacobian" in (study / "provenance.json").read_text()
    assert "jacobian_over_seeds" in project.page()


def test_the_section_of_the_new_one_is_a_part_of_the_config(project):
    plan = project.planned(*ON, "probe_sparsity={images: 50}")
    assert plan["probe_sparsity"] == 4 and not {"train", "probe_gradients"} & set(plan)
    refused = project.snakemake("--config", "probe_sparsity={images: 0}")
    assert refused.returncode == 1 and "probe_sparsity.images is 0" in refused.stdout
    many = project.snakemake("--config", "probe_sparsity={images: 100000}")
    assert "probe_sparsity.images is 100000; allowed: at most" in many.stdout
    assert "probe_sparsity" in (project.folder / "results" / "tiny" / "config.yaml").read_text()


def test_off_again_its_tables_are_gone(project):
    """Last, since it changes the project."""
    done = project.snakemake("--", "aggregate")
    assert done.returncode == 0, done.stdout
    now = project.tables()
    assert {name: content for name, content in now.items() if "sparsity" not in name} == project.before
    assert project.planned() == Counter(AFTER)
    of_jobs = {"runs", "logs", "timings"}  # which stay, as those of activations that a study no longer has
    left = {path.name for path in traces(project) if of_jobs.isdisjoint(path.parts)}
    records = {"figures.json", "histogram_figures.json"}
    assert left == records | {"config.yaml", "provenance.json", "tiny.html"}  # of the jobs that are planned
