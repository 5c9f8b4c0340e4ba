"""Runs of Snakemake, a fork each: importing Snakemake, a second every time, is done once.

So are the imports of a study's fork server, five seconds more: where Snakemake would start that, it gets one
that has been waiting. And so is the parsing of this project's files, whose import statements planning reads:
half of a dry run's time.

A process of its own, started by `conftest.Server`: reads requests as JSON lines (`folder`, `arguments`,
`environment`; `ordinary`, whether libraries do not look at it while they are imported), answers each with one
JSON line (`status`, `output`).
"""

import ast
import contextlib
import functools
import gc
import importlib
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import forked
import jsonschema  # noqa: F401, what follows is imported for the forks
import nbformat  # noqa: F401
import pandas  # noqa: F401
import smart_open  # noqa: F401
import snakemake.api
import snakemake.cli
import snakemake.dag
import snakemake.report
import snakemake.scheduling
import snakemake.storage
import snakemake.workflow
import yaml  # noqa: F401

SCRIPTS = Path(__file__).resolve().parents[1] / "workflow" / "scripts"
SCRIPT = "fork_server.py"
REQUEST = 2**20  # bytes of a request for a fork server, at most


def parse_once() -> None:
    """Keep the syntax trees of this project's files: a fork parses what has another content."""
    contents = [path.read_bytes() for path in SCRIPTS.rglob("*.py")]
    known = {content: ast.parse(content) for content in contents}

    @functools.wraps(ast.parse)
    def parse(source, *arguments, parse=ast.parse, **named):
        found = known.get(source) if isinstance(source, bytes) else None
        return found or parse(source, *arguments, **named)

    ast.parse = parse


def prepare() -> None:
    """Import what a fork server imports, with its environment and without this project's own modules."""
    before = dict(os.environ)
    sys.path.insert(0, str(SCRIPTS))
    from actbench.runtime import fork_server, outside

    outside.keep_out()
    for name in fork_server.LIBRARIES + fork_server.LATER:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    sys.path.remove(str(SCRIPTS))
    for name in [name for name in sys.modules if name.partition(".")[0] == "actbench"]:
        del sys.modules[name]
    os.environ.clear()
    os.environ.update(before)
    gc.collect()
    gc.freeze()  # a fork that looks through all of it for garbage would copy it


class Popen(subprocess.Popen):
    """Starts processes as Python's does, but for a fork server: that becomes a fork."""

    waiting: socket.socket  # the end where a fork waits for its request
    number: int

    @classmethod
    def expect(cls) -> None:
        """Have a process wait that can become a fork server; it ends with this one."""
        cls.waiting, end = socket.socketpair(type=socket.SOCK_SEQPACKET)
        cls.number = os.fork()
        if cls.number == 0:
            cls.waiting.close()
            become_fork_server(end)
        end.close()

    def __new__(cls, args, *_, pass_fds=(), **__):
        if isinstance(args, list) and [Path(arg).name for arg in args[1:2]] == [SCRIPT]:
            request = {"argv": args[1:2], "folder": str(Path.cwd()), "environment": dict(os.environ)}
            socket.send_fds(cls.waiting, [json.dumps(request).encode()], list(pass_fds))
            return Started(cls.number)
        return super().__new__(cls)


class Started:
    """What Snakemake does with a fork server that it has started."""

    def __init__(self, number: int):
        self.number = number

    def kill(self) -> None:
        os.kill(self.number, signal.SIGKILL)

    def wait(self) -> None:
        os.waitpid(self.number, 0)


def become_fork_server(asked: socket.socket) -> None:
    """In the fork: wait for a request, and run the script with the socket that comes with it."""
    request, descriptors, *_ = socket.recv_fds(asked, REQUEST, 1)
    if not request:  # Snakemake has ended
        os._exit(0)
    asked.close()
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(nothing, number)
    given = json.loads(request)
    os.chdir(given["folder"])
    os.environ.clear()
    os.environ.update(given["environment"])
    sys.argv = [*given["argv"], str(descriptors[0])]
    sys.path[:] = [entry for entry in sys.path[1:] if entry]
    forked.end_after(lambda: runpy.run_path(sys.argv[0], run_name="__main__"))


def run(request: dict, output: int) -> None:
    """In the fork: become that run."""
    # What waits has imported libraries already; a dry run starts no fork server.
    if request["ordinary"] and "--dry-run" not in request["arguments"]:
        Popen.expect()
        subprocess.Popen = Popen
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.chdir(request["folder"])
    os.environ.update(request["environment"])
    sys.argv = ["snakemake"]
    forked.end_after(lambda: snakemake.cli.main(request["arguments"]))


def main() -> None:
    snakemake.cli.get_argument_parser()  # finds the plugins
    parse_once()
    prepare()
    for line in sys.stdin:
        with tempfile.NamedTemporaryFile() as output:
            number = os.fork()
            if number == 0:
                run(json.loads(line), output.fileno())
            _, status = os.waitpid(number, 0)
            text = Path(output.name).read_text(encoding="utf-8", errors="replace")
        print(json.dumps({"status": os.waitstatus_to_exitcode(status), "output": text}), flush=True)


if __name__ == "__main__":
    main()
