"""The same study elsewhere gives the same bytes in every table."""

import pytest


@pytest.mark.fault(
    "another environment",
    "the study in another folder with other TZ, LANG, HOME and PYTHONHASHSEED, `--cores` 4 instead of 2, seeds "
    "listed in another order, one seed a job instead of two",
    "the same bytes in every table",
)
def test_another_environment_gives_the_same_bytes(tiny, tmp_path, tried):
    from test_kills import fresh

    project = fresh(tiny, tmp_path / "elsewhere" / "actbench")
    home = tmp_path / "home"
    home.mkdir()
    # The C locale, which every system has; HOME moves the caches of matplotlib and Snakemake.
    environment = {"TZ": "Pacific/Chatham", "LANG": "C", "LC_ALL": "C", "HOME": str(home)}
    changed = ["--config", "seeds=[1,0]", "seeds_per_job=1", "--", "aggregate"]
    done = project.snakemake(*changed, cores=4, **environment, PYTHONHASHSEED="123")
    assert done.returncode == 0, done.stdout + done.stderr
    assert project.tables() == tiny.tables()
    tried(1, f"the same bytes in all {len(project.tables())} tables")


@pytest.mark.fault(
    "one core",
    "the study with `--cores 1` and five seeds a slot",
    "the same bytes in every table",
)
def test_one_core_gives_the_same_bytes(tiny, tmp_path, chaos, tried):
    from test_kills import fresh

    if not chaos:
        pytest.skip("only with --chaos")
    project = fresh(tiny, tmp_path / "actbench")
    done = project.snakemake("--config", "seeds_per_job=5", "--", "aggregate", cores=1)
    assert done.returncode == 0, done.stdout + done.stderr
    assert project.tables() == tiny.tables()
    tried(1, "the same bytes")
