"""Try the GPUs before anything trains: prints why torch can use none of them, or nothing."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # this checkout's package, from its source
sys.pycache_prefix = "/dev/null"
from actbench.runtime import jobs

jobs.isolate()
from actbench.errors import UserError
from actbench.runtime import devices

try:
    print(devices.trouble() or "", end="")
except UserError as error:
    sys.exit(str(error))
