"""Runs of Snakemake, a fork each: importing Snakemake, a second every time, is done once.

A process of its own, started by `conftest.Server`: reads requests as JSON lines (`folder`, `arguments`,
`environment`), answers each with one JSON line (`status`, `output`).
"""

import json
import os
import sys
import tempfile
from pathlib import Path

import jsonschema  # noqa: F401, what follows is imported for the forks
import pandas  # noqa: F401
import snakemake.api
import snakemake.cli
import snakemake.dag
import snakemake.report
import snakemake.scheduling
import snakemake.workflow
import yaml  # noqa: F401


def run(request: dict, output: int) -> None:
    """In the fork: become that run."""
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.chdir(request["folder"])
    os.environ.update(request["environment"])
    sys.argv = ["snakemake"]
    status = 1
    try:
        snakemake.cli.main(request["arguments"])
    except SystemExit as end:
        if isinstance(end.code, str):
            sys.stderr.write(end.code + "\n")
        status = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def main() -> None:
    snakemake.cli.get_argument_parser()  # finds the plugins
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
