# Published numbers beside ours: `snakemake verify`, with `--config verify=full` also those that need training.


rule fit_mlp_classifier:
    input:
        data=IMAGES.format(dataset="fashion_mnist"),
    output:
        ORACLE,
    log:
        "results/verification/logs/mlp_classifier-{activation}.log",
    benchmark:
        "results/verification/timings/mlp_classifier-{activation}.tsv"
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


TRAINED_REFERENCES = trained_references()


@cache
def published_checkpoints():
    """The digests of the published checkpoints, by name, where a folder of them is given."""
    folder = config["verify_checkpoints"]
    if folder is None:
        return {}
    try:
        return dict(checkpoints=checkpoint_files.digests(folder))
    except UserError as error:
        sys.exit(f"Config error: {error}")


def verification_plan(wildcards):
    """What the comparison must have been made with."""
    return plan(
        dict(
            extent=config["verify"],
            trained={
                name: {placed(path): params for path, params in runs.items()}
                for name, runs in TRAINED_REFERENCES.items()
            },
            **published_checkpoints(),
        ),
        "prepare_data",
        "train",
        "fit_mlp_classifier",
        "verification",
    )


rule verification:
    input:
        **{name: list(paths) for name, paths in TRAINED_REFERENCES.items()},
        data=IMAGES.format(dataset="fashion_mnist"),
        page=page("verification.html"),
    output:
        **VERIFICATION,
    log:
        "results/verification/logs/verification.log",
    benchmark:
        "results/verification/timings/verification.tsv"
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
