"""The same study elsewhere gives the same bytes in every table."""

import pytest


@pytest.mark.fault(
    "another environment",
    "the study in another folder with other TZ, LANG, HOME and PYTHONHASHSEED, `--cores` 4 instead of 2, seeds "
    "listed in another order, one seed a job instead of two",
    "the same bytes in every table",
)
def test_another_environment_gives_the_same_bytes(tiny, tmp_path, chaos, tried):
    from test_kills import another_environment

    if not chaos:
        pytest.skip("only with --chaos; the short form kills Snakemake in another environment")
    project = tiny.fresh(tmp_path / "elsewhere" / "actbench")
    options = another_environment(tmp_path)
    running = project.start(*options.pop("changed"), *options.pop("last"), **options)
    text, _ = running.communicate()
    assert running.returncode == 0, text
    assert project.tables() == tiny.tables()
    tried(1, f"the same bytes in all {len(project.tables())} tables")


@pytest.mark.fault(
    "one core",
    "the study with `--cores 1` and five seeds a slot",
    "the same bytes in every table",
)
def test_one_core_gives_the_same_bytes(tiny, tmp_path, only_chaos, tried):
    project = tiny.fresh(tmp_path / "actbench")
    done = project.snakemake("--config", "seeds_per_job=5", "--", "aggregate", cores=1)
    assert done.returncode == 0, done.stdout + done.stderr
    assert project.tables() == tiny.tables()
    tried(1, "the same bytes")
