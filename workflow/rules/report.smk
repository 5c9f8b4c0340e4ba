FIGURE_TABLES = [
    "runs",
    "comparison",
    "over_depths",
    "history",
    "gradients",
    "distributions",
    "dead_neurons",
    "activations",
    "theory",
    "edges",
    "correlations",
    "predictions",
    "expectations",
]
SEVERAL = len(config["settings"]) > 1
if SEVERAL or TUNED:
    FIGURE_TABLES.append("profile")
if TUNED:
    FIGURE_TABLES += ["tuning", "rates"]
# Tables embedded for download: summaries, and the runs and their profile where they are few.
DOWNLOADS = [
    name
    for name in SUMMARIES
    if not name.endswith("_by_layer")
    and name not in ("edges", "correlations", "predictions")
]
if shown.summarised(config):
    DOWNLOADS.remove("profile")
else:
    DOWNLOADS.append("runs")
# The figures of a stage as they stand in the page.
INLINED = f"{RESULTS}/page/{{stage}}.json"
# Each figure's category in the archive of `snakemake --report`, and its name there.
DRAWN = {
    "overview": ("Comparison", "accuracy by depth"),
    "accuracy": ("Comparison", "test accuracy"),
    "learning_curves": ("Learning", "accuracy and loss by epoch"),
    "gradients_weight": ("Gradients", "weight gradients by layer"),
    "gradients_preactivation": ("Gradients", "pre-activation gradients by layer"),
    "heat_gradients": ("Gradients", "size of weight gradients, layer by layer"),
    "heat_activations": ("Activations", "size of activations, layer by layer"),
    "dead_neurons": ("Activations", "dead units by layer"),
    "saturation": ("Activations", "saturation by layer"),
    "functions": ("Functions and data", "functions and derivatives"),
    "correlation_map": ("Theory", "correlation from layer to layer"),
    "edge_of_chaos": ("Theory", "edge of chaos"),
    "theory_gradients": ("Theory", "gradients by layer, predicted and measured"),
    "theory_activations": ("Theory", "activations by layer, predicted and measured"),
    "decay_and_training": ("Theory", "predicted decay and who trained"),
}
if config["probe_epochs"]:
    DRAWN["while_training"] = ("Learning", "dead units and gradients by epoch")
if TUNED:
    DRAWN["sensitivity"] = ("Comparison", "accuracy by learning rate")
if SEVERAL or TUNED:
    DRAWN["performance_profile"] = ("Comparison", "performance profile")


SHOWS_IMAGES = catalogue.of(config).are_images
SHOWN_DEPTHS = shown.depths(config)
DRAWN_BY_DEPTH = {
    "distributions": ("Activations", "distribution of activations"),
    "gradient_histograms": ("Gradients", "distribution of weight gradients"),
}
if REFERENCE["training"]["histograms"]:
    DRAWN_BY_DEPTH["epoch_histograms"] = ("Learning", "weights and gradients by epoch")


FIGURES_PARAMS = dict(
    depths=config["depths"],
    setting=grid.reference(config),
    settings=list(config["settings"]),
    labels=shown_labels(),
    all_labels=LABELS,
    shown_depths=SHOWN_DEPTHS,
    summarised=shown.summarised(config),
    limit=expectation.LIMIT,
    tables=FIGURE_TABLES,
)
HISTOGRAMS_PARAMS = dict(
    drawn=list(DRAWN_BY_DEPTH),
    setting=grid.reference(config),
    labels=shown_labels(len(SHOWN_DEPTHS)),
    all_labels=LABELS,
    shown_depths=SHOWN_DEPTHS,
)
FIGURES_PLAN = plan(FIGURES_PARAMS, *MEASURING, "aggregate", "figures")
HISTOGRAMS_PLAN = plan(HISTOGRAMS_PARAMS, *MEASURING, "aggregate", "histogram_figures")
TIMING_PLAN = plan(TIMED, "time_activations")
PLANS = Recorded(
    aggregate=TABLES_PLAN,
    figures=FIGURES_PLAN,
    histogram_figures=HISTOGRAMS_PLAN,
    time_activations=TIMING_PLAN,
)
REPORT_PLAN = plan(
    without_places(),
    *MEASURING,
    "time_activations",
    "aggregate",
    "figures",
    "histogram_figures",
    "report",
)


