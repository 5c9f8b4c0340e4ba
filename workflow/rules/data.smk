rule prepare_data:
    output:
        IMAGES,
    log:
        "results/data/logs/{dataset}.log",
    localrule: True  # the nodes of a cluster often cannot download
    conda:
        "../../environment.yml"
    params:
        code=code("prepare_data"),
    message:
        "Get and check the images of {wildcards.dataset}"
    script:
        "../scripts/prepare_data.py"


if "own_data" in config:

    # No input: the plan has the digest of the file, so that its date and place do not matter.
    rule prepare_own_data:
        output:
            DATA,
        log:
            f"results/data/logs/{config['dataset']}.log",
        localrule: True
        conda:
            "../../environment.yml"
        params:
            code=code("prepare_data"),
            identity=catalogue.identity(config["own_data"]),
        message:
            f"Check the own data {config['dataset']}"
        script:
            "../scripts/prepare_data.py"
