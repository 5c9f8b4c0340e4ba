"""Get one data set, check it and store it as one file."""

import sys

sys.path.insert(0, snakemake.scriptdir)  # this checkout's package, from its source
sys.pycache_prefix = "/dev/null"
from actbench.runtime import jobs

jobs.begin()
from actbench.data import acquire
from actbench.runtime import provenance

jobs.start(snakemake.log[0], snakemake.params.code)
code = provenance.describe(snakemake.params.code, "cpu")["code"]
config, name = snakemake.config, snakemake.wildcards.get("dataset")
facts = None if name else config["own_data"]
acquire.prepare(name or config["dataset"], config["data_dir"], snakemake.output[0], code, facts)
jobs.finish()
