rule tune:
    input:
        data=lambda wildcards: IMAGES.format(
            dataset=STUDIES[wildcards.study]["dataset"]
        ),
    output:
        trials=f"{TUNING}/trials.parquet",
        cost=f"{TUNING}/cost.parquet",
        chosen=f"{TUNING}/chosen.json",
    log:
        "results/{study}/logs/tune/{activation}-d{depth}-{setting}.log",
    conda:
        "../../environment.yml"
    threads: max(recipe["training"]["threads"] for recipe in RECIPES)
    resources:
        gpu=GPU,
    params:
        code=code("tune", own=True),
        search=search_params,
        prepared_by=EACH_PREPARED_BY,
    message:
        "Tune {wildcards.activation}, depth {wildcards.depth}, setting {wildcards.setting}"
    script:
        "../scripts/tune.py"
