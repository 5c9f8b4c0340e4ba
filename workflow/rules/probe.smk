for probe in PROBES.values():

    rule:
        name:
            probe.rule
        input:
            **TRAINED,
        output:
            f"{BLOCK}/{probe.name}.parquet",
        log:
            f"{RESULTS}/logs/{probe.rule}/{JOB}.log",
        conda:
            "../../environment.yml"
        threads: 1
        params:
            code=code(probe.rule, own=True),
            section=config[probe.rule],
            rule=probe.rule,
        message:
            f"{probe.title} of {NETWORKS}"
        script:
            # Snakemake fills it in: `probe` is the last one when the job runs.
            "../scripts/{params.rule}.py"


rule describe_activations:
    output:
        curves=f"{RESULTS}/activations/curves.parquet",
        properties=f"{RESULTS}/activations/properties.parquet",
    log:
        f"{RESULTS}/logs/describe_activations.log",
    conda:
        "../../environment.yml"
    threads: 1
    params:
        code=code("describe_activations") | every_own_code(),
        specs=SPECS,
    message:
        f"Functions and derivatives of study {STUDY}"
    script:
        "../scripts/describe_activations.py"


TIMED = dict(
    specs=SPECS,
    shape=[
        REFERENCE["training"]["batch_size"],
        max(max(sizes) for sizes in REFERENCE["network"]["hidden_sizes"]),
    ],
    threads=REFERENCE["training"]["threads"],
)


rule time_activations:
    output:
        f"{RESULTS}/timings/activations.parquet",
    log:
        f"{RESULTS}/logs/time_activations.log",
    conda:
        "../../environment.yml"
    threads: REFERENCE["training"]["threads"]
    resources:
        gpu=GPU,
    params:
        **TIMED,
        code=code("time_activations") | every_own_code(),
    message:
        f"Forward and backward time of {STUDY}'s activation functions"
    script:
        "../scripts/time_activations.py"
