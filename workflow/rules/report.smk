FIGURE_TABLES = [
    "runs",
    "comparison",
    "history",
    "gradients",
    "distributions",
    "dead_neurons",
    "activations",
]
REPORT_TABLES = [
    "runs",
    "comparison",
    "over_depths",
    "decay",
    "dead_neurons",
    "properties",
    *[name for name in ("cross_validation", "pairs") if name in SUMMARIES],
]
# Tables embedded for download: summaries, and the runs where they are few.
DOWNLOADS = [name for name in SUMMARIES if not name.endswith("_by_layer")]
if not configuration.summarised(config):
    DOWNLOADS.append("runs")
# Each figure's category in the archive of `snakemake --report`, and its name there.
DRAWN = {
    "overview": ("Comparison", "accuracy by depth"),
    "accuracy": ("Comparison", "test accuracy"),
    "learning_curves": ("Learning", "accuracy and loss by epoch"),
    "gradients_weight": ("Gradients", "weight gradients by layer"),
    "gradients_preactivation": ("Gradients", "pre-activation gradients by layer"),
    "dead_neurons": ("Units", "dead units by layer"),
    "saturation": ("Activations", "saturation by layer"),
    "functions": ("Functions", "functions and derivatives"),
}


SHOWN_DEPTHS = configuration.shown_depths(config["depths"])
DRAWN_BY_DEPTH = {
    "distributions": ("Activations", "distribution of activations"),
    "gradient_histograms": ("Gradients", "distribution of weight gradients"),
}
if config["training"]["histograms"]:
    DRAWN_BY_DEPTH["epoch_histograms"] = ("Learning", "weights and gradients by epoch")


SUMMARISING = ["aggregate", "figures", "histogram_figures"]


rule figures:
    input:
        **{name: f"{TABLES}/{name}.parquet" for name in FIGURE_TABLES},
        data=DATA,
    output:
        **{
            name: archived(f"{FIGURES}/{name}.svg", name, category, figure=label)
            for name, (category, label) in DRAWN.items()
        },
        images=archived(f"{FIGURES}/images.png", "images", "Data", figure="images"),
        pdf=expand(f"{FIGURES}/{{name}}.pdf", name=[*DRAWN, "images"]),
        made_by=MADE_BY.format(stage="figures"),
    log:
        f"{RESULTS}/logs/figures.log",
    benchmark:
        f"{RESULTS}/timings/figures.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    params:
        code=code("figures"),
        depths=config["depths"],
        labels=Shown(LABELS),
        shown_depths=SHOWN_DEPTHS,
        summarised=configuration.summarised(config),
        tables=FIGURE_TABLES,
    message:
        "Figures of study {STUDY}"
    script:
        "../scripts/figures.py"


# By itself, so that both are drawn side by side.
rule histogram_figures:
    input:
        histograms=f"{TABLES}/histograms.parquet",
    output:
        **{
            name: [
                archived(
                    f"{FIGURES}/{name}_d{depth}.svg",
                    name,
                    category,
                    figure=label,
                    depth=f"{depth:>4}",  # aligned, since the archive sorts labels as text
                )
                for depth in SHOWN_DEPTHS
            ]
            for name, (category, label) in DRAWN_BY_DEPTH.items()
        },
        pdf=expand(
            f"{FIGURES}/{{name}}_d{{depth}}.pdf",
            name=DRAWN_BY_DEPTH,
            depth=SHOWN_DEPTHS,
        ),
        made_by=MADE_BY.format(stage="histogram_figures"),
    log:
        f"{RESULTS}/logs/histogram_figures.log",
    benchmark:
        f"{RESULTS}/timings/histogram_figures.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    params:
        code=code("histogram_figures"),
        drawn=list(DRAWN_BY_DEPTH),
        labels=Shown(LABELS),
        shown_depths=SHOWN_DEPTHS,
    message:
        "Figures of histograms of study {STUDY}"
    script:
        "../scripts/histogram_figures.py"


rule report:
    input:
        **{name: f"{TABLES}/{name}.parquet" for name in REPORT_TABLES},
        csvs=expand(f"{TABLES}/{{name}}.csv", name=DOWNLOADS),
        # A function: named outright, planning takes time with the square of the report's inputs.
        figures=lambda wildcards: [
            str(path)
            for path in [*rules.figures.output, *rules.histogram_figures.output]
            if path.endswith((".svg", ".png"))
        ],
        made_by=[MADE_BY.format(stage=stage) for stage in SUMMARISING],
        jobs=MADE_BY.format(stage="jobs"),
        cost=expand(f"{RESULTS}/timings/train/{JOB}.parquet", **GRID),
        cost_of_activations=f"{RESULTS}/timings/activations.parquet",
        page=page("report.html", "sort.js", "bibliography.bib"),
    output:
        page=archived(REPORT, "page", "Report", study=STUDY),
        config=f"{RESULTS}/config.yaml",
        provenance=PROVENANCE,
    log:
        f"{RESULTS}/logs/report.log",
    benchmark:
        f"{RESULTS}/timings/report.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    params:
        code=code("report"),
        config=Shown(without_places()),
        tables=REPORT_TABLES,
    message:
        "Report of study {STUDY}"
    script:
        "../scripts/report.py"
