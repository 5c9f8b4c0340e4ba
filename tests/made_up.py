"""A made-up study of several settings with tuned learning rates, as frames: what the page and figures are made of."""

import json
from itertools import product

import numpy as np
import pandas as pd
from actbench.analysis import comparisons

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
CHANCE = 0.1


def config(settings=("default", "critical"), rate="tuned", depths=(2, 4, 8), n_seeds=5, keys=tuple(LABELS)):
    """The resolved config, as far as the page needs it."""
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
        name: {"label": name, "overrides": OVERRIDES[name]}
        | {
            section: values | OVERRIDES[name].get(section, {}) if isinstance(values, dict) else values
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
                "test_accuracy": round(accuracy * 300) / 300,
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
        near = means.index[means >= means.max() - margin]
        rows.append(
            dict(zip(("activation", "depth", "setting", "fold"), cell, strict=True))
            | {
                "learning_rate": rate,
                "score": means.max(),
                "at_edge": rate in (means.index[0], means.index[-1]),
                "n_trials": len(trials),
                "epochs_spent": int(trials["epochs_run"].sum()),
                "n_trained": int((trials.loc[trials["learning_rate"] == rate, "score"] > 0.325).sum()),
                "decades_within_margin": np.log10(near.max() / near.min()),
            }
        )
    return pd.DataFrame(rows)


def tables(config, seed=0):
    """All tables of the study by name, of all settings."""
    generator = np.random.default_rng(seed)
    found = {"runs": runs(config, generator)}
    margin, baseline = config["report"]["equivalence"], config["report"]["baseline"]
    found["comparison"] = pd.DataFrame(comparisons.comparison(found["runs"], baseline, margin, 300))
    found["comparison"] = found["comparison"].assign(
        runs_disagree=lambda t: (t["max"] - t["min"]) > 0.25,
        n_at_chance=lambda t: (t["n_seeds"] - t["n_trained"]) // 2,
        n_improving=1,
    )
    found["comparison"].loc[
        found["comparison"]["runs_disagree"], ["mean", "difference", "difference_low", "difference_high"]
    ] = np.nan
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
    found["profile"] = profile(found["runs"])
    found["shares"] = shares(found["runs"], baseline)
    if len(config["settings"]) > 1:
        found["attribution"] = attribution(found["runs"], baseline, list(config["settings"]))
    return found


def profile(runs):
    several = runs["setting"].nunique() > 1
    parts = [("", runs), *((name, part) for name, part in runs.groupby("setting", sort=False) if several)]
    rows = []
    for name, part in parts:
        best = part.groupby(["depth", "setting", "seed"])["test_accuracy"].transform("max")
        behind = best - part["test_accuracy"]
        steps = np.unique(np.round(np.append(behind, 0.0), 12))
        for key, gaps in behind.groupby(part["activation"]):
            rows += [
                {
                    "setting": name,
                    "activation": key,
                    "tau": tau,
                    "share": (gaps <= tau + 1e-9).mean(),
                    "n": len(gaps),
                }
                for tau in steps
            ]
    return pd.DataFrame(rows)


def shares(runs, baseline):
    rows = []
    reference = runs[runs["activation"] == baseline]
    for (key, depth, setting), cell in runs.groupby(["activation", "depth", "setting"]):
        if key == baseline:
            continue
        both = cell.merge(reference, on=["depth", "setting", "seed"])
        a, b = both["trained_x"], both["trained_y"]
        gap = both["test_accuracy_x"] - both["test_accuracy_y"]
        n, only, only_baseline = len(both), int((a & ~b).sum()), int((~a & b).sum())
        p = min(1.0, 2 * 0.5 ** (only + only_baseline)) if only == 0 or only_baseline == 0 else 1.0
        rows.append(
            {"activation": key, "depth": depth, "setting": setting, "baseline": baseline, "n_seeds": n}
            | {"n_both": int((a & b).sum()), "n_only": only, "n_only_baseline": only_baseline}
            | {"n_neither": int((~a & ~b).sum()), "difference": (only - only_baseline) / n}
            | {
                "difference_low": -0.9,
                "difference_high": 0.3,
                "p_mcnemar": p,
                "p_holm": 1.0,
                "required_n": 11,
            }
            | {"verdict": "cannot decide" if n < 11 else "inconclusive"}
            | {"wins": int((gap > 0).sum()), "ties": int((gap == 0).sum()), "losses": int((gap < 0).sum())}
        )
    names = ("activation", "depth", "setting", "baseline", "n_seeds")
    return pd.DataFrame(rows, columns=None if rows else names)


def attribution(runs, baseline, settings):
    rows = []
    at = runs.set_index(["activation", "depth", "setting", "seed"])
    depths, seeds = sorted(runs["depth"].unique()), sorted(runs["seed"].unique())
    others = [key for key in runs["activation"].unique() if key != baseline]
    for key, setting, depth in product(others, settings[1:], [None, *depths]):
        where = depths if depth is None else [depth]
        values = []
        for seed in seeds:
            four = [
                [at.loc[(name, d, s, seed)] for name in (key, baseline) for s in (setting, settings[0])]
                for d in where
            ]
            if all(one["trained"] for cell in four for one in cell):
                acc = [[one["test_accuracy"] for one in cell] for cell in four]
                values.append(np.mean([(a - b) - (c - d) for a, c, b, d in acc]))
        n = len(values)
        mean = float(np.mean(values)) if n else None
        half = 4 * np.std(values, ddof=1) / np.sqrt(n) if n > 1 else None
        low, high = (mean - half, mean + half) if n > 1 else (None, None)
        inside = n > 1 and low >= -0.01 and high <= 0.01
        outside = n > 1 and (low > 0.01 or high < -0.01)
        trained = [
            int(
                runs[(runs["activation"] == key) & runs["depth"].isin(where) & (runs["setting"] == s)][
                    "trained"
                ].sum()
            )
            for s in (settings[0], setting)
        ]
        rows.append(
            {
                "activation": key,
                "setting": setting,
                "depth": depth,
                "n_depths": len(where),
                "n": n,
                "n_left_out": len(seeds) - n,
            }
            | {"difference": mean, "difference_low": low, "difference_high": high}
            | {"required_seeds": 17 if n > 1 and not inside and not outside else None}
            | {"trained_before": trained[0], "trained_after": trained[1], "n_runs": len(seeds) * len(where)}
            | {"verdict": "setting" if outside else "activation" if inside else "inconclusive"}
        )
    return pd.DataFrame(rows)
