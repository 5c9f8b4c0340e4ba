"""SLURM's messages, each once: what it would refuse, before a job is submitted; what failed, at the end.

Without this, a misspelt partition fails once for each job and each retry, every time with the whole call of
sbatch; and where nothing tells that a job has ended, Snakemake would wait for ever. All the rest is done by
Snakemake's executor plugin.
"""

import getpass
import logging
import os
import re
import shlex
import subprocess
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from actbench.errors import UserError
from actbench.storage import files

# A resource of Snakemake's executor plugin for SLURM and the option of sbatch that it becomes.
OPTIONS = {
    "slurm_account": "account",
    "slurm_partition": "partition",
    "runtime": "time",
    "mem_mb": "mem",
    "mem_mb_per_cpu": "mem-per-cpu",
    "gpu": "gpus",
    "gres": "gres",
    "constraint": "constraint",
    "qos": "qos",
}
# The last line of a log of ours, be it our sentence or a traceback's end; and a line of SLURM's.
ERROR = re.compile(r"(?:\d Error: |^(?=\w[\w.]*(?:Error|Exception): ))(.*)")
KILLED = re.compile(r"^slurmstepd: error: \*+ (.*?) \*+$")


def check(jobs: Iterable, settings) -> None:
    """Ask SLURM about Snakemake's `jobs` and groups of jobs; `settings` are those of its executor.

    A refusal also goes to the log of the first job that is refused.

    Raises:
        UserError: SLURM does not answer, or could not say that a job has ended, or would refuse a job.
    """
    _check_status(settings.status_command, settings.init_seconds_before_status_checks)
    asked = set()
    for job in jobs:
        options = request(job.resources, job.threads)
        if options in asked:
            continue
        asked.add(options)
        refusal = _refusal(options)
        if refusal:
            name = f"group {job.groupid}" if job.is_group() else f"rule {job.rule.name}"
            sentence = f"SLURM refuses {name} ({shlex.join(options)}): {refusal}."
            log = Path(next(iter(job.log)))
            log.parent.mkdir(parents=True, exist_ok=True)
            files.write_text(f"{sentence}\n", log)
            raise UserError(f"{sentence} Log: {log}")


def name_user() -> None:
    """Let Snakemake, which asks, find a name also for a container's user without an entry in passwd."""
    try:
        getpass.getuser()
    except (KeyError, OSError):
        os.environ["LOGNAME"] = f"uid{os.getuid()}"


def request(resources: Mapping, threads: int) -> tuple[str, ...]:
    """The options of sbatch for a job with these resources."""
    options = [f"--{option}={resources[key]}" for key, option in OPTIONS.items() if resources.get(key)]
    return (*options, f"--cpus-per-task={threads}", *shlex.split(resources.get("slurm_extra") or ""))


def _refusal(options: Iterable[str]) -> str | None:
    """Why SLURM would not take such a job, in its own words; nothing is submitted."""
    asked = _ask("sbatch", "--test-only", *options, "--wrap=true")
    return _words(asked.stderr) if asked.returncode else None


def _check_status(command: str | None, seconds: int) -> None:
    """See that the executor can learn of a job's end: from sacct, or from squeue if that remembers it."""
    config = _ask("scontrol", "show", "config")
    if config.returncode:
        raise UserError(f"SLURM does not answer: {_words(config.stderr)}.")
    age = re.search(r"^MinJobAge\s*=\s*(\d+)", config.stdout, re.MULTILINE)
    remembered = int(age[1]) if age else 0
    if command == "squeue" and remembered >= 3 * seconds:
        return
    accounts = _ask("sacct", "--noheader")
    if accounts.returncode:
        raise UserError(
            f"SLURM could not tell when a job has ended: sacct says '{_words(accounts.stderr)}', and squeue "
            f"forgets a job after {remembered} s (MinJobAge); allowed: accounting, or "
            f"--slurm-status-command squeue where MinJobAge is at least {3 * seconds} s."
        )


def _ask(*command: str) -> subprocess.CompletedProcess:
    try:
        return subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", timeout=60)
    except FileNotFoundError as error:
        raise UserError(
            f"{command[0]} is not here; start the study on a login node of the cluster."
        ) from error
    except subprocess.TimeoutExpired as error:
        raise UserError(f"SLURM does not answer: {command[0]} took more than 60 s.") from error


def _words(printed: str) -> str:
    """A program's messages as one line, without its own name before each."""
    lines = [re.sub(r"^(\w+: (error|fatal)|allocation failure): ", "", line) for line in printed.splitlines()]
    return "; ".join(line.strip().rstrip(".") for line in lines if line.strip())


class Failures(logging.Handler):
    """Listens to Snakemake's log and keeps of each failed job: rule or group, message and logs."""

    def __init__(self):
        super().__init__()
        self.jobs: list[tuple[str, str, list[str]]] = []
        self.since = time.time()

    def emit(self, record: logging.LogRecord) -> None:
        fields = vars(record)
        if record.levelno < logging.ERROR:
            return
        if "job_error_info" in fields:  # Snakemake loses the message for a group, so that only logs are left
            own = [log for job in fields["job_error_info"] for log in job["log"]]
            self.jobs.append((f"group {fields['groupid']}", "", [*own, *fields["aux_logs"]]))
        elif "rule_msg" in fields and not fields["indent"]:  # not one of a group
            self.jobs.append((f"rule {fields['rule_name']}", fields["rule_msg"] or "", fields["log"]))

    def messages(self) -> list[str]:
        """A sentence for each way in which jobs failed: SLURM's word, the jobs' own, how often, a log."""
        found: dict[str, list[str]] = {}
        for name, message, logs in self.jobs:
            log, error = self._own_error(logs)
            words = ": ".join(part for part in (_status(message), error) if part) or "no message"
            found.setdefault(f"{name} failed: {words.rstrip('.')}", []).append(log)
        return [
            f"Error: {message}{f' ({len(logs)} times)' if len(logs) > 1 else ''}. Log: {logs[0]}"
            for message, logs in found.items()
        ]

    def _own_error(self, logs: list[str]) -> tuple[str, str]:
        """The first log of this run that has an error, and the error; the first log if none has."""
        for log in map(Path, logs):
            try:
                if log.stat().st_mtime < self.since:
                    continue
                lines = log.read_text(encoding="utf-8", errors="replace").rstrip().splitlines()
            except OSError:
                continue
            # A rule's log ends with its error; SLURM writes its own among other lines.
            found = [*map(ERROR.search, lines[-1:]), *map(KILLED.search, lines)]
            for error in filter(None, found):
                return str(log), error[1].strip()
        return (logs or ["none"])[0], ""


def _status(message: str) -> str:
    """SLURM's part of the executor's message: why it did not take the job, or how the job ended."""
    refused = re.search(r"The error message was '(.*?)'\.?$", message, re.DOTALL | re.MULTILINE)
    ended = re.search(r"SLURM status is: '(\w+)'", message)
    return _words(refused[1]) if refused else ended[1] if ended else message.strip()
