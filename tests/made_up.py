"""A made-up study of several settings with tuned learning rates, as frames: what the page and figures are made of."""

import json
from itertools import product

import numpy as np
import pandas as pd
from actbench.analysis import attribution, comparisons, profile, shares, trends
from actbench.storage import parquet

LABELS = {
    "sigmoid": "sigmoid",
    "tanh": "tanh",
    "relu": "ReLU",
    "leakyrelu": "LeakyReLU",
    "elu": "ELU",
    "swish": "swish",
}
OVERRIDES = {
    "default": {},
    "critical": {"network": {"initialisation": "critical"}},
    "layer": {"network": {"norm": "layer"}},
    "adam": {
        "training": {"optimizer": "adam"},
        "tuning": {"learning_rate": [0.0001, 0.0003, 0.001, 0.003, 0.01]},
    },
    "residual": {"network": {"residual": True}},
}
CANDIDATES = [0.003, 0.01, 0.03, 0.1, 0.3]
FAILING = {("sigmoid", 4), ("sigmoid", 8), ("swish", 8)}  # from the first setting's initialisation
MADE = {}
CHANCE = 0.1
N_IMAGES = 300


def config(settings=("default", "critical"), rate="tuned", depths=(2, 4, 8), n_seeds=5, keys=tuple(LABELS)):
    """The resolved config, as far as the page needs it; settings are of `OVERRIDES`, or initialisations."""
    overrides = {name: OVERRIDES.get(name, {"network": {"initialisation": name}}) for name in settings}
    recipe = {
        "network": {
            "family": "mlp",
            "hidden_sizes": [[64] * depth for depth in depths],
            "initialisation": "default",
            "norm": "none",
            "residual": False,
        },
        "training": {"optimizer": "sgd", "learning_rate": rate, "max_epochs": 40, "schedule": "constant"},
        "normalisation": "symmetric",
        "tuning": {"learning_rate": CANDIDATES, "seeds": 3, "max_epochs": 20},
    }
    resolved = {
        name: {"label": name, "overrides": overrides[name]}
        | {
            section: values | overrides[name].get(section, {}) if isinstance(values, dict) else values
            for section, values in recipe.items()
        }
        for name in settings
    }
    return recipe | {
        "study": "made-up",
        "dataset": "digits",
        "activations": [
            {"id": key, "label": LABELS[key], "spec": {"name": key, "import": None, "parameters": {}}}
            for key in keys
        ],
        "depths": list(depths),
        "seeds": list(range(n_seeds)),
        "settings": resolved,
        "evaluation": {"folds": None, "validation": 250, "training": None},
        "report": {
            "baseline": "relu" if "relu" in keys else keys[0],
            "equivalence": 0.01,
            "pairs": "baseline",
        },
    }


def runs(config, generator):
    """Networks of which some do not train in the first setting."""
    activations = [entry["id"] for entry in config["activations"]]
    rows = []
    for place, (key, depth, setting, seed) in enumerate(
        product(activations, config["depths"], config["settings"], config["seeds"])
    ):
        fails = (key, depth) in FAILING and setting == next(iter(config["settings"]))
        sometimes = (key, depth, setting) == ("elu", 8, "critical") and seed < 2
        apart = (key, depth, setting) == ("elu", 4, next(iter(config["settings"])))
        level = 0.96 + 0.003 * (activations.index(key) % 3) - 0.002 * np.log2(depth)
        accuracy = generator.uniform(0.08, 0.2) if fails or sometimes else generator.normal(level, 0.005)
        accuracy -= apart * 0.12 * (seed % 5)
        rows.append(
            {
                "activation": key,
                "depth": depth,
                "setting": setting,
                "seed": seed,
                "fold": 0,
                "status": "ok",
                "learning_rate": 0.1,
                "trained": not (fails or sometimes),
                "test_accuracy": round(accuracy * N_IMAGES) / N_IMAGES,
                "val_accuracy": accuracy,
                "best_epoch": 39 if place % 7 == 0 else 25,
                "n_parameters": 9000 + 4000 * depth,
            }
        )
    return pd.DataFrame(rows)


