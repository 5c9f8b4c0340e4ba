"""Make the activations of a study before anything trains; the first that breaks the contract ends it.

Reads a JSON object from standard input: `specs`, resolved ones by id, and `code`, the digests of this script,
of what it imports and of the user's modules. Exits with 0 and `TRIED` on standard output, or with 1 and one
sentence there. Standard error is for what is worth saying meanwhile; what own code prints is discarded.
"""

import json
import logging
import os
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # this checkout's package, from its source
sys.pycache_prefix = "/dev/null"
from actbench.runtime import jobs

jobs.isolate()
signal.signal(signal.SIGINT, signal.SIG_DFL)  # a KeyboardInterrupt is own code's then
import torch
from actbench.activations import registry
from actbench.errors import UserError
from actbench.runtime import imports, streams

TRIED = "tried"

torch.set_deterministic_debug_mode("error")  # as while training
asked = json.load(sys.stdin)
imports.expect(asked["code"])
streams.never_fail()
streams.bound(lambda line: None)
meanwhile = logging.StreamHandler(streams.standard("stderr"))
meanwhile.addFilter(lambda record: record.name == streams.OURS)
logging.basicConfig(handlers=[meanwhile], format="%(message)s")
status, found = 0, TRIED
try:
    for spec in asked["specs"].values():
        registry.create(spec)
    imports.check()
except UserError as error:
    status, found = 1, str(error)
said = streams.standard("stdout")
said.write(f"\n{found}\n")
said.flush()
os._exit(status)  # what own code asks for at the end of Python has nothing to say
