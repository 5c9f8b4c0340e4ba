"""Studies for the tests of cells: a config, runs and what goes with them."""

import pandas as pd

RECIPE = {
    "network": {"family": "mlp", "width": 64, "hidden_sizes": None},
    "training": {"optimizer": "sgd", "learning_rate": 0.05, "histograms": False},
    "normalisation": "symmetric",
    "tuning": {"learning_rate": None, "seeds": 3, "max_epochs": 40},
}


def runs(depth=2, setting="default", seeds=(), **accuracies):
    """Rows of runs, one a seed; None is a diverged one, below 0.5 an untrained one."""
    return pd.DataFrame(
        {
            "activation": activation,
            "depth": depth,
            "setting": setting,
            "seed": seed,
            "fold": 0,
            "status": "diverged" if value is None else "ok",
            "trained": value is not None and value >= 0.5,
            "test_accuracy": float("nan") if value is None else value,
        }
        for activation, values in accuracies.items()
        for seed, value in zip(seeds or range(len(values)), values, strict=True)
    )


def study(name, dataset="digits", evaluated=("images",), depth=2, setting="default", seeds=(), **accuracies):
    """A config, its `runs` and what goes with them."""
    config = {"study": name, "dataset": dataset, "evaluation": {"folds": None, "validation": 250}, **RECIPE}
    return config, runs(depth, setting, seeds, **accuracies), list(evaluated), 0.1
