"""Against programs of SLURM that are scripts here; tests/slurm asks the real ones."""

import logging
import os
from types import SimpleNamespace

import pytest
from actbench.errors import UserError
from actbench.runtime import cluster

CONFIG = "echo 'MinJobAge               = {age} sec'"


@pytest.fixture
def slurm(monkeypatch, tmp_path):
    """Put programs in the place of SLURM's: what each does, as a line of a shell script."""
    monkeypatch.chdir(tmp_path)

    def installed(age=300, sacct="exit 0", **programs):
        programs = {"scontrol": CONFIG.format(age=age), "sacct": sacct, "sbatch": "exit 0"} | programs
        for name, line in programs.items():
            (tmp_path / name).write_text(f'#!/bin/sh\necho "$0 $*" >> {tmp_path}/called\n{line}\n')
            (tmp_path / name).chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    installed.called = lambda: (tmp_path / "called").read_text().replace(f"{tmp_path}/", "").splitlines()
    return installed


def settings(command="squeue"):
    return SimpleNamespace(status_command=command, init_seconds_before_status_checks=40)


def job(rule="train", threads=1, **resources):
    log = [f"logs/{rule}/relu.log"]
    named = SimpleNamespace(name=rule)
    return SimpleNamespace(rule=named, threads=threads, resources=resources, log=log, is_group=lambda: False)


def test_a_request_has_the_options_that_the_executor_gives_to_sbatch():
    resources = dict(
        slurm_account="lab", slurm_partition="gpu", runtime=90, mem_mb=4000, gpu=1, slurm_extra="'--nice=5'"
    )
    assert cluster.request(resources, 2) == (
        "--account=lab", "--partition=gpu", "--time=90", "--mem=4000", "--gpus=1", "--cpus-per-task=2", "--nice=5",
    )  # fmt: skip
    assert cluster.request({"gpu": 0, "one_at_a_time": 1}, 1) == ("--cpus-per-task=1",)


def test_each_kind_of_job_is_asked_about_once(slurm):
    slurm()
    cluster.check([job(gpu=1), job(gpu=1), job("probe_gradients"), job("report")], settings())
    asked = [line for line in slurm.called() if line.startswith("sbatch")]
    assert asked == [
        "sbatch --test-only --gpus=1 --cpus-per-task=1 --wrap=true",
        "sbatch --test-only --cpus-per-task=1 --wrap=true",
    ]


def test_a_refusal_is_one_sentence_and_goes_to_the_rules_log(slurm, tmp_path):
    refuse = "echo 'sbatch: error: invalid partition: x' >&2; echo 'allocation failure: No such thing.' >&2; exit 1"
    slurm(sbatch=refuse)
    expected = (
        "SLURM refuses rule train (--partition=x --cpus-per-task=1): invalid partition: x; No such thing."
    )
    with pytest.raises(UserError) as refused:
        cluster.check([job(slurm_partition="x")], settings())
    assert str(refused.value) == f"{expected} Log: logs/train/relu.log"
    assert (tmp_path / "logs/train/relu.log").read_text() == f"{expected}\n"


def test_a_group_is_asked_about_as_a_whole(slurm):
    slurm(sbatch="echo 'allocation failure: Requested time limit is invalid' >&2; exit 1")
    group = SimpleNamespace(
        is_group=lambda: True, groupid="probes", threads=1, resources={"runtime": 90}, log=["a.log", "b.log"]
    )
    with pytest.raises(
        UserError, match=r"refuses group probes \(--time=90 .*limit is invalid\. Log: a\.log$"
    ):
        cluster.check([group], settings())


def test_a_controller_that_does_not_answer(slurm):
    slurm(scontrol="echo 'slurm_load_ctl_conf error: Unable to contact slurm controller' >&2; exit 1")
    with pytest.raises(
        UserError, match=r"^SLURM does not answer: slurm_load_ctl_conf error: Unable to contact"
    ):
        cluster.check([], settings())


