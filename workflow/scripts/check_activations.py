"""Make the activations of a study before anything trains; the first that breaks the contract ends it.

Reads a JSON object from standard input: `specs`, resolved ones by id, and `code`, the digests of this script,
of what it imports and of the user's modules. Exits with 0, or with 1 and one sentence on standard error.
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # this checkout's package, from its source
sys.pycache_prefix = "/dev/null"
from actbench import imports, orphans, outside

orphans.prevent()
outside.keep_out()
imports.install()
import torch
from actbench import activations
from actbench.errors import UserError

torch.set_deterministic_debug_mode("error")  # as while training
asked = json.load(sys.stdin)
imports.expect(asked["code"])
try:
    for spec in asked["specs"].values():
        activations.create(spec)
    imports.check()
except UserError as error:
    sys.exit(str(error))
