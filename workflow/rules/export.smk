# The study's tables as other tools read them, `snakemake tensorboard` and `hiplot`; several studies, `snakemake compare`; how far it is, `status`.
COMPARED = study_files.together(config["studies"])


rule tensorboard:
    input:
        history=f"{TABLES}/history.parquet",
        histograms=f"{TABLES}/histograms.parquet",
        made_by=tables_record,
    output:
        directory(f"{RESULTS}/tensorboard"),
    log:
        f"{RESULTS}/logs/tensorboard.log",
    conda:
        "../../environment.yml"
    threads: 1
    params:
        code=code("write_tensorboard"),
        made_with=TABLES_PLAN,
    message:
        f"Event files of study {STUDY}"
    script:
        "../scripts/write_tensorboard.py"


rule hiplot:
    input:
        runs=f"{TABLES}/runs.parquet",
        made_by=tables_record,
    output:
        f"reports/{STUDY}_hiplot.html",
    log:
        f"{RESULTS}/logs/hiplot.log",
    conda:
        "../../environment.yml"
    threads: 1
    params:
        code=code("write_hiplot"),
        made_with=TABLES_PLAN,
        labels=LABELS,
        colours=looks.colours(LABELS),
    message:
        f"Parallel coordinates of study {STUDY}"
    script:
        "../scripts/write_hiplot.py"


rule compare:
    input:
        config=compared("config.yaml"),
        provenance=compared("provenance.json"),
        runs=compared("tables/runs.parquet"),
        comparison=compared("tables/comparison.parquet"),
        page=page("compare.html"),
    output:
        f"reports/compared/{COMPARED}.html",
    log:
        f"results/compared/logs/{COMPARED}.log",
    conda:
        "../../environment.yml"
    threads: 1
    params:
        code=code("compare"),
    message:
        "Compare studies"
    script:
        "../scripts/compare.py"


# Also while another Snakemake runs the study: its input says it, and no job is left.
rule status:
    input:
        say_status,
    localrule: True
    message:
        f"How far study {STUDY} is"
