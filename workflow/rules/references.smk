# Networks whose published scores ours are compared with; no rules.
UVA, MLP = study_files.REFERENCES
ORACLE = "results/verification/mlp_classifier/{activation}.parquet"
VERIFICATION = dict(
    page="reports/verification.html",
    csv="results/verification.csv",
    record="results/verification/verification.json",
)


def reference_runs(study, depth):
    """The scores of one depth of a study whose published numbers are known, with the params of each file."""
    planned = STUDIES[study]
    seeds = grid.blocks(planned["seeds"], planned["seeds_per_job"])
    return {
        f"{RUNS}/runs.parquet".format(
            study=study,
            activation=activation,
            depth=depth,
            setting=grid.DEFAULT,
            block=block,
        ): params_of(study, activation, depth, grid.DEFAULT, seeds[block])
        for activation in grid.values(planned)["activation"]
        for block in seeds
    }


def oracle_params(activation):
    """What scikit-learn's classifier is trained with."""
    return params_of(MLP, activation, 1, grid.DEFAULT, STUDIES[MLP]["seeds"])


def trained_references():
    """What the full verification compares: our runs, and those of scikit-learn's classifier, with their params."""
    if config["verify"] != "full":
        return {}
    names = grid.values(STUDIES[MLP])["activation"]
    return dict(
        runs=reference_runs(UVA, depth=published.UVA_DEPTH),
        mlp_runs=reference_runs(MLP, depth=1),
        oracle={ORACLE.format(activation=name): oracle_params(name) for name in names},
    )
