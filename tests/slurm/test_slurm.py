"""The study on a real SLURM of two virtual nodes: the same bytes, whatever happens to nodes and jobs."""

import importlib.util
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import virtual_cluster
from conftest import Project

SMALL = ("--configfile", "studies/tiny.yaml", "--config", "depths=[1]")
TABLES = "results/tiny/tables/runs.parquet"
PROBES = ("gradients", "distributions", "dead_neurons")
BLOCKS = [
    f"results/tiny/runs/{name}/d1/default/seeds{seed}-{seed}/runs.parquet"
    for name in ("relu", "tanh")
    for seed in (0, 1)
]


@pytest.fixture(scope="session")
def cluster(request, tmp_path_factory) -> Iterator[virtual_cluster.Cluster]:
    if not request.config.getoption("--slurm"):
        pytest.skip("only with make test-slurm")
    why = virtual_cluster.missing()
    if why is None and importlib.util.find_spec("snakemake_executor_plugin_slurm") is None:
        why = "no snakemake-executor-plugin-slurm"
    if why:
        pytest.skip(why)
    with virtual_cluster.running(tmp_path_factory.mktemp("slurm") / "cluster") as running:
        # The login node has a GPU; that says nothing about the others, and `device: auto` must not ask.
        program = running.folder / "bin" / "nvidia-smi"
        program.write_text("#!/bin/sh\necho 'GPU 0: NVIDIA H100 (UUID: GPU-0)'\n")
        program.chmod(0o755)
        yield running


class ClusterProject(Project):
    """A copy of the project whose jobs go to the cluster."""

    def __init__(self, folder: Path, cluster: virtual_cluster.Cluster):
        super().__init__(folder)
        self.cluster = cluster
        self.log = folder / "printed.txt"

    def command(self, *arguments: str, **_) -> list[str]:
        quick = ["--slurm-init-seconds-before-status-checks", "3"]
        return [*SMALL, "--workflow-profile", "profiles/slurm", *quick, *arguments]

    def start(self, *arguments: str) -> subprocess.Popen:
        """Start Snakemake on a login node with a GPU; what it prints goes to `log`."""
        environment = self.cluster.environment | {"CUDA_VISIBLE_DEVICES": "0"}
        with open(self.log, "w", encoding="utf-8") as log:
            return super().start(*arguments, environment=environment, stdout=log, stderr=log)

    def run(self, *arguments: str) -> subprocess.CompletedProcess:
        """The finished run; `stdout` holds standard error as well."""
        running = self.start(*arguments)
        return subprocess.CompletedProcess(arguments, self.end(running), self.log.read_text(), "")

    def end(self, running: subprocess.Popen) -> int:
        """The status with which it ends."""
        try:
            return running.wait(virtual_cluster.HANG)
        except subprocess.TimeoutExpired:
            os.killpg(running.pid, signal.SIGKILL)
            pytest.fail(f"not done within {virtual_cluster.HANG} s:\n{self.log.read_text()}")


@pytest.fixture
def project(cluster, tmp_path) -> ClusterProject:
    return ClusterProject(tmp_path / "project", cluster)


@pytest.fixture(scope="session")
def local(cluster, tmp_path_factory) -> Project:
    """The same study, run on this machine alone."""
    finished = Project(tmp_path_factory.mktemp("local") / "project")
    study = finished.start(*SMALL[2:], environment=cluster.environment)
    printed, _ = study.communicate()
    assert study.returncode == 0, printed
    return finished


def since(cluster, before: list[virtual_cluster.Job]) -> list[virtual_cluster.Job]:
    """The jobs that were not there before."""
    known = {job.number for job in before}
    return [job for job in cluster.jobs() if job.number not in known]


def logs(project) -> set[str]:
    return {str(path.relative_to(project.folder)) for path in project.folder.glob("results/**/*.log")}


def running(cluster, rule: str) -> list[str]:
    """Numbers of the jobs of a rule that run now."""
    return [job.number for job in cluster.jobs() if job.state == "RUNNING" and f"rule_{rule}" in job.comment]


