# The probes of a network that somebody else trained: `snakemake probe --config checkpoint=weights.safetensors`.
CHECKPOINT_TABLES = ["gradients", "distributions", "dead_neurons"]


def data_of_checkpoint(wildcards):
    """The data set, once it is known that there is a checkpoint, and one activation that it is of."""
    try:
        if config["checkpoint"] is None:
            raise UserError(
                "checkpoint is null; allowed: the path of a state dict: --config checkpoint=weights.safetensors."
            )
        if len(ACTIVATIONS) != 1:
            raise UserError(
                f"activations are {', '.join(ACTIVATIONS)}; allowed with checkpoint: the one of its network: "
                '--config "activations=[relu]".'
            )
        checkpoint_params()
    except UserError as error:
        sys.exit(f"Config error: {error}")
    return DATA


@cache
def checkpoint_params():
    """All that the numbers of the checkpoint depend on: its content, and not where it lies."""
    return dict(
        activation=next(iter(SPECS.values())),
        dataset=config["dataset"],
        **grid.own_data(config),
        digest=files.digest(config["checkpoint"]),
        evaluation=config["evaluation"],
        normalisation=config["normalisation"],
        **{f"probe_{name}": config[f"probe_{name}"] for name in CHECKPOINT_TABLES},
    )


rule checkpoint:
    input:
        data=data_of_checkpoint,
    output:
        **{name: f"{RESULTS}/checkpoint/{name}.parquet" for name in CHECKPOINT_TABLES},
    log:
        f"{RESULTS}/logs/checkpoint.log",
    benchmark:
        f"{RESULTS}/timings/checkpoint.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    params:
        code=code("checkpoint") | every_own_code(),
        checkpoint=lambda wildcards: checkpoint_params(),
        prepared_by=PREPARED_BY,
    message:
        "Measure the checkpoint on the data of study "
        f"{STUDY}{', fold 0' if config['evaluation']['folds'] else ''}"
    script:
        "../scripts/checkpoint.py"


rule probe:
    input:
        **{name: rules.checkpoint.output[name] for name in CHECKPOINT_TABLES},
        page=page("checkpoint.html", "sort.js"),
    output:
        f"reports/{STUDY}_checkpoint.html",
    log:
        f"{RESULTS}/logs/probe.log",
    benchmark:
        f"{RESULTS}/timings/probe.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    params:
        code=code("probe"),
        plan=lambda wildcards: plan(checkpoint_params(), "prepare_data", "checkpoint"),
        labels=LABELS,
        name=Path(config["checkpoint"] or "").name,
    message:
        "The page of the checkpoint"
    script:
        "../scripts/probe.py"
