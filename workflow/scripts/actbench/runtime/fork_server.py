"""One process loads the libraries, and each short job is a fork of it (on Linux).

A study has many short jobs, and most of a job's time goes into importing torch. So Snakemake starts a fork
server, which imports libraries and waits; what only tables and figures need, it imports when no job asks. A
job's process, which Snakemake starts as without it, sends the server its working directory, environment and
standard streams, waits, and ends with the status or the signal of the fork. The fork runs the job's script
from its first line: our own code is imported anew, and its digests are taken, as in a process of its own.

Nothing depends on it: without a server, or where one fails before it has forked, a job does its work itself.
The server ends with Snakemake, a fork with its server, with Snakemake and with the process that sent it. Only
processes that descend from this Snakemake, and are the same user's, are served.
"""

import gc
import importlib
import json
import os
import secrets
import select
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from actbench.runtime import orphans, outside

SERVER = "ACTBENCH_FORK_SERVER"  # the environment variable that tells jobs of it; "off" starts none
LIBRARIES = (
    "torch",
    "pyarrow.parquet",
    "safetensors.numpy",
    "safetensors.torch",
    "snakemake.iocontainers",
    "snakemake.logging",
)
LATER = ("pandas", "scipy.stats", "scipy.optimize", "actbench.figures.plotting", "jinja2")
WAITING = 128  # jobs that may wait for the server to accept them
PAUSE = 0.1  # seconds until another try where the system has no process or descriptor left
FORKED = b"f"
LENGTH, STATUS, CREDENTIALS = struct.Struct("=Q"), struct.Struct("=i"), struct.Struct("=3i")

_SERVERS: list[subprocess.Popen] = []


def start(script: str | Path) -> None:
    """Called by Snakemake before its first job: start the server, if it can be, and tell jobs of it.

    Args:
        script: `fork_server.py`, the server's.
    """
    if sys.platform != "linux" or not hasattr(os, "pidfd_open") or os.environ.get(SERVER) == "off":
        return
    name = f"actbench-{secrets.token_hex(16)}"
    nothing = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
    with suppress(OSError), socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"\0{name}")
        listener.listen(WAITING)
        command = [sys.executable, str(script), str(listener.fileno())]
        _SERVERS.append(subprocess.Popen(command, pass_fds=[listener.fileno()], **nothing))
        os.environ[SERVER] = f"{name} {os.environ[orphans.SNAKEMAKE]} {sys.executable}"


def stop() -> None:
    """Called by Snakemake after its last job: end the server."""
    while _SERVERS:
        _SERVERS[-1].kill()
        _SERVERS.pop().wait()
        os.environ.pop(SERVER, None)


def hand_over() -> None:
    """Called by a job, first of all: let the server do the work, and end; return where there is none.

    What Snakemake measures with `benchmark:` it measures of the process that it started, so such a job works
    itself.
    """
    main = sys.modules["__main__"]
    script, job = getattr(main, "__real_file__", None), getattr(main, "snakemake", None)
    name, _, rest = os.environ.get(SERVER, "").partition(" ")
    if script is None or job is None or job.bench_iteration is not None:
        return
    # Another Snakemake's server, a container, or another environment.
    if rest != f"{os.environ.get(orphans.SNAKEMAKE)} {sys.executable}":
        return
    environment = {name: value for name, value in os.environ.items() if name != SERVER}  # the fork works
    request = json.dumps({"script": script, "folder": str(Path.cwd()), "environment": environment}).encode()
    with socket.socket(socket.AF_UNIX) as server:
        if server.fileno() <= 2:  # a standard stream is closed, and this would take its place
            return
        try:
            server.connect(f"\0{name}")
            if _peer(server)[1] != os.getuid():
                return
            socket.send_fds(server, [LENGTH.pack(len(request))], [0, 1, 2])
            server.sendall(request)
            if server.recv(len(FORKED)) != FORKED:
                return
        except OSError:
            return
        _end(server)


def _end(server: socket.socket) -> None:
    """Wait for the fork's end, and end this process in the same way."""
    status = b""
    with suppress(OSError):
        status = server.recv(STATUS.size)
    if len(status) < STATUS.size:
        with suppress(OSError):
            os.write(2, b"Error: the fork server has ended, and so does the job.\n")
        os._exit(1)
    code = os.waitstatus_to_exitcode(STATUS.unpack(status)[0])
    if code < 0:
        with suppress(OSError):  # SIGKILL is nobody's to set
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


