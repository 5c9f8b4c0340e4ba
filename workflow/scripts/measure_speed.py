"""Measure how long steps of training take before any runs: reads networks, and prints seconds, as JSON."""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # this checkout's package, from its source
sys.pycache_prefix = "/dev/null"
from actbench.runtime import jobs

jobs.isolate()
from actbench.training import speed

print(json.dumps([speed.of_step(**asked) for asked in json.load(sys.stdin)]))
