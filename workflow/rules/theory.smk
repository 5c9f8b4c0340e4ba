# What theory predicts of networks before any of them trains; under every initialisation, `snakemake predict`.
THEORY = grid.theory_params(config)
EVERY_INITIALISATION = grid.theory_params(
    config,
    grid.initialisations(config, family.settings(REFERENCE["network"]["family"])),
)
PREDICTION_PLAN = plan(EVERY_INITIALISATION, "prepare_data", "theory")
THEORY_TABLES = ["theory", "edges", "correlations", "predictions", "expectations"]


rule theory:
    input:
        data=DATA,
    output:
        **{name: f"{RESULTS}/theory/{name}.parquet" for name in THEORY_TABLES},
    log:
        f"{RESULTS}/logs/theory.log",
    conda:
        "../../environment.yml"
    threads: 1
    params:
        code=code("theory") | every_own_code(),
        theory=THEORY,
        prepared_by=PREPARED_BY,
    message:
        f"Theory of study {STUDY}"
    script:
        "../scripts/theory.py"


# The same of the reference setting with each initialisation.
rule prediction:
    input:
        data=DATA,
    output:
        **{name: f"{RESULTS}/prediction/{name}.parquet" for name in THEORY_TABLES},
    log:
        f"{RESULTS}/logs/prediction.log",
    conda:
        "../../environment.yml"
    threads: 1
    params:
        code=code("theory") | every_own_code(),
        theory=EVERY_INITIALISATION,
        prepared_by=PREPARED_BY,
    message:
        f"Theory of every initialisation for study {STUDY}"
    script:
        "../scripts/theory.py"


rule predict:
    input:
        **{name: rules.prediction.output[name] for name in THEORY_TABLES},
        page=page("prediction.html"),
    output:
        page=f"reports/{STUDY}_prediction.html",
        recommended=f"{RESULTS}/prediction/recommended.parquet",
    log:
        f"{RESULTS}/logs/predict.log",
    conda:
        "../../environment.yml"
    threads: 1
    params:
        code=code("predict"),
        plan=PREDICTION_PLAN,
        labels=LABELS,
    message:
        f"What theory predicts for study {STUDY}"
    script:
        "../scripts/predict.py"