def kill_daemons(number: str, *steps: str) -> None:
    """SIGKILL slurmstepd of steps of a job, `batch` among them: nothing tells SLURM that they have ended."""

    def daemons() -> dict[str, int]:
        listed = subprocess.run(["ps", "-eo", "pid,args"], capture_output=True, text=True, check=True).stdout
        found = re.findall(rf"^\s*(\d+) slurmstepd: \[{number}\.(\w+)\]", listed, re.MULTILINE)
        return {step: int(pid) for pid, step in found}

    virtual_cluster.wait_for(lambda: set(steps) <= daemons().keys(), f"steps {steps} of job {number}")
    for step in steps:
        os.kill(daemons()[step], signal.SIGKILL)


def test_a_study_on_two_nodes_has_the_bytes_of_a_local_run(cluster, project, local):
    before = cluster.jobs()
    done = project.run()
    assert done.returncode == 0, done.stdout
    assert "Report: reports/tiny.html" in done.stdout
    assert project.tables() == local.tables()
    assert logs(project) == logs(local)

    jobs = since(cluster, before)
    assert {job.name.split("_")[0] for job in jobs} == {"actbench"}
    recognised = [
        re.match(r"rule_(train_wildcards_tiny_\w+|time|probes|summary)", job.comment) for job in jobs
    ]
    assert sorted(found[1] for found in recognised) == [
        "probes", "summary", "time", "train_wildcards_tiny_relu_1_default_0", "train_wildcards_tiny_tanh_1_default_0",
    ]  # fmt: skip
    assert all(job.cpus == "1" and "gpu" not in job.gres for job in jobs)

    # Whichever profile comes next, nothing runs again.
    command = ["-m", "snakemake", "--dry-run", "--configfile", "studies/tiny.yaml", "--config", "depths=[1]"]
    again = subprocess.run(
        [sys.executable, *command, "--cores", "2"],
        cwd=project.folder, env=cluster.environment, capture_output=True, text=True,
    )  # fmt: skip
    assert "Nothing to be done" in again.stdout + again.stderr


def test_lost_jobs_killed_daemons_and_a_drained_node_cost_time_and_nothing_else(cluster, project, local):
    # A minute for a first training: srun waits for a killed slurmstepd until the job's time is up.
    before = cluster.jobs()
    study = project.start("--set-resources", "train:runtime=attempt", "train:mem_mb=2000", "--", TABLES)
    seen = set()

    def next_training() -> str:
        virtual_cluster.wait_for(lambda: set(running(cluster, "train")) - seen, "a training job")
        found = min(set(running(cluster, "train")) - seen, key=int)
        seen.add(found)
        return found

    try:
        cancelled = next_training()
        cluster.ask("scancel", cancelled)
        halved = next_training()
        kill_daemons(halved, "0")
        gone = next_training()
        kill_daemons(gone, "batch", "0")
        cluster.ask("scontrol", "update", "NodeName=n1", "State=DRAIN", "Reason=test")
        after = next_training()
        assert [job.nodes for job in cluster.jobs() if job.number == after] == ["n2"]

        blocks = project.folder / "results" / "tiny" / "runs"
        virtual_cluster.wait_for(lambda: list(blocks.glob("**/[gd]*s.parquet")), "a probe's table")
        [group] = running(cluster, "probes")
        cluster.ask("scancel", group)
        status = project.end(study)
    finally:
        cluster.ask("scontrol", "update", "NodeName=n1", "State=RESUME")
    printed = project.log.read_text()
    assert status == 0, printed
    ends = dict(re.findall(r"SLURM-job '(\d+)' failed, SLURM status is: '(\w+)'", printed))
    assert ends[cancelled] == "CANCELLED" and ends[halved] == "TIMEOUT", printed
    groups = [job.state for job in since(cluster, before) if "probes" in job.comment]
    assert sorted(groups) == ["CANCELLED", "COMPLETED"]
    assert ends.get(gone) in ("TIMEOUT", "NODE_FAIL", None)  # None: SLURM itself ran it again
    assert project.tables() == local.tables()


