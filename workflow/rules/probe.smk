def probe_inputs(script):
    """What every probe reads: a block's networks, the data, and its own code."""
    return dict(
        data=DATA,
        model=f"{BLOCK}/model.safetensors",
        config=f"{BLOCK}/config.json",
        runs=f"{BLOCK}/runs.parquet",
        lib=lib(script, own=True),
    )


rule probe_gradients:
    input:
        **probe_inputs("probe_gradients"),
    output:
        f"{BLOCK}/gradients.parquet",
    params:
        section=config["probe_gradients"],
    log:
        RESULTS + "/logs/probe_gradients/{activation}-d{depth}-seeds{block}.log",
    benchmark:
        RESULTS + "/timings/probe_gradients/{activation}-d{depth}-seeds{block}.tsv"
    threads: 1
    conda:
        "../../environment.yml"
    message:
        "Gradients of {wildcards.activation}, depth {wildcards.depth}, seeds {wildcards.block}"
    script:
        "../scripts/probe_gradients.py"


rule probe_distributions:
    input:
        **probe_inputs("probe_distributions"),
    output:
        f"{BLOCK}/distributions.parquet",
    params:
        section=config["probe_distributions"],
    log:
        RESULTS + "/logs/probe_distributions/{activation}-d{depth}-seeds{block}.log",
    benchmark:
        RESULTS + "/timings/probe_distributions/{activation}-d{depth}-seeds{block}.tsv"
    threads: 1
    conda:
        "../../environment.yml"
    message:
        "Distributions of {wildcards.activation}, depth {wildcards.depth}, seeds {wildcards.block}"
    script:
        "../scripts/probe_distributions.py"


rule probe_dead_neurons:
    input:
        **probe_inputs("probe_dead_neurons"),
    output:
        f"{BLOCK}/dead_neurons.parquet",
    params:
        section=config["probe_dead_neurons"],
    log:
        RESULTS + "/logs/probe_dead_neurons/{activation}-d{depth}-seeds{block}.log",
    benchmark:
        RESULTS + "/timings/probe_dead_neurons/{activation}-d{depth}-seeds{block}.tsv"
    threads: 1
    conda:
        "../../environment.yml"
    message:
        "Dead neurons of {wildcards.activation}, depth {wildcards.depth}, seeds {wildcards.block}"
    script:
        "../scripts/probe_dead_neurons.py"


rule describe_activations:
    input:
        lib=lib("describe_activations", own=True),
    output:
        curves=RESULTS + "/activations/{activation}/curves.parquet",
        properties=RESULTS + "/activations/{activation}/properties.parquet",
    params:
        spec=lambda wildcards: ACTIVATIONS[wildcards.activation]["spec"],
    log:
        RESULTS + "/logs/describe_activations/{activation}.log",
    benchmark:
        RESULTS + "/timings/describe_activations/{activation}.tsv"
    threads: 1
    conda:
        "../../environment.yml"
    message:
        "Function and derivative of {wildcards.activation}"
    script:
        "../scripts/describe_activations.py"
