rule prepare_data:
    output:
        IMAGES,
    log:
        "results/data/logs/{dataset}.log",
    benchmark:
        "results/data/timings/{dataset}.tsv"
    localrule: True  # the nodes of a cluster often cannot download
    conda:
        "../../environment.yml"
    params:
        code=code("prepare_data"),
    message:
        "Get and check the images of {wildcards.dataset}"
    script:
        "../scripts/prepare_data.py"
