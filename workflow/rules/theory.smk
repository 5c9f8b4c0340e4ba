# What theory predicts of networks before any of them trains; for every initialisation, `snakemake predict`.
THEORY = grid.theory_params(config)
THEORY_TABLES = ["theory", "edges", "correlations", "predictions", "expectations"]


rule theory:
    input:
        data=DATA,
    output:
        **{name: f"{RESULTS}/theory/{name}.parquet" for name in THEORY_TABLES},
    log:
        f"{RESULTS}/logs/theory.log",
    benchmark:
        f"{RESULTS}/timings/theory.tsv"
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
