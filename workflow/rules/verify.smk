# Published numbers beside ours: `snakemake verify`, with `--config verify=full` also those that need training.


rule fit_mlp_classifier:
    input:
        data=IMAGES.format(dataset="fashion_mnist"),
    output:
        ORACLE,
    log:
        "results/verification/logs/mlp_classifier-{activation}.log",
    conda:
        "../../environment.yml"
    threads: 1
    params:
        code=code("fit_mlp_classifier"),
        block=lambda wildcards: oracle_params(wildcards.activation),
    message:
        "Train scikit-learn's MLPClassifier with {wildcards.activation}"
    script:
        "../scripts/fit_mlp_classifier.py"


rule verification:
    input:
        **{name: list(paths) for name, paths in TRAINED_REFERENCES.items()},
        data=IMAGES.format(dataset="fashion_mnist"),
        page=page("verification.html"),
    output:
        **VERIFICATION,
    log:
        "results/verification/logs/verification.log",
    conda:
        "../../environment.yml"
    threads: 2
    params:
        code=code("verification"),
        plan=verification_plan,
        prepared_by=prepared_by({}),
    message:
        "Compare with published numbers"
    script:
        "../scripts/verification.py"


rule verify:
    input:
        **VERIFICATION,
    log:
        "results/verification/logs/verify.log",
    localrule: True  # what it says belongs on the terminal
    conda:
        "../../environment.yml"
    params:
        code=code("verify"),
        plan=verification_plan,
    message:
        "Check the comparison with published numbers"
    script:
        "../scripts/verify.py"