def tuning(config, generator):
    """Trials whose best rate moves with the activation."""
    rows = []
    activations = [entry["id"] for entry in config["activations"]]
    for key, depth, setting in product(activations, config["depths"], config["settings"]):
        candidates = config["settings"][setting]["tuning"]["learning_rate"]
        best = np.log10(candidates[(activations.index(key) + config["depths"].index(depth)) % 5])
        for rate, seed in product(candidates, range(config["settings"][setting]["tuning"]["seeds"])):
            lost = (key, depth) in FAILING and setting == next(iter(config["settings"]))
            level = 0.97 - 0.06 * (np.log10(rate) - best) ** 2 + generator.normal(0, 0.006)
            diverged = rate == 0.3 and key == "relu" and depth == 8
            accuracy = generator.uniform(0.09, 0.18) if lost else level
            rows.append(
                {
                    "activation": key,
                    "depth": depth,
                    "setting": setting,
                    "fold": 0,
                    "learning_rate": rate,
                    "seed": seed,
                    "status": "diverged" if diverged else "ok",
                    "epochs_run": 3 if diverged else 20,
                    "best_epoch": None if diverged else 18,
                    "val_loss": None if diverged else 1 - accuracy,
                    "val_accuracy": None if diverged else accuracy,
                    "score": CHANCE if diverged else min(accuracy, 0.996),
                }
            )
    return pd.DataFrame(rows)


def rates(tuning, margin=0.01):
    """The choice of each cell."""
    rows = []
    for cell, trials in tuning.groupby(["activation", "depth", "setting", "fold"], sort=True):
        means = trials.groupby("learning_rate")["score"].mean()
        rate = means.idxmax()
        n_trained = int((trials.loc[trials["learning_rate"] == rate, "score"] > 0.325).sum())
        near = means.index[means >= means.max() - margin]
        rows.append(
            dict(zip(("activation", "depth", "setting", "fold"), cell, strict=True))
            | {
                "learning_rate": rate,
                "score": means.max(),
                "at_edge": rate in (means.index[0], means.index[-1]),
                "n_trials": len(trials),
                "epochs_spent": int(trials["epochs_run"].sum()),
                "n_trained": n_trained,
                "decades_within_margin": np.log10(near.max() / near.min()) if n_trained else None,
            }
        )
    return pd.DataFrame(rows)


def tables(config, seed=0):
    """All tables of the study by name, of all settings: fresh copies of those that were made once."""
    key = repr((config, seed, LABELS, sorted(FAILING)))
    if key not in MADE:
        MADE[key] = _tables(config, seed)
    return {name: table.copy() for name, table in MADE[key].items()}


def _tables(config, seed):
    generator = np.random.default_rng(seed)
    found = {"runs": runs(config, generator)}
    margin, baseline = config["report"]["equivalence"], config["report"]["baseline"]
    compared = comparisons.comparison(found["runs"], baseline, margin, N_IMAGES)
    found["comparison"] = pd.DataFrame(compared).assign(
        n_at_chance=lambda cells: (cells["n_seeds"] - cells["n_trained"]) // 2,
        n_improving=lambda cells: (cells["n_trained"] > 4).astype(int),
    )
    differences = trends.accuracy_differences(compared)
    changes = trends.over_depths(found["runs"], _alive(found["runs"]), N_IMAGES, differences)
    found["over_depths"] = pd.DataFrame(changes)
    found["settings"] = pd.DataFrame(
        {
            "setting": name,
            "label": name,
            "position": place,
            "overrides": json.dumps(recipe["overrides"], sort_keys=True),
        }
        for place, (name, recipe) in enumerate(config["settings"].items())
    )
    if any(recipe["training"]["learning_rate"] == "tuned" for recipe in config["settings"].values()):
        found["tuning"] = tuning(config, generator)
        found["rates"] = rates(found["tuning"])
    found["profile"] = pd.DataFrame(profile.profile(found["runs"], N_IMAGES, CHANCE))
    shared = shares.shares(found["runs"], baseline, N_IMAGES, CHANCE)
    found["shares"] = _frame(shared, shares.SCHEMA)
    if len(config["settings"]) > 1:
        reference = next(iter(config["settings"]))
        changed = attribution.attribution(found["runs"], compared, baseline, reference, margin, N_IMAGES)
        found["attribution"] = _frame(changed, attribution.SCHEMA)
    return found


def _alive(runs):
    """The table `dead_neurons` of these networks, of which no unit is dead."""
    units = runs[["activation", "depth", "setting", "seed", "fold"]].assign(layer=0, n_neurons=10, n_dead=0)
    return pd.concat([units.assign(checkpoint=checkpoint) for checkpoint in ("init", "trained")])


def _frame(rows, schema):
    """As a table of this schema is read from its file."""
    return parquet.table(rows, schema, ["activation", "setting", "depth"]).to_pandas()