rule figures:
    input:
        **{name: f"{TABLES}/{name}.parquet" for name in FIGURE_TABLES},
        made_by=tables_record,
        data=DATA,
    output:
        **{
            name: archived(f"{FIGURES}/{name}.svg", name, category, figure=label)
            for name, (category, label) in DRAWN.items()
        },
        **(
            dict(
                images=archived(
                    f"{FIGURES}/images.png",
                    "images",
                    "Functions and data",
                    figure="images",
                )
            )
            if SHOWS_IMAGES
            else {}
        ),
        pdf=expand(
            f"{FIGURES}/{{name}}.pdf",
            name=[*DRAWN, *(["images"] if SHOWS_IMAGES else [])],
        ),
        inlined=INLINED.format(stage="figures"),
        made_by=MADE_BY.format(stage="figures"),
    log:
        f"{RESULTS}/logs/figures.log",
    conda:
        "../../environment.yml"
    threads: 1
    params:
        **FIGURES_PARAMS | dict(labels=Shown(shown_labels()), all_labels=Shown(LABELS)),
        code=code("figures"),
        made_with=TABLES_PLAN,
        plan=FIGURES_PLAN,
        prepared_by=PREPARED_BY,
    message:
        f"Figures of study {STUDY}"
    script:
        "../scripts/figures.py"


# By itself, so that both are drawn side by side.
rule histogram_figures:
    input:
        histograms=f"{TABLES}/histograms.parquet",
        gradients=f"{TABLES}/gradients.parquet",
        runs=f"{TABLES}/runs.parquet",
        made_by=tables_record,
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
        inlined=INLINED.format(stage="histogram_figures"),
        made_by=MADE_BY.format(stage="histogram_figures"),
    log:
        f"{RESULTS}/logs/histogram_figures.log",
    conda:
        "../../environment.yml"
    threads: 1
    params:
        **HISTOGRAMS_PARAMS
        | dict(labels=Shown(HISTOGRAMS_PARAMS["labels"]), all_labels=Shown(LABELS)),
        code=code("histogram_figures"),
        made_with=TABLES_PLAN,
        plan=HISTOGRAMS_PLAN,
    message:
        f"Figures of histograms of study {STUDY}"
    script:
        "../scripts/histogram_figures.py"


rule report:
    input:
        **({"tuning_cost": rules.aggregate.output.tuning_cost} if TUNED else {}),
        # All of them: which ones it reads, its sections say.
        tables=lambda wildcards: [
            path
            for path in rules.aggregate.output
            if Path(path).match("tables/*.parquet")
        ],
        csvs=expand(f"{TABLES}/{{name}}.csv", name=DOWNLOADS),
        # Functions: named outright, planning takes time with the square of the report's inputs.
        figures=lambda wildcards: shown_figures(rules.figures.output),
        histogram_figures=lambda wildcards: shown_figures(
            rules.histogram_figures.output
        ),
        inlined=[
            rules.figures.output.inlined,
            rules.histogram_figures.output.inlined,
        ],
        aggregate=tables_record,
        figures_made_by=rules.figures.output.made_by,
        histogram_figures_made_by=rules.histogram_figures.output.made_by,
        cost=rules.aggregate.output.cost,
        cost_of_activations=f"{RESULTS}/timings/activations.parquet",
        page=page("report.html", "parts.html", "bibliography.bib", *PARTIALS),
    output:
        page=archived(REPORT, "page", "Report", study=STUDY),
        config=f"{RESULTS}/config.yaml",
        provenance=PROVENANCE,
    log:
        f"{RESULTS}/logs/report.log",
    conda:
        "../../environment.yml"
    threads: 1
    params:
        code=code("report"),
        config=Shown(without_places()),
        plan=REPORT_PLAN,
        plans=PLANS,
    message:
        f"Report of study {STUDY}"
    script:
        "../scripts/report.py"
