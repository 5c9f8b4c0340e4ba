"""Tell how the comparison with published numbers ended, and fail where one differs."""

import sys

sys.path.insert(0, snakemake.scriptdir)  # this checkout's package, from its source
sys.pycache_prefix = "/dev/null"
from actbench.runtime import jobs

jobs.begin()
import pandas as pd
from actbench.errors import UserError
from actbench.storage import records
from actbench.verification import checks

jobs.start(snakemake.log[0], snakemake.params.code)
planned = records.Plan(**snakemake.params.plan)
records.checked(snakemake.input.record, planned, [snakemake.input.csv, snakemake.input.page])
rows = pd.read_csv(snakemake.input.csv).to_dict("records")
print(checks.told(rows, snakemake.input.page), flush=True)
differing = checks.count(rows)["differs"]
if differing:
    raise UserError(f"{differing} of {len(rows)} published numbers differ by more than their tolerance.")
jobs.finish()