def test_programs_that_are_not_there(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(UserError, match="scontrol is not here; start the study on a login node"):
        cluster.check([], settings())


NO_ACCOUNTS = "echo 'Slurm accounting storage is disabled' >&2; exit 1"


@pytest.mark.parametrize(
    ("command", "age", "accounts", "fine"),
    [
        ("squeue", 300, "exit 0", True),
        ("squeue", 300, NO_ACCOUNTS, True),
        ("squeue", 120, NO_ACCOUNTS, True),
        ("squeue", 119, NO_ACCOUNTS, False),
        ("squeue", 2, "exit 0", True),
        ("sacct", 300, "exit 0", True),
        ("sacct", 300, NO_ACCOUNTS, False),
    ],
)
def test_the_end_of_a_job_can_be_known(slurm, command, age, accounts, fine):
    slurm(age=age, sacct=accounts)
    if fine:
        cluster.check([], settings(command))
        return
    with pytest.raises(UserError) as refused:
        cluster.check([], settings(command))
    for part in ("Slurm accounting storage is disabled", f"{age} s (MinJobAge)", "at least 120 s"):
        assert part in str(refused.value)


@pytest.fixture
def failed(tmp_path, monkeypatch):
    """Tell a listener of failed jobs, as Snakemake does, and give what it says in the end."""
    monkeypatch.chdir(tmp_path)
    listener = cluster.Failures()

    def tell(*records):
        for record in records:
            listener.handle(logging.makeLogRecord(dict(levelno=logging.ERROR) | record))
        return listener.messages()

    return tell


def of_rule(message, *logs, rule="train", indent=False):
    return dict(rule_name=rule, rule_msg=message, log=list(logs), indent=indent)


ENDED = "SLURM-job '{}' failed, SLURM status is: '{}'. Detailed failure reason unavailable (status ...).For"


def test_jobs_that_failed_in_the_same_way_are_told_once(failed, tmp_path):
    for name in ("a", "b"):
        text = f"2026-11-22 13:54:37,559 epoch 1\n2026-11-22 13:54:37,878 Error: {'the disk is full'}.\n"
        (tmp_path / f"{name}.log").write_text(text)
    records = [of_rule(ENDED.format(n, "FAILED"), f"{name}.log", "slurm.log") for n, name in enumerate("aba")]
    assert failed(*records) == ["Error: rule train failed: FAILED: the disk is full (3 times). Log: a.log"]


def test_a_traceback_is_told_by_its_last_line(failed, tmp_path):
    trace = "2026-11-22 13:54:37,878 Traceback (most recent call last):\n  File x\ntorch.OutOfMemoryError: CUDA: 1 GB\n"
    (tmp_path / "a.log").write_text(trace)
    assert failed(of_rule(ENDED.format(1, "FAILED"), "a.log")) == [
        "Error: rule train failed: FAILED: torch.OutOfMemoryError: CUDA: 1 GB. Log: a.log"
    ]


def test_what_slurm_did_to_a_job_is_told(failed, tmp_path):
    (tmp_path / "a.log").write_text("2026-11-22 13:54:37,559 epoch 1 of 50\n")
    slurm = (
        "Job 0\nslurmstepd: error: *** JOB 5 ON n1 CANCELLED AT 2026 DUE TO TIME LIMIT ***\nWorkflowError:\n"
    )
    (tmp_path / "5.log").write_text(slurm)
    assert failed(of_rule(ENDED.format(5, "TIMEOUT"), "a.log", "5.log")) == [
        "Error: rule train failed: TIMEOUT: JOB 5 ON n1 CANCELLED AT 2026 DUE TO TIME LIMIT. Log: 5.log"
    ]


def test_a_refused_submission_is_told_in_slurms_words(failed):
    message = (
        "SLURM sbatch failed. The error message was 'sbatch: error: QOSMaxSubmitJobPerUserLimit\n"
        "sbatch: error: Batch job submission failed: Job violates policy'.\n    sbatch call:\n        sbatch -p 'x'\n"
    )
    assert failed(of_rule(message, "a.log")) == [
        "Error: rule train failed: QOSMaxSubmitJobPerUserLimit; Batch job submission failed: Job violates policy. "
        "Log: a.log"
    ]


def test_a_group_is_told_by_the_log_of_the_job_that_failed_in_it(failed, tmp_path):
    (tmp_path / "one.log").write_text("2026-11-22 13:54:37,559 CPU seconds: imports 1.00, work 2.00\n")
    (tmp_path / "two.log").write_text("2026-11-22 13:54:37,559 Error: x.parquet is damaged.\n")
    info = [dict(rule_name="probe", log=[f"{name}.log"]) for name in ("one", "two", "three")]
    group = dict(job_error_info=info, groupid="probes", aux_logs=["7.log"])
    inner = of_rule(None, "one.log", rule="probe", indent=True)
    assert failed(group, inner) == ["Error: group probes failed: x.parquet is damaged. Log: two.log"]


def test_logs_of_an_earlier_run_are_not_taken_for_this_ones(failed, tmp_path):
    (tmp_path / "a.log").write_text("2026-11-22 13:54:37,559 Error: long ago.\n")
    os.utime(tmp_path / "a.log", (1, 1))
    assert failed(of_rule(ENDED.format(1, "NODE_FAIL"), "a.log")) == [
        "Error: rule train failed: NODE_FAIL. Log: a.log"
    ]
    finished, started = (
        {"msg": "Finished jobid: 4"},
        of_rule("Train relu", "a.log") | {"levelno": logging.INFO},
    )
    assert failed(finished, started) == ["Error: rule train failed: NODE_FAIL. Log: a.log"]
