# Networks of others: whose published scores ours are compared with, and checkpoints to be measured; no rules.
CHECKPOINT_TABLES = ["gradients", "distributions", "dead_neurons"]
UVA, MLP = study_files.REFERENCES
ORACLE = "results/verification/mlp_classifier/{activation}.parquet"
VERIFICATION = dict(
    page="reports/verification.html",
    csv="results/verification.csv",
    figures="results/verification/figures.pdf",
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


def data_of_checkpoint(wildcards):
    """The data set, once it is known that there is a checkpoint, and one activation that it is of."""
    try:
        if config["checkpoint"] is None:
            raise UserError(
                "checkpoint is null; allowed: the path of a state dict: --config checkpoint=weights.safetensors."
            )
        if len(ACTIVATIONS) != 1:
            raise UserError(
                f"activations are {', '.join(ACTIVATIONS)}; allowed with checkpoint: the one of its network: "
                '--config "activations=[relu]".'
            )
        checkpoint_params()
    except UserError as error:
        sys.exit(f"Config error: {error}")
    return DATA


@cache
def checkpoint_params():
    """All that the numbers of the checkpoint depend on: its content, and not where it lies."""
    return dict(
        activation=next(iter(SPECS.values())),
        dataset=config["dataset"],
        **grid.own_data(config),
        digest=files.digest(config["checkpoint"]),
        evaluation=config["evaluation"],
        normalisation=config["normalisation"],
        **{f"probe_{name}": config[f"probe_{name}"] for name in CHECKPOINT_TABLES},
    )