def test_as_many_gpu_jobs_run_as_there_are_gpus_and_no_more(cluster, project):
    # A GPU that is /dev/null cannot train: the job asks for it, holds it and computes on its CPU.
    path = project.folder / "workflow" / "scripts" / "actbench" / "training" / "job.py"
    real = path.read_text()
    path.write_text(real.replace('job.config["device"] if job.resources.gpu else "cpu"', '"cpu"'))
    assert path.read_text() != real

    before = cluster.jobs()
    study = project.start("--config", "depths=[1]", "device=cuda", "seeds_per_job=1", "--", *BLOCKS)
    seen = []
    while study.poll() is None:
        held = [job for job in cluster.jobs() if job.state == "RUNNING" and "gpu" in job.gres]
        seen.append(sorted(job.nodes for job in held))
        time.sleep(0.3)
    assert study.returncode == 0, project.log.read_text()
    jobs = since(cluster, before)
    assert len(jobs) == len(BLOCKS) and all("gpu" in job.gres for job in jobs)
    assert ["n1", "n2"] in seen, seen
    assert all(nodes in ([], ["n1"], ["n2"], ["n1", "n2"]) for nodes in seen), seen


def test_ctrl_c_cancels_the_jobs(cluster, project):
    before = cluster.jobs()
    study = project.start("--", TABLES)
    virtual_cluster.wait_for(lambda: running(cluster, "train"), "a training job")
    study.send_signal(signal.SIGINT)
    assert project.end(study) == 1
    virtual_cluster.wait_for(lambda: not running(cluster, "train"), "the end of the jobs")
    assert {job.state for job in since(cluster, before)} == {"CANCELLED"}


REFUSED = {
    "a partition that is not there": (
        ["--default-resources", "slurm_partition=nope", "runtime=5", "mem_mb=1000", "one_at_a_time=1"],
        r"SLURM refuses (?:rule|group) \w+ \(--partition=nope .*\): invalid partition specified: nope; .*"
        r"Log: results/tiny/logs/\S+\.log",
    ),
    "a partition without a GPU": (
        ["--config", "depths=[1]", "device=cuda", "--set-resources", "train:slurm_partition=plain"],
        r"SLURM refuses rule train \(--partition=plain .*--gpus=1.*\): Requested node configuration is not "
        r"available\. Log: results/tiny/logs/train/\S+\.log",
    ),
    "more time than the partition gives": (
        ["--set-resources", "train:slurm_partition=brief", "train:runtime=60"],
        r"SLURM refuses rule train \(.*--time=60.*\): Requested time limit is invalid.*"
        r"Log: results/tiny/logs/train/\S+\.log",
    ),
    "more time for a group than the partition gives": (
        ["--set-resources", *(f"probe_{name}:slurm_partition=brief" for name in PROBES)],
        r"SLURM refuses group probes \(--partition=brief --time=60 .*\): Requested time limit is invalid.*"
        r"Log: results/tiny/logs/probe_\w+/\S+\.log",
    ),
    "more memory than any node has": (
        ["--set-resources", "train:mem_mb=100000"],
        r"SLURM refuses rule train \(.*--mem=100000.*\): (Memory specification can not be satisfied; )?Requested node "
        r"configuration is not available\. Log: results/tiny/logs/train/\S+\.log",
    ),
    "no accounting": (
        ["--slurm-status-command", "sacct"],
        r"SLURM could not tell when a job has ended: sacct says 'Slurm accounting storage is disabled', .*"
        r"allowed: accounting, or --slurm-status-command squeue where MinJobAge is at least \d+ s\.",
    ),
}


@pytest.mark.parametrize(("arguments", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_slurm_refuses_is_one_sentence_before_anything_is_submitted(
    cluster, project, arguments, sentence
):
    before = cluster.jobs()
    done = project.run(*arguments)
    assert done.returncode == 1
    assert re.fullmatch("Error: " + sentence, done.stdout.strip().splitlines()[-1]), done.stdout
    assert not since(cluster, before)
    log = re.search(r"Log: (\S+)$", done.stdout.strip())
    if log:
        assert Path(project.folder, log[1]).read_text(encoding="utf-8").startswith("SLURM refuses ")


def test_a_full_quota_is_told_with_the_rules_log(cluster, project):
    runs = project.folder / "results" / "tiny"
    runs.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=12k", "none", str(runs)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no right to mount")
    try:
        done = project.run("--retries", "0", BLOCKS[0].replace("seeds0-0", "seeds0-1"))
    finally:
        subprocess.run(["umount", "--lazy", str(runs)], check=True)
    assert done.returncode == 1
    told = [line for line in done.stdout.splitlines() if line.startswith("Error: ")]
    log = "results/tiny/logs/train/relu-d1-default-seeds0-1.log"
    assert len(told) == 1, done.stdout
    assert re.fullmatch(rf"Error: rule train failed: FAILED: .*No space left on device.* Log: {log}", told[0])