@dataclass
class _Job:
    """A fork: the connection to who asked for it, its number, and what is readable when it has ended."""

    sender: socket.socket
    number: int
    ended: int
    killed: bool = False

    def close(self) -> None:
        self.sender.close()
        os.close(self.ended)


def serve(listener: socket.socket) -> str:
    """Import the libraries and fork a process for each job that asks; returns in these processes.

    Returns:
        The path of the script that the process is to run.
    """
    snakemake = os.getppid()
    orphans.prevent()
    outside.keep_out()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends Snakemake and its jobs, and that ends this
    gc.disable()
    for name in LIBRARIES:
        with suppress(ImportError):
            _load(name)
    running: list[_Job] = []
    later = list(LATER)
    while True:
        found = _readable(listener, running, wait=not later)
        if later and not found:
            with suppress(Exception):  # a job that needs it says why it cannot be had
                _load(later.pop(0))
        for job in running:
            if job.ended in found:
                with suppress(OSError):
                    job.sender.send(STATUS.pack(os.waitpid(job.number, 0)[1]))
                job.close()
            elif job.sender.fileno() in found:  # who sent it is gone
                os.kill(job.number, signal.SIGKILL)
                job.killed = True
        running = [job for job in running if job.sender.fileno() >= 0]
        if listener.fileno() not in found:
            continue
        try:
            sender, _ = listener.accept()
            number, uid, _ = _peer(sender)
            asked = uid == os.getuid() and snakemake in orphans.ancestors(number)
            job = _forked(sender) if asked else None
        except OSError:  # no process or descriptor is left: the job works by itself
            time.sleep(PAUSE)
            continue
        if not asked:
            sender.close()
        elif job is None:
            for other in running:
                other.close()
            listener.close()
            return _become(sender)
        else:
            running.append(job)


def _forked(sender: socket.socket) -> _Job | None:
    """A fork for who asks, and None in the fork; who asks is told that there is one."""
    try:
        number = os.fork()
        if not number:
            return None
        try:
            job = _Job(sender, number, os.pidfd_open(number))
        except OSError:
            os.kill(number, signal.SIGKILL)
            os.waitpid(number, 0)
            raise
    except OSError:
        sender.close()
        raise
    with suppress(OSError):
        sender.send(FORKED)
    return job


def _load(name: str) -> None:
    """Import a module, and leave what it is made of out of garbage collection."""
    importlib.import_module(name)
    gc.freeze()


def _readable(listener: socket.socket, running: Iterable[_Job], wait: bool) -> set[int]:
    """The listener if a job asks, the ends of jobs that have ended, and connections that were closed.

    `wait`: until there is one of these.
    """
    waiting = select.poll()
    waiting.register(listener, select.POLLIN)
    for job in running:
        waiting.register(job.ended, select.POLLIN)
        if not job.killed:
            waiting.register(job.sender, 0)  # that it is closed is told unasked
    return {descriptor for descriptor, _ in waiting.poll(None if wait else 0)}


def _peer(connection: socket.socket) -> tuple[int, int, int]:
    """Process, user and group at the other end; the process is 0 where it cannot be seen from here."""
    found = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
    return CREDENTIALS.unpack(found)


def _become(sender: socket.socket) -> str:
    """Take the place of the process that asks; none of our own code stays imported."""
    with sender:
        head, streams, *_ = socket.recv_fds(sender, LENGTH.size, 3, socket.MSG_WAITALL)
        with sender.makefile("rb") as stream:
            request = json.loads(stream.read(LENGTH.unpack(head)[0]))
    for number, (stream, name) in enumerate(zip(streams, ("stdin", "stdout", "stderr"), strict=True)):
        os.dup2(stream, number)
        os.close(stream)
        before = getattr(sys, name)  # it takes the new file for /dev/null, in which one can seek
        words = {"encoding": before.encoding, "errors": before.errors}
        setattr(sys, name, open(number, before.mode, 1, closefd=False, **words))  # noqa: SIM115
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ |= request["environment"]
    for name in [name for name in sys.modules if name.partition(".")[0] == __name__.partition(".")[0]]:
        del sys.modules[name]
    scripts = Path(__file__).resolve().parents[2]
    sys.path[:] = [entry for entry in sys.path if Path(entry).resolve() != scripts]
    sys.path.insert(0, str(Path(request["script"]).parent))
    sys.argv, sys.pycache_prefix = [request["script"]], None
    return request["script"]
