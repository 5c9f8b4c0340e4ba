BLOCK_TABLES = ["runs", "history", *PROBES, "histograms"]
SUMMARIES = [
    "comparison",
    "over_depths",
    "shares",
    "profile",
    *[probe.summary for probe in PROBES.values()],
    "decay",
    "properties",
    *THEORY_TABLES,
]
if config["evaluation"]["folds"]:
    SUMMARIES.append("cross_validation")
if config["report"]["pairs"] == "all":
    SUMMARIES.append("pairs")
if len(config["settings"]) > 1:
    SUMMARIES.append("attribution")
if TUNED:
    SUMMARIES += ["rates", "tuning"]
CLAIMS = claims.values(config)
if CLAIMS:
    SUMMARIES.append("claims")


TABLES_PLAN = plan(NUMBERS, *MEASURING, "aggregate")


rule aggregate:
    input:
        **{name: rules.theory.output[name] for name in THEORY_TABLES},
        # Functions: named outright, planning takes time with the square of their number.
        blocks=lambda wildcards: every_block("config.json"),
        tables=lambda wildcards: [
            path
            for name in [*BLOCK_TABLES, "cost"]
            for path in every_block(f"{name}.parquet")
        ],
        # Nothing where no learning rate is tuned.
        chosen=lambda wildcards: every_search("chosen.json"),
        searched=lambda wildcards: [
            path
            for name in ("trials", "cost")
            for path in every_search(f"{name}.parquet")
        ],
        curves=rules.describe_activations.output.curves,
        properties=rules.describe_activations.output.properties,
    output:
        **{name: f"{TABLES}/{name}.parquet" for name in [*BLOCK_TABLES, *SUMMARIES]},
        **{
            f"{name}_csv": archived(f"{TABLES}/{name}.csv", name, "Tables", table=name)
            for name in ["runs", *SUMMARIES]
        },
        **({"tuning_cost": f"{RESULTS}/timings/tuning.parquet"} if TUNED else {}),
        activations=f"{TABLES}/activations.parquet",
        settings=f"{TABLES}/settings.parquet",
        cost=f"{RESULTS}/timings/training.parquet",
        made_by=TABLES_MADE_BY,
    log:
        f"{RESULTS}/logs/aggregate.log",
    conda:
        "../../environment.yml"
    threads: 1
    params:
        **({"claims": CLAIMS} if CLAIMS else {}),
        code=code("aggregate"),
        plan=TABLES_PLAN,
        settings=Shown(
            {
                name: dict(label=recipe["label"], overrides=recipe["overrides"])
                for name, recipe in config["settings"].items()
            }
        ),
        section=dict(
            baseline=config["report"]["baseline"],
            margin=config["report"]["equivalence"],
            n_images=catalogue.image_counts(config)["tested"],
            all_pairs=config["report"]["pairs"] == "all",
            reference=next(iter(config["settings"])),
            max_epochs={
                name: recipe["training"]["max_epochs"]
                for name, recipe in sorted(config["settings"].items())
            },
            chance=catalogue.chance(config),
            n_judged=catalogue.n_judged(config),
        ),
    message:
        f"Tables of study {STUDY}"
    script:
        "../scripts/aggregate.py"
