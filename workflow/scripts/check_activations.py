"""Try the activations of a study before anything trains, see `trial.run`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # this checkout's package, from its source
sys.pycache_prefix = "/dev/null"
from actbench.runtime import jobs

jobs.isolate()
from actbench.activations import trial
from actbench.theory import critical

trial.run(critical.required)
