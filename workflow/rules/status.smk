# How far the study is, for `snakemake status`; no rules.
STATUS_LOGS = f"{RESULTS}/logs"
# The file that the jobs of each rule write last, and their log.
LAST_WRITTEN = {
    "prepare_data": (DATA, f"results/data/logs/{config['dataset']}.log"),
    "tune": (
        f"{TUNING}/chosen.json",
        f"{STATUS_LOGS}/tune/{{activation}}-d{{depth}}-{{setting}}.log",
    ),
    **{
        name: (f"{BLOCK}/{table}", f"{STATUS_LOGS}/{name}/{JOB}.log")
        for name, table in [
            ("train", "config.json"),
            *[(probe.rule, f"{probe.name}.parquet") for probe in PROBES.values()],
        ]
    },
    **{
        name: (path, f"{STATUS_LOGS}/{name}.log")
        for name, path in [
            ("theory", rules.theory.output[0]),
            ("describe_activations", rules.describe_activations.output[0]),
            ("time_activations", rules.time_activations.output[0]),
            ("aggregate", rules.aggregate.output.made_by),
            ("figures", rules.figures.output.made_by),
            ("histogram_figures", rules.histogram_figures.output.made_by),
            ("report", PROVENANCE),
        ]
    },
}


def say_status(wildcards):
    """Say it and end, before Snakemake asks for the lock that a running one has."""
    found = {
        name: tuple(placed(str(path).replace("{study}", STUDY)) for path in paths)
        for name, paths in LAST_WRITTEN.items()
    }
    planned = status.planned(config, found)
    locks = Path(".snakemake", "locks")
    print(status.told(STUDY, planned, placed(PROGRESS), locks, time.time()), flush=True)
    sys.exit(0)
