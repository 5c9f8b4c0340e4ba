"""Runs of scripts that need torch, a fork each: importing torch, two seconds every time, is done once.

A process of its own, started by `conftest.Scripts`: reads requests as JSON lines (`script`, `folder`, `input`,
`environment`), answers each with one JSON line (`status`, `stdout`, `stderr`).
"""

import json
import os
import runpy
import sys
import tempfile

import forked
import torch  # noqa: F401, imported for the forks

STREAMS = ("stdin", "stdout", "stderr")


def run(request: dict, streams: list) -> None:
    """In the fork: become a Python that runs the script."""
    for number, (file, name, mode) in enumerate(zip(streams, STREAMS, "rww", strict=True)):
        os.dup2(file.fileno(), number)
        setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.argv, sys.path = [request["script"]], [entry for entry in sys.path[1:] if entry]
    forked.end_after(lambda: runpy.run_path(request["script"], run_name="__main__"))


def main() -> None:
    for line in sys.stdin:
        request = json.loads(line)
        with (
            tempfile.TemporaryFile() as given,
            tempfile.TemporaryFile() as stdout,
            tempfile.TemporaryFile() as stderr,
        ):
            given.write(request["input"].encode())
            given.seek(0)
            number = os.fork()
            if number == 0:
                run(request, [given, stdout, stderr])
            _, status = os.waitpid(number, 0)
            answer = {"status": os.waitstatus_to_exitcode(status)}
            for name, file in (("stdout", stdout), ("stderr", stderr)):
                file.seek(0)
                answer[name] = file.read().decode(errors="replace")
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
