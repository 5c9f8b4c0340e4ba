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
    params:
        block=lambda wildcards: configuration.training_params(
            config,
            ACTIVATIONS[wildcards.activation]["spec"],
            int(wildcards.depth),
            BLOCKS[wildcards.block],
        ),
    log:
        RESULTS + "/logs/train/{activation}-d{depth}-seeds{block}.log",
    benchmark:
        RESULTS + "/timings/train/{activation}-d{depth}-seeds{block}.tsv"
    threads: config["training"]["threads"]
    resources:
        gpu=GPU,
    conda:
        "../../environment.yml"
    message:
        "Train {wildcards.activation}, depth {wildcards.depth}, seeds {wildcards.block}"
    script:
        "../scripts/train.py"
