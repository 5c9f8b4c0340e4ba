"""A family of networks is one module: a study names it, its jobs run its code, and no other study notices."""

from collections import Counter

import pytest
from actbench.storage import files
from dropout_family import MODULE
from reruns_of_keys import UNTRAINED

FAMILY = "workflow/scripts/actbench/networks/families/dropout.py"
CONFIG = ["--config", "network={family: dropout, dropout: 0.2}"]
BLOCK = "results/tiny/runs/relu/d1/default/seeds0-1"


@pytest.fixture
def project(tiny, tmp_path):
    project = tiny.copy(tmp_path / "actbench")
    (project.folder / FAMILY).write_text(MODULE)
    return project


def test_another_family_re_runs_nothing_until_a_study_names_it(project):
    assert project.planned() == Counter()
    assert project.planned(*CONFIG) == Counter(UNTRAINED)


def test_its_jobs_run_its_code_and_name_it(project):
    probe = f"{BLOCK}/gradients.parquet"
    done = project.snakemake("--quiet", "all", *CONFIG, "--", probe)
    assert done.returncode == 0, done.stdout
    found = files.read_json(project.folder / BLOCK / "config.json")
    assert found["params"]["network"] == {"family": "dropout", "dropout": 0.2}
    assert FAMILY.removeprefix("workflow/scripts/") in found["provenance"]["code"]
    assert project.planned(*CONFIG, "--", probe) == Counter()
    with project.edited(FAMILY):
        assert project.planned(*CONFIG, "--", probe) == Counter(train=1, probe_gradients=1)
    assert project.planned("--config", "network={family: dropout, dropout: 0.3}", "--", probe) == Counter(
        train=1, probe_gradients=1
    )


def test_a_family_that_is_not_there_is_one_sentence(project):
    done = project.snakemake("--dry-run", "--config", "network={family: resnet}")
    assert done.returncode == 1 and "Traceback" not in done.stdout
    assert "Config error: network.family is 'resnet' (text); allowed: " in done.stdout
