rule train:
    input:
        # Planning takes time for each function: `chosen` only where there is a search.
        **(dict(chosen=chosen_of) if any(map(grid.tuned, RECIPES)) else {}),
        data=lambda wildcards: IMAGES.format(
            dataset=STUDIES[wildcards.study]["dataset"]
        ),
    output:
        model=f"{RUNS}/model.safetensors",
        config=f"{RUNS}/config.json",
        runs=f"{RUNS}/runs.parquet",
        history=f"{RUNS}/history.parquet",
        histograms=f"{RUNS}/histograms.parquet",
        cost=f"{RUNS}/cost.parquet",
    log:
        f"results/{{study}}/logs/train/{JOB}.log",
    conda:
        "../../environment.yml"
    threads: max(recipe["training"]["threads"] for recipe in RECIPES)
    resources:
        gpu=GPU,
    params:
        code=code("train", own=True),
        block=block_params,
        prepared_by=EACH_PREPARED_BY,
    message:
        f"Train {NETWORKS}"
    script:
        "../scripts/train.py"
