rule train:
    input:
        data=DATA,
        lib=lib("train", own=True),
    output:
        model=f"{BLOCK}/model.safetensors",
        config=f"{BLOCK}/config.json",
        runs=f"{BLOCK}/runs.parquet",
        history=f"{BLOCK}/history.parquet",
        histograms=f"{BLOCK}/histograms.parquet",
    log:
        f"{RESULTS}/logs/train/{JOB}.log",
    benchmark:
        f"{RESULTS}/timings/train/{JOB}.tsv"
    conda:
        "../../environment.yml"
    threads: config["training"]["threads"]
    resources:
        gpu=GPU,
    params:
        block=lambda wildcards: configuration.training_params(
            config,
            ACTIVATIONS[wildcards.activation]["spec"],
            int(wildcards.depth),
            BLOCKS[wildcards.block],
        ),
    message:
        "Train {wildcards.activation}, depth {wildcards.depth}, seeds {wildcards.block}"
    script:
        "../scripts/train.py"
