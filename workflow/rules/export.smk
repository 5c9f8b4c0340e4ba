# The study's tables as other tools read them: `snakemake tensorboard`, `snakemake hiplot`.


rule tensorboard:
    input:
        history=f"{TABLES}/history.parquet",
        histograms=f"{TABLES}/histograms.parquet",
    output:
        directory(f"{RESULTS}/tensorboard"),
    log:
        f"{RESULTS}/logs/tensorboard.log",
    benchmark:
        f"{RESULTS}/timings/tensorboard.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    params:
        code=code("write_tensorboard"),
    message:
        "Event files of study {STUDY}"
    script:
        "../scripts/write_tensorboard.py"


rule hiplot:
    input:
        history=f"{TABLES}/history.parquet",
    output:
        f"reports/{STUDY}_hiplot.html",
    log:
        f"{RESULTS}/logs/hiplot.log",
    benchmark:
        f"{RESULTS}/timings/hiplot.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    params:
        code=code("write_hiplot"),
        labels=LABELS,
    message:
        "Parallel coordinates of study {STUDY}"
    script:
        "../scripts/write_hiplot.py"
