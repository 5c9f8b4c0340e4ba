"""An optional probe leaves no trace in a study that has not enabled it; enabling it adds its jobs only."""

import pandas as pd
import pytest

ON = ("--config", "probe_jacobian={enabled: true, images: 3}")


def traces(project):
    """Files of the study that name the probe."""
    folders = [project.folder / "results" / "tiny", project.folder / "reports"]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return [path for path in files if b"jacobian" in (str(path).encode() + path.read_bytes()).lower()]


@pytest.fixture(scope="module")
def project(tiny, tmp_path_factory):
    """The tiny study after its probe has been enabled, with what was there before and what then was planned."""
    project = tiny.copy(tmp_path_factory.mktemp("optional") / "actbench")
    project.before, project.first_traces = project.tables(), traces(project)
    project.first_plan = project.planned(*ON)
    done = project.snakemake(*ON)
    assert done.returncode == 0, done.stdout
    return project


def test_there_is_no_trace_of_it_before(project):
    assert project.first_traces == []


def test_only_its_jobs_and_what_follows_them_run(project):
    assert dict(project.first_plan) == {
        "probe_jacobian": 4,
        "aggregate": 1,
        "figures": 1,
        "histogram_figures": 1,
        "report": 1,
    }
    assert not project.planned(*ON)


def test_it_adds_its_tables_and_changes_no_other(project):
    now = project.tables()
    assert now.keys() - project.before.keys() == {
        "jacobian.parquet",
        "jacobian_over_seeds.parquet",
        "jacobian_over_seeds.csv",
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


def test_config_record_and_page_say_so(project):
    study = project.folder / "results" / "tiny"
    assert "probe_jacobian:\n  enabled: true\n  images: 3\n" in (study / "config.yaml").read_text()
    assert "probe_jacobian" in (study / "provenance.json").read_text()
    assert "jacobian_over_seeds" in project.page()


def test_off_again_its_tables_are_gone(project):
    """Last, since it changes the project."""
    done = project.snakemake()
    assert done.returncode == 0, done.stdout
    assert project.tables() == project.before and not project.planned()
    of_jobs = {"runs", "logs", "timings"}  # which stay, as those of activations that a study no longer has
    assert [path for path in traces(project) if of_jobs.isdisjoint(path.parts)] == []
