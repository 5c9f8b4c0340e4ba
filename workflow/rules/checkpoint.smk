# The probes of a network that somebody else trained: `snakemake probe --config checkpoint=weights.safetensors`.


rule checkpoint:
    input:
        data=data_of_checkpoint,
    output:
        **{name: f"{RESULTS}/checkpoint/{name}.parquet" for name in CHECKPOINT_TABLES},
    log:
        f"{RESULTS}/logs/checkpoint.log",
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
        page=page("checkpoint.html"),
    output:
        f"reports/{STUDY}_checkpoint.html",
    log:
        f"{RESULTS}/logs/probe.log",
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
