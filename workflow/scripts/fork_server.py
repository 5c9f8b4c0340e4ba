"""Load libraries once, and run the scripts of jobs in forks of this process, see `fork_server.serve`."""

import runpy
import socket
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # this checkout's package, from its source
sys.pycache_prefix = "/dev/null"
from actbench.runtime import fork_server

script = fork_server.serve(socket.socket(fileno=int(sys.argv[1])))
runpy.run_path(script, run_name="__main__")
