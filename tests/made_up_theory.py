"""Made-up tables of theory for the study of `made_up`: roughly mean field theory, and networks that scatter about it."""

from functools import cache
from itertools import product

import numpy as np
import pandas as pd
from actbench.activations import registry
from actbench.theory import critical
from actbench.theory.gaussian import Gaussian
from actbench.theory.predictions import Images
from actbench.training import theory_rows
from conftest import NETWORK

WIDTH, CLASSES = 64, 10
IMAGES = Images(1.0, 0.0, [0.5])
REASON = "made up: no recursion is known"
UNPREDICTED = ("layer",)
LABELS = {"sigmoid": "sigmoid", "tanh": "tanh", "relu": "ReLU", "elu": "ELU", "swish": "swish"}


@cache
def gaussian(key):
    return Gaussian(registry.create(key))


@cache
def edge(key, bias_std):
    """σ_w, q (None where each is one) and whether it is stable."""
    found = critical.point(registry.create(key), bias_std)
    return found.weight_std, found.q, found.stable


def variances(key, setting):
    """σ_w² and σ_b²."""
    if setting == "critical":
        weight_std, q, _ = edge(key, 0.2)
        return weight_std**2, 0.0 if q is None else 0.04
    return (2.0, 0.0) if setting == "he" else (1 / 3, 1 / (3 * WIDTH))


def tables(config, seed=0):
    """The tables of theory by name, and `gradients`, `distributions`, `decay` and `properties` beside them."""
    generator = np.random.default_rng(seed)
    keys = [entry["id"] for entry in config["activations"]]
    settings = list(config["settings"])
    found = {name: [] for name in ("theory", "correlations", "predictions", "expectations")}
    measured = {name: [] for name in ("gradients", "distributions")}
    for key, setting in product(keys, settings):
        weight, bias = variances(key, setting)
        known = setting not in UNPREDICTED
        q = 1.0
        for _ in range(60):
            q = weight * gaussian(key)(q).f_squared + bias
        chi = weight * gaussian(key)(q).derivative_squared
        at_edge = edge(key, 0.2)
        row = {"activation": key, "setting": setting}
        found["theory"].append(
            row
            | {"weight_std": np.sqrt(weight), "bias_std": np.sqrt(bias), "q": q if known else None}
            | {"slope": chi * 0.9, "stable": chi * 0.9 < 1, "chi": chi if known else None}
            | {
                "xi_q": 1.0,
                "xi_c": (-1 / np.log(max(chi, 1e-9)) if chi < 0.999 else np.inf) if known else None,
            }
            | {"n_fixed_points": 1, "edge_weight_std": at_edge[0], "edge_q": at_edge[1]}
            | {"edge_bias_std": 0.0 if at_edge[1] is None else 0.2, "edge_stable": at_edge[2]}
            | {"reason": None if known else REASON}
        )
        for c in np.linspace(0, 1, 41):
            after = 1 - min(chi, 1) * (1 - c) if known else None
            found["correlations"].append(row | {"correlation": c, "next_correlation": after})
        for depth in config["depths"]:
            place = {"activation": key, "depth": depth, "setting": setting}
            chain = layers(key, depth, weight, bias)
            ratio = chain[0]["log10_rms"] - chain[-1]["log10_rms"]
            nothing = {} if known else dict.fromkeys(("log10_rms", "activation_std"))
            found["predictions"] += [place | line | nothing for line in chain]
            found["expectations"].append(
                place
                | {"slope": -ratio / depth if known else None, "log10_first_last": ratio if known else None}
                | {"expected_to_train": ratio > -3.5 if known else None, "reason": None if known else REASON}
            )
            for number, line in product(config["seeds"], chain):
                network = place | {"seed": number, "fold": 0, "layer": line["layer"]}
                for checkpoint, shift in (("init", 0), ("trained", 0.4 * line["layer"])):
                    rms = 10 ** (line["log10_rms"] + generator.normal(0, 0.03) - shift)
                    when = network | {"checkpoint": checkpoint}
                    measured["gradients"].append(when | {"tensor": "preactivation", "rms": rms})
                    if line["activation_std"]:
                        std = line["activation_std"] * np.exp(generator.normal(0, 0.03))
                        measured["distributions"].append(when | {"signal": "activation", "std": std})
                        share = {
                            "signal": "preactivation",
                            "saturated_fraction": 0.5 if key == "relu" else 0.0,
                        }
                        measured["distributions"].append(when | share)
    found["edges"] = [
        {"activation": key, "bias_std": 0.0 if at[1] is None else std, "weight_std": at[0], "q": at[1]}
        | {"stable": at[2]}
        for key in keys
        for std in ([0.2] if key in ("relu", "leakyrelu") else np.linspace(0.05, 1, 12))
        for at in [edge(key, std)]
    ]
    ends = {"sigmoid": (0.0, 0.25), "leakyrelu": (0.1, 1.0), "swish": (-0.0998, 1.0998)}
    found["properties"] = [
        {
            "activation": key,
            "derivative_low": ends.get(key, (0, 1))[0],
            "derivative_high": ends.get(key, (0, 1))[1],
        }
        | {"derivative_bounded_below": True, "derivative_bounded_above": True}
        for key in keys
    ]
    return {name: pd.DataFrame(rows) for name, rows in (found | measured).items()}


def layers(key, depth, weight, bias):
    """Rows of `predictions` of one network, the output layer last."""
    q, rows = weight * 0.4 + bias, []
    for layer in range(depth + 1):
        f, square, slope, _ = gaussian(key)(q)
        hidden = layer < depth
        rows.append(
            {"layer": layer, "width": WIDTH if hidden else CLASSES, "q": q, "chi": weight * slope}
            | {"weight_std": np.sqrt(weight), "bias_std": np.sqrt(bias), "preactivation_std": np.sqrt(q)}
            | {"activation_std": np.sqrt(square - f**2) if hidden else None}
        )
        q = weight * square + bias
    level = -2.5
    for row in reversed(rows):
        if row["layer"] < depth:
            narrow = CLASSES / WIDTH if row["layer"] == depth - 1 else 1.0
            level += 0.5 * np.log10(row["chi"] * narrow)
        row |= {"log10_rms": level, "reason": None}
    return rows


def reason(name, spec=None, images=IMAGES, **network):
    """What the job of theory gives as the reason of a row of `theory`: of networks of two hidden layers of 8 units."""
    setting = theory_rows.Setting({**NETWORK, **network, "hidden_sizes": [[8, 8]]}, images, 4, 3, 8)
    function = theory_rows.Function(spec or {"name": name, "import": None, "parameters": {}})
    return theory_rows.of_map(function, setting)[0]["reason"]


def cell(activation="sigmoid", depth=8, predicted=-6.9, measured=-6.93, n_trained=0, **changes):
    """What sentences on theory are of, see `report.theory_sentences`."""
    row = {
        "activation": activation,
        "depth": depth,
        "setting": "default",
        "predicted": predicted,
        "expected": None if predicted is None else predicted > -3.5,
        "reason": None,
        "measured": measured,
        "std": 0.02,
        "n": 5,
        "after": -1.0,
        "n_after": 5,
        "n_seeds": 5,
        "n_trained": n_trained,
        "n_diverged": 0,
    }
    return row | changes


def cells(*rows):
    return pd.DataFrame(rows).astype({"predicted": float, "measured": float, "after": float})
