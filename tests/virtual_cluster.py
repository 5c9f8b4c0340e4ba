"""A real SLURM on this machine alone: a controller and two virtual nodes with a GPU each that is none.

All of it lives in one folder and is found by SLURM_CONF, so that a SLURM that is installed here for other
purposes is not touched. Needs root, and Debian's slurm-wlm and munge.
"""

import contextlib
import os
import re
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scontrol", "scancel")
NODES = ("n1", "n2")
CPUS = 2  # of each node; SLURM takes our word for them
HANG = 600  # seconds after which something hangs; no machine is that busy
MEMORY = 16000  # MB of each node
# What stands for a node's GPU, since SLURM wants a device file of each.
GPUS = {"n1": "/dev/null", "n2": "/dev/zero"}

CONF = """\
ClusterName=actbench
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmdSpoolDir={folder}/spool-%n
StateSaveLocation={folder}/state
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
EnforcePartLimits=ALL
ReturnToService=2
SlurmctldTimeout=30
SlurmdTimeout=30
KillWait=5
GresTypes=gpu
PartitionName=main Nodes=n[1-2] Default=YES MaxTime=1-00:00:00
PartitionName=brief Nodes=n[1-2] MaxTime=5
PartitionName=plain Nodes=n3 MaxTime=1-00:00:00
NodeName=n3 NodeHostname={host} NodeAddr=127.0.0.1 Port={unused} CPUs={cpus} RealMemory={memory} State=DOWN
"""
NODE = (
    "NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} "
    "CPUs={cpus} RealMemory={memory} Gres=gpu:1\n"
)


def missing() -> str | None:
    """Why no cluster can be started here, or None."""
    absent = [name for name in PROGRAMS if shutil.which(name) is None]
    if absent:
        return f"{', '.join(absent)} not installed"
    return None if os.geteuid() == 0 else "only root can start slurmd"


def free_ports(n: int) -> list[int]:
    """Ports that nothing listens on at the moment."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(n)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def wait_for(condition: Callable[[], object], what: str) -> None:
    """Ask until it is so.

    Raises:
        TimeoutError: it is not so after `HANG` seconds.
    """
    end = time.monotonic() + HANG
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {HANG} s")
        time.sleep(0.2)


class Job(NamedTuple):
    """A row of squeue: state in words, nodes, generic resources, CPUs, and what the submitter calls it."""

    number: str
    state: str
    nodes: str
    gres: str
    cpus: str
    name: str
    comment: str


class Cluster:
    """The daemons, and what a user asks of them.

    Attributes:
        environment: what Snakemake and SLURM's programs need to find it.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        conf = folder / "slurm.conf"
        path = f"{folder}/bin:{os.environ['PATH']}"
        self.environment = os.environ | {"SLURM_CONF": str(conf), "PATH": path}
        self.daemons: dict[str, subprocess.Popen] = {}

    def start(self) -> None:
        self._configure()
        self._daemon(
            "munged", "--foreground", "--force", f"--socket={self.folder}/munge.socket",
            f"--key-file={self.folder}/munge.key", f"--pid-file={self.folder}/munge.pid",
            f"--seed-file={self.folder}/munge.seed", f"--log-file={self.folder}/munge.log",
        )  # fmt: skip
        wait_for((self.folder / "munge.socket").exists, "munged")
        self._daemon("slurmctld", "-D")
        for name in NODES:
            self._daemon("slurmd", "-D", "-N", name, name=f"slurmd-{name}")
        wait_for(lambda: all(self.node(name) == "IDLE" for name in NODES), "two idle nodes")

    def _configure(self) -> None:
        host = socket.gethostname()
        controller, unused, *ports = free_ports(2 + len(NODES))
        named = dict(host=host, cpus=CPUS, memory=MEMORY)
        nodes = [NODE.format(name=name, port=port, **named) for name, port in zip(NODES, ports, strict=True)]
        conf = CONF.format(folder=self.folder, controller=controller, unused=unused, **named)
        (self.folder / "slurm.conf").write_text("".join(nodes) + conf)
        gres = [f"NodeName={name} Name=gpu File={path}\n" for name, path in GPUS.items()]
        (self.folder / "gres.conf").write_text("".join(gres))
        # The executor plugin takes SLURM_CONF, like all of SLURM's variables, from srun.
        srun = self.folder / "bin" / "srun"
        srun.parent.mkdir()
        srun.write_text(f'#!/bin/sh\nSLURM_CONF={self.folder}/slurm.conf exec {shutil.which("srun")} "$@"\n')
        srun.chmod(0o755)
        key = self.folder / "munge.key"
        key.write_bytes(secrets.token_bytes(128))
        key.chmod(0o400)

    def _daemon(self, *command: str, name: str | None = None) -> None:
        with open(self.folder / f"{name or command[0]}.log", "a", encoding="utf-8") as log:
            self.daemons[name or command[0]] = subprocess.Popen(
                command, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def stop(self) -> None:
        with contextlib.suppress(subprocess.SubprocessError):
            self.ask("scancel", "--user=root")
        for daemon in reversed(self.daemons.values()):
            daemon.terminate()
        for daemon in self.daemons.values():
            try:
                daemon.wait(5)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()

    def ask(self, *command: str) -> str:
        """What one of SLURM's programs prints."""
        done = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=HANG, check=True
        )
        return done.stdout

    def node(self, name: str) -> str:
        """The state of a node."""
        try:
            told = self.ask("sinfo", "--noheader", "--Node", "--nodes", name, "--format=%T")
        except subprocess.CalledProcessError:  # the controller has not started yet
            return "UNKNOWN"
        return told.split()[0].upper()

    def jobs(self) -> list[Job]:
        """All jobs that SLURM still knows, also those that ended in the last 5 minutes."""
        fields = ("JobID", "State", "NodeList", "tres-per-job", "NumCPUs", "Name", "Comment")
        form = ",".join(f"{field}:|" for field in fields)
        printed = self.ask("squeue", "--noheader", "--states=all", f"--Format={form}")
        return [Job(*line.split("|")[: len(fields)]) for line in printed.splitlines()]

    def load(self) -> dict[str, int]:
        """What the controller has had to do since `sdiag --reset`: jobs started (each task of an array is one)
        and requests answered."""
        printed = self.ask("sdiag")
        by_type = printed.split("by message type")[1].split("by user")[0]
        started = re.search(r"^Jobs started:\s*(\d+)", printed, re.MULTILINE)
        return dict(jobs=int(started[1]), requests=sum(map(int, re.findall(r"count:(\d+)", by_type))))


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Cluster]:
    """A cluster that lives in `folder`, for a while."""
    folder.mkdir()
    cluster = Cluster(folder)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
