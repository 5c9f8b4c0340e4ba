"""The profile for a cluster says the same as the default one where it must, and speaks of rules that exist."""

import re

import pytest
import yaml
from actbench.probes import registry
from conftest import ROOT

DEFAULT, SLURM = (
    yaml.safe_load((ROOT / "profiles" / name / "config.yaml").read_text()) for name in ("default", "slurm")
)
RULES = {probe.rule for probe in registry.specs().values()} | set(
    re.findall(r"^rule (\w+):", "".join(p.read_text() for p in ROOT.glob("workflow/rules/*.smk")), re.M)
)
ON_ONE_MACHINE = {"cores", "resources"}


def pairs(key):
    return dict(text.split("=") for text in SLURM[key])


def test_what_runs_again_is_the_same_with_either_profile():
    same = DEFAULT.keys() - ON_ONE_MACHINE
    assert {"rerun-triggers", "max-checksum-file-size", "rerun-incomplete"} <= same
    assert {key: SLURM.get(key) for key in same} == {key: DEFAULT[key] for key in same}


def test_the_cluster_profile_speaks_of_rules_and_groups_that_exist():
    assert pairs("groups").keys() <= RULES and SLURM["set-resources"].keys() <= RULES
    assert pairs("group-components").keys() <= set(pairs("groups").values())


def test_slurm_counts_the_gpus_and_no_limit_of_one_machine_is_left():
    assert "gpu" not in pairs("resources")


@pytest.mark.parametrize("rule", sorted(RULES))
def test_every_rule_asks_for_time_and_memory(rule):
    given = pairs("default-resources") | SLURM["set-resources"].get(rule, {})
    assert "attempt" in given["runtime"] and "attempt" in given["mem_mb"]
