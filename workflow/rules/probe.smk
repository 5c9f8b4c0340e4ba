rule probe_gradients:
    input:
        **TRAINED,
    output:
        f"{BLOCK}/gradients.parquet",
    log:
        f"{RESULTS}/logs/probe_gradients/{JOB}.log",
    benchmark:
        f"{RESULTS}/timings/probe_gradients/{JOB}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    params:
        code=code("probe_gradients", own=True),
        section=config["probe_gradients"],
    message:
        "Gradients of {wildcards.activation}, depth {wildcards.depth}, seeds {wildcards.block}"
    script:
        "../scripts/probe_gradients.py"


rule probe_distributions:
    input:
        **TRAINED,
    output:
        f"{BLOCK}/distributions.parquet",
    log:
        f"{RESULTS}/logs/probe_distributions/{JOB}.log",
    benchmark:
        f"{RESULTS}/timings/probe_distributions/{JOB}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    params:
        code=code("probe_distributions", own=True),
        section=config["probe_distributions"],
    message:
        "Distributions of {wildcards.activation}, depth {wildcards.depth}, seeds {wildcards.block}"
    script:
        "../scripts/probe_distributions.py"


rule probe_dead_neurons:
    input:
        **TRAINED,
    output:
        f"{BLOCK}/dead_neurons.parquet",
    log:
        f"{RESULTS}/logs/probe_dead_neurons/{JOB}.log",
    benchmark:
        f"{RESULTS}/timings/probe_dead_neurons/{JOB}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    params:
        code=code("probe_dead_neurons", own=True),
        section=config["probe_dead_neurons"],
    message:
        "Dead neurons of {wildcards.activation}, depth {wildcards.depth}, seeds {wildcards.block}"
    script:
        "../scripts/probe_dead_neurons.py"


rule describe_activations:
    output:
        curves=f"{RESULTS}/activations/curves.parquet",
        properties=f"{RESULTS}/activations/properties.parquet",
    log:
        f"{RESULTS}/logs/describe_activations.log",
    benchmark:
        f"{RESULTS}/timings/describe_activations.tsv"
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
        config["training"]["batch_size"],
        max(max(sizes) for sizes in config["network"]["hidden_sizes"]),
    ],
    threads=config["training"]["threads"],
)


rule time_activations:
    output:
        f"{RESULTS}/timings/activations.parquet",
    log:
        f"{RESULTS}/logs/time_activations.log",
    benchmark:
        f"{RESULTS}/timings/time_activations.tsv"
    conda:
        "../../environment.yml"
    threads: config["training"]["threads"]
    resources:
        gpu=GPU,
    params:
        **TIMED,
        code=code("time_activations") | every_own_code(),
    message:
        f"Forward and backward time of {STUDY}'s activation functions"
    script:
        "../scripts/time_activations.py"
